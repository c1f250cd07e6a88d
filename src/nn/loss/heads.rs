//! The loss of a network of several outputs: a weighted sum of the losses of its heads.

use super::link::{Link, Links};
use super::types::{Head, HeadWeight, Heads, Loss, LossKind, Losses, StepWeight, unknown};
use crate::Value;
use cistron_base::{Result, bail};
use cistron_torch::Tensor;
use std::collections::BTreeMap;

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
