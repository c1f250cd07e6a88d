//! `protein::…`, `contacts::…`, `graph::…`, `sim::folds`.

pub mod alignment;
pub mod compare;
pub mod contacts;
pub mod decoys;
pub mod features;
pub mod graph;
pub mod predicted;
pub mod simulation;
pub mod structure;
pub mod values;
