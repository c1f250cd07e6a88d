//! `plot::…`: figures.

pub mod figures;
pub mod groups;
pub mod modules;
pub mod points;
pub mod scores;
pub mod sequence;
