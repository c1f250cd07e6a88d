//! The course of a schedule over a run.

use super::schedule::{Clock, Point, Schedule};
use cistron_base::Result;

/// Number of points of a course, at most about.
const POINTS: usize = 2000;

impl Schedule {
    /// The epochs of a run, as fractions, and what the schedule states there; of a long run at
    /// equal steps.
    pub fn course(&self, epochs: usize, per_epoch: usize) -> Result<Vec<(f64, Point)>> {
        let steps = epochs * per_epoch;
        let run = Clock::new(steps, per_epoch);
        let every = steps.div_ceil(POINTS).max(1);
        let point = |step: usize| {
            let step_clock = Clock {
                step: step as f64,
                ..run
            };
            let epoch = step as f64 / per_epoch as f64;
            self.at(&step_clock).map(|point| (epoch, point))
        };
        (0..=steps).step_by(every).map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::schedule::Span;

    #[test]
    fn courses_count_in_epochs() {
        let course = Schedule::Step(Span::Epochs(1.0), 0.5).course(2, 2).unwrap();
        let factors: Vec<(f64, f64)> = course.iter().map(|(x, p)| (*x, p.factor)).collect();
        assert_eq!(
            factors,
            [(0.0, 1.0), (0.5, 1.0), (1.0, 0.5), (1.5, 0.5), (2.0, 0.25)]
        );
        assert!(Schedule::Constant(1.0).course(1, 100_000).unwrap().len() <= POINTS + 1);
    }
}
