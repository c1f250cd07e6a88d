//! Several datasets in every batch: a fixed number of rows of each.

use super::Sampling;
use std::sync::Arc;

/// Datasets whose rows are in every batch.
#[derive(Clone, Debug)]
pub struct Mix {
    /// Name of each dataset.
    pub names: Vec<String>,
    /// Rows of each dataset in a batch.
    pub each: Vec<usize>,
    /// The dataset of each storage row.
    pub origin: Arc<Vec<u32>>,
    /// How the rows of each dataset are drawn.
    pub sampling: Vec<Sampling>,
}

impl Mix {
    /// Rows in a batch.
    pub fn batch(&self) -> usize {
        self.each.iter().sum()
    }

    /// Batches of a pass over datasets of these sizes: as many as the largest needs, relative to
    /// its rows in a batch. Also the number of that dataset.
    pub fn batches(&self, sizes: &[usize]) -> (usize, usize) {
        let needed = sizes
            .iter()
            .zip(&self.each)
            .map(|(n, each)| n.div_ceil(*each));
        needed.enumerate().fold((0, 0), |most, (set, batches)| {
            if batches > most.0 {
                (batches, set)
            } else {
                most
            }
        })
    }
}
