//! How the k-mer regression improves with the number of training rows.

use super::regression::{Source, scores};
use super::rows::Rows;
use cistron_base::Result;
use cistron_base::seed::Rng;

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningPoint {
    /// Number of training rows.
    pub rows: usize,
    /// AUROC of the test rows.
    pub auroc: f64,
}

/// What more rows would bring, where 1 - AUROC falls as a power of their number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extrapolation {
    /// The exponent.
    pub exponent: f64,
    /// AUROC with twice the rows.
    pub twice: f64,
    /// AUROC with ten times the rows.
    pub tenfold: f64,
}

/// AUROC of a regression on features of a quarter, half and all of the training rows; that on all
/// is known.
pub fn curve(
    train: &Rows,
    test: &Rows,
    source: &dyn Source,
    all: f64,
    seed: u64,
) -> Result<Vec<LearningPoint>> {
    let known = train.known();
    let order = Rng::keyed(&[seed, 0x6c65_6172]).permutation(known.len());
    let mut points = Vec::new();
    for share in [4, 2] {
        let n = known.len() / share;
        let mut rows: Vec<usize> = order[..n].iter().map(|i| known[*i as usize]).collect();
        rows.sort_unstable();
        let classes = train.classes(&rows);
        let positives = classes.iter().filter(|class| **class).count();
        if positives < 2 || classes.len() - positives < 2 {
            continue;
        }
        let fitted = scores(source, &rows, &classes, test.labels.len(), seed)?;
        points.push(LearningPoint {
            rows: n,
            auroc: test.ranking(&fitted.scores, &test.known()).auroc,
        });
    }
    points.push(LearningPoint {
        rows: known.len(),
        auroc: all,
    });
    Ok(points)
}

/// Fits a power to 1 - AUROC; none where the curve does not fall or has less than three points.
pub fn extrapolated(points: &[LearningPoint]) -> Option<Extrapolation> {
    if points.len() < 3
        || points
            .iter()
            .any(|point| point.auroc >= 1.0 || point.auroc <= 0.5)
    {
        return None;
    }
    let pairs: Vec<(f64, f64)> = points
        .iter()
        .map(|point| ((point.rows as f64).ln(), (1.0 - point.auroc).ln()))
        .collect();
    let n = pairs.len() as f64;
    let (x, y) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let above: f64 = pairs
        .iter()
        .map(|(own, other)| (own - x) * (other - y))
        .sum();
    let below: f64 = pairs.iter().map(|(own, _)| (own - x).powi(2)).sum();
    let exponent = above / below;
    let last = (points.last()?.rows as f64).ln();
    let at = |factor: f64| 1.0 - (y + exponent * (last + factor.ln() - x)).exp();
    (exponent < 0.0).then(|| Extrapolation {
        exponent,
        twice: at(2.0),
        tenfold: at(10.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_is_continued() {
        let point = |rows: usize| LearningPoint {
            rows,
            auroc: 1.0 - 2.0 * (rows as f64).powf(-0.5),
        };
        let found = extrapolated(&[point(100), point(200), point(400)]).expect("a power");
        assert!((found.exponent + 0.5).abs() < 1e-9);
        assert!((found.twice - point(800).auroc).abs() < 1e-9);
        assert!((found.tenfold - point(4000).auroc).abs() < 1e-9);
        let flat = LearningPoint {
            rows: 100,
            auroc: 0.8,
        };
        assert_eq!(extrapolated(&[flat, flat]), None);
    }
}
