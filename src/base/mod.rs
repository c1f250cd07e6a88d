//! What every room may use, built on `std` alone: faults, seeds, names, shapes, interrupts.

pub mod fault;
pub mod interrupt;
pub mod near;
pub mod seed;
pub mod shape;

pub use fault::{Fault, Frame, Place, Result};
