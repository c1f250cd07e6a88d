//! Curves over thresholds, and calibration.

use super::keys::ClassKeys;
use super::sums::thresholds;

/// The largest recall among thresholds with a false discovery rate of at most `fdr`; 0 where there
/// is none, NaN where one class is absent.
pub fn recall_at_fdr(scores: &[f32], labels: &[f32], fdr: f64) -> f64 {
    let ClassKeys {
        positives,
        negatives,
    } = ClassKeys::sorted(scores, labels);
    let mut best = 0usize;
    thresholds(&positives, &negatives, |tp, fp| {
        if fp as f64 <= fdr * (tp + fp) as f64 {
            best = best.max(tp);
        }
    });
    if positives.is_empty() || negatives.is_empty() {
        f64::NAN
    } else {
        best as f64 / positives.len() as f64
    }
}

/// At most about `most` of some points, at equal steps; the last one is kept.
fn thinned(points: Vec<(f64, f64)>, most: usize) -> Vec<(f64, f64)> {
    let every = points.len().div_ceil(most.max(2)).max(1);
    let last = points.len().saturating_sub(1);
    points
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
        .map(|(_, point)| point)
        .collect()
}

/// Points of the ROC curve: false and true positive rates, at most about `most` of them.
pub fn roc(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let ClassKeys {
        positives,
        negatives,
    } = ClassKeys::sorted(scores, labels);
    let (p, n) = (positives.len().max(1) as f64, negatives.len().max(1) as f64);
    let mut points = vec![(0.0, 0.0)];
    thresholds(&positives, &negatives, |tp, fp| {
        points.push((fp as f64 / n, tp as f64 / p))
    });
    thinned(points, most)
}

/// Points of the precision-recall curve: recall and precision, at most about `most` of them.
pub fn precision_recall(scores: &[f32], labels: &[f32], most: usize) -> Vec<(f64, f64)> {
    let ClassKeys {
        positives,
        negatives,
    } = ClassKeys::sorted(scores, labels);
    let p = positives.len().max(1) as f64;
    let mut points = Vec::new();
    thresholds(&positives, &negatives, |tp, fp| {
        points.push((tp as f64 / p, tp as f64 / (tp + fp).max(1) as f64))
    });
    thinned(points, most)
}

/// Predicted probabilities against how often the label is 1, over bins of equal width: mean
/// prediction, share of ones, rows. Bins without a row are left out.
pub fn calibration(scores: &[f64], labels: &[f64], bins: usize) -> Vec<(f64, f64, usize)> {
    let mut sums = vec![(0.0, 0.0, 0usize); bins.max(1)];
    for (score, label) in scores
        .iter()
        .zip(labels)
        .filter(|(s, l)| s.is_finite() && l.is_finite())
    {
        let bin = &mut sums[((score * bins as f64).floor().max(0.0) as usize).min(bins.max(1) - 1)];
        *bin = (
            bin.0 + score,
            bin.1 + f64::from(u8::from(*label > 0.5)),
            bin.2 + 1,
        );
    }
    sums.into_iter()
        .filter(|own| own.2 > 0)
        .map(|(s, l, n)| (s / n as f64, l / n as f64, n))
        .collect()
}
