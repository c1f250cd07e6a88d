//! Fourier transforms of tensors, and random draws from the probabilities of a tensor.

use crate::base::Result;
use crate::bind::args::seed::DrawOptions;
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::torch::Tensor;
use crate::torch::spectrum::Transform;

/// Options of Fourier transforms.
#[derive(Options)]
pub struct FourierOptions {
    /// Number of positions transformed, by cutting or padding with zeros; all unless given.
    #[option(min = 1)]
    n: Option<i64>,
    /// Axis, not counting the pairs of complex numbers.
    #[option(default = -1)]
    dim: i64,
    /// Direction that is divided by n: the inverse, both (by √n), or the forward transform.
    #[option(default = "backward")]
    norm: Normalisation,
}

/// The direction of a Fourier transform that is divided by its length.
#[derive(Choice)]
pub enum Normalisation {
    /// The inverse transform.
    Backward,
    /// Both, by the square root.
    Ortho,
    /// The forward transform.
    Forward,
}

impl FourierOptions {
    fn transform(&self, x: &Tensor, transform: Transform) -> Result<Tensor> {
        x.fourier(transform, self.dim, self.n, self.norm.as_str())
    }
}

/// Options of `tensor::multinomial`.
#[derive(Options)]
pub struct MultinomialOptions {
    /// Whether an index may be drawn more than once.
    #[option(default = false)]
    replacement: bool,
    #[option(flatten)]
    draw: DrawOptions,
}

/// Computes the Fourier transform of real numbers, as complex pairs.
///
/// Frequencies are from 0 to half the sampling rate.
///
/// # Shapes
/// `[…, n]` to `[…, n / 2 + 1, 2]`: real and imaginary part along the last axis
///
/// ```rhai
/// assert_near(tensor::ones([4]).rfft(), [[4.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor […, n / 2 + 1, 2]")]
pub fn rfft(this: &Tensor, options: FourierOptions) -> Result<Tensor> {
    options.transform(this, Transform::RealForward)
}

/// Computes the inverse of `rfft`: real numbers from complex pairs.
///
/// The result has 2 (frequencies - 1) numbers unless `n` is given; give it where the length was
/// odd.
///
/// ```rhai
/// let x = tensor::from([1.0, 2.0, 5.0]);
/// assert_near(x.rfft().irfft(#{ n: 3 }), x);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor […, n]")]
pub fn irfft(this: &Tensor, options: FourierOptions) -> Result<Tensor> {
    options.transform(this, Transform::RealBackward)
}

/// Computes the Fourier transform of complex pairs.
///
/// ```rhai
/// let x = tensor::from([[1.0, 0.0], [1.0, 0.0]]);
/// assert_near(x.fft(), [[2.0, 0.0], [0.0, 0.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor […, n, 2]")]
pub fn fft(this: &Tensor, options: FourierOptions) -> Result<Tensor> {
    options.transform(this, Transform::Forward)
}

/// Computes the inverse Fourier transform of complex pairs.
///
/// ```rhai
/// let x = tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_near(x.fft().ifft(), x);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor […, n, 2]")]
pub fn ifft(this: &Tensor, options: FourierOptions) -> Result<Tensor> {
    options.transform(this, Transform::Backward)
}

/// Draws 1 with the probability of each element, else 0.
///
/// ```rhai
/// assert_eq(tensor::bernoulli([0.0, 1.0], #{ seed: 1 }), [0.0, 1.0]);
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn bernoulli(
    /// Probabilities from 0 to 1, as a tensor or an array.
    chances: &Numbers,
    options: DrawOptions,
) -> Result<Tensor> {
    chances.0.bernoulli(&options.keys())
}

/// Draws `n` indices of the last axis with probabilities in proportion to weights.
///
/// ```rhai
/// assert_eq(tensor::multinomial([0.0, 2.0, 0.0], 3, #{ replacement: true }), [1, 1, 1]);
/// assert_eq(tensor::multinomial([1.0, 2.0], 2, #{ seed: 1 }).sort().values, [0, 1]);
/// ```
#[native(namespace = "tensor", returns = "tensor […, n] int64")]
pub fn multinomial(
    /// Weights of at least 0, [classes] or [batch, classes]; they need not sum to 1.
    weights: &Numbers,
    /// Number of draws from each row, at least 1.
    n: i64,
    options: MultinomialOptions,
) -> Result<Tensor> {
    weights
        .0
        .multinomial(n, options.replacement, &options.draw.keys())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![rfft, irfft, fft, ifft, bernoulli, multinomial,]
}
