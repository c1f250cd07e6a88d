//! Convolutions over all positions, with their activations, dropouts and skips, as one pass over
//! each sequence.
//!
//! A stack of causal dilated convolutions (and any other run of convolutions of stride 1 with a
//! skip or a dilation among them) is recognised when a chain is built. It is computed sequence
//! after sequence, a part of the batch on each thread, with the channels of a position side by
//! side: a dilation is then only a step between rows, what stands beyond the ends is left out
//! instead of multiplied by zero, and a sequence stays in the processor's second cache from layer
//! to layer. Where the last position alone is read, only the positions that it sees are computed,
//! in every layer. A first convolution of one-hot sequences adds rows of weights, chosen by the
//! codes.

mod pass;
mod plan;

use crate::fuse::stem::{Convolution, is_codes};
use crate::kernels::dense::{self, padded};
use crate::spec::Role;
use crate::{Mode, Module, Value};
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::device::Mask;
use cistron_torch::{Device, Kind, Tensor, parallel};
use pass::{Gradients, Input, Packed, Pass, Sample};
use plan::Plan;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Parts that a batch is split into, whatever the number of threads: sums keep their order.
const PARTS: usize = 16;
/// Channels beyond which a matrix of one place of a window leaves the second cache.
const MOST_CHANNELS: i64 = 512;

/// A convolution with what follows it.
#[derive(Clone)]
struct Step {
    conv: Convolution,
    /// What it reads and what it writes: 0 is the input.
    from: usize,
    to: usize,
    /// Whether max(x, 0) follows.
    relu: bool,
    /// The chance of the dropout that follows; 0 for none.
    dropout: f64,
    /// What is added then.
    skip: Option<usize>,
    /// Whether max(x, 0) follows the sum.
    relu_of_sum: bool,
}

impl Step {
    /// Filters, channels and width.
    fn sizes(&self) -> (usize, usize, usize) {
        let shape = self.conv.weight.shape();
        (shape[0] as usize, shape[1] as usize, shape[2] as usize)
    }
}

/// Steps that were read off a chain so far.
#[derive(Clone, Default)]
struct Draft {
    steps: Vec<Step>,
    /// Numbered outputs, of which 0 is the input.
    outputs: usize,
    /// Whether there is something that pays: a skip or a dilation.
    pays: bool,
}

fn flat(modules: &[Rc<dyn Module>]) -> Vec<Rc<dyn Module>> {
    let one = |module: &Rc<dyn Module>| match module.role() {
        Role::Parts(parts) => flat(parts),
        _ => vec![module.clone()],
    };
    modules.iter().flat_map(one).collect()
}

impl Draft {
    /// Reads a convolution and what follows it from `modules[at]` on; gives where it ends and its
    /// output.
    fn convolution(
        &mut self,
        modules: &[Rc<dyn Module>],
        at: usize,
        from: usize,
    ) -> Option<(usize, usize)> {
        let role = |i: usize| modules.get(i).map_or(Role::Other, |module| module.role());
        let Role::Convolution(conv) = role(at) else {
            return None;
        };
        if conv.weight.shape()[..2].iter().any(|n| *n > MOST_CHANNELS) {
            return None;
        }
        let mut end = at + 1;
        let relu = matches!(role(end), Role::Relu);
        end += usize::from(relu);
        let dropout = match role(end) {
            Role::Dropout(p) if relu || p == 0.0 => {
                end += 1;
                p
            }
            _ => 0.0,
        };
        self.outputs += 1;
        self.pays |= conv.dilation > 1;
        self.steps.push(Step {
            conv: conv.clone(),
            from,
            to: self.outputs,
            relu,
            dropout,
            skip: None,
            relu_of_sum: false,
        });
        Some((end, self.outputs))
    }

    /// Reads a skip over convolutions; gives its output.
    fn residual(&mut self, module: &Rc<dyn Module>, from: usize) -> Option<usize> {
        let Role::Residual {
            body,
            shortcut,
            after,
        } = module.role()
        else {
            return None;
        };
        let skip = match shortcut {
            None => from,
            Some(shortcut) => {
                let modules = flat(std::slice::from_ref(shortcut));
                let (end, skip) = self.convolution(&modules, 0, from)?;
                (end == modules.len()).then_some(skip)?
            }
        };
        let relu_of_sum = match after.map(|after| flat(std::slice::from_ref(after))) {
            None => false,
            Some(after) => {
                (after.len() == 1 && matches!(after[0].role(), Role::Relu)).then_some(true)?
            }
        };
        let modules = flat(std::slice::from_ref(body));
        let (mut at, mut last) = (0, from);
        while at < modules.len() {
            (at, last) = self.convolution(&modules, at, last)?;
        }
        let step = self
            .steps
            .last_mut()
            .filter(|step| step.to == last && last != from)?;
        (step.skip, step.relu_of_sum) = (Some(skip), relu_of_sum);
        self.pays = true;
        Some(last)
    }

    /// Reads as much as can be one pass from `modules[start]` on; gives the end and whether the
    /// last position alone is read.
    fn read(modules: &[Rc<dyn Module>], start: usize) -> (Draft, usize, bool) {
        let (mut draft, mut at, mut last) = (Draft::default(), start, 0);
        while at < modules.len() {
            let mut tried = draft.clone();
            if let Some((end, output)) = tried.convolution(modules, at, last) {
                (at, last) = (end, output);
            } else {
                tried = draft.clone();
                let Some(output) = tried.residual(&modules[at], last) else {
                    break;
                };
                (at, last) = (at + 1, output);
            }
            draft = tried;
        }
        let is_last = at > start
            && modules
                .get(at)
                .is_some_and(|module| matches!(module.role(), Role::LastPosition));
        (draft, at + usize::from(is_last), is_last)
    }
}

/// Joins what can be one pass over each sequence.
pub fn joined(modules: Vec<Rc<dyn Module>>) -> Vec<Rc<dyn Module>> {
    if !dense::is_fast() {
        return modules;
    }
    let (mut out, mut at) = (Vec::with_capacity(modules.len()), 0);
    while at < modules.len() {
        let (draft, end, is_last) = Draft::read(&modules, at);
        if draft.pays {
            let stack = Stack {
                plain: modules[at..end].to_vec(),
                steps: draft.steps,
                is_last,
                plan: RefCell::default(),
                pool: Arc::default(),
            };
            out.push(Rc::new(stack) as Rc<dyn Module>);
            at = end;
        } else {
            out.push(modules[at].clone());
            at += 1;
        }
    }
    out
}

/// Convolutions in one pass, and the layers that were described.
struct Stack {
    plain: Vec<Rc<dyn Module>>,
    steps: Vec<Step>,
    /// Whether only the last position comes out.
    is_last: bool,
    /// What is computed for inputs of a length; of the last one that was seen.
    plan: RefCell<Option<Rc<Plan>>>,
    /// Memory of samples whose gradients are done.
    pool: Arc<Mutex<Vec<Sample>>>,
}

impl Stack {
    fn plan(&self, length: usize) -> Rc<Plan> {
        let mut kept = self.plan.borrow_mut();
        match kept.as_ref().filter(|plan| plan.length == length) {
            Some(plan) => plan.clone(),
            None => kept
                .insert(Rc::new(Plan::new(&self.steps, length, self.is_last)))
                .clone(),
        }
    }

    fn run(&self, x: &Tensor, training: bool) -> Result<Tensor> {
        let shape = x.shape();
        let (batch, length) = (shape[0] as usize, shape[shape.len() - 1] as usize);
        let plan = self.plan(length);
        if let Some(i) = (1..plan.outputs.len()).find(|i| plan.outputs[*i].length == 0) {
            let (_, _, width) = self.steps[i - 1].sizes();
            bail!("shape", "a sequence of {length} positions leaves none for convolution {i} of a stack, {width} wide at dilation {}", self.steps[i - 1].conv.dilation;
                hint: "longer sequences, a narrower window, or padding: \"same\" or \"causal\"");
        }
        let weights = self
            .steps
            .iter()
            .map(|step| step.conv.weight.current())
            .collect::<Result<Vec<_>>>()?;
        let packed = self
            .steps
            .iter()
            .zip(&weights)
            .map(|(step, weight)| Packed::new(step, weight))
            .collect::<Result<Vec<_>>>()?;
        let mut inputs: Vec<&Tensor> = weights
            .iter()
            .chain(self.steps.iter().filter_map(|step| step.conv.bias.as_ref()))
            .collect();
        let input = if is_codes(x) {
            Input::Codes(x.to_u8()?)
        } else {
            inputs.push(x);
            Input::Rows(x.transpose(1, 2)?.to_f32()?)
        };
        let learns = is_recording() && inputs.iter().any(|input| input.is_grad_on());
        let masks = self
            .steps
            .iter()
            .map(|step| (training && step.dropout > 0.0).then(|| Mask::draw(step.dropout)))
            .collect();
        let pass = Pass {
            plan,
            steps: self.steps.clone(),
            packed,
            masks,
            input,
            batch,
        };
        let (values, samples) = self.forward(&pass, learns);
        let last = &pass.plan.outputs[pass.plan.outputs.len() - 1];
        let (filters, positions) = (
            self.steps[self.steps.len() - 1].sizes().0 as i64,
            last.positions.len() as i64,
        );
        let out = Tensor::from_f32(&values, &[batch as i64, positions, filters])?;
        let out = if self.is_last {
            out.squeeze(Some(1))?
        } else {
            out.transpose(1, 2)?
        };
        if !learns {
            return Ok(out);
        }
        let is_codes = matches!(pass.input, Input::Codes(_));
        let wanted = Wanted {
            weights: weights.iter().map(Tensor::is_grad_on).collect(),
            input: !is_codes && x.is_grad_on(),
        };
        attach(
            out,
            &inputs,
            Box::new(Backward {
                pass,
                samples,
                wanted,
                pool: self.pool.clone(),
            }),
        )
    }

    /// The outputs of all sequences, and what their gradients need.
    fn forward(&self, pass: &Pass, keep: bool) -> (Vec<f32>, Vec<Sample>) {
        let batch = pass.batch;
        let size = pass.batch.div_ceil(PARTS).max(1);
        let shared = pass.shared();
        let pool = &self.pool;
        let part = |part: usize| {
            let rows = part * size..batch.min((part + 1) * size);
            let (mut values, mut samples) = (Vec::new(), Vec::new());
            let taken = || {
                pool.lock()
                    .ok()
                    .and_then(|mut pool| pool.pop())
                    .unwrap_or_default()
            };
            let mut own = if keep { Sample::default() } else { taken() };
            for i in rows {
                if keep {
                    own = taken();
                }
                shared.forward(i, &mut own, keep);
                shared.emit(&own, keep, &mut values);
                if keep {
                    samples.push(std::mem::take(&mut own));
                }
            }
            if !keep && let Ok(mut pool) = pool.lock() {
                pool.push(own);
            }
            (values, samples)
        };
        let (mut values, mut samples) = (Vec::new(), Vec::new());
        for (own_values, own_samples) in parallel::map(pass.batch.div_ceil(size), &part) {
            values.extend(own_values);
            samples.extend(own_samples);
        }
        (values, samples)
    }
}

impl Module for Stack {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let tensor = x.one()?;
        let weight = self.steps[0].conv.weight.direction();
        let here = tensor.device() == Device::CPU
            && weight.device() == Device::CPU
            && weight.kind() == Kind::Float;
        if here && !mode.half && (is_codes(tensor) || tensor.kind() == Kind::Float) {
            return self.run(tensor, mode.training).map(Value::One);
        }
        let mut x = if is_codes(tensor) {
            Value::One(tensor.one_hot_codes()?)
        } else {
            x.clone()
        };
        for module in &self.plain {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn ways(&self, out: &mut Vec<String>) {
        let end = if self.is_last {
            ", where the last position sees"
        } else {
            ""
        };
        out.push(format!(
            "{} convolutions are one pass over each sequence{end}",
            self.steps.len()
        ));
    }

    fn reads_codes(&self) -> bool {
        self.steps[0].sizes().1 == 4
    }
}

/// Which gradients are asked for.
struct Wanted {
    weights: Vec<bool>,
    input: bool,
}

struct Backward {
    pass: Pass,
    samples: Vec<Sample>,
    wanted: Wanted,
    pool: Arc<Mutex<Vec<Sample>>>,
}

impl Drop for Backward {
    fn drop(&mut self) {
        if let Ok(mut pool) = self.pool.lock() {
            pool.append(&mut self.samples);
        }
    }
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, _: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let Backward {
            pass,
            samples,
            wanted,
            ..
        } = self;
        let gradient = if gradient.rank() == 3 {
            gradient.transpose(1, 2)?.to_f32()?
        } else {
            gradient.to_f32()?
        };
        let batch = pass.batch;
        let each = gradient.len() / batch.max(1);
        let size = pass.batch.div_ceil(PARTS).max(1);
        let (shared, turned) = (pass.shared(), pass.turned());
        let part = |part: usize| {
            let mut own = Gradients::new(&shared, &wanted.weights);
            for i in part * size..batch.min((part + 1) * size) {
                shared.backward(
                    i,
                    &samples[i],
                    &turned,
                    &gradient[i * each..(i + 1) * each],
                    &mut own,
                    wanted.input,
                );
            }
            own
        };
        let mut parts = parallel::map(pass.batch.div_ceil(size), &part).into_iter();
        let mut total = parts
            .next()
            .unwrap_or_else(|| Gradients::new(&shared, &wanted.weights));
        parts.for_each(|own| total.add(own));
        let mut out = Vec::new();
        for (i, step) in pass.steps.iter().enumerate() {
            let (filters, channels, width) = step.sizes();
            let shape = [filters as i64, channels as i64, width as i64];
            out.push(
                wanted.weights[i]
                    .then(|| Tensor::from_f32(&total.weight_of(i, step), &shape))
                    .transpose()?,
            );
        }
        for (i, step) in pass
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.conv.bias.is_some())
        {
            out.push(Some(Tensor::from_f32(
                &total.biases[i][..step.sizes().0],
                &[step.sizes().0 as i64],
            )?));
        }
        if matches!(pass.input, Input::Rows(_)) {
            let shape = [
                pass.batch as i64,
                pass.plan.length as i64,
                pass.steps[0].sizes().1 as i64,
            ];
            out.push(
                wanted
                    .input
                    .then(|| Tensor::from_f32(&total.input, &shape)?.transpose(1, 2))
                    .transpose()?,
            );
        }
        Ok(out)
    }
}

/// Channels of an output, as they lie in memory.
fn stride(step: &Step) -> usize {
    padded(step.sizes().0)
}
