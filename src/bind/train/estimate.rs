//! `train::estimate`: time and memory of a planned training.

use crate::base::Result;
use crate::bind::args::estimate::{cost_map, estimated};
use crate::bind::args::fit::{FitPlan, few};
use crate::bind::args::networks::NetworksArgument;
use crate::lang::{Native, Options, native, natives_of, session};
use crate::train::probe::{self, Cost};
use rhai::Map;

/// Options of `train::estimate`.
#[derive(Options)]
pub struct EstimateOptions {
    /// Steps that are timed; the time of a step is their median.
    #[option(default = 10, min = 1)]
    steps: usize,
}

/// Estimates the time and memory of a training from a few of its steps.
///
/// The steps are those of the training itself, with its loader, augmentation and precision; the
/// parameters are restored. `hours` is the time of all epochs with their validations at this speed,
/// without early stopping, metrics and checkpoints. `memory_gib` is what the process uses (data and
/// parameters among it) and what the training adds (`added_gib`: optimizer, gradients, activations,
/// waiting batches); `()` on GPUs, where it is not measured.
///
/// ```rhai
/// let x = tensor::randn([640, 3], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([640, 1]) });
/// let net = nn::build(nn::linear(1), [3], #{ seed: 1 });
/// let plan = #{ train: set, loss: loss::mse(), optimizer: optim::adam(), batch: 64, epochs: 50 };
/// let found = train::estimate(net, plan, #{ steps: 3 });
/// assert_eq([found.steps_per_epoch, found.steps], [10, 500]);
/// assert_near(found.hours, found.seconds_per_step * 500.0 / 3600.0, 1e-9);
/// ```
#[native(
    namespace = "train",
    returns = "map: hours, seconds_per_step, steps_per_epoch, epochs, steps, validation_seconds, \
        memory_gib, added_gib, assumptions",
    dry = estimate_dry
)]
pub fn estimate(
    /// Model, or map of models, as in `train::fit`.
    net: &NetworksArgument,
    /// Map of options of `train::fit`.
    plan: FitPlan,
    options: EstimateOptions,
) -> Result<Map> {
    estimated(&net.0, plan, options.steps)
}

fn estimate_dry(net: &NetworksArgument, plan: FitPlan, _: EstimateOptions) -> Result<Map> {
    let settings = few(plan.settings(&net.0)?);
    if session::is_guessed() {
        return Ok(cost_map(&Cost::default(), &net.0, &settings));
    }
    let cost = probe::cost(&net.0, &settings, 1)?;
    Ok(cost_map(&cost, &net.0, &settings))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![estimate]
}
