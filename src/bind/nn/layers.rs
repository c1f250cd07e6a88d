//! `nn::…`: single layers.

use crate::base::Result;
use crate::bind::args::layer::InitRule;
use crate::bind::args::network::layer;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::nn::{Layer, linear, reshape};

/// Options of `nn::linear`.
#[derive(Options)]
pub struct LinearOptions {
    /// Whether a trainable bias is added to each output.
    #[option(default = true)]
    bias: bool,
    /// Initialiser of the weights: default (PyTorch's), xavier_uniform, xavier_normal,
    /// kaiming_uniform, kaiming_normal, kaiming_normal_fan_out, orthogonal, or a function of the
    /// shape.
    #[option(default = "default")]
    init: InitRule,
}

/// Returns a fully connected layer on the last axis: x Wᵀ + b.
///
/// ```rhai
/// assert_eq(nn::build(nn::linear(3), [10]).parameter_count, 33);
/// ```
#[native(namespace = "nn", returns = "layer, […, in] to […, features]")]
pub fn linear(
    call: &Call,
    /// Number of outputs.
    #[check(min = 1)]
    features: i64,
    options: LinearOptions,
) -> Result<Layer> {
    let linear = linear::Linear {
        features,
        bias: options.bias,
        init: options.init.0,
    };
    layer(call, linear)
}

/// Returns a layer that replaces each integer by a trainable vector.
///
/// ```rhai
/// assert_eq(nn::build(nn::embedding(64, 8), [99]).output_shape, [99, 8]);
/// ```
#[native(namespace = "nn", returns = "layer, […] integers to […, size]")]
pub fn embedding(
    call: &Call,
    /// Number of vectors; inputs are integers from 0 to below it.
    #[check(min = 1)]
    rows: i64,
    /// Length of each vector.
    #[check(min = 1)]
    size: i64,
) -> Result<Layer> {
    layer(call, linear::Embedding { rows, size })
}

/// Returns a layer that computes the maximum of several linear layers.
///
/// # Source
/// Goodfellow et al. 2013
///
/// ```rhai
/// assert_eq(nn::build(nn::maxout(3, 4), [10]).parameter_count, 132);
/// ```
#[native(namespace = "nn", returns = "layer, […, in] to […, features]")]
pub fn maxout(
    call: &Call,
    /// Number of outputs.
    #[check(min = 1)]
    features: i64,
    /// Number of linear layers over which the maximum is taken.
    #[check(min = 1)]
    pieces: i64,
) -> Result<Layer> {
    layer(call, linear::Maxout { features, pieces })
}

/// Returns a layer that turns one-hot sequences into one-hot k-mers.
///
/// Channels are the k-mers in alphabetical order. A k-mer with N is all zeros.
///
/// ```rhai
/// assert_eq(nn::build(nn::kmers(3), [4, 100]).output_shape, [64, 98]);
/// ```
/// ```rhai,fails
/// nn::kmers(9);
/// //~ `k` must be an integer from 1 to 8, got integer 9
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [4, length] to [4^k, length - k + 1]"
)]
pub fn kmers(
    call: &Call,
    /// Length of the k-mers, in bp.
    #[check(min = 1, max = 8)]
    k: i64,
) -> Result<Layer> {
    layer(call, reshape::Kmers(k))
}

/// Returns a layer that joins all axes of a sample into one.
///
/// ```rhai
/// assert_eq(nn::build(nn::flatten(), [8, 50]).output_shape, [400]);
/// ```
#[native(namespace = "nn", returns = "layer, […] to [product]")]
pub fn flatten(call: &Call) -> Result<Layer> {
    layer(call, reshape::Flatten)
}

/// Returns a layer that permutes the axes of a sample.
///
/// ```rhai
/// assert_eq(nn::build(nn::permute([2, 1]), [8, 50]).output_shape, [50, 8]);
/// ```
#[native(namespace = "nn", returns = "layer with the axes in another order")]
pub fn permute(
    call: &Call,
    /// Axes in their new order, counted from 1 (0 is the batch).
    axes: Vec<i64>,
) -> Result<Layer> {
    layer(call, reshape::Permute(axes))
}

/// Returns a layer that changes the shape of a sample.
///
/// ```rhai
/// assert_eq(nn::build(nn::reshape([2, -1]), [8, 5]).output_shape, [2, 20]);
/// ```
#[native(namespace = "nn", returns = "layer of `shape`")]
pub fn reshape(
    call: &Call,
    /// Shape of the output, without the batch; one size may be -1, which is inferred.
    shape: Vec<i64>,
) -> Result<Layer> {
    layer(call, reshape::Reshape(shape))
}

/// Returns a layer that returns its input.
///
/// ```rhai
/// assert_eq(nn::build(nn::identity(), [8, 5]).output_shape, [8, 5]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn identity(call: &Call) -> Result<Layer> {
    layer(call, reshape::Identity)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        linear, embedding, maxout, kmers, flatten, permute, reshape, identity,
    ]
}
