//! Fourier transforms of tensors, and draws whose chances a tensor gives.

use crate::bind::tensor::basic::keys;
use crate::bind::types::Numbers;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::natives;
use crate::torch::Tensor;
use crate::torch::spectrum::Transform;

const FOURIER: &[Opt] = &[
    opt(
        "n",
        OptKind::Int(1, MANY),
        "",
        "positions that are transformed: cut, or padded with zeros; all unless given",
    ),
    opt(
        "dim",
        OptKind::Int(-MANY, MANY),
        "-1",
        "the axis, not counting the pairs of complex numbers",
    ),
    opt(
        "norm",
        OptKind::Choice(&["backward", "ortho", "forward"]),
        "\"backward\"",
        "which way is divided by n: back, both by √n, or forth",
    ),
];
const SEED: &[Opt] = &[opt(
    "seed",
    OptKind::Int(0, MANY),
    "",
    "the same seed draws the same; without it each call draws others, fixed by the run's seed",
)];
const MULTINOMIAL: &[Opt] = &[
    opt(
        "replacement",
        OptKind::Bool,
        "false",
        "whether a class may be drawn more than once",
    ),
    opt(
        "seed",
        OptKind::Int(0, MANY),
        "",
        "the same seed draws the same; without it each call draws others, fixed by the run's seed",
    ),
];

natives! { spectra in "tensor" {
    /// Takes the Fourier transform of real numbers: the frequencies from 0 to half the sampling
    /// rate, as complex pairs.
    ///
    /// # Shapes
    /// `[…, n]` to `[…, n / 2 + 1, 2]`: real and imaginary part along the last axis
    ///
    /// ```rhai
    /// assert_near(tensor::ones([4]).rfft(), [[4.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
    /// ```
    method "rfft"(c, this: Tensor; o = FOURIER) -> "tensor […, n / 2 + 1, 2]" { this.fourier(Transform::RealForward, o.int("dim"), o.maybe_int("n"), &o.text("norm")) }

    /// Takes the inverse of `rfft`: complex pairs of the lower half of the frequencies back to real
    /// numbers.
    ///
    /// - `n`: 2 (frequencies - 1) unless given; give it where the length was odd
    ///
    /// ```rhai
    /// let x = tensor::from([1.0, 2.0, 5.0]);
    /// assert_near(x.rfft().irfft(#{ n: 3 }), x);
    /// ```
    method "irfft"(c, this: Tensor; o = FOURIER) -> "tensor […, n]" { this.fourier(Transform::RealBackward, o.int("dim"), o.maybe_int("n"), &o.text("norm")) }

    /// Takes the Fourier transform of complex pairs.
    ///
    /// ```rhai
    /// let x = tensor::from([[1.0, 0.0], [1.0, 0.0]]);
    /// assert_near(x.fft(), [[2.0, 0.0], [0.0, 0.0]]);
    /// ```
    method "fft"(c, this: Tensor; o = FOURIER) -> "tensor […, n, 2]" { this.fourier(Transform::Forward, o.int("dim"), o.maybe_int("n"), &o.text("norm")) }

    /// Takes the inverse Fourier transform of complex pairs.
    ///
    /// ```rhai
    /// let x = tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_near(x.fft().ifft(), x);
    /// ```
    method "ifft"(c, this: Tensor; o = FOURIER) -> "tensor […, n, 2]" { this.fourier(Transform::Backward, o.int("dim"), o.maybe_int("n"), &o.text("norm")) }

    /// Draws 1 with each number's chance, else 0.
    ///
    /// ```rhai
    /// assert_eq(tensor::bernoulli([0.0, 1.0], #{ seed: 1 }), [0.0, 1.0]);
    /// ```
    function "bernoulli"(c, chances: Numbers; o = SEED) -> "tensor of the same shape" { chances.0.bernoulli(&keys(&o)) }

    /// Draws `n` positions of the last axis, each with a chance in proportion to its weight.
    ///
    /// - `weights`: [classes] or [batch, classes], at least 0; they need not sum to 1
    ///
    /// ```rhai
    /// assert_eq(tensor::multinomial([0.0, 2.0, 0.0], 3, #{ replacement: true }), [1, 1, 1]);
    /// assert_eq(tensor::multinomial([1.0, 2.0], 2, #{ seed: 1 }).sort().values, [0, 1]);
    /// ```
    function "multinomial"(c, weights: Numbers, n: i64; o = MULTINOMIAL) -> "tensor […, n] int64" { weights.0.multinomial(n, o.flag("replacement"), &keys(&o)) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    spectra()
}
