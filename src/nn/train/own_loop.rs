//! The record of a training loop that a script runs itself: history, checkpoints, resume.

use super::checkpoint::{self, Contents};
use super::history::{Epoch, History};
use super::identity::Identity;
use super::monitor::TrainingState;
use super::networks::Networks;
use super::optimizer_state::OptimizerState;
use super::partial::Progressed;
use super::progress::Progress;
use super::settings::{CheckpointPolicy, HostState, Record, Resume};
use super::stop::{self, EarlyStop};
use crate::optim::Optimizer;
use cistron_base::{Result, bail, fault};
use cistron_torch::Tensor;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

/// The optimizers of a loop, by name; that of a single optimizer is empty.
pub type LoopOptimizers = Vec<(String, Rc<RefCell<Optimizer>>)>;

/// What a loop is recorded with.
pub struct LoopSettings {
    /// The optimizers, bound to parameters.
    pub optimizers: LoopOptimizers,
    /// Number of epochs that the loop runs, for the progress.
    pub epochs: Option<usize>,
    /// Rule for early stopping.
    pub stop: Option<EarlyStop>,
    /// Where checkpoints are written.
    pub checkpoints: CheckpointPolicy,
    /// The checkpoint to continue from.
    pub resume: Option<Resume>,
    /// State of the script, which checkpoints store too.
    pub host_state: Option<Box<dyn HostState>>,
    /// Whether no progress is shown.
    pub is_silent: bool,
    /// Records the values of an epoch.
    pub record: Option<Record>,
}

/// The record of a training loop.
pub struct OwnLoop {
    networks: Networks,
    settings: LoopSettings,
    identity: Identity,
    /// State of the script before the loop.
    began: Value,
    state: TrainingState,
    best: Option<Vec<(String, Tensor)>>,
    /// What the script has stored in the checkpoint that the loop continues from.
    own_state: Value,
    is_resumed: bool,
    progress: Progress,
    started: Instant,
}

/// The optimizers of a loop, whose state is one.
struct States<'a>(&'a LoopOptimizers);

impl OptimizerState for States<'_> {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (name, optimizer) in self.0 {
            let state = optimizer.borrow().export()?.into_iter();
            all.extend(state.map(|(key, tensor)| (keyed(name, &key), tensor)));
        }
        Ok(all)
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        for (name, optimizer) in self.0 {
            let prefix = keyed(name, "");
            let own = |(key, tensor): &(String, Tensor)| {
                Some((key.strip_prefix(&prefix)?.to_string(), tensor.clone()))
            };
            let state: Vec<(String, Tensor)> = tensors.iter().filter_map(own).collect();
            optimizer.borrow_mut().import(&state)?;
        }
        Ok(())
    }
}

/// The key of a state, after the name of its optimizer where it has one.
fn keyed(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_string()
    } else {
        format!("{name}/{key}")
    }
}

impl OwnLoop {
    /// Opens the record; restores networks, optimizers, history and script where there is a
    /// checkpoint to continue from.
    pub fn open(networks: Networks, settings: LoopSettings) -> Result<OwnLoop> {
        let unbound = settings
            .optimizers
            .iter()
            .any(|(_, own)| !own.borrow().is_bound());
        if unbound {
            bail!("value", "the optimizer must have parameters";
                hint: "`optim::adam(#{{ lr: 1e-3 }}).over(net)`");
        }
        let rules: Vec<String> = settings
            .optimizers
            .iter()
            .map(|(name, own)| format!("{name} {}", own.borrow().rule.name()))
            .collect();
        let identity = Identity::of_loop(&networks, &rules)?;
        let began = match &settings.host_state {
            Some(host_state) => host_state.save()?.0,
            None => Value::Null,
        };
        let title = networks.title();
        let progress = Progress::new(&title, settings.epochs.unwrap_or(0), settings.is_silent);
        let mut record = OwnLoop {
            state: TrainingState::new(&title),
            networks,
            settings,
            identity,
            began,
            best: None,
            own_state: Value::Null,
            is_resumed: false,
            progress,
            started: Instant::now(),
        };
        record.resume()?;
        Ok(record)
    }

    fn resume(&mut self) -> Result<()> {
        let Some(resume) = &self.settings.resume else {
            return Ok(());
        };
        let host_state = self.settings.host_state.as_deref();
        let resumed = checkpoint::load_last(
            resume,
            &self.identity,
            &self.networks,
            &mut States(&self.settings.optimizers),
            host_state.map(|state| (state, &self.began)),
        )?;
        let Some(resumed) = resumed else {
            return Ok(());
        };
        self.state = resumed.state;
        self.best = resumed.best;
        self.own_state = resumed.own_state;
        self.is_resumed = true;
        if let Some(record) = &self.settings.record {
            self.state.history.epochs.iter().try_for_each(record)?;
        }
        Ok(())
    }

    /// Records an epoch; returns false where the stopping rule ends the loop.
    pub fn log(&mut self, values: Vec<(String, f64)>) -> Result<bool> {
        if values.is_empty() {
            bail!("value", "an epoch must have at least one value";
                hint: "`run.log(#{{ \"train.loss\": loss }})`");
        }
        let number = self.state.history.epochs.len() + 1;
        let epoch = Epoch {
            epoch: number,
            values,
            seconds: self.started.elapsed().as_secs_f64(),
            speed: 0.0,
        };
        self.started = Instant::now();
        let mut is_best = false;
        let mut continues = true;
        let (state, stop) = (&mut self.state, &self.settings.stop);
        if let Some(stop) = stop {
            let value = stop::value_of(&epoch.values, &stop.monitor)?;
            is_best = state
                .best
                .update(number, value, stop.larger, stop.min_delta);
            state.history.watched = Some(stop.monitor.clone());
            state.history.best_value = state.best.best;
            continues = state.best.since < stop.patience;
        }
        state.history.best_epoch = if stop.is_some() {
            state.best.best_epoch
        } else {
            number
        };
        state.history.epochs.push(epoch.clone());
        if is_best {
            self.best = Some(self.networks.snapshot()?);
            if self.settings.checkpoints.best && cistron_world::is_first() {
                self.networks
                    .save(&self.settings.checkpoints.folder, "best")?;
            }
        }
        self.progress.end_own(&epoch, is_best);
        if let Some(record) = &self.settings.record {
            record(&epoch)?;
        }
        if !continues {
            let why = format!("stopped early after epoch {number}");
            self.state.history.ended = why;
        }
        Ok(continues)
    }

    /// Writes the state at this moment, with what the script adds.
    pub fn checkpoint(&mut self, own_state: Value) -> Result<()> {
        if !cistron_world::is_first() {
            return Ok(());
        }
        let contents = Contents {
            identity: &self.identity,
            progressed: Progressed {
                state: &self.state,
                best: self.best.as_deref(),
                partial: None,
                average: None,
            },
            began: &self.began,
            host_state: self.settings.host_state.as_deref(),
            own_state: &own_state,
        };
        checkpoint::save_last(
            &self.settings.checkpoints,
            &self.networks,
            &States(&self.settings.optimizers),
            &contents,
        )
    }

    /// Copies the parameters of the best epoch into the networks.
    pub fn restore_best(&self) -> Result<()> {
        let best = self.best.as_ref().ok_or_else(|| {
            fault!("value", "the record has no best epoch";
                hint: "`train::record(net, #{{ stop: train::early_stop(\"valid.loss\"), … }})`")
        })?;
        self.networks.load_state(best)
    }

    /// Number of epochs recorded so far.
    pub fn epochs(&self) -> usize {
        self.state.history.epochs.len()
    }

    /// Whether it continues from a checkpoint.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// What the script has stored in the checkpoint that the loop continues from.
    pub fn own_state(&self) -> &Value {
        &self.own_state
    }

    /// The values of the epochs so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }
}
