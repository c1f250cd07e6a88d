//! The learning rate range test (Smith 2017).

use super::TrialSteps;
use crate::train::networks::Networks;
use crate::train::settings::FitSettings;
use crate::train::step::Rate;
use cistron_base::{Result, bail};

/// Weight of the earlier steps in the smoothed loss.
const SMOOTHING: f64 = 0.95;

/// A range of learning rates.
#[derive(Clone, Copy, Debug)]
pub struct RangeTest {
    /// The first learning rate.
    pub low: f64,
    /// The last learning rate.
    pub high: f64,
    /// Number of steps from the first to the last.
    pub steps: usize,
    /// The test ends where the smoothed loss exceeds the smallest one by this factor.
    pub diverges_at: f64,
}

/// What a range test has measured, step by step.
#[derive(Clone, Debug, Default)]
pub struct LrTest {
    /// Learning rates.
    pub lr: Vec<f64>,
    /// Losses.
    pub loss: Vec<f64>,
    /// Exponentially smoothed losses.
    pub smoothed: Vec<f64>,
    /// Whether the test ended because the loss diverged.
    pub has_diverged: bool,
}

impl LrTest {
    fn add(&mut self, lr: f64, loss: f64) {
        let n = self.loss.len() as i32;
        // the mean of the losses so far, weighted by powers of SMOOTHING
        let total = |n: i32| (1.0 - SMOOTHING.powi(n)) / (1.0 - SMOOTHING);
        let before = self.smoothed.last().copied().unwrap_or(0.0);
        let smoothed = (before * total(n) * SMOOTHING + loss) / total(n + 1);
        self.lr.push(lr);
        self.loss.push(loss);
        self.smoothed.push(smoothed);
    }

    /// The index of the smallest smoothed loss.
    fn lowest(&self) -> Option<usize> {
        let all = self.smoothed.iter().enumerate();
        all.min_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i)
    }

    /// The learning rate at which the smoothed loss falls fastest, before it is smallest; `None`
    /// if it does not fall. The first tenth of the steps is left out, in which the smoothed loss is
    /// a mean of few losses, and the fall is measured over a tenth of the steps.
    pub fn suggestion(&self) -> Option<f64> {
        let (n, lowest) = (self.smoothed.len(), self.lowest()?);
        let reach = (n / 20).max(1);
        let fall = |i: usize| {
            let (from, to) = (i.saturating_sub(reach), (i + reach).min(n - 1));
            let width = (self.lr[to] / self.lr[from]).ln();
            (self.smoothed[from] - self.smoothed[to]) / width
        };
        let steepest = (n / 10..=lowest).max_by(|a, b| fall(*a).total_cmp(&fall(*b)))?;
        (lowest > 0 && fall(steepest) > 0.0).then(|| self.lr[steepest])
    }
}

/// Trains for some steps with learning rates that increase exponentially, and restores the
/// parameters.
pub fn find_lr(networks: &Networks, settings: &FitSettings, range: &RangeTest) -> Result<LrTest> {
    let initial = settings.optimizer.lr;
    if initial <= 0.0 {
        bail!(
            "option",
            "the optimizer must have a positive learning rate, got {initial}"
        );
    }
    let mut trial = TrialSteps::new(networks, settings)?;
    let mut test = LrTest::default();
    let growth = (range.high / range.low).ln() / (range.steps.max(2) - 1) as f64;
    let mut run = || -> Result<()> {
        for i in 0..range.steps {
            let lr = range.low * (growth * i as f64).exp();
            trial.step.set_rate(Rate {
                factor: lr / initial,
                plateau: 1.0,
                momentum: None,
            });
            let batch = trial.next_batch()?;
            let loss = match trial.run(&batch) {
                Ok(output) => output.loss,
                Err(fault) if fault.kind == "not_finite" && i > 0 => {
                    test.has_diverged = true;
                    return Ok(());
                }
                Err(fault) => return Err(fault),
            };
            test.add(lr, loss);
            let lowest = test.lowest().map_or(loss, |i| test.smoothed[i]);
            let smoothed = test.smoothed[i];
            // losses that are negative have no factor
            if i > 10 && lowest > 0.0 && smoothed > lowest * range.diverges_at {
                test.has_diverged = true;
                return Ok(());
            }
        }
        Ok(())
    };
    let outcome = run();
    trial.end(outcome)?;
    Ok(test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suggestion_is_where_the_loss_falls_fastest() {
        let mut test = LrTest::default();
        for i in 0..60 {
            let x = f64::from(i) / 10.0;
            // falls around 2, rises beyond 4
            let loss = 1.0 / (1.0 + (4.0 * (x - 2.0)).exp()) + ((x - 4.0).max(0.0)).powi(2);
            test.lr.push(x.exp());
            test.loss.push(loss);
            test.smoothed.push(loss);
        }
        let suggestion = test.suggestion().map(f64::ln).unwrap_or_default();
        assert!((suggestion - 2.0).abs() < 0.11, "{suggestion}");
        let flat = LrTest {
            lr: vec![0.1, 0.2, 0.4],
            loss: vec![1.0, 1.0, 1.5],
            smoothed: vec![1.0, 1.0, 1.5],
            has_diverged: false,
        };
        assert_eq!(flat.suggestion(), None);
    }

    #[test]
    fn smoothing_is_unbiased_at_the_start() {
        let mut test = LrTest::default();
        (0..5).for_each(|_| test.add(0.1, 2.0));
        assert!(test.smoothed.iter().all(|loss| (loss - 2.0).abs() < 1e-12));
    }
}
