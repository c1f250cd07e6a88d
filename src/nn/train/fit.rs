//! The fitting loop.

use super::checkpoint::{self, Keep, Kept, State};
use super::evaluate;
use super::feed;
use super::history::{Epoch, History};
use super::identity::Identity;
use super::progress::Progress;
use super::recorded::{Recorder, Work};
use super::resident::Resident;
use super::settled::Settled;
use super::stop::{self, EarlyStop, Watch};
use crate::loss::Loss;
use crate::optim::schedule::{Clock, Plateau};
use crate::optim::{Optimizer, Schedule, clip};
use crate::{Model, Shape, Value};
use cistron_base::{Result, interrupt, say};
use cistron_base::{bail, fault};
use cistron_genome::data::loader::Transform;
use cistron_genome::data::{Batch, Dataset, Loader};
use cistron_metrics::Metric;
use cistron_torch::graph::{self, Stream};
use cistron_torch::{Device, Precision, Tensor, device, grad};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Changes a batch, one-hot, and its labels before they are learned from.
pub type OnInputs = Box<dyn Fn(Value, Tensor) -> Result<(Value, Tensor)>>;
/// Called after a batch with epoch, step and loss; false stops the run.
pub type OnBatch = Box<dyn Fn(usize, usize, f64) -> Result<bool>>;
/// Keeps what was measured in an epoch.
pub type Record = Box<dyn Fn(&Epoch) -> Result<()>>;
/// Called after an epoch; false stops the run.
pub type OnEpoch = Box<dyn Fn(&Epoch) -> Result<bool>>;

/// A checkpoint to continue from.
#[derive(Clone, Debug)]
pub struct Resume {
    /// The state file, or the folder that holds it.
    pub path: PathBuf,
    /// Whether the script that wrote it runs again: then the script's own state is restored too.
    pub is_own: bool,
    /// What happens where the training is another than the one that wrote it.
    pub on_change: OnChange,
}

/// What happens where a checkpoint is of another training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// An error names what differs.
    Refuse,
    /// The training starts again, as it would in a run with the new settings; a line states why.
    Restart,
    /// The training continues; a warning names what differs.
    Warn,
}

/// State of a script that changes while it trains: what its functions have captured, what it counts
/// and reports.
pub trait Surroundings {
    /// The state as text, with hashes of tensors, and tensors.
    fn save(&self) -> Result<(serde_json::Value, Vec<(String, Tensor)>)>;
    /// What of the state before the training, `now`, differs from `began`, that before another
    /// training which ended with `ended`, so that neither can be restored.
    fn conflicts(
        &self,
        now: &serde_json::Value,
        began: &serde_json::Value,
        ended: &serde_json::Value,
    ) -> Vec<String>;
    /// Puts back what the training has changed between `began` and `ended`.
    fn restore(
        &self,
        began: &serde_json::Value,
        ended: &serde_json::Value,
        tensors: &[(String, Tensor)],
    ) -> Result<()>;
}

/// Everything a run is made of.
pub struct Plan {
    /// Rows to learn from.
    pub train: Dataset,
    /// Rows to watch.
    pub valid: Option<Dataset>,
    /// What is made small.
    pub loss: Loss,
    /// How parameters move.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Option<Schedule>,
    /// Rows in a batch.
    pub batch: usize,
    /// Passes at most.
    pub epochs: usize,
    /// Changes made to training rows.
    pub augment: Option<Arc<dyn Transform>>,
    /// The same as text; empty without any.
    pub augment_text: String,
    /// What is measured after each epoch.
    pub metrics: Vec<Metric>,
    /// When to stop early.
    pub stop: Option<EarlyStop>,
    /// Checkpoints.
    pub keep: Option<Keep>,
    /// Where parameters go when a run is interrupted or its loss is lost, if no checkpoints are
    /// kept.
    pub rescue: Option<PathBuf>,
    /// The checkpoint to continue from.
    pub resume: Option<Resume>,
    /// State of the script that a checkpoint holds beside that of the training.
    pub surroundings: Option<Box<dyn Surroundings>>,
    /// The largest common norm of gradients.
    pub clip: Option<f64>,
    /// The largest single gradient.
    pub clip_value: Option<f64>,
    /// How many bits the network works with while it trains.
    pub precision: Option<Precision>,
    /// Batches whose gradients are added up before a step.
    pub accumulate: usize,
    /// Weights of class 0, 1, ….
    pub class_weights: Option<Vec<f64>>,
    /// Whether a last, smaller batch is left out.
    pub drop_last: bool,
    /// Whether steps on a GPU are recorded once and done again.
    pub graph: bool,
    /// Seed of order, augmentation and dropout.
    pub seed: u64,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Whether progress is not shown.
    pub silent: bool,
    /// See [`OnInputs`].
    pub on_inputs: Option<OnInputs>,
    /// See [`OnBatch`].
    pub on_batch: Option<OnBatch>,
    /// See [`OnEpoch`].
    pub on_epoch: Option<OnEpoch>,
    /// See [`Record`]; epochs of a run that goes on come again.
    pub record: Option<Record>,
}

struct Run<'a> {
    model: &'a Model,
    plan: &'a Plan,
    optimizer: Optimizer,
    base_lr: f64,
    state: State,
    best: Option<Vec<(String, Tensor)>>,
    identity: Identity,
    /// State of the script before the training.
    before: serde_json::Value,
    clock: Clock,
    step: usize,
    recorder: Recorder,
    resident: Option<Resident>,
    /// The frozen layers that the network begins with, and which parameters learned when they were
    /// looked for.
    settled: Option<Settled>,
    learned: Option<Vec<bool>>,
    /// Whether it was said that the watched value is undefined.
    is_warned: bool,
    /// Seconds spent on checkpoints, and on everything.
    saving: f64,
    began: Instant,
}

/// Trains a model in place.
pub fn fit(model: &Model, plan: &Plan) -> Result<History> {
    check(plan)?;
    let loader = loader(plan, 0, false);
    let steps_per_epoch = loader.batches().div_ceil(plan.accumulate);
    let mut optimizer = plan.optimizer.over(model.parameters())?;
    let fresh = State {
        history: History {
            name: model.name().into(),
            ..History::default()
        },
        watch: Watch::default(),
        plateau: (1.0, Watch::default()),
    };
    let is_kept = plan.keep.as_ref().is_some_and(|keep| keep.last) || plan.resume.is_some();
    let identity = if is_kept {
        Identity::of(model, plan)?
    } else {
        Identity::default()
    };
    let before = match &plan.surroundings {
        Some(surroundings) if is_kept => surroundings.save()?.0,
        _ => serde_json::Value::Null,
    };
    let resumed = match &plan.resume {
        Some(resume) => {
            let surroundings = plan.surroundings.as_deref().map(|own| (own, &before));
            checkpoint::load_last(resume, &identity, model, &mut optimizer, surroundings)?
        }
        None => None,
    };
    let (state, best) = resumed.unwrap_or((fresh, None));
    // a script may have left gradients of its own, which are no part of the first step
    model.zero_grad()?;
    // recording needs a stream of its own, and steps before it the same one
    let _stream = if plan.graph {
        Some(Stream::enter(model.device())?)
    } else {
        None
    };
    let can_stay = graph::is_for(model.device()) && model.takes_codes() && plan.on_inputs.is_none();
    let resident = if can_stay {
        Resident::of(&loader, model.device())?
    } else {
        None
    };
    let is_recorded = plan.graph && graph::is_for(model.device());
    let was = model.set_training(true);
    let precision = plan
        .precision
        .map(|precision| model.set_precision(precision));
    let step = state.history.epochs.len() * steps_per_epoch;
    let clock = Clock::new(plan.epochs * steps_per_epoch, steps_per_epoch);
    let mut run = Run {
        model,
        plan,
        base_lr: optimizer.lr,
        optimizer,
        state,
        best,
        identity,
        before,
        clock,
        step,
        recorder: Recorder::new(is_recorded),
        resident,
        settled: None,
        learned: None,
        is_warned: false,
        saving: 0.0,
        began: Instant::now(),
    };
    let outcome = run.all();
    // what the script draws after a run does not depend on how many of its epochs ran in this
    // process
    device::seed(
        cistron_base::seed::Rng::keyed(&[
            plan.seed,
            0x656e_6465,
            run.state.history.epochs.len() as u64,
        ])
        .next_u64()
            >> 1,
    );
    model.set_training(was);
    precision.map(|precision| model.set_precision(precision));
    outcome?;
    Ok(run.state.history)
}

fn check(plan: &Plan) -> Result<()> {
    if plan.train.tasks() == 0 {
        bail!("data", "the training data have no label"; hint: "`data::table(path, #{{ sequence: \"…\", label: \"…\" }})`");
    }
    if plan.graph && (plan.accumulate > 1 || plan.on_inputs.is_some()) {
        let what = if plan.accumulate > 1 {
            "batches that are added up"
        } else {
            "an augmenter written in the script"
        };
        bail!("option", "a step with {what} cannot be recorded"; hint: "leave `graph` out");
    }
    check_labels(&plan.loss, &plan.train, "training")?;
    plan.valid
        .iter()
        .try_for_each(|valid| check_labels(&plan.loss, valid, "validation"))?;
    let binary = matches!(plan.loss.link, crate::loss::Link::Sigmoid);
    if binary && plan.train.positives().iter().all(|share| *share == 0.0) {
        bail!(
            "data",
            "the training data hold no positives: every label is 0"
        );
    }
    if binary && plan.train.positives().iter().all(|share| *share == 1.0) {
        bail!("data", "the training data hold no negatives: every label is 1"; hint: "`.with_shuffles(#{{ k: 2 }})` adds shuffles of each sequence as negatives");
    }
    Ok(())
}

/// Fails on labels that the loss has no meaning for.
fn check_labels(loss: &Loss, set: &Dataset, which: &str) -> Result<()> {
    let labels = set.all_labels();
    let Some(at) = loss.misfit(&labels) else {
        return Ok(());
    };
    let (row, task) = (at / set.tasks(), at % set.tasks());
    let task = if set.tasks() > 1 {
        format!(", task {task}")
    } else {
        String::new()
    };
    Err(loss.refuses(
        labels[at].into(),
        &format!(" in {} of the {which} data{task}", set.shown(row)),
    ))
}

fn loader(plan: &Plan, epoch: usize, is_elsewhere: bool) -> Loader {
    Loader {
        is_elsewhere,
        set: plan.train.clone(),
        batch: plan.batch,
        seed: Some(plan.seed),
        epoch: epoch as u64,
        transform: plan.augment.clone(),
        drop_last: plan.drop_last,
        threads: plan.loaders,
    }
}

impl Run<'_> {
    fn all(&mut self) -> Result<()> {
        self.warn_of_schedule();
        let progress = Progress::new(self.model.name(), self.plan.epochs, self.plan.silent);
        let mut why = format!("{} epochs done", self.plan.epochs);
        let first = self.state.history.epochs.len();
        if let Some(record) = &self.plan.record {
            self.state.history.epochs.iter().try_for_each(record)?;
        }
        let over = self.over();
        let left = if over.is_some() {
            first
        } else {
            self.plan.epochs
        };
        why = over.unwrap_or(why);
        for number in first..left {
            let outcome = self.epoch(number, &progress);
            let stopped = match outcome {
                Ok(stopped) => stopped,
                Err(fault) => {
                    // an error is printed where it ends the script, an interrupt here
                    let why = if fault.kind == "interrupted" {
                        ": interrupted"
                    } else {
                        ""
                    };
                    let kept = self.rescue(!why.is_empty())?;
                    progress.finish(&format!("stopped in epoch {}{why}{kept}", number + 1));
                    return Err(fault);
                }
            };
            if let Some(reason) = stopped {
                why = reason;
                break;
            }
        }
        let history = &mut self.state.history;
        if self.state.watch.best.is_some() {
            why += &format!(", best was epoch {}", history.best_epoch);
        }
        history.ended = why.clone();
        self.restore_best()?;
        progress.finish(&why);
        Ok(())
    }

    /// Warns where epochs that are done had other learning rates than a run of as many epochs as
    /// are planned now gives them.
    fn warn_of_schedule(&self) {
        let Some(schedule) = self.plan.schedule.as_ref() else {
            return;
        };
        let rate = |step: usize| {
            self.base_lr
                * schedule
                    .at(&Clock {
                        step: step as f64,
                        ..self.clock
                    })
                    .factor
                * self.state.plateau.0
        };
        let Some(last) = self.state.history.epochs.last() else {
            return;
        };
        let Some((_, was)) = last.values.iter().find(|(name, _)| name == "lr") else {
            return;
        };
        let is = rate(self.step.saturating_sub(1));
        if schedule.plateau().is_none() && (was - is).abs() > 1e-9 * was.abs().max(is.abs()) {
            let (done, all) = (last.epoch, self.plan.epochs);
            say::line(&format!(
                "warning: the schedule gives epoch {done} of {all} a learning rate of {is:.3e}; the run that goes on had {was:.3e}: its numbers are not those of a run of {all} epochs from the start"
            ));
        }
    }

    /// Why a run that goes on was over already.
    fn over(&self) -> Option<String> {
        let last = self.state.history.epochs.last()?.epoch;
        let ended = &self.state.history.ended;
        if ended.starts_with("stopped by") {
            Some(ended.clone())
        } else {
            self.stopped_early(last)
        }
    }

    fn stopped_early(&self, number: usize) -> Option<String> {
        let stop = self
            .plan
            .stop
            .as_ref()
            .filter(|stop| self.state.watch.since >= stop.patience)?;
        let why = match self
            .state
            .history
            .epochs
            .last()
            .and_then(|epoch| epoch.get(&stop.monitor))
        {
            Some(value) if value.is_nan() => format!(
                "is undefined (NaN){}, which counts as no gain, ",
                self.undefined(&stop.monitor)
            ),
            _ => "did not improve ".into(),
        };
        Some(format!(
            "stopped early after epoch {number}: {} {why}for {} epochs",
            stop.monitor, self.state.watch.since
        ))
    }

    /// Why a measured value is undefined, as far as its labels tell: `: every label is 1`.
    fn undefined(&self, name: &str) -> String {
        let set = if name.starts_with("valid.") {
            self.plan.valid.as_ref()
        } else {
            Some(&self.plan.train)
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

    /// Says once that the watched value is undefined.
    fn warn_undefined(&mut self, name: &str, value: f64, larger: bool) {
        if value.is_nan() && !self.is_warned && !self.plan.silent {
            self.is_warned = true;
            let other = if larger {
                "valid.loss"
            } else {
                "another value"
            };
            say::line(&format!(
                "warning: {name} is undefined (NaN){}; no epoch counts as a gain: watch {other}, or give rows of both labels",
                self.undefined(name)
            ));
        }
    }

    /// Puts the best epoch's parameters back where that was asked for.
    fn restore_best(&mut self) -> Result<()> {
        let restore = self.plan.stop.as_ref().map_or(
            self.plan.keep.as_ref().is_some_and(|keep| keep.best),
            |stop| stop.restore,
        );
        match &self.best {
            Some(best) if restore => self.model.load_state(best),
            _ => Ok(()),
        }
    }

    /// Saves what there is when a run breaks off: the best epoch, else the parameters as they are.
    fn rescue(&mut self, interrupted: bool) -> Result<String> {
        if let Some(keep) = self
            .plan
            .keep
            .as_ref()
            .filter(|keep| keep.asked || keep.best)
            && !self.state.history.epochs.is_empty()
        {
            return Ok(format!("; checkpoints are in {}", keep.folder.display()));
        }
        let Some(path) = &self.plan.rescue else {
            return Ok(String::new());
        };
        self.restore_best()?;
        if !interrupted && self.best.is_none() {
            return Ok(String::new()); // parameters of a lost run are worth nothing
        }
        self.model.save(path)?;
        Ok(format!("; parameters are in {}", path.display()))
    }

    /// One pass; a reason where it is the last.
    fn epoch(&mut self, number: usize, progress: &Progress) -> Result<Option<String>> {
        let plan = self.plan;
        let started = Instant::now();
        // each epoch has its own random numbers, so that a resumed run draws the same ones
        device::seed(
            cistron_base::seed::Rng::keyed(&[plan.seed, 0x64726f70, number as u64]).next_u64() >> 1,
        );
        self.settle(number)?;
        let loader = loader(
            plan,
            number,
            self.resident.is_some() || self.settled.is_some(),
        );
        let batches = loader.batches();
        progress.begin(number + 1, batches);
        self.model.set_training(true);
        self.recorder.watch(&mut self.optimizer)?;
        let (mut loss_sum, mut seen) = (0.0, 0usize);
        let (mut outputs, mut labels) = (Vec::new(), Vec::new());
        let keep_outputs = plan.valid.is_none() && !plan.metrics.is_empty();
        for (i, batch) in loader.start().enumerate() {
            interrupt::check()?;
            let batch = batch?;
            let last_of_group = (i + 1) % plan.accumulate == 0 || i + 1 == batches;
            let group = plan
                .accumulate
                .min(batches - i / plan.accumulate * plan.accumulate);
            let (loss, out, truth) = self.batch(&batch, group, last_of_group, number)?;
            loss_sum += loss * batch.size as f64;
            seen += batch.size;
            if keep_outputs {
                outputs.push(out.detach()?.to_device(Device::CPU)?);
                labels.extend(truth.to_f32()?);
            }
            progress.batch(
                loss_sum / seen as f64,
                seen as f64 / started.elapsed().as_secs_f64(),
            );
            if let Some(call) = &plan.on_batch
                && !call(number + 1, self.step, loss)?
            {
                return Ok(Some("stopped by on_batch".into()));
            }
        }
        let trained = started.elapsed().as_secs_f64();
        let mut epoch = Epoch {
            epoch: number + 1,
            values: vec![("train.loss".into(), loss_sum / seen as f64)],
            seconds: 0.0,
            speed: seen as f64 / trained,
        };
        if keep_outputs {
            let labels = Tensor::from_f32(&labels, &[seen as i64, plan.train.tasks() as i64])?;
            let is_mixed = plan.augment.is_some() || plan.on_inputs.is_some();
            let scores = evaluate::measure(
                &Tensor::cat(&outputs, 0)?,
                &labels,
                plan.loss.link,
                &plan.metrics,
                is_mixed,
            )?;
            epoch.values.extend(
                scores
                    .into_iter()
                    .map(|(name, value, _)| (format!("train.{name}"), value)),
            );
        }
        if let Some(valid) = &plan.valid {
            let rows = plan.batch.max(256);
            let outputs = match &self.settled {
                Some(settled) => settled.watched(rows)?,
                None => evaluate::predict(self.model, valid, rows, false)?,
            };
            let (loss, scores) = evaluate::judge(
                &outputs,
                valid,
                Some(&plan.loss),
                plan.loss.link,
                &plan.metrics,
            )?;
            epoch
                .values
                .extend(loss.map(|loss| ("valid.loss".to_string(), loss)));
            epoch.values.extend(
                scores
                    .into_iter()
                    .map(|(name, value, _)| (format!("valid.{name}"), value)),
            );
        }
        epoch.values.push(("lr".into(), self.optimizer.lr));
        epoch.seconds = started.elapsed().as_secs_f64();
        self.close(epoch, progress)
    }

    /// The part of the network that batches go through.
    fn learning(&self) -> &Model {
        self.settled
            .as_ref()
            .map_or(self.model, |settled| &settled.behind)
    }

    /// Looks for frozen layers that the network begins with, in the first epoch and wherever what
    /// is frozen has changed.
    fn settle(&mut self, epoch: usize) -> Result<()> {
        let (model, plan) = (self.model, self.plan);
        let changes = plan.augment.is_some() || plan.on_inputs.is_some() || plan.on_batch.is_some();
        if changes
            || !model.is_fast()
            || plan.train.is_redrawn()
            || plan.valid.as_ref().is_some_and(Dataset::is_redrawn)
        {
            return Ok(());
        }
        let learns: Vec<bool> = model
            .parameters()
            .iter()
            .map(|(_, own)| own.is_grad_on())
            .collect();
        let known = self.learned.as_ref() == Some(&learns)
            && self.settled.as_ref().map_or(Ok(true), Settled::holds)?;
        if !known {
            let is_worth_it = epoch + 1 < plan.epochs && learns.contains(&false);
            self.settled = if is_worth_it {
                Settled::of(model, &plan.train, plan.valid.as_ref(), plan.batch.max(256))?
            } else {
                None
            };
            self.learned = Some(learns);
            model.set_training(true);
        }
        Ok(())
    }

    /// Forward, backward and, at the end of a group, a step.
    fn batch(
        &mut self,
        batch: &Batch,
        group: usize,
        last_of_group: bool,
        epoch: usize,
    ) -> Result<(f64, Tensor, Tensor)> {
        let plan = self.plan;
        if self.recorder.is_ready() && batch.size == plan.batch {
            return self.recorded_batch(batch, epoch);
        }
        let device = self.model.device();
        let (mut x, mut y) = (
            self.inputs(batch, self.model.reads_codes() && plan.on_inputs.is_none())?,
            feed::labels(batch, device)?,
        );
        if let Some(change) = &plan.on_inputs {
            (x, y) = change(x, y)?;
        }
        let output = self.learning().forward(&x)?.one()?.clone();
        let loss = plan.loss.of(&output, &y, plan.class_weights.as_deref())?;
        let value = loss.item()?;
        if self.step == 0 || last_of_group {
            self.set_rate();
        }
        let share = if group > 1 {
            loss.div_number(group as f64)?
        } else {
            loss
        };
        if !value.is_finite() {
            return Err(self.lost(&share, value, epoch));
        }
        share.backward()?;
        if last_of_group {
            // gradients scaled by their norm alone are scaled by the step as it reads them
            let factor = clip::both(&self.optimizer.gradients(), plan.clip, plan.clip_value)?;
            self.optimizer.step(&factor)?;
            self.optimizer.zero_grad()?;
            self.step += 1;
            self.recorder.done += 1;
        }
        Ok((value, output, y))
    }

    /// The same as one recorded piece.
    fn recorded_batch(&mut self, batch: &Batch, epoch: usize) -> Result<(f64, Tensor, Tensor)> {
        let (model, plan) = (&self.learning().clone(), self.plan);
        let (x, y) = (
            self.inputs(batch, model.takes_codes())?,
            feed::labels(batch, model.device())?,
        );
        if let Shape::One(output) = model.output() {
            plan.loss.accepts(&batch.labels, output)?;
        }
        self.set_rate();
        let Plan {
            loss,
            clip,
            clip_value,
            ..
        } = plan;
        let work = Work {
            model,
            loss,
            weights: plan.class_weights.as_deref(),
            clip: *clip,
            clip_value: *clip_value,
            optimizer: &mut self.optimizer,
        };
        let (loss, output) = self.recorder.step(work, &x, &y, plan.silent)?;
        let value = loss.item()?;
        if !value.is_finite() {
            return Err(self.lost(&loss, value, epoch));
        }
        self.step += 1;
        Ok((value, output, y))
    }

    /// The inputs of a batch, as codes where the network takes them so, or on the network's device.
    fn inputs(&self, batch: &Batch, takes_codes: bool) -> Result<Value> {
        match (&self.settled, &self.resident) {
            (Some(settled), _) => settled.inputs(batch).map(Value::One),
            (None, Some(resident)) => resident.inputs(batch).map(Value::One),
            (None, None) => feed::inputs(batch, self.model.device(), takes_codes),
        }
    }

    fn set_rate(&mut self) {
        if let Some(schedule) = &self.plan.schedule {
            let point = schedule.at(&Clock {
                step: self.step as f64,
                ..self.clock
            });
            self.optimizer.lr = self.base_lr * point.factor * self.state.plateau.0;
            if let Some(momentum) = point.momentum {
                self.optimizer.set_momentum(momentum);
            }
        }
    }

    /// The fault of a loss that is not finite.
    fn lost(&self, loss: &Tensor, value: f64, epoch: usize) -> cistron_base::Fault {
        loss.backward().ok();
        let bad_gradient = self
            .optimizer
            .parameters()
            .iter()
            .find(|(_, p)| p.grad().is_some_and(|g| not_finite(&g)));
        let bad_parameter = self
            .optimizer
            .parameters()
            .iter()
            .find(|(_, p)| not_finite(p));
        let whose = match (bad_gradient, bad_parameter) {
            (Some((name, _)), _) => {
                format!("; the first gradient that is not finite is that of `{name}`")
            }
            (None, Some((name, _))) => format!("; parameter `{name}` is not finite"),
            _ => String::new(),
        };
        fault!("not_finite", "the loss is {value} at step {} (epoch {}), learning rate {:.3e}{whose}", self.step + 1, epoch + 1, self.optimizer.lr;
            hint: "lower the learning rate, clip gradients with `clip: 1.0`, or look for labels and inputs that are not finite")
    }

    /// Records an epoch: best, checkpoints, plateau, early stop.
    fn close(&mut self, epoch: Epoch, progress: &Progress) -> Result<Option<String>> {
        let plan = self.plan;
        let number = epoch.epoch;
        let watched = plan
            .stop
            .as_ref()
            .map(|stop| (stop.monitor.clone(), stop.larger, stop.min_delta));
        let watched = watched.or_else(|| {
            plan.keep
                .as_ref()
                .filter(|keep| keep.best)
                .map(|_| default_watch(&epoch))
        });
        let mut is_best = false;
        if let Some((name, larger, min_delta)) = watched {
            let value = stop::watched(&epoch.values, &name)?;
            self.warn_undefined(&name, value, larger);
            is_best = self.state.watch.see(number, value, larger, min_delta);
            self.state.history.watched = Some(name);
            self.state.history.best_value = self.state.watch.best;
        }
        if is_best {
            self.best = Some(self.model.snapshot()?);
        }
        let watching = self.state.history.watched.is_some();
        self.state.history.best_epoch = if watching {
            self.state.watch.best_epoch
        } else {
            number
        };
        if let Some(plateau) = plan.schedule.as_ref().and_then(Schedule::plateau) {
            self.watch_plateau(plateau, &epoch)?;
        }
        self.state.history.epochs.push(epoch.clone());
        let mean = self.state.history.seconds() / self.state.history.epochs.len() as f64;
        progress.end(&epoch, is_best, mean * (plan.epochs - number) as f64);
        let stopped = match &plan.on_epoch {
            Some(call) if !call(&epoch)? => {
                Some(format!("stopped by on_epoch after epoch {number}"))
            }
            _ => self.stopped_early(number),
        };
        self.state.history.ended = stopped.clone().unwrap_or_default();
        self.keep(is_best, stopped.is_some() || number == plan.epochs)?;
        if let Some(record) = &plan.record {
            record(&epoch)?;
        }
        Ok(stopped)
    }

    /// Writes checkpoints. Those that nobody asked for take at most a twentieth of the time, but
    /// the last is always written.
    fn keep(&mut self, is_best: bool, is_last: bool) -> Result<()> {
        let Some(keep) = &self.plan.keep else {
            return Ok(());
        };
        if keep.best && is_best {
            self.model.save(&keep.folder.join("best.safetensors"))?;
        }
        let affordable = self.saving <= 0.05 * self.began.elapsed().as_secs_f64();
        if keep.last && (keep.asked || is_last || affordable) {
            let started = Instant::now();
            let kept = Kept {
                identity: &self.identity,
                state: &self.state,
                best: self.best.as_deref(),
                began: &self.before,
                surroundings: self.plan.surroundings.as_deref(),
            };
            checkpoint::save_last(keep, self.model, &self.optimizer, &kept)?;
            self.saving += started.elapsed().as_secs_f64();
        }
        Ok(())
    }

    fn watch_plateau(&mut self, plateau: &Plateau, epoch: &Epoch) -> Result<()> {
        let value = stop::watched(&epoch.values, &plateau.monitor)?;
        let (factor, watch) = &mut self.state.plateau;
        let margin = watch
            .best
            .map_or(0.0, |best| best.abs() * plateau.threshold);
        watch.see(epoch.epoch, value, plateau.larger, margin);
        if watch.since > plateau.patience {
            *factor = (*factor * plateau.factor).max(plateau.lowest);
            watch.since = 0;
        }
        Ok(())
    }
}

/// What is watched where nothing was named: the first validation metric, else a loss.
fn default_watch(epoch: &Epoch) -> (String, bool, f64) {
    let names = epoch.values.iter().map(|(name, _)| name.as_str());
    let metric = names
        .clone()
        .find(|name| name.starts_with("valid.") && *name != "valid.loss");
    let name = metric
        .or_else(|| names.clone().find(|name| *name == "valid.loss"))
        .unwrap_or("train.loss")
        .to_string();
    let larger = stop::larger_is_better(&name);
    (name, larger, 0.0)
}

fn not_finite(tensor: &Tensor) -> bool {
    let _guard = grad::no_grad();
    tensor
        .isfinite()
        .and_then(|finite| finite.all(&None, false))
        .and_then(|all| all.item())
        .is_ok_and(|all| all == 0.0)
}
