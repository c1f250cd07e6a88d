//! `loss::…`: what training makes small.

use super::broadcast::InLoss;
use super::values::Numbers;
use crate::base::Result;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::{Callback, IntoValue, Options, session};
use crate::nn::loss::{Link, Loss, LossKind};
use crate::torch::Tensor;
use crate::{fault, natives};
use std::rc::Rc;

const BCE: &[Opt] = &[opt(
    "pos_weight",
    OptKind::Other("number or array of one for each task"),
    "",
    "how much more positives weigh",
)];
const CROSS: &[Opt] = &[
    opt(
        "weights",
        OptKind::Other("array of a number for each class"),
        "",
        "how much each class weighs",
    ),
    opt(
        "ignore_index",
        OptKind::Int(-MANY, MANY),
        "-100",
        "a class number that marks an undefined label, as NaN does",
    ),
];
const HUBER: &[Opt] = &[opt(
    "delta",
    OptKind::Float(1e-12, INF),
    "1",
    "where the error turns from squared to absolute",
)];
const POISSON: &[Opt] = &[opt(
    "log_input",
    OptKind::Bool,
    "true",
    "whether outputs are logarithms of rates",
)];
const LINK: &[Opt] = &[opt(
    "link",
    OptKind::Choice(&["identity", "sigmoid", "softmax", "exp"]),
    "\"identity\"",
    "what turns outputs into predictions, for metrics",
)];

fn link_of(name: &str) -> Link {
    match name {
        "sigmoid" => Link::Sigmoid,
        "softmax" => Link::Softmax,
        "exp" => Link::Exp,
        _ => Link::Identity,
    }
}

fn weights(o: &Options, name: &str) -> Result<Option<Vec<f64>>> {
    match o.raw(name) {
        None => Ok(None),
        Some(one) if crate::lang::value::number(&one).is_some() => {
            Ok(crate::lang::value::number(&one).map(|w| vec![w]))
        }
        Some(_) => o.get::<Vec<f64>>(name),
    }
}

/// A loss out of a script's function.
pub fn of_closure(f: Callback, link: Link) -> Loss {
    let compute = move |outputs: &Tensor, labels: &Tensor| -> Result<Tensor> {
        let _guard = InLoss::begin();
        let made = f.call(vec![
            outputs.clone().into_value(),
            labels.clone().into_value(),
        ])?;
        made.read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "a loss must give a tensor of one number, gave {}",
                    session::describe(&made)
                )
            })
    };
    Loss::new("custom", link, LossKind::Custom(Rc::new(compute)))
}

natives! { made in "loss" {
    /// Makes binary cross-entropy of probabilities.
    ///
    /// ```rhai
    /// assert_near(loss::bce().of(tensor::full([2, 1], 0.5), tensor::ones([2, 1])).item(), 0.6931472, 1e-5);
    /// ```
    function "bce"(c) -> "loss" { Ok(Loss::new("bce", Link::Identity, LossKind::Bce)) }

    /// Makes binary cross-entropy of logits; undefined labels (NaN) are masked.
    ///
    /// ```rhai
    /// let x = tensor::zeros([2, 1]);
    /// let y = tensor::from([[0.0], [1.0]]);
    /// assert_near(loss::bce_with_logits().of(x, y).item(), 0.6931472, 1e-5);
    /// ```
    function "bce_with_logits"(c; o = BCE) -> "loss" { Ok(Loss::new("bce_with_logits", Link::Sigmoid, LossKind::BceWithLogits(weights(&o, "pos_weight")?))) }

    /// Computes binary cross-entropy of logits.
    ///
    /// ```rhai
    /// let x = tensor::zeros([2, 1]);
    /// let y = tensor::from([[0.0], [1.0]]);
    /// assert_near(loss::bce_with_logits(x, y).item(), 0.6931472, 1e-5);
    /// ```
    function "bce_with_logits"(c, outputs: Tensor, labels: Numbers) -> "tensor [], one number" { Loss::new("bce_with_logits", Link::Sigmoid, LossKind::BceWithLogits(None)).of(&outputs, &labels.beside(&outputs)?, None) }

    /// Computes binary cross-entropy of probabilities.
    ///
    /// ```rhai
    /// assert_near(loss::bce(tensor::full([2, 1], 0.5), tensor::ones([2, 1])).item(), 0.6931472, 1e-5);
    /// ```
    function "bce"(c, outputs: Tensor, labels: Numbers) -> "tensor [], one number" { Loss::new("bce", Link::Identity, LossKind::Bce).of(&outputs, &labels.beside(&outputs)?, None) }

    /// Makes cross-entropy of class logits [batch, classes]; labels are class numbers from 0.
    ///
    /// Rows whose label is NaN or `ignore_index` count neither in the loss nor in its gradient; any
    /// other number that is no class is an error.
    ///
    /// ```rhai
    /// assert_near(loss::cross_entropy().of(tensor::zeros([1, 2]), tensor::from([[1.0]])).item(), 0.6931472, 1e-5);
    /// ```
    function "cross_entropy"(c; o = CROSS) -> "loss" { Ok(Loss::new("cross_entropy", Link::Softmax, LossKind::CrossEntropy { weights: weights(&o, "weights")?, ignored: o.int("ignore_index") })) }

    /// Computes cross-entropy of class logits; rows whose label is NaN or -100 are left out.
    ///
    /// ```rhai,fails
    /// loss::cross_entropy(tensor::zeros([1, 2]), tensor::from([-1]));
    /// //~ class number -1 with 2 classes
    /// ```
    /// ```rhai
    /// assert_near(loss::cross_entropy(tensor::zeros([1, 2]), tensor::from([1])).item(), 0.6931472, 1e-5);
    /// ```
    function "cross_entropy"(c, outputs: Tensor, labels: Numbers) -> "tensor [], one number" { Loss::new("cross_entropy", Link::Softmax, LossKind::CrossEntropy { weights: None, ignored: -100 }).of(&outputs, &labels.beside(&outputs)?, None) }

    /// Makes the mean squared error.
    ///
    /// ```rhai
    /// assert_eq(loss::mse().of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
    /// ```
    function "mse"(c) -> "loss" { Ok(Loss::new("mse", Link::Identity, LossKind::Mse)) }

    /// Computes the mean squared error.
    ///
    /// ```rhai
    /// assert_eq(loss::mse(tensor::ones([2]), [0.0, 0.0]).item(), 1.0);
    /// ```
    function "mse"(c, outputs: Tensor, labels: Numbers) -> "tensor [], one number" { Loss::new("mse", Link::Identity, LossKind::Mse).of(&outputs, &labels.beside(&outputs)?, None) }

    /// Makes the mean absolute error.
    ///
    /// ```rhai
    /// assert_eq(loss::mae().of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
    /// ```
    function "mae"(c) -> "loss" { Ok(Loss::new("mae", Link::Identity, LossKind::Mae)) }

    /// Makes an error that is squared near 0 and absolute beyond `delta` (Huber 1964).
    ///
    /// ```rhai
    /// assert_eq(loss::huber().of(tensor::full([1, 1], 3), tensor::zeros([1, 1])).item(), 2.5);
    /// ```
    function "huber"(c; o = HUBER) -> "loss" { Ok(Loss::new("huber", Link::Identity, LossKind::Huber(o.float("delta")))) }

    /// Makes the Poisson negative log-likelihood of counts, without the term of the counts alone.
    ///
    /// ```rhai
    /// assert_eq(loss::poisson_nll().of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item(), 1.0);
    /// ```
    function "poisson_nll"(c; o = POISSON) -> "loss" { Ok(Loss::new("poisson_nll", if o.flag("log_input") { Link::Exp } else { Link::Identity }, LossKind::PoissonNll(o.flag("log_input")))) }

    /// Makes the multinomial negative log-likelihood of counts along the last axis, given logits
    /// (BPNet's profile loss).
    ///
    /// ```rhai
    /// assert_near(loss::multinomial_nll().of(tensor::zeros([1, 2]), tensor::from([[1.0, 0.0]])).item(), 0.6931472, 1e-5);
    /// ```
    function "multinomial_nll"(c) -> "loss" { Ok(Loss::new("multinomial_nll", Link::Softmax, LossKind::MultinomialNll)) }

    /// Makes the Kullback–Leibler divergence of label shares from outputs that are log-shares; a
    /// sample's is their sum.
    ///
    /// ```rhai
    /// assert_near(loss::kl().of(tensor::zeros([1, 1]), tensor::ones([1, 1])).item(), 0.0);
    /// ```
    function "kl"(c) -> "loss" { Ok(Loss::new("kl", Link::Identity, LossKind::Kl)) }

    /// Makes a loss of a function |outputs, labels| that gives one number.
    ///
    /// ```rhai
    /// let l = loss::custom(|x, y| (x - y).abs().mean());
    /// assert_eq(l.of(tensor::ones([2, 1]), tensor::zeros([2, 1])).item(), 1.0);
    /// ```
    function "custom"(c, f: Callback; o = LINK) -> "loss" { Ok(of_closure(f, link_of(&o.text("link")))) }
} }

natives! { methods in "loss" {
    /// Computes the loss of outputs and labels.
    ///
    /// ```rhai
    /// assert_eq(loss::mse().of(tensor::ones([2]), [0.0, 0.0]).item(), 1.0);
    /// ```
    method "of"(c, this: Loss, outputs: Tensor, labels: Numbers) -> "tensor [], one number" { this.of(&outputs, &labels.beside(&outputs)?, None) }

    /// Turns outputs into what labels mean: logits into probabilities, log-rates into rates.
    ///
    /// ```rhai
    /// assert_eq(loss::bce_with_logits().predictions(tensor::zeros([1])), [0.5]);
    /// ```
    method "predictions"(c, this: Loss, outputs: Tensor) -> "tensor of the same shape" { this.link.apply(&outputs) }

    /// Its name.
    ///
    /// ```rhai
    /// assert_eq(loss::mse().name, "mse");
    /// ```
    property "name"(c, this: Loss) -> "string" { Ok(this.name.clone()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
