//! cistron: a scripting runtime for genomic deep learning.
//!
//! Rooms, from the ground up; each may use those above it in this list and no others of its own row:
//!
//! - [`base`]: faults, seeds, names, shapes; knows only `std`
//! - [`torch`]: the one room that says `use tch`
//! - the science rooms: they know `torch` and `base`, and never see Rhai
//!
//! A test reads the sources and holds these rules.

pub mod base;
pub mod augment;
pub mod data;
pub mod lang;
pub mod metrics;
pub mod nn;
pub mod optim;
pub mod seq;
pub mod torch;
