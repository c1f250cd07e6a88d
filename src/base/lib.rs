//! What every room may use, built on `std`, the C library and small crates of text: faults, files,
//! intervals, seeds, names, notes, shapes, threads, interrupts.

#[cfg(cistron_coverage)]
pub mod coverage;
pub mod delimited;
mod digits;
pub mod dynamic;
pub mod fault;
pub mod file;
pub mod gzip;
pub mod html;
pub mod interrupt;
pub mod interval;
pub mod mask;
pub mod memory;
pub mod mersenne;
pub mod near;
pub mod panic;
pub mod parallel;
pub mod process;
pub mod say;
pub mod screen;
pub mod seed;
pub mod shape;
pub mod shell;
pub mod simd;
pub mod system;
pub mod table;
pub mod threads;
pub mod values;
pub mod wide;
pub mod written;

pub use fault::{Fault, Frame, Place, Result};
pub use interval::{Interval, Strand, StrandRule};
pub use table::Table;
pub use values::Values;
