//! Steps that are recorded on a GPU and done again.
//!
//! Forward, backward, clipping and the optimizer's step become one piece of work. A batch is written to where the recorded
//! one lay, and so are the numbers that change from step to step, such as the learning rate. Where recording fails the same
//! step is done operation by operation.

use super::feed;
use super::fit::Run;
use crate::base::{Result, say};
use crate::data::Batch;
use crate::nn::{Shape, Value};
use crate::optim::clip;
use crate::torch::graph::{Recorded, steadily};
use crate::torch::{Kind, Number, Tensor};

/// Steps that come first: libraries set themselves up in them, and they show which parameters move.
const WARM: usize = 3;

/// What a run records.
#[derive(Default)]
pub struct Recorder {
    is_on: bool,
    /// Steps done since anything changed that steps depend on.
    pub done: usize,
    step: Option<Step>,
    is_refused: bool,
    learns: Vec<bool>,
}

impl Recorder {
    /// Records nothing unless `is_on`.
    pub fn new(is_on: bool) -> Recorder {
        Recorder { is_on, ..Recorder::default() }
    }
}

/// A step and where its inputs lie.
struct Step {
    x: Value,
    y: Tensor,
    numbers: Tensor,
    by_slot: Vec<Vec<Number>>,
    /// Loss and outputs, where they come to lie.
    out: Option<(Tensor, Tensor)>,
    recorded: Option<Recorded>,
    /// Whether it was done before: what its first pass sets up must not be recorded.
    is_warm: bool,
}

impl Step {
    fn new(x: &Value, y: &Tensor, numbers: &[Vec<f64>]) -> Result<Step> {
        let device = y.device();
        let total: usize = numbers.iter().map(Vec::len).sum();
        let there = Tensor::full(&[total as i64], 0.0, Kind::Float, device)?;
        let mut places = 0..total as i64;
        let by_slot = numbers.iter().map(|own| places.by_ref().take(own.len()).map(|i| there.select(0, i).map(Number::There)).collect());
        let by_slot = by_slot.collect::<Result<_>>()?;
        let x = x.map(|tensor| tensor.to_device(device)?.copied())?;
        Ok(Step { x, y: y.copied()?, numbers: there, by_slot, out: None, recorded: None, is_warm: false })
    }

    /// Whether a batch and numbers fit where those of this step lie.
    fn fits(&self, x: &Value, y: &Tensor, numbers: &[Vec<f64>]) -> bool {
        let shapes = |value: &Value| value.tensors().iter().map(|tensor| (tensor.shape(), tensor.kind())).collect::<Vec<_>>();
        let counts = self.by_slot.iter().map(Vec::len).eq(numbers.iter().map(Vec::len));
        counts && shapes(&self.x) == shapes(x) && self.y.shape() == y.shape()
    }

    fn write(&self, x: &Value, y: &Tensor, numbers: &[Vec<f64>]) -> Result<()> {
        self.x.tensors().iter().zip(x.tensors()).try_for_each(|(place, own)| place.copy_(own))?;
        self.y.copy_(y)?;
        let numbers: Vec<f32> = numbers.iter().flatten().map(|number| *number as f32).collect();
        self.numbers.copy_(&Tensor::from_f32(&numbers, &[numbers.len() as i64])?)
    }
}

impl Run<'_> {
    /// Whether a batch goes through the recorded step.
    pub(super) fn is_recorded(&self, batch: &Batch) -> bool {
        self.recorder.is_on && batch.size == self.plan.batch && self.recorder.done >= WARM
    }

    /// Starts afresh where parameters were frozen, or learn again, since the step was recorded.
    pub(super) fn watch_frozen(&mut self) -> Result<()> {
        if !self.recorder.is_on {
            return Ok(());
        }
        let learns: Vec<bool> = self.optimizer.parameters().iter().map(|(_, parameter)| parameter.is_grad_on()).collect();
        if learns != self.recorder.learns {
            self.optimizer.split()?;
            self.recorder = Recorder { learns, is_refused: self.recorder.is_refused, ..Recorder::new(true) };
        }
        Ok(())
    }

    /// A whole step in one piece: loss, outputs, labels.
    pub(super) fn recorded_batch(&mut self, batch: &Batch, epoch: usize) -> Result<(f64, Tensor, Tensor)> {
        let (model, device) = (self.model, self.model.device());
        let (x, y) = (self.inputs(batch, model.takes_codes())?, feed::labels(batch, device)?);
        if let Shape::One(output) = model.output() {
            self.plan.loss.accepts(&batch.labels, output)?;
        }
        if self.recorder.step.is_none() {
            self.optimizer.flatten()?;
        }
        self.set_rate();
        let numbers = self.optimizer.advance();
        let mut step = match self.recorder.step.take().filter(|step| step.fits(&x, &y, &numbers)) {
            Some(step) => step,
            None => Step::new(&x, &y, &numbers)?,
        };
        step.write(&x, &y, &numbers)?;
        if step.recorded.is_none() && step.is_warm && device.is_cuda() && !self.recorder.is_refused {
            match Recorded::of(device, || self.pass(&step)) {
                Ok((recorded, out)) => (step.recorded, step.out) = (Some(recorded), Some(out)),
                Err(fault) => {
                    self.recorder.is_refused = true;
                    if !self.plan.silent {
                        say::line(&format!("warning: steps are not recorded: {}", fault.message));
                    }
                }
            }
        }
        match &step.recorded {
            Some(recorded) => recorded.again()?,
            None => step.out = Some(steadily(|| self.pass(&step))?),
        }
        let (loss, output) = step.out.clone().ok_or_else(|| crate::fault!("internal", "a recorded step has no loss"))?;
        step.is_warm = true;
        self.recorder.step = Some(step);
        let value = loss.item()?;
        if !value.is_finite() {
            return Err(self.lost(&loss, value, epoch));
        }
        self.step += 1;
        Ok((value, output, y))
    }

    /// What a step is made of; reads nothing back.
    fn pass(&mut self, step: &Step) -> Result<(Tensor, Tensor)> {
        let plan = self.plan;
        let output = self.model.forward(&step.x)?.one()?.clone();
        let loss = plan.loss.of(&output, &step.y, plan.class_weights.as_deref())?;
        loss.backward()?;
        let gradients = self.optimizer.gradients();
        let mut factor = Number::Here(1.0);
        if let Some(most) = plan.clip {
            factor = clip::factor_there(&gradients, most)?;
        }
        if let Some(most) = plan.clip_value {
            clip::scale(&gradients, &std::mem::replace(&mut factor, Number::Here(1.0)))?;
            clip::by_value(&gradients, most)?;
        }
        self.optimizer.apply(&step.by_slot, &factor)?;
        self.optimizer.zero_grad()?;
        Ok((loss.detach()?, output.detach()?))
    }
}
