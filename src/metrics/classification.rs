//! Metrics of decisions: predictions above a threshold.

use ndarray::{Array2, Axis};

/// Counts of decisions on one task.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Positives called positive.
    pub tp: f64,
    /// Negatives called positive.
    pub fp: f64,
    /// Positives called negative.
    pub fn_: f64,
    /// Negatives called negative.
    pub tn: f64,
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

impl Counts {
    /// Counts decisions: whether a row is called positive, its label and its weight; undefined
    /// labels are left out.
    pub fn of(rows: impl Iterator<Item = (bool, f64, f64)>) -> Counts {
        let mut counts = Counts::default();
        for (called, label, weight) in rows.filter(|(_, label, _)| !label.is_nan()) {
            match (called, label > 0.5) {
                (true, true) => counts.tp += weight,
                (true, false) => counts.fp += weight,
                (false, true) => counts.fn_ += weight,
                (false, false) => counts.tn += weight,
            }
        }
        counts
    }

    /// Whether no row was counted.
    pub fn is_empty(&self) -> bool {
        self.tp + self.fp + self.fn_ + self.tn == 0.0
    }

    /// The share of right decisions.
    pub fn accuracy(&self) -> f64 {
        (self.tp + self.tn) / (self.tp + self.tn + self.fp + self.fn_)
    }

    /// The share of right ones among those called positive; 0 where none is.
    pub fn precision(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp)
    }

    /// The share of positives that are called so; 0 where there is none.
    pub fn recall(&self) -> f64 {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        ratio(2.0 * self.tp, 2.0 * self.tp + self.fp + self.fn_)
    }

    /// Matthews' correlation; 0 where it is undefined.
    pub fn mcc(&self) -> f64 {
        let below =
            (self.tp + self.fp) * (self.tp + self.fn_) * (self.tn + self.fp) * (self.tn + self.fn_);
        ratio(self.tp * self.tn - self.fp * self.fn_, below.sqrt())
    }
}

/// Matthews' correlation of class numbers with predicted ones (Gorodkin 2004), over rows of class,
/// prediction and weight; 0 where it is undefined.
pub fn mcc_of_classes(rows: impl Iterator<Item = (usize, usize, f64)>, classes: usize) -> f64 {
    let mut confusion = Array2::<f64>::zeros((classes, classes));
    for (label, prediction, weight) in rows {
        confusion[[label, prediction]] += weight;
    }
    let (labels, called) = (confusion.sum_axis(Axis(1)), confusion.sum_axis(Axis(0)));
    let (n, right) = (confusion.sum(), confusion.diag().sum());
    let below = (n * n - called.dot(&called)) * (n * n - labels.dot(&labels));
    ratio(right * n - labels.dot(&called), below.max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{Counts, mcc_of_classes};

    #[test]
    fn by_hand() {
        let counts = Counts {
            tp: 3.0,
            fp: 1.0,
            fn_: 2.0,
            tn: 4.0,
        };
        assert_eq!(
            (counts.accuracy(), counts.precision(), counts.recall()),
            (0.7, 0.75, 0.6)
        );
        assert!((counts.f1() - 2.0 / 3.0).abs() < 1e-12);
        assert!((counts.mcc() - 10.0 / 600f64.sqrt()).abs() < 1e-12);
        assert_eq!(Counts::default().f1(), 0.0);
        // the same table as two classes
        let rows = [(1, 1, 3.0), (0, 1, 1.0), (1, 0, 2.0), (0, 0, 4.0)];
        assert!((mcc_of_classes(rows.into_iter(), 2) - counts.mcc()).abs() < 1e-12);
    }
}
