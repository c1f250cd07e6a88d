//! Wilcoxon's rank-sum test over partitions, by the normal distribution.

use super::ranking::Ranking;
use super::types::{Best, Detail};
use cistron_metrics::statistics::log_tails::log_normal_tail;

/// The outcome for one partition.
struct Outcome {
    u: f64,
    log_left: f64,
    log_right: f64,
}

impl Outcome {
    /// The test of `positives` of `all` sequences whose ranks sum to `sum`: right is the chance
    /// that ranks of positives are as small. Ties are not corrected for, as in AME.
    fn of(all: usize, positives: usize, sum: f64) -> Outcome {
        let (n, positives) = (all as f64, positives as f64);
        let negatives = n - positives;
        let of_negatives = n * (n + 1.0) / 2.0 - sum;
        let deviation = (negatives * positives * (n + 1.0) / 12.0).sqrt();
        let above = |sum: f64, count: f64| {
            let centre = count * (n + 1.0) / 2.0;
            let continuity = if sum > centre { -0.5 } else { 0.5 };
            log_normal_tail((sum - centre + continuity) / deviation)
        };
        let (right, left) = (above(of_negatives, negatives), above(sum, positives));
        // the smaller of both has all its digits
        let complement = |log: f64| (-log.exp()).ln_1p();
        let (log_left, log_right) = if right < left {
            (complement(right), right)
        } else {
            (left, complement(left))
        };
        let most = negatives * positives + negatives * (negatives + 1.0) / 2.0;
        Outcome {
            u: most - of_negatives,
            log_left,
            log_right,
        }
    }
}

/// The best number of positive sequences, or the given one.
pub fn best(ranking: &Ranking, by_pwm: bool, partition: Option<usize>) -> Best {
    let rows = &ranking.0;
    let mut best = Best {
        log_p: 0.0,
        tests: 0,
        threshold: f64::NAN,
        positives: rows.len(),
        negatives: 0,
        detail: Detail::None,
    };
    let mut sum = 0.0;
    for (i, row) in rows.iter().enumerate() {
        sum += if by_pwm { row.fasta_rank } else { row.pwm_rank };
        let positives = i + 1;
        if partition.is_some_and(|fixed| fixed != positives) {
            continue;
        }
        best.tests += 1;
        let outcome = Outcome::of(rows.len(), positives, sum);
        if outcome.log_right <= best.log_p {
            best = Best {
                log_p: outcome.log_right,
                threshold: if by_pwm {
                    row.pwm_score
                } else {
                    row.fasta_score
                },
                positives,
                detail: Detail::RankSum {
                    u: outcome.u,
                    log_left: outcome.log_left,
                    log_both: 2f64.ln() + outcome.log_left.min(outcome.log_right),
                },
                ..best
            };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_approximation_is_that_of_scipy() {
        // scipy.stats.mannwhitneyu([1..=5, 9], rest of 1..=12, method="asymptotic"), ranks summed
        let outcome = Outcome::of(12, 6, 1.0 + 2.0 + 3.0 + 4.0 + 5.0 + 9.0);
        assert_eq!(outcome.u, 3.0);
        assert!((outcome.log_right.exp() - 0.010_120_285_288_538_74).abs() < 1e-12);
        assert!((outcome.log_left.exp() + outcome.log_right.exp() - 1.0).abs() < 1e-12);
    }
}
