//! The fitting loop.

use super::check;
use super::graph_step::CudaGraphStep;
use super::history::{Epoch, History};
use super::monitor::TrainingState;
use super::progress::Progress;
use super::settings::FitSettings;
use super::sources::{self, Sources};
use super::step::{PlainStep, Rate, Step, StepInput};
use super::validation::{self, EpochSums};
use super::writer::CheckpointWriter;
use crate::Model;
use crate::optim::schedule::Clock;
use cistron_base::seed::Rng;
use cistron_base::{Fault, Result, interrupt, say};
use cistron_torch::graph::{self, Stream};
use cistron_torch::{Precision, Tensor, device};
use std::time::Instant;

/// A training under way.
struct FitLoop<'a> {
    model: &'a Model,
    settings: &'a FitSettings,
    step: Box<dyn Step + 'a>,
    sources: Sources<'a>,
    writer: CheckpointWriter<'a>,
    state: TrainingState,
    /// Parameters of the best epoch.
    best: Option<Vec<(String, Tensor)>>,
    clock: Clock,
    /// Number of updates so far.
    updates: usize,
    progress: Progress,
    /// Whether a warning was printed that the monitored value is NaN.
    is_warned: bool,
}

/// Switches a model to training mode and to the precision of a training, until it is dropped.
struct TrainingMode<'a> {
    model: &'a Model,
    was_training: bool,
    precision: Option<Precision>,
}

impl<'a> TrainingMode<'a> {
    fn enter(model: &'a Model, precision: Option<Precision>) -> TrainingMode<'a> {
        TrainingMode {
            model,
            was_training: model.set_training(true),
            precision: precision.map(|precision| model.set_precision(precision)),
        }
    }
}

impl Drop for TrainingMode<'_> {
    fn drop(&mut self) {
        self.model.set_training(self.was_training);
        if let Some(precision) = self.precision {
            self.model.set_precision(precision);
        }
    }
}

/// Trains a model in place.
pub fn fit(model: &Model, settings: &FitSettings) -> Result<History> {
    check::check(settings)?;
    let batches = sources::loader(settings, 0, false).batches();
    let updates_per_epoch = batches.div_ceil(settings.accumulate);
    let mut step = step_of(model, settings)?;
    let writer = CheckpointWriter::new(model, settings)?;
    let (state, best) = match writer.resume(&mut *step)? {
        Some(resumed) => (resumed.state, resumed.best),
        None => (TrainingState::new(model.name()), None),
    };
    // gradients that the script has left are not part of the first step
    model.zero_grad()?;
    // a capture needs its own stream, and so do the steps before it
    let _stream = if settings.graph {
        Some(Stream::enter(model.device())?)
    } else {
        None
    };
    let sources = Sources::new(model, settings)?;
    let mode = TrainingMode::enter(model, settings.precision);
    let mut training = FitLoop {
        model,
        settings,
        step,
        sources,
        writer,
        updates: state.history.epochs.len() * updates_per_epoch,
        state,
        best,
        clock: Clock::new(settings.epochs * updates_per_epoch, updates_per_epoch),
        progress: Progress::new(model.name(), settings.epochs, settings.is_silent),
        is_warned: false,
    };
    training.restore_momentum();
    let outcome = training.run();
    // what the script draws afterwards does not depend on how many epochs ran in this process
    let epochs = training.state.history.epochs.len();
    seed_device(&[settings.seed, 0x656e_6465, epochs as u64]);
    drop(mode);
    outcome?;
    Ok(training.state.history)
}

fn step_of<'a>(model: &Model, settings: &'a FitSettings) -> Result<Box<dyn Step + 'a>> {
    let plain = PlainStep::new(model, settings)?;
    Ok(if settings.graph && graph::is_for(model.device()) {
        Box::new(CudaGraphStep::new(plain))
    } else {
        Box::new(plain)
    })
}

/// Seeds the random numbers of the device, such as those of dropout.
fn seed_device(keys: &[u64]) {
    device::seed(Rng::keyed(keys).next_u64() >> 1);
}

impl FitLoop<'_> {
    fn run(&mut self) -> Result<()> {
        self.warn_of_schedule();
        let epochs = self.settings.epochs;
        let first = self.state.history.epochs.len();
        if let Some(record) = &self.settings.record {
            self.state.history.epochs.iter().try_for_each(record)?;
        }
        let mut ended = self.state.ended(self.settings);
        let mut number = first;
        while ended.is_none() && number < epochs {
            ended = match self.epoch(number) {
                Ok(ended) => ended,
                Err(fault) => return self.fail(number, fault),
            };
            number += 1;
        }
        let mut why = ended.unwrap_or_else(|| format!("{epochs} epochs done"));
        let history = &mut self.state.history;
        if self.state.best.best.is_some() {
            why += &format!(", best was epoch {}", history.best_epoch);
        }
        history.ended = why.clone();
        self.restore_best()?;
        self.progress.finish(&why);
        Ok(())
    }

    /// Ends a training that an error or an interrupt stops.
    fn fail(&mut self, number: usize, fault: Fault) -> Result<()> {
        let is_interrupt = fault.kind == "interrupted";
        // an error is printed where it ends the script, an interrupt here
        let why = if is_interrupt { ": interrupted" } else { "" };
        let saved = self.rescue(is_interrupt)?;
        self.progress
            .finish(&format!("stopped in epoch {}{why}{saved}", number + 1));
        Err(fault)
    }

    /// Runs an epoch; returns why the training ends after it.
    fn epoch(&mut self, number: usize) -> Result<Option<String>> {
        let settings = self.settings;
        let started = Instant::now();
        // each epoch has its own random numbers, so that a resumed training draws the same ones
        seed_device(&[settings.seed, 0x64726f70, number as u64]);
        self.sources.begin_epoch(number)?;
        let loader = sources::epoch_loader(settings, number, self.sources.current().is_cached())?;
        let batches = loader.batches();
        self.progress.begin(number + 1, batches);
        self.model.set_training(true);
        self.step.begin_epoch()?;
        let mut sums = EpochSums::new(settings);
        for (i, batch) in loader.start().enumerate() {
            interrupt::check()?;
            let batch = batch?;
            let first_of_group = i / settings.accumulate * settings.accumulate;
            let is_last_of_group = (i + 1) % settings.accumulate == 0 || i + 1 == batches;
            self.set_rate();
            let output = self.step.run(&StepInput {
                source: self.sources.current(),
                batch: &batch,
                group: settings.accumulate.min(batches - first_of_group),
                is_last_of_group,
                updates: self.updates,
                epoch: number,
            })?;
            self.updates += usize::from(is_last_of_group);
            sums.add(&output, batch.size)?;
            let speed = sums.rows() as f64 / started.elapsed().as_secs_f64();
            self.progress.batch(sums.mean_loss(), speed);
            if let Some(call) = &settings.on_batch
                && !call(number + 1, self.updates, output.loss)?
            {
                return Ok(Some("stopped by on_batch".into()));
            }
        }
        let speed = sums.rows() as f64 / started.elapsed().as_secs_f64();
        let mut values = sums.values(settings)?;
        values.extend(validation::values(settings, self.sources.current())?);
        values.extend(self.step.learning_rates());
        self.end_epoch(Epoch {
            epoch: number + 1,
            values,
            seconds: started.elapsed().as_secs_f64(),
            speed,
        })
    }

    /// Records an epoch; returns why the training ends after it.
    fn end_epoch(&mut self, epoch: Epoch) -> Result<Option<String>> {
        let settings = self.settings;
        let number = epoch.epoch;
        let is_best = self.state.add(settings, &epoch, &mut self.is_warned)?;
        if is_best {
            self.best = Some(self.model.snapshot()?);
        }
        let history = &self.state.history;
        let mean = history.seconds() / history.epochs.len() as f64;
        let left = mean * (settings.epochs - number) as f64;
        self.progress.end(&epoch, is_best, left);
        let ended = match &settings.on_epoch {
            Some(call) if !call(&epoch)? => {
                Some(format!("stopped by on_epoch after epoch {number}"))
            }
            _ => self.state.stopped_early(settings, number),
        };
        self.state.history.ended = ended.clone().unwrap_or_default();
        self.writer.write(
            &*self.step,
            &self.state,
            self.best.as_deref(),
            is_best,
            ended.is_some() || number == settings.epochs,
        )?;
        if let Some(record) = &settings.record {
            record(&epoch)?;
        }
        Ok(ended)
    }

    /// The clock at an update.
    fn clock_at(&self, update: usize) -> Clock {
        Clock {
            step: update as f64,
            ..self.clock
        }
    }

    /// Sets the learning rate and momentum of the next update.
    fn set_rate(&mut self) {
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
    fn restore_momentum(&mut self) {
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
    fn warn_of_schedule(&self) {
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

    /// Restores the parameters of the best epoch, if the settings ask for it.
    fn restore_best(&mut self) -> Result<()> {
        let settings = self.settings;
        let is_restored = match &settings.stop {
            Some(stop) => stop.restore,
            None => settings
                .checkpoints
                .as_ref()
                .is_some_and(|policy| policy.best),
        };
        match &self.best {
            Some(best) if is_restored => self.model.load_state(best),
            _ => Ok(()),
        }
    }

    /// Writes the parameters of a training that is stopped, unless there are checkpoints: of the
    /// best epoch, else of this moment. Returns where they are.
    fn rescue(&mut self, is_interrupt: bool) -> Result<String> {
        if let Some(folder) = self.writer.requested_folder()
            && !self.state.history.epochs.is_empty()
        {
            return Ok(format!("; checkpoints are in {}", folder.display()));
        }
        let Some(path) = &self.settings.rescue else {
            return Ok(String::new());
        };
        self.restore_best()?;
        if !is_interrupt && self.best.is_none() {
            return Ok(String::new()); // parameters after an error are of no use
        }
        self.model.save(path)?;
        Ok(format!("; parameters are in {}", path.display()))
    }
}
