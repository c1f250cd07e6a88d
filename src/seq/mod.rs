//! Sequences: codes, shuffles, motifs, simulation, FASTA.

pub mod alphabet;
pub mod fasta;
pub mod motif;
pub mod shuffle;
pub mod simulate;

pub use motif::Motif;
