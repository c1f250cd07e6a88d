//! `optim::custom`: optimizers that a function of a script defines.

use crate::bind::args::optim::{CustomRule, GroupOptions};
use crate::bind::types::Optim;
use crate::lang::{Callback, Native, Options, native, natives_of};

/// Options of `optim::custom`.
#[derive(Options)]
pub struct CustomOptions {
    /// Learning rate, `info.lr` after schedule and groups.
    #[option(default = 0.001, min = 0)]
    lr: f64,
    /// Weight decay, `info.weight_decay` after groups; the function applies it.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Returns an optimizer that a function of the script computes.
///
/// The function is called for each parameter in each step and returns the new weight, a tensor of
/// the shape of the old one. `state` is a map that it may fill with tensors, numbers and booleans;
/// it is empty in the first step, separate for each parameter, and stored in checkpoints. `info`
/// has `lr`, `step` (from 1) and `weight_decay`. Gradients are clipped already, and no operation is
/// recorded.
///
/// Lion (Chen et al. 2023):
/// ```rhai
/// let lion = optim::custom(|w, g, state, info| {
///     if !("m" in state) { state.m = g * 0.0; }
///     let direction = (state.m * 0.9 + g * 0.1).sign();
///     state.m = state.m * 0.99 + g * 0.01;
///     w * (1.0 - info.lr * info.weight_decay) - direction * info.lr
/// }, #{ lr: 0.02 });
/// let x = tensor::randn([64, 2], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let options = #{ train: set, loss: loss::mse(), epochs: 100, progress: false };
/// assert(train::fit(net, options + #{ optimizer: lion }).last("train.loss") < 0.01);
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::linear(1), [2]);
/// let o = optim::custom(|w, g, state| g.sum()).over(net);
/// net.forward(tensor::ones([1, 2])).sum().backward();
/// o.step();
/// //~ must return the new weight [1, 2], got []
/// ```
#[native(namespace = "optim")]
pub fn custom(
    /// Function |weight, gradient, state| or |weight, gradient, state, info|.
    function: Callback,
    options: CustomOptions,
) -> Optim {
    let rule = CustomRule { function };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![custom,]
}
