//! Enrichment of motifs in sequences: AME (McLeay & Bailey, BMC Bioinformatics 2010) and SEA
//! (Bailey & Grant, bioRxiv 2021) of the MEME suite.

mod ame;
mod check;
mod correlation;
mod counts;
mod fisher;
mod markov;
mod numbers;
mod odds;
mod ranking;
mod ranksum;
pub mod sea;
mod types;

pub use ame::ame;
pub use numbers::{log_adjusted, log_text};
pub use types::{
    Best, Detail, Enriched, Enrichment, EnrichmentInput, EnrichmentOptions, Method, PositiveList,
    Scoring,
};

#[cfg(test)]
mod tests;
