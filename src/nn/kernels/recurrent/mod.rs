//! LSTM and GRU over some sequences of a batch, step after step, without waiting for the others.
//!
//! Libtorch runs each step over the whole batch on all threads, which wait for each other hundreds
//! of times in a pass. Here one call computes all steps of some sequences, and calls on several
//! threads share nothing but the weights.
//!
//! # Layout
//!
//! - gates: in PyTorch's order, input, forget, cell, output (LSTM); reset, update, new (GRU);
//!   `[step][sequence][gates]`, padded with zeros to a multiple of 16
//! - states: `[step][sequence][hidden]`, padded likewise
//! - inputs: `[sequence][position][inputs]`
//! - weights: `[inputs][gates]` and `[hidden][gates]`, and their transposes for gradients
//!
//! # Dispatch
//!
//! Matrix products are [`super::dense`]'s; activations are loops under `widest!` (AVX-512, AVX2
//! with FMA, baseline). There is no `unsafe`.

use super::dense::{Gemm, Pair, Reads, Strides, padded};
use std::ops::Range;

mod activation;
mod gates;
mod gru;
mod lstm;

/// Rows of a product that are computed together, while they are in the first cache.
const BLOCK: usize = 64;

/// Sizes of a layer in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Four gates and two states (LSTM), or three gates and one state (GRU).
    pub is_lstm: bool,
    /// Size of the state.
    pub hidden: usize,
    /// Size of the input of a step.
    pub inputs: usize,
}

/// Weights of one direction as the loops read them.
pub struct Weights {
    /// `[inputs][gates]`, gates padded with zeros.
    x: Vec<f32>,
    /// `[hidden][gates]`, padded likewise.
    h: Vec<f32>,
    bias_x: Vec<f32>,
    bias_h: Vec<f32>,
    /// `[gates][inputs]`, padded likewise.
    x_transposed: Vec<f32>,
    /// `[gates][hidden]`, padded likewise.
    h_transposed: Vec<f32>,
}

/// Parameters of one direction as PyTorch stores them.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    /// `[gates, inputs]`
    pub weight_ih: &'a [f32],
    /// `[gates, hidden]`
    pub weight_hh: &'a [f32],
    /// `[gates]`
    pub bias_ih: &'a [f32],
    /// `[gates]`
    pub bias_hh: &'a [f32],
}

/// The inputs of some sequences of a batch.
#[derive(Clone)]
pub struct Inputs<'a> {
    /// `[sequence][position][inputs]`, of the whole batch.
    pub x: &'a [f32],
    /// Positions of each sequence.
    pub length: usize,
    /// The sequences that are computed.
    pub sequences: Range<usize>,
}

/// One pass over some sequences: `[step][sequence][…]`.
pub struct Steps {
    /// Positions in the order in which they were read.
    order: Vec<usize>,
    sequences: Range<usize>,
    /// Gates after their activations.
    gates: Vec<f32>,
    /// The state's part of the new gate, before the reset (GRU).
    inner: Vec<f32>,
    /// The state of the cell (LSTM).
    cell: Vec<f32>,
    /// The state, padded to whole vectors.
    state: Vec<f32>,
}

/// Gradients of one direction.
pub struct Gradients {
    /// `[inputs][gates]`
    pub x: Vec<f32>,
    /// `[hidden][gates]`
    pub h: Vec<f32>,
    /// Of the inputs' bias.
    pub bias_x: Vec<f32>,
    /// Of the state's bias.
    pub bias_h: Vec<f32>,
    /// Of the input, `[sequence][position][inputs]`, padded; of the sequences of the pass alone.
    pub input: Vec<f32>,
}

fn add_rows(rows: &[f32], total: &mut [f32]) {
    rows.chunks_exact(total.len())
        .for_each(|row| total.iter_mut().zip(row).for_each(|(sum, g)| *sum += g));
}

/// The last `n` numbers; none where there are fewer.
fn last(values: &[f32], n: usize) -> &[f32] {
    values
        .len()
        .checked_sub(n)
        .map_or(&[][..], |start| &values[start..])
}

impl Cell {
    fn gates(&self) -> usize {
        if self.is_lstm {
            4 * self.hidden
        } else {
            3 * self.hidden
        }
    }

    fn columns(&self) -> usize {
        padded(self.gates())
    }

    /// Weights as the loops read them.
    pub fn weights(&self, parameters: Parameters) -> Weights {
        let (gates, columns) = (self.gates(), self.columns());
        let packed = |values: &[f32], n: usize| {
            let mut out = vec![0.0; n * columns];
            (0..gates).for_each(|gate| {
                (0..n).for_each(|i| out[i * columns + gate] = values[gate * n + i])
            });
            out
        };
        let transposed = |values: &[f32], n: usize| {
            let mut out = vec![0.0; gates * padded(n)];
            out.chunks_exact_mut(padded(n))
                .zip(values.chunks_exact(n))
                .for_each(|(to, row)| to[..n].copy_from_slice(row));
            out
        };
        let filled = |values: &[f32]| {
            values
                .iter()
                .copied()
                .chain(std::iter::repeat_n(0.0, columns - gates))
                .collect()
        };
        Weights {
            x: packed(parameters.weight_ih, self.inputs),
            h: packed(parameters.weight_hh, self.hidden),
            bias_x: filled(parameters.bias_ih),
            bias_h: filled(parameters.bias_hh),
            x_transposed: transposed(parameters.weight_ih, self.inputs),
            h_transposed: transposed(parameters.weight_hh, self.hidden),
        }
    }

    /// `[inputs][gates]` in PyTorch's layout, `[gates, inputs]`.
    pub fn unpacked(&self, values: &[f32], n: usize) -> Vec<f32> {
        let columns = self.columns();
        (0..self.gates())
            .flat_map(|gate| (0..n).map(move |i| values[i * columns + gate]))
            .collect()
    }

    /// The product with the inputs' weights, whose rows the pairs name.
    fn input_gemm<'a>(&self, pairs: &'a [Pair]) -> Gemm<'a> {
        let columns = self.columns();
        Gemm {
            pairs,
            reads: Reads::Second,
            strides: Strides {
                from: self.inputs,
                to: columns,
            },
            inner: self.inputs,
            columns,
        }
    }

    /// The product with the state's weights.
    fn state_gemm<'a>(&self, pairs: &'a [Pair], reads: Reads) -> Gemm<'a> {
        let columns = self.columns();
        Gemm {
            pairs,
            reads,
            strides: Strides {
                from: padded(self.hidden),
                to: columns,
            },
            inner: self.hidden,
            columns,
        }
    }

    /// The product of gates with transposed weights of `n` rows.
    fn gate_gemm<'a>(&self, pairs: &'a [Pair], reads: Reads, n: usize) -> Gemm<'a> {
        Gemm {
            pairs,
            reads,
            strides: Strides {
                from: self.columns(),
                to: padded(n),
            },
            inner: self.gates(),
            columns: padded(n),
        }
    }

    /// Computes some sequences, reading their positions in an order.
    pub fn forward(&self, weights: &Weights, inputs: &Inputs, order: Vec<usize>) -> Steps {
        let Cell {
            is_lstm, hidden, ..
        } = *self;
        let rows = inputs.sequences.len();
        let (columns, wide) = (self.columns(), padded(hidden));
        let steps = order.len();
        let mut own = Steps {
            gates: Vec::with_capacity(steps * rows * columns),
            inner: vec![0.0; if is_lstm { 0 } else { steps * rows * hidden }],
            cell: vec![0.0; if is_lstm { steps * rows * hidden } else { 0 }],
            state: vec![0.0; steps * rows * wide],
            order,
            sequences: inputs.sequences.clone(),
        };
        let same: Vec<Pair> = (0..rows as u32).map(|row| [row, row]).collect();
        let state_gemm = self.state_gemm(&same, Reads::Second);
        let mut bias = weights.bias_x.clone();
        if is_lstm {
            bias.iter_mut()
                .zip(&weights.bias_h)
                .for_each(|(x, h)| *x += h);
        }
        let pairs = own.pairs(inputs.length);
        let mut from_state = vec![0.0; if is_lstm { 0 } else { rows * columns }];
        let steps_per_block = BLOCK.div_ceil(rows.max(1));
        for step in 0..steps {
            if step % steps_per_block == 0 {
                // the inputs' part of some steps, whose gates are used soon after
                let block = step * rows..steps.min(step + steps_per_block) * rows;
                block
                    .clone()
                    .for_each(|_| own.gates.extend_from_slice(&bias));
                self.input_gemm(&pairs[block])
                    .add_product(inputs.x, &weights.x, &mut own.gates);
            }
            let gates = &mut own.gates[step * rows * columns..][..rows * columns];
            let (earlier, state) = own.state.split_at_mut(step * rows * wide);
            let before = last(earlier, rows * wide);
            let state = &mut state[..rows * wide];
            if is_lstm {
                if step > 0 {
                    state_gemm.add_product(before, &weights.h, gates);
                }
                let (earlier, cell) = own.cell.split_at_mut(step * rows * hidden);
                let before = last(earlier, rows * hidden);
                let cell = &mut cell[..rows * hidden];
                lstm::step(gates, before, cell, state, columns, hidden);
            } else {
                from_state
                    .chunks_exact_mut(columns)
                    .for_each(|row| row.copy_from_slice(&weights.bias_h));
                if step > 0 {
                    state_gemm.add_product(before, &weights.h, &mut from_state);
                }
                let inner = &mut own.inner[step * rows * hidden..][..rows * hidden];
                gru::step(gates, &from_state, inner, before, state, columns, hidden);
            }
        }
        own
    }

    /// The gradients, from those of the states: `gradient` adds that of a row (of a step) to a row
    /// of numbers. Gates are overwritten.
    pub fn backward(
        &self,
        weights: &Weights,
        inputs: &Inputs,
        steps: Steps,
        gradient: &dyn Fn(usize, usize, &mut [f32]),
    ) -> Gradients {
        let Cell {
            is_lstm, hidden, ..
        } = *self;
        let rows = steps.sequences.len();
        let (columns, wide, wide_inputs) = (self.columns(), padded(hidden), padded(self.inputs));
        let pairs = steps.pairs(inputs.length);
        let Steps {
            order,
            mut gates,
            inner,
            cell,
            state,
            sequences,
        } = steps;
        let steps = order.len();
        let same: Vec<Pair> = (0..rows as u32).map(|row| [row, row]).collect();
        let state_gemm = self.gate_gemm(&same, Reads::Second, hidden);
        let mut of_inner = vec![0.0; if is_lstm { 0 } else { gates.len() }];
        let mut of_cell = vec![0.0; rows * hidden];
        let mut of_state = vec![0.0; rows * wide];
        let mut out = Gradients {
            x: vec![0.0; self.inputs * columns],
            h: vec![0.0; hidden * columns],
            bias_x: vec![0.0; columns],
            bias_h: vec![0.0; columns],
            input: vec![0.0; rows * inputs.length * wide_inputs],
        };
        let first = (sequences.start * inputs.length) as u32;
        let placed: Vec<Pair> = pairs.iter().map(|[row, at]| [*row, at - first]).collect();
        let steps_per_block = BLOCK.div_ceil(rows.max(1));
        for step in (0..steps).rev() {
            let span = |size: usize| step * rows * size..(step + 1) * rows * size;
            let earlier = |size: usize| {
                if step > 0 {
                    (step - 1) * rows * size..step * rows * size
                } else {
                    0..0
                }
            };
            for (row, state) in of_state.chunks_exact_mut(wide).enumerate() {
                gradient(step, row, &mut state[..hidden]);
            }
            let step_gates = &mut gates[span(columns)];
            if is_lstm {
                lstm::back(
                    step_gates,
                    &cell[earlier(hidden)],
                    &cell[span(hidden)],
                    &mut of_cell,
                    &of_state,
                    columns,
                    hidden,
                );
                of_state.fill(0.0);
                state_gemm.add_product(step_gates, &weights.h_transposed, &mut of_state);
            } else {
                let of_inner = &mut of_inner[span(columns)];
                gru::back(
                    step_gates,
                    of_inner,
                    &inner[span(hidden)],
                    &state[earlier(wide)],
                    &mut of_state,
                    columns,
                    hidden,
                );
                state_gemm.add_product(of_inner, &weights.h_transposed, &mut of_state);
            }
            if step % steps_per_block == 0 {
                // the gradients of some steps, whose gates were written shortly before
                let block = step * rows..steps.min(step + steps_per_block) * rows;
                let of_h = if is_lstm { &gates } else { &of_inner };
                let after: Vec<Pair> = block
                    .clone()
                    .skip(if step == 0 { rows } else { 0 })
                    .map(|row| [(row - rows) as u32, row as u32])
                    .collect();
                self.state_gemm(&after, Reads::First)
                    .add_outer(&state, of_h, &mut out.h);
                self.input_gemm(&pairs[block.clone()])
                    .add_outer(inputs.x, &gates, &mut out.x);
                self.gate_gemm(&placed[block.clone()], Reads::First, self.inputs)
                    .add_product(&gates, &weights.x_transposed, &mut out.input);
                let block = block.start * columns..block.end * columns;
                add_rows(&gates[block.clone()], &mut out.bias_x);
                add_rows(&of_h[block], &mut out.bias_h);
            }
        }
        out
    }
}

impl Gradients {
    /// Adds those of other sequences, except that of the input.
    pub fn add(&mut self, other: &Gradients) {
        for (to, from) in [
            (&mut self.x, &other.x),
            (&mut self.h, &other.h),
            (&mut self.bias_x, &other.bias_x),
            (&mut self.bias_h, &other.bias_h),
        ] {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
}

impl Steps {
    /// Rows of gates, and rows of the input that they read.
    fn pairs(&self, length: usize) -> Vec<Pair> {
        let rows = self.sequences.len();
        let of_step = |(step, at): (usize, &usize)| {
            self.sequences
                .clone()
                .enumerate()
                .map(move |(row, i)| [(step * rows + row) as u32, (i * length + at) as u32])
                .collect::<Vec<_>>()
        };
        self.order.iter().enumerate().flat_map(of_step).collect()
    }

    /// Position, sequence and state of each step and sequence.
    pub fn states(&self, hidden: usize) -> impl Iterator<Item = (usize, usize, &[f32])> {
        let rows = self.sequences.len();
        self.state
            .chunks_exact(padded(hidden))
            .enumerate()
            .map(move |(i, row)| {
                (
                    self.order[i / rows],
                    self.sequences.start + i % rows,
                    &row[..hidden],
                )
            })
    }

    /// The position that a step read.
    pub fn position(&self, step: usize) -> usize {
        self.order[step]
    }

    /// Number of steps.
    pub fn count(&self) -> usize {
        self.order.len()
    }
}
