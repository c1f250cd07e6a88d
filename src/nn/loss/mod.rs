//! Losses, which training minimises. Undefined labels (NaN) have no part in the value and no
//! gradient.

mod classes;
pub mod contrastive;
mod elementwise;
mod heads;
mod link;
mod profile;
pub mod shared;
mod types;

pub use link::{Link, Links};
pub use types::{
    BatchView, Head, HeadWeight, Heads, Loss, LossKind, Losses, OutputsAndBatch, OutputsAndLabels,
    StepWeight, unknown,
};

use crate::Value;
use cistron_base::{Fault, Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::graph::is_steady;
use cistron_torch::{Device, Tensor};
use classes::within;

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
        if self.label_range().is_some() && labels.device() == Device::CPU && !is_steady() {
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
                smoothing,
            } => {
                let settings = classes::Settings {
                    weights: weights.or(own.as_deref()),
                    ignored: *ignored,
                    smoothing: *smoothing,
                };
                classes::cross_entropy(outputs, &labels, &settings)
            }
            LossKind::GaussianNll
            | LossKind::MultinomialNll { .. }
            | LossKind::PoissonMultinomial { .. }
            | LossKind::CosineMseLog { .. } => {
                if weights.is_some() {
                    bail!("option", "{} has no classes to weigh", self.name)
                }
                self.of_rows(outputs, &labels)
            }
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

    /// Whether a function of a script computes it, or a part of it.
    pub fn is_of_script(&self) -> bool {
        match &self.kind {
            LossKind::Custom(_) | LossKind::Batch(_) => true,
            LossKind::Heads(heads) => heads.trained().any(|(_, loss)| loss.is_of_script()),
            _ => false,
        }
    }

    /// Its name and settings as text.
    pub fn settings_text(&self) -> String {
        let name = &self.name;
        match &self.kind {
            // without smoothing as in checkpoints of earlier versions
            LossKind::BceWithLogits {
                positive,
                smoothing: 0.0,
            } => format!("{name} {positive:?}"),
            LossKind::BceWithLogits {
                positive,
                smoothing,
            } => format!("{name} {positive:?} {smoothing}"),
            LossKind::Bce { smoothing } if *smoothing != 0.0 => format!("{name} {smoothing}"),
            LossKind::CrossEntropy {
                weights,
                ignored,
                smoothing: 0.0,
            } => format!("{name} {weights:?} {ignored}"),
            LossKind::CrossEntropy {
                weights,
                ignored,
                smoothing,
            } => format!("{name} {weights:?} {ignored} {smoothing}"),
            LossKind::Focal { alpha, gamma } => format!("{name} {alpha:?} {gamma}"),
            LossKind::Huber(delta) | LossKind::SmoothL1(delta) => format!("{name} {delta}"),
            LossKind::Tweedie(power) => format!("{name} {power}"),
            LossKind::Log1pMse { is_log } => format!("{name} {is_log}"),
            LossKind::MultinomialNll { joint: true } => format!("{name} joint"),
            LossKind::PoissonMultinomial {
                total_weight,
                is_log,
                rescale,
            } => format!("{name} {total_weight} {is_log} {rescale}"),
            LossKind::CosineMseLog {
                max_weight,
                multiplier,
            } => format!("{name} {max_weight} {multiplier}"),
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

    /// The labels that the loss has a meaning for, from and to; none where it is any number.
    fn label_range(&self) -> Option<(f32, f32)> {
        match self.kind {
            LossKind::Bce { .. } | LossKind::BceWithLogits { .. } | LossKind::Focal { .. } => {
                Some((0.0, 1.0))
            }
            LossKind::Log1pMse { .. }
            | LossKind::Tweedie(_)
            | LossKind::MultinomialNll { .. }
            | LossKind::PoissonMultinomial { .. }
            | LossKind::CosineMseLog { .. } => Some((0.0, f32::INFINITY)),
            _ => None,
        }
    }

    /// The first label that the loss has no meaning for: binary cross-entropy takes labels from 0
    /// to 1, losses of counts take labels of at least 0. NaN is undefined.
    pub fn first_unfit(&self, labels: &[f32]) -> Option<usize> {
        let (low, high) = self.label_range()?;
        labels
            .iter()
            .position(|label| !(label.is_nan() || (low..=high).contains(label)))
    }

    /// The fault of such a label; `place` is where it is.
    pub fn refuses(&self, label: f64, place: &str) -> Fault {
        if self
            .label_range()
            .is_some_and(|(_, high)| high.is_infinite())
        {
            return fault!("value", "`{}` takes labels of at least 0, got {label}{place}", self.name;
                hint: "it is a loss of counts or coverage; NaN marks an undefined label");
        }
        fault!("value", "`{}` takes labels from 0 to 1, got {label}{place}", self.name;
            hint: "class numbers need `loss::cross_entropy()` and an output for each class; \
                `labels.gt(0.5)` makes labels of other numbers")
    }
}
