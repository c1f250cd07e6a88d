//! Sequences, intervals, tracks, motifs, simulation, datasets, loaders and augmenters: what a
//! genomic experiment needs before a tensor is made. It knows neither torch nor Rhai.
//!
//! - [`seq`]: sequences as codes, genomes, intervals, tracks, variants, motifs, simulation
//! - [`data`]: datasets, labels, splits, loaders
//! - [`augment`]: random changes to rows while they are loaded
//! - [`audit`]: whether a dataset is a fair test: leaks between splits, shortcuts, labels

pub mod audit;
pub mod augment;
pub mod data;
pub mod seq;
