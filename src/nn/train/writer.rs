//! Writes the checkpoints of a training, and reads the one that it continues from.

use super::checkpoint::{self, Contents, OptimizerState, Resumed};
use super::identity::Identity;
use super::monitor::TrainingState;
use super::settings::{CheckpointPolicy, FitSettings};
use crate::Model;
use cistron_base::Result;
use cistron_torch::Tensor;
use std::path::PathBuf;
use std::time::Instant;

/// Largest fraction of the time of a training that checkpoints take unless they are requested.
const MAX_TIME_SHARE: f64 = 0.05;

/// Writes the checkpoints of a training.
pub struct CheckpointWriter<'a> {
    model: &'a Model,
    settings: &'a FitSettings,
    identity: Identity,
    /// State of the script before the training.
    began: serde_json::Value,
    /// Seconds that checkpoints have taken.
    seconds: f64,
    started: Instant,
}

impl<'a> CheckpointWriter<'a> {
    /// Returns the writer of a training; the model has its initial weights.
    pub fn new(model: &'a Model, settings: &'a FitSettings) -> Result<CheckpointWriter<'a>> {
        let is_stored = settings
            .checkpoints
            .as_ref()
            .is_some_and(|policy| policy.last)
            || settings.resume.is_some();
        let identity = if is_stored {
            Identity::of(model, settings)?
        } else {
            Identity::default()
        };
        let began = match &settings.host_state {
            Some(host_state) if is_stored => host_state.save()?.0,
            _ => serde_json::Value::Null,
        };
        Ok(CheckpointWriter {
            model,
            settings,
            identity,
            began,
            seconds: 0.0,
            started: Instant::now(),
        })
    }

    /// Restores the checkpoint to continue from, if there is one.
    pub fn resume(
        &self,
        optimizer: &mut (impl OptimizerState + ?Sized),
    ) -> Result<Option<Resumed>> {
        let Some(resume) = &self.settings.resume else {
            return Ok(None);
        };
        let host_state = self.settings.host_state.as_deref();
        let host_state = host_state.map(|state| (state, &self.began));
        checkpoint::load_last(resume, &self.identity, self.model, optimizer, host_state)
    }

    /// Writes the checkpoints of an epoch. A checkpoint that is not requested is left out while
    /// they take too much time, except after the last epoch.
    pub fn write(
        &mut self,
        optimizer: &(impl OptimizerState + ?Sized),
        state: &TrainingState,
        best: Option<&[(String, Tensor)]>,
        is_best: bool,
        is_last: bool,
    ) -> Result<()> {
        let Some(policy) = &self.settings.checkpoints else {
            return Ok(());
        };
        if policy.best && is_best {
            self.model.save(&policy.folder.join("best.safetensors"))?;
        }
        let is_due = policy.is_last_requested || is_last || self.is_affordable();
        if policy.last && is_due {
            let started = Instant::now();
            let contents = Contents {
                identity: &self.identity,
                state,
                best,
                began: &self.began,
                host_state: self.settings.host_state.as_deref(),
            };
            checkpoint::save_last(policy, self.model, optimizer, &contents)?;
            self.seconds += started.elapsed().as_secs_f64();
        }
        Ok(())
    }

    fn is_affordable(&self) -> bool {
        self.seconds <= MAX_TIME_SHARE * self.started.elapsed().as_secs_f64()
    }

    /// The folder of checkpoints that the script requests.
    pub fn requested_folder(&self) -> Option<&'a PathBuf> {
        let policy: Option<&CheckpointPolicy> = self.settings.checkpoints.as_ref();
        policy
            .filter(|policy| policy.is_last_requested || policy.best)
            .map(|policy| &policy.folder)
    }
}
