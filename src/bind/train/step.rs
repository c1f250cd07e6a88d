//! What a step function of `train::fit` receives about the batch.

use crate::base::Result;
use crate::bind::types::StepOf;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;

/// The epoch, from 1.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let step = |net, batch, info| {
///     assert_eq(info.epoch, 1);
///     #{ loss: loss::mse(net.forward(batch.x), batch.y) }
/// };
/// let options = #{ optimizer: optim::sgd(), epochs: 1, progress: false };
/// train::fit(net, options + #{ train: set, step: step });
/// ```
#[native(namespace = "step", form = property)]
pub fn epoch(this: &StepOf) -> i64 {
    this.0.epoch as i64
}

/// The number of the update, from 1.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let step = |net, batch, info| #{
///     loss: loss::mse(net.forward(batch.x), batch.y) * 0.9 ** info.step
/// };
/// let options = #{ optimizer: optim::sgd(), epochs: 1, progress: false };
/// train::fit(net, options + #{ train: set, step: step });
/// ```
#[native(namespace = "step", form = property)]
pub fn step(this: &StepOf) -> i64 {
    this.0.step as i64
}

/// A seed that differs from batch to batch and depends on the seed of the training.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let step = |net, batch, info| {
///     let noise = tensor::randn(batch.x.shape, #{ seed: info.seed });
///     #{ loss: loss::mse(net.forward(batch.x + noise), batch.y) }
/// };
/// let options = #{ optimizer: optim::sgd(), epochs: 1, progress: false };
/// train::fit(net, options + #{ train: set, step: step });
/// ```
#[native(namespace = "step", form = property)]
pub fn seed(this: &StepOf) -> i64 {
    this.0.seed as i64
}

/// Whether the batch is trained on; false for rows of `valid`.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let modes = [];
/// let step = |net, batch, info| {
///     modes.push(info.is_training);
///     #{ loss: loss::mse(net.forward(batch.x), batch.y) }
/// };
/// train::fit(net, #{
///     train: set, valid: set, optimizer: optim::sgd(), step: step, epochs: 1, progress: false
/// });
/// assert_eq(modes, [true, false]);
/// ```
#[native(namespace = "step", form = property)]
pub fn is_training(this: &StepOf) -> bool {
    this.0.is_training
}

/// Updates one of several networks by the gradients of a loss.
///
/// The gradients are those of its parameters only. In validation the loss is recorded and nothing
/// is updated.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let nets = #{ a: nn::build(nn::linear(1), [2]), b: nn::build(nn::linear(1), [2]) };
/// let step = |nets, batch, info| {
///     info.update("a", loss::mse(nets.a.forward(batch.x), batch.y));
///     info.update("b", loss::mse(nets.b.forward(batch.x), nets.a.forward(batch.x)));
/// };
/// let run = train::fit(nets, #{
///     train: set, optimizer: optim::sgd(), step: step, epochs: 1, progress: false
/// });
/// assert_eq(run.names, ["train.loss", "train.loss.a", "train.loss.b", "lr.a", "lr.b"]);
/// ```
#[native(namespace = "step", form = method)]
pub fn update(
    this: &StepOf,
    /// Name of the network.
    name: &str,
    /// Loss to minimise: a tensor of one number.
    loss: &Tensor,
) -> Result<()> {
    this.0.update(Some(name), loss)
}

/// Updates the only network by the gradients of a loss.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let step = |net, batch, info| {
///     for i in 0..2 { info.update(loss::mse(net.forward(batch.x), batch.y)); }
/// };
/// let options = #{ optimizer: optim::sgd(), epochs: 1, progress: false };
/// train::fit(net, options + #{ train: set, step: step });
/// ```
#[native(namespace = "step", form = method, name = "update")]
pub fn update_only(
    this: &StepOf,
    /// Loss to minimise: a tensor of one number.
    loss: &Tensor,
) -> Result<()> {
    this.0.update(None, loss)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![epoch, step, seed, is_training, update, update_only]
}
