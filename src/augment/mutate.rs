//! Point mutations.

use crate::base::seed::Rng;
use crate::data::loader::{Sample, Transform};

/// Replaces each base by one of the three others with a chance.
pub struct Mutate {
    /// The chance of each base.
    pub rate: f64,
}

impl Transform for Mutate {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        for code in sample.sequences.iter_mut().flat_map(|codes| codes.iter_mut()) {
            if rng.uniform() < self.rate && *code < 4 {
                *code = (*code + 1 + rng.below(3) as u8) % 4;
            }
        }
    }
}
