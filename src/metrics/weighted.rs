//! Ranking metrics of rows that weigh differently.

use super::ranking::Ranking;

/// A score, whether its label is 1, and the weight of its row.
pub type Row = (f64, bool, f64);

/// Walks distinct thresholds from the highest down: `visit(true positives, false positives)`, as
/// weights, after each.
fn thresholds(rows: &mut [Row], mut visit: impl FnMut(f64, f64)) {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut tp, mut fp) = (0.0, 0.0);
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        for (_, is_positive, weight) in equal {
            *(if *is_positive { &mut tp } else { &mut fp }) += weight;
        }
        visit(tp, fp);
    }
}

/// The weights of positives and of negatives; rows without weight are dropped.
fn totals(rows: &mut Vec<Row>) -> (f64, f64) {
    rows.retain(|row| row.2 > 0.0);
    rows.iter().fold((0.0, 0.0), |(p, n), row| {
        if row.1 {
            (p + row.2, n)
        } else {
            (p, n + row.2)
        }
    })
}

/// All ranking metrics of one task; NaN where one class is absent.
pub fn ranking(mut rows: Vec<Row>) -> Ranking {
    let (positives, negatives) = totals(&mut rows);
    if positives <= 0.0 || negatives <= 0.0 {
        return Ranking::UNDEFINED;
    }
    let (mut area, mut gained, mut trapezoid) = (0.0, 0.0, 0.0);
    let (mut tp, mut fp, mut precision) = (0.0, 0.0, 1.0);
    thresholds(&mut rows, |next_tp, next_fp| {
        let next = next_tp / (next_tp + next_fp);
        area += (next_fp - fp) * (tp + next_tp) / 2.0;
        gained += (next_tp - tp) * next;
        trapezoid += (next_tp - tp) * (precision + next) / 2.0;
        (tp, fp, precision) = (next_tp, next_fp, next);
    });
    Ranking {
        auroc: area / (positives * negatives),
        average_precision: gained / positives,
        auprc: trapezoid / positives,
    }
}

/// The largest recall among thresholds with a false discovery rate of at most `fdr`; NaN where one
/// class is absent.
pub fn recall_at_fdr(mut rows: Vec<Row>, fdr: f64) -> f64 {
    let (positives, negatives) = totals(&mut rows);
    if positives <= 0.0 || negatives <= 0.0 {
        return f64::NAN;
    }
    let mut best = 0.0f64;
    thresholds(&mut rows, |tp, fp| {
        if fp <= fdr * (tp + fp) {
            best = best.max(tp);
        }
    });
    best / positives
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    #[test]
    fn weights_of_one_change_nothing() {
        let mut rng = Rng::keyed(&[3]);
        for n in [5, 40, 300] {
            let scores: Vec<f32> = (0..n).map(|_| rng.below(30) as f32).collect();
            let labels: Vec<f32> = (0..n)
                .map(|i| {
                    if i == 0 {
                        1.0
                    } else {
                        rng.below(2) as f32 * f32::from(u8::from(i > 1))
                    }
                })
                .collect();
            let rows: Vec<Row> = scores
                .iter()
                .zip(&labels)
                .map(|(s, l)| (f64::from(*s), *l > 0.5, 1.0))
                .collect();
            let (plain, weighted) = (
                super::super::ranking::ranking(&scores, &labels),
                ranking(rows.clone()),
            );
            assert!(
                (plain.auroc - weighted.auroc).abs() < 1e-12
                    && (plain.average_precision - weighted.average_precision).abs() < 1e-12
            );
            assert!((plain.auprc - weighted.auprc).abs() < 1e-12);
            assert!(
                (recall_at_fdr(rows, 0.4)
                    - super::super::ranking::recall_at_fdr(&scores, &labels, 0.4))
                .abs()
                    < 1e-12
            );
        }
    }
}
