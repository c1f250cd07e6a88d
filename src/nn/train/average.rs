//! Averages of the parameters over a training: exponential (EMA), or of equal weights (SWA).
//!
//! The average is what is evaluated on the validation rows, written to checkpoints, and in the
//! network at the end. The training itself continues with the trained parameters.

use super::networks::Networks;
use crate::optim::schedule::{Clock, Span};
use cistron_base::{Result, bail};
use cistron_torch::{Tensor, grad};
use serde_json::{Value, json};
use std::collections::HashSet;

/// How the values of a parameter are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// Each value has `decay` times the weight of the next (Polyak & Juditsky 1992).
    Exponential {
        /// The ratio of weights.
        decay: f64,
    },
    /// Values at the ends of epochs have equal weights (Izmailov et al. 2018).
    Equal,
}

/// What is averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct AverageSettings {
    /// See [`Weighting`].
    pub weighting: Weighting,
    /// Time before the first value.
    pub start: Option<Span>,
    /// Updates from one value to the next, epochs with equal weights.
    pub every: usize,
    /// Whether the statistics of batch norms are computed from the averaged parameters, by a pass
    /// over the training rows; else they are those of the training.
    pub has_own_statistics: bool,
}

/// Names and tensors of a network.
type State = Vec<(String, Tensor)>;

/// The average of the parameters of a training.
pub struct Average {
    settings: AverageSettings,
    /// Time before the first value, in updates.
    start: f64,
    per_epoch: f64,
    /// The average of each parameter, and the buffers at the last value, by name.
    values: State,
    /// Number of values.
    count: u64,
    /// The network with the average at the end of the last epoch, with its buffers.
    state: Option<State>,
    /// Whether a value was added since.
    is_changed: bool,
    /// The last epoch at whose end a value was added, counted from 1: a training that is resumed
    /// between that and the record of the epoch adds it once.
    epoch: usize,
}

impl Average {
    /// Returns the average of no values; `clock` states the length of the training.
    pub fn new(settings: &AverageSettings, clock: &Clock) -> Average {
        Average {
            settings: settings.clone(),
            start: settings.start.map_or(0.0, |start| start.steps(clock)),
            per_epoch: clock.per_epoch,
            values: Vec::new(),
            count: 0,
            state: None,
            is_changed: false,
            epoch: 0,
        }
    }

    /// The network with the average at the end of the last epoch; `None` before the first value.
    pub fn state(&self) -> Option<&[(String, Tensor)]> {
        self.state.as_deref()
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds the parameters of networks, and copies their buffers.
    fn add(&mut self, networks: &Networks) -> Result<()> {
        let _guard = grad::no_grad();
        if self.count == 0 {
            self.values = networks.snapshot()?;
        } else {
            let weight = match self.settings.weighting {
                Weighting::Exponential { decay } => 1.0 - decay,
                Weighting::Equal => 1.0 / (self.count + 1) as f64,
            };
            let parameters: HashSet<String> = networks
                .parameters()
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            for ((name, tensor), (_, value)) in networks.state().iter().zip(&self.values) {
                if parameters.contains(name) {
                    value.lerp_(&tensor.detach()?, weight)?;
                } else {
                    value.copy_(tensor)?;
                }
            }
        }
        self.count += 1;
        self.is_changed = true;
        Ok(())
    }

    /// Adds the parameters after an update, if these are averaged.
    pub fn after_update(&mut self, networks: &Networks, updates: usize) -> Result<()> {
        let is_due =
            updates as f64 > self.start + 1e-9 && updates.is_multiple_of(self.settings.every);
        if is_due && self.settings.weighting != Weighting::Equal {
            self.add(networks)?;
        }
        Ok(())
    }

    /// Whether the parameters at the end of an epoch, counted from 1, are averaged.
    fn is_due(&self, epoch: usize) -> bool {
        let before = (self.start / self.per_epoch + 1e-9).floor() as usize;
        self.settings.weighting == Weighting::Equal
            && epoch > before
            && (epoch - before - 1).is_multiple_of(self.settings.every)
    }

    /// Adds the parameters at the end of an epoch, counted from 1, if these are averaged.
    pub fn end_epoch(&mut self, networks: &Networks, epoch: usize) -> Result<()> {
        if self.is_due(epoch) && epoch > self.epoch {
            self.add(networks)?;
            self.epoch = epoch;
        }
        Ok(())
    }

    /// Copies the average into networks. Their statistics are computed by `refresh`, if the average
    /// has its own and a value was added since.
    pub fn enter(
        &mut self,
        networks: &Networks,
        refresh: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if let Some(state) = self.state.as_ref().filter(|_| !self.is_changed) {
            return networks.load_state(state);
        }
        networks.load_state(&self.values)?;
        if self.settings.has_own_statistics {
            refresh()?;
        }
        self.state = Some(networks.snapshot()?);
        self.is_changed = false;
        Ok(())
    }

    /// Returns the average, for a checkpoint; nothing before the first value.
    pub fn export(&self) -> &[(String, Tensor)] {
        match &self.state {
            Some(state) if !self.is_changed => state,
            _ => &self.values,
        }
    }

    /// Returns the number of values, whether one was added since the last evaluation, and the last
    /// epoch at whose end one was added.
    pub fn counts(&self) -> Value {
        json!([self.count, self.is_changed, self.epoch])
    }

    /// Restores what [`Average::export`] and [`Average::counts`] returned.
    pub fn import(&mut self, networks: &Networks, (state, counts): (State, Value)) -> Result<()> {
        let count = counts[0].as_u64().unwrap_or(0);
        if count == 0 {
            return Ok(());
        }
        for (name, tensor) in networks.state() {
            let saved = state.iter().find(|(saved, _)| *saved == name);
            let Some((_, saved)) = saved.filter(|(_, saved)| saved.shape() == tensor.shape())
            else {
                bail!("file", "the checkpoint has no average of `{name}`";
                    hint: "is it that of another network?");
            };
            let value = saved.to_device(tensor.device())?.copied()?;
            self.values.push((name, value));
        }
        self.count = count;
        self.is_changed = counts[1].as_bool().unwrap_or(true);
        self.epoch = counts[2].as_u64().unwrap_or(0) as usize;
        if !self.is_changed {
            let copies = self.values.iter();
            let copies = copies.map(|(name, tensor)| Ok((name.clone(), tensor.copied()?)));
            self.state = Some(copies.collect::<Result<_>>()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn average(weighting: Weighting, start: Option<Span>, every: usize) -> Average {
        let settings = AverageSettings {
            weighting,
            start,
            every,
            has_own_statistics: false,
        };
        Average::new(&settings, &Clock::new(100, 10))
    }

    #[test]
    fn equal_weights_begin_after_the_start() {
        let due = |start, every| -> Vec<usize> {
            let average = average(Weighting::Equal, start, every);
            (1..=10).filter(|epoch| average.is_due(*epoch)).collect()
        };
        assert_eq!(due(Some(Span::Share(0.75)), 1), [8, 9, 10]);
        assert_eq!(due(Some(Span::Epochs(4.0)), 3), [5, 8]);
        assert_eq!(due(None, 5), [1, 6]);
    }
}
