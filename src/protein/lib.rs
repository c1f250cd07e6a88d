//! Structures of proteins and what is computed from them. It knows neither torch nor Rhai.
//!
//! - [`structure`]: chains, residues and atoms; [`read`] and [`write`]: files
//! - [`maps`]: distances and contacts; [`matching`]: residues of a model and its native structure
//! - [`superpose`], [`lddt`], [`scores`], [`contacts`]: how well a model agrees
//! - [`decoys`]: models of known quality, as perturbations ([`rigid`] motions) of a structure
//! - [`voronoi`], [`harmonics`], [`features`]: what networks read
//! - [`graph`]: graphs of residues; [`alignment`], [`coevolution`]: alignments of sequences
//! - [`pssm`], [`plm`], [`rr`], [`distogram`]: inputs and outputs of contact predictors
//! - [`simulated`]: folds with known contacts and their alignments

pub mod alignment;
pub mod coevolution;
pub mod contacts;
pub mod decoys;
pub mod distogram;
pub mod features;
pub mod graph;
pub mod harmonics;
pub mod lddt;
pub mod maps;
pub mod matching;
mod npy;
mod packed;
pub mod plm;
pub mod point;
pub mod pssm;
pub mod radii;
pub mod read;
pub mod residues;
pub mod rigid;
pub mod rr;
pub mod scores;
pub mod simulated;
pub mod structure;
pub mod superpose;
pub mod voronoi;
pub mod write;

pub use structure::{Atom, Note, Residue, Structure};
