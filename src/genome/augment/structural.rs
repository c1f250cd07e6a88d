//! Structural variation, as in EvoAug (Lee et al. 2023): ranges that are inserted, deleted,
//! inverted round or move.
//!
//! Rows keep their length: a deletion is filled up with bases from around the row (a genome's
//! bases, else random ones), an insertion pushes the ends out of view. What is along the
//! sequence (tracks) moves with it where bases only move; a row with tracks takes 0 for bases that
//! come from nowhere.

use crate::data::loader::{Sample, Transform};
use crate::seq::alphabet::{self, UNKNOWN};
use cistron_base::seed::Rng;

/// A length from `low` to `high`, every one as likely.
fn length(low: usize, high: usize, rng: &mut Rng) -> usize {
    low + rng.below(high.max(low) - low + 1)
}

/// Bases of a row in view; of several sequences those of the shortest.
fn view(sample: &Sample) -> Option<usize> {
    sample
        .sequences
        .iter()
        .map(|codes| codes.len() - 2 * sample.margin)
        .min()
}

/// A uniformly drawn range within the view of a row: its start and its length; none in a
/// row without a sequence.
fn random_range(low: usize, high: usize, sample: &Sample, rng: &mut Rng) -> Option<(usize, usize)> {
    let view = view(sample)?;
    let n = length(low, high, rng).min(view);
    Some((sample.margin + rng.below(view - n + 1), n))
}

/// Makes room for `n` values at a place: half of them push to the left, half to the right.
fn open<T: Copy>(row: &mut [T], at: usize, n: usize) -> &mut [T] {
    let left = n / 2;
    row.copy_within(left..at + left, 0);
    row.copy_within(at + left..row.len() - (n - left), at + n);
    &mut row[at..at + n]
}

/// Takes `n` values out at a place: both sides move in, and what is left free at the two ends is
/// given.
fn close<T: Copy>(row: &mut [T], at: usize, n: usize) -> [&mut [T]; 2] {
    let left = n / 2;
    row.copy_within(..at, left);
    row.copy_within(at + n.., at + left);
    let (start, rest) = row.split_at_mut(left);
    let inner = rest.len() - (n - left);
    [start, &mut rest[inner..]]
}

/// Random bases where a row has none.
fn fill(codes: &mut [u8], rng: &mut Rng) {
    codes.iter_mut().for_each(|code| *code = rng.below(4) as u8);
}

/// Random bases come in at a random place; the row is cut at both ends.
pub struct Insertion {
    /// Shortest range, bp.
    pub low: usize,
    /// Longest range, bp.
    pub high: usize,
}

impl Transform for Insertion {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some((at, n)) = random_range(self.low, self.high, sample, rng) else {
            return;
        };
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| fill(open(codes, at, n), rng));
        for signal in sample.along() {
            let blank = signal.blank;
            signal
                .values
                .chunks_mut(signal.width)
                .for_each(|row| open(row, at, n).fill(blank));
        }
    }

    fn displaces(&self) -> Option<&'static str> {
        Some("insertion")
    }
}

/// A random range is deleted; the bases around the row move in.
pub struct Deletion {
    /// Shortest range, bp.
    pub low: usize,
    /// Longest range, bp.
    pub high: usize,
}

impl Transform for Deletion {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some((at, n)) = random_range(self.low, self.high, sample, rng) else {
            return;
        };
        let margin = sample.margin;
        for codes in &mut sample.sequences {
            close(codes, at, n)
                .into_iter()
                .for_each(|end| fill(end, rng));
            // rows without surroundings have N there, and random bases move in instead
            let (left, end) = (n / 2, codes.len() - margin);
            for side in [margin..margin + left, end - (n - left)..end] {
                for code in codes[side].iter_mut().filter(|code| **code == UNKNOWN) {
                    *code = rng.below(4) as u8;
                }
            }
        }
        for signal in sample.along() {
            let blank = signal.blank;
            signal
                .values
                .chunks_mut(signal.width)
                .flat_map(|row| close(row, at, n))
                .for_each(|end| end.fill(blank));
        }
    }

    fn displaces(&self) -> Option<&'static str> {
        Some("deletion")
    }

    fn margin(&self) -> usize {
        self.high.div_ceil(2)
    }
}

/// A random range is replaced by its reverse complement.
pub struct Inversion {
    /// Shortest range, bp.
    pub low: usize,
    /// Longest range, bp.
    pub high: usize,
}

impl Transform for Inversion {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some((at, n)) = random_range(self.low, self.high, sample, rng) else {
            return;
        };
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| alphabet::reverse_complement(&mut codes[at..at + n]));
        for signal in sample.along() {
            // the reverse complement is on the reverse strand, so that pairs swap within it
            let before = signal.partners.as_ref().map(|_| signal.values.clone());
            let width = signal.width;
            for (channel, row) in signal.values.chunks_mut(width).enumerate() {
                if let (Some(partners), Some(before)) = (&signal.partners, &before) {
                    row[at..at + n]
                        .copy_from_slice(&before[partners[channel] * width..][at..at + n]);
                }
                row[at..at + n].reverse();
            }
        }
    }

    fn displaces(&self) -> Option<&'static str> {
        Some("inversion")
    }
}

/// The row is cut at a point and its two parts change places.
pub struct Translocation {
    /// Smallest move, bp.
    pub low: usize,
    /// Largest move, bp.
    pub high: usize,
}

impl Transform for Translocation {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some(width) = view(sample) else { return };
        let n = length(self.low, self.high, rng).min(width);
        let by = if rng.below(2) == 0 { n } else { width - n };
        let view = sample.margin..sample.margin + width;
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| codes[view.clone()].rotate_left(by));
        for signal in sample.along() {
            signal
                .values
                .chunks_mut(signal.width)
                .for_each(|row| row[view.clone()].rotate_left(by));
        }
    }

    fn displaces(&self) -> Option<&'static str> {
        Some("translocation")
    }
}

/// A random range becomes N.
pub struct Mask {
    /// Shortest range, bp.
    pub low: usize,
    /// Longest range, bp.
    pub high: usize,
}

impl Transform for Mask {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some((at, n)) = random_range(self.low, self.high, sample, rng) else {
            return;
        };
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| codes[at..at + n].fill(UNKNOWN));
    }
}

/// A random range of `length` bases stays; everything else becomes N.
pub struct Crop {
    /// What stays, bp.
    pub length: usize,
}

impl Transform for Crop {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let Some(width) = view(sample) else { return };
        let n = self.length.min(width);
        let at = sample.margin + rng.below(width - n + 1);
        for codes in &mut sample.sequences {
            codes[..at].fill(UNKNOWN);
            codes[at + n..].fill(UNKNOWN);
        }
    }
}

/// With a chance, a row becomes a shuffle of itself that keeps every k-let count, and its labels 0.
pub struct ToNegative {
    /// The chance of each row.
    pub probability: f64,
    /// The k-lets whose counts are kept.
    pub k: usize,
}

impl Transform for ToNegative {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        let margin = sample.margin;
        for codes in &mut sample.sequences {
            let end = codes.len() - margin;
            sample
                .shuffler
                .shuffle(&mut codes[margin..end], self.k, rng);
        }
        sample
            .labels
            .iter_mut()
            .filter(|label| !label.is_nan())
            .for_each(|label| *label = 0.0);
        // they are 0, whatever its values were
        sample.labelled.is_on = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::Signal;

    /// 0 1 2 3 0 1 2 3 … with a track that counts positions.
    fn sample(length: usize, margin: usize) -> Sample {
        let codes = (0..length + 2 * margin).map(|i| (i % 4) as u8).collect();
        // no position is 0, which stands for a base from nowhere
        let values = (0..length + 2 * margin).map(|i| i as f32 + 4.0).collect();
        Sample {
            sequences: vec![codes],
            signals: vec![Signal {
                values,
                width: length + 2 * margin,
                is_along: true,
                partners: None,
                blank: 0.0,
                block: 0,
            }],
            margin,
            labels: vec![1.0],
            ..Sample::default()
        }
    }

    /// A base and the position it came from still belong together.
    fn agree(sample: &Sample) -> usize {
        let margin = sample.margin;
        let (codes, values) = (&sample.sequences[0], &sample.signals[0].values);
        (margin..codes.len() - margin)
            .filter(|i| values[*i] > 0.0 && values[*i] as usize % 4 == usize::from(codes[*i]))
            .count()
    }

    #[test]
    fn tracks_move_with_their_bases() {
        for seed in 0..200 {
            let mut rng = Rng::keyed(&[seed]);
            let mut s = sample(40, 0);
            Insertion { low: 5, high: 5 }.apply(&mut s, &mut rng);
            assert!(agree(&s) >= 34, "insertion {seed}: {}", agree(&s));
            let mut s = sample(40, 3);
            Deletion { low: 6, high: 6 }.apply(&mut s, &mut rng);
            assert_eq!(agree(&s), 40, "deletion {seed}");
            let positions: Vec<i64> = s.signals[0].values[3..43]
                .iter()
                .map(|v| *v as i64)
                .collect();
            let jumps: Vec<i64> = positions
                .windows(2)
                .map(|w| w[1] - w[0])
                .filter(|step| *step != 1)
                .collect();
            assert!(
                jumps.is_empty() || jumps == [7],
                "deletion {seed}: {positions:?}"
            );
            let mut s = sample(40, 0);
            Translocation { low: 3, high: 30 }.apply(&mut s, &mut rng);
            assert!(agree(&s) >= 39);
            let mut s = sample(40, 2);
            Mask { low: 4, high: 4 }.apply(&mut s, &mut rng);
            assert_eq!(
                s.sequences[0][2..42]
                    .iter()
                    .filter(|c| **c == UNKNOWN)
                    .count(),
                4
            );
            let mut s = sample(40, 0);
            Crop { length: 10 }.apply(&mut s, &mut rng);
            assert_eq!(s.sequences[0].iter().filter(|c| **c != UNKNOWN).count(), 10);
        }
    }

    /// A deletion filled every N in view with random bases, a masked range before it too.
    #[test]
    fn a_deletion_keeps_the_n_of_a_mask() {
        for seed in 0..100 {
            let mut s = sample(40, 3);
            s.sequences[0][20..30].fill(UNKNOWN);
            let mut rng = Rng::keyed(&[seed]);
            Deletion { low: 4, high: 4 }.apply(&mut s, &mut rng);
            let kept = s.sequences[0][3..43]
                .iter()
                .filter(|code| **code == UNKNOWN)
                .count();
            assert!((6..=10).contains(&kept), "deletion {seed}: {kept} of 10");
        }
    }

    #[test]
    fn an_inversion_is_undone_by_itself() {
        let mut s = sample(30, 1);
        let before = s.sequences[0].clone();
        Inversion { low: 9, high: 9 }.apply(&mut s, &mut Rng::keyed(&[5]));
        assert_ne!(s.sequences[0], before);
        Inversion { low: 9, high: 9 }.apply(&mut s, &mut Rng::keyed(&[5]));
        assert_eq!(s.sequences[0], before);
    }

    #[test]
    fn longer_stretches_than_the_row_are_cut_to_it() {
        for (step, margin) in [
            (&Insertion { low: 50, high: 60 } as &dyn Transform, 0),
            (&Deletion { low: 50, high: 60 }, 30),
            (&Inversion { low: 50, high: 60 }, 0),
            (&Translocation { low: 50, high: 60 }, 0),
            (&Mask { low: 50, high: 60 }, 2),
        ] {
            let mut s = sample(10, margin);
            step.apply(&mut s, &mut Rng::keyed(&[2]));
            assert_eq!(s.sequences[0].len(), 10 + 2 * margin);
        }
    }

    #[test]
    fn a_shuffled_row_is_a_negative() {
        let mut s = sample(40, 4);
        ToNegative {
            probability: 1.0,
            k: 2,
        }
        .apply(&mut s, &mut Rng::keyed(&[3]));
        assert_eq!(s.labels, [0.0]);
        assert_eq!(s.sequences[0][..4], [0, 1, 2, 3]);
    }
}
