//! `explain::…`: attributions, motif discovery, probes, variant effects.

pub mod activations;
pub mod attribution;
pub mod differences;
pub mod discovery;
pub mod filters;
pub mod importance;
pub mod mutagenesis;
pub mod patterns;
pub mod perturbing;
pub mod probing;
pub mod variant;
