//! The options of trainings.

use crate::base::Result;
use crate::bind::args::augment::customised;
use crate::bind::args::average::AverageArgument;
use crate::bind::args::checkpoint::Stored;
use crate::bind::args::gradients::GradientOptions;
use crate::bind::args::loss::of_closure;
use crate::bind::args::network::PrecisionName;
use crate::bind::args::networks::{OptimizerArgument, step_function};
use crate::bind::args::numbers::number_map;
use crate::bind::args::optim;
use crate::bind::args::schedule::{self, ScheduleArgument};
use crate::bind::args::tensor::tensor_of;
use crate::bind::args::training::MetricList;
use crate::bind::script_state::ScriptState;
use crate::bind::types::{Augmenter, Data};
use crate::data::{Batching, Dataset};
use crate::lang::value::mismatch;
use crate::lang::{Callback, FromOptions, FromValue, Given, Options, session};
use crate::nn::loss::{Link, Loss, LossKind};
use crate::optim::Optimizer;
use crate::train::checkpoint;
use crate::train::settings::{
    CheckpointPolicy, OnBatch, OnChange, OnEpoch, OnInputs, OnRows, OnSampling, Record,
    RecordValidation, Resume,
};
use crate::train::step_call::CustomStep;
use crate::train::{EarlyStop, FitSettings, Networks};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::path::PathBuf;

/// Options of `train::fit`.
#[derive(Options)]
pub struct FitOptions {
    /// Training rows, or a function |epoch| of the epoch from 1 that returns those of the epoch: as
    /// many in every epoch, and the same ones whenever it is called with an epoch.
    train: TrainingRows,
    /// Validation rows, on which loss and metrics are computed after each epoch.
    valid: Option<Data>,
    /// Loss to minimise, or a function |outputs, labels| that computes it; `loss::heads` for a
    /// model of several outputs, `loss::batch` for a function that also sees the inputs.
    /// Required unless there is a `step`, where it only states what `outputs` are (logits of
    /// `loss::bce_with_logits()`).
    pub loss: Option<LossArgument>,
    /// Optimizer; its state is initialised again. Of several models each has a copy, or its own in
    /// a map of optimizers; models that the map leaves out are frozen and in evaluation mode.
    optimizer: OptimizerArgument,
    /// Function |net, batch, info| that computes the losses of a batch, instead of `loss`; of
    /// several models, `net` is their map. It returns `#{ loss: tensor }`, minimised over all
    /// models, or `#{ losses: #{ name: tensor } }`, each minimised over the model of that name; or
    /// it calls `info.update(name, loss)`. Other numbers in the map are recorded as `train.NAME`;
    /// `outputs` are what metrics are computed from. Rows of `valid` pass through it too, without
    /// gradients and with `info.is_training` false: means over rows are recorded as `valid.NAME`.
    step: Option<Callback>,
    /// Schedule of the learning rate, or a function |t| that returns its factor; see
    /// schedule::custom.
    schedule: Option<ScheduleArgument>,
    /// Average of the parameters that is evaluated and kept: "ema", "swa" or train::average(…).
    average: Option<AverageArgument>,
    /// Rows per batch; of a mix of datasets the sum of its `each`.
    #[option(default = 64, min = 1)]
    batch: Given<usize>,
    /// Largest number of passes over the training rows.
    #[option(default = 10, min = 1)]
    epochs: usize,
    /// Augmenter of training rows.
    augment: Option<Augmenter>,
    /// Metrics to compute after each epoch, on `valid` (on `train` where there is none): an array,
    /// or a map of arrays by output for a model of several.
    #[option(default = [])]
    metrics: MetricList,
    /// Number of steps after which loss and metrics of `valid` are also computed within epochs;
    /// `stop` and the best checkpoint count these validations too.
    #[option(min = 1)]
    validate_every: Option<usize>,
    /// Rule for early stopping; see train::early_stop.
    stop: Option<EarlyStop>,
    /// Parameters to store in `checkpoints/<model>/` (a second training of that name:
    /// `<model>-2`; in a trial of a search: `<file>/<trial>/<model>`): "none", "best", "last" or
    /// "both". "last" can be resumed; with "best" the parameters of the best epoch are restored at
    /// the end. A map has more: `#{ best: ["valid.auroc", "valid.loss"], last: true, every:
    /// "500 steps" }` stores the best by each value (the first is the one that is restored) and
    /// the state within epochs, every so many steps or "10 min".
    #[option(default = "none")]
    checkpoint: Stored,
    /// Folder of checkpoints to continue from, bit for bit on the CPU; differences from the
    /// training that wrote it are reported as a warning.
    resume: Option<String>,
    #[option(flatten)]
    gradients: GradientOptions,
    /// Precision of operations during training: f32, bf16 (convolutions and matrix products in
    /// bfloat16; on a CPU without instructions for it f32, which is reported) or tf32 (on GPUs);
    /// that of the network unless given.
    amp: Option<PrecisionName>,
    /// Number of batches whose gradients are added up for one step.
    #[option(default = 1, min = 1)]
    accumulate: usize,
    /// Weights of classes 0, 1, … in the loss.
    class_weights: Option<Vec<f64>>,
    /// Whether a smaller batch at the end of an epoch is dropped.
    #[option(default = false)]
    drop_last: bool,
    /// Whether a training step is captured as a CUDA graph and replayed (GPU only), which is faster
    /// for networks of many small layers. Functions of the script in the network or the loss run
    /// only during the capture.
    #[option(default = false)]
    graph: bool,
    /// Seed of row order, augmentation and dropout; the run's seed unless given.
    seed: Option<u64>,
    /// Threads that prepare batches; results do not depend on it.
    #[option(min = 1, max = 64)]
    loaders: Option<usize>,
    /// Whether progress is shown.
    #[option(default = true)]
    progress: bool,
    /// Function |epoch| of the epoch from 1 that returns a weight for each training row, as an
    /// array or a tensor: the rows of the epoch are drawn in proportion to it, with replacement.
    sampling: Option<Callback>,
    /// Function |info| called after each batch with #{ epoch, step, loss }; false ends the
    /// training.
    on_batch: Option<Callback>,
    /// Function |info| called after each epoch with the measured values; false ends the training.
    on_epoch: Option<Callback>,
}

/// Training rows.
pub enum TrainingRows {
    /// The same in every epoch.
    Same(Data),
    /// Those that a function |epoch| returns.
    ByEpoch(Callback),
}

impl FromValue for TrainingRows {
    fn kind() -> String {
        "dataset, or a function |epoch| that returns one".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(TrainingRows::ByEpoch);
        }
        let rows = value.read_lock::<Data>().map(|rows| rows.clone());
        rows.map(TrainingRows::Same)
            .ok_or_else(|| mismatch(&Self::kind(), value))
    }
}

impl TrainingRows {
    /// The rows of the first epoch, and those of each where they differ.
    fn first(&self) -> Result<(Dataset, Option<OnRows>)> {
        match self {
            TrainingRows::Same(rows) => Ok(((*rows.0).clone(), None)),
            TrainingRows::ByEpoch(function) => {
                let function = function.clone();
                let rows_in = move |epoch: usize| {
                    let rows = function.call(vec![(epoch as i64).into()])?;
                    let rows = rows.read_lock::<Data>().map(|rows| (*rows.0).clone());
                    rows.ok_or_else(|| {
                        fault!("type", "the function of `train` must return a dataset")
                    })
                };
                Ok((rows_in(1)?, Some(Box::new(rows_in))))
            }
        }
    }
}

/// A loss, or a function of the script that computes one.
pub enum LossArgument {
    /// A loss.
    Loss(Loss),
    /// A function |outputs, labels|.
    Function(Callback),
}

impl FromValue for LossArgument {
    fn kind() -> String {
        "loss, or a function |outputs, labels| number".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(LossArgument::Function);
        }
        let loss = value.read_lock::<Loss>().map(|loss| loss.clone());
        loss.map(LossArgument::Loss).ok_or_else(|| {
            fault!(
                "option",
                "must be a loss or a function, got {}",
                session::describe(value)
            )
        })
    }
}

/// A model's name as part of a path.
fn file_name(name: &str) -> String {
    // neither the folder itself nor its parent
    if name.chars().all(|c| c == '.') {
        return "_".repeat(name.len().max(1));
    }
    name.chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn stops(answer: &Dynamic) -> bool {
    answer.as_bool() == Ok(false)
}

/// The checkpoints that a training stores, and the one it continues from.
#[derive(Default)]
pub struct Storage {
    /// The checkpoints to write.
    pub policy: Option<CheckpointPolicy>,
    /// The checkpoint to continue from.
    pub resume: Option<Resume>,
}

/// The next training of networks of a name: where its checkpoints are.
pub fn storage_of(name: &str, checkpoint: Stored, resume: Option<&str>) -> Result<Storage> {
    let settings = session::settings();
    let name = session::checkpoint_folder(&file_name(name));
    let given = resume.map(session::find_input).transpose()?;
    let Stored {
        best,
        best_by,
        last: is_last_requested,
        every,
    } = checkpoint;
    // a run directory always has what is needed to continue
    let last = is_last_requested || every.is_some() || settings.run_dir.is_some();
    // without checkpoints nothing is written, and a sandbox need not allow it
    let folder = match &given {
        Some(path) if path.is_dir() && settings.run_dir.is_none() => path.clone(),
        _ if best || last || settings.resume => session::place_checkpoints(&name)?,
        _ => PathBuf::new(),
    };
    let state = folder.join(checkpoint::STATE);
    let policy = (best || last).then_some(CheckpointPolicy {
        folder,
        best,
        best_by,
        last,
        is_last_requested,
        every,
    });
    if settings.resume && state.exists() {
        let on_change = match () {
            () if settings.may_differ => OnChange::Warn,
            () if settings.starts_again => OnChange::Restart,
            () => OnChange::Refuse,
        };
        let resume = Some(Resume {
            path: state,
            is_own: true,
            on_change,
        });
        return Ok(Storage { policy, resume });
    }
    let resume = given.map(|path| Resume {
        path,
        is_own: false,
        on_change: OnChange::Warn,
    });
    Ok(Storage { policy, resume })
}

/// A row of the metrics of a run.
fn row_of(name: &str, epoch: serde_json::Value, values: &[(String, f64)]) -> serde_json::Value {
    let mut row =
        serde_json::Map::from_iter([("model".to_string(), name.into()), ("epoch".into(), epoch)]);
    let trial = session::trial();
    if !trial.is_empty() {
        row.insert("trial".into(), trial.into());
    }
    row.extend(
        values
            .iter()
            .map(|(name, value)| (name.clone(), (*value).into())),
    );
    row.into()
}

/// Records the values of each epoch in the run.
pub fn record_of(name: &str) -> Record {
    let name = name.to_string();
    Box::new(move |epoch| {
        let mut row = row_of(&name, epoch.epoch.into(), &epoch.values);
        row["seconds"] = epoch.seconds.into();
        session::record(&session::Event::Epoch(&row))
    })
}

/// Records the values of each validation within an epoch in the run.
fn record_validation_of(name: &str) -> RecordValidation {
    let name = name.to_string();
    Box::new(move |validation| {
        let mut row = row_of(&name, validation.epoch.into(), &validation.values);
        row["step"] = validation.step.into();
        session::record(&session::Event::Epoch(&row))
    })
}

fn on_batch(function: Callback) -> OnBatch {
    Box::new(move |epoch, step, loss| {
        let info = Map::from([
            ("epoch".into(), (epoch as i64).into()),
            ("step".into(), (step as i64).into()),
            ("loss".into(), loss.into()),
        ]);
        Ok(!stops(&function.call(vec![info.into()])?))
    })
}

fn on_epoch(function: Callback) -> OnEpoch {
    Box::new(move |epoch| {
        let mut info = number_map(epoch.values.clone());
        info.insert("epoch".into(), (epoch.epoch as i64).into());
        Ok(!stops(&function.call(vec![info.into()])?))
    })
}

fn on_sampling(function: Callback) -> OnSampling {
    Box::new(move |epoch| {
        let weights = function.call(vec![(epoch as i64).into()])?;
        let weights = tensor_of(&weights)
            .map_err(|fault| fault.context("the weights that `sampling` returns"))?;
        weights.to_f64()
    })
}

/// Rows per batch: those of a mix, which the option may only repeat.
fn batch_of(set: &Dataset, batch: &Given<usize>) -> Result<usize> {
    match &set.mix {
        Some(mix) if batch.is_given && **batch != mix.batch() => {
            bail!("option", "the batches of this mix have {} rows, `batch` is {}", mix.batch(),
                **batch; hint: "leave `batch` out; `each` of `data::mix` determines it")
        }
        Some(mix) => Ok(mix.batch()),
        None if set.batching == Some(Batching::One) => {
            if batch.is_given && **batch != 1 {
                bail!("option", "batches of this dataset have one row, `batch` is {}", **batch;
                    hint: "leave `batch` out, `accumulate: {}` adds up the gradients of as many \
                        rows for one step", **batch);
            }
            Ok(1)
        }
        None => Ok(**batch),
    }
}

/// The optimizer of a training without a step function; with one, the first of several.
fn optimizer_of(
    networks: &Networks,
    argument: &OptimizerArgument,
    has_step: bool,
) -> Result<Optimizer> {
    let is_one = matches!(argument, OptimizerArgument::One(_)) && !networks.are_named();
    let first = argument.of(networks).into_iter().next();
    match first {
        Some((_, optimizer)) if has_step || is_one => Ok(optimizer),
        _ => bail!("option", "several models or optimizers need the option `step`";
            hint: "`step: |nets, batch, info| #{{ losses: #{{ … }} }}`"),
    }
}

/// The settings of a training of networks.
pub fn settings_of(networks: &Networks, options: FitOptions) -> Result<FitSettings> {
    let (checkpoint, resume) = (options.checkpoint.clone(), options.resume.as_deref());
    let storage = storage_of(&networks.title(), checkpoint, resume)?;
    settings_with(networks, options, storage)
}

fn settings_with(
    networks: &Networks,
    options: FitOptions,
    storage: Storage,
) -> Result<FitSettings> {
    let title = networks.title();
    let settings = session::settings();
    let (augment, augment_text, custom) = match options.augment {
        Some(augmenter) => (Some(augmenter.step), augmenter.text, augmenter.custom),
        None => (None, String::new(), Vec::new()),
    };
    let mut callbacks = custom.clone();
    let (train, train_in) = options.train.first()?;
    if let TrainingRows::ByEpoch(function) = &options.train {
        callbacks.push(function.clone());
    }
    callbacks.extend(options.sampling.clone());
    callbacks.extend(options.on_batch.clone());
    callbacks.extend(options.on_epoch.clone());
    callbacks.extend(options.step.clone());
    let loss = match (options.loss, &options.step) {
        (Some(LossArgument::Loss(loss)), _) => loss,
        (Some(LossArgument::Function(function)), _) => {
            callbacks.push(function.clone());
            of_closure(function, Link::Identity)
        }
        // outputs of a step are predictions unless a loss states otherwise
        (None, Some(_)) => Loss::new("step", Link::Identity, LossKind::Mse),
        (None, None) => bail!("option", "`train::fit` needs the option `loss`: {}",
            LossArgument::kind(); hint: "or `step`, a function that computes the loss"),
    };
    let schedule = options.schedule.map(|schedule| schedule.0);
    callbacks.extend(schedule.iter().flat_map(schedule::functions_of));
    let optimizers = options.optimizer.of(networks);
    callbacks.extend(
        optimizers
            .iter()
            .flat_map(|(_, own)| optim::functions_of(own)),
    );
    let optimizer = optimizer_of(networks, &options.optimizer, options.step.is_some())?;
    let step = options.step.map(|function| CustomStep {
        function: step_function(function, networks),
        optimizers,
    });
    let on_inputs = (!custom.is_empty())
        .then(|| -> OnInputs { Box::new(move |x, y| customised(x, y, &custom)) });
    let batch = batch_of(&train, &options.batch)?;
    let interrupted = format!("{}.interrupted.safetensors", file_name(&title));
    Ok(FitSettings {
        train,
        train_in,
        valid: options.valid.map(|data| (*data.0).clone()),
        loss,
        optimizer,
        step,
        learning_rates: options.optimizer.learning_rates(networks),
        schedule,
        average: options.average.map(|average| average.0),
        batch,
        sampling: options.sampling.map(on_sampling),
        epochs: options.epochs,
        augment,
        augment_text,
        host_state: Some(Box::new(ScriptState::new(callbacks))),
        metrics: options.metrics.0,
        validate_every: options.validate_every,
        stop: options.stop,
        checkpoints: storage.policy,
        rescue: settings
            .run_dir
            .as_ref()
            .map(|dir| dir.join("checkpoints").join(interrupted)),
        resume: storage.resume,
        clip: options.gradients.clip,
        clip_value: options.gradients.clip_value,
        clip_adaptive: options.gradients.adaptive(),
        noise: options.gradients.noise(),
        precision: options.amp.map(Into::into),
        accumulate: options.accumulate,
        class_weights: options.class_weights,
        drop_last: options.drop_last,
        graph: options.graph,
        seed: options.seed.unwrap_or(settings.seed),
        loaders: options.loaders.unwrap_or(settings.loaders),
        is_silent: settings.is_without_progress() || !options.progress,
        on_inputs,
        on_batch: options.on_batch.map(on_batch),
        on_epoch: options.on_epoch.map(on_epoch),
        record: Some(record_of(&title)),
        record_validation: Some(record_validation_of(&title)),
    })
}

/// The settings of a rehearsal: one epoch on a few rows, of which nothing is stored.
pub fn few(settings: FitSettings) -> FitSettings {
    FitSettings {
        sampling: None,
        train_in: None,
        train: settings.train.few(),
        valid: settings.valid.as_ref().map(Dataset::few),
        epochs: 1,
        checkpoints: None,
        resume: None,
        record: None,
        record_validation: None,
        ..settings
    }
}

/// The options of a training, as an argument of functions that try its steps.
pub struct FitPlan(FitOptions);

impl FromValue for FitPlan {
    fn kind() -> String {
        "map of options of train::fit".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let options = Options::new("train::fit", FitOptions::table(), map, context)?;
        FitOptions::from_options(&options).map(FitPlan)
    }
}

impl FitPlan {
    /// The settings, of which nothing is stored or shown.
    pub fn settings(self, networks: &Networks) -> Result<FitSettings> {
        let settings = settings_with(networks, self.0, Storage::default())?;
        Ok(FitSettings {
            rescue: None,
            host_state: None,
            accumulate: 1,
            is_silent: true,
            on_batch: None,
            on_epoch: None,
            record: None,
            record_validation: None,
            ..settings
        })
    }
}
