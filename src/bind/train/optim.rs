//! `optim::…`: optimizers; defaults and arithmetic are PyTorch's.

use crate::base::Result;
use crate::bind::args::optim::GroupOptions;
use crate::bind::types::Optim;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::nn::Model;
use crate::optim::adagrad::Adagrad;
use crate::optim::adam::Adam;
use crate::optim::clip;
use crate::optim::lamb::Lamb;
use crate::optim::lion::Lion;
use crate::optim::muon::{Adjustment, Muon};
use crate::optim::rmsprop::RmsProp;
use crate::optim::sgd::Sgd;
use crate::torch::Kind;

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

/// Options of `optim::lion`.
#[derive(Options)]
pub struct LionOptions {
    /// Learning rate; a third to a tenth of that of AdamW is usual.
    #[option(default = 1e-4, min = 0)]
    lr: f64,
    /// Weight of the momentum in the update, and decay rate of the momentum.
    #[option(default = [0.9, 0.99], min = 0, below = 1)]
    betas: [f64; 2],
    /// Fraction of each parameter, times the learning rate, that a step subtracts.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::lamb`.
#[derive(Options)]
pub struct LambOptions {
    /// Learning rate.
    #[option(default = 0.001, min = 0)]
    lr: f64,
    /// Decay rates of the running means of the gradient and of its square.
    #[option(default = [0.9, 0.999], min = 0, below = 1)]
    betas: [f64; 2],
    /// Term added to the denominator for numerical stability.
    #[option(default = 1e-6, min = 0, max = 1)]
    eps: f64,
    /// Fraction of each parameter that is added to its step before the step is scaled.
    #[option(default = 0, min = 0)]
    weight_decay: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// Options of `optim::muon`.
#[derive(Options)]
pub struct MuonOptions {
    /// Learning rate of the parameters with two or more axes.
    #[option(default = 0.001, above = 0)]
    lr: f64,
    /// Decay rate of the momentum.
    #[option(default = 0.95, min = 0, below = 1)]
    momentum: f64,
    /// Whether to use Nesterov momentum.
    #[option(default = true)]
    nesterov: bool,
    /// Fraction of each parameter, times the learning rate, that a step subtracts.
    #[option(default = 0.1, min = 0)]
    weight_decay: f64,
    /// Number of Newton–Schulz iterations.
    #[option(default = 5, min = 1, max = 99)]
    iterations: usize,
    /// Smallest norm that a momentum is divided by.
    #[option(default = 1e-7, above = 0, max = 1)]
    eps: f64,
    /// How the learning rate depends on the shape: "original" (root of rows over columns) or
    /// "match_rms_adamw" (steps as large as those of AdamW, so that its learning rates fit).
    #[option(default = "original")]
    adjust: AdjustName,
    /// Precision of the iterations: "bfloat16" as in PyTorch, or "float32".
    #[option(default = "bfloat16")]
    precision: MuonPrecision,
    /// Parameters with several axes that AdamW updates all the same: paths, or endings such as
    /// "*head.weight". Those of the first and last layer are usual.
    #[option(default = [])]
    adamw: Vec<String>,
    /// Learning rate of AdamW; `lr` unless given.
    #[option(min = 0)]
    adamw_lr: Option<f64>,
    /// Decay rates of AdamW's running means of the gradient and of its square.
    #[option(default = [0.9, 0.999], min = 0, below = 1)]
    adamw_betas: [f64; 2],
    /// Term added to AdamW's denominator for numerical stability.
    #[option(default = 1e-8, min = 0, max = 1)]
    adamw_eps: f64,
    #[option(flatten)]
    groups: GroupOptions,
}

/// How the learning rate of Muon depends on the shape of a parameter.
#[derive(Choice, Clone, Copy)]
pub enum AdjustName {
    /// The root of rows over columns, at least 1.
    Original,
    /// 0.2 times the root of the larger side.
    MatchRmsAdamw,
}

/// Precision of Newton–Schulz iterations.
#[derive(Choice, Clone, Copy)]
pub enum MuonPrecision {
    /// 16 bits.
    Bfloat16,
    /// 32 bits.
    Float32,
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

/// Returns Lion (Chen et al. 2023): steps by the sign of a momentum.
///
/// ```rhai
/// let w = tensor::from([1.0, -1.0]).requires_grad();
/// let o = optim::lion(#{ lr: 0.5 }).over(#{ w: w });
/// (w * w).sum().backward();
/// o.step();
/// assert_eq(w, [0.5, -0.5]);
/// ```
#[native(namespace = "optim")]
pub fn lion(options: LionOptions) -> Optim {
    let rule = Lion {
        betas: options.betas.into(),
    };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns LAMB (You et al. 2020): Adam with steps of the norm of each parameter.
///
/// It is meant for large batches. Parameters of norm 0 have steps of Adam.
///
/// ```rhai
/// assert(optim::lamb(#{ weight_decay: 0.01 }).lr == 0.001);
/// ```
#[native(namespace = "optim")]
pub fn lamb(options: LambOptions) -> Optim {
    let rule = Lamb {
        betas: options.betas.into(),
        eps: options.eps,
    };
    options
        .groups
        .optimizer(rule, options.lr, options.weight_decay)
}

/// Returns Muon (Jordan et al. 2024): steps by an orthogonalised momentum.
///
/// It updates parameters with two or more axes; those with more, such as the kernels of
/// convolutions, as matrices of one row per output channel. AdamW updates the others (biases,
/// norms) and those that `adamw` lists. Arithmetic and defaults are those of PyTorch 2.11, which
/// has no AdamW in it.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::linear(8), nn::relu(), nn::linear(1)]), [4], #{ seed: 1 });
/// let o = optim::muon(#{ lr: 0.02, adamw: ["2"], adamw_lr: 1e-3 }).over(net);
/// net.forward(tensor::ones([1, 4])).sum().backward();
/// o.step();
/// ```
#[native(namespace = "optim")]
pub fn muon(options: MuonOptions) -> Optim {
    let rule = Muon {
        momentum: options.momentum,
        nesterov: options.nesterov,
        iterations: options.iterations,
        eps: options.eps,
        adjustment: match options.adjust {
            AdjustName::Original => Adjustment::Original,
            AdjustName::MatchRmsAdamw => Adjustment::MatchRmsAdamw,
        },
        kind: match options.precision {
            MuonPrecision::Bfloat16 => Kind::BFloat16,
            MuonPrecision::Float32 => Kind::Float,
        },
        excluded: options.adamw,
        adamw: Adam {
            betas: options.adamw_betas.into(),
            eps: options.adamw_eps,
            decoupled: true,
        },
        adamw_rate: options.adamw_lr.map_or(1.0, |lr| lr / options.lr),
        ..Muon::DEFAULT
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        sgd, adam, adamw, rmsprop, adagrad, lion, lamb, muon, clip_norm, clip_value,
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
