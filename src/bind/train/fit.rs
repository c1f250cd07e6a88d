//! `train::…`: training and evaluation.

use crate::base::Result;
use crate::bind::args::augment::customised;
use crate::bind::args::checkpoint::Stored;
use crate::bind::args::loss::of_closure;
use crate::bind::args::network::PrecisionName;
use crate::bind::args::numbers::number_map;
use crate::bind::args::tensor::tensor_of;
use crate::bind::args::training::MetricList;
use crate::bind::script_state::ScriptState;
use crate::bind::types::{Augmenter, Data, Optim};
use crate::bind::warnings::warn;
use crate::data::{Batching, Dataset, duplicates};
use crate::lang::{Callback, FromValue, Given, Native, Options, native, natives_of, session};
use crate::nn::Model;
use crate::nn::loss::{Link, Loss};
use crate::optim::Schedule;
use crate::train::checkpoint;
use crate::train::settings::{
    CheckpointPolicy, OnBatch, OnChange, OnEpoch, OnInputs, OnSampling, Record, RecordValidation,
    Resume,
};
use crate::train::{self, EarlyStop, FitSettings, History};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::path::PathBuf;

/// Options of `train::fit`.
#[derive(Options)]
pub struct FitOptions {
    /// Training rows.
    train: Data,
    /// Validation rows, on which loss and metrics are computed after each epoch.
    valid: Option<Data>,
    /// Loss to minimise, or a function |outputs, labels| that computes it; `loss::heads` for a model
    /// of several outputs, `loss::batch` for a function that also sees the inputs.
    loss: LossArgument,
    /// Optimizer; its state is initialised again.
    optimizer: Optim,
    /// Schedule of the learning rate.
    schedule: Option<Schedule>,
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
    /// Largest joint L2 norm of the gradients.
    #[option(min = 0)]
    clip: Option<f64>,
    /// Largest absolute value of a gradient.
    #[option(min = 0)]
    clip_value: Option<f64>,
    /// Precision of operations during training: f32, bf16 (convolutions and matrix products in
    /// bfloat16) or tf32 (on GPUs); that of the network unless given.
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
    /// Function |epoch| of the epoch from 1 that returns a weight for each training row, as an array
    /// or a tensor: the rows of the epoch are drawn in proportion to it, with replacement.
    sampling: Option<Callback>,
    /// Function |info| called after each batch with #{ epoch, step, loss }; false ends the
    /// training.
    on_batch: Option<Callback>,
    /// Function |info| called after each epoch with the measured values; false ends the training.
    on_epoch: Option<Callback>,
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
struct Storage {
    policy: Option<CheckpointPolicy>,
    resume: Option<Resume>,
}

fn storage_of(name: &str, checkpoint: Stored, resume: Option<&str>) -> Result<Storage> {
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
        _ if best || last || settings.resume => {
            session::place_output(&format!("checkpoints/{name}"), false)?
        }
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
fn record_of(name: &str) -> Record {
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

fn settings_of(model: &Model, options: FitOptions) -> Result<FitSettings> {
    let settings = session::settings();
    let storage = storage_of(model.name(), options.checkpoint, options.resume.as_deref())?;
    let (augment, augment_text, custom) = match options.augment {
        Some(augmenter) => (Some(augmenter.step), augmenter.text, augmenter.custom),
        None => (None, String::new(), Vec::new()),
    };
    let mut callbacks = custom.clone();
    callbacks.extend(options.sampling.clone());
    callbacks.extend(options.on_batch.clone());
    callbacks.extend(options.on_epoch.clone());
    let loss = match options.loss {
        LossArgument::Loss(loss) => loss,
        LossArgument::Function(function) => {
            callbacks.push(function.clone());
            of_closure(function, Link::Identity)
        }
    };
    let on_inputs = (!custom.is_empty())
        .then(|| -> OnInputs { Box::new(move |x, y| customised(x, y, &custom)) });
    let optimizer = options.optimizer.0.borrow().clone();
    let interrupted = format!("{}.interrupted.safetensors", file_name(model.name()));
    Ok(FitSettings {
        train: (*options.train.0).clone(),
        valid: options.valid.map(|data| (*data.0).clone()),
        loss,
        optimizer,
        schedule: options.schedule,
        batch: batch_of(&options.train.0, &options.batch)?,
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
        clip: options.clip,
        clip_value: options.clip_value,
        precision: options.amp.map(Into::into),
        accumulate: options.accumulate,
        class_weights: options.class_weights,
        drop_last: options.drop_last,
        graph: options.graph,
        seed: options.seed.unwrap_or(settings.seed),
        loaders: options.loaders.unwrap_or(settings.loaders),
        is_silent: settings.quiet || !options.progress,
        on_inputs,
        on_batch: options.on_batch.map(on_batch),
        on_epoch: options.on_epoch.map(on_epoch),
        record: Some(record_of(model.name())),
        record_validation: Some(record_validation_of(model.name())),
    })
}

/// Returns the history of a training whose data are stand-ins: one epoch of placeholder values.
fn placeholder_history(model: &Model, settings: &FitSettings) -> History {
    let side = if settings.valid.is_some() {
        "valid"
    } else {
        "train"
    };
    let mut values = vec![
        ("train.loss".to_string(), 0.5),
        ("lr".into(), settings.optimizer.lr),
    ];
    let heads = settings.loss.head_names();
    let of_heads = |side: &str| {
        heads
            .iter()
            .map(|head| (format!("{side}.loss.{head}"), 0.5))
            .collect()
    };
    let of_train: Vec<(String, f64)> = of_heads("train");
    values.splice(1..1, of_train);
    if settings.valid.is_some() {
        let of_valid: Vec<(String, f64)> = of_heads("valid");
        values.push(("valid.loss".to_string(), 0.5));
        values.extend(of_valid);
    }
    let metrics = settings.metrics.iter().flat_map(|own| own.names());
    values.extend(metrics.map(|name| (format!("{side}.{name}"), 0.5)));
    let epoch = crate::train::history::Epoch {
        epoch: 1,
        values,
        ..Default::default()
    };
    History {
        name: model.name().into(),
        epochs: vec![epoch],
        best_epoch: 1,
        best_value: Some(0.5),
        ..History::default()
    }
}

/// Trains a model, and warns of validation sequences that are also training sequences.
fn train_with(model: &Model, settings: &FitSettings) -> Result<History> {
    if let Some(valid) = &settings.valid {
        let shared = duplicates::overlap(&settings.train, valid);
        if shared > 0 {
            warn(&format!(
                "{shared} of {} validation sequences occur among the training ones, on either \
                 strand",
                valid.rows.len()
            ));
        }
    }
    model.set_links(settings.loss.links());
    train::fit(model, settings)
}

/// Trains a model in place and returns the history of its training.
///
/// Metrics are computed from predictions: probabilities where the loss takes logits.
///
/// ```rhai
/// let x = tensor::randn([64, 2], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let optimizer = optim::sgd(#{ lr: 0.1 });
/// let options = #{ loss: loss::mse(), optimizer: optimizer, epochs: 20, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert(run.last("train.loss") < 0.01);
/// ```
/// ```rhai,fails
/// train::fit(nn::build(nn::linear(1), [2]), #{ trian: 1 });
/// //~ did you mean `train`?
/// ```
#[native(namespace = "train", dry = rehearse)]
pub fn fit(
    /// Model to train.
    net: &Model,
    options: FitOptions,
) -> Result<History> {
    train_with(net, &settings_of(net, options)?)
}

/// One epoch on a few rows, of which nothing is stored.
fn rehearse(net: &Model, options: FitOptions) -> Result<History> {
    let settings = settings_of(net, options)?;
    if session::is_guessed() {
        return Ok(placeholder_history(net, &settings));
    }
    if let Some(weights) = &settings.sampling {
        settings.train.check_weights(&weights(1)?)?;
    }
    let settings = FitSettings {
        sampling: None,
        train: settings.train.few(),
        valid: settings.valid.as_ref().map(Dataset::few),
        epochs: 1,
        checkpoints: None,
        resume: None,
        record: None,
        record_validation: None,
        ..settings
    };
    train_with(net, &settings)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![fit,]
}
