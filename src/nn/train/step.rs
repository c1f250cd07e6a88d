//! Training steps: forward pass, loss, backward pass and update of the parameters.

use super::base_rate::BaseRate;
use super::feed;
use super::objective::Objective;
use super::optimizer_state::OptimizerState;
use super::ranks;
use super::settings::FitSettings;
use super::source::BatchSource;
use crate::loss::{BatchView, shared};
use crate::optim::Optimizer;
use crate::optim::schedule::Clock;
use crate::{Model, Value};
use cistron_base::{Fault, Result, bail, fault};
use cistron_genome::data::{Batch, Dataset};
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// One batch of a step.
pub struct StepInput<'a> {
    /// Where its inputs come from.
    pub source: &'a dyn BatchSource,
    /// Its labels and rows.
    pub batch: &'a Batch,
    /// Number of batches whose gradients are summed for one update.
    pub group: usize,
    /// Whether it is the last of these, after which the parameters are updated.
    pub is_last_of_group: bool,
    /// Number of updates so far, for messages.
    pub updates: usize,
    /// The epoch, from 0, for messages.
    pub epoch: usize,
}

/// What a step has computed.
pub struct StepOutput {
    /// Mean loss of the batch.
    pub loss: f64,
    /// Further means of the batch that an epoch records as `train.NAME`, such as `loss.profile` of
    /// a head; they may differ from step to step.
    pub parts: Vec<(String, f64)>,
    /// Outputs and labels, from which metrics of the training rows are computed; none of a step
    /// that has no such outputs.
    pub scored: Option<Scored>,
}

/// Outputs of a network and their labels: one tensor, or several by the names of the outputs.
pub struct Scored {
    /// Outputs of the network.
    pub outputs: Value,
    /// Labels of the batch; of one output `[batch, tasks]` or the shape of the labels.
    pub labels: Value,
}

/// Learning rate and momentum of a step, as a schedule sets them.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Factor of the schedule on the learning rate.
    pub factor: f64,
    /// Factor of a plateau schedule.
    pub plateau: f64,
    /// Momentum, if the schedule sets it.
    pub momentum: Option<f64>,
}

/// Trains on one batch at a time. A step owns its optimizers, so that one with several networks and
/// optimizers has the same interface.
pub trait Step: OptimizerState {
    /// Called before the first batch of an epoch: parameters may have been frozen since the last.
    fn begin_epoch(&mut self) -> Result<()> {
        Ok(())
    }

    /// Called before each batch, at a time of the training: another optimizer begins where its time
    /// has come, and learning rates that the script has changed are read.
    fn begin_update(&mut self, clock: &Clock) -> Result<()>;

    /// Sets the learning rate and momentum of the next update.
    fn set_rate(&mut self, rate: Rate);

    /// Trains on a batch; updates the parameters after the last batch of a group.
    fn run(&mut self, input: &StepInput) -> Result<StepOutput>;

    /// Returns the learning rates, by the name under which an epoch records them.
    fn learning_rates(&self) -> Vec<(String, f64)>;

    /// Passes losses and outputs of the batches of the validation rows, with their numbers of rows,
    /// to a function; the epoch and the update are numbers from 1. Returns false for a step whose
    /// losses are those of the outputs of its network.
    fn validate(
        &mut self,
        _valid: &Dataset,
        _position: (usize, usize),
        _add: &mut dyn FnMut(&StepOutput, usize) -> Result<()>,
    ) -> Result<bool> {
        Ok(false)
    }
}

/// Runs a step operation by operation.
pub struct PlainStep<'a> {
    pub(super) settings: &'a FitSettings,
    pub(super) objective: Rc<Objective>,
    pub(super) optimizer: Optimizer,
    base: BaseRate,
    /// Whether another optimizer began at the last update.
    pub(super) is_replaced: bool,
}

impl<'a> PlainStep<'a> {
    /// Binds a copy of the optimizer to the parameters of a model and those of the loss.
    pub fn new(
        model: &Model,
        settings: &'a FitSettings,
        objective: Rc<Objective>,
    ) -> Result<PlainStep<'a>> {
        let (parameters, weights) = (model.parameters(), objective.parameters());
        let mut optimizer = settings.optimizer.clone();
        if !weights.is_empty() {
            // unless a group of the script states another
            optimizer.groups.insert(0, Objective::group());
        }
        let mut optimizer = optimizer.over_with(parameters, weights)?;
        optimizer.has_scheduled_momentum = settings
            .schedule
            .as_ref()
            .is_some_and(|schedule| schedule.sets_momentum());
        Ok(PlainStep {
            settings,
            objective,
            base: BaseRate::new(settings, "", &optimizer),
            optimizer,
            is_replaced: false,
        })
    }

    /// Returns the error of a loss that is NaN or infinite.
    pub(super) fn not_finite(
        &self,
        loss: &Tensor,
        value: f64,
        by_head: &[(String, f64)],
        input: &StepInput,
    ) -> Fault {
        loss.backward().ok();
        let parameters = self.optimizer.parameters();
        let has_bad_gradient =
            |parameter: &Tensor| parameter.grad().is_some_and(|g| !is_finite(&g));
        let bad_gradient = parameters.iter().find(|(_, p)| has_bad_gradient(p));
        let bad_parameter = parameters.iter().find(|(_, p)| !is_finite(p));
        let which = match (bad_gradient, bad_parameter) {
            (Some((name, _)), _) => {
                format!("; the first gradient that is not finite is that of `{name}`")
            }
            (None, Some((name, _))) => format!("; parameter `{name}` is not finite"),
            _ => String::new(),
        };
        let head = by_head.iter().find(|(_, value)| !value.is_finite());
        let head = head.map_or(String::new(), |(name, _)| format!(" (head `{name}`)"));
        fault!("not_finite", "the loss{head} is {value} at step {} (epoch {}), learning rate \
            {:.3e}{which}", input.updates + 1, input.epoch + 1, self.optimizer.lr;
            hint: "lower the learning rate, clip gradients with `clip: 1.0`, or look for labels \
                and inputs that are not finite")
    }
}

impl OptimizerState for PlainStep<'_> {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        let mut state = self.optimizer.export()?;
        for (name, parameter) in self.objective.parameters() {
            state.push((name.clone(), parameter.detach()?));
        }
        Ok(state)
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        let own = self.objective.parameters();
        let is_own = |(name, _): &&(String, Tensor)| own.iter().any(|(known, _)| known == name);
        let (weights, rest): (Vec<_>, Vec<_>) = tensors.iter().partition(is_own);
        for (name, parameter) in own {
            let Some((_, saved)) = weights.iter().find(|(known, _)| known == name) else {
                bail!(
                    "checkpoint",
                    "the checkpoint has no `{name}`, a trained weight of the loss"
                )
            };
            let _guard = grad::no_grad();
            parameter.copy_(&saved.to_device(parameter.device())?)?;
        }
        let rest: Vec<(String, Tensor)> = rest.into_iter().cloned().collect();
        self.optimizer.import(&rest)
    }

    fn rates(&self) -> Result<Vec<(f64, f64)>> {
        Ok(vec![(self.base.initial(), self.base.get()?)])
    }

    fn restore_rates(&mut self, rates: &[(f64, f64)]) {
        self.base.restore(&self.optimizer, rates.first().copied());
    }
}

impl Step for PlainStep<'_> {
    fn begin_update(&mut self, clock: &Clock) -> Result<()> {
        self.is_replaced = self.base.begin_update(&mut self.optimizer, clock)?;
        Ok(())
    }

    fn set_rate(&mut self, rate: Rate) {
        self.optimizer.lr = self.base.scaled(rate.factor, rate.plateau);
        if rate.momentum.is_some() {
            self.optimizer.momentum = rate.momentum;
        }
    }

    fn run(&mut self, input: &StepInput) -> Result<StepOutput> {
        let settings = self.settings;
        let model = input.source.model();
        let as_codes = model.reads_codes() && settings.on_inputs.is_none();
        let mut x = input.source.inputs(input.batch, as_codes)?;
        let mut labels = feed::labels(input.batch, model.device(), model.output())?;
        if let Some(change) = &settings.on_inputs {
            (x, labels) = change(x, labels)?;
        }
        let outputs = model.forward(&x)?;
        let view = BatchView {
            inputs: &x,
            labels: &labels,
            rows: &input.batch.index,
        };
        let losses = {
            let _share = shared::of_share(input.batch.part.map(|_| input.batch.weight()));
            self.objective.of(&outputs, &labels, Some(&view))?
        };
        let (value, by_head) = Objective::read(&losses)?;
        let loss = ranks::weighted(&losses.total, input.batch)?;
        let share = if input.group > 1 {
            loss.div_number(input.group as f64)?
        } else {
            loss
        };
        if !value.is_finite() {
            return Err(self.not_finite(&share, value, &by_head, input));
        }
        share.backward()?;
        if input.is_last_of_group {
            ranks::sum_gradients(self.optimizer.parameters())?;
            let changes = settings.gradients();
            let factor = changes.apply(&self.optimizer, input.updates, 0)?;
            self.optimizer.step(&factor)?;
            self.optimizer.zero_grad()?;
        }
        Ok(StepOutput {
            loss: value,
            parts: parts_of(by_head),
            scored: Some(Scored { outputs, labels }),
        })
    }

    fn learning_rates(&self) -> Vec<(String, f64)> {
        vec![("lr".into(), self.optimizer.lr)]
    }
}

/// The losses of heads by the names under which an epoch records them.
pub(super) fn parts_of(by_head: Vec<(String, f64)>) -> Vec<(String, f64)> {
    let named = |(head, value)| (format!("loss.{head}"), value);
    by_head.into_iter().map(named).collect()
}

fn is_finite(tensor: &Tensor) -> bool {
    let _guard = grad::no_grad();
    tensor
        .isfinite()
        .and_then(|finite| finite.all(&None, false))
        .and_then(|all| all.item())
        .map_or(true, |all| all != 0.0)
}
