//! `nn::…`: convolutions.

use crate::base::Result;
use crate::bind::args::layer::{InitRule, WindowOptions, all_positive, spread};
use crate::bind::args::network::layer;
use crate::lang::value::Ints;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::{Layer, conv};

/// Options of `nn::conv1d`, `nn::conv2d` and `nn::conv3d`.
#[derive(Options)]
pub struct ConvOptions {
    #[option(flatten)]
    window: WindowOptions,
    /// Number of groups of channels that are convolved separately; 0 is one group for each channel.
    #[option(default = 1, min = 0)]
    groups: i64,
    /// Whether a trainable bias is added to each filter.
    #[option(default = true)]
    bias: bool,
    /// Reparametrisation: "weight" trains the norm and the direction of each filter separately
    /// (Salimans & Kingma 2016).
    #[option(default = "none")]
    norm: ConvNorm,
    /// Initialiser of the weights: default (PyTorch's), xavier_uniform, xavier_normal,
    /// kaiming_uniform, kaiming_normal, kaiming_normal_fan_out, orthogonal, or a function of the
    /// shape.
    #[option(default = "default")]
    init: InitRule,
}

/// The reparametrisation of the weights of a convolution.
#[derive(Choice, PartialEq)]
pub enum ConvNorm {
    /// None.
    None,
    /// Weight normalisation.
    Weight,
}

/// Options of `nn::conv_transpose1d`.
#[derive(Options)]
pub struct TransposedOptions {
    /// Step between windows, in positions of the output.
    #[option(default = 1, min = 1)]
    stride: i64,
    /// Positions that are removed from both ends of the output.
    #[option(default = 0, min = 0)]
    padding: i64,
    /// Positions that are added at the end of the output.
    #[option(default = 0, min = 0)]
    output_padding: i64,
    /// Step between the positions of a window.
    #[option(default = 1, min = 1)]
    dilation: i64,
    /// Whether a trainable bias is added to each filter.
    #[option(default = true)]
    bias: bool,
}

fn conv_of(filters: i64, width: Vec<i64>, options: ConvOptions) -> Result<conv::Conv> {
    all_positive("width", &width)?;
    let (axes, window) = (width.len(), options.window);
    Ok(conv::Conv {
        stride: vec![window.stride; axes],
        dilation: vec![window.dilation; axes],
        padding: window.padding.over(axes),
        groups: options.groups,
        bias: options.bias,
        weight_norm: options.norm == ConvNorm::Weight,
        init: options.init.0,
        ..conv::Conv::plain(filters, &width)
    })
}

/// Options of `nn::separable_conv1d` and `nn::separable_conv2d`.
#[derive(Options)]
pub struct SeparableOptions {
    #[option(flatten)]
    window: WindowOptions,
    /// Number of depthwise filters of each channel.
    #[option(default = 1, min = 1)]
    multiplier: i64,
    /// Whether a trainable bias is added to each filter.
    #[option(default = true)]
    bias: bool,
}

/// A depthwise convolution followed by a pointwise one, as options describe it.
fn separable_of(filters: i64, width: Vec<i64>, options: SeparableOptions) -> conv::Separable {
    let (window, bias, axes) = (options.window, options.bias, width.len());
    let depthwise = conv::Conv {
        stride: vec![window.stride; axes],
        dilation: vec![window.dilation; axes],
        padding: window.padding.over(axes),
        bias,
        ..conv::Conv::plain(filters, &width)
    };
    let pointwise = conv::Conv {
        bias,
        ..conv::Conv::plain(filters, &vec![1; axes])
    };
    conv::Separable {
        depthwise,
        pointwise,
        multiplier: options.multiplier,
    }
}

/// Returns a convolution along the sequence.
///
/// # Shapes
/// `[channels, length]` to `[filters, length']`
///
/// ```rhai
/// assert_eq(nn::build(nn::conv1d(20, 12), [4, 100]).output_shape, [20, 89]);
/// assert_eq(nn::build(
///     nn::conv1d(8, 3, #{ padding: "same", dilation: 4 }), [4, 100]
/// ).output_shape, [8, 100]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [filters, length']"
)]
pub fn conv1d(
    call: &Call,
    /// Number of filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Width of the filters, in positions.
    #[check(min = 1)]
    width: i64,
    options: ConvOptions,
) -> Result<Layer> {
    layer(call, conv_of(filters, vec![width], options)?)
}

/// Returns a convolution over two axes.
///
/// # Shapes
/// `[channels, height, width]` to `[filters, height', width']`
///
/// ```rhai
/// assert_eq(nn::build(nn::conv2d(8, 3, #{ padding: 1 }), [3, 10, 12]).output_shape, [8, 10, 12]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, height, width] to [filters, height', width']"
)]
pub fn conv2d(
    call: &Call,
    /// Number of filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Size of the filters: one integer from 1 for both axes, or [height, width].
    width: Ints,
    options: ConvOptions,
) -> Result<Layer> {
    layer(call, conv_of(filters, spread(width, 2)?, options)?)
}

/// Returns a convolution over three axes.
///
/// # Shapes
/// `[channels, depth, height, width]` to `[filters, depth', height', width']`
///
/// ```rhai
/// assert_eq(nn::build(nn::conv3d(2, 3), [1, 5, 5, 5]).output_shape, [2, 3, 3, 3]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, depth, height, width] to [filters, …]"
)]
pub fn conv3d(
    call: &Call,
    /// Number of filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Size of the filters: one integer from 1 for all axes, or [depth, height, width].
    width: Ints,
    options: ConvOptions,
) -> Result<Layer> {
    layer(call, conv_of(filters, spread(width, 3)?, options)?)
}

/// Returns a depthwise convolution followed by a pointwise one.
///
/// # Shapes
/// `[channels, length]` to `[filters, length']`
///
/// # Source
/// Chollet 2017
///
/// ```rhai
/// assert_eq(nn::build(nn::separable_conv1d(8, 5), [4, 20]).output_shape, [8, 16]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [filters, length']"
)]
pub fn separable_conv1d(
    call: &Call,
    /// Number of pointwise filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Width of the depthwise filters, in positions.
    #[check(min = 1)]
    width: i64,
    options: SeparableOptions,
) -> Result<Layer> {
    layer(call, separable_of(filters, vec![width], options))
}

/// Returns a transposed convolution, which multiplies the length by its stride.
///
/// # Shapes
/// `[channels, length]` to `[filters, length']`
///
/// ```rhai
/// assert_eq(nn::build(
///     nn::conv_transpose1d(8, 4, #{ stride: 2, padding: 1 }), [4, 20]
/// ).output_shape, [8, 40]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [filters, length']"
)]
pub fn conv_transpose1d(
    call: &Call,
    /// Number of filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Width of the filters, in positions.
    #[check(min = 1)]
    width: i64,
    options: TransposedOptions,
) -> Result<Layer> {
    let transposed = conv::Transposed {
        filters,
        width,
        stride: options.stride,
        padding: options.padding,
        output_padding: options.output_padding,
        dilation: options.dilation,
        bias: options.bias,
    };
    layer(call, transposed)
}

/// Returns a depthwise convolution over two axes followed by a pointwise one.
///
/// # Shapes
/// `[channels, height, width]` to `[filters, height', width']`
///
/// # Source
/// Chollet 2017
///
/// ```rhai
/// assert_eq(nn::build(nn::separable_conv2d(8, [2, 5]), [4, 10, 20]).output_shape, [8, 9, 16]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, height, width] to [filters, height', width']"
)]
pub fn separable_conv2d(
    call: &Call,
    /// Number of pointwise filters, the channels of the output.
    #[check(min = 1)]
    filters: i64,
    /// Size of the depthwise filters: one integer from 1 for both axes, or [height, width].
    width: Ints,
    options: SeparableOptions,
) -> Result<Layer> {
    layer(call, separable_of(filters, spread(width, 2)?, options))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        conv1d,
        conv2d,
        conv3d,
        separable_conv1d,
        separable_conv2d,
        conv_transpose1d,
    ]
}
