//! Moves along the sequence.

use crate::data::loader::{RowView, Sample, Transform};
use crate::seq::alphabet::UNKNOWN;
use cistron_base::seed::Rng;

/// Shifts a row by up to `most` positions in either direction. Rows of a genome move in its bases;
/// others N, and 0 in tracks.
pub struct Shift {
    /// The furthest move, bp.
    pub most: usize,
}

impl Transform for Shift {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        let by = self.draw(rng);
        sample
            .sequences
            .iter_mut()
            .for_each(|codes| slide(codes, by, UNKNOWN));
        for signal in sample.along() {
            let blank = signal.blank;
            signal
                .values
                .chunks_mut(signal.width)
                .for_each(|row| slide(row, by, blank));
        }
    }

    fn displaces(&self) -> Option<&'static str> {
        (self.most > 0).then_some("shift")
    }

    fn margin(&self) -> usize {
        self.most
    }

    fn moves(&self, place: &mut RowView, _length: i64, rng: &mut Rng) -> bool {
        let by = self.draw(rng) as i64;
        place.start += if place.turned { by } else { -by };
        true
    }
}

impl Shift {
    fn draw(&self, rng: &mut Rng) -> isize {
        rng.below(2 * self.most + 1) as isize - self.most as isize
    }
}

fn slide<T: Copy>(row: &mut [T], by: isize, fill: T) {
    let (n, steps) = (row.len(), by.unsigned_abs().min(row.len()));
    if by > 0 {
        row.copy_within(..n - steps, steps);
        row[..steps].fill(fill);
    } else {
        row.copy_within(steps.., 0);
        row[n - steps..].fill(fill);
    }
}

#[cfg(test)]
mod tests {
    use super::slide;

    #[test]
    fn what_leaves_is_lost_and_n_comes_in() {
        let mut row = [0, 1, 2, 3];
        slide(&mut row, 1, 4);
        assert_eq!(row, [4, 0, 1, 2]);
        slide(&mut row, -2, 4);
        assert_eq!(row, [1, 2, 4, 4]);
        slide(&mut row, 9, 4);
        assert_eq!(row, [4; 4]);
    }
}
