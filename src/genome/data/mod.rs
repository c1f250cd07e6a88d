//! Datasets: sequences as codes, other inputs and labels as floats; splits, files, batches.

pub mod arrays;
pub mod check;
pub mod column;
pub mod columns;
pub mod dataset;
pub mod delimited;
pub mod duplicates;
pub mod label_group;
pub mod labels;
pub mod loader;
pub mod matrix;
pub mod mix;
pub mod mixed;
pub mod negatives;
mod order;
mod padded;
pub mod profile;
pub mod ragged;
pub mod region_labels;
pub mod regions;
pub mod sampling;
pub mod save;
pub mod shape_source;
pub mod split;
pub mod strands;
pub mod table;
mod view;

pub use column::{Channel, Column};
pub use dataset::{Dataset, Input, LabelMatrix, Pool, Shuffles};
pub use label_group::{LabelGroup, LabelStrand};
pub use loader::{Batch, Loader};
pub use mix::Mix;
pub use profile::Profile;
pub use ragged::{Batching, Ragged};
pub use sampling::Sampling;
pub use strands::InputStrand;
