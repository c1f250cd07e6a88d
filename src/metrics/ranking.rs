//! Ranking metrics in one pass: positives and negatives are sorted apart as plain keys, then merged.

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

/// Keys whose order as whole numbers is the order of the scores.
fn key(score: f32) -> u32 {
    // 0.0 and -0.0 are one score
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 0x8000_0000 }
}

/// Sorts keys: three passes over 11 bits each.
fn sort(keys: &mut Vec<u32>) {
    if keys.len() < 2048 {
        return keys.sort_unstable();
    }
    let mut counts = vec![[0u32; 2048]; 3];
    for k in keys.iter() {
        counts[0][(k & 2047) as usize] += 1;
        counts[1][(k >> 11 & 2047) as usize] += 1;
        counts[2][(k >> 22) as usize] += 1;
    }
    let mut other = vec![0u32; keys.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        let shift = 11 * pass as u32;
        if counts.iter().any(|c| *c as usize == keys.len()) {
            continue; // all keys share these bits
        }
        let mut at = 0u32;
        for count in counts.iter_mut() {
            at += std::mem::replace(count, at);
        }
        for k in keys.iter() {
            let slot = &mut counts[(k >> shift & 2047) as usize];
            other[*slot as usize] = *k;
            *slot += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

/// Keys of positives and of negatives, sorted; undefined labels and scores are left out.
fn parted(scores: impl Iterator<Item = f32>, labels: impl Iterator<Item = f32>) -> (Vec<u32>, Vec<u32>) {
    let n = scores.size_hint().0;
    let (mut positives, mut negatives) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (score, label) in scores.zip(labels) {
        if label.is_nan() || score.is_nan() {
            continue;
        }
        // both are written, one is kept: no branch to mispredict
        if label > 0.5 { positives.push(key(score)) } else { negatives.push(key(score)) }
    }
    if positives.len().min(negatives.len()) > 100_000 {
        rayon::join(|| sort(&mut positives), || sort(&mut negatives));
    } else {
        sort(&mut positives);
        sort(&mut negatives);
    }
    (positives, negatives)
}

/// Walks distinct thresholds from the highest down: `visit(true positives, false positives)` after each.
fn thresholds(positives: &[u32], negatives: &[u32], mut visit: impl FnMut(usize, usize)) {
    let (mut p, mut n) = (positives.len(), negatives.len());
    while p > 0 || n > 0 {
        let top = match (p, n) {
            (0, _) => negatives[n - 1],
            (_, 0) => positives[p - 1],
            _ => positives[p - 1].max(negatives[n - 1]),
        };
        while p > 0 && positives[p - 1] == top {
            p -= 1;
        }
        while n > 0 && negatives[n - 1] == top {
            n -= 1;
        }
        visit(positives.len() - p, negatives.len() - n);
    }
}

/// All ranking metrics of one task; NaN where one class is absent.
pub fn ranking(scores: impl Iterator<Item = f32>, labels: impl Iterator<Item = f32>) -> Ranking {
    let (positives, negatives) = parted(scores, labels);
    let (p, n) = (positives.len() as f64, negatives.len() as f64);
    let (mut area, mut precision_sum, mut trapezoid) = (0.0f64, 0.0f64, 0.0f64);
    let (mut last_tp, mut last_fp, mut last_precision) = (0usize, 0usize, 1.0f64);
    thresholds(&positives, &negatives, |tp, fp| {
        area += (fp - last_fp) as f64 * (tp + last_tp) as f64;
        let precision = tp as f64 / (tp + fp) as f64;
        let gained = (tp - last_tp) as f64;
        precision_sum += gained * precision;
        trapezoid += gained * (precision + last_precision) / 2.0;
        (last_tp, last_fp, last_precision) = (tp, fp, precision);
    });
    Ranking {
        auroc: if p > 0.0 && n > 0.0 { area / (2.0 * p * n) } else { f64::NAN },
        average_precision: if p > 0.0 { precision_sum / p } else { f64::NAN },
        auprc: if p > 0.0 { trapezoid / p } else { f64::NAN },
    }
}

/// The largest recall among thresholds with a false discovery rate of at most `fdr`; 0 where there is none.
pub fn recall_at_fdr(scores: impl Iterator<Item = f32>, labels: impl Iterator<Item = f32>, fdr: f64) -> f64 {
    let (positives, negatives) = parted(scores, labels);
    let mut best = 0usize;
    thresholds(&positives, &negatives, |tp, fp| {
        if fp as f64 <= fdr * (tp + fp) as f64 {
            best = best.max(tp);
        }
    });
    if positives.is_empty() { f64::NAN } else { best as f64 / positives.len() as f64 }
}

/// Points of the ROC curve: false and true positive rates, at most about `most` of them.
pub fn roc(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let (positives, negatives) = parted(scores.iter().copied(), labels.iter().copied());
    let (p, n) = (positives.len().max(1) as f64, negatives.len().max(1) as f64);
    let mut points = vec![(0.0, 0.0)];
    thresholds(&positives, &negatives, |tp, fp| points.push((fp as f64 / n, tp as f64 / p)));
    let every = points.len().div_ceil(most.max(2));
    let last = points.len() - 1;
    points.into_iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last).map(|(_, point)| point).collect()
}

/// Points of the precision-recall curve: recall and precision, at most about `most` of them.
pub fn precision_recall(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let (positives, negatives) = parted(scores.iter().copied(), labels.iter().copied());
    let p = positives.len().max(1) as f64;
    let mut points = Vec::new();
    thresholds(&positives, &negatives, |tp, fp| points.push((tp as f64 / p, tp as f64 / (tp + fp).max(1) as f64)));
    let every = points.len().div_ceil(most.max(2)).max(1);
    let last = points.len().saturating_sub(1);
    points.into_iter().enumerate().filter(|(i, _)| i % every == 0 || *i == last).map(|(_, point)| point).collect()
}

/// Predicted probabilities against how often the label is 1, over bins of equal width: mean prediction, share of ones, rows.
/// Bins without a row are left out.
pub fn calibration(scores: &[f32], labels: &[f32], bins: usize) -> Vec<(f64, f64, usize)> {
    let mut sums = vec![(0.0, 0.0, 0usize); bins.max(1)];
    for (score, label) in scores.iter().zip(labels).filter(|(s, l)| s.is_finite() && l.is_finite()) {
        let bin = &mut sums[((f64::from(*score) * bins as f64).floor().max(0.0) as usize).min(bins.max(1) - 1)];
        *bin = (bin.0 + f64::from(*score), bin.1 + f64::from(u8::from(*label > 0.5)), bin.2 + 1);
    }
    sums.into_iter().filter(|own| own.2 > 0).map(|(s, l, n)| (s / n as f64, l / n as f64, n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scores: &[f32], labels: &[f32]) -> Ranking {
        ranking(scores.iter().copied(), labels.iter().copied())
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
        assert!(of(&[0.1, 0.9], &[1.0, 1.0]).auroc.is_nan());
        assert_eq!(of(&[-0.0, 0.0], &[1.0, 0.0]).auroc, 0.5);
    }

    #[test]
    fn curves_by_hand() {
        let (scores, labels) = ([0.9f32, 0.8, 0.7], [1.0f32, 0.0, 1.0]);
        assert_eq!(precision_recall(&scores, &labels, 100), [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0)]);
        let found = calibration(&[0.1, 0.2, 0.9, f32::NAN], &[0.0, 1.0, 1.0, 1.0], 2);
        assert_eq!(found.iter().map(|own| (own.1, own.2)).collect::<Vec<_>>(), [(0.5, 2), (1.0, 1)]);
    }

    #[test]
    fn radix_sort_sorts() {
        let mut rng = crate::base::seed::Rng::keyed(&[1]);
        let mut keys: Vec<u32> = (0..10_000).map(|_| key(rng.normal() as f32)).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort(&mut keys);
        assert_eq!(keys, expected);
    }

    #[test]
    fn recall_at_a_false_discovery_rate() {
        let (scores, labels) = ([0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(recall_at_fdr(scores.into_iter(), labels.into_iter(), 0.1), 2.0 / 3.0);
        assert_eq!(recall_at_fdr(scores.into_iter(), labels.into_iter(), 0.3), 1.0);
    }
}
