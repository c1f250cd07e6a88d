//! Functions of each element of a tensor.

use crate::base::Result;
use crate::bind::args::operand::Scalar;
use crate::lang::{Native, native, natives_of};
use crate::nn::watch;
use crate::torch::{Kind, Tensor};

/// Limits elements; integers with bounds that are not integers become floats, as in PyTorch.
fn clamped(x: &Tensor, low: Scalar, high: Scalar) -> Result<Tensor> {
    match (low, high) {
        (Scalar::Int(low), Scalar::Int(high)) if !x.kind().is_floating() => x.clamp(low, high),
        _ if x.kind().is_floating() => x.clamp(low.float(), high.float()),
        _ => x.to_kind(Kind::Float)?.clamp(low.float(), high.float()),
    }
}

/// Computes e to the power of each element.
///
/// ```rhai
/// assert_near(tensor::from([0.0, 1.0]).exp(), [1.0, 2.7182818], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn exp(this: &Tensor) -> Result<Tensor> {
    this.exp()
}

/// Computes e^x - 1 of each element, accurate for x near 0.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).expm1(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn expm1(this: &Tensor) -> Result<Tensor> {
    this.expm1()
}

/// Computes the natural logarithm of each element.
///
/// ```rhai
/// assert_near(tensor::from([1.0]).log(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log(this: &Tensor) -> Result<Tensor> {
    this.log()
}

/// Computes the logarithm to base 2 of each element.
///
/// ```rhai
/// assert_near(tensor::from([8.0]).log2(), [3.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log2(this: &Tensor) -> Result<Tensor> {
    this.log2()
}

/// Computes the logarithm to base 10 of each element.
///
/// ```rhai
/// assert_near(tensor::from([100.0]).log10(), [2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log10(this: &Tensor) -> Result<Tensor> {
    this.log10()
}

/// Computes ln(1 + x) of each element, accurate for x near 0.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).log1p(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log1p(this: &Tensor) -> Result<Tensor> {
    this.log1p()
}

/// Computes the square root of each element.
///
/// ```rhai
/// assert_eq(tensor::from([4.0, 9.0]).sqrt(), [2.0, 3.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn sqrt(this: &Tensor) -> Result<Tensor> {
    this.sqrt()
}

/// Computes the reciprocal of the square root of each element.
///
/// ```rhai
/// assert_near(tensor::from([4.0]).rsqrt(), [0.5]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn rsqrt(this: &Tensor) -> Result<Tensor> {
    this.rsqrt()
}

/// Computes the absolute value of each element.
///
/// ```rhai
/// assert_eq(tensor::from([-2.0, 3.0]).abs(), [2.0, 3.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn abs(this: &Tensor) -> Result<Tensor> {
    this.abs()
}

/// Computes the negative of each element.
///
/// ```rhai
/// assert_eq(tensor::from([-2.0]).neg(), [2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn neg(this: &Tensor) -> Result<Tensor> {
    this.neg()
}

/// Returns the sign of each element: -1, 0 or 1.
///
/// ```rhai
/// assert_eq(tensor::from([-2.0, 0.0, 5.0]).sign(), [-1.0, 0.0, 1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn sign(this: &Tensor) -> Result<Tensor> {
    this.sign()
}

/// Rounds each element down to an integer.
///
/// ```rhai
/// assert_eq(tensor::from([1.7, -1.2]).floor(), [1.0, -2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn floor(this: &Tensor) -> Result<Tensor> {
    this.floor()
}

/// Rounds each element up to an integer.
///
/// ```rhai
/// assert_eq(tensor::from([1.2]).ceil(), [2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn ceil(this: &Tensor) -> Result<Tensor> {
    this.ceil()
}

/// Rounds each element to the nearest integer, halves to the even one.
///
/// ```rhai
/// assert_eq(tensor::from([1.5, 2.5]).round(), [2.0, 2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn round(this: &Tensor) -> Result<Tensor> {
    this.round()
}

/// Removes the fraction of each element.
///
/// ```rhai
/// assert_eq(tensor::from([-1.7]).trunc(), [-1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn trunc(this: &Tensor) -> Result<Tensor> {
    this.trunc()
}

/// Computes the square of each element.
///
/// ```rhai
/// assert_eq(tensor::from([3.0]).square(), [9.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn square(this: &Tensor) -> Result<Tensor> {
    this.square()
}

/// Computes the reciprocal of each element.
///
/// ```rhai
/// assert_eq(tensor::from([4.0]).reciprocal(), [0.25]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn reciprocal(this: &Tensor) -> Result<Tensor> {
    this.reciprocal()
}

/// Computes the sine of each element, in radians.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).sin(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn sin(this: &Tensor) -> Result<Tensor> {
    this.sin()
}

/// Computes the cosine of each element, in radians.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).cos(), [1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn cos(this: &Tensor) -> Result<Tensor> {
    this.cos()
}

/// Computes the tangent of each element, in radians.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).tan(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn tan(this: &Tensor) -> Result<Tensor> {
    this.tan()
}

/// Computes the inverse tangent of each element, in radians.
///
/// ```rhai
/// assert_near(tensor::from([1.0]).atan(), [0.7853982], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn atan(this: &Tensor) -> Result<Tensor> {
    this.atan()
}

/// Computes the hyperbolic tangent of each element.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).tanh(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn tanh(this: &Tensor) -> Result<Tensor> {
    this.tanh()
}

/// Computes the error function of each element.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).erf(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn erf(this: &Tensor) -> Result<Tensor> {
    this.erf()
}

/// Computes the logarithm of the gamma function of each element.
///
/// ```rhai
/// assert_near(tensor::from([3.0]).lgamma(), [0.6931472], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn lgamma(this: &Tensor) -> Result<Tensor> {
    this.lgamma()
}

/// Computes the logistic function of each element.
///
/// ```rhai
/// assert_eq(tensor::from([0.0]).sigmoid(), [0.5]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, from 0 to 1")]
pub fn sigmoid(this: &Tensor) -> Result<Tensor> {
    this.sigmoid()
}

/// Computes the logarithm of the logistic function, without overflow.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).log_sigmoid(), [-0.6931472], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log_sigmoid(this: &Tensor) -> Result<Tensor> {
    this.log_sigmoid()
}

/// Replaces negative elements by 0.
///
/// ```rhai
/// assert_eq(tensor::from([-1.0, 2.0]).relu(), [0.0, 2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn relu(this: &Tensor) -> Result<Tensor> {
    this.relu()
}

/// Multiplies negative elements by `slope`.
///
/// ```rhai
/// assert_near(tensor::from([-1.0, 2.0]).leaky_relu(0.1), [-0.1, 2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn leaky_relu(
    this: &Tensor,
    /// Factor on negative elements.
    #[default(0.01)]
    slope: f64,
) -> Result<Tensor> {
    this.leaky_relu(slope)
}

/// Computes the ELU: x where positive, `alpha` (e^x - 1) elsewhere.
///
/// ```rhai
/// assert_near(tensor::from([0.0, 2.0]).elu(), [0.0, 2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn elu(
    this: &Tensor,
    /// Factor on e^x - 1.
    #[default(1)]
    alpha: f64,
) -> Result<Tensor> {
    this.elu(alpha)
}

/// Computes the GELU: x multiplied by the normal distribution function of x.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).gelu(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn gelu(this: &Tensor) -> Result<Tensor> {
    this.gelu()
}

/// Computes the SiLU: x multiplied by the logistic function of x.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).silu(), [0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn silu(this: &Tensor) -> Result<Tensor> {
    this.silu()
}

/// Computes ln(1 + e^x) of each element, without overflow.
///
/// ```rhai
/// assert_near(tensor::from([0.0]).softplus(), [0.6931472], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn softplus(this: &Tensor) -> Result<Tensor> {
    this.softplus()
}

/// Computes the softmax along an axis.
///
/// In the layers of a script, `explain::attention` returns it as attention weights.
///
/// ```rhai
/// assert_near(tensor::from([[0.0, 0.0]]).softmax(1), [[0.5, 0.5]]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor of the same shape, sums of 1 along `dim`"
)]
pub fn softmax(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
) -> Result<Tensor> {
    let weights = this.softmax(dim)?;
    watch::note_softmax(&weights, dim)?;
    Ok(weights)
}

/// Computes the logarithm of the softmax along an axis.
///
/// ```rhai
/// assert_near(tensor::from([0.0, 0.0]).log_softmax(0), [-0.6931472, -0.6931472], 1e-5);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn log_softmax(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
) -> Result<Tensor> {
    this.log_softmax(dim)
}

/// Limits each element to the range from `low` to `high`.
///
/// Integers with integer bounds remain integers; other bounds convert them to float32.
///
/// ```rhai
/// assert_eq(tensor::from([-1.0, 5.0]).clamp(0.0, 1.0), [0.0, 1.0]);
/// assert_eq(tensor::arange(5).clamp(1, 3).kind, "int64");
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn clamp(
    this: &Tensor,
    /// Lower bound.
    low: Scalar,
    /// Upper bound.
    high: Scalar,
) -> Result<Tensor> {
    clamped(this, low, high)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        exp,
        expm1,
        log,
        log2,
        log10,
        log1p,
        sqrt,
        rsqrt,
        abs,
        neg,
        sign,
        floor,
        ceil,
        round,
        trunc,
        square,
        reciprocal,
        sin,
        cos,
        tan,
        atan,
        tanh,
        erf,
        lgamma,
        sigmoid,
        log_sigmoid,
        relu,
        leaky_relu,
        elu,
        gelu,
        silu,
        softplus,
        softmax,
        log_softmax,
        clamp,
    ]
}
