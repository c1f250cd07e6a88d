//! The LSTM's step and its gradient.

use super::activation::{activate, tanh_of};
use super::gates::split_gates;
use crate::kernels::dense::padded;
use cistron_base::wide::widest;

widest!(pub step(gates: &mut [f32], before: &[f32], cell: &mut [f32], state: &mut [f32],
    columns: usize, hidden: usize) -> (), step_of);
widest!(pub back(gates: &mut [f32], before: &[f32], cell: &[f32], of_cell: &mut [f32],
    of_state: &[f32], columns: usize, hidden: usize) -> (), back_of);

/// Gates become their activations; writes the cell and the state of the step.
#[inline(always)]
fn step_of(
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
        let [input, forget, new, output] = split_gates(row, hidden);
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

/// Gates become the gradients of the inputs of their activations, `of_cell` that of the cell of the
/// preceding step.
#[inline(always)]
fn back_of(
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
        let [input, forget, new, output] = split_gates(row, hidden);
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
