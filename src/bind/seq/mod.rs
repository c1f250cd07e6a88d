//! `seq::…`, `sim::…`, `motif::…`, `genome::…`, `intervals::…`, `track::…`.

pub mod edit;
pub mod genome;
pub mod genome_regions;
pub mod intervals;
pub mod motif;
pub mod motif_compare;
pub mod motif_enrichment;
pub mod motif_search;
pub mod rule;
pub mod sequences;
pub mod shape;
pub mod sim;
pub mod sim_truth;
pub mod tokens;
pub mod track;
pub mod track_values;
