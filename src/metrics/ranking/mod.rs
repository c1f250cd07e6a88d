//! Ranking metrics in one pass: positives and negatives are sorted apart as plain keys, then
//! merged.

mod curves;
mod interpolated;
mod keys;
mod sums;

pub use curves::{calibration, precision_recall, recall_at_fdr, roc};
pub use interpolated::davis_goadrich;

use keys::{ClassKeys, GROUP, MANY, key, ordered};
use sums::{below, total};

/// The ranking metrics of one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranking {
    /// Area under the ROC curve; ties count half.
    pub auroc: f64,
    /// Average precision: Σ (Rₙ - Rₙ₋₁) Pₙ over distinct thresholds.
    pub average_precision: f64,
    /// Area under the precision-recall curve by trapezoids (optimistic; Davis & Goadrich 2006).
    pub auprc: f64,
}

impl Ranking {
    /// Where one class is absent.
    pub const UNDEFINED: Ranking = Ranking {
        auroc: f64::NAN,
        average_precision: f64::NAN,
        auprc: f64::NAN,
    };

    fn of(parted: &ClassKeys) -> Ranking {
        let (sums, p, n) = (
            total(parted),
            parted.positives.len() as f64,
            parted.negatives.len() as f64,
        );
        if p == 0.0 || n == 0.0 {
            return Ranking::UNDEFINED;
        }
        Ranking {
            auroc: sums.area / (2.0 * p * n),
            average_precision: sums.precision / p,
            auprc: sums.trapezoid / p,
        }
    }
}

/// All ranking metrics of one task; NaN where one class is absent.
pub fn ranking(scores: &[f32], labels: &[f32]) -> Ranking {
    Ranking::of(&ClassKeys::sorted(scores, labels))
}

/// All ranking metrics of each column of `rows * columns` numbers.
pub fn rankings(scores: &[f32], labels: &[f32], columns: usize) -> Vec<Ranking> {
    if columns == 1 {
        return vec![ranking(scores, labels)];
    }
    let group = |first: usize| {
        ClassKeys::columns(scores, labels, columns, first)
            .into_iter()
            .map(|own| Ranking::of(&own.in_order()))
            .collect::<Vec<_>>()
    };
    let starts: Vec<usize> = (0..columns).step_by(GROUP).collect();
    if scores.len() < MANY {
        return starts.into_iter().flat_map(group).collect();
    }
    use rayon::prelude::*;
    starts.into_par_iter().flat_map_iter(group).collect()
}

/// Scores in order, for those that are compared with several others.
pub struct InOrder(Vec<u32>);

impl InOrder {
    /// Of scores; undefined ones are left out.
    pub fn of(scores: &[f32]) -> InOrder {
        InOrder(ordered(
            scores
                .iter()
                .filter(|score| !score.is_nan())
                .map(|score| key(*score))
                .collect(),
        ))
    }

    /// How often one of these is above one of the others; ties count half.
    pub fn auroc(&self, negatives: &InOrder) -> f64 {
        let pairs = |positives: &[u32], negatives: &[u32]| {
            below(positives, negatives)
                .into_iter()
                .map(u64::from)
                .sum::<u64>()
        };
        let all = (self.0.len() * negatives.0.len()) as u64;
        // pairs in which the positive is above, and in which it is not below
        let both = pairs(&self.0, &negatives.0) + (all - pairs(&negatives.0, &self.0));
        both as f64 / (2 * all) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::keys::sort;
    use super::sums::summed;
    use super::*;

    fn of(scores: &[f32], labels: &[f32]) -> Ranking {
        ranking(scores, labels)
    }

    #[test]
    fn scores_in_order_give_the_same_area() {
        let mut rng = cistron_base::seed::Rng::keyed(&[4]);
        for (p, n) in [(1, 1), (50, 70), (3000, 20)] {
            let scores: Vec<f32> = (0..p + n).map(|_| rng.below(40) as f32 - 20.0).collect();
            let labels: Vec<f32> = (0..p + n).map(|i| f32::from(u8::from(i < p))).collect();
            let found = InOrder::of(&scores[..p]).auroc(&InOrder::of(&scores[p..]));
            assert!((found - of(&scores, &labels).auroc).abs() < 1e-12);
        }
        assert!(InOrder::of(&[]).auroc(&InOrder::of(&[1.0])).is_nan());
    }

    /// By the definition, over all thresholds of a small set.
    #[test]
    fn many_scores_and_many_columns_give_what_single_ones_give() {
        let mut rng = cistron_base::seed::Rng::keyed(&[2]);
        for ties in [false, true] {
            let n = MANY + 1000;
            let scores: Vec<f32> = (0..n)
                .map(|_| {
                    if ties {
                        rng.below(1000) as f32
                    } else {
                        rng.normal() as f32
                    }
                })
                .collect();
            let labels: Vec<f32> = scores
                .iter()
                .map(|x| {
                    if rng.below(9) == 0 {
                        f32::NAN
                    } else {
                        f32::from(u8::from(rng.normal() as f32 + x > 1.0))
                    }
                })
                .collect();
            let whole = of(&scores, &labels);
            let plain = ClassKeys::columns(&scores, &labels, 1, 0)
                .pop()
                .unwrap()
                .in_order();
            let sums = summed(&plain.positives, &plain.negatives, (0, 0));
            let p = plain.positives.len() as f64;
            assert!(
                (whole.average_precision - sums.precision / p).abs() < 1e-12
                    && (whole.auprc - sums.trapezoid / p).abs() < 1e-12
            );
            assert!(
                (whole.auroc - sums.area / (2.0 * p * plain.negatives.len() as f64)).abs() < 1e-12
            );
            let (columns, rows) = (19, n / 19);
            for (column, own) in rankings(
                &scores[..rows * columns],
                &labels[..rows * columns],
                columns,
            )
            .into_iter()
            .enumerate()
            {
                let pick = |values: &[f32]| {
                    (0..rows)
                        .map(|row| values[row * columns + column])
                        .collect::<Vec<f32>>()
                };
                assert_eq!(own, of(&pick(&scores), &pick(&labels)));
            }
        }
    }

    #[test]
    fn small_cases_by_hand() {
        // scikit-learn 1.9: roc_auc_score, average_precision_score, auc(recall, precision)
        let r = of(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]);
        assert!((r.auroc - 0.75).abs() < 1e-12);
        assert!((r.average_precision - 0.833_333_333).abs() < 1e-9);
        assert!((r.auprc - 0.791_666_666).abs() < 1e-9);
        // ties count half, order does not matter
        assert_eq!(of(&[0.5, 0.5], &[1.0, 0.0]).auroc, 0.5);
        assert_eq!(of(&[0.5, 0.5], &[0.0, 1.0]).average_precision, 0.5);
        // undefined labels are left out; one class alone has no AUROC
        assert_eq!(of(&[0.1, 0.9, 0.5], &[0.0, 1.0, f32::NAN]).auroc, 1.0);
        let one_class = of(&[0.1, 0.9], &[1.0, 1.0]);
        assert!(
            one_class.auroc.is_nan()
                && one_class.average_precision.is_nan()
                && one_class.auprc.is_nan()
        );
        assert!(recall_at_fdr(&[0.1, 0.9], &[1.0, 1.0], 0.1).is_nan());
        assert_eq!(of(&[-0.0, 0.0], &[1.0, 0.0]).auroc, 0.5);
    }

    #[test]
    fn curves_by_hand() {
        let (scores, labels) = ([0.9f32, 0.8, 0.7], [1.0f32, 0.0, 1.0]);
        assert_eq!(
            precision_recall(&scores, &labels, 100),
            [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0)]
        );
        let found = calibration(&[0.1, 0.2, 0.9, f64::NAN], &[0.0, 1.0, 1.0, 1.0], 2);
        assert_eq!(
            found.iter().map(|own| (own.1, own.2)).collect::<Vec<_>>(),
            [(0.5, 2), (1.0, 1)]
        );
    }

    #[test]
    fn radix_sort_sorts() {
        let mut rng = cistron_base::seed::Rng::keyed(&[1]);
        let mut keys: Vec<u32> = (0..10_000).map(|_| key(rng.normal() as f32)).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort(&mut keys);
        assert_eq!(keys, expected);
    }

    #[test]
    fn recall_at_a_false_discovery_rate() {
        let (scores, labels) = ([0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(recall_at_fdr(&scores, &labels, 0.1), 2.0 / 3.0);
        assert_eq!(recall_at_fdr(&scores, &labels, 0.3), 1.0);
    }
}
