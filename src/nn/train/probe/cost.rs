//! Time and memory of a whole training, estimated from a few of its steps.

use super::TrialSteps;
use super::peak_memory::PeakMemory;
use crate::train::evaluate;
use crate::train::networks::Networks;
use crate::train::settings::FitSettings;
use crate::train::sources;
use cistron_base::{Result, system};
use std::time::Instant;

/// Steps that are not timed: libraries initialise themselves, and loaders fill their queues.
const WARM_UP: usize = 2;

/// What a training takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Seconds of a step, waiting for the loader included: the median.
    pub step: f64,
    /// Steps that were timed.
    pub timed: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Epochs.
    pub epochs: usize,
    /// Seconds of a pass over the validation rows.
    pub validation: f64,
    /// Validations.
    pub validations: usize,
    /// Bytes that the training adds at most to those in use: optimizer, gradients, activations,
    /// batches that wait. None on a GPU.
    pub added: Option<u64>,
    /// Bytes in use before, the dataset and the parameters among them.
    pub before: u64,
}

impl Cost {
    /// Seconds of all epochs with their validations.
    pub fn seconds(&self) -> f64 {
        let steps = (self.steps * self.epochs) as f64;
        self.step * steps + self.validation * self.validations as f64
    }
}

/// Times some steps, and a pass over some validation rows, and restores the parameters.
pub fn cost(networks: &Networks, settings: &FitSettings, steps: usize) -> Result<Cost> {
    let before = system::used_memory();
    let peak = PeakMemory::begin();
    let mut trial = TrialSteps::new(networks, settings)?;
    let is_cached = trial.sources.current().is_cached();
    let per_epoch = sources::loader(settings, 0, is_cached).batches();
    let mut seconds = Vec::new();
    let mut run = || -> Result<()> {
        for i in 0..WARM_UP + steps {
            let begun = Instant::now();
            let batch = trial.next_batch()?;
            trial.run(&batch)?;
            trial.synchronize();
            if i >= WARM_UP {
                seconds.push(begun.elapsed().as_secs_f64());
            }
        }
        Ok(())
    };
    let outcome = run();
    trial.end(outcome)?;
    let validation = validation(networks, settings, steps)?;
    let within = match settings.validate_every {
        Some(every) => per_epoch * settings.epochs / every.max(1),
        None => 0,
    };
    seconds.sort_by(f64::total_cmp);
    Ok(Cost {
        step: seconds.get(seconds.len() / 2).copied().unwrap_or_default(),
        timed: seconds.len(),
        steps: per_epoch,
        epochs: settings.epochs,
        validation: validation.unwrap_or_default(),
        validations: match validation {
            Some(_) => settings.epochs + within,
            None => 0,
        },
        added: (!networks.device().is_cuda()).then(|| peak.bytes()),
        before,
    })
}

/// Seconds of a pass over the validation rows, from some batches of these; none where there are no
/// such rows, or the outputs of several networks are those of a function.
fn validation(networks: &Networks, settings: &FitSettings, steps: usize) -> Result<Option<f64>> {
    let Some(valid) = settings.valid.as_ref().filter(|set| set.mix.is_none()) else {
        return Ok(None);
    };
    if networks.are_named() {
        return Ok(None);
    }
    let rows = valid.rows.len().min(steps.max(1) * settings.batch);
    let some = valid.with_rows(valid.rows[..rows].to_vec());
    let begun = Instant::now();
    evaluate::predict(networks.first(), &some, settings.batch, false)?;
    let share = valid.len() as f64 / some.len().max(1) as f64;
    Ok(Some(begun.elapsed().as_secs_f64() * share))
}
