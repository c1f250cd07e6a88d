//! Settings, inputs and results of enrichment tests.

use crate::seq::motif::background::MotifBackground;

/// The test of an association between the order of sequences and their scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Fisher's exact test.
    Fisher,
    /// Wilcoxon's rank-sum test.
    RankSum,
    /// Chance of the numbers of sequences with no, one, and more hits.
    ThreeWay,
    /// Chance of the numbers of sequences with no, one, two, and more hits.
    FourWay,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's correlation.
    Spearman,
}

/// What the odds of a sequence's windows are combined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoring {
    /// The mean.
    Average,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// The number of windows above a threshold.
    TotalHits,
}

/// What sequences are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositiveList {
    /// The scores given with them, or their order.
    Fasta,
    /// The scores of the motif.
    Pwm,
}

/// How enrichment is tested.
#[derive(Clone, Debug)]
pub struct EnrichmentOptions {
    /// The test.
    pub method: Method,
    /// The score of a sequence.
    pub scoring: Scoring,
    /// What sequences are ordered by.
    pub positives: PositiveList,
    /// Number of the first sequences that are positive; all partitions are tried unless given.
    pub partition: Option<usize>,
    /// Share of the largest log-odds from which a window is a hit.
    pub hit_fraction: f64,
    /// The largest E-value that is reported.
    pub max_e_value: f64,
    /// The largest given score of a positive sequence, where sequences are ordered by the motif.
    pub max_fasta_score: f64,
    /// Sites' worth of background that is added to each position.
    pub pseudocount: f64,
    /// Where the background is from; the sequences unless given.
    pub background: Option<MotifBackground>,
    /// Whether Pearson's correlation is that of logarithms of the given scores.
    pub log_fasta_scores: bool,
    /// Whether Pearson's correlation is that of logarithms of the motif's scores.
    pub log_pwm_scores: bool,
    /// Whether the line of Pearson's correlation predicts the motif's scores from the given ones,
    /// instead of the reverse.
    pub switch_axes: bool,
    /// Whether the slips of AME 5.4.1 are corrected.
    pub corrected: bool,
}

/// Sequences in which motifs are searched.
#[derive(Clone, Debug)]
pub struct EnrichmentInput<'a> {
    /// The sequences of interest, as codes.
    pub primary: Vec<&'a [u8]>,
    /// Sequences to compare with.
    pub control: Option<Vec<&'a [u8]>>,
    /// A score of each primary sequence; the smallest is the most positive.
    pub scores: Option<Vec<f64>>,
}

/// What a method reports beyond its p-value.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// Nothing.
    None,
    /// Positive sequences by the threshold of the other score: true and false ones.
    Fisher {
        /// The threshold.
        threshold: f64,
        /// True positives.
        tp: usize,
        /// False positives.
        fp: usize,
    },
    /// Of the rank-sum test.
    RankSum {
        /// Mann and Whitney's U.
        u: f64,
        /// Logarithm of the chance of smaller scores of positives.
        log_left: f64,
        /// Logarithm of the two-sided p-value.
        log_both: f64,
    },
    /// Of a correlation, with its line.
    Correlation {
        /// The coefficient.
        r: f64,
        /// Error of the line.
        error: f64,
        /// Slope of the line.
        slope: f64,
        /// Intercept of the line.
        intercept: f64,
    },
}

/// The partition of sequences with the smallest p-value.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Logarithm of the p-value.
    pub log_p: f64,
    /// Number of partitions or thresholds that were tested.
    pub tests: usize,
    /// The score that separates positive sequences.
    pub threshold: f64,
    /// Positive sequences.
    pub positives: usize,
    /// Negative sequences; 0 where the method has none.
    pub negatives: usize,
    /// What the method reports further.
    pub detail: Detail,
}

/// A motif that is enriched.
#[derive(Clone, Debug, PartialEq)]
pub struct Enriched {
    /// Its rank among all motifs, from 1.
    pub rank: usize,
    /// The number of its collection.
    pub database: usize,
    /// Its number within the collection.
    pub motif: usize,
    /// Its consensus, in IUPAC letters.
    pub consensus: String,
    /// The best partition.
    pub best: Best,
    /// Logarithm of the p-value, corrected for the tests of this motif.
    pub log_adjusted: f64,
    /// Logarithm of the E-value: the corrected p-value times the number of motifs.
    pub log_e: f64,
}

/// Motifs by significance, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Enrichment {
    /// Enriched motifs, the most significant first.
    pub motifs: Vec<Enriched>,
    /// Primary sequences that are shorter than the widest motif.
    pub short: usize,
    /// Control sequences that are shorter than the widest motif.
    pub short_control: usize,
}
