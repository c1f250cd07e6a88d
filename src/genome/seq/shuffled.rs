//! Shuffles of several sequences, of whole sequences or of a range of each.

use super::edit;
use super::shuffle::Shuffler;
use cistron_base::seed::Rng;
use cistron_base::{Result, memory};
use rayon::prelude::*;

/// How sequences are shuffled. A shuffle depends on the seed, the number of its sequence and of its
/// copy alone.
#[derive(Clone, Debug)]
pub struct Shuffling {
    /// Length of the k-mers whose counts are preserved.
    pub k: usize,
    /// Seed of the shuffles.
    pub seed: u64,
    /// First position of the range that is shuffled, from 0; the first unless given.
    pub start: Option<i64>,
    /// End of the range, exclusive; that of the sequence unless given.
    pub end: Option<i64>,
}

impl Shuffling {
    fn rng(&self, row: usize, copy: usize) -> Rng {
        Rng::keyed(&[self.seed, 0x7368_7566, row as u64, copy as u64])
    }

    /// The range that is shuffled.
    fn range(&self, length: usize) -> Result<(usize, usize)> {
        match (self.start, self.end) {
            (None, None) => Ok((0, length)),
            (start, end) => edit::range(start.unwrap_or(0), end.unwrap_or(length as i64), length),
        }
    }

    /// Shuffles of sequences of one length, as codes; those of a sequence are adjacent.
    pub fn rows(&self, rows: &[u8], length: usize, copies: usize) -> Result<Vec<u8>> {
        let (start, end) = self.range(length)?;
        let size = memory::elements(&[rows.len() as i64, copies as i64], 1)?;
        let mut out = memory::reserved(size, "shuffled sequences")?;
        out.resize(size, 0);
        let length = length.max(1);
        out.par_chunks_mut(length * copies.max(1))
            .enumerate()
            .for_each_init(Shuffler::default, |shuffler, (row, shuffles)| {
                let codes = &rows[row * length..][..length];
                if end - start == length {
                    return shuffler.copies(codes, self.k, shuffles, |copy| self.rng(row, copy));
                }
                for (copy, shuffled) in shuffles.chunks_exact_mut(length).enumerate() {
                    shuffled.copy_from_slice(codes);
                    let range = &mut shuffled[start..end];
                    shuffler.shuffle(range, self.k, &mut self.rng(row, copy));
                }
            });
        Ok(out)
    }

    /// Shuffles of one sequence, which has the number `row` among several.
    pub fn copies(&self, row: usize, codes: &[u8], copies: usize) -> Result<Vec<Vec<u8>>> {
        let (start, end) = self.range(codes.len())?;
        let mut shuffler = Shuffler::default();
        let shuffled = |copy| {
            let mut shuffled = codes.to_vec();
            shuffler.shuffle(&mut shuffled[start..end], self.k, &mut self.rng(row, copy));
            shuffled
        };
        Ok((0..copies).map(shuffled).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_shuffled_and_the_rest_is_kept() {
        let rows = [0, 1, 2, 3, 0, 1, 2, 3, 3, 3, 2, 2, 1, 1, 0, 0];
        let whole = Shuffling {
            k: 1,
            seed: 3,
            start: None,
            end: None,
        };
        let part = Shuffling {
            start: Some(2),
            end: Some(6),
            ..whole.clone()
        };
        for shuffling in [whole, part.clone()] {
            let all = shuffling.rows(&rows, 8, 2).expect("shuffles");
            for (row, codes) in rows.chunks(8).enumerate() {
                let copies = shuffling.copies(row, codes, 2).expect("shuffles");
                assert_eq!(all[row * 16..][..16], copies.concat());
                for copy in copies {
                    let sorted = |codes: &[u8]| {
                        let mut codes = codes.to_vec();
                        codes.sort_unstable();
                        codes
                    };
                    assert_eq!(sorted(&copy), sorted(codes));
                }
            }
        }
        let copies = part.copies(0, &rows[..8], 5).expect("shuffles");
        assert!(
            copies
                .iter()
                .all(|copy| copy[..2] == [0, 1] && copy[6..] == [2, 3])
        );
        assert!(part.copies(0, &rows[..4], 1).is_err());
    }
}
