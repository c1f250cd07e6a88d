//! Odds of windows of a sequence, and the score of a sequence.

use super::types::Scoring;
use crate::seq::Motif;
use crate::seq::alphabet::UNKNOWN;

/// Bases that are looked up at once.
const KEY: usize = 6;

/// A sequence ready to be scanned.
pub struct Prepared<'a> {
    codes: &'a [u8],
    /// The next [`KEY`] bases from each position, two bits each.
    keys: Vec<u16>,
    /// Bases without an unknown one from each position on.
    known: Vec<u32>,
}

impl Prepared<'_> {
    /// A sequence of codes.
    pub fn new(codes: &[u8]) -> Prepared<'_> {
        let (mut keys, mut known) = (vec![0; codes.len()], vec![0; codes.len()]);
        let (mut key, mut run) = (0u16, 0u32);
        for (i, code) in codes.iter().enumerate().rev() {
            key = key >> 2 | u16::from(code & 3) << (2 * (KEY - 1));
            run = if *code >= UNKNOWN { 0 } else { run + 1 };
            (keys[i], known[i]) = (key, run);
        }
        Prepared { codes, keys, known }
    }
}

/// Probabilities of bases over those of the background.
pub struct Odds {
    rows: Vec<[f64; 4]>,
    /// Products of the first positions, at most [`KEY`], by key.
    first: Vec<f64>,
}

impl Odds {
    /// The odds of a motif.
    pub fn new(motif: &Motif, background: [f64; 4]) -> Odds {
        let row = |row: &[f64; 4]| std::array::from_fn(|base| row[base] / background[base]);
        let rows: Vec<[f64; 4]> = motif.ppm.iter().map(row).collect();
        let first = (0..1usize << (2 * KEY)).map(|key| {
            let base = |i: usize| key >> (2 * (KEY - 1 - i)) & 3;
            let own = rows.iter().take(KEY).enumerate();
            own.fold(1.0, |product, (i, row)| product * row[base(i)])
        });
        let first = first.collect();
        Odds { rows, first }
    }

    /// Positions.
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// The largest odds of a word.
    pub fn max(&self) -> f64 {
        let largest = |row: &[f64; 4]| row.iter().copied().fold(f64::MIN, f64::max);
        self.rows.iter().map(largest).product()
    }

    /// Calls `visit` with the odds of every window but the last, as AME. Those of a window with an
    /// unknown base are the odds of the bases before it.
    fn each(&self, sequence: &Prepared, mut visit: impl FnMut(f64)) {
        let width = self.width();
        let windows = sequence.codes.len().saturating_sub(width);
        for start in 0..windows {
            let known = sequence.known[start] as usize;
            let odds = if known >= width {
                let first = self.first[usize::from(sequence.keys[start])];
                let rest = &sequence.codes[(start + KEY).min(start + width)..start + width];
                let rows = self.rows.iter().skip(KEY).zip(rest);
                rows.fold(first, |odds, (row, code)| odds * row[usize::from(code & 3)])
            } else {
                let rows = self.rows.iter().zip(&sequence.codes[start..start + known]);
                rows.fold(1.0, |odds, (row, code)| odds * row[usize::from(code & 3)])
            };
            visit(odds);
        }
    }
}

/// How sequences are scored by a motif on both strands.
pub struct Scan<'a> {
    /// The motif.
    pub forward: &'a Odds,
    /// Its reverse complement.
    pub reverse: &'a Odds,
    /// The score.
    pub scoring: Scoring,
    /// The odds from which a window is a hit.
    pub hit: f64,
}

impl Scan<'_> {
    /// The score of a sequence.
    pub fn score(&self, sequence: &Prepared) -> f64 {
        let (forward, reverse) = (
            self.of_strand(self.forward, sequence),
            self.of_strand(self.reverse, sequence),
        );
        match self.scoring {
            Scoring::Average => (forward + reverse) / 2.0,
            Scoring::Max => forward.max(reverse),
            Scoring::Sum | Scoring::TotalHits => forward + reverse,
        }
    }

    fn of_strand(&self, odds: &Odds, sequence: &Prepared) -> f64 {
        let mut score = 0.0f64;
        match self.scoring {
            Scoring::Average | Scoring::Sum => odds.each(sequence, |odds| score += odds),
            Scoring::Max => odds.each(sequence, |odds| score = score.max(odds)),
            Scoring::TotalHits => odds.each(sequence, |odds| {
                if odds >= self.hit {
                    score += 1.0;
                }
            }),
        }
        if self.scoring == Scoring::Average {
            let windows = sequence.codes.len().saturating_sub(odds.width());
            score /= windows as f64 + 1.0;
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabet;
    use cistron_base::seed::Rng;

    #[test]
    fn odds_are_products_of_positions_whatever_the_width() {
        let mut rng = Rng::keyed(&[8]);
        for width in 1..=15 {
            let ppm: Vec<[f64; 4]> = (0..width)
                .map(|_| {
                    let row: [f64; 4] = std::array::from_fn(|_| rng.uniform() + 0.01);
                    let sum: f64 = row.iter().sum();
                    row.map(|x| x / sum)
                })
                .collect();
            let odds = Odds::new(&Motif::new("m", ppm.clone()), [0.3, 0.2, 0.2, 0.3]);
            let codes: Vec<u8> = (0..40).map(|_| (rng.below(45) / 11) as u8).collect();
            let mut got = Vec::new();
            odds.each(&Prepared::new(&codes), |x| got.push(x));
            let wanted: Vec<f64> = (0..40 - width)
                .map(|start| {
                    let known = codes[start..start + width].iter().zip(&ppm);
                    let known = known.take_while(|(code, _)| **code < 4);
                    known.fold(1.0, |product, (code, row)| {
                        let base = usize::from(*code);
                        product * (row[base] / [0.3, 0.2, 0.2, 0.3][base])
                    })
                })
                .collect();
            assert_eq!(got, wanted, "{width}");
        }
    }

    #[test]
    fn scores_combine_windows_of_both_strands() {
        let motif = Motif::from_consensus("m", "AC").unwrap();
        let (forward, reverse) = (
            Odds::new(&motif, [0.25; 4]),
            Odds::new(&motif.reverse_complement(), [0.25; 4]),
        );
        // AC at 0 and 4, GT at 2; the last window is left out
        let codes = alphabet::codes("ACGTACA").unwrap();
        let of = |scoring| {
            let (forward, reverse) = (&forward, &reverse);
            let hit = 16.0;
            Scan {
                forward,
                reverse,
                scoring,
                hit,
            }
            .score(&Prepared::new(&codes))
        };
        assert_eq!(of(Scoring::Sum), 48.0);
        assert_eq!(of(Scoring::Average), 48.0 / 12.0);
        assert_eq!(of(Scoring::Max), 16.0);
        assert_eq!(of(Scoring::TotalHits), 3.0);
    }
}
