//! The loss of a training with what varies during it: weights of heads that a schedule sets or that
//! are trained.

use super::feed;
use crate::loss::{
    BatchView, HeadWeight, Heads, Links, Loss, LossKind, Losses, StepWeight, unknown,
};
use crate::optim::Group;
use crate::optim::schedule::Clock;
use crate::{Model, Shape, Value};
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::data::{Batch, Dataset};
use cistron_torch::{Device, Tensor};
use std::cell::RefCell;

/// The name in front of those of trained weights.
const PREFIX: &str = "loss.log_variance";

/// The loss of a training.
pub struct Objective {
    loss: Loss,
    class_weights: Option<Vec<f64>>,
    /// The weights of the trained heads.
    weights: RefCell<Vec<StepWeight>>,
    parameters: Vec<(String, Tensor)>,
}

impl Objective {
    /// A loss with its initial weights, those that are trained on a device.
    pub fn new(loss: &Loss, class_weights: Option<&[f64]>, device: Device) -> Result<Objective> {
        let mut weights = Vec::new();
        let mut parameters = Vec::new();
        if let LossKind::Heads(heads) = &loss.kind {
            weights = heads.initial_weights()?;
            for ((head, _), weight) in heads.trained().zip(&mut weights) {
                if let StepWeight::LogVariance(s) = weight {
                    *s = s.to_device(device)?.requires_grad_(true)?;
                    parameters.push((format!("{PREFIX}.{}", head.name), s.clone()));
                }
            }
        }
        Ok(Objective {
            loss: loss.clone(),
            class_weights: class_weights.map(<[f64]>::to_vec),
            weights: RefCell::new(weights),
            parameters,
        })
    }

    /// The loss.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// The links of the outputs.
    pub fn links(&self) -> Links {
        self.loss.links()
    }

    /// Trained weights by name.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.parameters
    }

    /// The settings of trained weights: they do not decay.
    pub fn group() -> Group {
        Group {
            pattern: PREFIX.into(),
            lr: None,
            weight_decay: Some(0.0),
        }
    }

    /// Whether it sees the inputs of a batch.
    pub fn sees_batch(&self) -> bool {
        matches!(self.loss.kind, LossKind::Batch(_))
    }

    fn heads(&self) -> Option<&Heads> {
        match &self.loss.kind {
            LossKind::Heads(heads) => Some(heads),
            _ => None,
        }
    }

    /// Sets the weights that schedules determine.
    pub fn set_clock(&self, clock: &Clock) -> Result<()> {
        let Some(heads) = self.heads() else {
            return Ok(());
        };
        let mut weights = self.weights.borrow_mut();
        for ((head, _), weight) in heads.trained().zip(weights.iter_mut()) {
            if let HeadWeight::Scheduled(schedule) = &head.weight {
                *weight = StepWeight::Factor(schedule.at(clock)?.factor);
            }
        }
        Ok(())
    }

    /// The loss of outputs and labels; `view` is needed where the loss sees the batch.
    pub fn of(&self, outputs: &Value, labels: &Value, view: Option<&BatchView>) -> Result<Losses> {
        match (&self.loss.kind, view) {
            (LossKind::Heads(heads), _) => heads.of(outputs, labels, &self.weights.borrow()),
            (LossKind::Batch(f), Some(view)) => Ok(Losses {
                total: self.loss.one_number(f(outputs, view)?)?,
                by_head: Vec::new(),
            }),
            _ => self
                .loss
                .of_values(outputs, labels, self.class_weights.as_deref()),
        }
    }

    /// The loss and those of its heads as numbers, read back at once.
    pub fn read(losses: &Losses) -> Result<(f64, Vec<(String, f64)>)> {
        if losses.by_head.is_empty() {
            return Ok((losses.total.item()?, Vec::new()));
        }
        let numbers = |tensor: &Tensor| tensor.detach()?.reshape(&[1]);
        let mut all = vec![numbers(&losses.total)?];
        for (_, value) in &losses.by_head {
            all.push(numbers(value)?);
        }
        let values = Tensor::cat(&all, 0)?.to_f64()?;
        let names = losses.by_head.iter().map(|(name, _)| name.clone());
        Ok((values[0], names.zip(values[1..].iter().copied()).collect()))
    }

    /// The weights that vary, by the name under which an epoch records them.
    pub fn varying_weights(&self) -> Result<Vec<(String, f64)>> {
        let Some(heads) = self.heads() else {
            return Ok(Vec::new());
        };
        let mut out = Vec::new();
        for ((head, _), weight) in heads.trained().zip(self.weights.borrow().iter()) {
            let value = match (&head.weight, weight) {
                (HeadWeight::Scheduled(_), StepWeight::Factor(factor)) => *factor,
                (HeadWeight::Learned, StepWeight::LogVariance(s)) => (-s.detach()?.item()?).exp(),
                _ => continue,
            };
            out.push((format!("weight.{}", head.name), value));
        }
        Ok(out)
    }

    /// Fails on labels of a batch that outputs of a shape have no place for.
    pub fn accepts(&self, batch: &Batch, output: &Shape) -> Result<()> {
        match (self.heads(), output) {
            (None, Shape::One(output)) => self.loss.accepts(&batch.labels, output),
            (Some(heads), Shape::Many(outputs)) => heads.trained().try_for_each(|(head, loss)| {
                let labels = feed::labels_named(batch, &head.name);
                match (labels, outputs.get(&head.name)) {
                    (Some(labels), Some(output)) => loss.accepts(&labels, output),
                    _ => Ok(()),
                }
            }),
            _ => Ok(()),
        }
    }

    /// Fails where the outputs of a network are not those of the loss, or a dataset has not the
    /// labels of the heads.
    pub fn fits(&self, model: &Model, set: &Dataset, which: &str) -> Result<()> {
        match (&self.loss.kind, model.output()) {
            (LossKind::Batch(_) | LossKind::Custom(_), _) => Ok(()),
            (LossKind::Heads(_), Shape::One(_)) => {
                bail!("option", "`loss::heads` is for networks of several outputs, `{}` has one",
                    model.name();
                    hint: "pass the loss itself, such as `loss: loss::mse()`")
            }
            (LossKind::Heads(heads), Shape::Many(outputs)) => {
                let outputs: Vec<&str> = outputs.keys().map(String::as_str).collect();
                let known = heads.names();
                if let Some(name) = known.iter().find(|name| !outputs.contains(name)) {
                    return Err(unknown(
                        "`loss::heads` names",
                        name,
                        &outputs,
                        "the outputs",
                    ));
                }
                if let Some(name) = outputs.iter().find(|name| !known.contains(name)) {
                    bail!("option", "`loss::heads` has no loss for the output `{name}`";
                        hint: "`{name}: ()` states that it is not trained")
                }
                let groups = set.label_groups.iter();
                let labels: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
                if let Some(name) = labels.iter().find(|name| !outputs.contains(name)) {
                    let what = format!("the {which} data have the label");
                    return Err(unknown(&what, name, &outputs, "the outputs"));
                }
                match heads
                    .trained()
                    .find(|(h, _)| !labels.contains(&h.name.as_str()))
                {
                    Some((head, _)) => {
                        bail!("data", "the {which} data have no label for the output `{}`; there \
                            are {}", head.name, labels.join(", ");
                            hint: "`data::from(#{{ …, labels: #{{ {}: … }} }})`", head.name)
                    }
                    None => Ok(()),
                }
            }
            (_, Shape::Many(_)) => Err(self.loss.of_several()),
            _ => Ok(()),
        }
    }
}
