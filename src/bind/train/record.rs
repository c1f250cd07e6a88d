//! `train::record`: history, checkpoints and resume of a training loop that a script runs itself.

use crate::base::Result;
use crate::bind::args::checkpoint::Stored;
use crate::bind::args::fit::{record_of, storage_of};
use crate::bind::args::networks::{NetworksArgument, OptimizerArgument};
use crate::bind::script_state::ScriptState;
use crate::bind::types::OwnRecord;
use crate::fault;
use crate::lang::value::number;
use crate::lang::{Native, Options, native, natives_of, session, show};
use crate::torch::Tensor;
use crate::train::own_loop::{LoopSettings, OwnLoop};
use crate::train::settings::CheckpointPolicy;
use crate::train::{EarlyStop, History};
use rhai::{Dynamic, Map};
use std::cell::RefCell;
use std::rc::Rc;

/// Options of `train::record`.
#[derive(Options)]
pub struct RecordOptions {
    /// Optimizer that is bound to the parameters (`.over(net)`), or a map of several.
    optimizer: OptimizerArgument,
    /// Number of epochs that the loop runs, for the progress.
    #[option(min = 1)]
    epochs: Option<usize>,
    /// Rule for early stopping, by a value that is logged; `log` returns false where it stops.
    stop: Option<EarlyStop>,
    /// Folder of checkpoints to continue from.
    resume: Option<String>,
    /// Whether progress is shown.
    #[option(default = true)]
    progress: bool,
}

/// Opens the record of a training loop that the script runs itself.
///
/// The loop has a history, epochs in the run's record and checkpoints in `checkpoints/<model>/`.
/// `cistron run --resume` runs the script again from the start; this call then restores models,
/// optimizers, history and the counters of draws and passes of the latest checkpoint, and the loop
/// continues at `run.epoch`.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([8, 2]), label: tensor::ones([8, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let optimizer = optim::sgd(#{ lr: 0.1 }).over(net);
/// let run = train::record(net, #{ optimizer: optimizer, epochs: 3, progress: false });
/// for epoch in run.epoch..3 {
///     let total = 0.0;
///     for batch in set.batches(4, #{ seed: 1 }) {
///         let loss = loss::mse(net.forward(batch.x), batch.y);
///         optimizer.zero_grad();
///         loss.backward();
///         optimizer.step();
///         total += loss.item() / 2.0;
///     }
///     run.log(#{ "train.loss": total });
///     run.checkpoint();
/// }
/// assert_eq(run.history.column("train.loss").len(), 3);
/// ```
#[native(namespace = "train")]
pub fn record(
    /// Model, or map of models, whose parameters checkpoints hold.
    net: &NetworksArgument,
    options: RecordOptions,
) -> Result<OwnRecord> {
    let title = net.0.title();
    let requested = Stored {
        // without a run nothing is written before `checkpoint`
        best: options.stop.is_some() && session::settings().run_dir.is_some(),
        last: true,
        ..Stored::default()
    };
    let storage = storage_of(&title, requested, options.resume.as_deref())?;
    let is_dry = session::is_dry();
    let checkpoints = storage
        .policy
        .filter(|_| !is_dry)
        .unwrap_or(CheckpointPolicy {
            folder: std::path::PathBuf::new(),
            best: false,
            best_by: Vec::new(),
            last: false,
            is_last_requested: false,
            every: None,
        });
    let settings = LoopSettings {
        optimizers: options.optimizer.handles(),
        epochs: options.epochs,
        stop: options.stop,
        checkpoints,
        resume: storage.resume.filter(|_| !is_dry),
        host_state: Some(Box::new(ScriptState::new(Vec::new()))),
        is_silent: session::settings().is_without_progress() || !options.progress,
        record: (!is_dry).then(|| record_of(&title)),
    };
    let record = OwnLoop::open(net.0.clone(), settings)?;
    Ok(OwnRecord(Rc::new(RefCell::new(record))))
}

/// Records the values of an epoch.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// let run = train::record(net, #{ optimizer: optim::sgd().over(net), progress: false });
/// assert(run.log(#{ "train.loss": 0.5, "valid.auroc": 0.7 }));
/// assert_eq(run.epoch, 1);
/// ```
#[native(
    namespace = "record",
    form = method,
    returns = "boolean: false where the stopping rule ends the training"
)]
pub fn log(
    this: &OwnRecord,
    /// Map of names, such as "train.loss", to numbers.
    values: &Map,
) -> Result<bool> {
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        let number = match tensor {
            Some(tensor) if tensor.numel() == 1 => Some(tensor.detach()?.item()?),
            _ => number(value),
        };
        number
            .map(|number| (name.to_string(), number))
            .ok_or_else(|| {
                let got = session::describe(value);
                fault!(
                    "type",
                    "`values` must hold numbers, got {got} under `{name}`"
                )
            })
    };
    let values = values.iter().map(one).collect::<Result<_>>()?;
    this.0.borrow_mut().log(values)
}

/// Writes a checkpoint.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// let run = train::record(net, #{ optimizer: optim::sgd().over(net), progress: false });
/// run.log(#{ "train.loss": 0.5 });
/// run.checkpoint();
/// ```
#[native(namespace = "record", form = method)]
pub fn checkpoint(
    this: &OwnRecord,
    /// State of the loop, which `run.state` returns after a resume: numbers, strings, arrays, maps.
    state: Option<Dynamic>,
) -> Result<()> {
    let state = state.map_or(Ok(serde_json::Value::Null), |state| show::json(&state))?;
    if session::is_dry() {
        return Ok(());
    }
    this.0.borrow_mut().checkpoint(state)
}

/// Restores the parameters of the best epoch by the stopping rule.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// let stop = train::early_stop("valid.loss");
/// let optimizer = optim::sgd().over(net);
/// let run = train::record(net, #{ optimizer: optimizer, stop: stop, progress: false });
/// run.log(#{ "valid.loss": 0.5 });
/// let best = net["weight"].copy();
/// net["weight"] = tensor::zeros([1, 2]);
/// run.log(#{ "valid.loss": 0.7 });
/// run.restore_best();
/// assert_eq(net["weight"], best);
/// ```
#[native(namespace = "record", form = method)]
pub fn restore_best(this: &OwnRecord) -> Result<()> {
    this.0.borrow().restore_best()
}

/// The number of epochs recorded so far, which is the index of the next one.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// let run = train::record(net, #{ optimizer: optim::sgd().over(net) });
/// assert_eq(run.epoch, 0);
/// ```
#[native(namespace = "record", form = property)]
pub fn epoch(this: &OwnRecord) -> i64 {
    this.0.borrow().epochs() as i64
}

/// Whether the loop continues from a checkpoint.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// assert(!train::record(net, #{ optimizer: optim::sgd().over(net) }).is_resumed);
/// ```
#[native(namespace = "record", form = property)]
pub fn is_resumed(this: &OwnRecord) -> bool {
    this.0.borrow().is_resumed()
}

/// What was passed to `checkpoint` when the checkpoint was written that the loop continues from.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// assert_eq(train::record(net, #{ optimizer: optim::sgd().over(net) }).state, ());
/// ```
#[native(namespace = "record", form = property, returns = "any value, or ()")]
pub fn state(this: &OwnRecord) -> Result<Dynamic> {
    let record = this.0.borrow();
    serde_json::from_value(record.own_state().clone())
        .map_err(|error| fault!("file", "the state of the loop is damaged: {error}"))
}

/// The history of the loop so far.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// let run = train::record(net, #{ optimizer: optim::sgd().over(net), progress: false });
/// run.log(#{ "train.loss": 0.5 });
/// assert_eq(run.history.last("train.loss"), 0.5);
/// ```
#[native(namespace = "record", form = property)]
pub fn history(this: &OwnRecord) -> History {
    this.0.borrow().history().clone()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        record,
        log,
        checkpoint,
        restore_best,
        epoch,
        is_resumed,
        state,
        history
    ]
}
