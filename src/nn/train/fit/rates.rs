//! The learning rates and momenta that a schedule sets.

use super::FitLoop;
use crate::optim::schedule::Clock;
use crate::train::step::Rate;
use cistron_base::say;

impl FitLoop<'_> {
    /// The clock at an update.
    pub(super) fn clock_at(&self, update: usize) -> Clock {
        Clock {
            step: update as f64,
            ..self.clock
        }
    }

    /// Sets the learning rate and momentum of the next update.
    pub(super) fn set_rate(&mut self) {
        let Some(schedule) = &self.settings.schedule else {
            return;
        };
        let point = schedule.at(&self.clock_at(self.updates));
        self.step.set_rate(Rate {
            factor: point.factor,
            plateau: self.state.plateau.factor,
            momentum: point.momentum,
        });
    }

    /// Sets the momentum of a training that is resumed: that of the last update at which the
    /// schedule set it.
    pub(super) fn restore_momentum(&mut self) {
        let schedule = self.settings.schedule.as_ref();
        let Some(schedule) = schedule.filter(|schedule| schedule.sets_momentum()) else {
            return;
        };
        let last = (0..self.updates)
            .rev()
            .map(|update| schedule.at(&self.clock_at(update)))
            .find(|point| point.momentum.is_some());
        if let Some(point) = last {
            self.step.set_rate(Rate {
                factor: point.factor,
                plateau: self.state.plateau.factor,
                momentum: point.momentum,
            });
        }
    }

    /// Warns if the last epoch of a training that is resumed had another learning rate than the
    /// schedule has for the number of epochs now.
    pub(super) fn warn_of_schedule(&self) {
        let (Some(schedule), Some(last)) =
            (&self.settings.schedule, self.state.history.epochs.last())
        else {
            return;
        };
        let Some(was) = last.get("lr").filter(|_| schedule.plateau().is_none()) else {
            return;
        };
        let point = schedule.at(&self.clock_at(self.updates.saturating_sub(1)));
        let is = self.settings.optimizer.lr * point.factor * self.state.plateau.factor;
        if (was - is).abs() > 1e-9 * was.abs().max(is.abs()) {
            let (epoch, epochs) = (last.epoch, self.settings.epochs);
            say::line(&format!(
                "warning: the schedule sets epoch {epoch} of {epochs} to a learning rate of \
                 {is:.3e}; the run that is resumed had {was:.3e}: its numbers are not those of a \
                 run of {epochs} epochs from the start"
            ));
        }
    }
}
