//! `nn::…`: activation functions as layers.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Native, native, natives_of};
use crate::nn::Layer;
use crate::nn::activation::Activation;

/// Returns a layer that replaces negative values by 0.
///
/// ```rhai
/// assert_eq(nn::build(nn::relu(), [2]).forward(tensor::from([[-1.0, 2.0]])), [[0.0, 2.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn relu(call: &Call) -> Result<Layer> {
    layer(call, Activation::Relu)
}

/// Returns a layer that multiplies negative values by `slope`.
///
/// ```rhai
/// assert_near(nn::build(nn::leaky_relu(0.1), [1]).forward(tensor::from([[-1.0]])), [[-0.1]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn leaky_relu(
    call: &Call,
    /// Factor on negative values.
    #[default(0.01)]
    slope: f64,
) -> Result<Layer> {
    layer(call, Activation::LeakyRelu(slope))
}

/// Returns a layer that maps negative x to alpha (e^x - 1).
///
/// # Source
/// Clevert, Unterthiner & Hochreiter 2016
///
/// ```rhai
/// assert_near(nn::build(nn::elu(), [1]).forward(tensor::from([[1.0]])), [[1.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn elu(
    call: &Call,
    /// Negated limit of the output for x towards negative infinity.
    #[default(1)]
    alpha: f64,
) -> Result<Layer> {
    layer(call, Activation::Elu(alpha))
}

/// Returns a layer that multiplies x by the normal distribution function of x.
///
/// ```rhai
/// assert_near(nn::build(nn::gelu(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn gelu(call: &Call) -> Result<Layer> {
    layer(call, Activation::Gelu)
}

/// Returns a layer that multiplies x by the logistic function of x.
///
/// ```rhai
/// assert_near(nn::build(nn::silu(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn silu(call: &Call) -> Result<Layer> {
    layer(call, Activation::Silu)
}

/// Returns a layer that computes the logistic function, 1 / (1 + e^-x).
///
/// ```rhai
/// assert_near(nn::build(nn::sigmoid(), [1]).forward(tensor::from([[0.0]])), [[0.5]]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer of the same shape, values from 0 to 1"
)]
pub fn sigmoid(call: &Call) -> Result<Layer> {
    layer(call, Activation::Sigmoid)
}

/// Returns a layer that computes the hyperbolic tangent.
///
/// ```rhai
/// assert_near(nn::build(nn::tanh(), [1]).forward(tensor::from([[0.0]])), [[0.0]]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer of the same shape, values from -1 to 1"
)]
pub fn tanh(call: &Call) -> Result<Layer> {
    layer(call, Activation::Tanh)
}

/// Returns a layer that computes e^x.
///
/// # Source
/// Koo & Ploenzke, Nature Machine Intelligence 2021 (as the first activation)
///
/// ```rhai
/// assert_near(nn::build(nn::exp(), [1]).forward(tensor::from([[0.0]])), [[1.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn exp(call: &Call) -> Result<Layer> {
    layer(call, Activation::Exp)
}

/// Returns a layer that computes ln(1 + e^x).
///
/// ```rhai
/// assert_near(nn::build(nn::softplus(), [1]).forward(tensor::from([[0.0]])), [[0.6931472]], 1e-5);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn softplus(call: &Call) -> Result<Layer> {
    layer(call, Activation::Softplus)
}

/// Returns a layer that computes the softmax along an axis: e^x over its sum.
///
/// ```rhai
/// assert_near(nn::build(nn::softmax(), [2]).forward(tensor::zeros([1, 2])), [[0.5, 0.5]]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer of the same shape, values from 0 to 1"
)]
pub fn softmax(
    call: &Call,
    /// Axis, counted from 0 (the batch); 1 is the channels.
    #[default(1)]
    axis: i64,
) -> Result<Layer> {
    layer(call, Activation::Softmax(axis))
}

/// Returns a layer that computes the logarithm of the softmax along an axis.
///
/// ```rhai
/// assert_near(nn::build(nn::log_softmax(), [1]).forward(tensor::zeros([1, 1])), [[0.0]]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn log_softmax(
    call: &Call,
    /// Axis, counted from 0 (the batch); 1 is the channels.
    #[default(1)]
    axis: i64,
) -> Result<Layer> {
    layer(call, Activation::LogSoftmax(axis))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        relu,
        leaky_relu,
        elu,
        gelu,
        silu,
        sigmoid,
        tanh,
        exp,
        softplus,
        softmax,
        log_softmax,
    ]
}
