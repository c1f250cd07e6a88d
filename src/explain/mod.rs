//! Explaining what a network learned.

pub mod filters;
