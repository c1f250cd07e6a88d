//! The loss of a network of several outputs: a weighted sum of the losses of its heads.

use super::{Link, Links, Loss, LossKind};
use crate::Value;
use crate::optim::Schedule;
use cistron_base::{Fault, Result, bail, fault, near};
use cistron_torch::Tensor;
use std::collections::BTreeMap;

/// The weight of a head in the sum.
#[derive(Clone, Debug)]
pub enum HeadWeight {
    /// A number.
    Fixed(f64),
    /// The factor of a schedule at the step.
    Scheduled(Schedule),
    /// A trained log-variance s: exp(-s) times the loss plus s / 2 (Kendall et al. 2018).
    Learned,
}

/// One output with its loss.
#[derive(Clone)]
pub struct Head {
    /// Name of the output.
    pub name: String,
    /// Its loss; none of an output that is not trained.
    pub loss: Option<Loss>,
    /// Its weight in the sum.
    pub weight: HeadWeight,
}

/// The heads in the order of their names.
#[derive(Clone)]
pub struct Heads(pub Vec<Head>);

/// The weight of a head at a step.
#[derive(Clone, Debug)]
pub enum StepWeight {
    /// A factor.
    Factor(f64),
    /// A log-variance.
    LogVariance(Tensor),
}

/// A loss, and what it is the sum of.
pub struct Losses {
    /// The loss to minimise.
    pub total: Tensor,
    /// The losses of the heads before weighting, by name; empty for a loss of one output.
    pub by_head: Vec<(String, Tensor)>,
}

/// Returns the fault of a name that is none of those known.
pub fn unknown(what: &str, name: &str, known: &[&str], of: &str) -> Fault {
    let known_text: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let fault = fault!(
        "name",
        "{what} `{name}`, which is none of {of} {}",
        known_text.join(", ")
    );
    match near::nearest(name, known.iter().copied()) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

impl Heads {
    /// Names of the outputs.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|head| head.name.as_str()).collect()
    }

    /// Names, losses and weights as text.
    pub fn text(&self) -> String {
        let head = |head: &Head| {
            let loss = head.loss.as_ref().map(Loss::settings_text);
            format!(
                "{} {} {:?}",
                head.name,
                loss.unwrap_or("none".into()),
                head.weight
            )
        };
        let heads: Vec<String> = self.0.iter().map(head).collect();
        format!("heads: {}", heads.join("; "))
    }

    /// The heads that are trained, with their losses.
    pub fn trained(&self) -> impl Iterator<Item = (&Head, &Loss)> {
        self.0
            .iter()
            .filter_map(|head| Some((head, head.loss.as_ref()?)))
    }

    /// The weights before the first step.
    pub fn initial_weights(&self) -> Result<Vec<StepWeight>> {
        let weight = |(head, _): (&Head, &Loss)| match &head.weight {
            HeadWeight::Fixed(factor) => Ok(StepWeight::Factor(*factor)),
            HeadWeight::Scheduled(_) => Ok(StepWeight::Factor(1.0)),
            HeadWeight::Learned => {
                let zero = Tensor::from_f32(&[0.0], &[1])?;
                zero.reshape(&[]).map(StepWeight::LogVariance)
            }
        };
        self.trained().map(weight).collect()
    }

    /// The links by output.
    pub fn links(&self) -> Links {
        let by_output: BTreeMap<String, Link> = self
            .trained()
            .map(|(head, loss)| (head.name.clone(), loss.link))
            .collect();
        Links {
            one: Link::Identity,
            by_output,
        }
    }

    /// The weighted sum; `weights` are those of the trained heads.
    pub fn of(&self, outputs: &Value, labels: &Value, weights: &[StepWeight]) -> Result<Losses> {
        let (Value::Many(outputs), Value::Many(labels)) = (outputs, labels) else {
            bail!("shape", "`loss::heads` takes the outputs and labels of several heads as maps";
                hint: "a network of one output takes the loss itself, such as `loss::mse()`")
        };
        let mut by_head = Vec::new();
        let mut total: Option<Tensor> = None;
        for ((head, loss), weight) in self.trained().zip(weights) {
            let named = |map: &BTreeMap<String, Tensor>, what: &str| {
                let known: Vec<&str> = map.keys().map(String::as_str).collect();
                map.get(&head.name)
                    .cloned()
                    .ok_or_else(|| unknown("`loss::heads` names", &head.name, &known, what))
            };
            let (output, label) = (named(outputs, "the outputs")?, named(labels, "the labels")?);
            let value = loss
                .of(&output, &label, None)
                .map_err(|fault| fault.context(format!("head `{}`", head.name)))?;
            let share = weighted(loss, &value, weight)?;
            total = Some(match total {
                Some(total) => total.add(&share)?,
                None => share,
            });
            by_head.push((head.name.clone(), value));
        }
        let Some(total) = total else {
            bail!("value", "`loss::heads` trains no head: every loss is ()")
        };
        Ok(Losses { total, by_head })
    }
}

/// A loss times its weight. The factor on a squared error is exp(-s) / 2, that on other losses
/// exp(-s).
fn weighted(loss: &Loss, value: &Tensor, weight: &StepWeight) -> Result<Tensor> {
    match weight {
        // exact: a head of weight 1 has the numbers of its loss
        StepWeight::Factor(1.0) => Ok(value.clone()),
        StepWeight::Factor(factor) => value.mul_number(*factor),
        StepWeight::LogVariance(s) => {
            let s = s.to_device(value.device())?;
            let factor = s.neg()?.exp()?;
            let factor = match loss.kind {
                LossKind::Mse | LossKind::Log1pMse { .. } => factor.mul_number(0.5)?,
                _ => factor,
            };
            value.mul(&factor)?.add(&s.mul_number(0.5)?)
        }
    }
}
