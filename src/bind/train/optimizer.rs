//! Methods of optimizers.

use crate::base::Result;
use crate::bind::args::length::Length;
use crate::bind::args::numbers::number_map;
use crate::bind::types::Optim;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Native, native, natives_of, session};
use crate::nn::Model;
use crate::optim::Optimizer;
use crate::torch::{Number, Tensor};
use crate::{bail, fault};
use rhai::{Dynamic, Map};
use std::cell::RefCell;
use std::rc::Rc;

fn handle(optimizer: Optimizer) -> Optim {
    Optim(Rc::new(RefCell::new(optimizer)))
}

/// Parameters by name: those of a model, or the tensors of a map.
fn parameters_of(value: &Dynamic) -> Result<Vec<(String, Tensor)>> {
    if let Some(model) = value.read_lock::<Model>() {
        return Ok(model.parameters().to_vec());
    }
    let Some(map) = value.read_lock::<Map>() else {
        let wanted = format!("{} or a map of tensors", Model::kind());
        return Err(mismatch(&wanted, value).context("`parameters`"));
    };
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let tensor = value.read_lock::<Tensor>().map(|t| t.clone());
        tensor.map(|t| (name.to_string(), t)).ok_or_else(|| {
            fault!(
                "type",
                "parameter `{name}` must be a tensor, got {}",
                session::describe(value)
            )
        })
    };
    map.iter().map(one).collect()
}

/// Returns a copy with new state that updates the parameters of a model, or a map of tensors.
///
/// ```rhai
/// let w = tensor::ones([1]).requires_grad();
/// let o = optim::sgd(#{ lr: 0.5 }).over(#{ w: w });
/// (w * w).sum().backward();
/// o.step();
/// assert_eq(w, [0.0]);
/// ```
#[native(
    namespace = "optimizer",
    form = method,
    returns = "optimizer with state of its own"
)]
pub fn over(
    this: &Optim,
    /// Model, or map of tensors that require gradients.
    parameters: Dynamic,
) -> Result<Optim> {
    let optimizer = this.0.borrow();
    if optimizer.is_sequence() {
        bail!("value", "a sequence of optimizers is for `train::fit`, which knows the time";
            hint: "in a loop of the script bind each of them, and use one after the other");
    }
    let optimizer = optimizer.over(&parameters_of(&parameters)?)?;
    Ok(Optim(Rc::new(RefCell::new(optimizer))))
}

/// Updates every parameter that has a gradient.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let o = optim::adam(#{ lr: 0.1 }).over(net);
/// let before = net["weight"].copy();
/// net.forward(tensor::ones([1, 2])).sum().backward();
/// o.step();
/// assert(net["weight"] != before);
/// ```
#[native(namespace = "optimizer", form = method)]
pub fn step(this: &Optim) -> Result<()> {
    this.0.borrow_mut().step(&Number::Here(1.0))
}

/// Clears the gradients of its parameters.
///
/// ```rhai
/// optim::adam().over(nn::build(nn::linear(1), [2])).zero_grad();
/// ```
#[native(namespace = "optimizer", form = method)]
pub fn zero_grad(this: &Optim) -> Result<()> {
    this.0.borrow().zero_grad()
}

/// Ends an optimizer after a part of a training.
///
/// ```rhai
/// let o = optim::adam(#{ lr: 1e-3 }).until(30).then(optim::sgd(#{ lr: 1e-2, momentum: 0.9 }));
/// assert_eq(o.lr, 1e-3);
/// ```
#[native(namespace = "optimizer", form = method, returns = "optimizer that ends")]
pub fn until(
    this: &Optim,
    /// Length of the part: epochs, or a fraction of the run.
    span: Length,
) -> Optim {
    handle(this.0.borrow().until(span.0))
}

/// Continues a training with another optimizer when this one ends.
///
/// The state of the next one is initialised when it begins, and the learning rate is its own. A
/// schedule is that of the whole run: its factor multiplies the learning rate of the optimizer in
/// use.
///
/// ```rhai
/// let x = tensor::randn([64, 2], #{ seed: 1 });
/// let set = data::from(#{ x: x, label: tensor::ones([64, 1]) });
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// let optimizer = optim::adam(#{ lr: 0.1 }).until(0.5).then(optim::sgd(#{ lr: 0.05 }));
/// let options = #{ train: set, loss: loss::mse(), epochs: 4, progress: false };
/// let history = train::fit(net, options + #{ optimizer: optimizer });
/// assert_eq(history.column("lr"), [0.1, 0.1, 0.05, 0.05]);
/// ```
/// ```rhai,fails
/// optim::adam().then(optim::sgd());
/// //~ has no end of its own
/// ```
#[native(namespace = "optimizer", form = method)]
pub fn then(
    this: &Optim,
    /// Optimizer of the rest of the run.
    next: &Optim,
) -> Result<Optim> {
    this.0.borrow().then(&next.0.borrow()).map(handle)
}

/// Returns the learning rate of each parameter, after groups and layer decay.
///
/// ```rhai
/// let net = nn::build(nn::chain([["stem", nn::linear(4)], ["head", nn::linear(1)]]), [2]);
/// let rates = optim::adam(#{ lr: 0.1, layer_decay: 0.5 }).rates(net);
/// assert_near([rates["stem.weight"], rates["head.weight"]], [0.05, 0.1]);
/// ```
#[native(namespace = "optimizer", form = method, returns = "map of numbers by parameter")]
pub fn rates(
    this: &Optim,
    /// Model, or map of tensors.
    parameters: Dynamic,
) -> Result<Map> {
    let optimizer = this.0.borrow().over(&parameters_of(&parameters)?)?;
    Ok(number_map(optimizer.rates()))
}

/// The learning rate.
///
/// ```rhai
/// assert_eq(optim::adam(#{ lr: 0.1 }).lr, 0.1);
/// ```
#[native(namespace = "optimizer", form = property)]
pub fn lr(this: &Optim) -> f64 {
    this.0.borrow().lr
}

/// Sets the learning rate.
///
/// In `on_batch` and `on_epoch` of a training it changes that of the next update; the factor of a
/// schedule multiplies it. The history records the learning rates as `lr`. Where another optimizer
/// of a sequence begins, it is set to that of this optimizer.
///
/// ```rhai
/// let o = optim::adam();
/// o.lr = 0.5;
/// assert_eq(o.lr, 0.5);
/// ```
#[native(namespace = "optimizer", form = setter, name = "lr")]
pub fn set_lr(
    this: &Optim,
    /// The new learning rate.
    value: f64,
) {
    this.0.borrow_mut().lr = value;
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![over, step, zero_grad, until, then, rates, lr, set_lr,]
}
