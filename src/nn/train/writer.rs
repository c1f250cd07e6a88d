//! Writes the checkpoints of a training, and reads the one that it continues from.

use super::average::Average;
use super::checkpoint::{self, Contents, Resumed};
use super::identity::Identity;
use super::monitor::Improvement;
use super::networks::Networks;
use super::optimizer_state::OptimizerState;
use super::partial::Progressed;
use super::settings::{CheckpointPolicy, Every, FitSettings};
use cistron_base::Result;
use std::path::PathBuf;
use std::time::Instant;

/// Largest fraction of the time of a training that checkpoints take unless they are requested.
const MAX_TIME_SHARE: f64 = 0.05;

/// Writes the checkpoints of a training.
pub struct CheckpointWriter<'a> {
    networks: &'a Networks,
    settings: &'a FitSettings,
    identity: Identity,
    /// State of the script before the training.
    began: serde_json::Value,
    /// Seconds that checkpoints have taken.
    seconds: f64,
    started: Instant,
    /// When the state was last written.
    written: Instant,
}

impl<'a> CheckpointWriter<'a> {
    /// Returns the writer of a training; the networks have their initial weights.
    pub fn new(networks: &'a Networks, settings: &'a FitSettings) -> Result<CheckpointWriter<'a>> {
        let is_stored = settings
            .checkpoints
            .as_ref()
            .is_some_and(|policy| policy.last)
            || settings.resume.is_some();
        let identity = if is_stored {
            Identity::of(networks, settings)?
        } else {
            Identity::default()
        };
        let began = match &settings.host_state {
            Some(host_state) if is_stored => host_state.save()?.0,
            _ => serde_json::Value::Null,
        };
        Ok(CheckpointWriter {
            networks,
            settings,
            identity,
            began,
            seconds: 0.0,
            started: Instant::now(),
            written: Instant::now(),
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
        checkpoint::load_last(resume, &self.identity, self.networks, optimizer, host_state)
    }

    /// Writes the parameters that are better than ever before.
    pub fn write_best(&self, improvement: &Improvement, average: Option<&Average>) -> Result<()> {
        let policy = self.settings.checkpoints.as_ref();
        let Some(policy) = policy.filter(|own| own.best && cistron_world::is_first()) else {
            return Ok(());
        };
        let save = |stem: &str| match average.and_then(Average::state) {
            Some(averaged) => (self.networks).save_tensors(&policy.folder, stem, averaged),
            None => self.networks.save(&policy.folder, stem),
        };
        if improvement.is_best {
            save("best")?;
        }
        let mut names = improvement.best_by.iter();
        names.try_for_each(|name| save(&format!("best-{name}")))
    }

    /// Writes the state after an epoch. A checkpoint that is not requested is left out while they
    /// take too much time, except after the last epoch.
    pub fn write(
        &mut self,
        optimizer: &(impl OptimizerState + ?Sized),
        progressed: Progressed,
        is_last: bool,
    ) -> Result<()> {
        let is_requested = self
            .settings
            .checkpoints
            .as_ref()
            .is_some_and(|policy| policy.is_last_requested);
        if is_requested || is_last || self.is_affordable() {
            self.write_now(optimizer, progressed)?;
        }
        Ok(())
    }

    /// Writes the state at this moment; returns whether the policy has it written.
    pub fn write_now(
        &mut self,
        optimizer: &(impl OptimizerState + ?Sized),
        progressed: Progressed,
    ) -> Result<bool> {
        let policy = self.settings.checkpoints.as_ref();
        let Some(policy) = policy.filter(|own| own.last && cistron_world::is_first()) else {
            return Ok(false);
        };
        let started = Instant::now();
        let contents = Contents {
            identity: &self.identity,
            progressed,
            began: &self.began,
            host_state: self.settings.host_state.as_deref(),
            own_state: &serde_json::Value::Null,
        };
        checkpoint::save_last(policy, self.networks, optimizer, &contents)?;
        self.seconds += started.elapsed().as_secs_f64();
        self.written = Instant::now();
        Ok(true)
    }

    /// Whether a checkpoint is due within an epoch, after a number of updates.
    pub fn is_due(&self, updates: usize) -> bool {
        let policy = self.settings.checkpoints.as_ref();
        match policy.and_then(|policy| policy.every) {
            Some(Every::Steps(steps)) => updates.is_multiple_of(steps),
            Some(Every::Time(time)) => self.written.elapsed() >= time,
            None => false,
        }
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
