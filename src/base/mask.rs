//! Dropout masks from a counter-based generator.

use crate::seed::Rng;

/// The factors of a dropout: 0 with a probability (to 1 in 65,536), otherwise the factor that keeps
/// the mean. A factor depends on the keys of the mask and on its own number alone.
#[derive(Clone, Debug)]
pub struct Mask {
    rng: Rng,
    dropped: u64,
    kept: f32,
    /// The number of the first factor.
    start: u64,
}

impl Mask {
    /// The mask of some keys, which drops with probability `p`.
    pub fn keyed(p: f64, keys: &[u64]) -> Mask {
        Mask {
            rng: Rng::keyed(keys),
            dropped: (p * 65_536.0).round() as u64,
            kept: (1.0 / (1.0 - p)) as f32,
            start: 0,
        }
    }

    /// The mask from number `start` on: that of some rows of a batch that several processes share.
    pub fn from_number(self, start: u64) -> Mask {
        Mask { start, ..self }
    }

    /// The factor of numbers that are kept.
    pub fn kept(&self) -> f32 {
        self.kept
    }

    #[inline(always)]
    fn factor(&self, bits: u64) -> f32 {
        if bits & 0xffff < self.dropped {
            0.0
        } else {
            self.kept
        }
    }

    /// Writes the factors from number `first` on.
    #[inline(always)]
    pub fn fill(&self, first: u64, out: &mut [f32]) {
        let first = first + self.start;
        let single = |i: u64| self.factor(self.rng.peek(i / 4) >> (16 * (i % 4)));
        let head = ((4 - first % 4) % 4).min(out.len() as u64);
        let (start, rest) = out.split_at_mut(head as usize);
        start
            .iter_mut()
            .zip(first..)
            .for_each(|(factor, i)| *factor = single(i));
        let mut fours = rest.chunks_exact_mut(4);
        let mut at = (first + head) / 4;
        for four in &mut fours {
            let bits = self.rng.peek(at);
            at += 1;
            for (lane, factor) in four.iter_mut().enumerate() {
                *factor = self.factor(bits >> (16 * lane));
            }
        }
        fours
            .into_remainder()
            .iter_mut()
            .zip(4 * at..)
            .for_each(|(factor, i)| *factor = single(i));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_depends_on_its_number_alone() {
        let mask = Mask::keyed(0.25, &[1, 2]);
        let mut all = vec![0.0; 200_003];
        mask.fill(0, &mut all);
        let dropped = all.iter().filter(|factor| **factor == 0.0).count() as f64 / all.len() as f64;
        assert!((dropped - 0.25).abs() < 0.005, "{dropped}");
        for (first, n) in [(0, 9), (1, 2), (3, 1), (70_001, 50), (4, 4), (199_999, 4)] {
            let mut own = vec![9.0; n];
            mask.fill(first as u64, &mut own);
            assert_eq!(own, all[first..first + n]);
            let rest = mask.clone().from_number(first as u64);
            rest.fill(0, &mut own);
            assert_eq!(own, all[first..first + n]);
        }
    }
}
