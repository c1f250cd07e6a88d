//! The GRU's step and its gradient.

use super::activation::{activate, tanh_of};
use super::gates::split_gates;
use crate::kernels::dense::padded;
use cistron_base::wide::widest;

widest!(pub step(gates: &mut [f32], from_state: &[f32], inner: &mut [f32], before: &[f32],
    state: &mut [f32], columns: usize, hidden: usize) -> (), step_of);
widest!(pub back(gates: &mut [f32], of_inner: &mut [f32], inner: &[f32], before: &[f32],
    of_state: &mut [f32], columns: usize, hidden: usize) -> (), back_of);

/// Gates become their activations; writes the state of the step.
#[inline(always)]
fn step_of(
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
        let [reset, update, new] = split_gates(row, hidden);
        reset.copy_from_slice(&opened[..hidden]);
        update.copy_from_slice(&opened[hidden..2 * hidden]);
        (0..hidden).for_each(|j| state[j] = new[j] + reset[j] * inner[j]);
        tanh_of(state);
        new.copy_from_slice(&state[..hidden]);
        (0..hidden).for_each(|j| state[j] = (1.0 - update[j]) * new[j] + update[j] * before[j]);
    }
}

/// Gates become the gradients of the inputs' part of the gates, `of_inner` those of the state's
/// part, and `of_state` the part of the preceding state's gradient that bypasses the matrix.
#[inline(always)]
fn back_of(
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
        let [reset, update, new] = split_gates(row, hidden);
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
