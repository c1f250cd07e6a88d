//! Which rows a training pass takes.

use std::sync::Arc;

/// How training passes draw rows; by default every row once, in random order.
#[derive(Clone, Debug, Default)]
pub struct Sampling {
    /// How likely each row in view is, against the others; rows are then drawn with replacement.
    pub weights: Option<Arc<Vec<f64>>>,
    /// Whether rows with and without a positive label are drawn equally often.
    pub balance: bool,
    /// The share of rows with a positive label in every batch.
    pub positives: Option<f64>,
    /// Rows in a pass; all of them unless given.
    pub length: Option<usize>,
    /// This process' number and how many there are: each takes its share of every pass.
    pub shard: Option<(usize, usize)>,
}

impl Sampling {
    /// Rows in a pass over `n`.
    pub fn count(&self, n: usize) -> usize {
        let length = self.length.unwrap_or(n);
        // every process takes as many steps as the others
        self.shard.map_or(length, |(_, of)| length / of)
    }
}
