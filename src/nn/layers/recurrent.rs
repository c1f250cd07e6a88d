//! LSTM and GRU along the length.

use crate::fuse::pattern::{self, LayerPattern};
use crate::kernels::dense;
use crate::kernels::recurrent::{Cell, Gradients, Inputs, Parameters, Steps, Weights};
use crate::layers::recurrent_steps::{Stepped, Variant};
use crate::weight::Weight;
use crate::{Builder, Built, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::recurrent::{Recurrence, run};
use cistron_torch::{Device, Kind, Tensor, pairs, parallel};
use std::ops::Range;
use std::sync::Mutex;

/// Sequences that a thread takes through all their steps.
const SEQUENCES: usize = 16;

/// A recurrent layer: `[channels, length]` to `[directions·hidden, length]`, or to the last state.
pub struct Recurrent {
    /// What it is made of.
    pub how: Recurrence,
    /// Whether only the last state comes out, `[directions·hidden]`.
    pub last: bool,
    /// Whether gates have one bias (as in Keras) instead of PyTorch's two that add up.
    pub one_bias: bool,
    /// What differs from PyTorch's layers.
    pub variant: Variant,
}

impl Spec for Recurrent {
    fn text(&self) -> String {
        let name = if self.how.is_lstm { "lstm" } else { "gru" };
        format!(
            "{name}({}{}{})",
            self.how.hidden,
            if self.how.bidirectional {
                ", both ways"
            } else {
                ""
            },
            if self.how.layers > 1 {
                format!(", {} layers", self.how.layers)
            } else {
                String::new()
            }
        )
    }

    fn varies(&self) -> bool {
        self.how.dropout > 0.0 || self.variant.recurrent_dropout > 0.0
    }

    fn in_training(&self) -> Option<&'static str> {
        self.varies().then_some("dropout")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let name = if self.how.is_lstm { "lstm" } else { "gru" };
        let (channels, length) = input.channels_and_length(name)?;
        let how = self.how.clone();
        let gates = if how.is_lstm { 4 } else { 3 };
        let variant = self.variant;
        if variant.unit_forget_bias && !how.is_lstm {
            bail!(
                "option",
                "gru: `unit_forget_bias` is for LSTM, a GRU has no forget gate"
            );
        }
        if !variant.reset_after && how.is_lstm {
            bail!(
                "option",
                "lstm: `reset_after` is for GRU, an LSTM has no reset gate"
            );
        }
        let mut parameters = Vec::new();
        for layer in 0..how.layers {
            let into = if layer == 0 {
                channels
            } else {
                how.hidden * how.directions()
            };
            for direction in 0..how.directions() {
                let end = format!("l{layer}{}", if direction == 1 { "_reverse" } else { "" });
                for (part, shape) in [
                    ("weight_ih", vec![gates * how.hidden, into]),
                    ("weight_hh", vec![gates * how.hidden, how.hidden]),
                    ("bias_ih", vec![gates * how.hidden]),
                    ("bias_hh", vec![gates * how.hidden]),
                ] {
                    let init = variant.init(part, how.hidden);
                    parameters.push(
                        if part == "bias_hh" && (self.one_bias || !variant.reset_after) {
                            let zeros = Tensor::full(&shape, 0.0, Kind::Float, builder.device())?;
                            Weight::Plain(zeros)
                        } else if part.starts_with("weight") {
                            builder.weight(&format!("{part}_{end}"), &shape, &init)?
                        } else {
                            let name = if variant.reset_after { part } else { "bias" };
                            let name = format!("{name}_{end}");
                            Weight::Plain(if variant.unit_forget_bias {
                                let start = init.draw(&shape, &builder.keys(&name))?;
                                builder.adopt(&name, Variant::unit_forget(part, &start)?)?
                            } else {
                                builder.parameter(&name, &shape, &init)?
                            })
                        },
                    );
                }
            }
        }
        builder.see_all();
        let width = how.hidden * how.directions();
        let output = if self.last {
            vec![width]
        } else {
            vec![width, length]
        };
        if !variant.is_plain() {
            let stepped = Stepped {
                how,
                parameters,
                variant,
                is_last: self.last,
            };
            return Built::one(stepped, output);
        }
        let module = Running {
            layer: pattern::Recurrent {
                recurrence: how,
                parameters,
                is_fast: builder.fast && dense::is_fast(),
            },
            read: if self.last { Read::State } else { Read::All },
        };
        Built::one(module, output)
    }
}

/// What is read of the top layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// Every position.
    All,
    /// The last state of each direction.
    State,
    /// The last position, where the backward direction has made its first step only.
    LastPosition,
}

/// A recurrent layer with its parameters.
pub struct Running {
    layer: pattern::Recurrent,
    read: Read,
}

impl Running {
    /// A layer of which only the last position is read.
    pub fn last_position(layer: pattern::Recurrent) -> Running {
        Running {
            layer,
            read: Read::LastPosition,
        }
    }

    fn all(&self, x: &Tensor, all: &[Tensor], training: bool) -> Result<Tensor> {
        let pattern::Recurrent {
            recurrence,
            is_fast,
            ..
        } = &self.layer;
        let mut x = x.transpose(1, 2)?;
        let each = all.len() / recurrence.layers.max(1) as usize;
        for (layer, parameters) in all.chunks(each).enumerate() {
            if layer > 0 && recurrence.dropout > 0.0 {
                // numbered along the channels, as every dropout over positions
                x = x
                    .transpose(1, 2)?
                    .dropout(recurrence.dropout, training)?
                    .transpose(1, 2)?;
            }
            let is_top = (layer + 1) * each == all.len();
            let last_only = is_top && self.read == Read::LastPosition;
            x = if *is_fast {
                steps(&x, recurrence, parameters, last_only)?
            } else {
                run(
                    &x,
                    &Recurrence {
                        layers: 1,
                        ..recurrence.clone()
                    },
                    parameters,
                    training,
                )?
            };
        }
        Ok(x)
    }
}

impl Module for Running {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let x = x.one()?;
        let recurrence = &self.layer.recurrence;
        let parameters = &self
            .layer
            .parameters
            .iter()
            .map(|own| own.current(mode.training))
            .collect::<Result<Vec<_>>>()?;
        let x = &if x.kind() == Kind::BFloat16 && !x.device().is_cuda() {
            x.to_kind(Kind::Float)?
        } else {
            x.clone()
        };
        let here = x.device() == Device::CPU
            && x.kind() == Kind::Float
            && parameters[0].kind() == Kind::Float
            && !pairs::is_on();
        let all = if here {
            self.all(x, parameters, mode.training)?
        } else {
            run(&x.transpose(1, 2)?, recurrence, parameters, mode.training)?
        };
        let (length, hidden) = (all.shape()[1], recurrence.hidden);
        let out = match self.read {
            Read::All => all.transpose(1, 2)?,
            Read::LastPosition => all.select(1, length - 1)?,
            Read::State => {
                let ends = [length - 1, 0];
                let parts = (0..recurrence.directions())
                    .map(|d| {
                        all.select(1, ends[d as usize])?
                            .narrow(1, d * hidden, hidden)
                    })
                    .collect::<Result<Vec<_>>>()?;
                Tensor::cat(&parts, 1)?
            }
        };
        Ok(Value::One(out))
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        let recurrence = &self.layer.recurrence;
        if self.layer.is_fast {
            let name = if recurrence.is_lstm { "lstm" } else { "gru" };
            let end = if self.read == Read::LastPosition && recurrence.bidirectional {
                "; backwards the last position alone"
            } else {
                ""
            };
            out.push(format!(
                "{name}({}) takes {SEQUENCES} sequences at a time through all steps{end}",
                recurrence.hidden
            ));
        }
    }

    fn pattern(&self) -> LayerPattern<'_> {
        match self.read {
            Read::All => LayerPattern::Recurrent(&self.layer),
            Read::State | Read::LastPosition => LayerPattern::Other,
        }
    }
}

/// One layer over `x` `[batch, length, inputs]`: its states `[batch, length, directions·hidden]`,
/// or where `last_only` those of the last position, `[batch, 1, directions·hidden]`.
fn steps(x: &Tensor, how: &Recurrence, parameters: &[Tensor], last_only: bool) -> Result<Tensor> {
    let [batch, length, inputs] = x.shape()[..] else {
        bail!(
            "shape",
            "a recurrent layer takes [batch, length, channels], got {}",
            shape::text(&x.shape())
        )
    };
    let cell = Cell {
        is_lstm: how.is_lstm,
        hidden: how.hidden as usize,
        inputs: inputs as usize,
    };
    let weights = parameters
        .chunks(4)
        .map(|four| {
            Ok(cell.weights(Parameters {
                weight_ih: &four[0].to_f32()?,
                weight_hh: &four[1].to_f32()?,
                bias_ih: &four[2].to_f32()?,
                bias_hh: &four[3].to_f32()?,
            }))
        })
        .collect::<Result<Vec<_>>>()?;
    let layer = Layer {
        cell,
        weights,
        x: x.to_f32()?,
        batch: batch as usize,
        length: length as usize,
        last_only,
    };
    let tasks = layer.tasks();
    let done = parallel::map(tasks.len(), &|i| layer.forward(&tasks[i]));
    let width = how.hidden as usize * layer.weights.len();
    let positions = if last_only { 1 } else { length as usize };
    let out = Tensor::filled(&[batch, positions as i64, width as i64], |values| {
        parallel::each_part(values, SEQUENCES * positions * width, &|part, values| {
            let own = part * layer.weights.len()..(part + 1) * layer.weights.len();
            for (task, steps) in tasks[own.clone()].iter().zip(&done[own]) {
                for (position, sequence, state) in steps
                    .states(cell.hidden)
                    .filter(|(position, ..)| !last_only || *position + 1 == length as usize)
                {
                    let row = (sequence - task.sequences.start) * positions
                        + if last_only { 0 } else { position };
                    values[row * width + task.direction * cell.hidden..][..cell.hidden]
                        .copy_from_slice(state);
                }
            }
        });
        Ok(())
    })?;
    let inputs: Vec<&Tensor> = std::iter::once(x).chain(parameters).collect();
    if !is_recording() || !inputs.iter().any(|input| input.is_grad_on()) {
        return Ok(out);
    }
    let wanted = inputs.iter().map(|input| input.is_grad_on()).collect();
    attach(
        out,
        &inputs,
        Box::new(Backward {
            layer,
            done: Mutex::new(done),
            wanted,
        }),
    )
}

/// A layer and its input.
struct Layer {
    cell: Cell,
    /// Of each direction.
    weights: Vec<Weights>,
    x: Vec<f32>,
    batch: usize,
    length: usize,
    /// Whether only the last position is computed.
    last_only: bool,
}

/// Some sequences in one direction.
struct Task {
    direction: usize,
    sequences: Range<usize>,
}

impl Layer {
    fn tasks(&self) -> Vec<Task> {
        let of_part = |start: usize| {
            (0..self.weights.len()).map(move |direction| Task {
                direction,
                sequences: start..self.batch.min(start + SEQUENCES),
            })
        };
        (0..self.batch)
            .step_by(SEQUENCES)
            .flat_map(of_part)
            .collect()
    }

    fn forward(&self, task: &Task) -> Steps {
        let order = match (task.direction, self.last_only) {
            (0, _) => (0..self.length).collect(),
            (_, true) => vec![self.length - 1],
            (_, false) => (0..self.length).rev().collect(),
        };
        self.cell
            .forward(&self.weights[task.direction], &self.inputs(task), order)
    }

    fn inputs(&self, task: &Task) -> Inputs<'_> {
        Inputs {
            x: &self.x,
            length: self.length,
            sequences: task.sequences.clone(),
        }
    }
}

/// The gradient of what a layer reads, from those of its parts: some sequences, all directions.
fn of_inputs(
    parts: &[Gradients],
    directions: usize,
    length: usize,
    inputs: usize,
    shape: &[i64],
) -> Result<Tensor> {
    Tensor::filled(shape, |rows: &mut [f32]| {
        parallel::each_part(rows, SEQUENCES * length * inputs, &|i, rows| {
            for part in &parts[i * directions..(i + 1) * directions] {
                let own = part.input.chunks_exact(dense::padded(inputs));
                rows.chunks_exact_mut(inputs)
                    .zip(own)
                    .for_each(|(to, own)| to.iter_mut().zip(own).for_each(|(to, g)| *to += g));
            }
        });
        Ok(())
    })
}

struct Backward {
    layer: Layer,
    /// Taken by the backward pass, which may run once.
    done: Mutex<Vec<Steps>>,
    wanted: Vec<bool>,
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let Backward { layer, wanted, .. } = self;
        let Layer {
            cell,
            weights,
            length,
            last_only,
            ..
        } = layer;
        let gradient = gradient.to_f32()?;
        let (hidden, width) = (cell.hidden, cell.hidden * weights.len());
        let positions = if *last_only { 1 } else { *length };
        let done = self
            .done
            .lock()
            .map(|mut done| std::mem::take(&mut *done))
            .unwrap_or_default();
        let tasks = layer.tasks();
        if done.len() != tasks.len() {
            bail!(
                "torch",
                "backward through a recurrent layer a second time";
                hint: "compute the loss again before each `backward()`"
            );
        }
        let slots: Vec<Mutex<Option<Steps>>> = done
            .into_iter()
            .map(|steps| Mutex::new(Some(steps)))
            .collect();
        let parts = parallel::map(tasks.len(), &|i| {
            let steps = slots[i].lock().ok()?.take()?;
            let (order, first): (Vec<usize>, usize) = (
                (0..steps.count())
                    .map(|step| steps.position(step))
                    .collect(),
                tasks[i].sequences.start,
            );
            let of_row = |step: usize, row: usize, into: &mut [f32]| {
                if *last_only && order[step] + 1 != *length {
                    return;
                }
                let at = (first + row) * positions + if *last_only { 0 } else { order[step] };
                let own = &gradient[at * width + tasks[i].direction * hidden..][..hidden];
                into.iter_mut().zip(own).for_each(|(to, g)| *to += g);
            };
            Some(cell.backward(
                &weights[tasks[i].direction],
                &layer.inputs(&tasks[i]),
                steps,
                &of_row,
            ))
        });
        let Some(parts) = parts.into_iter().collect::<Option<Vec<Gradients>>>() else {
            bail!(
                "torch",
                "a part of a recurrent layer's gradients is missing"
            )
        };
        let of_input = wanted[0]
            .then(|| {
                of_inputs(
                    &parts,
                    weights.len(),
                    *length,
                    cell.inputs,
                    &inputs[0].shape(),
                )
            })
            .transpose()?;
        let mut totals: Vec<Option<Gradients>> = weights.iter().map(|_| None).collect();
        for (task, part) in tasks.iter().zip(parts) {
            match &mut totals[task.direction] {
                Some(total) => total.add(&part),
                none => *none = Some(part),
            }
        }
        let mut out = vec![of_input];
        for (direction, total) in totals.iter().enumerate() {
            let Some(total) = total else {
                bail!("torch", "an empty batch has no gradients")
            };
            let values = [
                cell.unpacked(&total.x, cell.inputs),
                cell.unpacked(&total.h, hidden),
                total.bias_x.clone(),
                total.bias_h.clone(),
            ];
            for (part, mut values) in values.into_iter().enumerate() {
                let i = 1 + 4 * direction + part;
                values.truncate(inputs[i].numel() as usize);
                out.push(
                    wanted[i]
                        .then(|| Tensor::from_f32(&values, &inputs[i].shape()))
                        .transpose()?,
                );
            }
        }
        Ok(out)
    }
}
