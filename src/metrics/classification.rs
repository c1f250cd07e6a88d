//! Metrics of decisions: predictions above a threshold.

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
    /// Counts decisions; undefined labels are left out.
    pub fn of(scores: impl Iterator<Item = f32>, labels: impl Iterator<Item = f32>, threshold: f32) -> Counts {
        let mut counts = Counts::default();
        for (score, label) in scores.zip(labels).filter(|(_, label)| !label.is_nan()) {
            match (score >= threshold, label > 0.5) {
                (true, true) => counts.tp += 1.0,
                (true, false) => counts.fp += 1.0,
                (false, true) => counts.fn_ += 1.0,
                (false, false) => counts.tn += 1.0,
            }
        }
        counts
    }

    /// Both together.
    pub fn plus(self, o: Counts) -> Counts {
        Counts { tp: self.tp + o.tp, fp: self.fp + o.fp, fn_: self.fn_ + o.fn_, tn: self.tn + o.tn }
    }

    /// Labels that are 1.
    pub fn support(&self) -> f64 {
        self.tp + self.fn_
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
        let below = (self.tp + self.fp) * (self.tp + self.fn_) * (self.tn + self.fp) * (self.tn + self.fn_);
        ratio(self.tp * self.tn - self.fp * self.fn_, below.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn by_hand() {
        let counts = Counts { tp: 3.0, fp: 1.0, fn_: 2.0, tn: 4.0 };
        assert_eq!((counts.accuracy(), counts.precision(), counts.recall()), (0.7, 0.75, 0.6));
        assert!((counts.f1() - 2.0 / 3.0).abs() < 1e-12);
        assert!((counts.mcc() - 10.0 / 600f64.sqrt()).abs() < 1e-12);
        assert_eq!(Counts::default().f1(), 0.0);
    }
}
