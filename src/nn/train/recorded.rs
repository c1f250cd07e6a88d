//! Steps that are recorded on a GPU and done again.
//!
//! Forward, backward, clipping and the optimizer's step become one piece of work. A batch is
//! written to where the recorded one lay, and so are the numbers that change from step to step,
//! such as the learning rate. Where recording fails the same step is done operation by operation.

use crate::loss::Loss;
use crate::optim::{Optimizer, clip};
use crate::{Model, Value};
use cistron_base::fault;
use cistron_base::{Result, say};
use cistron_torch::graph::{Recorded, steadily};
use cistron_torch::{Kind, Number, Tensor};

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
        let by_slot = numbers.iter().map(|own| {
            places
                .by_ref()
                .take(own.len())
                .map(|i| there.select(0, i).map(Number::There))
                .collect()
        });
        let by_slot = by_slot.collect::<Result<_>>()?;
        let x = x.map(|tensor| tensor.to_device(device)?.copied())?;
        Ok(Step {
            x,
            y: y.copied()?,
            numbers: there,
            by_slot,
            out: None,
            recorded: None,
            is_warm: false,
        })
    }

    /// Whether a batch and numbers fit where those of this step lie.
    fn fits(&self, x: &Value, y: &Tensor, numbers: &[Vec<f64>]) -> bool {
        let shapes = |value: &Value| {
            value
                .tensors()
                .iter()
                .map(|tensor| (tensor.shape(), tensor.kind()))
                .collect::<Vec<_>>()
        };
        let counts = self
            .by_slot
            .iter()
            .map(Vec::len)
            .eq(numbers.iter().map(Vec::len));
        counts && shapes(&self.x) == shapes(x) && self.y.shape() == y.shape()
    }

    fn write(&self, x: &Value, y: &Tensor, numbers: &[Vec<f64>]) -> Result<()> {
        self.x
            .tensors()
            .iter()
            .zip(x.tensors())
            .try_for_each(|(place, own)| place.copy_(own))?;
        self.y.copy_(y)?;
        let numbers: Vec<f32> = numbers
            .iter()
            .flatten()
            .map(|number| *number as f32)
            .collect();
        self.numbers
            .copy_(&Tensor::from_f32(&numbers, &[numbers.len() as i64])?)
    }
}

/// What a step works on.
pub struct Work<'a> {
    /// The network.
    pub model: &'a Model,
    /// What is made small.
    pub loss: &'a Loss,
    /// Weights of class 0, 1, ….
    pub weights: Option<&'a [f64]>,
    /// The largest common norm of gradients.
    pub clip: Option<f64>,
    /// The largest single gradient.
    pub clip_value: Option<f64>,
    /// What moves the parameters.
    pub optimizer: &'a mut Optimizer,
}

impl Work<'_> {
    /// What a step is made of; reads nothing back. Gives loss and outputs.
    fn pass(&mut self, step: &Step) -> Result<(Tensor, Tensor)> {
        let output = self.model.forward(&step.x)?.one()?.clone();
        let loss = self.loss.of(&output, &step.y, self.weights)?;
        loss.backward()?;
        let factor = clip::both(&self.optimizer.gradients(), self.clip, self.clip_value)?;
        self.optimizer.apply(&step.by_slot, &factor)?;
        self.optimizer.zero_grad()?;
        Ok((loss.detach()?, output.detach()?))
    }
}

impl Recorder {
    /// Records nothing unless `is_on`.
    pub fn new(is_on: bool) -> Recorder {
        Recorder {
            is_on,
            ..Recorder::default()
        }
    }

    /// Whether the next whole batch goes through the recorded step.
    pub fn is_ready(&self) -> bool {
        self.is_on && self.done >= WARM
    }

    /// Starts afresh where parameters were frozen, or learn again, since the step was recorded.
    pub fn watch(&mut self, optimizer: &mut Optimizer) -> Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let learns: Vec<bool> = optimizer
            .parameters()
            .iter()
            .map(|(_, parameter)| parameter.is_grad_on())
            .collect();
        if learns != self.learns {
            optimizer.split()?;
            *self = Recorder {
                learns,
                is_refused: self.is_refused,
                ..Recorder::new(true)
            };
        }
        Ok(())
    }

    /// A whole step in one piece, on a batch and its labels: loss and outputs, which the next step
    /// overwrites.
    pub fn step(
        &mut self,
        mut work: Work,
        x: &Value,
        y: &Tensor,
        is_silent: bool,
    ) -> Result<(Tensor, Tensor)> {
        if self.step.is_none() {
            work.optimizer.flatten()?;
        }
        let numbers = work.optimizer.advance();
        let mut step = match self.step.take().filter(|step| step.fits(x, y, &numbers)) {
            Some(step) => step,
            None => Step::new(x, y, &numbers)?,
        };
        step.write(x, y, &numbers)?;
        let device = work.model.device();
        if step.recorded.is_none() && step.is_warm && device.is_cuda() && !self.is_refused {
            match Recorded::of(device, || work.pass(&step)) {
                Ok((recorded, out)) => (step.recorded, step.out) = (Some(recorded), Some(out)),
                Err(fault) => {
                    self.is_refused = true;
                    if !is_silent {
                        say::line(&format!(
                            "warning: steps are not recorded: {}",
                            fault.message
                        ));
                    }
                }
            }
        }
        match &step.recorded {
            Some(recorded) => recorded.again()?,
            None => step.out = Some(steadily(|| work.pass(&step))?),
        }
        step.is_warm = true;
        let out = step
            .out
            .clone()
            .ok_or_else(|| fault!("internal", "a recorded step has no loss"))?;
        self.step = Some(step);
        Ok(out)
    }
}
