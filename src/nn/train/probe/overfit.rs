//! Training on one batch until its loss is near zero.

use super::TrialSteps;
use crate::train::networks::Networks;
use crate::train::settings::FitSettings;
use cistron_base::Result;

/// How long one batch is trained on.
#[derive(Clone, Copy, Debug)]
pub struct OverfitTest {
    /// Largest number of steps.
    pub steps: usize,
    /// Fraction of the first loss below which the batch counts as learned.
    pub share: f64,
}

/// What training on one batch has shown.
#[derive(Clone, Debug)]
pub struct Overfit {
    /// The loss of each step.
    pub losses: Vec<f64>,
    /// Whether the loss fell below the share of the first loss.
    pub is_learned: bool,
}

/// Trains on the first batch, with what augmentation has made of it, and restores the parameters.
pub fn overfit_batch(
    networks: &Networks,
    settings: &FitSettings,
    test: &OverfitTest,
) -> Result<Overfit> {
    let mut trial = TrialSteps::new(networks, settings)?;
    let mut losses: Vec<f64> = Vec::new();
    let mut is_learned = false;
    let mut run = || -> Result<()> {
        let batch = trial.next_batch()?;
        while losses.len() < test.steps && !is_learned {
            let loss = trial.run(&batch)?.loss;
            losses.push(loss);
            is_learned = loss <= test.share * losses[0];
        }
        Ok(())
    };
    let outcome = run();
    trial.end(outcome)?;
    Ok(Overfit { losses, is_learned })
}
