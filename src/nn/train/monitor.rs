//! The state of a training that its values determine: the best epoch, early stopping, reductions of
//! the learning rate on a plateau.

use super::history::{Epoch, History, Validation};
use super::settings::FitSettings;
use super::stop::{self, BestValue};
use crate::optim::Schedule;
use crate::optim::schedule::Plateau;
use cistron_base::{Result, say};

/// What a training needs to continue, besides parameters and optimizer.
pub struct TrainingState {
    /// Values of the epochs so far.
    pub history: History,
    /// Best value of the monitored measure.
    pub best: BestValue,
    /// State of a plateau schedule.
    pub plateau: PlateauState,
    /// Best values of the measures of which each has a checkpoint.
    pub best_by: Vec<(String, BestValue)>,
}

/// What is better than ever before.
#[derive(Clone, Debug, Default)]
pub struct Improvement {
    /// Whether the monitored value is.
    pub is_best: bool,
    /// The measures with checkpoints that are.
    pub best_by: Vec<String>,
}

/// State of a plateau schedule.
pub struct PlateauState {
    /// Factor on the learning rate.
    pub factor: f64,
    /// Best value of its measure.
    pub best: BestValue,
}

impl Default for PlateauState {
    fn default() -> Self {
        PlateauState {
            factor: 1.0,
            best: BestValue::default(),
        }
    }
}

/// A measure that determines the best epoch.
struct Monitored {
    name: String,
    larger: bool,
    min_delta: f64,
}

impl Monitored {
    /// The measure of early stopping; else, if the best checkpoint is written, the first of those
    /// that have one, or the default one.
    fn of(settings: &FitSettings, values: &[(String, f64)]) -> Option<Monitored> {
        if let Some(stop) = &settings.stop {
            return Some(Monitored {
                name: stop.monitor.clone(),
                larger: stop.larger,
                min_delta: stop.min_delta,
            });
        }
        settings
            .checkpoints
            .as_ref()
            .filter(|policy| policy.best)
            .map(|policy| match policy.best_by.first() {
                Some(name) => Monitored::by_name(name),
                None => Monitored::default_of(values),
            })
    }

    /// The first validation metric, else a loss.
    fn default_of(values: &[(String, f64)]) -> Monitored {
        let names = values.iter().map(|(name, _)| name.as_str());
        let metric = names
            .clone()
            .find(|name| name.starts_with("valid.") && !name.starts_with("valid.loss"));
        let name = metric
            .or_else(|| names.clone().find(|name| *name == "valid.loss"))
            .unwrap_or("train.loss");
        Monitored::by_name(name)
    }

    fn by_name(name: &str) -> Monitored {
        Monitored {
            larger: stop::larger_is_better(name),
            name: name.into(),
            min_delta: 0.0,
        }
    }
}

impl TrainingState {
    /// Returns the state before the first epoch.
    pub fn new(model: &str) -> TrainingState {
        TrainingState {
            history: History {
                name: model.into(),
                ..History::default()
            },
            best: BestValue::default(),
            plateau: PlateauState::default(),
            best_by: Vec::new(),
        }
    }

    /// Compares the values of an epoch with those of earlier epochs and adds it to the history.
    /// `is_warned` is set by the warning of a value that is NaN.
    pub fn add(
        &mut self,
        settings: &FitSettings,
        epoch: &Epoch,
        is_warned: &mut bool,
    ) -> Result<Improvement> {
        let improvement = self.compare(settings, epoch.epoch, &epoch.values, is_warned)?;
        self.history.best_epoch = if self.history.watched.is_some() {
            self.best.best_epoch
        } else {
            epoch.epoch
        };
        if let Some(plateau) = settings.schedule.as_ref().and_then(Schedule::plateau) {
            self.plateau.add(plateau, epoch)?;
        }
        self.history.epochs.push(epoch.clone());
        Ok(improvement)
    }

    /// Compares the values of a validation within an epoch (its number from 1) with earlier ones
    /// and adds it to the history.
    pub fn add_validation(
        &mut self,
        settings: &FitSettings,
        epoch: usize,
        validation: Validation,
        is_warned: &mut bool,
    ) -> Result<Improvement> {
        let improvement = self.compare(settings, epoch, &validation.values, is_warned)?;
        if self.history.watched.is_some() {
            self.history.best_epoch = self.best.best_epoch;
        }
        self.history.validations.push(validation);
        Ok(improvement)
    }

    /// Compares values with the best so far. Values of training rows are compared at the end of
    /// epochs only.
    fn compare(
        &mut self,
        settings: &FitSettings,
        epoch: usize,
        values: &[(String, f64)],
        is_warned: &mut bool,
    ) -> Result<Improvement> {
        let is_within = !values.iter().any(|(name, _)| name.starts_with("train."));
        let is_measured = |name: &str| !is_within || name.starts_with("valid.");
        let mut improvement = Improvement::default();
        let monitored = Monitored::of(settings, values);
        if let Some(Monitored {
            name,
            larger,
            min_delta,
        }) = monitored.filter(|monitored| is_measured(&monitored.name))
        {
            let value = stop::value_of(values, &name)?;
            if value.is_nan() && !*is_warned && !settings.is_silent {
                *is_warned = true;
                warn_of_nan(settings, &name, larger);
            }
            improvement.is_best = self.best.update(epoch, value, larger, min_delta);
            self.history.watched = Some(name);
            self.history.best_value = self.best.best;
        }
        let undefined = |(name, value): &&(String, f64)| {
            value.is_nan() && name.starts_with("valid.") && is_measured(name)
        };
        if let Some((name, _)) = values.iter().find(undefined)
            && !*is_warned
            && !settings.is_silent
        {
            *is_warned = true;
            say::line(&format!(
                "warning: {name} is undefined (NaN){}",
                why_nan(settings, name)
            ));
        }
        let policy = settings.checkpoints.iter();
        for name in policy.flat_map(|policy| &policy.best_by) {
            if !is_measured(name) {
                continue;
            }
            let value = stop::value_of(values, name)?;
            let known = self.best_by.iter().position(|(known, _)| known == name);
            let at = known.unwrap_or_else(|| {
                self.best_by.push((name.clone(), BestValue::default()));
                self.best_by.len() - 1
            });
            let larger = stop::larger_is_better(name);
            if self.best_by[at].1.update(epoch, value, larger, 0.0) {
                improvement.best_by.push(name.clone());
            }
        }
        Ok(improvement)
    }

    /// Returns why a training that is resumed had ended already.
    pub fn ended(&self, settings: &FitSettings) -> Option<String> {
        let last = self.history.epochs.last()?.epoch;
        let ended = &self.history.ended;
        if ended.starts_with("stopped by") {
            Some(ended.clone())
        } else {
            self.stopped_early(settings, last)
        }
    }

    /// Returns why early stopping ends the training after an epoch; `None` if it does not.
    pub fn stopped_early(&self, settings: &FitSettings, epoch: usize) -> Option<String> {
        let stop = settings
            .stop
            .as_ref()
            .filter(|stop| self.best.since >= stop.patience)?;
        let last = self.history.epochs.last();
        let why = match last.and_then(|epoch| epoch.get(&stop.monitor)) {
            Some(value) if value.is_nan() => format!(
                "is undefined (NaN){}, which counts as no gain, ",
                why_nan(settings, &stop.monitor)
            ),
            _ => "did not improve ".into(),
        };
        let unit = if settings.validate_every.is_some() {
            "validations"
        } else {
            "epochs"
        };
        Some(format!(
            "stopped early after epoch {epoch}: {} {why}for {} {unit}",
            stop.monitor, self.best.since
        ))
    }
}

impl PlateauState {
    /// Reduces the factor if the measure has not improved for longer than the patience.
    fn add(&mut self, plateau: &Plateau, epoch: &Epoch) -> Result<()> {
        let value = stop::value_of(&epoch.values, &plateau.monitor)?;
        let margin = self
            .best
            .best
            .map_or(0.0, |best| best.abs() * plateau.threshold);
        self.best.update(epoch.epoch, value, plateau.larger, margin);
        if self.best.since > plateau.patience {
            self.factor = (self.factor * plateau.factor).max(plateau.lowest);
            self.best.since = 0;
        }
        Ok(())
    }
}

/// Warns that the monitored value is NaN.
fn warn_of_nan(settings: &FitSettings, name: &str, larger: bool) {
    let other = if larger {
        "valid.loss"
    } else {
        "another value"
    };
    say::line(&format!(
        "warning: {name} is undefined (NaN){}; no epoch counts as a gain: watch {other}, or give \
            rows of both labels",
        why_nan(settings, name)
    ));
}

/// Returns why a value is NaN, if the labels show it: `: each of its 4 rows has label 1`.
fn why_nan(settings: &FitSettings, name: &str) -> String {
    let set = if name.starts_with("valid.") {
        settings.valid.as_ref()
    } else {
        Some(&settings.train)
    };
    let Some(set) = set else { return String::new() };
    let labels: Vec<f32> = set
        .all_labels()
        .into_iter()
        .filter(|label| !label.is_nan())
        .collect();
    match labels.first() {
        None => format!(": none of its {} rows has a label", set.len()),
        Some(first) if labels.iter().all(|label| label == first) => {
            format!(": each of its {} rows has label {first}", set.len())
        }
        _ if set.tasks() > 1 => ": no task has both labels".into(),
        _ => String::new(),
    }
}
