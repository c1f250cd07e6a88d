//! Loops over slices of numbers that layers and fused layers call.

pub(crate) mod cell;
pub mod dense;
pub mod lookup;
pub(crate) mod norm_relu;
