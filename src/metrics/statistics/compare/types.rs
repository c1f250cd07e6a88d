//! Runs, settings and results of comparisons.

use super::super::friedman::Friedman;
use super::super::multiple::{benjamini_hochberg, holm};
use crate::Metric;

/// What a training of a model reached on a set.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value of the metric; NaN is a missing one.
    Value(f64),
    /// Scores and labels of the rows of the test set.
    Rows {
        /// A score for each row.
        scores: Vec<f64>,
        /// A label for each row; NaN where it is undefined.
        labels: Vec<f64>,
    },
}

/// A training of a model for a set, and what it reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Name of the model.
    pub model: String,
    /// Name of the set.
    pub set: String,
    /// Name of the seed; without one, trainings of a cell are numbered.
    pub seed: Option<String>,
    /// What it reached.
    pub outcome: Outcome,
}

/// How many comparisons are adjusted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// The chance of any false discovery is bounded (Holm 1979).
    Holm,
    /// The share of false discoveries is bounded (Benjamini & Hochberg 1995).
    BenjaminiHochberg,
    /// Not at all.
    None,
}

/// Which test a set with scores and labels gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// DeLong's test of areas under ROC curves, the bootstrap of other metrics.
    Auto,
    /// DeLong's test.
    DeLong,
    /// The paired bootstrap of rows.
    Bootstrap,
}

/// Settings of a comparison.
#[derive(Clone, Debug)]
pub struct CompareSettings {
    /// The metric, computed where scores and labels are given.
    pub metric: Metric,
    /// Whether larger values are better.
    pub is_larger_better: bool,
    /// Confidence level; tests are significant below one minus it.
    pub level: f64,
    /// The test of a set with scores and labels.
    pub method: Method,
    /// How many comparisons are adjusted for.
    pub adjustment: Adjustment,
    /// The model with which the others are compared; all pairs without one.
    pub against: Option<String>,
    /// Whether the variance between trainings is added to that between rows.
    pub adds_seeds: bool,
    /// Number of resamples of the bootstrap.
    pub resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

/// What a model reached on a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Name of the model.
    pub model: String,
    /// Name of the set.
    pub set: String,
    /// Number of trainings.
    pub seeds: usize,
    /// The mean of the metric over trainings.
    pub value: f64,
    /// The standard deviation between trainings; NaN of one.
    pub sd: f64,
    /// The ends of the interval of the mean; NaN where it is unknown.
    pub interval: (f64, f64),
}

/// The difference of two models on one set.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Name of the set.
    pub set: String,
    /// The first model.
    pub first: String,
    /// The second model.
    pub second: String,
    /// The value of the first less that of the second.
    pub difference: f64,
    /// The ends of its interval; NaN where there is no test.
    pub interval: (f64, f64),
    /// The chance of a difference as large where there is none; NaN where there is no test.
    pub p_value: f64,
    /// The same, adjusted for all comparisons on single sets.
    pub adjusted: f64,
    /// Which test.
    pub test: Test,
    /// The standard deviation of the difference between trainings; NaN where there is one.
    pub seed_sd: f64,
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Names of the models, in the order in which they were given.
    pub models: Vec<String>,
    /// Names of the sets, in that order.
    pub sets: Vec<String>,
    /// What each model reached on each set.
    pub cells: Vec<Cell>,
    /// Differences on single sets.
    pub differences: Vec<Difference>,
    /// Differences over sets; none where there is one set.
    pub pairs: Vec<SetsPair>,
    /// Average ranks over sets that all models have; none where there is none.
    pub ranked: Option<Ranked>,
    /// The outcome in a few sentences.
    pub verdict: String,
    /// What was left out, and what limits the tests.
    pub notes: Vec<String>,
}

impl Comparison {
    /// The differences on single sets, of more than `most` the largest, in the order of the models.
    pub fn largest(&self, most: usize) -> Vec<&Difference> {
        let mut sizes: Vec<f64> = self
            .differences
            .iter()
            .map(|own| own.difference.abs())
            .collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let least = sizes.get(most).copied().unwrap_or(f64::NEG_INFINITY);
        self.differences
            .iter()
            .filter(|own| own.difference.abs() > least)
            .collect()
    }
}

/// Which test compared two models on a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// DeLong's, over rows.
    DeLong,
    /// The paired bootstrap of rows.
    Bootstrap,
    /// Student's for pairs, over seeds.
    PairedSeeds,
    /// Welch's, over seeds that differ.
    Seeds,
    /// None: there is one value each.
    None,
}

impl Test {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Test::DeLong => "DeLong",
            Test::Bootstrap => "bootstrap",
            Test::PairedSeeds => "paired t over seeds",
            Test::Seeds => "Welch over seeds",
            Test::None => "none",
        }
    }
}

/// The difference of two models over sets.
#[derive(Clone, Debug, PartialEq)]
pub struct SetsPair {
    /// The first model.
    pub first: String,
    /// The second model.
    pub second: String,
    /// Number of sets that have both.
    pub sets: usize,
    /// Sets on which the first is better.
    pub wins: usize,
    /// Sets on which both are equal.
    pub ties: usize,
    /// Sets on which the second is better.
    pub losses: usize,
    /// The mean of the first less the second.
    pub difference: f64,
    /// The statistic of Wilcoxon's signed-rank test: the smaller sum of ranks.
    pub statistic: f64,
    /// Its p-value; NaN of fewer than two sets.
    pub p_value: f64,
    /// The same, adjusted for all pairs.
    pub adjusted: f64,
}

/// Average ranks of models over the sets that all have.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Number of sets.
    pub sets: usize,
    /// The average rank of each model (1 is best), and Friedman's test.
    pub friedman: Friedman,
    /// The mean value of each model.
    pub means: Vec<f64>,
    /// The critical difference of average ranks (Nemenyi); NaN of one set.
    pub critical: f64,
    /// Numbers of models whose average ranks lie within the critical difference.
    pub cliques: Vec<Vec<usize>>,
}

impl Adjustment {
    /// Adjusted p-values, in their order.
    pub fn adjust(self, p: &[f64]) -> Vec<f64> {
        match self {
            Adjustment::Holm => holm(p),
            Adjustment::BenjaminiHochberg => benjamini_hochberg(p),
            Adjustment::None => p.to_vec(),
        }
    }
}
