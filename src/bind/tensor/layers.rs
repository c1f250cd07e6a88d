//! Layers as functions of tensors: transposed convolutions, pooling over two axes, norms,
//! attention, interpolation.

use crate::bail;
use crate::base::{Result, shape};
use crate::lang::value::Ints;
use crate::lang::{FromValue, Native, Options, native, natives_of};
use crate::torch::Tensor;
use crate::torch::attention::Attention;
use crate::torch::op::Window;
use rhai::{Dynamic, NativeCallContext};

/// Options of transposed convolutions.
#[derive(Options)]
pub struct ConvTransposeOptions {
    /// Number added to the output of each filter, [filters].
    bias: Option<Tensor>,
    /// Step between windows of the output.
    #[option(default = 1, min = 1)]
    stride: i64,
    /// Positions removed from both ends of the output.
    #[option(default = 0, min = 0)]
    padding: i64,
    /// Positions added at the end of the output; less than stride or dilation.
    #[option(default = 0, min = 0)]
    output_padding: i64,
    /// Step between the positions of a window.
    #[option(default = 1, min = 1)]
    dilation: i64,
    /// Number of groups of channels that are convolved separately.
    #[option(default = 1, min = 1)]
    groups: i64,
}

/// Options of pooling over two axes.
#[derive(Options)]
pub struct Pool2dOptions {
    /// Step between windows: one integer for both axes, or two; the size of a window unless given.
    stride: Option<Pair>,
    /// Positions added at both ends: one integer for both axes, or two.
    #[option(default = 0)]
    padding: Pair,
}

/// Options of norms: a scale and a shift of each channel.
#[derive(Options)]
pub struct AffineOptions {
    /// Factor of each channel, [channels].
    weight: Option<Tensor>,
    /// Number added to each channel, [channels].
    bias: Option<Tensor>,
    /// Number added to the variance.
    #[option(default = 1e-5, min = 0)]
    eps: f64,
}

/// Options of `tensor::batch_norm`.
#[derive(Options)]
pub struct BatchNormOptions {
    #[option(flatten)]
    affine: AffineOptions,
    /// Mean of each channel, [channels]; that of the batch unless given.
    mean: Option<Tensor>,
    /// Variance of each channel, [channels]; given together with `mean`.
    variance: Option<Tensor>,
}

/// Options of `tensor::attention`.
#[derive(Options)]
pub struct AttentionOptions {
    /// Keys that each query may use, […, queries, keys]: booleans, or numbers added to scores.
    mask: Option<Tensor>,
    /// Whether each query uses only keys up to its own position.
    #[option(default = false)]
    causal: bool,
    /// Factor of the scores; 1 / √features unless given.
    #[option(min = 0)]
    scale: Option<f64>,
}

/// One integer for each of two axes; a single one is for both.
pub struct Pair(Ints);

impl FromValue for Pair {
    fn kind() -> String {
        "integer or two".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        Ints::from_value(value, context).map(Pair)
    }
}

impl Pair {
    /// Both integers, each at least `low`; errors name the parameter or option.
    fn at_least(&self, name: &str, low: i64) -> Result<Vec<i64>> {
        let sizes = match self.0.0.as_slice() {
            [both] => vec![*both; 2],
            sizes => sizes.to_vec(),
        };
        if sizes.len() != 2 {
            bail!(
                "value",
                "`{name}` must be one number or two, got {}",
                sizes.len()
            );
        }
        if let Some(bad) = sizes.iter().find(|size| **size < low) {
            bail!("value", "`{name}` must be at least {low}, got {bad}");
        }
        Ok(sizes)
    }
}

/// The windows of pooling over two axes.
struct Pool2d {
    size: Vec<i64>,
    stride: Vec<i64>,
    padding: Vec<i64>,
}

impl Pool2dOptions {
    fn window(&self, size: &Pair) -> Result<Pool2d> {
        let size = size.at_least("size", 1)?;
        let stride = match &self.stride {
            Some(stride) => stride.at_least("stride", 1)?,
            None => size.clone(),
        };
        let padding = self.padding.at_least("padding", 0)?;
        Ok(Pool2d {
            size,
            stride,
            padding,
        })
    }
}

impl AffineOptions {
    /// Factors and addends of the channels of `x`; the missing one of the two is 1 or 0.
    fn of(&self, x: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let pair = match (&self.weight, &self.bias) {
            (None, None) => None,
            (Some(weight), Some(bias)) => Some((weight.clone(), bias.clone())),
            (Some(weight), None) => Some((weight.clone(), weight.detach()?.zeros_like()?)),
            (None, Some(bias)) => Some((bias.detach()?.ones_like()?, bias.clone())),
        };
        check_channels(x, pair)
    }
}

fn transposed(
    x: &Tensor,
    weight: &Tensor,
    options: ConvTransposeOptions,
    axes: usize,
) -> Result<Tensor> {
    if weight.rank() != axes + 2 || x.rank() != axes + 2 {
        let (x, weight) = (shape::text(&x.shape()), shape::text(&weight.shape()));
        bail!(
            "shape",
            "conv_transpose{axes}d takes tensors of {} axes, got {x} and {weight}",
            axes + 2
        );
    }
    let window = Window {
        stride: vec![options.stride; axes],
        padding: vec![options.padding; axes],
        dilation: vec![options.dilation; axes],
        groups: options.groups,
    };
    let output_padding = vec![options.output_padding; axes];
    x.conv_transpose(weight, options.bias.as_ref(), &window, &output_padding)
}

/// Two tensors of one number for each channel of `x`, or the fault of another shape.
fn check_channels(x: &Tensor, pair: Option<(Tensor, Tensor)>) -> Result<Option<(Tensor, Tensor)>> {
    let channels = x.shape().get(1).copied();
    let Some(channels) = channels else {
        bail!(
            "shape",
            "the norm takes [batch, channels, …], got {}",
            shape::text(&x.shape())
        );
    };
    for values in pair.iter().flat_map(|(first, second)| [first, second]) {
        if values.shape() != [channels] {
            bail!(
                "shape",
                "one number for each of {channels} channels is needed, got {}",
                shape::text(&values.shape())
            );
        }
    }
    Ok(pair)
}

fn as_refs(pair: &Option<(Tensor, Tensor)>) -> Option<(&Tensor, &Tensor)> {
    pair.as_ref().map(|(a, b)| (a, b))
}

/// Computes a transposed convolution, the gradient of `conv1d`.
///
/// The length is multiplied by about the stride.
///
/// ```rhai
/// let x = tensor::from([[[1.0, 2.0]]]);
/// let y = tensor::conv_transpose1d(x, tensor::ones([1, 1, 2]), #{ stride: 2 });
/// assert_eq(y, [[[1.0, 1.0, 2.0, 2.0]]]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, filters, length']")]
pub fn conv_transpose1d(
    /// Input, [batch, channels, length].
    x: &Tensor,
    /// Filters, [channels, filters / groups, width], PyTorch's order.
    weight: &Tensor,
    options: ConvTransposeOptions,
) -> Result<Tensor> {
    transposed(x, weight, options, 1)
}

/// Computes a transposed convolution over two axes.
///
/// ```rhai
/// let x = tensor::ones([1, 2, 3, 3]);
/// let y = tensor::conv_transpose2d(x, tensor::ones([2, 4, 2, 2]), #{ stride: 2 });
/// assert_eq(y.shape, [1, 4, 6, 6]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor [batch, filters, height', width']"
)]
pub fn conv_transpose2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Filters, [channels, filters / groups, height, width], PyTorch's order.
    weight: &Tensor,
    options: ConvTransposeOptions,
) -> Result<Tensor> {
    transposed(x, weight, options, 2)
}

/// Returns the maximum of each window over the last two axes.
///
/// ```rhai
/// assert_eq(tensor::max_pool2d(tensor::from([[[[1.0, 2.0], [3.0, 4.0]]]]), 2), [[[[4.0]]]]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor [batch, channels, height', width']"
)]
pub fn max_pool2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Height and width of a window: one integer for both, or two.
    size: &Pair,
    options: Pool2dOptions,
) -> Result<Tensor> {
    let Pool2d {
        size,
        stride,
        padding,
    } = options.window(size)?;
    x.max_pool(&size, &stride, &padding)
}

/// Computes the mean of each window over the last two axes.
///
/// Zeros of the padding are included in the mean.
///
/// ```rhai
/// let x = tensor::from([[[[1.0, 2.0], [3.0, 4.0]]]]);
/// assert_eq(tensor::avg_pool2d(x, [1, 2]), [[[[1.5], [3.5]]]]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor [batch, channels, height', width']"
)]
pub fn avg_pool2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Height and width of a window: one integer for both, or two.
    size: &Pair,
    options: Pool2dOptions,
) -> Result<Tensor> {
    let Pool2d {
        size,
        stride,
        padding,
    } = options.window(size)?;
    x.avg_pool(&size, &stride, &padding)
}

/// Computes the means of a number of equal windows over the last two axes.
///
/// ```rhai
/// assert_eq(tensor::adaptive_avg_pool2d(tensor::ones([1, 2, 9, 6]), [3, 2]).shape, [1, 2, 3, 2]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, size…]")]
pub fn adaptive_avg_pool2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Number of windows along each axis: one integer for both, or two.
    size: &Pair,
) -> Result<Tensor> {
    x.adaptive_pool2d(&size.at_least("size", 1)?, false)
}

/// Returns the maxima of a number of equal windows over the last two axes.
///
/// ```rhai
/// assert_eq(tensor::adaptive_max_pool2d(tensor::ones([1, 2, 9, 6]), 3).shape, [1, 2, 3, 3]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, size…]")]
pub fn adaptive_max_pool2d(
    /// Input, [batch, channels, height, width].
    x: &Tensor,
    /// Number of windows along each axis: one integer for both, or two.
    size: &Pair,
) -> Result<Tensor> {
    x.adaptive_pool2d(&size.at_least("size", 1)?, true)
}

/// Normalises each channel over the batch to mean 0 and variance 1.
///
/// With `mean` and `variance` it is normalised by these instead.
///
/// ```rhai
/// let x = tensor::from([[[1.0, 3.0]]]);
/// assert_near(tensor::batch_norm(x), [[[-1.0, 1.0]]], 1e-4);
/// let statistics = #{ mean: tensor::ones([1]), variance: tensor::full([1], 4) };
/// assert_near(tensor::batch_norm(x, statistics), [[[0.0, 1.0]]], 1e-4);
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn batch_norm(
    /// Input, [batch, channels, …].
    x: &Tensor,
    options: BatchNormOptions,
) -> Result<Tensor> {
    let affine = options.affine.of(x)?;
    let statistics = match (options.mean, options.variance) {
        (Some(mean), Some(variance)) => check_channels(x, Some((mean, variance)))?,
        (None, None) => None,
        _ => bail!("option", "`mean` and `variance` are given together"),
    };
    let of_batch = statistics.is_none();
    x.batch_norm(
        as_refs(&affine),
        as_refs(&statistics),
        of_batch,
        0.0,
        options.affine.eps,
    )
}

/// Normalises each group of channels to mean 0 and variance 1 (Wu & He 2018).
///
/// ```rhai
/// let x = tensor::from([[[1.0, 3.0], [5.0, 9.0]]]);
/// assert_near(tensor::group_norm(x, 2), [[[-1.0, 1.0], [-1.0, 1.0]]], 1e-4);
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn group_norm(
    /// Input, [batch, channels, …].
    x: &Tensor,
    /// Number of groups; it divides the number of channels.
    groups: i64,
    options: AffineOptions,
) -> Result<Tensor> {
    let affine = options.of(x)?;
    let channels = x.shape()[1];
    if groups < 1 || channels % groups != 0 {
        bail!(
            "shape",
            "`groups` must divide the {channels} channels, got {groups}"
        );
    }
    x.group_norm(groups, as_refs(&affine), options.eps)
}

/// Normalises each channel of each row to mean 0 and variance 1.
///
/// ```rhai
/// assert_near(tensor::instance_norm(tensor::from([[[1.0, 3.0]]])), [[[-1.0, 1.0]]], 1e-4);
/// ```
#[native(namespace = "tensor", returns = "tensor of the same shape")]
pub fn instance_norm(
    /// Input, [batch, channels, …].
    x: &Tensor,
    options: AffineOptions,
) -> Result<Tensor> {
    let affine = options.of(x)?;
    x.instance_norm(as_refs(&affine), options.eps)
}

/// Computes scaled dot-product attention: softmax(q kᵀ / √features + mask) v.
///
/// A query for which the mask admits no key has the result 0.
///
/// ```rhai
/// let q = tensor::zeros([1, 2, 4]);
/// let k = tensor::zeros([1, 2, 4]);
/// assert_near(tensor::attention(q, k, tensor::ones([1, 2, 3])), tensor::ones([1, 2, 3]));
/// let v = tensor::from([[[1.0], [3.0]]]);
/// let mask = tensor::from([[true, false], [true, true]]);
/// assert_near(tensor::attention(q, k, v, #{ mask: mask }), [[[1.0], [2.0]]]);
/// ```
#[native(
    namespace = "tensor",
    returns = "tensor of the shape of `v` with the length of `q`"
)]
pub fn attention(
    /// Queries, […, length, features].
    q: &Tensor,
    /// Keys, […, length, features].
    k: &Tensor,
    /// Values, […, length, features].
    v: &Tensor,
    options: AttentionOptions,
) -> Result<Tensor> {
    Attention {
        mask: options.mask,
        causal: options.causal,
        scale: options.scale,
        dropout: 0.0,
    }
    .apply(q, k, v)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        conv_transpose1d,
        conv_transpose2d,
        max_pool2d,
        avg_pool2d,
        adaptive_avg_pool2d,
        adaptive_max_pool2d,
        batch_norm,
        group_norm,
        instance_norm,
        attention,
    ]
}
