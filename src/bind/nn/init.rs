//! `init::…`: initial values of parameters; inside `nn::custom` they follow the model's seed.

use crate::base::Result;
use crate::lang::{Native, native, natives_of, session};
use crate::nn::Init;
use crate::torch::Tensor;

/// The keys of the next draw: those of the layer that is being built, else the run's seed and the
/// number of the draw.
fn keys() -> Vec<u64> {
    crate::nn::init::next_keys()
        .unwrap_or_else(|| vec![session::settings().seed, 0x696e_6974, session::next_draw()])
}

/// Initialises all values to 0.
///
/// ```rhai
/// assert_eq(init::zeros([2]), [0.0, 0.0]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn zeros(
    /// Size of each axis.
    shape: &[i64],
) -> Result<Tensor> {
    Init::Constant(0.0).draw(shape, &keys())
}

/// Initialises all values to 1.
///
/// ```rhai
/// assert_eq(init::ones([2]), [1.0, 1.0]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn ones(
    /// Size of each axis.
    shape: &[i64],
) -> Result<Tensor> {
    Init::Constant(1.0).draw(shape, &keys())
}

/// Initialises all values to one number.
///
/// ```rhai
/// assert_eq(init::constant([2], 3), [3.0, 3.0]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn constant(
    /// Size of each axis.
    shape: &[i64],
    /// The value.
    value: f64,
) -> Result<Tensor> {
    Init::Constant(value).draw(shape, &keys())
}

/// Draws values uniformly from -`bound` to `bound`.
///
/// ```rhai
/// assert(init::uniform([50], 0.1).abs().max().item() <= 0.1);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn uniform(
    /// Size of each axis.
    shape: &[i64],
    /// Largest absolute value.
    bound: f64,
) -> Result<Tensor> {
    Init::Uniform(bound).draw(shape, &keys())
}

/// Draws values from a normal distribution with mean 0.
///
/// ```rhai
/// assert_eq(init::normal([5], 0.01).shape, [5]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn normal(
    /// Size of each axis.
    shape: &[i64],
    /// Standard deviation.
    sd: f64,
) -> Result<Tensor> {
    Init::Normal(sd).draw(shape, &keys())
}

/// Draws uniform values scaled by fan-in and fan-out (Glorot & Bengio 2010).
///
/// ```rhai
/// assert_eq(init::xavier_uniform([3, 4]).shape, [3, 4]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn xavier_uniform(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::XavierUniform.draw(shape, &keys())
}

/// Draws normal values scaled by fan-in and fan-out (Glorot & Bengio 2010).
///
/// ```rhai
/// assert_eq(init::xavier_normal([3, 4]).shape, [3, 4]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn xavier_normal(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::XavierNormal.draw(shape, &keys())
}

/// Draws uniform values scaled by fan-in, for ReLU (He et al. 2015).
///
/// ```rhai
/// assert_eq(init::kaiming_uniform([3, 4]).shape, [3, 4]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn kaiming_uniform(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::KaimingUniform.draw(shape, &keys())
}

/// Draws normal values scaled by fan-in, for ReLU (He et al. 2015).
///
/// ```rhai
/// assert_eq(init::kaiming_normal([3, 4]).shape, [3, 4]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn kaiming_normal(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::KaimingNormal.draw(shape, &keys())
}

/// Draws normal values scaled by fan-out, for ReLU (He et al. 2015).
///
/// ```rhai
/// assert_eq(init::kaiming_normal_fan_out([3, 4]).shape, [3, 4]);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn kaiming_normal_fan_out(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::KaimingNormalFanOut.draw(shape, &keys())
}

/// Draws a matrix with orthonormal rows or columns (Saxe et al. 2014).
///
/// ```rhai
/// let q = init::orthogonal([3, 5]);
/// assert_near(q @ q.t(), tensor::eye(3), 1e-5);
/// ```
#[native(namespace = "init", returns = "tensor of `shape`")]
pub fn orthogonal(
    /// Size of each axis: [outputs, inputs, …].
    shape: &[i64],
) -> Result<Tensor> {
    Init::Orthogonal.draw(shape, &keys())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        zeros,
        ones,
        constant,
        uniform,
        normal,
        xavier_uniform,
        xavier_normal,
        kaiming_uniform,
        kaiming_normal,
        kaiming_normal_fan_out,
        orthogonal,
    ]
}
