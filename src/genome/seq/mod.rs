//! Sequences: codes, shuffles, motifs, simulation, FASTA.

pub mod alphabet;
pub mod alphabets;
pub mod contigs;
pub mod cpg;
pub mod edit;
pub mod fasta;
mod fasta_text;
pub mod gapped;
pub mod genome;
pub mod intervals;
pub mod kind;
pub mod motif;
pub mod random;
pub mod rows;
pub mod shape;
pub mod shuffle;
pub mod shuffled;
pub mod simulate;
pub mod text;
pub mod tokens;
pub mod track;
pub mod variants;

pub use fasta_text::fasta_text;
pub use genome::Genome;
pub use intervals::Intervals;
pub use motif::Motif;
pub use track::Track;
