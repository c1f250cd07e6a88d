//! Convolutions, pooling, dropout and layer normalisation as functions of tensors.

use crate::bail;
use crate::base::{Result, shape};
use crate::lang::{Native, Options, native, natives_of};
use crate::torch::Tensor;
use crate::torch::op::Window;

/// Options of convolutions.
#[derive(Options)]
pub struct ConvOptions {
    /// Number added to the output of each filter, [filters].
    bias: Option<Tensor>,
    /// Step between windows.
    #[option(default = 1, min = 1)]
    stride: i64,
    /// Zeros added at both ends.
    #[option(default = 0, min = 0)]
    padding: i64,
    /// Step between the positions of a window.
    #[option(default = 1, min = 1)]
    dilation: i64,
    /// Number of groups of channels that are convolved separately.
    #[option(default = 1, min = 1)]
    groups: i64,
}

/// Options of pooling.
#[derive(Options)]
pub struct PoolOptions {
    /// Step between windows; the length of a window unless given.
    #[option(min = 1)]
    stride: Option<i64>,
    /// Positions added at both ends.
    #[option(default = 0, min = 0)]
    padding: i64,
}

impl PoolOptions {
    /// Stride and padding of windows of a size.
    fn window(&self, size: i64) -> (i64, i64) {
        (self.stride.unwrap_or(size), self.padding)
    }
}

fn convolve(x: &Tensor, weight: &Tensor, options: ConvOptions, axes: usize) -> Result<Tensor> {
    if weight.rank() != axes + 2 || x.rank() != axes + 2 {
        bail!(
            "shape",
            "conv{axes}d takes tensors of {} axes, got {} and {}",
            axes + 2,
            shape::text(&x.shape()),
            shape::text(&weight.shape())
        );
    }
    let window = Window {
        stride: vec![options.stride; axes],
        padding: vec![options.padding; axes],
        dilation: vec![options.dilation; axes],
        groups: options.groups,
    };
    x.conv(weight, options.bias.as_ref(), &window)
}

/// The last axes normalised; at least one, at most all.
fn normalise_last(x: &Tensor, axes: i64) -> Result<Tensor> {
    let axes = axes.clamp(1, x.rank() as i64) as usize;
    x.layer_norm(&x.shape()[x.rank() - axes..], None, 1e-5)
}

/// Computes a convolution along the length.
///
/// ```rhai
/// assert_eq(tensor::conv1d(tensor::ones([1, 4, 10]), tensor::ones([2, 4, 3])).shape, [1, 2, 8]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, filters, length']")]
pub fn conv1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Filters, [filters, channels / groups, width].
    weight: &Tensor,
    options: ConvOptions,
) -> Result<Tensor> {
    convolve(x, weight, options, 1)
}

/// Computes a convolution over two axes.
///
/// ```rhai
/// let y = tensor::conv2d(tensor::ones([1, 2, 5, 5]), tensor::ones([3, 2, 3, 3]));
/// assert_eq(y.shape, [1, 3, 3, 3]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor [batch, filters, height', width']"
)]
pub fn conv2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Filters, [filters, channels / groups, height, width].
    weight: &Tensor,
    options: ConvOptions,
) -> Result<Tensor> {
    convolve(x, weight, options, 2)
}

/// Computes a convolution over three axes.
///
/// ```rhai
/// let y = tensor::conv3d(tensor::ones([1, 1, 4, 4, 4]), tensor::ones([2, 1, 2, 2, 2]));
/// assert_eq(y.shape, [1, 2, 3, 3, 3]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor [batch, filters, depth', height', width']"
)]
pub fn conv3d(
    /// Input, [batch, channels, depth, height, width].
    x: &Tensor,
    /// Filters, [filters, channels / groups, depth, height, width].
    weight: &Tensor,
    options: ConvOptions,
) -> Result<Tensor> {
    convolve(x, weight, options, 3)
}

/// Returns the maximum of each window.
///
/// ```rhai
/// assert_eq(tensor::max_pool1d(tensor::from([[[1.0, 3.0, 2.0, 5.0]]]), 2), [[[3.0, 5.0]]]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, windows]")]
pub fn max_pool1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Length of a window.
    size: i64,
    options: PoolOptions,
) -> Result<Tensor> {
    let (stride, padding) = options.window(size);
    x.max_pool(&[size], &[stride], &[padding])
}

/// Computes the mean of each window.
///
/// ```rhai
/// assert_eq(tensor::avg_pool1d(tensor::from([[[1.0, 3.0, 2.0, 5.0]]]), 2), [[[2.0, 3.5]]]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, windows]")]
pub fn avg_pool1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Length of a window.
    size: i64,
    options: PoolOptions,
) -> Result<Tensor> {
    let (stride, padding) = options.window(size);
    x.avg_pool(&[size], &[stride], &[padding])
}

/// Computes the mean of each of a number of equal windows.
///
/// ```rhai
/// assert_eq(tensor::adaptive_avg_pool1d(tensor::ones([1, 2, 9]), 3).shape, [1, 2, 3]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, size]")]
pub fn adaptive_avg_pool1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Number of windows.
    size: i64,
) -> Result<Tensor> {
    x.adaptive_pool(size, false)
}

/// Returns the maximum of each of a number of equal windows.
///
/// ```rhai
/// assert_eq(tensor::adaptive_max_pool1d(tensor::ones([1, 2, 9]), 3).shape, [1, 2, 3]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, size]")]
pub fn adaptive_max_pool1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Number of windows.
    size: i64,
) -> Result<Tensor> {
    x.adaptive_pool(size, true)
}

/// Sets elements to 0 at random and scales the others by 1 / (1 - p).
///
/// ```rhai
/// assert_eq(tensor::dropout(tensor::ones([4]), 0.0), tensor::ones([4]));
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn dropout(
    /// Input, of any shape.
    x: &Tensor,
    /// Probability of each element, from 0 to 1.
    p: f64,
) -> Result<Tensor> {
    x.dropout(p, true)
}

/// Normalises the last axes to mean 0 and variance 1.
///
/// ```rhai
/// assert_near(tensor::layer_norm(tensor::from([[1.0, 3.0]])), [[-1.0, 1.0]], 1e-4);
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn layer_norm(
    /// Input, of any shape.
    x: &Tensor,
    /// Number of last axes that are normalised together.
    #[default(1)]
    axes: i64,
) -> Result<Tensor> {
    normalise_last(x, axes)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        conv1d,
        conv2d,
        conv3d,
        max_pool1d,
        avg_pool1d,
        adaptive_avg_pool1d,
        adaptive_max_pool1d,
        dropout,
        layer_norm,
    ]
}
