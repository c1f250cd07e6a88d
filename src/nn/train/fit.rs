//! The fitting loop.

mod rates;
mod validation;

use super::average::Average;
use super::check;
use super::graph_step::CudaGraphStep;
use super::history::{Epoch, History, Validation};
use super::monitor::{Improvement, TrainingState};
use super::networks::Networks;
use super::objective::Objective;
use super::partial::{PartialEpoch, Progressed};
use super::progress::Progress;
use super::random::seed_device;
use super::ranks;
use super::script_step::ScriptStep;
use super::settings::FitSettings;
use super::shared_batch::whole;
use super::sources::{self, Sources};
use super::step::{PlainStep, Step, StepInput};
use super::validation::EpochSums;
use super::writer::CheckpointWriter;
use crate::Model;
use crate::optim::schedule::Clock;
use cistron_base::{Fault, Result, file, interrupt};
use cistron_genome::data::Batch;
use cistron_torch::graph::{self, Stream};
use cistron_torch::{Precision, Tensor};
use std::rc::Rc;

/// A training under way.
struct FitLoop<'a> {
    networks: &'a Networks,
    settings: &'a FitSettings,
    objective: Rc<Objective>,
    step: Box<dyn Step + 'a>,
    sources: Sources<'a>,
    writer: CheckpointWriter<'a>,
    state: TrainingState,
    /// Parameters of the best epoch.
    best: Option<Vec<(String, Tensor)>>,
    /// The epoch that is under way.
    partial: Option<PartialEpoch>,
    average: Option<Average>,
    clock: Clock,
    /// Number of updates so far.
    updates: usize,
    progress: Progress,
    /// Whether a warning was printed that a validation value is NaN.
    is_warned: bool,
}

/// Switches networks to training mode and to the precision of a training, until it is dropped.
pub(super) struct TrainingMode(Vec<(Model, bool, Option<Precision>)>);

impl TrainingMode {
    pub(super) fn enter(networks: &Networks, precision: Option<Precision>) -> TrainingMode {
        let enter = |(_, model): (&str, &Model)| {
            let was_training = model.set_training(true);
            let precision = precision.map(|precision| model.set_precision(precision));
            (model.clone(), was_training, precision)
        };
        TrainingMode(networks.iter().map(enter).collect())
    }
}

impl Drop for TrainingMode {
    fn drop(&mut self) {
        for (model, was_training, precision) in &self.0 {
            model.set_training(*was_training);
            if let Some(precision) = precision {
                model.set_precision(*precision);
            }
        }
    }
}

/// Trains a model in place.
pub fn fit(model: &Model, settings: &FitSettings) -> Result<History> {
    fit_networks(&Networks::one(model), settings)
}

/// Trains networks in place.
pub fn fit_networks(networks: &Networks, settings: &FitSettings) -> Result<History> {
    let objective = checked_objective(networks, settings)?;
    let batches = sources::loader(settings, 0, false).batches();
    let updates_per_epoch = batches.div_ceil(settings.accumulate);
    let clock = Clock::new(settings.epochs * updates_per_epoch, updates_per_epoch);
    check::check_times(networks, settings, &clock)?;
    let mut step = step_of(networks, settings, objective.clone())?;
    let average = settings.average.as_ref();
    let mut average = average.map(|average| Average::new(average, &clock));
    let writer = CheckpointWriter::new(networks, settings)?;
    let name = networks.title();
    let (state, best, partial) = match writer.resume(&mut *step)? {
        Some(resumed) => {
            if let Some(average) = &mut average {
                average.import(networks, resumed.average)?;
            }
            (resumed.state, resumed.best, resumed.partial)
        }
        None => (TrainingState::new(&name), None, None),
    };
    // gradients that the script has left are not part of the first step
    networks.zero_grad()?;
    // a capture needs its own stream, and so do the steps before it
    let _stream = if settings.graph {
        Some(Stream::enter(networks.device())?)
    } else {
        None
    };
    let sources = Sources::new(networks.first(), settings)?;
    let mode = TrainingMode::enter(networks, settings.precision);
    let done = partial.as_ref().map_or(0, |partial| partial.batches);
    let mut training = FitLoop {
        networks,
        settings,
        objective,
        step,
        sources,
        writer,
        updates: state.history.epochs.len() * updates_per_epoch
            + done.div_ceil(settings.accumulate),
        state,
        best,
        partial,
        average,
        clock,
        progress: Progress::new(&name, settings.epochs, settings.is_silent),
        is_warned: false,
    };
    training.restore_momentum()?;
    let outcome = training.run();
    // what the script draws afterwards does not depend on how many epochs ran in this process
    let epochs = training.state.history.epochs.len();
    seed_device(&[settings.seed, 0x656e_6465, epochs as u64]);
    drop(mode);
    outcome?;
    Ok(training.state.history)
}

/// The loss of a training whose settings have been checked.
pub(super) fn checked_objective(
    networks: &Networks,
    settings: &FitSettings,
) -> Result<Rc<Objective>> {
    let model = networks.first();
    let weights = settings.class_weights.as_deref();
    let objective = Objective::new(&settings.loss, weights, model.device())?;
    check::check(model, settings, &objective)?;
    Ok(Rc::new(objective))
}

/// The step of a training, with new optimizers.
pub(super) fn step_of<'a>(
    networks: &'a Networks,
    settings: &'a FitSettings,
    objective: Rc<Objective>,
) -> Result<Box<dyn Step + 'a>> {
    if let Some(custom) = &settings.step {
        return Ok(Box::new(ScriptStep::new(networks, settings, custom)?));
    }
    let model = networks.first();
    let plain = PlainStep::new(model, settings, objective)?;
    Ok(if settings.graph && graph::is_for(model.device()) {
        Box::new(CudaGraphStep::new(plain))
    } else {
        Box::new(plain)
    })
}

impl FitLoop<'_> {
    fn run(&mut self) -> Result<()> {
        self.warn_of_schedule()?;
        let epochs = self.settings.epochs;
        let first = self.state.history.epochs.len();
        self.record_again()?;
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
        // the first process has written the checkpoints that a script may read
        cistron_world::barrier("the end of a training")?;
        self.progress.finish(&why);
        Ok(())
    }

    /// Records the epochs and validations of a training that is resumed.
    fn record_again(&self) -> Result<()> {
        let history = &self.state.history;
        let mut validations = history.validations.iter().peekable();
        let mut record_until = |epoch: f64| -> Result<()> {
            let Some(record) = &self.settings.record_validation else {
                return Ok(());
            };
            while let Some(one) = validations.next_if(|one| one.epoch < epoch) {
                record(one)?;
            }
            Ok(())
        };
        for epoch in &history.epochs {
            record_until(epoch.epoch as f64)?;
            if let Some(record) = &self.settings.record {
                record(epoch)?;
            }
        }
        record_until(f64::INFINITY)
    }

    /// Ends a training that an error or an interrupt stops.
    fn fail(&mut self, number: usize, fault: Fault) -> Result<()> {
        let is_interrupt = fault.kind == "interrupted";
        // an error is printed where it ends the script, an interrupt here
        let why = if is_interrupt { ": interrupted" } else { "" };
        let is_complete = |partial: &PartialEpoch| partial.is_complete;
        let is_written =
            is_interrupt && self.partial.as_ref().is_some_and(is_complete) && self.write_now()?;
        let saved = self.rescue(is_interrupt, is_written)?;
        self.progress
            .finish(&format!("stopped in epoch {}{why}{saved}", number + 1));
        Err(fault)
    }

    /// Runs an epoch, or the rest of one that a checkpoint was written in; returns why the training
    /// ends after it.
    fn epoch(&mut self, number: usize) -> Result<Option<String>> {
        let settings = self.settings;
        // each epoch has its own random numbers, so that a resumed training draws the same ones
        seed_device(&[settings.seed, 0x64726f70, number as u64]);
        self.sources.begin_epoch(number)?;
        let partial = self.partial.take().filter(|own| own.epoch == number);
        let mut partial =
            partial.unwrap_or_else(|| PartialEpoch::new(number, EpochSums::new(settings)));
        let is_cached = self.sources.current().is_cached();
        let weights = partial.weights.as_ref();
        let mut loader = sources::epoch_loader(settings, number, is_cached, weights)?;
        if settings.sampling.is_some() {
            partial.weights = loader.set.sampling.weights.clone();
        }
        let (batches, first) = (loader.batches(), partial.batches);
        loader.first = first;
        loader.share = ranks::share();
        self.networks.set_training(true);
        self.step.begin_epoch()?;
        self.progress.begin(number + 1, batches, first);
        self.partial = Some(partial);
        let mut ended = None;
        for (i, batch) in (first..).zip(loader.start()) {
            let batch = batch?;
            if i % settings.accumulate == 0 {
                cistron_world::check_interrupt()?;
                ended = self.between_updates(i, batches)?;
                if ended.is_some() {
                    break;
                }
            }
            if let Some(why) = self.batch(i, batches, &batch)? {
                return Ok(Some(why));
            }
        }
        if let Some(average) = &mut self.average {
            average.end_epoch(self.networks, number + 1)?;
        }
        let speed = self.partial.as_ref().map_or(0.0, PartialEpoch::speed);
        let mut values = match &self.partial {
            Some(partial) => partial.sums.values(settings, &self.objective)?,
            None => Vec::new(),
        };
        values.extend(self.validate()?);
        let seconds = self.partial.as_ref().map_or(0.0, PartialEpoch::seconds);
        values.extend(self.objective.varying_weights()?);
        values.extend(self.step.learning_rates());
        self.partial = None;
        let after = self.end_epoch(Epoch {
            epoch: number + 1,
            values,
            seconds,
            speed,
        })?;
        Ok(after.or(ended))
    }

    /// Trains on batch `i` of an epoch; returns why the training ends after it.
    fn batch(&mut self, i: usize, batches: usize, batch: &Batch) -> Result<Option<String>> {
        let settings = self.settings;
        // a checkpoint is written between updates, not within a function of the script
        let _deferred = interrupt::defer();
        self.set_rate()?;
        self.objective.set_clock(&self.clock_at(self.updates))?;
        let Some(partial) = &mut self.partial else {
            return Ok(None);
        };
        let number = partial.epoch;
        if i > 0 {
            // so does each batch: a training that is resumed within an epoch draws the same ones
            seed_device(&[settings.seed, 0x64726f70, number as u64, i as u64]);
        }
        let first_of_group = i / settings.accumulate * settings.accumulate;
        let is_last_of_group = (i + 1).is_multiple_of(settings.accumulate) || i + 1 == batches;
        partial.is_complete = false;
        let _rows = ranks::enter(batch);
        let mut output = self.step.run(&StepInput {
            source: self.sources.current(),
            batch,
            group: settings.accumulate.min(batches - first_of_group),
            is_last_of_group,
            updates: self.updates,
            epoch: number,
        })?;
        whole(&mut output, batch, partial.sums.keeps_outputs())?;
        if is_last_of_group {
            ranks::average_buffers(self.networks, batch)?;
        }
        self.updates += usize::from(is_last_of_group);
        if let Some(average) = self.average.as_mut().filter(|_| is_last_of_group) {
            average.after_update(self.networks, self.updates)?;
        }
        partial.sums.add(&output, batch.whole_size())?;
        partial.batches = i + 1;
        let speed = partial.speed();
        self.progress.batch(partial.sums.mean_loss(), speed);
        if let Some(call) = &settings.on_batch
            && !call(number + 1, self.updates, output.loss)?
        {
            return Ok(Some("stopped by on_batch".into()));
        }
        partial.is_complete = is_last_of_group;
        Ok(None)
    }

    /// Validates and writes a checkpoint before batch `i` of an epoch, where they are due; returns
    /// why the training ends there.
    fn between_updates(&mut self, i: usize, batches: usize) -> Result<Option<String>> {
        if i == 0 {
            return Ok(None);
        }
        let mut ended = None;
        if self.is_validation_due() {
            let values = self.validate()?;
            ended = self.end_validation(i as f64 / batches as f64, values)?;
        }
        if self.writer.is_due(self.updates) {
            self.write_now()?;
        }
        Ok(ended)
    }

    /// Whether validation is due within an epoch, and was not done before the training was resumed.
    fn is_validation_due(&self) -> bool {
        let last = self.state.history.validations.last();
        let is_due = |every: usize| self.updates.is_multiple_of(every);
        self.settings.validate_every.is_some_and(is_due)
            && last.is_none_or(|last| last.step != self.updates)
    }

    /// Records a validation within an epoch, after a share of it; returns why the training ends.
    fn end_validation(&mut self, share: f64, values: Vec<(String, f64)>) -> Result<Option<String>> {
        let settings = self.settings;
        let number = self.state.history.epochs.len() + 1;
        let validation = Validation {
            step: self.updates,
            epoch: (number - 1) as f64 + share,
            values,
        };
        let improvement =
            self.state
                .add_validation(settings, number, validation.clone(), &mut self.is_warned)?;
        self.keep_best(&improvement)?;
        self.progress.validated(&validation, improvement.is_best);
        if let Some(record) = &settings.record_validation {
            record(&validation)?;
        }
        Ok(self.state.stopped_early(settings, number))
    }

    /// Copies and writes parameters that are better than ever before.
    fn keep_best(&mut self, improvement: &Improvement) -> Result<()> {
        if improvement.is_best {
            let averaged = self.average.as_ref().and_then(Average::state);
            self.best = Some(match averaged {
                Some(averaged) => averaged.to_vec(),
                None => self.networks.snapshot()?,
            });
        }
        self.writer.write_best(improvement, self.average.as_ref())
    }

    /// Writes the state at this moment; returns whether it is stored.
    fn write_now(&mut self) -> Result<bool> {
        let progressed = Progressed {
            state: &self.state,
            best: self.best.as_deref(),
            partial: self.partial.as_ref(),
            average: self.average.as_ref(),
        };
        self.writer.write_now(&*self.step, progressed)
    }

    /// Records an epoch; returns why the training ends after it.
    fn end_epoch(&mut self, epoch: Epoch) -> Result<Option<String>> {
        let settings = self.settings;
        let number = epoch.epoch;
        // the state is written after the functions of the script
        let _deferred = interrupt::defer();
        let improvement = self.state.add(settings, &epoch, &mut self.is_warned)?;
        self.keep_best(&improvement)?;
        let history = &self.state.history;
        let mean = history.seconds() / history.epochs.len() as f64;
        let left = mean * (settings.epochs - number) as f64;
        self.progress.end(&epoch, improvement.is_best, left);
        let ended = match &settings.on_epoch {
            Some(call) if !call(&epoch)? => {
                Some(format!("stopped by on_epoch after epoch {number}"))
            }
            _ => self.state.stopped_early(settings, number),
        };
        self.state.history.ended = ended.clone().unwrap_or_default();
        let progressed = Progressed {
            state: &self.state,
            best: self.best.as_deref(),
            partial: None,
            average: self.average.as_ref(),
        };
        let is_last = ended.is_some() || number == settings.epochs;
        self.writer.write(&*self.step, progressed, is_last)?;
        if let Some(record) = &settings.record {
            record(&epoch)?;
        }
        Ok(ended)
    }

    /// Restores the parameters of the best epoch, if the settings ask for it; else the average, if
    /// there is one.
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
            Some(best) if is_restored => self.networks.load_state(best),
            _ => match self.average.as_ref().and_then(Average::state) {
                Some(averaged) => self.networks.load_state(averaged),
                None => Ok(()),
            },
        }
    }

    /// Writes the parameters of a training that is stopped, unless there are checkpoints: of the
    /// best epoch, else of this moment. Returns where they are.
    fn rescue(&mut self, is_interrupt: bool, is_written: bool) -> Result<String> {
        if !cistron_world::is_first() {
            return Ok(String::new());
        }
        if let Some(folder) = self.writer.requested_folder()
            && (is_written || !self.state.history.epochs.is_empty())
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
        let (folder, stem) = (file::folder_of(path), path.file_stem().unwrap_or_default());
        self.networks.save(folder, &stem.to_string_lossy())?;
        Ok(format!("; parameters are in {}", path.display()))
    }
}
