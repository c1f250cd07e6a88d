//! Curves over all thresholds: points with the area below them.

use super::{Pairs, ranking};
use cistron_base::{Result, Values};

/// Number of points of a curve, at most about.
const POINTS: usize = 600;

/// A kind of curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// True positive rate by false positive rate.
    Roc,
    /// Precision by recall.
    PrecisionRecall,
}

/// A curve of predictions.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Area below it; of precision and recall the average precision.
    pub area: f64,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// Traces the curve of scores; `name` is what an error states that binary labels are needed
    /// for.
    pub fn trace(self, name: &str, scores: &[f64], labels: &[f64]) -> Result<Traced> {
        let (scores, labels) = (Values::Double(scores), Values::Double(labels));
        Pairs::new(scores, labels, 1).need_binary(name)?;
        let (scores, labels) = (scores.in_32_bits(), labels.in_32_bits());
        let areas = ranking::ranking(&scores, &labels);
        Ok(match self {
            Curve::Roc => Traced {
                area: areas.auroc,
                points: ranking::roc(&scores, &labels, POINTS),
            },
            Curve::PrecisionRecall => Traced {
                area: areas.average_precision,
                points: ranking::precision_recall(&scores, &labels, POINTS),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_have_their_areas() {
        let (scores, labels) = ([0.9, 0.8, 0.3, 0.1], [1.0, 0.0, 1.0, 0.0]);
        let roc = Curve::Roc
            .trace("AUROC", &scores, &labels)
            .expect("a curve");
        // three of four pairs of a positive and a negative are in order
        assert_eq!(roc.area, 0.75);
        assert_eq!(
            roc.points,
            [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]
        );
        let pr = Curve::PrecisionRecall
            .trace("AP", &scores, &labels)
            .expect("a curve");
        // half of the positives at precision 1, half at precision 2 / 3
        assert!((pr.area - 5.0 / 6.0).abs() < 1e-7);
        assert!(Curve::Roc.trace("AUROC", &scores, &[2.0; 4]).is_err());
    }
}
