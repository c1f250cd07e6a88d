//! `train::average`: averages of the parameters over a training.

use crate::bail;
use crate::base::Result;
use crate::bind::args::average::{AverageName, DECAY};
use crate::bind::args::length::Length;
use crate::lang::{Choice, Given, Native, Options, native, natives_of};
use crate::train::average::{AverageSettings, Weighting};

/// Options of `train::average`.
#[derive(Options)]
pub struct AverageOptions {
    /// Weight of the values so far, of "ema": average = decay * average + (1 - decay) * value.
    #[option(default = DECAY, min = 0, below = 1)]
    decay: Given<f64>,
    /// Time before the first value: epochs, or a fraction of the run; none for "ema", 0.75 of the
    /// run for "swa" unless given.
    start: Option<Length>,
    /// Updates ("ema") or epochs ("swa") from one value to the next.
    #[option(default = 1, min = 1)]
    every: usize,
    /// Statistics of batch norms in the averaged network: "recompute" by a pass over the training
    /// rows after each epoch, as for "swa", or those of the "training", as for "ema", unless given.
    batch_norm: Option<StatisticsName>,
}

/// Which statistics the batch norms of an averaged network have.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum StatisticsName {
    /// The means over the batches of an epoch, with the averaged parameters.
    Recompute,
    /// Those of the network that is trained.
    Training,
}

/// Returns an average of the parameters over a training, an option of `train::fit`.
///
/// "ema" is an exponential moving average over updates; the first value is the parameters after
/// the first update. "swa" is stochastic weight averaging (Izmailov et al. 2018), the mean over the
/// ends of epochs; a constant learning rate at the end is usual:
/// `schedule::cosine().until(0.75).then(schedule::constant(0.1))`.
///
/// Validation, checkpoints and the network at the end have the averaged parameters; `on_batch` and
/// `on_epoch` see the trained ones, and metrics without `valid` are theirs. Before the first value,
/// all are the trained ones.
///
/// ```rhai
/// let x = tensor::randn([64, 2], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(#{ lr: 0.1 }), progress: false };
/// let average = train::average("ema", #{ decay: 0.5 });
/// let run = train::fit(net, options + #{ train: set, valid: set, average: average });
/// assert(run.last("valid.loss") < 0.5);
/// ```
/// ```rhai,fails
/// train::average("swa", #{ decay: 0.9 });
/// //~ `decay` is an option of "ema"
/// ```
#[native(namespace = "train")]
pub fn average(
    /// Kind of average: "ema" or "swa".
    kind: AverageName,
    options: AverageOptions,
) -> Result<AverageSettings> {
    if kind == AverageName::Swa && options.decay.is_given {
        bail!(
            "option",
            "`decay` is an option of \"ema\": the values of \"swa\" have equal weights"
        );
    }
    let defaults = kind.settings();
    Ok(AverageSettings {
        weighting: match kind {
            AverageName::Ema => Weighting::Exponential {
                decay: *options.decay,
            },
            AverageName::Swa => Weighting::Equal,
        },
        start: options.start.map(|start| start.0).or(defaults.start),
        every: options.every,
        has_own_statistics: options
            .batch_norm
            .map_or(defaults.has_own_statistics, |name| {
                name == StatisticsName::Recompute
            }),
    })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![average,]
}
