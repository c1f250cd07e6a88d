//! The learning rates and momenta that a schedule sets.

use super::FitLoop;
use crate::optim::schedule::{Clock, Point};
use crate::train::step::Rate;
use cistron_base::{Result, say};

impl FitLoop<'_> {
    /// The clock at an update.
    pub(super) fn clock_at(&self, update: usize) -> Clock {
        Clock {
            step: update as f64,
            ..self.clock
        }
    }

    /// Sets the learning rate and momentum of the next update.
    pub(super) fn set_rate(&mut self) -> Result<()> {
        let clock = self.clock_at(self.updates);
        self.step.begin_update(&clock)?;
        let point = match &self.settings.schedule {
            Some(schedule) => schedule.at(&clock)?,
            None => Point::UNCHANGED,
        };
        self.step.set_rate(self.rate(point));
        Ok(())
    }

    fn rate(&self, point: Point) -> Rate {
        Rate {
            factor: point.factor,
            plateau: self.state.plateau.factor,
            momentum: point.momentum,
        }
    }

    /// Sets the momentum of a training that is resumed: that of the last update at which the
    /// schedule set it.
    pub(super) fn restore_momentum(&mut self) -> Result<()> {
        let schedule = self.settings.schedule.as_ref();
        let Some(schedule) = schedule.filter(|schedule| schedule.sets_momentum()) else {
            return Ok(());
        };
        for update in (0..self.updates).rev() {
            let point = schedule.at(&self.clock_at(update))?;
            if point.momentum.is_some() {
                self.step.set_rate(self.rate(point));
                break;
            }
        }
        Ok(())
    }

    /// Warns if the last epoch of a training that is resumed had another learning rate than the
    /// schedule has for the number of epochs now.
    pub(super) fn warn_of_schedule(&self) -> Result<()> {
        let (Some(schedule), Some(last)) =
            (&self.settings.schedule, self.state.history.epochs.last())
        else {
            return Ok(());
        };
        let lr = self.settings.optimizer.lr;
        let is_changed = self.step.rates()?.iter().any(|(_, now)| *now != lr);
        let is_fixed = schedule.plateau().is_none() && schedule.functions().is_empty();
        let Some(was) = last.get("lr").filter(|_| is_fixed && !is_changed) else {
            return Ok(());
        };
        let point = schedule.at(&self.clock_at(self.updates.saturating_sub(1)))?;
        let is = lr * point.factor * self.state.plateau.factor;
        if (was - is).abs() > 1e-9 * was.abs().max(is.abs()) {
            let (epoch, epochs) = (last.epoch, self.settings.epochs);
            say::line(&format!(
                "warning: the schedule sets epoch {epoch} of {epochs} to a learning rate of \
                 {is:.3e}; the run that is resumed had {was:.3e}: its numbers are not those of a \
                 run of {epochs} epochs from the start"
            ));
        }
        Ok(())
    }
}
