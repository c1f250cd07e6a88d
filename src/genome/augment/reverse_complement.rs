//! The other strand.

use crate::data::loader::{RowView, Sample, Transform};
use crate::seq::alphabet;
use cistron_base::seed::Rng;

/// Reverse-complements a row with a probability; signals along the sequence are reversed, and
/// stranded channels and labels change places with their partners.
pub struct ReverseComplement {
    /// The chance of each row.
    pub probability: f64,
}

impl Transform for ReverseComplement {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| alphabet::reverse_complement(codes));
        let labelled = std::iter::once(&mut sample.labelled)
            .filter(|own| own.is_on)
            .map(|own| &mut own.signal);
        for signal in sample.signals.iter_mut().chain(labelled) {
            let block = if signal.is_along {
                signal.width
            } else {
                signal.block
            };
            if block > 0 {
                signal.values.chunks_mut(block).for_each(<[f32]>::reverse);
            }
            if let Some(partners) = &signal.partners {
                swap(&mut signal.values, partners, signal.width);
            }
        }
        if sample.labelled.is_on {
            sample.labelled.turn();
        }
        if let Some(partners) = sample.label_partners.clone() {
            swap(&mut sample.labels, &partners, 1);
        }
    }

    fn reverses(&self) -> bool {
        self.probability > 0.0
    }

    fn moves(&self, place: &mut RowView, length: i64, rng: &mut Rng) -> bool {
        if rng.uniform() < self.probability {
            let last = length - 1;
            *place = RowView {
                start: if place.turned {
                    place.start - last
                } else {
                    place.start + last
                },
                turned: !place.turned,
            };
        }
        true
    }
}

/// Puts channels of `width` numbers in the places of their partners.
fn swap(values: &mut [f32], partners: &[usize], width: usize) {
    let before = values.to_vec();
    for (own, partner) in partners.iter().enumerate() {
        values[own * width..(own + 1) * width]
            .copy_from_slice(&before[partner * width..(partner + 1) * width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::Signal;
    use std::sync::Arc;

    #[test]
    fn tracks_turn_and_stranded_ones_change_places() {
        let partners = Some(Arc::new(vec![1, 0]));
        let mut sample = Sample {
            sequences: vec![vec![0, 0, 1]],
            signals: vec![Signal {
                values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                width: 3,
                is_along: true,
                partners: partners.clone(),
                blank: 0.0,
                block: 0,
            }],
            labels: vec![0.0, 1.0],
            label_partners: partners,
            ..Sample::default()
        };
        ReverseComplement { probability: 1.0 }.apply(&mut sample, &mut Rng::keyed(&[1]));
        assert_eq!(sample.sequences[0], [2, 3, 3]);
        assert_eq!(sample.signals[0].values, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
        assert_eq!(sample.labels, [1.0, 0.0]);
    }
}
