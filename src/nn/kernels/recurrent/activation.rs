//! The logistic function and tanh, as loops that the compiler vectorises.

use crate::kernels::dense::LANE;

/// e to the power of x, to 2 units in the last place; x is clamped to what 32 bits can hold.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.3);
    // the last bits of a number this large are integers: adding it rounds
    const INTEGER: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, INTEGER);
    let n = shifted - INTEGER;
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

/// 1 / x of a number from 1 to 10^38, to 2 units in the last place: a guess from the number's bits,
/// improved by Newton's method. A division takes three times as long.
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
    // NaN is kept
    reciprocal(1.0 + exp(if x < -87.0 { 87.0 } else { -x }))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    2.0f32.mul_add(sigmoid(2.0 * x), -1.0)
}

/// scale σ(scale x) + 1 - scale of each number: the logistic function for a scale of 1, tanh for a
/// scale of 2.
#[inline(always)]
pub fn activate(row: &mut [f32], scale: &[f32]) {
    for (row, scale) in row.chunks_exact_mut(LANE).zip(scale.chunks_exact(LANE)) {
        row.iter_mut()
            .zip(scale)
            .for_each(|(x, scale)| *x = scale.mul_add(sigmoid(scale * *x), 1.0 - scale));
    }
}

/// tanh of each number, a multiple of [`LANE`] of them.
#[inline(always)]
pub fn tanh_of(values: &mut [f32]) {
    for chunk in values.chunks_exact_mut(LANE) {
        chunk.iter_mut().for_each(|x| *x = tanh(*x));
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
