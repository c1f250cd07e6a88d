//! Stacks: runs of convolutions of stride 1 with a skip or a dilation among them, with their
//! activations and dropouts, as one pass over each sequence ([`crate::kernels::stack`]).

mod draft;

use super::modules::Modules;
use crate::kernels::dense;
use crate::kernels::stack::{BackwardPass, Gradients, Input, Packed, RowPlan, Sample, Stack, Step};
use crate::{Mode, Module, Value};
use cistron_base::{Result, bail};
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::device::{current_rows, next_mask};
use cistron_torch::{Device, Kind, Tensor, parallel};
use draft::{Draft, Part};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Parts that a batch is split into, whatever the number of threads: sums keep their order.
const PARTS: usize = 16;

/// Convolutions that one pass over each sequence can compute become one module.
pub fn joined(modules: Modules) -> Modules {
    if !dense::is_fast() {
        return modules;
    }
    let (mut out, mut at) = (Vec::with_capacity(modules.len()), 0);
    while at < modules.len() {
        let found = Draft::read(&modules, at);
        if found.draft.pays {
            let stack = FusedStack {
                plain: modules[at..found.end].to_vec(),
                parts: found.draft.parts,
                is_last: found.is_last,
                plan: RefCell::default(),
                pool: Pool::default(),
            };
            out.push(Rc::new(stack) as Rc<dyn Module>);
            at = found.end;
        } else {
            out.push(modules[at].clone());
            at += 1;
        }
    }
    out
}

/// Memory of samples whose gradients are done.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Sample>>>);

impl Pool {
    fn take(&self) -> Sample {
        self.0
            .lock()
            .ok()
            .and_then(|mut pool| pool.pop())
            .unwrap_or_default()
    }

    fn put(&self, samples: &mut Vec<Sample>) {
        if let Ok(mut pool) = self.0.lock() {
            pool.append(samples);
        }
    }
}

/// Convolutions in one pass, and the layers as they were described.
struct FusedStack {
    plain: Modules,
    parts: Vec<Part>,
    /// Whether only the last position is read.
    is_last: bool,
    /// The rows that are computed for the last length that was seen.
    plan: RefCell<Option<Arc<RowPlan>>>,
    pool: Pool,
}

impl FusedStack {
    fn steps(&self) -> Vec<Step> {
        self.parts.iter().map(|part| part.step).collect()
    }

    fn plan(&self, length: usize) -> Arc<RowPlan> {
        let mut kept = self.plan.borrow_mut();
        match kept.as_ref().filter(|plan| plan.length == length) {
            Some(plan) => plan.clone(),
            None => kept
                .insert(Arc::new(RowPlan::new(&self.steps(), length, self.is_last)))
                .clone(),
        }
    }

    /// The plan for a length; fails where a convolution has no positions.
    fn checked_plan(&self, length: usize) -> Result<Arc<RowPlan>> {
        let plan = self.plan(length);
        if let Some(i) = (1..=self.parts.len()).find(|i| plan.length_of(*i) == 0) {
            let Step {
                width, dilation, ..
            } = self.parts[i - 1].step;
            bail!(
                "shape",
                "a sequence of {length} positions leaves none for convolution {i} of a stack, \
                 {width} wide at dilation {dilation}";
                hint: "longer sequences, a narrower window, or padding: \"same\" or \"causal\""
            );
        }
        Ok(plan)
    }

    fn run(&self, x: &Value, training: bool) -> Result<Tensor> {
        let (batch, length) = match x {
            Value::Codes(codes) => (codes.rows(), codes.length()),
            x => {
                let shape = x.one()?.shape();
                (shape[0], shape[shape.len() - 1] as usize)
            }
        };
        let plan = self.checked_plan(length)?;
        let weights = self
            .parts
            .iter()
            .map(|part| part.convolution.weight.current(training))
            .collect::<Result<Vec<_>>>()?;
        let packed = |(part, weight): (&Part, &Tensor)| {
            let bias = part.convolution.bias.as_ref();
            let bias = bias.map_or(Ok(Vec::new()), Tensor::to_f32)?;
            Ok(Packed::new(&part.step, &weight.to_f32()?, bias))
        };
        let packed = self
            .parts
            .iter()
            .zip(&weights)
            .map(packed)
            .collect::<Result<Vec<_>>>()?;
        let biases = self
            .parts
            .iter()
            .filter_map(|part| part.convolution.bias.as_ref());
        let mut inputs: Vec<&Tensor> = weights.iter().chain(biases).collect();
        let (input, wants_input) = match x {
            Value::Codes(codes) => (Input::Codes(codes.bytes()?), false),
            x => {
                let x = x.one()?;
                inputs.push(x);
                (Input::Rows(x.transpose(1, 2)?.to_f32()?), x.is_grad_on())
            }
        };
        let trains = is_recording() && inputs.iter().any(|input| input.is_grad_on());
        let masks = self
            .parts
            .iter()
            .map(|part| (training && part.dropout > 0.0).then(|| next_mask(part.dropout)))
            .collect();
        let stack = Stack {
            plan,
            steps: self.steps(),
            packed,
            masks,
            first: current_rows().map_or(0, |rows| rows.first as usize),
            input,
        };
        let pass = Pass {
            stack,
            batch: batch as usize,
            pool: self.pool.clone(),
        };
        let (values, samples) = pass.forward(trains);
        let filters = self.parts.last().map_or(0, |part| part.step.filters) as i64;
        let positions = pass.stack.plan.last_rows() as i64;
        let out = Tensor::from_f32(&values, &[batch, positions, filters])?;
        let out = if self.is_last {
            out.squeeze(Some(1))?
        } else {
            out.transpose(1, 2)?
        };
        if !trains {
            return Ok(out);
        }
        let backward = Backward {
            pass,
            samples,
            trains: weights.iter().map(Tensor::is_grad_on).collect(),
            biases: self
                .parts
                .iter()
                .map(|part| part.convolution.bias.is_some())
                .collect(),
            wants_input,
        };
        attach(out, &inputs, Box::new(backward))
    }
}

impl Module for FusedStack {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let weight = self.parts[0].convolution.weight.parameter();
        let is_here = weight.device() == Device::CPU && weight.kind() == Kind::Float && !mode.half;
        let is_taken = match x {
            Value::Codes(_) => true,
            x => {
                let x = x.one()?;
                x.device() == Device::CPU && x.kind() == Kind::Float
            }
        };
        if is_here && is_taken {
            return self.run(x, mode.training).map(Value::One);
        }
        let mut x = x.one_hot()?;
        for module in &self.plain {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        let end = if self.is_last {
            ", where the last position sees"
        } else {
            ""
        };
        out.push(format!(
            "{} convolutions are one pass over each sequence{end}",
            self.parts.len()
        ));
    }

    fn reads_codes(&self) -> bool {
        self.parts[0].step.channels == 4
    }
}

/// A pass over a batch.
struct Pass {
    stack: Stack,
    batch: usize,
    pool: Pool,
}

impl Pass {
    /// Sequences of a part of the batch.
    fn part(&self) -> usize {
        self.batch.div_ceil(PARTS).max(1)
    }

    /// The outputs of all sequences, and what their gradients need.
    fn forward(&self, keep: bool) -> (Vec<f32>, Vec<Sample>) {
        let size = self.part();
        // threads share the stack alone: tensors are not shared
        let (stack, batch, pool) = (&self.stack, self.batch, &self.pool);
        let part = |part: usize| {
            let (mut values, mut samples) = (Vec::new(), Vec::new());
            let mut own = if keep { Sample::default() } else { pool.take() };
            for i in part * size..batch.min((part + 1) * size) {
                if keep {
                    own = pool.take();
                }
                stack.forward(i, &mut own, keep);
                stack.emit(&own, keep, &mut values);
                if keep {
                    samples.push(std::mem::take(&mut own));
                }
            }
            if !keep {
                pool.put(&mut vec![own]);
            }
            (values, samples)
        };
        let (mut values, mut samples) = (Vec::new(), Vec::new());
        for (part_values, part_samples) in parallel::map(batch.div_ceil(size), &part) {
            values.extend(part_values);
            samples.extend(part_samples);
        }
        (values, samples)
    }
}

struct Backward {
    pass: Pass,
    samples: Vec<Sample>,
    /// Whose weights have a gradient.
    trains: Vec<bool>,
    /// Which convolutions have a bias.
    biases: Vec<bool>,
    /// Whether the input has a gradient.
    wants_input: bool,
}

impl Drop for Backward {
    fn drop(&mut self) {
        self.pass.pool.put(&mut self.samples);
    }
}

impl Backward {
    /// The gradients of the whole batch, from `[batch, positions, filters]`.
    fn gradients(&self, gradient: &[f32]) -> Gradients {
        let (stack, batch) = (&self.pass.stack, self.pass.batch);
        let size = self.pass.part();
        let each = gradient.len() / batch.max(1);
        let transposed = stack.transposed();
        let part = |part: usize| {
            let mut own = Gradients::zeros(stack, &self.trains);
            for i in part * size..batch.min((part + 1) * size) {
                let of = BackwardPass {
                    i,
                    sample: &self.samples[i],
                    transposed: &transposed,
                    wants_input: self.wants_input,
                };
                stack.backward(of, &gradient[i * each..(i + 1) * each], &mut own);
            }
            own
        };
        let mut parts = parallel::map(batch.div_ceil(size), &part).into_iter();
        let mut total = parts
            .next()
            .unwrap_or_else(|| Gradients::zeros(stack, &self.trains));
        parts.for_each(|own| total.add(own));
        total
    }
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let stack = &self.pass.stack;
        let gradient = if gradient.rank() == 3 {
            gradient.transpose(1, 2)?.to_f32()?
        } else {
            gradient.to_f32()?
        };
        let total = self.gradients(&gradient);
        let mut out = Vec::new();
        for (i, step) in stack.steps.iter().enumerate() {
            let shape = [step.filters, step.channels, step.width].map(|n| n as i64);
            out.push(
                self.trains[i]
                    .then(|| Tensor::from_f32(&total.weight_of(i, step), &shape))
                    .transpose()?,
            );
        }
        for (i, step) in stack
            .steps
            .iter()
            .enumerate()
            .filter(|(i, _)| self.biases[*i])
        {
            out.push(Some(Tensor::from_f32(
                &total.biases[i][..step.filters],
                &[step.filters as i64],
            )?));
        }
        if matches!(stack.input, Input::Rows(_)) {
            let shape = [self.pass.batch, stack.plan.length, stack.steps[0].channels];
            out.push(
                self.wants_input
                    .then(|| {
                        Tensor::from_f32(&total.input, &shape.map(|n| n as i64))?.transpose(1, 2)
                    })
                    .transpose()?,
            );
        }
        Ok(out)
    }
}
