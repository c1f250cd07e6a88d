//! Explaining what a network learned.

pub mod baselines;
pub mod convergence;
pub mod design;
pub mod filters;
pub mod gradients;
pub mod incremental;
pub mod inside;
pub mod leiden;
pub mod modisco;
pub mod mutagenesis;
pub mod perturb;
pub mod planting;
pub mod seqlets;
pub mod target;
