//! Point mutations.

use crate::data::loader::{Sample, Transform};
use cistron_base::seed::Rng;

/// Replaces each base by one of the three others with a chance.
pub struct Mutate {
    /// The chance of each base.
    pub rate: f64,
}

impl Transform for Mutate {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let margin = sample.margin;
        for codes in &mut sample.sequences {
            let end = codes.len() - margin;
            let mut at = margin;
            loop {
                // from one mutation to the next in one draw
                let skip = if self.rate >= 1.0 {
                    0.0
                } else {
                    (1.0 - rng.uniform()).ln() / (1.0 - self.rate).ln()
                };
                if !skip.is_finite() || skip >= (end - at) as f64 {
                    break;
                }
                at += skip as usize;
                let code = &mut codes[at];
                if *code < 4 {
                    *code = (*code + 1 + rng.below(3) as u8) % 4;
                }
                at += 1;
                if at >= end {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_and_no_base_becomes_itself() {
        for rate in [0.0, 0.01, 0.3, 1.0] {
            let mut sample = Sample {
                sequences: vec![vec![2; 50_000]],
                ..Sample::default()
            };
            Mutate { rate }.apply(&mut sample, &mut Rng::keyed(&[8]));
            let codes = &sample.sequences[0];
            let share = codes.iter().filter(|c| **c != 2).count() as f64 / 50_000.0;
            assert!(
                (share - rate).abs() <= 4.0 * (rate * (1.0 - rate) / 50_000.0).sqrt(),
                "{rate}: {share}"
            );
            if rate == 1.0 {
                for base in [0, 1, 3] {
                    let n = codes.iter().filter(|c| **c == base).count() as f64;
                    assert!((n / 50_000.0 - 1.0 / 3.0).abs() < 0.01);
                }
            }
        }
    }
}
