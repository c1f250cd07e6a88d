//! `seq::…`, `sim::…`, `motif::…`, `genome::…`, `intervals::…`, `track::…`.

pub mod edit;
pub mod genome;
pub mod intervals;
pub mod motif;
pub mod motif_search;
pub mod rule;
pub mod sequences;
pub mod sim;
pub mod track;
