//! Explaining what a network learned.

pub mod cluster;
pub mod filters;
pub mod tomtom;
