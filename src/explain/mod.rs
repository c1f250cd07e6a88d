//! Explaining what a network learned.

pub mod cluster;
pub mod filters;
pub mod matching;
pub mod tomtom;
