//! Training steps captured as CUDA graphs and replayed.
//!
//! Forward pass, backward pass, clipping and the update become one graph. A batch is copied to the
//! addresses that the captured step reads, and so are the scalars that vary from step to step, such
//! as the learning rate. Where the capture fails, the same operations run one by one.

use super::feed;
use super::objective::Objective;
use super::optimizer_state::OptimizerState;
use super::step::{PlainStep, Rate, Scored, Step, StepInput, StepOutput, parts_of};
use crate::loss::Losses;
use crate::optim::schedule::Clock;
use crate::{Model, Value};
use cistron_base::fault;
use cistron_base::{Result, say};
use cistron_torch::graph::{Recorded, steadily};
use cistron_torch::{Device, Kind, Number, Tensor};

/// Plain steps before the first capture: libraries initialise themselves in them, and they show
/// which parameters are trained.
const WARM_UP: usize = 3;

/// Runs steps on whole batches as a CUDA graph, other steps as a [`PlainStep`].
pub struct CudaGraphStep<'a> {
    plain: PlainStep<'a>,
    /// Plain steps since the trainable parameters changed.
    plain_steps: usize,
    captured: Option<CapturedStep>,
    /// Whether a capture has failed.
    is_refused: bool,
    /// Which parameters were trainable at the start of the epoch.
    trainable: Vec<bool>,
}

/// A step and the tensors that it reads and writes.
struct CapturedStep {
    x: Value,
    labels: Value,
    /// All scalars, one after the other.
    scalars: Tensor,
    /// Views of the scalars of each slot of the optimizer.
    scalars_by_slot: Vec<Option<Vec<Number>>>,
    /// What a replay overwrites.
    results: Option<StepTensors>,
    graph: Option<Recorded>,
    /// Whether it has run before: what its first run initialises must not be captured.
    is_warm: bool,
}

/// Losses and outputs on the device.
#[derive(Clone)]
struct StepTensors {
    loss: Tensor,
    by_head: Vec<(String, Tensor)>,
    outputs: Value,
}

/// The inputs of a step.
#[derive(Clone, Copy)]
struct StepInputs<'a> {
    x: &'a Value,
    labels: &'a Value,
    scalars: &'a [Option<Vec<f64>>],
}

impl CapturedStep {
    fn new(inputs: StepInputs, device: Device) -> Result<CapturedStep> {
        let total: usize = inputs.scalars.iter().flatten().map(Vec::len).sum();
        let scalars = Tensor::full(&[total as i64], 0.0, Kind::Float, device)?;
        let mut indices = 0..total as i64;
        let views = |own: &Option<Vec<f64>>| -> Option<Result<Vec<Number>>> {
            let own = own.as_ref()?;
            let views = indices.by_ref().take(own.len());
            Some(
                views
                    .map(|i| scalars.select(0, i).map(Number::There))
                    .collect(),
            )
        };
        let scalars_by_slot = inputs
            .scalars
            .iter()
            .map(views)
            .map(Option::transpose)
            .collect::<Result<_>>()?;
        Ok(CapturedStep {
            x: inputs.x.map(|tensor| tensor.to_device(device)?.copied())?,
            labels: inputs.labels.map(Tensor::copied)?,
            scalars,
            scalars_by_slot,
            results: None,
            graph: None,
            is_warm: false,
        })
    }

    /// Whether the inputs have the shapes that the step reads.
    fn fits(&self, inputs: StepInputs) -> bool {
        let own = self.scalars_by_slot.iter().map(count);
        own.eq(inputs.scalars.iter().map(count))
            && self.x.is_like(inputs.x)
            && self.labels.is_like(inputs.labels)
    }

    /// Copies the inputs to where the step reads them.
    fn write(&self, inputs: StepInputs) -> Result<()> {
        self.x.copy_(inputs.x)?;
        self.labels.copy_(inputs.labels)?;
        let scalars: Vec<f32> = inputs
            .scalars
            .iter()
            .flatten()
            .flatten()
            .map(|scalar| *scalar as f32)
            .collect();
        self.scalars
            .copy_(&Tensor::from_f32(&scalars, &[scalars.len() as i64])?)
    }
}

/// Number of scalars of a slot.
fn count<T>(scalars: &Option<Vec<T>>) -> Option<usize> {
    scalars.as_ref().map(Vec::len)
}

impl<'a> CudaGraphStep<'a> {
    /// Captures the operations of a plain step.
    pub fn new(plain: PlainStep<'a>) -> CudaGraphStep<'a> {
        CudaGraphStep {
            plain,
            plain_steps: 0,
            captured: None,
            is_refused: false,
            trainable: Vec::new(),
        }
    }

    /// The operations of a step, none of which reads a value back to the host.
    fn operations(&mut self, model: &Model, step: &CapturedStep) -> Result<StepTensors> {
        let settings = self.plain.settings;
        let outputs = model.forward(&step.x)?;
        let losses = self.plain.objective.of(&outputs, &step.labels, None)?;
        losses.total.backward()?;
        let optimizer = &mut self.plain.optimizer;
        let factor = settings.gradients().apply(optimizer, 0, 0)?;
        optimizer.apply(&step.scalars_by_slot, &factor)?;
        optimizer.zero_grad()?;
        let detached = |(name, value): (String, Tensor)| Ok((name, value.detach()?));
        Ok(StepTensors {
            loss: losses.total.detach()?,
            by_head: losses
                .by_head
                .into_iter()
                .map(detached)
                .collect::<Result<_>>()?,
            outputs: outputs.map(Tensor::detach)?,
        })
    }

    /// Runs a step as a graph, which is captured in the second run. The next step overwrites the
    /// results.
    fn replay(&mut self, model: &Model, x: &Value, labels: &Value) -> Result<StepTensors> {
        if self.captured.is_none() {
            self.plain.optimizer.flatten()?;
        }
        let scalars = self.plain.optimizer.advance();
        let inputs = StepInputs {
            x,
            labels,
            scalars: &scalars,
        };
        let mut step = match self.captured.take().filter(|step| step.fits(inputs)) {
            Some(step) => step,
            None => CapturedStep::new(inputs, model.device())?,
        };
        step.write(inputs)?;
        let may_capture = model.device().is_cuda() && !self.is_refused;
        if step.graph.is_none() && step.is_warm && may_capture {
            match Recorded::of(model.device(), || self.operations(model, &step)) {
                Ok((graph, results)) => {
                    (step.graph, step.results) = (Some(graph), Some(results));
                }
                Err(fault) => {
                    self.is_refused = true;
                    if !self.plain.settings.is_silent {
                        say::line(&format!(
                            "warning: training steps are not captured as a CUDA graph: {}",
                            fault.message
                        ));
                    }
                }
            }
        }
        match &step.graph {
            Some(graph) => graph.again()?,
            None => step.results = Some(steadily(|| self.operations(model, &step))?),
        }
        step.is_warm = true;
        let results = step
            .results
            .clone()
            .ok_or_else(|| fault!("internal", "a captured step has no results"))?;
        self.captured = Some(step);
        Ok(results)
    }
}

impl OptimizerState for CudaGraphStep<'_> {
    fn export(&self) -> Result<Vec<(String, Tensor)>> {
        self.plain.export()
    }

    fn import(&mut self, tensors: &[(String, Tensor)]) -> Result<()> {
        self.plain.import(tensors)
    }

    fn rates(&self) -> Result<Vec<(f64, f64)>> {
        self.plain.rates()
    }

    fn restore_rates(&mut self, rates: &[(f64, f64)]) {
        self.plain.restore_rates(rates);
    }
}

impl Step for CudaGraphStep<'_> {
    /// Discards the captured step if parameters were frozen or unfrozen since.
    fn begin_epoch(&mut self) -> Result<()> {
        let optimizer = &mut self.plain.optimizer;
        let trainable: Vec<bool> = optimizer
            .parameters()
            .iter()
            .map(|(_, parameter)| parameter.is_grad_on())
            .collect();
        if trainable != self.trainable {
            optimizer.split()?;
            self.plain_steps = 0;
            self.captured = None;
            self.trainable = trainable;
        }
        Ok(())
    }

    /// Discards the captured step if another optimizer begins.
    fn begin_update(&mut self, clock: &Clock) -> Result<()> {
        self.plain.begin_update(clock)?;
        if self.plain.is_replaced {
            self.plain_steps = 0;
            self.captured = None;
        }
        Ok(())
    }

    fn set_rate(&mut self, rate: Rate) {
        self.plain.set_rate(rate);
    }

    fn run(&mut self, input: &StepInput) -> Result<StepOutput> {
        let is_whole = input.batch.size == self.plain.settings.batch;
        // the processes that share a batch meet within a step
        if self.plain_steps < WARM_UP || !is_whole || input.batch.part.is_some() {
            let output = self.plain.run(input)?;
            self.plain_steps += usize::from(input.is_last_of_group);
            return Ok(output);
        }
        let model = input.source.model();
        let x = input.source.inputs(input.batch, model.takes_codes())?;
        let labels = feed::labels(input.batch, model.device(), model.output())?;
        self.plain.objective.accepts(input.batch, model.output())?;
        let results = self.replay(model, &x, &labels)?;
        let losses = Losses {
            total: results.loss,
            by_head: results.by_head,
        };
        let (loss, by_head) = Objective::read(&losses)?;
        if !loss.is_finite() {
            return Err(self.plain.not_finite(&losses.total, loss, &by_head, input));
        }
        Ok(StepOutput {
            loss,
            parts: parts_of(by_head),
            scored: Some(Scored {
                outputs: results.outputs,
                labels,
            }),
        })
    }

    fn learning_rates(&self) -> Vec<(String, f64)> {
        self.plain.learning_rates()
    }
}
