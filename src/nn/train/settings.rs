//! What a training is made of: data, loss, optimizer, options and callbacks.

use super::average::AverageSettings;
use super::history::{Epoch, Validation};
use super::step_call::CustomStep;
use super::stop::EarlyStop;
use crate::Value;
use crate::loss::Loss;
use crate::optim::clip::{self, Adaptive};
use crate::optim::noise::Noise;
use crate::optim::{Optimizer, Schedule};
use cistron_base::Result;
use cistron_genome::data::Dataset;
use cistron_genome::data::loader::Transform;
use cistron_metrics::Metric;
use cistron_torch::{Number, Precision, Tensor};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Changes the inputs of a batch, one-hot, and its labels before the forward pass.
pub type OnInputs = Box<dyn Fn(Value, Value) -> Result<(Value, Value)>>;
/// Returns the training rows of an epoch, from 1.
pub type OnRows = Box<dyn Fn(usize) -> Result<Dataset>>;
/// Returns the weights of the training rows in an epoch, from 1.
pub type OnSampling = Box<dyn Fn(usize) -> Result<Vec<f64>>>;
/// Called after a batch with epoch, step and loss; `false` ends the training.
pub type OnBatch = Box<dyn Fn(usize, usize, f64) -> Result<bool>>;
/// Called after an epoch; `false` ends the training.
pub type OnEpoch = Box<dyn Fn(&Epoch) -> Result<bool>>;
/// Records the values of an epoch.
pub type Record = Box<dyn Fn(&Epoch) -> Result<()>>;
/// Records the values of a validation within an epoch.
pub type RecordValidation = Box<dyn Fn(&Validation) -> Result<()>>;

/// A checkpoint to continue from.
#[derive(Clone, Debug)]
pub struct Resume {
    /// The state file, or its folder.
    pub path: PathBuf,
    /// Whether the script that wrote it is run again: then the state of the script is restored too.
    pub is_own: bool,
    /// What happens if the checkpoint is of another training.
    pub on_change: OnChange,
}

/// What happens if a checkpoint is of another training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// An error names the differences.
    Refuse,
    /// The training starts again with the new settings; a line states why.
    Restart,
    /// The training continues; a warning names the differences.
    Warn,
}

/// State of the program around a training that changes meanwhile: variables that the functions of a
/// script have captured, counters, reported results.
pub trait HostState {
    /// Returns the state as JSON, with hashes of tensors, and the tensors.
    fn save(&self) -> Result<(serde_json::Value, Vec<(String, Tensor)>)>;
    /// Returns what cannot be restored: `now` is the state before this training, `began` and
    /// `ended` are those before and after the training that wrote the checkpoint.
    fn conflicts(
        &self,
        now: &serde_json::Value,
        began: &serde_json::Value,
        ended: &serde_json::Value,
    ) -> Vec<String>;
    /// Restores what the training has changed between `began` and `ended`.
    fn restore(
        &self,
        began: &serde_json::Value,
        ended: &serde_json::Value,
        tensors: &[(String, Tensor)],
    ) -> Result<()>;
}

/// The learning rate of the optimizer as the script holds it: functions of the script may change it
/// during a training.
pub trait LearningRate {
    /// Returns it.
    fn get(&self) -> f64;
    /// Sets it, where another optimizer begins or a training is resumed.
    fn set(&self, lr: f64);
}

/// Which checkpoints a training writes.
#[derive(Clone, Debug)]
pub struct CheckpointPolicy {
    /// The folder.
    pub folder: PathBuf,
    /// Whether the parameters of the best epoch are written.
    pub best: bool,
    /// Values whose best parameters are each written; the first determines the best epoch where
    /// there is no stopping rule.
    pub best_by: Vec<String>,
    /// Whether the state after the last epoch is written.
    pub last: bool,
    /// Whether the script requests the last epoch: its parameters are written too, and the state
    /// after every epoch, however long that takes.
    pub is_last_requested: bool,
    /// How often the state is written within epochs.
    pub every: Option<Every>,
}

/// An interval between checkpoints within epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    /// Number of updates.
    Steps(usize),
    /// Time.
    Time(Duration),
}

/// The metrics of an output.
#[derive(Clone, Debug)]
pub struct OutputMetrics {
    /// Name of the output; empty for the only one.
    pub output: String,
    /// Metrics to compute.
    pub metrics: Vec<Metric>,
}

impl OutputMetrics {
    /// The names under which an epoch records them, without the side.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let name = |metric: &Metric| match self.output.as_str() {
            "" => metric.name.clone(),
            output => format!("{output}.{}", metric.name),
        };
        self.metrics.iter().map(name)
    }
}

/// What a training is made of.
pub struct FitSettings {
    /// Training rows, of the first epoch.
    pub train: Dataset,
    /// Training rows of each epoch, where they differ.
    pub train_in: Option<OnRows>,
    /// Validation rows.
    pub valid: Option<Dataset>,
    /// Loss to minimise.
    pub loss: Loss,
    /// Optimizer; a copy with initial state is bound to the parameters.
    pub optimizer: Optimizer,
    /// A step of the caller, with its optimizers, instead of the loss and the optimizer.
    pub step: Option<CustomStep>,
    /// See [`LearningRate`], by the name of the network; those of the optimizers without them.
    pub learning_rates: Vec<(String, Rc<dyn LearningRate>)>,
    /// Schedule of the learning rate.
    pub schedule: Option<Schedule>,
    /// Average of the parameters over the training.
    pub average: Option<AverageSettings>,
    /// Rows per batch.
    pub batch: usize,
    /// Largest number of epochs.
    pub epochs: usize,
    /// Augmentation of training rows.
    pub augment: Option<Arc<dyn Transform>>,
    /// The augmentation as text; empty if there is none.
    pub augment_text: String,
    /// Metrics to compute after each epoch.
    pub metrics: Vec<OutputMetrics>,
    /// Number of updates after which loss and metrics of the validation rows are also computed
    /// within epochs.
    pub validate_every: Option<usize>,
    /// Rule for early stopping.
    pub stop: Option<EarlyStop>,
    /// Which checkpoints are written.
    pub checkpoints: Option<CheckpointPolicy>,
    /// Where parameters are written if a training without checkpoints is interrupted or its loss
    /// becomes NaN or infinite.
    pub rescue: Option<PathBuf>,
    /// The checkpoint to continue from.
    pub resume: Option<Resume>,
    /// State of the script, which checkpoints store too.
    pub host_state: Option<Box<dyn HostState>>,
    /// Largest joint norm of the gradients.
    pub clip: Option<f64>,
    /// Largest absolute value of a gradient.
    pub clip_value: Option<f64>,
    /// Adaptive clipping of the gradients.
    pub clip_adaptive: Option<Adaptive>,
    /// Noise added to the gradients after clipping.
    pub noise: Option<Noise>,
    /// Precision of operations during training.
    pub precision: Option<Precision>,
    /// Number of batches whose gradients are summed for one update.
    pub accumulate: usize,
    /// Weights of class 0, 1, … in the loss.
    pub class_weights: Option<Vec<f64>>,
    /// Whether a smaller batch at the end of an epoch is dropped.
    pub drop_last: bool,
    /// Whether training steps on a GPU are captured as CUDA graphs and replayed.
    pub graph: bool,
    /// Seed of row order, augmentation and dropout.
    pub seed: u64,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Whether no progress is shown.
    pub is_silent: bool,
    /// See [`OnInputs`].
    pub on_inputs: Option<OnInputs>,
    /// See [`OnSampling`].
    pub sampling: Option<OnSampling>,
    /// See [`OnBatch`].
    pub on_batch: Option<OnBatch>,
    /// See [`OnEpoch`].
    pub on_epoch: Option<OnEpoch>,
    /// See [`Record`]; a training that is resumed records its earlier epochs again.
    pub record: Option<Record>,
    /// See [`RecordValidation`].
    pub record_validation: Option<RecordValidation>,
}

impl FitSettings {
    /// What is done to gradients before an update.
    pub fn gradients(&self) -> GradientChanges {
        GradientChanges {
            clip: self.clip,
            clip_value: self.clip_value,
            adaptive: self.clip_adaptive.clone(),
            noise: self.noise,
            seed: self.seed,
        }
    }
}

/// What is done to gradients before an update.
pub struct GradientChanges {
    clip: Option<f64>,
    clip_value: Option<f64>,
    adaptive: Option<Adaptive>,
    noise: Option<Noise>,
    seed: u64,
}

impl GradientChanges {
    /// Clips the gradients of an optimizer and adds noise to them, before an update that `updates`
    /// others precede; `key` distinguishes updates of that number. Returns the factor that the
    /// update has still to multiply them by.
    pub fn apply(&self, optimizer: &Optimizer, updates: usize, key: u64) -> Result<Number> {
        if let Some(adaptive) = &self.adaptive {
            clip::by_unit(optimizer.network_parameters(), adaptive)?;
        }
        // clipping by norm is a factor that the update applies as it reads the gradients
        let gradients = optimizer.gradients();
        let factor = clip::clip(&gradients, self.clip, self.clip_value)?;
        let Some(noise) = &self.noise else {
            return Ok(factor);
        };
        clip::scale(&gradients, &factor)?;
        let parameters = optimizer.network_parameters();
        noise.add(parameters, &[self.seed, key], updates)?;
        Ok(Number::Here(1.0))
    }
}
