//! Fisher's exact test over thresholds or partitions.

use super::ranking::Ranking;
use super::types::{Best, Detail};
use cistron_metrics::statistics::log_tails::LogFactorials;

/// Counts of positive and negative sequences, those above a threshold among them.
#[derive(Clone, Copy)]
struct Counts {
    tp: usize,
    positives: usize,
    fp: usize,
    negatives: usize,
}

impl Counts {
    /// The logarithm of the p-value, where it is at most `limit`. It is at least the chance of
    /// these very counts, so most need not be summed.
    fn log_p_below(self, limit: f64, factorials: &LogFactorials) -> Option<f64> {
        let (all, drawn) = (self.positives + self.negatives, self.tp + self.fp);
        let exact = factorials.log_hypergeometric(self.tp, self.positives, drawn, all);
        if exact > limit {
            return None;
        }
        let log_p = factorials.log_hypergeometric_tail(self.tp, self.positives, drawn, all);
        (log_p <= limit).then_some(log_p)
    }
}

/// The best threshold of the motif's scores, where the first `positives` sequences by the given
/// scores are positive. Sequences are in the order of the motif's scores.
pub fn over_thresholds(
    ranking: &Ranking,
    positives: usize,
    least: f64,
    factorials: &LogFactorials,
) -> Best {
    let negatives = ranking.0.len() - positives;
    let mut counts = Counts {
        tp: 0,
        positives,
        fp: 0,
        negatives,
    };
    let mut best = Best {
        log_p: f64::INFINITY,
        tests: 0,
        threshold: f64::NAN,
        positives,
        negatives,
        detail: Detail::None,
    };
    for (i, row) in ranking.0.iter().enumerate() {
        if row.fasta_rank <= positives as f64 {
            counts.tp += 1;
        } else {
            counts.fp += 1;
        }
        if row.fasta_rank == positives as f64 {
            best.threshold = row.fasta_score;
        }
        if i > 0 && row.pwm_score < least {
            continue;
        }
        best.tests += 1;
        if let Some(log_p) = counts.log_p_below(best.log_p, factorials) {
            best.log_p = log_p;
            best.detail = Detail::Fisher {
                threshold: row.pwm_score,
                tp: counts.tp,
                fp: counts.fp,
            };
        }
    }
    best
}

/// The best number of positive sequences, where those within a limit of the other score are
/// predicted positive.
pub fn over_partitions(
    ranking: &Ranking,
    by_pwm: bool,
    limit: f64,
    factorials: &LogFactorials,
) -> Best {
    let rows = &ranking.0;
    let is_predicted = |i: &usize| match by_pwm {
        true => rows[*i].fasta_score <= limit,
        false => rows[*i].pwm_score >= limit,
    };
    let predicted = (0..rows.len()).filter(is_predicted).count();
    let mut best = Best {
        log_p: f64::INFINITY,
        tests: rows.len() - 1,
        threshold: f64::NAN,
        positives: 0,
        negatives: 0,
        detail: Detail::None,
    };
    let mut tp = 0;
    for i in 0..rows.len() - 1 {
        tp += usize::from(is_predicted(&i));
        let counts = Counts {
            tp,
            positives: i + 1,
            fp: predicted - tp,
            negatives: rows.len() - (i + 1),
        };
        let Some(log_p) = counts.log_p_below(best.log_p, factorials) else {
            continue;
        };
        best = Best {
            log_p,
            threshold: match by_pwm {
                true => rows[i].pwm_score,
                false => rows[i].fasta_score,
            },
            positives: counts.positives,
            negatives: counts.negatives,
            detail: Detail::Fisher {
                threshold: limit,
                tp,
                fp: counts.fp,
            },
            ..best
        };
    }
    best
}
