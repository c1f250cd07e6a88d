//! `train::…`: training and evaluation.

use crate::base::Result;
use crate::bind::args::augment::customised;
use crate::bind::args::loss::{LinkName, of_closure};
use crate::bind::args::measure::{Mode, larger};
use crate::bind::args::network::PrecisionName;
use crate::bind::args::numbers::number_map;
use crate::bind::script_state::ScriptState;
use crate::bind::types::{Augmenter, Data, Optim};
use crate::bind::warnings::warn;
use crate::data::{Dataset, duplicates};
use crate::fault;
use crate::lang::value::array;
use crate::lang::{Callback, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::metrics::Metric;
use crate::nn::Model;
use crate::nn::loss::{Link, Loss};
use crate::optim::Schedule;
use crate::train::checkpoint::{self, Keep};
use crate::train::evaluate::{self, Scores};
use crate::train::fit::{OnBatch, OnChange, OnEpoch, OnInputs, Plan, Record, Resume};
use crate::train::{self, EarlyStop, History};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::path::PathBuf;

/// Options of `train::fit`.
#[derive(Options)]
pub struct FitOptions {
    /// Training rows.
    train: Data,
    /// Validation rows, on which loss and metrics are computed after each epoch.
    valid: Option<Data>,
    /// Loss to minimise, or a function |outputs, labels| that computes it.
    loss: LossArgument,
    /// Optimizer; its state is initialised again.
    optimizer: Optim,
    /// Schedule of the learning rate.
    schedule: Option<Schedule>,
    /// Rows per batch.
    #[option(default = 64, min = 1)]
    batch: usize,
    /// Largest number of passes over the training rows.
    #[option(default = 10, min = 1)]
    epochs: usize,
    /// Augmenter of training rows.
    augment: Option<Augmenter>,
    /// Metrics to compute after each epoch, on `valid` (on `train` where there is none).
    #[option(default = [])]
    metrics: MetricList,
    /// Rule for early stopping; see train::early_stop.
    stop: Option<EarlyStop>,
    /// Parameters to store in `checkpoints/<model>/` (a second training of that name:
    /// `<model>-2`; in a trial of a search: `<file>/<trial>/<model>`): "none", "best", "last" or
    /// "both". "last" can be resumed; with "best" the parameters of the best epoch are restored at
    /// the end.
    #[option(default = "none")]
    checkpoint: CheckpointName,
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
    /// Function |info| called after each batch with #{ epoch, step, loss }; false ends the
    /// training.
    on_batch: Option<Callback>,
    /// Function |info| called after each epoch with the measured values; false ends the training.
    on_epoch: Option<Callback>,
}

/// Options of `train::early_stop`.
#[derive(Options)]
pub struct StopOptions {
    /// Whether smaller ("min") or larger ("max") values are better; "auto" decides by the name.
    #[option(default = "auto")]
    mode: Mode,
    /// Epochs without improvement after which training stops.
    #[option(default = 10, min = 1)]
    patience: usize,
    /// Smallest change that counts as an improvement.
    #[option(default = 0, min = 0)]
    min_delta: f64,
    /// Whether the parameters of the best epoch are restored at the end.
    #[option(default = true)]
    restore: bool,
}

/// Options of `train::evaluate`.
#[derive(Options)]
pub struct EvaluateOptions {
    /// Rows per batch.
    #[option(default = 512, min = 1)]
    batch: usize,
    /// Whether outputs of the sequence and of its reverse complement are averaged.
    #[option(default = false)]
    both_strands: bool,
    /// Function that turns outputs into predictions; that of the loss of the training unless given,
    /// sigmoid if the model was not trained.
    link: Option<LinkName>,
    /// Loss to compute as well.
    loss: Option<Loss>,
}

/// Which checkpoints a training stores.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum CheckpointName {
    /// None.
    None,
    /// That of the best epoch.
    Best,
    /// That of the last epoch.
    Last,
    /// Those of the best and of the last epoch.
    Both,
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

/// The metrics of an array.
pub struct MetricList(Vec<Metric>);

impl FromValue for MetricList {
    fn kind() -> String {
        "array of metrics".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let metric = |item: &Dynamic| {
            let metric = item.read_lock::<Metric>().map(|metric| metric.clone());
            metric.ok_or_else(|| {
                fault!(
                    "type",
                    "must hold metrics such as metric::auroc(), got {}",
                    session::describe(item)
                )
            })
        };
        let items = Array::from_value(value, context)?;
        items
            .iter()
            .map(metric)
            .collect::<Result<_>>()
            .map(MetricList)
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
fn storage_of(
    model: &Model,
    checkpoint: CheckpointName,
    resume: Option<&str>,
) -> Result<(Option<Keep>, Option<Resume>)> {
    use CheckpointName::{Best, Both, Last};
    let settings = session::settings();
    let name = session::checkpoint_folder(&file_name(model.name()));
    let given = resume.map(session::find_input).transpose()?;
    let best = matches!(checkpoint, Best | Both);
    let asked = matches!(checkpoint, Last | Both);
    // a run directory always holds what is needed to continue
    let last = asked || settings.run_dir.is_some();
    // without checkpoints nothing is written, and a sandbox need not allow it
    let folder = match &given {
        Some(path) if path.is_dir() && settings.run_dir.is_none() => path.clone(),
        _ if best || last || settings.resume => {
            session::place_output(&format!("checkpoints/{name}"), false)?
        }
        _ => PathBuf::new(),
    };
    let state = folder.join(checkpoint::STATE);
    let keep = (best || last).then_some(Keep {
        folder,
        best,
        last,
        asked,
    });
    if settings.resume && state.exists() {
        let on_change = match () {
            () if settings.may_differ => OnChange::Warn,
            () if settings.starts_again => OnChange::Restart,
            () => OnChange::Refuse,
        };
        let resume = Resume {
            path: state,
            is_own: true,
            on_change,
        };
        return Ok((keep, Some(resume)));
    }
    let resume = given.map(|path| Resume {
        path,
        is_own: false,
        on_change: OnChange::Warn,
    });
    Ok((keep, resume))
}

/// Records the values of each epoch in the run.
fn record_of(model: &Model) -> Record {
    let name = model.name().to_string();
    Box::new(move |epoch| {
        let mut row = serde_json::Map::from_iter([
            ("model".to_string(), name.clone().into()),
            ("epoch".into(), epoch.epoch.into()),
        ]);
        let trial = session::trial();
        if !trial.is_empty() {
            row.insert("trial".into(), trial.into());
        }
        let values = epoch.values.iter();
        row.extend(values.map(|(name, value)| (name.clone(), (*value).into())));
        row.insert("seconds".into(), epoch.seconds.into());
        session::record(&session::Event::Epoch(&row.into()))
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

fn plan_of(model: &Model, options: FitOptions) -> Result<Plan> {
    let settings = session::settings();
    let (keep, resume) = storage_of(model, options.checkpoint, options.resume.as_deref())?;
    let (augment, augment_text, custom) = match options.augment {
        Some(augmenter) => (Some(augmenter.step), augmenter.text, augmenter.custom),
        None => (None, String::new(), Vec::new()),
    };
    let mut callbacks = custom.clone();
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
    Ok(Plan {
        train: (*options.train.0).clone(),
        valid: options.valid.map(|data| (*data.0).clone()),
        loss,
        optimizer,
        schedule: options.schedule,
        batch: options.batch,
        epochs: options.epochs,
        augment,
        augment_text,
        surroundings: Some(Box::new(ScriptState::new(callbacks))),
        metrics: options.metrics.0,
        stop: options.stop,
        keep,
        rescue: settings
            .run_dir
            .as_ref()
            .map(|dir| dir.join("checkpoints").join(interrupted)),
        resume,
        clip: options.clip,
        clip_value: options.clip_value,
        precision: options.amp.map(Into::into),
        accumulate: options.accumulate,
        class_weights: options.class_weights,
        drop_last: options.drop_last,
        graph: options.graph,
        seed: options.seed.unwrap_or(settings.seed),
        loaders: options.loaders.unwrap_or(settings.loaders),
        silent: settings.quiet || !options.progress,
        on_inputs,
        on_batch: options.on_batch.map(on_batch),
        on_epoch: options.on_epoch.map(on_epoch),
        record: Some(record_of(model)),
    })
}

/// The history of a training whose data are stand-ins: one epoch of invented values.
fn invented_history(model: &Model, plan: &Plan) -> History {
    let side = if plan.valid.is_some() {
        "valid"
    } else {
        "train"
    };
    let mut values = vec![
        ("train.loss".to_string(), 0.5),
        ("lr".into(), plan.optimizer.lr),
    ];
    values.extend(plan.valid.iter().map(|_| ("valid.loss".to_string(), 0.5)));
    values.extend(
        plan.metrics
            .iter()
            .map(|metric| (format!("{side}.{}", metric.name), 0.5)),
    );
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
fn train_by(model: &Model, plan: &Plan) -> Result<History> {
    if let Some(valid) = &plan.valid {
        let shared = duplicates::overlap(&plan.train, valid);
        if shared > 0 {
            warn(&format!(
                "{shared} of {} validation sequences occur among the training ones, on either \
                 strand",
                valid.rows.len()
            ));
        }
    }
    model.set_link(plan.loss.link);
    train::fit(model, plan)
}

fn scores_map(loss: Option<f64>, scores: Scores) -> Map {
    let mut map = number_map(scores.iter().map(|(name, value, _)| (name.clone(), *value)));
    map.extend(loss.map(|loss| ("loss".into(), loss.into())));
    for (name, _, tasks) in scores {
        if !tasks.is_empty() {
            map.insert(format!("{name}_per_task").into(), array(tasks).into());
        }
    }
    map
}

/// Trains a model in place and returns the history of its training.
///
/// Metrics are computed from predictions: probabilities where the loss takes logits.
///
/// ```rhai
/// let set = data::from(
///     #{ x: tensor::randn([64, 2], #{ seed: 1 }), label: tensor::ones([64, 1]) }
/// );
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let run = train::fit(net, #{ train: set, loss: loss::mse(), optimizer: optim::sgd(
///     #{ lr: 0.1 }
/// ), epochs: 20, progress: false });
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
    train_by(net, &plan_of(net, options)?)
}

/// One epoch on a few rows, of which nothing is stored.
fn rehearse(net: &Model, options: FitOptions) -> Result<History> {
    let plan = plan_of(net, options)?;
    if session::is_guessed() {
        return Ok(invented_history(net, &plan));
    }
    let plan = Plan {
        train: plan.train.few(),
        valid: plan.valid.as_ref().map(Dataset::few),
        epochs: 1,
        keep: None,
        resume: None,
        record: None,
        ..plan
    };
    train_by(net, &plan)
}

/// Computes metrics of a model on a dataset.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::from([[1.0], [-1.0]]), label: [1, 0] });
/// let net = nn::build(nn::linear(1, #{ bias: false }), [1]);
/// net["weight"] = tensor::ones([1, 1]);
/// assert_eq(train::evaluate(net, set, [metric::auroc()]).auroc, 1.0);
/// ```
#[native(
    namespace = "train",
    returns = "map of numbers by metric; `<metric>_per_task` too where there are several",
    dry = invented_scores
)]
pub fn evaluate(
    /// Model to evaluate.
    net: &Model,
    /// Dataset with labels.
    set: &Data,
    /// Metrics to compute, such as `[metric::auroc()]`.
    metrics: MetricList,
    options: EvaluateOptions,
) -> Result<Map> {
    let link = match (&options.loss, options.link) {
        (Some(loss), _) => loss.link,
        (None, Some(link)) => link.into(),
        (None, None) => net.link().unwrap_or(Link::Sigmoid),
    };
    let (loss, scores) = evaluate::evaluate(
        net,
        &set.0,
        options.loss.as_ref(),
        link,
        &metrics.0,
        options.batch,
        options.both_strands,
    )?;
    Ok(scores_map(loss, scores))
}

/// Invented values of all metrics, and of the loss.
fn invented_scores(_: &Model, set: &Data, metrics: MetricList, _: EvaluateOptions) -> Map {
    let tasks = match set.0.tasks() {
        0 | 1 => Vec::new(),
        n => vec![0.5; n],
    };
    let metrics = metrics.0.into_iter();
    let scores = metrics.map(|metric| (metric.name, 0.5, tasks.clone()));
    scores_map(Some(0.5), scores.collect())
}

/// Returns a rule that stops a training when a value stops improving.
///
/// ```rhai
/// let stop = train::early_stop("valid.auroc", #{ mode: "max", patience: 8 });
/// assert(`${stop}`.contains("valid.auroc"));
/// ```
#[native(namespace = "train")]
pub fn early_stop(
    /// Name of the value in the history, such as "valid.loss".
    monitor: String,
    options: StopOptions,
) -> EarlyStop {
    EarlyStop {
        larger: larger(options.mode.as_str(), &monitor),
        monitor,
        patience: options.patience,
        min_delta: options.min_delta,
        restore: options.restore,
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![fit, evaluate, early_stop]
}
