//! Fused layers: several layers of a chain, computed in one pass.

pub(crate) mod stack;
pub mod stem;
