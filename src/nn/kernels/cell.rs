//! LSTM and GRU over some sequences of a batch, step after step, without waiting for the others.
//!
//! Libtorch runs each step over the whole batch on all threads, which wait for each other hundreds
//! of times in a pass. Here a thread takes some sequences through all their steps; nothing is
//! shared but the weights.
//!
//! Gates stand in PyTorch's order: input, forget, cell, output (LSTM); reset, update, new (GRU).

use crate::kernels::dense::{self, Pair, Reads, padded};
use cistron_base::wide::widest;
use std::ops::Range;

/// Rows that products are made of at a time.
const BLOCK: usize = 64;

/// Sizes of a layer in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Four gates and two states (LSTM), or three gates and one state (GRU).
    pub is_lstm: bool,
    /// Size of the state.
    pub hidden: usize,
    /// Numbers that come in at each step.
    pub inputs: usize,
}

/// Weights of one direction as the loops read them.
pub struct Weights {
    /// `[inputs][gates]`, gates filled up with zeros.
    x: Vec<f32>,
    /// `[hidden][gates]`, likewise.
    h: Vec<f32>,
    bias_x: Vec<f32>,
    bias_h: Vec<f32>,
    /// `[gates][inputs]` and `[gates][hidden]`, filled up likewise.
    turned: [Vec<f32>; 2],
}

/// One pass over some sequences: `[step][sequence][…]`.
pub struct Steps {
    /// Positions in the order in which they were read.
    order: Vec<usize>,
    sequences: Range<usize>,
    /// Gates after their activations.
    gates: Vec<f32>,
    /// What the state adds to the new gate before the reset (GRU).
    inner: Vec<f32>,
    /// The cell's own state (LSTM).
    cell: Vec<f32>,
    /// The state, filled up to whole vectors.
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
    /// Of the input, `[sequence][position][inputs]`, filled up; of the sequences of the pass alone.
    pub input: Vec<f32>,
}

/// e to the power of x, to 2 units in the last place; beyond what 32 bits can hold it stays there.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.3);
    // a number this large has whole numbers in its last bits: adding it rounds
    const WHOLE: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, WHOLE);
    let n = shifted - WHOLE;
    // the Cephes library's constants: ln 2 in two parts, and the polynomial of (eʳ - 1 - r) / r²
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = 1.987_569_1e-4f32.mul_add(r, 1.398_199_9e-3);
    let p = p
        .mul_add(r, 8.333_452e-3)
        .mul_add(r, 4.166_579_6e-2)
        .mul_add(r, 1.666_666_6e-1)
        .mul_add(r, 0.5);
    let y = p.mul_add(r * r, r + 1.0);
    y * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// 1 / x of a number from 1 to 10^38, to the last place but one: a guess from the number's bits,
/// made better by Newton's rule. Dividing takes three times as long.
#[inline(always)]
fn reciprocal(x: f32) -> f32 {
    let mut y = f32::from_bits(0x7EF3_11C7u32.wrapping_sub(x.to_bits()));
    for _ in 0..3 {
        y = (-x).mul_add(y, 1.0).mul_add(y, y);
    }
    y
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    // NaN stays
    reciprocal(1.0 + exp(if x < -87.0 { 87.0 } else { -x }))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    2.0f32.mul_add(sigmoid(2.0 * x), -1.0)
}

widest!(lstm_step(gates: &mut [f32], before: &[f32], cell: &mut [f32], state: &mut [f32], columns: usize, hidden: usize) -> (), lstm_step_of);
widest!(lstm_back(gates: &mut [f32], before: &[f32], cell: &[f32], of_cell: &mut [f32], of_state: &[f32], columns: usize, hidden: usize) -> (), lstm_back_of);
widest!(gru_step(gates: &mut [f32], from_state: &[f32], inner: &mut [f32], before: &[f32], state: &mut [f32], columns: usize, hidden: usize) -> (), gru_step_of);
widest!(gru_back(gates: &mut [f32], of_inner: &mut [f32], inner: &[f32], before: &[f32], of_state: &mut [f32], columns: usize, hidden: usize) -> (), gru_back_of);

/// The logistic function of each number times its scale, times the scale, less what lets the range
/// start at -1 (a scale of 2 makes it tanh).
#[inline(always)]
fn activate(row: &mut [f32], scale: &[f32]) {
    for (own, scale) in row
        .chunks_exact_mut(dense::LANE)
        .zip(scale.chunks_exact(dense::LANE))
    {
        own.iter_mut()
            .zip(scale)
            .for_each(|(x, scale)| *x = scale.mul_add(sigmoid(scale * *x), 1.0 - scale));
    }
}

/// tanh of each number, a multiple of [`dense::LANE`] of them.
#[inline(always)]
fn tanh_of(values: &mut [f32]) {
    for own in values.chunks_exact_mut(dense::LANE) {
        own.iter_mut().for_each(|x| *x = tanh(*x));
    }
}

/// The parts of a row of gates.
#[inline(always)]
fn parts<const N: usize>(row: &mut [f32], hidden: usize) -> [&mut [f32]; N] {
    let mut chunks = row.chunks_exact_mut(hidden);
    std::array::from_fn(|_| chunks.next().unwrap_or_default())
}

#[inline(always)]
fn lstm_step_of(
    gates: &mut [f32],
    before: &[f32],
    cell: &mut [f32],
    state: &mut [f32],
    columns: usize,
    hidden: usize,
) {
    let wide = padded(hidden);
    let scale: Vec<f32> = (0..columns)
        .map(|j| if j / hidden == 2 { 2.0 } else { 1.0 })
        .collect();
    for (r, row) in gates.chunks_exact_mut(columns).enumerate() {
        activate(row, &scale);
        let [input, forget, new, output] = parts(row, hidden);
        let (cell, state) = (
            &mut cell[r * hidden..][..hidden],
            &mut state[r * wide..][..wide],
        );
        match before.get(r * hidden..(r + 1) * hidden) {
            Some(before) => {
                (0..hidden).for_each(|j| cell[j] = forget[j] * before[j] + input[j] * new[j])
            }
            None => (0..hidden).for_each(|j| cell[j] = input[j] * new[j]),
        }
        state[..hidden].copy_from_slice(cell);
        tanh_of(state);
        (0..hidden).for_each(|j| state[j] *= output[j]);
    }
}

/// Gates become the gradients of what their activations were given.
#[inline(always)]
fn lstm_back_of(
    gates: &mut [f32],
    before: &[f32],
    cell: &[f32],
    of_cell: &mut [f32],
    of_state: &[f32],
    columns: usize,
    hidden: usize,
) {
    let wide = padded(hidden);
    let (none, mut curved) = (vec![0.0; hidden], vec![0.0; wide]);
    for (r, row) in gates.chunks_exact_mut(columns).enumerate() {
        let [input, forget, new, output] = parts(row, hidden);
        let (of_cell, of_state) = (
            &mut of_cell[r * hidden..][..hidden],
            &of_state[r * wide..][..hidden],
        );
        let before = before.get(r * hidden..(r + 1) * hidden).unwrap_or(&none);
        curved[..hidden].copy_from_slice(&cell[r * hidden..][..hidden]);
        tanh_of(&mut curved);
        for j in 0..hidden {
            let (i, f, g, o) = (input[j], forget[j], new[j], output[j]);
            let t = curved[j];
            let dc = of_cell[j] + of_state[j] * o * (1.0 - t * t);
            (input[j], forget[j]) = (dc * g * i * (1.0 - i), dc * before[j] * f * (1.0 - f));
            (new[j], output[j]) = (dc * i * (1.0 - g * g), of_state[j] * t * o * (1.0 - o));
            of_cell[j] = dc * f;
        }
    }
}

#[inline(always)]
fn gru_step_of(
    gates: &mut [f32],
    from_state: &[f32],
    inner: &mut [f32],
    before: &[f32],
    state: &mut [f32],
    columns: usize,
    hidden: usize,
) {
    let wide = padded(hidden);
    let (none, ones) = (vec![0.0; hidden], vec![1.0; columns]);
    let mut opened = vec![0.0; columns];
    for (r, row) in gates.chunks_exact_mut(columns).enumerate() {
        let other = &from_state[r * columns..][..columns];
        let (inner, state) = (
            &mut inner[r * hidden..][..hidden],
            &mut state[r * wide..][..wide],
        );
        let before = before.get(r * wide..r * wide + hidden).unwrap_or(&none);
        inner.copy_from_slice(&other[2 * hidden..3 * hidden]);
        (0..columns).for_each(|j| opened[j] = row[j] + other[j]);
        activate(&mut opened, &ones);
        let [reset, update, new] = parts(row, hidden);
        reset.copy_from_slice(&opened[..hidden]);
        update.copy_from_slice(&opened[hidden..2 * hidden]);
        (0..hidden).for_each(|j| state[j] = new[j] + reset[j] * inner[j]);
        tanh_of(state);
        new.copy_from_slice(&state[..hidden]);
        (0..hidden).for_each(|j| state[j] = (1.0 - update[j]) * new[j] + update[j] * before[j]);
    }
}

/// Gates become the gradients of what the inputs gave them, `of_inner` that of the new gate's part
/// from the state, and `of_state` what goes on to the step before without the matrix.
#[inline(always)]
fn gru_back_of(
    gates: &mut [f32],
    of_inner: &mut [f32],
    inner: &[f32],
    before: &[f32],
    of_state: &mut [f32],
    columns: usize,
    hidden: usize,
) {
    let wide = padded(hidden);
    let none = vec![0.0; hidden];
    for (r, row) in gates.chunks_exact_mut(columns).enumerate() {
        let [reset, update, new] = parts(row, hidden);
        let (inner, of_inner) = (
            &inner[r * hidden..][..hidden],
            &mut of_inner[r * columns..][..3 * hidden],
        );
        let of_state = &mut of_state[r * wide..][..hidden];
        let before = before.get(r * wide..r * wide + hidden).unwrap_or(&none);
        let (of_reset, rest) = of_inner.split_at_mut(hidden);
        let (of_update, of_new) = rest.split_at_mut(hidden);
        for j in 0..hidden {
            let (r, z, n, dh) = (reset[j], update[j], new[j], of_state[j]);
            let dn = dh * (1.0 - z) * (1.0 - n * n);
            let dz = dh * (before[j] - n) * z * (1.0 - z);
            let dr = dn * inner[j] * r * (1.0 - r);
            (reset[j], update[j], new[j]) = (dr, dz, dn);
            (of_reset[j], of_update[j], of_new[j]) = (dr, dz, dn * r);
            of_state[j] = dh * z;
        }
    }
}

fn add_rows(rows: &[f32], total: &mut [f32]) {
    rows.chunks_exact(total.len())
        .for_each(|row| total.iter_mut().zip(row).for_each(|(sum, g)| *sum += g));
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

    /// Weights from `[gates, inputs]`, `[gates, hidden]` and both biases.
    pub fn weights(&self, x: &[f32], h: &[f32], bias_x: &[f32], bias_h: &[f32]) -> Weights {
        let (gates, columns) = (self.gates(), self.columns());
        let packed = |values: &[f32], n: usize| {
            let mut out = vec![0.0; n * columns];
            (0..gates).for_each(|gate| {
                (0..n).for_each(|i| out[i * columns + gate] = values[gate * n + i])
            });
            out
        };
        let turned = |values: &[f32], n: usize| {
            let mut out = vec![0.0; gates * padded(n)];
            out.chunks_exact_mut(padded(n))
                .zip(values.chunks_exact(n))
                .for_each(|(to, own)| to[..n].copy_from_slice(own));
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
            x: packed(x, self.inputs),
            h: packed(h, self.hidden),
            bias_x: filled(bias_x),
            bias_h: filled(bias_h),
            turned: [turned(x, self.inputs), turned(h, self.hidden)],
        }
    }

    /// `[inputs][gates]` as PyTorch keeps it, `[gates, inputs]`.
    pub fn unpacked(&self, values: &[f32], n: usize) -> Vec<f32> {
        let columns = self.columns();
        (0..self.gates())
            .flat_map(|gate| (0..n).map(move |i| values[i * columns + gate]))
            .collect()
    }

    /// Takes some sequences of `x` `[sequence][length][inputs]` through positions in an order.
    pub fn forward(
        &self,
        weights: &Weights,
        x: &[f32],
        length: usize,
        sequences: Range<usize>,
        order: Vec<usize>,
    ) -> Steps {
        let Cell {
            is_lstm,
            hidden,
            inputs,
        } = *self;
        let (columns, wide, rows) = (self.columns(), padded(hidden), sequences.len());
        let steps = order.len();
        let mut own = Steps {
            gates: Vec::with_capacity(steps * rows * columns),
            inner: vec![0.0; if is_lstm { 0 } else { steps * rows * hidden }],
            cell: vec![0.0; if is_lstm { steps * rows * hidden } else { 0 }],
            state: vec![0.0; steps * rows * wide],
            order,
            sequences,
        };
        let same: Vec<Pair> = (0..rows as u32).map(|row| [row, row]).collect();
        let mut bias = weights.bias_x.clone();
        if is_lstm {
            bias.iter_mut()
                .zip(&weights.bias_h)
                .for_each(|(x, h)| *x += h);
        }
        let pairs = own.pairs(length);
        let mut from_state = vec![0.0; if is_lstm { 0 } else { rows * columns }];
        let together = BLOCK.div_ceil(rows.max(1));
        for step in 0..steps {
            if step % together == 0 {
                // what the inputs give some steps, while their gates are near
                let block = step * rows..steps.min(step + together) * rows;
                block
                    .clone()
                    .for_each(|_| own.gates.extend_from_slice(&bias));
                dense::add_product(
                    &pairs[block],
                    Reads::Second,
                    x,
                    &weights.x,
                    &mut own.gates,
                    (inputs, columns),
                    inputs,
                    columns,
                );
            }
            let gates = &mut own.gates[step * rows * columns..][..rows * columns];
            let (earlier, state) = own.state.split_at_mut(step * rows * wide);
            let before = earlier
                .len()
                .checked_sub(rows * wide)
                .map_or(&[][..], |start| &earlier[start..]);
            let state = &mut state[..rows * wide];
            if is_lstm {
                if step > 0 {
                    dense::add_product(
                        &same,
                        Reads::Second,
                        before,
                        &weights.h,
                        gates,
                        (wide, columns),
                        hidden,
                        columns,
                    );
                }
                let (earlier, cell) = own.cell.split_at_mut(step * rows * hidden);
                let before = earlier
                    .len()
                    .checked_sub(rows * hidden)
                    .map_or(&[][..], |start| &earlier[start..]);
                lstm_step(
                    gates,
                    before,
                    &mut cell[..rows * hidden],
                    state,
                    columns,
                    hidden,
                );
            } else {
                from_state
                    .chunks_exact_mut(columns)
                    .for_each(|row| row.copy_from_slice(&weights.bias_h));
                if step > 0 {
                    dense::add_product(
                        &same,
                        Reads::Second,
                        before,
                        &weights.h,
                        &mut from_state,
                        (wide, columns),
                        hidden,
                        columns,
                    );
                }
                gru_step(
                    gates,
                    &from_state,
                    &mut own.inner[step * rows * hidden..][..rows * hidden],
                    before,
                    state,
                    columns,
                    hidden,
                );
            }
        }
        own
    }

    /// The gradients, from those of the states: `gradient` adds that of a row (of a step) to a row
    /// of numbers. Gates are overwritten.
    pub fn backward(
        &self,
        weights: &Weights,
        x: &[f32],
        length: usize,
        own: Steps,
        gradient: &dyn Fn(usize, usize, &mut [f32]),
    ) -> Gradients {
        let Cell {
            is_lstm,
            hidden,
            inputs,
        } = *self;
        let (columns, wide, rows, gate_count) = (
            self.columns(),
            padded(hidden),
            own.sequences.len(),
            self.gates(),
        );
        let (steps, wide_inputs) = (own.order.len(), padded(inputs));
        let pairs = own.pairs(length);
        let Steps {
            mut gates,
            inner,
            cell,
            state,
            sequences,
            ..
        } = own;
        let same: Vec<Pair> = (0..rows as u32).map(|row| [row, row]).collect();
        let mut of_inner = vec![0.0; if is_lstm { 0 } else { gates.len() }];
        let mut of_cell = vec![0.0; rows * hidden];
        let mut of_state = vec![0.0; rows * wide];
        let mut out = Gradients {
            x: vec![0.0; inputs * columns],
            h: vec![0.0; hidden * columns],
            bias_x: vec![0.0; columns],
            bias_h: vec![0.0; columns],
            input: vec![0.0; rows * length * wide_inputs],
        };
        let first = (sequences.start * length) as u32;
        let placed: Vec<Pair> = pairs.iter().map(|[row, at]| [*row, at - first]).collect();
        let together = BLOCK.div_ceil(rows.max(1));
        for step in (0..steps).rev() {
            let span = |size: usize| step * rows * size..(step + 1) * rows * size;
            let earlier = |size: usize| {
                if step > 0 {
                    (step - 1) * rows * size..step * rows * size
                } else {
                    0..0
                }
            };
            for (row, own) in of_state.chunks_exact_mut(wide).enumerate() {
                gradient(step, row, &mut own[..hidden]);
            }
            let own = &mut gates[span(columns)];
            if is_lstm {
                lstm_back(
                    own,
                    &cell[earlier(hidden)],
                    &cell[span(hidden)],
                    &mut of_cell,
                    &of_state,
                    columns,
                    hidden,
                );
                of_state.fill(0.0);
                dense::add_product(
                    &same,
                    Reads::Second,
                    own,
                    &weights.turned[1],
                    &mut of_state,
                    (columns, wide),
                    gate_count,
                    wide,
                );
            } else {
                let of_inner = &mut of_inner[span(columns)];
                gru_back(
                    own,
                    of_inner,
                    &inner[span(hidden)],
                    &state[earlier(wide)],
                    &mut of_state,
                    columns,
                    hidden,
                );
                dense::add_product(
                    &same,
                    Reads::Second,
                    of_inner,
                    &weights.turned[1],
                    &mut of_state,
                    (columns, wide),
                    gate_count,
                    wide,
                );
            }
            if step % together == 0 {
                // the gradients of some steps, while those of their gates are near
                let block = step * rows..steps.min(step + together) * rows;
                let of_h = if is_lstm { &gates } else { &of_inner };
                let after: Vec<Pair> = block
                    .clone()
                    .skip(if step == 0 { rows } else { 0 })
                    .map(|row| [(row - rows) as u32, row as u32])
                    .collect();
                dense::add_outer(
                    &after,
                    Reads::First,
                    &state,
                    of_h,
                    &mut out.h,
                    (wide, columns),
                    hidden,
                    columns,
                );
                dense::add_outer(
                    &pairs[block.clone()],
                    Reads::Second,
                    x,
                    &gates,
                    &mut out.x,
                    (inputs, columns),
                    inputs,
                    columns,
                );
                let placed = &placed[block.clone()];
                dense::add_product(
                    placed,
                    Reads::First,
                    &gates,
                    &weights.turned[0],
                    &mut out.input,
                    (columns, wide_inputs),
                    gate_count,
                    wide_inputs,
                );
                let block = block.start * columns..block.end * columns;
                add_rows(&gates[block.clone()], &mut out.bias_x);
                add_rows(&of_h[block], &mut out.bias_h);
            }
        }
        out
    }
}

impl Gradients {
    /// Adds those of other sequences, but for that of the input.
    pub fn add(&mut self, other: &Gradients) {
        for (to, own) in [
            (&mut self.x, &other.x),
            (&mut self.h, &other.h),
            (&mut self.bias_x, &other.bias_x),
            (&mut self.bias_h, &other.bias_h),
        ] {
            to.iter_mut().zip(own).for_each(|(to, own)| *to += own);
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

    /// The state of each step and sequence, with the position that the step read.
    pub fn states(&self, hidden: usize) -> impl Iterator<Item = (usize, usize, &[f32])> {
        let rows = self.sequences.len();
        let at = move |i: usize| (self.order[i / rows], self.sequences.start + i % rows);
        self.state
            .chunks_exact(padded(hidden))
            .enumerate()
            .map(move |(i, row)| {
                let (position, sequence) = at(i);
                (position, sequence, &row[..hidden])
            })
    }

    /// The position that a step read.
    pub fn position(&self, step: usize) -> usize {
        self.order[step]
    }

    /// How many steps there are.
    pub fn count(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_the_last_places() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let wanted = f64::from(x).exp();
            assert!((f64::from(exp(x)) / wanted - 1.0).abs() < 3e-7, "{x}");
            assert!(
                (f64::from(tanh(x)) - f64::from(x).tanh()).abs() < 3e-7,
                "{x}"
            );
            assert!(
                (f64::from(sigmoid(x)) * (1.0 + (-f64::from(x)).exp()) - 1.0).abs() < 5e-7
                    || x < -86.0,
                "{x}"
            );
        }
        assert!(
            exp(f32::NAN).is_nan()
                && sigmoid(f32::INFINITY) == 1.0
                && sigmoid(f32::NEG_INFINITY) < 1e-37
        );
    }
}
