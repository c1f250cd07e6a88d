//! `plot::…`: figures.

pub mod figures;
pub mod sequence;
