//! `optim::…`: optimizers; defaults and arithmetic are PyTorch's.

use crate::base::Result;
use crate::bind::types::Optim;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Native, Options, native, natives_of, session};
use crate::nn::Model;
use crate::optim::adagrad::Adagrad;
use crate::optim::adam::Adam;
use crate::optim::rmsprop::RmsProp;
use crate::optim::sgd::Sgd;
use crate::optim::{Group, Optimizer, Rule, clip};
use crate::torch::{Number, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::cell::RefCell;
use std::rc::Rc;

/// Options of `optim::sgd`.
#[derive(Options)]
pub struct SgdOptions {
    /// Learning rate.
    #[option(default = 0.001, min = 0)]
    lr: f64,
    /// Factor μ of the velocity: v = μ v + gradient; 0 is plain gradient descent.
    #[option(default = 0, min = 0, max = 1)]
    momentum: f64,
    /// Fraction of each gradient that is not added to the velocity.
    #[option(default = 0, min = 0, max = 1)]
    dampening: f64,
    /// Whether to use Nesterov momentum.
    #[option(default = false)]
    nesterov: bool,
    /// Coefficient of the L2 penalty, which is added to the gradient.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::adam`.
#[derive(Options)]
pub struct AdamOptions {
    /// Learning rate.
    #[option(default = 0.001, min = 0)]
    lr: f64,
    #[option(flatten)]
    moments: MomentOptions,
    /// Coefficient of the L2 penalty, which is added to the gradient.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::adamw`.
#[derive(Options)]
pub struct AdamwOptions {
    /// Learning rate.
    #[option(default = 0.001, min = 0)]
    lr: f64,
    #[option(flatten)]
    moments: MomentOptions,
    /// Fraction of each parameter, times the learning rate, that a step subtracts.
    #[option(default = 0.01, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::rmsprop`.
#[derive(Options)]
pub struct RmspropOptions {
    /// Learning rate.
    #[option(default = 0.01, min = 0)]
    lr: f64,
    /// Decay rate of the running mean of the squared gradient.
    #[option(default = 0.99, min = 0, max = 1)]
    alpha: f64,
    /// Term added to the denominator for numerical stability.
    #[option(default = 1e-8, min = 0, max = 1)]
    eps: f64,
    /// Factor of the velocity that the scaled gradients add up to; 0 is no momentum.
    #[option(default = 0, min = 0, max = 1)]
    momentum: f64,
    /// Whether to scale by the running variance of the gradient, not by its mean square.
    #[option(default = false)]
    centered: bool,
    /// Coefficient of the L2 penalty, which is added to the gradient.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::adagrad`.
#[derive(Options)]
pub struct AdagradOptions {
    /// Learning rate.
    #[option(default = 0.01, min = 0)]
    lr: f64,
    /// Decay of the learning rate with steps t: lr / (1 + (t - 1) lr_decay).
    #[option(default = 0, min = 0)]
    lr_decay: f64,
    /// Term added to the denominator for numerical stability.
    #[option(default = 1e-10, min = 0, max = 1)]
    eps: f64,
    /// Coefficient of the L2 penalty, which is added to the gradient.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// The running means of Adam and AdamW.
#[derive(Options)]
pub struct MomentOptions {
    /// Decay rates of the running means of the gradient and of its square.
    #[option(default = [0.9, 0.999], min = 0, below = 1)]
    betas: [f64; 2],
    /// Term added to the denominator for numerical stability.
    #[option(default = 1e-8, min = 0, max = 1)]
    eps: f64,
}

/// The option that all optimizers have.
#[derive(Options)]
pub struct GroupOptions {
    /// Settings of some parameters: `[#{ params: "stem", lr: 0.1, weight_decay: 0.0 }]`; `params`
    /// is a path or an ending such as "*bias", `lr` a factor on the learning rate.
    groups: Option<Groups>,
}

/// Groups of parameters with their own settings.
pub struct Groups(Vec<Group>);

impl FromValue for Groups {
    fn kind() -> String {
        "array of maps".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items =
            Array::from_value(value, context).map_err(|_| mismatch("array of maps", value))?;
        let groups = items.iter().enumerate().map(|(i, item)| group(i, item));
        groups.collect::<Result<_>>().map(Groups)
    }
}

fn group(i: usize, item: &Dynamic) -> Result<Group> {
    const KEYS: [&str; 3] = ["params", "lr", "weight_decay"];
    let map = item.read_lock::<Map>().map(|m| m.clone()).ok_or_else(|| {
        fault!(
            "option",
            "item {i} must be a map, got {}",
            session::describe(item)
        )
    })?;
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = match crate::base::near::nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it takes params, lr and weight_decay".into(),
        };
        return Err(fault!("option", "item {i} has no key `{key}`").hint(hint));
    }
    let number = |key: &str| map.get(key).and_then(crate::lang::value::number);
    let pattern = map.get("params").and_then(|v| v.clone().into_string().ok());
    let Some(pattern) = pattern else {
        bail!("option", "item {i} needs `params`, a path such as \"stem\"");
    };
    Ok(Group {
        pattern,
        lr: number("lr"),
        weight_decay: number("weight_decay"),
    })
}

impl MomentOptions {
    fn rule(&self, decoupled: bool) -> Adam {
        Adam {
            betas: self.betas.into(),
            eps: self.eps,
            decoupled,
        }
    }
}

impl GroupOptions {
    fn optimizer(self, rule: impl Rule + 'static, lr: f64, weight_decay: f64) -> Optim {
        let mut optimizer = Optimizer::new(Rc::new(rule), lr, weight_decay);
        optimizer.groups = self.groups.map_or(Vec::new(), |groups| groups.0);
        Optim(Rc::new(RefCell::new(optimizer)))
    }
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

/// Returns stochastic gradient descent, with momentum if asked for.
///
/// ```rhai
/// assert(optim::sgd(#{ lr: 0.1, momentum: 0.9, nesterov: true }).lr == 0.1);
/// ```
#[native(namespace = "optim")]
pub fn sgd(options: SgdOptions) -> Optim {
    let rule = Sgd {
        momentum: options.momentum,
        dampening: options.dampening,
        nesterov: options.nesterov,
    };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns Adam (Kingma & Ba 2015).
///
/// ```rhai
/// assert(optim::adam().lr == 0.001);
/// ```
#[native(namespace = "optim")]
pub fn adam(options: AdamOptions) -> Optim {
    let rule = options.moments.rule(false);
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns Adam with decoupled weight decay (Loshchilov & Hutter 2019).
///
/// ```rhai
/// assert(optim::adamw(#{ weight_decay: 0.05 }).lr == 0.001);
/// ```
#[native(namespace = "optim")]
pub fn adamw(options: AdamwOptions) -> Optim {
    let rule = options.moments.rule(true);
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns RMSProp (Tieleman & Hinton 2012).
///
/// ```rhai
/// assert(optim::rmsprop().lr == 0.01);
/// ```
#[native(namespace = "optim")]
pub fn rmsprop(options: RmspropOptions) -> Optim {
    let rule = RmsProp {
        alpha: options.alpha,
        eps: options.eps,
        momentum: options.momentum,
        centered: options.centered,
    };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns Adagrad (Duchi et al. 2011).
///
/// ```rhai
/// assert(optim::adagrad().lr == 0.01);
/// ```
#[native(namespace = "optim")]
pub fn adagrad(options: AdagradOptions) -> Optim {
    let rule = Adagrad {
        lr_decay: options.lr_decay,
        eps: options.eps,
    };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Scales the gradients of a model so that their joint L2 norm is at most `most`.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net.forward(tensor::ones([1, 2])).sum().backward();
/// assert(optim::clip_norm(net, 0.1) > 0.1);
/// ```
#[native(namespace = "optim", returns = "number: the norm before")]
pub fn clip_norm(
    /// Model whose gradients are scaled in place.
    net: &Model,
    /// Largest norm.
    most: f64,
) -> Result<f64> {
    clip::by_norm(&clip::gradients(net.parameters()), most)
}

/// Clamps every number of every gradient to the range from -most to most.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net.forward(tensor::ones([1, 2])).sum().backward();
/// optim::clip_value(net, 0.1);
/// assert_near(net["weight"].grad, [[0.1, 0.1]]);
/// ```
#[native(namespace = "optim")]
pub fn clip_value(
    /// Model whose gradients are clamped in place.
    net: &Model,
    /// Largest absolute value.
    most: f64,
) -> Result<()> {
    clip::by_value(&clip::gradients(net.parameters()), most)
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
    let optimizer = this.0.borrow().over(&parameters_of(&parameters)?)?;
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
    natives_of![
        sgd, adam, adamw, rmsprop, adagrad, clip_norm, clip_value, over, step, zero_grad, lr,
        set_lr,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_optimizer_has_a_binding() {
        let natives = natives();
        for rule in crate::optim::OPTIMIZERS {
            let rule = rule();
            let is_bound = natives
                .iter()
                .any(|native| native.namespace == "optim" && native.name == rule.name());
            assert!(is_bound, "optim::{}", rule.name());
        }
    }
}
