//! Losses, which training minimises. Undefined labels (NaN) have no part in the value and no
//! gradient.

mod heads;

pub use heads::{Head, HeadWeight, Heads, Losses, StepWeight, unknown};

use crate::Value;
use cistron_base::{Fault, Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::graph::is_steady;
use cistron_torch::{Device, Kind, Tensor};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The function from a network's outputs to predictions of its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Outputs are predictions.
    Identity,
    /// Outputs are logits of independent labels.
    Sigmoid,
    /// Outputs are logits of classes that exclude each other.
    Softmax,
    /// Outputs are logarithms of rates.
    Exp,
}

impl Link {
    /// Predictions from outputs.
    pub fn apply(self, outputs: &Tensor) -> Result<Tensor> {
        match self {
            Link::Identity => Ok(outputs.clone()),
            Link::Sigmoid => outputs.sigmoid(),
            Link::Softmax => outputs.softmax(1),
            Link::Exp => outputs.exp(),
        }
    }
}

/// The links of the outputs of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The link of a network of one output, and of outputs that are not listed.
    pub one: Link,
    /// The links of several outputs.
    pub by_output: BTreeMap<String, Link>,
}

impl From<Link> for Links {
    fn from(link: Link) -> Links {
        Links {
            one: link,
            by_output: BTreeMap::new(),
        }
    }
}

impl Links {
    /// The link of an output; the name of the only output is empty.
    pub fn of(&self, output: &str) -> Link {
        self.by_output.get(output).copied().unwrap_or(self.one)
    }
}

/// What a loss sees of a batch besides the outputs.
pub struct BatchView<'a> {
    /// The inputs of the network.
    pub inputs: &'a Value,
    /// The labels, as the outputs are: one tensor, or several by name.
    pub labels: &'a Value,
    /// The rows of the dataset.
    pub rows: &'a [u32],
}

/// A function of outputs and labels.
pub type OutputsAndLabels = Rc<dyn Fn(&Value, &Value) -> Result<Tensor>>;
/// A function of outputs and the batch.
pub type OutputsAndBatch = Rc<dyn Fn(&Value, &BatchView) -> Result<Tensor>>;

/// A loss: outputs and labels to one number.
#[derive(Clone)]
pub struct Loss {
    /// Its name.
    pub name: String,
    /// What its outputs mean.
    pub link: Link,
    /// How it is computed.
    pub kind: LossKind,
}

/// The losses.
#[derive(Clone)]
pub enum LossKind {
    /// Binary cross-entropy of probabilities.
    Bce,
    /// Binary cross-entropy of logits; positives may weigh more, one weight or one for each task.
    BceWithLogits(Option<Vec<f64>>),
    /// Cross-entropy of class logits; labels are class numbers.
    CrossEntropy {
        /// How much each class weighs.
        weights: Option<Vec<f64>>,
        /// The number of an undefined label.
        ignored: i64,
    },
    /// Mean squared error.
    Mse,
    /// Mean absolute error.
    Mae,
    /// Squared near 0, absolute beyond `delta`.
    Huber(f64),
    /// Poisson negative log-likelihood; outputs are logarithms of rates where true.
    PoissonNll(bool),
    /// Multinomial negative log-likelihood of counts along the last axis, given logits.
    MultinomialNll,
    /// Kullback–Leibler divergence of label shares from output log-shares.
    Kl,
    /// A function of a script that sees outputs and labels.
    Custom(OutputsAndLabels),
    /// A function of a script that sees outputs and the batch.
    Batch(OutputsAndBatch),
    /// A weighted sum over the outputs of a network.
    Heads(Rc<Heads>),
}

impl Loss {
    /// A loss by its parts.
    pub fn new(name: &str, link: Link, kind: LossKind) -> Loss {
        Loss {
            name: name.into(),
            link,
            kind,
        }
    }

    /// The loss of a batch. `weights` are those of the classes 0 and 1, … where classes weigh
    /// differently.
    pub fn of(&self, outputs: &Tensor, labels: &Tensor, weights: Option<&[f64]>) -> Result<Tensor> {
        // labels on a GPU are not read back for this: training looks at all of them first
        if matches!(self.kind, LossKind::Bce | LossKind::BceWithLogits(_))
            && labels.device() == Device::CPU
            && !is_steady()
        {
            let at = labels
                .detach()?
                .with_f32(|labels| self.first_unfit(labels).map(|at| (at, labels[at])))?;
            if let Some((at, label)) = at {
                return Err(self.refuses(label.into(), &format!(" at {at} of {}", labels.numel())));
            }
        }
        let labels = labels.to_device(outputs.device())?;
        match &self.kind {
            LossKind::Custom(f) => {
                let (outputs, labels) = (Value::One(outputs.clone()), Value::One(labels));
                self.one_number(f(&outputs, &labels)?)
            }
            LossKind::Batch(_) => bail!(
                "type",
                "`loss::batch` needs the batch as well as outputs and labels";
                hint: "`train::fit` passes it; `loss::custom` takes outputs and labels alone"
            ),
            LossKind::Heads(_) => bail!(
                "shape",
                "`loss::heads` is for networks of several outputs, got one";
                hint: "a network of one output takes the loss itself, such as `loss::mse()`"
            ),
            LossKind::CrossEntropy {
                weights: own,
                ignored,
            } => cross_entropy(outputs, &labels, weights.or(own.as_deref()), *ignored),
            LossKind::MultinomialNll => multinomial(outputs, &labels),
            kind => self.elementwise(kind, outputs, &labels, weights),
        }
    }

    /// The loss of outputs and labels, one or several. Learned weights have their initial values.
    pub fn of_values(
        &self,
        outputs: &Value,
        labels: &Value,
        weights: Option<&[f64]>,
    ) -> Result<Losses> {
        let total = match (&self.kind, outputs, labels) {
            (LossKind::Heads(heads), ..) => {
                return heads.of(outputs, labels, &heads.initial_weights()?);
            }
            (LossKind::Custom(f), Value::Many(_), _) => self.one_number(f(outputs, labels)?)?,
            (_, Value::One(outputs), Value::One(labels)) => self.of(outputs, labels, weights)?,
            _ => return Err(self.of_several()),
        };
        Ok(Losses {
            total,
            by_head: Vec::new(),
        })
    }

    /// The fault of a loss of one output where there are several.
    pub fn of_several(&self) -> Fault {
        fault!("option", "the network has several outputs, `{}` is a loss of one", self.name;
            hint: "`loss::heads(#{{ name: loss, … }})` has a loss for each output, \
                `loss::custom(|outputs, labels| …)` takes all of them as maps")
    }

    /// The links of the outputs that it is computed from.
    pub fn links(&self) -> Links {
        match &self.kind {
            LossKind::Heads(heads) => heads.links(),
            _ => self.link.into(),
        }
    }

    /// Names of the outputs that have a loss each; none of a loss of one output.
    pub fn head_names(&self) -> Vec<String> {
        match &self.kind {
            LossKind::Heads(heads) => heads.trained().map(|(head, _)| head.name.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// Its name and settings as text.
    pub fn settings_text(&self) -> String {
        let name = &self.name;
        match &self.kind {
            LossKind::BceWithLogits(weights) => format!("{name} {weights:?}"),
            LossKind::CrossEntropy { weights, ignored } => format!("{name} {weights:?} {ignored}"),
            LossKind::Huber(delta) => format!("{name} {delta}"),
            LossKind::PoissonNll(is_log) => format!("{name} {is_log}"),
            LossKind::Heads(heads) => heads.text(),
            _ => name.clone(),
        }
    }

    /// Fails unless what a function has returned is one number.
    pub fn one_number(&self, value: Tensor) -> Result<Tensor> {
        if value.numel() != 1 {
            bail!(
                "shape",
                "a loss must give one number, {} gave {}",
                self.name,
                shape::text(&value.shape());
                hint: "end it with `.mean()`"
            );
        }
        Ok(value)
    }

    /// Fails on labels that outputs of a shape without its batch have no place for, as [`Loss::of`]
    /// does where it may read labels back.
    pub fn accepts(&self, labels: &[f32], output: &[i64]) -> Result<()> {
        match (&self.kind, output) {
            (LossKind::CrossEntropy { ignored, .. }, [classes, ..]) => {
                let defined = |label: &f64| !label.is_nan() && *label != *ignored as f64;
                labels
                    .iter()
                    .map(|label| f64::from(*label))
                    .filter(defined)
                    .try_for_each(|label| within(label, *classes))
            }
            _ => Ok(()),
        }
    }

    /// The first label that the loss has no meaning for: binary cross-entropy takes labels from 0
    /// to 1. NaN is undefined.
    pub fn first_unfit(&self, labels: &[f32]) -> Option<usize> {
        let is_binary = matches!(self.kind, LossKind::Bce | LossKind::BceWithLogits(_));
        if is_binary {
            labels
                .iter()
                .position(|label| !(label.is_nan() || (0.0..=1.0).contains(label)))
        } else {
            None
        }
    }

    /// The fault of such a label; `place` is where it is.
    pub fn refuses(&self, label: f64, place: &str) -> Fault {
        fault!("value", "`{}` takes labels from 0 to 1, got {label}{place}", self.name;
            hint: "class numbers need `loss::cross_entropy()` and an output for each class; \
                `labels.gt(0.5)` makes labels of other numbers")
    }

    fn elementwise(
        &self,
        kind: &LossKind,
        outputs: &Tensor,
        labels: &Tensor,
        weights: Option<&[f64]>,
    ) -> Result<Tensor> {
        let labels = fit_shape(&self.name, outputs, labels)?.to_kind(outputs.kind())?;
        let undefined = labels.isnan()?;
        let holes = is_steady() || undefined.any(&None, false)?.item()? > 0.0;
        let labels = if holes {
            labels.masked_fill(&undefined, 0.0)?
        } else {
            labels
        };
        let mut each = match kind {
            LossKind::Bce => bce(outputs, &labels)?,
            LossKind::BceWithLogits(positive) => {
                bce_with_logits(outputs, &labels, positive.as_deref())?
            }
            LossKind::Mse => outputs.sub(&labels)?.square()?,
            LossKind::Mae => outputs.sub(&labels)?.abs()?,
            LossKind::Huber(delta) => huber(&outputs.sub(&labels)?, *delta)?,
            LossKind::PoissonNll(true) => outputs.exp()?.sub(&labels.mul(outputs)?)?,
            LossKind::PoissonNll(false) => {
                outputs.sub(&labels.mul(&outputs.add_number(1e-8)?.log()?)?)?
            }
            // x log x is 0 at 0
            LossKind::Kl => {
                labels.mul(&labels.clamp(1e-38, f64::INFINITY)?.log()?.sub(outputs)?)?
            }
            _ => bail!("internal", "{} is not computed number by number", self.name),
        };
        if let Some(weights) = weights {
            let [zero, one] = weights else {
                bail!(
                    "value",
                    "class weights of {} must be two numbers, of class 0 and of class 1",
                    self.name
                )
            };
            each = each.mul(&labels.mul_number(one - zero)?.add_number(*zero)?)?;
        }
        if let LossKind::Kl = kind {
            // as PyTorch's "batchmean": the divergence of a sample is the sum over its shares
            let n = outputs.shape().first().copied().unwrap_or(1).max(1);
            let each = if holes {
                each.masked_fill(&undefined, 0.0)?
            } else {
                each
            };
            return each.sum(&None, false)?.div_number(n as f64);
        }
        if !holes {
            return each.mean(&None, false);
        }
        let defined = undefined
            .logical_not()?
            .to_kind(Kind::Float)?
            .sum(&None, false)?
            .clamp(1.0, f64::INFINITY)?;
        each.masked_fill(&undefined, 0.0)?
            .sum(&None, false)?
            .div(&defined)
    }
}

/// Labels in the shape of the outputs; `[batch]` and `[batch, 1]` are the same.
fn fit_shape(name: &str, outputs: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let (want, got) = (outputs.shape(), labels.shape());
    if want == got {
        return Ok(labels.clone());
    }
    let squeezed = |shape: &[i64]| {
        shape
            .iter()
            .copied()
            .filter(|n| *n != 1)
            .collect::<Vec<_>>()
    };
    if squeezed(&want) == squeezed(&got) {
        return labels.reshape(&want);
    }
    Err(fault!(
        "shape",
        "{name}: outputs are {}, labels {}",
        shape::text(&want),
        shape::text(&got)
    )
    .hint(match (want.as_slice(), got.as_slice()) {
        ([a, outs], [b, tasks]) if a == b => {
            format!(
                "the network returns {outs} numbers a sample, the data has {tasks} labels: end it \
                    with `nn::linear({tasks})`"
            )
        }
        _ => "outputs and labels must have one shape".into(),
    }))
}

fn bce(p: &Tensor, y: &Tensor) -> Result<Tensor> {
    // as PyTorch: logarithms are kept above -100
    let positive = p.log()?.clamp(-100.0, f64::INFINITY)?;
    let negative = p.neg()?.log1p()?.clamp(-100.0, f64::INFINITY)?;
    let rest = y.neg()?.add_number(1.0)?;
    y.mul(&positive)?.add(&rest.mul(&negative)?)?.neg()
}

fn bce_with_logits(x: &Tensor, y: &Tensor, positive: Option<&[f64]>) -> Result<Tensor> {
    // (1 - y) x + (1 + (w - 1) y) softplus(-x), without overflow
    let rest = y.neg()?.add_number(1.0)?.mul(x)?;
    let soft = x.neg()?.relu()?.add(&x.abs()?.neg()?.exp()?.log1p()?)?;
    let Some(weights) = positive else {
        return rest.add(&soft);
    };
    let tasks = x.shape().get(1).copied().unwrap_or(1);
    if weights.len() != 1 && weights.len() as i64 != tasks {
        bail!(
            "value",
            "`pos_weight` holds {} numbers for {tasks} tasks",
            weights.len()
        );
    }
    let weights = Tensor::listed(weights, x.kind(), x.device())?;
    let scale = y.mul(&weights.sub_number(1.0)?)?.add_number(1.0)?;
    rest.add(&scale.mul(&soft)?)
}

fn huber(error: &Tensor, delta: f64) -> Result<Tensor> {
    let size = error.abs()?;
    let near = error.square()?.mul_number(0.5)?;
    let far = size.sub_number(0.5 * delta)?.mul_number(delta)?;
    near.where_(&size.le_number(delta)?, &far)
}

fn cross_entropy(
    outputs: &Tensor,
    labels: &Tensor,
    weights: Option<&[f64]>,
    ignored: i64,
) -> Result<Tensor> {
    let classes = outputs.shape().get(1).copied().unwrap_or(0);
    if outputs.rank() < 2 || classes < 2 {
        bail!(
            "shape",
            "cross_entropy takes outputs [batch, classes, …], got {}",
            shape::text(&outputs.shape());
            hint: "one output a sample is a task for `loss::bce_with_logits()`"
        );
    }
    let mut target_shape = outputs.shape();
    target_shape.remove(1);
    if labels.numel() != target_shape.iter().product::<i64>() {
        bail!(
            "shape",
            "cross_entropy: outputs {} need class numbers {}, got {}",
            shape::text(&outputs.shape()),
            shape::text(&target_shape),
            shape::text(&labels.shape())
        );
    }
    let labels = labels.reshape(&target_shape)?;
    let mut undefined = labels.eq_number(ignored as f64)?;
    if labels.kind().is_floating() {
        undefined = undefined.maximum(&labels.isnan()?)?;
    }
    let known = labels.masked_fill(&undefined, 0.0)?;
    let index = known.to_kind(Kind::Int64)?;
    if !is_steady() {
        let wrong = index
            .lt_number(0)?
            .maximum(&index.ge_number(classes)?)?
            .maximum(&known.ne(&index)?)?;
        if wrong.any(&None, false)?.item()? > 0.0 {
            known
                .to_f64()?
                .into_iter()
                .try_for_each(|label| within(label, classes))?;
        }
    }
    let own = outputs
        .log_softmax(1)?
        .gather(1, &index.unsqueeze(1)?)?
        .squeeze(Some(1))?
        .neg()?;
    let mut weight = undefined.logical_not()?.to_kind(outputs.kind())?;
    if let Some(weights) = weights {
        if weights.len() as i64 != classes {
            bail!(
                "value",
                "{} class weights for {classes} classes",
                weights.len()
            );
        }
        let table = Tensor::listed(weights, outputs.kind(), outputs.device())?;
        weight = weight.mul(
            &table
                .take(0, &index.reshape(&[-1])?)?
                .reshape(&target_shape)?,
        )?;
    }
    own.mul(&weight)?
        .sum(&None, false)?
        .div(&weight.sum(&None, false)?.clamp(1e-12, f64::INFINITY)?)
}

/// Fails unless there is a class of this number.
fn within(label: f64, classes: i64) -> Result<()> {
    if label < 0.0 {
        bail!(
            "value",
            "cross_entropy: class number {label} with {classes} classes";
            hint: "classes count from 0; `ignore_index: {label}` leaves such rows out, as NaN does"
        );
    }
    if label.fract() != 0.0 {
        bail!(
            "value",
            "cross_entropy: label {label} is no class number";
            hint: "labels are integers from 0; for shares of classes use `loss::kl()`"
        );
    }
    if label >= classes as f64 {
        bail!(
            "value",
            "cross_entropy: class number {label} with {classes} classes";
            hint: "classes count from 0"
        );
    }
    Ok(())
}

fn multinomial(logits: &Tensor, counts: &Tensor) -> Result<Tensor> {
    let counts = fit_shape("multinomial_nll", logits, counts)?.to_kind(logits.kind())?;
    let last = Some(vec![-1]);
    let ways = counts
        .sum(&last, false)?
        .add_number(1.0)?
        .lgamma()?
        .sub(&counts.add_number(1.0)?.lgamma()?.sum(&last, false)?)?;
    let chosen = counts.mul(&logits.log_softmax(-1)?)?.sum(&last, false)?;
    ways.add(&chosen)?.neg()?.mean(&None, false)
}
