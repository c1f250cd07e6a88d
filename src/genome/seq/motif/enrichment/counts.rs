//! Multi-hypergeometric chances of numbers of sequences with no, one, two and more hits.

use super::ranking::{Ranking, Row};
use super::types::{Best, Detail};
use cistron_metrics::statistics::log_tails::LogFactorials;

/// The test.
pub struct Test<'a> {
    /// Classes of sequences: 3 or 4.
    pub classes: usize,
    /// Whether the chance of four classes is computed correctly, instead of with AME's sign error.
    pub corrected: bool,
    /// Logarithms of factorials.
    pub factorials: &'a LogFactorials,
}

impl Test<'_> {
    fn class(&self, row: &Row) -> usize {
        // hits of a sequence are few; a float holds their number exactly
        (row.pwm_score as usize).min(self.classes - 1)
    }

    /// The logarithm of the chance of counts `own` among the first, of counts `all`. This chance of
    /// exactly these counts is what AME reports as its p-value.
    fn log_chance(&self, own: &[usize], all: &[usize]) -> f64 {
        let of = |n: usize| self.factorials.of(n);
        let ways = |counts: &mut dyn Iterator<Item = usize>| {
            let (mut n, mut parts) = (0, 0.0);
            for count in counts {
                n += count;
                parts += of(count);
            }
            of(n) - parts
        };
        let rest = own.iter().zip(all).map(|(own, all)| all - own);
        let chosen = ways(&mut own.iter().copied()) + ways(&mut { rest });
        let mut total = ways(&mut all.iter().copied());
        if self.classes == 4 && !self.corrected {
            total += 2.0 * of(all[3]);
        }
        chosen - total
    }

    /// The best number of positive sequences, or the given one.
    pub fn best(&self, ranking: &Ranking, by_pwm: bool, partition: Option<usize>) -> Best {
        let mut all = vec![0; self.classes];
        ranking.0.iter().for_each(|row| all[self.class(row)] += 1);
        let mut own = vec![0; self.classes];
        let mut best = Best {
            log_p: f64::INFINITY,
            tests: 0,
            threshold: f64::NAN,
            positives: 0,
            negatives: 0,
            detail: Detail::None,
        };
        for (i, row) in ranking.0.iter().enumerate() {
            own[self.class(row)] += 1;
            if partition.is_some_and(|fixed| fixed != i + 1) {
                continue;
            }
            best.tests += 1;
            let log_p = self.log_chance(&own, &all).min(0.0);
            if log_p <= best.log_p {
                best.log_p = log_p;
                best.positives = i + 1;
                best.threshold = if by_pwm {
                    row.pwm_score
                } else {
                    row.fasta_score
                };
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_of_counts_are_exact() {
        let factorials = LogFactorials::new(20);
        let test = |classes, corrected| Test {
            classes,
            corrected,
            factorials: &factorials,
        };
        let near = |got: f64, wanted: f64| assert!((got.exp() / wanted - 1.0).abs() < 1e-12);
        // C(3, 1) C(4, 2) C(2, 1) / C(9, 4)
        let chance = test(3, true).log_chance(&[1, 2, 1], &[3, 4, 2]);
        near(chance, 3.0 * 6.0 * 2.0 / 126.0);
        let (own, all) = ([1, 2, 1, 0], [3, 4, 2, 3]);
        near(test(4, true).log_chance(&own, &all), 36.0 / 495.0);
        // the sign error divides by 3!²
        near(test(4, false).log_chance(&own, &all), 36.0 / 495.0 / 36.0);
    }
}
