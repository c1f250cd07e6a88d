//! The other strand.

use crate::base::seed::Rng;
use crate::data::loader::{Sample, Transform};
use crate::seq::alphabet;

/// Reads a row from the other strand with a chance; tracks as long as the sequence turn with it.
pub struct ReverseComplement {
    /// The chance of each row.
    pub probability: f64,
}

impl Transform for ReverseComplement {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        let length = sample.sequences.first().map_or(0, |codes| codes.len());
        sample.sequences.iter_mut().for_each(|codes| alphabet::reverse_complement(codes));
        for (values, shape) in sample.dense.iter_mut().filter(|(_, shape)| shape.last() == Some(&length)) {
            let width = *shape.last().unwrap_or(&1);
            values.chunks_mut(width).for_each(<[f32]>::reverse);
        }
    }
}
