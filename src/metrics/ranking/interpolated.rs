//! The area under the precision-recall curve by the interpolation of Davis and Goadrich (2006).

use super::keys::ClassKeys;
use super::sums::thresholds;

/// The area under the precision-recall curve, interpolated between thresholds as Davis and Goadrich
/// (2006) do; NaN where one class is absent.
///
/// Between two thresholds, false positives increase linearly with true positives: the curve has a
/// point for each further true positive, and trapezoids between the points. Ends of the curve are
/// those of the R package PRROC: above the first threshold the precision is that of the first
/// threshold, and 0 where the first threshold has negatives only.
pub fn davis_goadrich(scores: &[f32], labels: &[f32]) -> f64 {
    let ClassKeys {
        positives,
        negatives,
    } = ClassKeys::sorted(scores, labels);
    if positives.is_empty() || negatives.is_empty() {
        return f64::NAN;
    }
    let (mut area, mut tp, mut fp) = (0.0, 0.0, 0.0);
    thresholds(&positives, &negatives, |next_tp, next_fp| {
        let next = (next_tp as f64, next_fp as f64);
        area += between((tp, fp), next);
        (tp, fp) = next;
    });
    area / positives.len() as f64
}

/// The area between two thresholds, (true positives, false positives), times the positives.
fn between((tp, fp): (f64, f64), (next_tp, next_fp): (f64, f64)) -> f64 {
    let precision = |tp: f64, fp: f64| tp / (tp + fp);
    let gained = next_tp - tp;
    if gained == 0.0 {
        return 0.0;
    }
    if tp + fp == 0.0 {
        return gained * precision(next_tp, next_fp);
    }
    let slope = (next_fp - fp) / gained;
    let inner = (1..gained as u64).map(|i| i as f64);
    let inner: f64 = inner.map(|i| precision(tp + i, fp + slope * i)).sum();
    inner + (precision(tp, fp) + precision(next_tp, next_fp)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    /// The definition point by point: every point of the curve is listed, then trapezoids.
    fn slowly(scores: &[f32], labels: &[f32]) -> f64 {
        let mut levels = scores.to_vec();
        levels.sort_by(|a, b| b.total_cmp(a));
        levels.dedup();
        let count = |level: f32, label: f32| {
            let rows = scores.iter().zip(labels);
            rows.filter(|(s, l)| **s >= level && **l == label).count()
        };
        let mut points: Vec<(f64, f64)> = Vec::new();
        let (mut a, mut b) = (0, 0);
        for level in levels {
            let (tp, fp) = (count(level, 1.0), count(level, 0.0));
            if a + b == 0 {
                // the precision of the first threshold is that of all lower recalls
                points.push((0.0, tp as f64 / (tp + fp) as f64));
                points.push((tp as f64, tp as f64 / (tp + fp) as f64));
            }
            if a + b > 0 {
                for step in 1..=tp - a {
                    let now = (a + step) as f64;
                    let false_now = b as f64 + (fp - b) as f64 * step as f64 / (tp - a) as f64;
                    points.push((now, now / (now + false_now)));
                }
                points.push((tp as f64, tp as f64 / (tp + fp) as f64));
            }
            (a, b) = (tp, fp);
        }
        let all = a as f64;
        let area = |w: &[(f64, f64)]| (w[1].0 - w[0].0) / all * (w[0].1 + w[1].1) / 2.0;
        points.windows(2).map(area).sum()
    }

    #[test]
    fn areas_by_hand() {
        // TP, FP: (1, 0), (1, 1), (2, 1): 1/2 · 1 + 1/2 · (1/2 + 2/3)/2
        let area = davis_goadrich(&[4.0, 3.0, 2.0], &[1.0, 0.0, 1.0]);
        assert!((area - (0.5 + 7.0 / 24.0)).abs() < 1e-12);
        // (1, 0), then a tie of two positives and two negatives: (2, 1), (3, 2)
        let area = davis_goadrich(&[2.0, 1.0, 1.0, 1.0, 1.0], &[1.0, 1.0, 1.0, 0.0, 0.0]);
        let by_hand = (1.0 + (1.0 + 2.0 / 3.0) / 2.0 + (2.0 / 3.0 + 3.0 / 5.0) / 2.0) / 3.0;
        assert!((area - by_hand).abs() < 1e-12);
        // negatives first: (0, 1), (1, 1), (2, 1)
        let area = davis_goadrich(&[3.0, 2.0, 1.0], &[0.0, 1.0, 1.0]);
        assert!((area - (0.25 + (0.5 + 2.0 / 3.0) / 2.0) / 2.0).abs() < 1e-12);
        // one threshold has the precision of all rows
        assert_eq!(davis_goadrich(&[1.0; 4], &[1.0, 0.0, 0.0, 0.0]), 0.25);
        assert_eq!(davis_goadrich(&[2.0, 1.0], &[1.0, 0.0]), 1.0);
        assert!(davis_goadrich(&[2.0, 1.0], &[1.0, 1.0]).is_nan());
        assert!(davis_goadrich(&[], &[]).is_nan());
    }

    #[test]
    fn random_rankings_with_ties_have_the_area_of_the_points() {
        let mut rng = Rng::keyed(&[0x6467]);
        for case in 0..6000 {
            let (n, levels) = (2 + rng.below(60), 1 + rng.below(25));
            let scores: Vec<f32> = (0..n).map(|_| rng.below(levels) as f32).collect();
            let share = 1 + rng.below(9);
            let mut labels: Vec<f32> = (0..n)
                .map(|_| f32::from(u8::from(rng.below(10) < share)))
                .collect();
            (labels[0], labels[1]) = (1.0, 0.0);
            let (fast, slow) = (davis_goadrich(&scores, &labels), slowly(&scores, &labels));
            assert!((fast - slow).abs() < 1e-12, "case {case}: {fast} {slow}");
        }
    }
}
