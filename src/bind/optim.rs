//! `optim::…`: optimizers; defaults and arithmetic are PyTorch's.

use super::values::Optim;
use crate::base::Result;
use crate::lang::options::{INF, Opt, OptKind, opt};
use crate::lang::{FromValue, Options, session};
use crate::nn::Model;
use crate::optim::adagrad::Adagrad;
use crate::optim::adam::Adam;
use crate::optim::rmsprop::RmsProp;
use crate::optim::sgd::Sgd;
use crate::optim::{Group, Optimizer, Rule, clip};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::cell::RefCell;
use std::rc::Rc;

const fn lr(default: &'static str) -> Opt {
    opt("lr", OptKind::Float(0.0, INF), default, "learning rate")
}

const fn decay(default: &'static str) -> Opt {
    opt(
        "weight_decay",
        OptKind::Float(0.0, INF),
        default,
        "how strongly parameters are drawn to 0",
    )
}

const GROUPS: Opt = opt(
    "groups",
    OptKind::Other("array of maps"),
    "",
    "parameters with settings of their own: `[#{ params: \"stem\", lr: 0.1, weight_decay: 0.0 }]`; `params` is a path or an ending such as \"*bias\", `lr` a factor",
);

const EPS: Opt = opt("eps", OptKind::Float(0.0, 1.0), "1e-8", "added to the root");

const SGD: &[Opt] = &[
    lr("0.001"),
    opt(
        "momentum",
        OptKind::Float(0.0, 1.0),
        "0",
        "share of the last move that is kept",
    ),
    opt(
        "dampening",
        OptKind::Float(0.0, 1.0),
        "0",
        "what is taken off a gradient as it enters the momentum",
    ),
    opt(
        "nesterov",
        OptKind::Bool,
        "false",
        "whether the gradient looks ahead",
    ),
    decay("0"),
    GROUPS,
];

const BETAS: Opt = opt(
    "betas",
    OptKind::Other("two numbers from 0 to below 1"),
    "[0.9, 0.999]",
    "decay of the mean and of the mean square",
);

const ADAM: &[Opt] = &[lr("0.001"), BETAS, EPS, decay("0"), GROUPS];
const ADAMW: &[Opt] = &[lr("0.001"), BETAS, EPS, decay("0.01"), GROUPS];

const RMSPROP: &[Opt] = &[
    lr("0.01"),
    opt(
        "alpha",
        OptKind::Float(0.0, 1.0),
        "0.99",
        "decay of the mean square",
    ),
    EPS,
    opt("momentum", OptKind::Float(0.0, 1.0), "0", "momentum on top"),
    opt(
        "centered",
        OptKind::Bool,
        "false",
        "whether the mean is taken off the mean square",
    ),
    decay("0"),
    GROUPS,
];

const ADAGRAD: &[Opt] = &[
    lr("0.01"),
    opt(
        "lr_decay",
        OptKind::Float(0.0, INF),
        "0",
        "how the learning rate falls with steps",
    ),
    opt(
        "eps",
        OptKind::Float(0.0, 1.0),
        "1e-10",
        "added to the root",
    ),
    decay("0"),
    GROUPS,
];

/// The rule's name.
pub fn name(optimizer: &Optimizer) -> &'static str {
    match &optimizer.rule {
        Rule::Sgd(_) => "sgd",
        Rule::Adam(rule) if rule.decoupled => "adamw",
        Rule::Adam(_) => "adam",
        Rule::RmsProp(_) => "rmsprop",
        Rule::Adagrad(_) => "adagrad",
    }
}

fn adam_of(o: &Options, decoupled: bool) -> Adam {
    let betas = o
        .get::<Vec<f64>>("betas")
        .ok()
        .flatten()
        .filter(|b| b.len() == 2);
    let betas = betas.map_or((0.9, 0.999), |b| (b[0], b[1]));
    Adam {
        betas,
        eps: o.float("eps"),
        decoupled,
    }
}

fn make(rule: Rule, o: &Options) -> Result<Optim> {
    if let Some(betas) = o.get::<Vec<f64>>("betas").transpose()
        && !betas
            .as_ref()
            .is_ok_and(|b| b.len() == 2 && b.iter().all(|x| (0.0..1.0).contains(x)))
    {
        bail!(
            "option",
            "option `betas` must be two numbers from 0 to below 1"
        );
    }
    let mut optimizer = Optimizer::new(rule, o.float("lr"), o.float("weight_decay"));
    for (i, item) in o
        .get::<Array>("groups")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        optimizer.groups.push(group(i, &item)?);
    }
    Ok(Optim(Rc::new(RefCell::new(optimizer))))
}

fn group(i: usize, item: &Dynamic) -> Result<Group> {
    let map = item.read_lock::<Map>().map(|m| m.clone()).ok_or_else(|| {
        fault!(
            "option",
            "option `groups`: item {i} must be a map, got {}",
            session::describe(item)
        )
    })?;
    if let Some(key) = map
        .keys()
        .find(|key| !["params", "lr", "weight_decay"].contains(&key.as_str()))
    {
        let near = crate::base::near::nearest(key, ["params", "lr", "weight_decay"]);
        return Err(
            fault!("option", "option `groups`: item {i} has no key `{key}`").hint(
                near.map_or("it takes params, lr and weight_decay".into(), |near| {
                    format!("did you mean `{near}`?")
                }),
            ),
        );
    }
    let number = |key: &str| map.get(key).and_then(crate::lang::value::number);
    let pattern = map.get("params").and_then(|v| v.clone().into_string().ok());
    let pattern = pattern.ok_or_else(|| {
        fault!(
            "option",
            "option `groups`: item {i} needs `params`, a path such as \"stem\""
        )
    })?;
    Ok(Group {
        pattern,
        lr: number("lr"),
        weight_decay: number("weight_decay"),
    })
}

fn over(optimizer: &Optim, parameters: &Dynamic) -> Result<Optim> {
    let list: Vec<(String, Tensor)> = if let Some(model) = parameters.read_lock::<Model>() {
        model.parameters().to_vec()
    } else if let Some(map) = parameters.read_lock::<Map>() {
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
        map.iter().map(one).collect::<Result<_>>()?
    } else {
        return Err(crate::lang::value::mismatch(
            &format!("{} or a map of tensors", Model::kind()),
            parameters,
        )
        .context("`parameters`"));
    };
    Ok(Optim(Rc::new(RefCell::new(
        optimizer.0.borrow().over(&list)?,
    ))))
}

natives! { made in "optim" {
    /// Makes gradient descent, with momentum if asked for.
    ///
    /// ```rhai
    /// assert(optim::sgd(#{ lr: 0.1, momentum: 0.9, nesterov: true }).lr == 0.1);
    /// ```
    function "sgd"(c; o = SGD) -> "optimizer" { make(Rule::Sgd(Sgd { momentum: o.float("momentum"), dampening: o.float("dampening"), nesterov: o.flag("nesterov") }), &o) }

    /// Makes Adam (Kingma & Ba 2015).
    ///
    /// ```rhai
    /// assert(optim::adam().lr == 0.001);
    /// ```
    function "adam"(c; o = ADAM) -> "optimizer" { make(Rule::Adam(adam_of(&o, false)), &o) }

    /// Makes Adam with decoupled weight decay (Loshchilov & Hutter 2019).
    ///
    /// ```rhai
    /// assert(optim::adamw(#{ weight_decay: 0.05 }).lr == 0.001);
    /// ```
    function "adamw"(c; o = ADAMW) -> "optimizer" { make(Rule::Adam(adam_of(&o, true)), &o) }

    /// Makes RMSProp (Tieleman & Hinton 2012).
    ///
    /// ```rhai
    /// assert(optim::rmsprop().lr == 0.01);
    /// ```
    function "rmsprop"(c; o = RMSPROP) -> "optimizer" { make(Rule::RmsProp(RmsProp { alpha: o.float("alpha"), eps: o.float("eps"), momentum: o.float("momentum"), centered: o.flag("centered") }), &o) }

    /// Makes Adagrad (Duchi et al. 2011).
    ///
    /// ```rhai
    /// assert(optim::adagrad().lr == 0.01);
    /// ```
    function "adagrad"(c; o = ADAGRAD) -> "optimizer" { make(Rule::Adagrad(Adagrad { lr_decay: o.float("lr_decay"), eps: o.float("eps") }), &o) }

    /// Scales all gradients of a model so that their common norm is at most `most`.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2]);
    /// net.forward(tensor::ones([1, 2])).sum().backward();
    /// assert(optim::clip_norm(net, 0.1) > 0.1);
    /// ```
    function "clip_norm"(c, net: Model, most: f64) -> "number: the norm before" { clip::by_norm(&clip::gradients(net.parameters()), most) }

    /// Keeps every number of every gradient from -most to most.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2]);
    /// net.forward(tensor::ones([1, 2])).sum().backward();
    /// optim::clip_value(net, 0.1);
    /// assert_near(net["weight"].grad, [[0.1, 0.1]]);
    /// ```
    function "clip_value"(c, net: Model, most: f64) -> "nothing" { clip::by_value(&clip::gradients(net.parameters()), most) }
} }

natives! { methods in "optimizer" {
    /// Binds the rule to the parameters of a model, or to a map of tensors.
    ///
    /// ```rhai
    /// let w = tensor::ones([1]).requires_grad();
    /// let o = optim::sgd(#{ lr: 0.5 }).over(#{ w: w });
    /// (w * w).sum().backward();
    /// o.step();
    /// assert_eq(w, [0.0]);
    /// ```
    method "over"(c, this: Optim, parameters: Dynamic) -> "optimizer with state of its own" { over(&this, &parameters) }

    /// Moves every parameter that has a gradient.
    ///
    /// ```rhai
    /// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
    /// let o = optim::adam(#{ lr: 0.1 }).over(net);
    /// let before = net["weight"].copy();
    /// net.forward(tensor::ones([1, 2])).sum().backward();
    /// o.step();
    /// assert(net["weight"] != before);
    /// ```
    method "step"(c, this: Optim) -> "nothing" { this.0.borrow_mut().step(&crate::torch::Number::Here(1.0)) }

    /// Forgets the gradients of its parameters.
    ///
    /// ```rhai
    /// optim::adam().over(nn::build(nn::linear(1), [2])).zero_grad();
    /// ```
    method "zero_grad"(c, this: Optim) -> "nothing" { this.0.borrow().zero_grad() }

    /// Its learning rate.
    ///
    /// ```rhai
    /// assert_eq(optim::adam(#{ lr: 0.1 }).lr, 0.1);
    /// ```
    property "lr"(c, this: Optim) -> "number" { Ok(this.0.borrow().lr) }

    /// Sets its learning rate.
    ///
    /// ```rhai
    /// let o = optim::adam();
    /// o.lr = 0.5;
    /// assert_eq(o.lr, 0.5);
    /// ```
    setter "lr"(c, this: Optim, value: f64) -> "nothing" { this.0.borrow_mut().lr = value; Ok(()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
