//! `explain::…`: attributions, motif discovery, probes, variant effects.

pub mod attribution;
pub mod discovery;
pub mod filters;
pub mod perturbing;
pub mod probing;
pub mod variant;
