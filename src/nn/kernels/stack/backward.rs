//! The backward pass over one sequence.

use super::elementwise::{Applied, revert};
use super::{Packed, Sample, Source, Stack, Step, add, met};
use crate::kernels::dense::padded;
use cistron_base::mask::Mask;

/// Gradients of all weights, of some sequences.
pub struct Gradients {
    weights: Vec<Vec<f32>>,
    /// Of each step, `[filters]` and padding.
    pub biases: Vec<Vec<f32>>,
    /// Of the input, `[batch, length, channels]`.
    pub input: Vec<f32>,
    /// Of the outputs of one sequence.
    outputs: Vec<Vec<f32>>,
}

/// What the backward pass of one sequence reads.
#[derive(Clone, Copy)]
pub struct BackwardPass<'a> {
    /// The sequence's number.
    pub i: usize,
    /// The result of its forward pass.
    pub sample: &'a Sample,
    /// [`Stack::transposed`].
    pub transposed: &'a [Vec<f32>],
    /// Whether the gradient of the input is computed.
    pub wants_input: bool,
}

impl Stack {
    /// Adds the gradients of a sequence, given that of its last output.
    pub fn backward(&self, of: BackwardPass, gradient: &[f32], into: &mut Gradients) {
        let Some(last) = self.steps.last() else {
            return;
        };
        for (output, rows) in into
            .outputs
            .iter_mut()
            .zip(&self.plan.outputs)
            .skip(usize::from(!of.wants_input))
        {
            output.clear();
            output.resize(rows.positions.len() * rows.columns, 0.0);
        }
        for (row, values) in into.outputs[last.to]
            .chunks_exact_mut(last.columns())
            .zip(gradient.chunks_exact(last.filters))
        {
            row[..last.filters].copy_from_slice(values);
        }
        for (s, step) in self.steps.iter().enumerate().rev() {
            let mut own = std::mem::take(&mut into.outputs[step.to]);
            self.revert_step(s, of, &mut own, into);
            self.backward_step(s, of, &own, into);
            into.outputs[step.to] = own;
        }
        if of.wants_input {
            let channels = self.steps[0].channels;
            into.outputs[0]
                .chunks_exact(padded(channels))
                .for_each(|row| into.input.extend_from_slice(&row[..channels]));
        }
    }

    /// From the gradient of a step's output to that of its convolution; adds those of skip and
    /// bias.
    fn revert_step(&self, s: usize, of: BackwardPass, own: &mut [f32], into: &mut Gradients) {
        let (step, plan) = (&self.steps[s], &self.plan.steps[s]);
        let columns = step.columns();
        let is_wanted = |output: usize| output != 0 || of.wants_input;
        let mut other = step.skip.map(|skip| {
            if is_wanted(skip) {
                std::mem::take(&mut into.outputs[skip])
            } else {
                Vec::new()
            }
        });
        let rows = own.len() / columns.max(1);
        let unread;
        let skipped = match &mut other {
            None => None,
            Some(other) if other.is_empty() => {
                // the gradient of the input is not wanted: it goes into one row that is discarded
                unread = vec![0; rows];
                other.resize(columns, 0.0);
                Some((&mut other[..], &unread[..]))
            }
            Some(other) => Some((&mut other[..], &plan.skip[..])),
        };
        let applied = Applied {
            columns,
            relus: step.relus(),
            kept: self.masks[s].as_ref().map_or(1.0, Mask::kept),
            output: &of.sample.outputs[step.to],
            above: &of.sample.above[s],
        };
        revert(own, applied, skipped, &mut into.biases[s]);
        if let (Some(skip), Some(other)) = (step.skip, other)
            && is_wanted(skip)
        {
            into.outputs[skip] = other;
        }
    }

    /// Adds the gradients of a convolution's weights and input, given that of its output.
    fn backward_step(&self, s: usize, of: BackwardPass, own: &[f32], into: &mut Gradients) {
        let step = &self.steps[s];
        let (columns, channels) = (step.columns(), padded(step.channels));
        let has_weights = !into.weights[s].is_empty();
        let wants_from = step.from != 0 || of.wants_input;
        let mut from = if wants_from {
            std::mem::take(&mut into.outputs[step.from])
        } else {
            Vec::new()
        };
        let size = step.channels * columns;
        for block in &self.plan.steps[s].blocks {
            for (offset, pairs) in block.offsets.iter().enumerate() {
                if has_weights {
                    let total = &mut into.weights[s][offset * size..][..size];
                    match self.source(step, of.i, &of.sample.outputs[step.from]) {
                        Source::Codes(codes) => {
                            met(codes, pairs, step.channels).for_each(|(row, code)| {
                                add(
                                    &mut total[code * columns..][..columns],
                                    &own[row * columns..][..columns],
                                )
                            });
                        }
                        Source::Rows(values, stride) => {
                            step.gemm(pairs, stride).add_outer(values, own, total);
                        }
                    }
                }
                if wants_from {
                    let size = step.filters * channels;
                    let matrix = &of.transposed[s][offset * size..][..size];
                    step.transposed_gemm(pairs)
                        .add_product(own, matrix, &mut from);
                }
            }
        }
        if wants_from {
            into.outputs[step.from] = from;
        }
    }
}

impl Gradients {
    /// Zeros; `trains` states whose weights have a gradient.
    pub fn zeros(stack: &Stack, trains: &[bool]) -> Gradients {
        let weight = |(packed, trains): (&Packed, &bool)| {
            if *trains {
                vec![0.0; packed.weight.len()]
            } else {
                Vec::new()
            }
        };
        Gradients {
            weights: stack.packed.iter().zip(trains).map(weight).collect(),
            biases: stack
                .packed
                .iter()
                .map(|packed| vec![0.0; packed.bias.len()])
                .collect(),
            input: Vec::new(),
            outputs: vec![Vec::new(); stack.plan.outputs.len()],
        }
    }

    /// Adds those of the sequences that follow.
    pub fn add(&mut self, other: Gradients) {
        self.weights
            .iter_mut()
            .zip(&other.weights)
            .for_each(|(to, from)| add(to, from));
        self.biases
            .iter_mut()
            .zip(&other.biases)
            .for_each(|(to, from)| add(to, from));
        self.input.extend(other.input);
    }

    /// The gradient of a step's weights as `[filters, channels, width]`.
    pub fn weight_of(&self, i: usize, step: &Step) -> Vec<f32> {
        let Step {
            filters,
            channels,
            width,
            ..
        } = *step;
        let columns = step.columns();
        let mut out = Vec::with_capacity(filters * channels * width);
        for filter in 0..filters {
            for channel in 0..channels {
                out.extend((0..width).map(|offset| {
                    self.weights[i][(offset * channels + channel) * columns + filter]
                }));
            }
        }
        out
    }
}
