//! Stacks of convolutions of stride 1 with their activations, dropouts and skips, sequence by
//! sequence.
//!
//! A sequence stays in the second cache from layer to layer. A dilation is only a step between
//! rows. Positions beyond the ends are left out, not multiplied by zero. Where the last position
//! alone is read, only the positions that it depends on are computed, in every layer. A first
//! convolution of one-hot sequences adds rows of weights, chosen by the codes.
//!
//! # Layout
//!
//! - outputs: per sequence `[rows][channels]`, a row per computed position, channels padded with
//!   zeros to a multiple of 16
//! - weights: `[width][channels][filters]`, filters padded likewise; for gradients of inputs
//!   `[width][filters][channels]`
//! - bits of activations above 0: 16 channels a word
//!
//! # Dispatch
//!
//! Matrix products are [`super::dense`]'s; element-wise loops are compiled by `widest!`. There is
//! no `unsafe`.

use super::dense::padded;
use cistron_base::mask::Mask;
use std::sync::Arc;

mod backward;
mod elementwise;
mod forward;
mod rows;
mod step;

pub use backward::{BackwardPass, Gradients};
pub use rows::RowPlan;
pub use step::Step;

/// The sequences of a batch.
pub enum Input {
    /// Codes, `[batch, length]`.
    Codes(Arc<Vec<u8>>),
    /// Numbers, `[batch, length, channels]`.
    Rows(Vec<f32>),
}

impl Input {
    /// Sequence `i` as rows of numbers, padded to whole vectors.
    fn rows(&self, i: usize, length: usize, channels: usize) -> Vec<f32> {
        let columns = padded(channels);
        let mut out = vec![0.0; length * columns];
        let rows = out.chunks_exact_mut(columns);
        match self {
            Input::Codes(codes) => {
                for (row, code) in rows
                    .zip(&codes[i * length..])
                    .filter(|(_, code)| usize::from(**code) < channels)
                {
                    row[usize::from(*code)] = 1.0;
                }
            }
            Input::Rows(values) => rows
                .zip(values[i * length * channels..].chunks_exact(channels))
                .for_each(|(row, values)| row[..channels].copy_from_slice(values)),
        }
        out
    }
}

/// Weights of a step as the loops read them.
pub struct Packed {
    /// `[width][channels][filters]`, filters padded with zeros.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Packed {
    /// From `[filters, channels, width]` and `[filters]`, or no bias.
    pub fn new(step: &Step, weight: &[f32], mut bias: Vec<f32>) -> Packed {
        let Step {
            filters,
            channels,
            width,
            ..
        } = *step;
        let columns = step.columns();
        let mut packed = vec![0.0; width * channels * columns];
        for filter in 0..filters {
            for channel in 0..channels {
                for offset in 0..width {
                    packed[(offset * channels + channel) * columns + filter] =
                        weight[(filter * channels + channel) * width + offset];
                }
            }
        }
        bias.resize(columns, 0.0);
        Packed {
            weight: packed,
            bias,
        }
    }

    /// `[width][filters][channels]`, channels padded with zeros: the matrices that gradients of the
    /// input are computed with.
    fn transposed(&self, step: &Step) -> Vec<f32> {
        let Step {
            filters,
            channels,
            width,
            ..
        } = *step;
        let (columns, rows) = (step.columns(), padded(channels));
        let mut out = vec![0.0; width * filters * rows];
        for offset in 0..width {
            for filter in 0..filters {
                for channel in 0..channels {
                    out[(offset * filters + filter) * rows + channel] =
                        self.weight[(offset * channels + channel) * columns + filter];
                }
            }
        }
        out
    }
}

/// What the pass over one sequence computes and the backward pass reads.
#[derive(Default)]
pub struct Sample {
    /// Outputs, `[rows][channels]`; that of the input stays empty.
    outputs: Vec<Vec<f32>>,
    /// Of steps with a skip: which numbers were above 0 before it was added, 16 channels a word.
    above: Vec<Vec<u16>>,
}

/// A stack with everything that the passes over a batch share.
pub struct Stack {
    /// The rows that are computed.
    pub plan: Arc<RowPlan>,
    /// The convolutions.
    pub steps: Vec<Step>,
    /// The weights of each.
    pub packed: Vec<Packed>,
    /// The dropout mask of each.
    pub masks: Vec<Option<Mask>>,
    /// The number of the first sequence in the dropout masks.
    pub first: usize,
    /// The sequences.
    pub input: Input,
}

/// What a step reads of one sequence.
enum Source<'a> {
    /// Its codes.
    Codes(&'a [u8]),
    /// Rows of numbers, and the distance between their starts.
    Rows(&'a [f32], usize),
}

/// Rows of the output, and the known codes that they meet.
fn met(codes: &[u8], pairs: &[[u32; 2]], known: usize) -> impl Iterator<Item = (usize, usize)> {
    pairs
        .iter()
        .map(|[row, at]| (*row as usize, usize::from(codes[*at as usize])))
        .filter(move |(_, code)| *code < known)
}

fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

impl Stack {
    /// Sequence `i` where a step reads the input, otherwise the output that it reads.
    fn source<'a>(&'a self, step: &Step, i: usize, output: &'a [f32]) -> Source<'a> {
        let (length, channels) = (self.plan.length, step.channels);
        match &self.input {
            Input::Codes(codes) if step.from == 0 => Source::Codes(&codes[i * length..][..length]),
            Input::Rows(values) if step.from == 0 => Source::Rows(
                &values[i * length * channels..][..length * channels],
                channels,
            ),
            _ => Source::Rows(output, padded(channels)),
        }
    }

    /// The transposed weights of all steps, for the backward pass.
    pub fn transposed(&self) -> Vec<Vec<f32>> {
        self.packed
            .iter()
            .zip(&self.steps)
            .map(|(packed, step)| packed.transposed(step))
            .collect()
    }
}
