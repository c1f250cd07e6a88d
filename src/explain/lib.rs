//! Explaining what a network learned.

pub mod baselines;
pub mod completeness;
pub mod contributions;
pub mod convergence;
pub mod design;
pub mod effects;
pub mod filters;
pub mod gradients;
pub mod importance;
pub mod incremental;
pub mod inside;
pub mod labels;
pub mod leiden;
pub mod modisco;
pub mod mutagenesis;
pub mod perturb;
pub mod planting;
pub mod probing;
mod scan_layers;
mod scanned;
pub mod seqlets;
pub mod strands;
pub mod target;
