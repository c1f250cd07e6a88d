//! The call of a step function: what it receives, and what it returns.

use super::ranks;
use crate::Value;
use crate::optim::Optimizer;
use cistron_base::{Result, bail, fault};
use cistron_genome::data::Batch;
use cistron_torch::Tensor;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Computes the losses of a batch.
pub type StepFunction = Box<dyn Fn(&Rc<StepCall>) -> Result<StepResult>>;

/// A step of the caller.
pub struct CustomStep {
    /// Computes the losses of a batch, or updates the networks itself.
    pub function: StepFunction,
    /// The optimizers by network; networks without one are not trained.
    pub optimizers: Vec<(String, Optimizer)>,
}

/// What is minimised in a batch.
pub enum StepLosses {
    /// Nothing, where the function updates the networks itself.
    None,
    /// One loss of all networks.
    Joint(Tensor),
    /// A loss of each network by name, whose gradients are those of its parameters only.
    Each(Vec<(String, Tensor)>),
}

/// What a step function returns.
pub struct StepResult {
    /// What is minimised.
    pub losses: StepLosses,
    /// Numbers that an epoch records as `train.NAME`.
    pub values: Vec<(String, f64)>,
    /// Outputs from which metrics are computed.
    pub outputs: Option<Value>,
}

/// The networks of a training, with their optimizers.
pub trait UpdateNetworks {
    /// The index of a network; `None` names the only one.
    fn index(&self, name: Option<&str>) -> Result<usize>;
    /// The name of a network.
    fn name(&self, i: usize) -> String;
    /// The learning rate of a network.
    fn lr(&self, i: usize) -> f64;
    /// Updates a network by the gradients of a loss.
    fn update(&self, i: usize, loss: &Tensor) -> Result<()>;
}

/// The batch of a call.
pub(super) struct StepBatch {
    /// The inputs, one-hot.
    pub inputs: Value,
    /// The labels.
    pub labels: Value,
    /// The rows, without their inputs.
    pub rows: Batch,
}

/// A call of a step function.
pub struct StepCall {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The number of the update, from 1.
    pub step: usize,
    /// A seed that depends on the seed of the training and on the batch.
    pub seed: u64,
    /// Whether the batch is trained on; else it is one of the validation rows.
    pub is_training: bool,
    /// The inputs, one-hot.
    pub inputs: Value,
    /// The labels.
    pub labels: Value,
    /// The rows, without their inputs.
    pub batch: Batch,
    networks: Rc<dyn UpdateNetworks>,
    /// Whether gradients are summed over several batches.
    pub(super) accumulates: bool,
    /// Losses of the updates: network, sum, number.
    updates: RefCell<Vec<(usize, f64, usize)>>,
    /// Whether the function runs.
    is_open: Cell<bool>,
}

impl StepCall {
    /// A call for a batch at an epoch and an update from 1.
    pub(super) fn new(
        batch: StepBatch,
        networks: Rc<dyn UpdateNetworks>,
        (epoch, step): (usize, usize),
        seed: u64,
    ) -> StepCall {
        StepCall {
            epoch,
            step,
            seed,
            is_training: true,
            inputs: batch.inputs,
            labels: batch.labels,
            batch: batch.rows,
            networks,
            accumulates: false,
            updates: RefCell::default(),
            is_open: Cell::new(true),
        }
    }

    /// Ends the call; returns the losses of its updates: network and mean.
    pub(super) fn end(&self) -> Vec<(usize, f64)> {
        self.is_open.set(false);
        let updates = self.updates.take().into_iter();
        updates.map(|(i, sum, n)| (i, sum / n as f64)).collect()
    }

    /// Updates a network (`None` is the only one) by the gradients of a loss. In validation the
    /// loss is recorded only.
    ///
    /// # Errors
    /// If the function has ended, the loss is not finite or gradients are summed over batches.
    pub fn update(&self, network: Option<&str>, loss: &Tensor) -> Result<()> {
        if !self.is_open.get() {
            bail!(
                "value",
                "`info.update` is for the step function that received `info`"
            );
        }
        if self.accumulates {
            bail!("option", "`accumulate` is for steps that return their losses";
                hint: "return `#{{ loss: loss }}`, or leave `accumulate` out");
        }
        let i = self.networks.index(network)?;
        let value = self.number(i, loss)?;
        let mut updates = self.updates.borrow_mut();
        match updates.iter_mut().find(|(known, ..)| *known == i) {
            Some((_, sum, n)) => (*sum, *n) = (*sum + value, *n + 1),
            None => updates.push((i, value, 1)),
        }
        if self.is_training {
            self.networks
                .update(i, &ranks::weighted(loss, &self.batch)?)
        } else {
            Ok(())
        }
    }

    /// A loss as a number, which must be finite while it is trained on.
    pub(super) fn number(&self, network: usize, loss: &Tensor) -> Result<f64> {
        if loss.numel() != 1 {
            let shape = cistron_base::shape::text(&loss.shape());
            bail!("shape", "a loss must be one number, got {shape}";
                hint: "reduce it with `.mean()` or `.sum()`");
        }
        let value = loss.item()?;
        if self.is_training && !value.is_finite() {
            let name = self.networks.name(network);
            let of = if name.is_empty() {
                String::new()
            } else {
                format!(" of `{name}`")
            };
            return Err(
                fault!("not_finite", "the loss{of} is {value} at step {} (epoch {}), \
                learning rate {:.3e}", self.step, self.epoch, self.networks.lr(network);
                hint: "lower the learning rate, clip gradients with `clip: 1.0`, or look for \
                    labels and inputs that are not finite"),
            );
        }
        Ok(value)
    }
}
