//! The learning rate of an optimizer in a training, without the factor of a schedule.

use super::settings::{FitSettings, LearningRate};
use crate::optim::Optimizer;
use crate::optim::schedule::Clock;
use cistron_base::{Result, bail, say};
use std::rc::Rc;

/// The learning rate of an optimizer in a training, without the factor of a schedule.
pub struct BaseRate {
    initial: f64,
    now: f64,
    /// The learning rate as the script holds it, which its functions may change.
    of_script: Option<Rc<dyn LearningRate>>,
    /// Whether the state of the optimizer was restored.
    is_resumed: bool,
}

impl BaseRate {
    /// That of the optimizer of a network.
    pub fn new(settings: &FitSettings, network: &str, optimizer: &Optimizer) -> BaseRate {
        let mut all = settings.learning_rates.iter();
        let own = all.find(|(name, _)| name == network);
        BaseRate {
            initial: optimizer.lr,
            now: optimizer.lr,
            of_script: own.map(|(_, own)| own.clone()),
            is_resumed: false,
        }
    }

    /// The learning rate at the start.
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// The learning rate now.
    pub fn get(&self) -> Result<f64> {
        let lr = self.of_script.as_ref().map_or(self.now, |own| own.get());
        if !(lr.is_finite() && lr >= 0.0) {
            bail!(
                "value",
                "the learning rate was set to {lr}, must be a number of at least 0"
            );
        }
        Ok(lr)
    }

    fn set(&mut self, lr: f64) {
        self.now = lr;
        if let Some(own) = &self.of_script {
            own.set(lr);
        }
    }

    /// Continues with the learning rate of an optimizer whose state was restored; with the saved
    /// one, if the training began with the same one.
    pub fn restore(&mut self, optimizer: &Optimizer, saved: Option<(f64, f64)>) {
        self.is_resumed = true;
        let same = saved.filter(|(initial, _)| *initial == self.initial);
        self.set(same.map_or(optimizer.lr, |(_, now)| now));
    }

    /// Replaces an optimizer by the next of its sequence, where its time has come; returns whether
    /// it did.
    pub fn begin_update(&mut self, optimizer: &mut Optimizer, clock: &Clock) -> Result<bool> {
        let current = optimizer.phase();
        if std::mem::take(&mut self.is_resumed) && clock.step > 0.0 {
            let last = Clock {
                step: clock.step - 1.0,
                ..*clock
            };
            let expected = optimizer.phase_at(&last);
            if expected != current {
                say::line(&format!(
                    "warning: in a run of this length optimizer {} of the sequence would be in \
                     use, the run that is resumed has used optimizer {}",
                    expected + 1,
                    current + 1
                ));
            }
        }
        // a sequence does not return to an optimizer, also where a resumed run is longer
        let next = optimizer.phase_at(clock).max(current);
        optimizer.enter(next)?;
        if next != current {
            self.set(optimizer.lr);
        }
        self.now = self.get()?;
        Ok(next != current)
    }

    /// The learning rate now, at a factor of a schedule.
    pub fn scaled(&self, factor: f64, plateau: f64) -> f64 {
        self.now * factor * plateau
    }
}
