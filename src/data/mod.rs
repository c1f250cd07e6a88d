//! Datasets: sequences as codes, other inputs and labels as floats; splits, files, batches.

pub mod dataset;
pub mod duplicates;
pub mod loader;
pub mod save;
pub mod split;
pub mod table;

pub use dataset::{Column, Dataset, Input, Shuffles};
pub use loader::{Batch, Loader};
