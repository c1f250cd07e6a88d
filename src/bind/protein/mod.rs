//! `protein::…`, `contacts::…`, `graph::…`.

pub mod alignment;
pub mod compare;
pub mod contacts;
pub mod decoys;
pub mod features;
pub mod graph;
pub mod structure;
pub mod values;
