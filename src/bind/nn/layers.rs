//! `nn::…`: single layers.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::native::at_least;
use crate::lang::value::{Ints, array};
use crate::lang::{
    Call, Callback, Choice, FromValue, Native, Options, native, natives_of, session,
};
use crate::nn::{
    Init, Layer, attention, conv, dropout, init, linear, norm, pool, recurrent, reshape,
};
use crate::torch::Tensor;
use crate::torch::recurrent::Recurrence;
use crate::{bail, fault};
use rhai::{Dynamic, NativeCallContext};
use std::rc::Rc;

/// The initialiser of the weights of a layer; none is PyTorch's default.
pub struct InitRule(Option<Init>);

impl FromValue for InitRule {
    fn kind() -> String {
        "name of an initialiser or a function |shape| tensor".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Ok(name) = value.clone().into_string() else {
            let function = Callback::from_value(value, context)?;
            return Ok(InitRule(Some(custom_init(function))));
        };
        if init::NAMES.contains(&name.as_str()) {
            return Ok(InitRule(Init::named(&name)));
        }
        let hint = match crate::base::near::nearest(&name, init::NAMES) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", init::NAMES.join(", ")),
        };
        Err(fault!("option", "no initialiser is called \"{name}\"").hint(hint))
    }
}

/// The initialiser that a function of a script computes.
fn custom_init(function: Callback) -> Init {
    Init::Custom(Rc::new(move |shape| {
        let value = function.call(vec![array(shape.to_vec()).into()])?;
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            fault!(
                "type",
                "the initialiser must give a tensor, gave {}",
                session::describe(&value)
            )
        })
    }))
}

/// The padding of a convolution.
pub enum PaddingRule {
    /// This many zeros at both ends.
    Zeros(i64),
    /// As many zeros as preserve the length at stride 1.
    Same,
    /// The zeros of `Same`, all of them at the start.
    Causal,
}

impl PaddingRule {
    fn over(&self, axes: usize) -> conv::Padding {
        match self {
            PaddingRule::Zeros(zeros) => conv::Padding::Fixed(vec![*zeros; axes]),
            PaddingRule::Same => conv::Padding::Same,
            PaddingRule::Causal => conv::Padding::Causal,
        }
    }
}

impl FromValue for PaddingRule {
    fn kind() -> String {
        "integer, \"same\", \"valid\" or \"causal\"".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        match (value.as_int(), value.clone().into_string().as_deref()) {
            (Ok(zeros), _) if zeros >= 0 => Ok(PaddingRule::Zeros(zeros)),
            (_, Ok("same")) => Ok(PaddingRule::Same),
            (_, Ok("valid")) => Ok(PaddingRule::Zeros(0)),
            (_, Ok("causal")) => Ok(PaddingRule::Causal),
            _ => bail!(
                "option",
                "must be an integer of at least 0, \"same\", \"valid\" or \"causal\", got {}",
                session::describe(value)
            ),
        }
    }
}

/// How the windows of a convolution are placed.
#[derive(Options)]
pub struct WindowOptions {
    /// Step between windows, in positions.
    #[option(default = 1, min = 1)]
    stride: i64,
    /// Zeros at both ends: a number of positions, "valid" (none), "same" (as many as preserve the
    /// length at stride 1) or "causal" (the same number, all of them at the start).
    #[option(default = 0)]
    padding: PaddingRule,
    /// Step between the positions of a window.
    #[option(default = 1, min = 1)]
    dilation: i64,
}

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

/// Options of `nn::separable_conv1d`.
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

/// Options of `nn::lstm` and `nn::gru`.
#[derive(Options)]
pub struct RecurrentOptions {
    /// Whether a second pass reads from the end; its outputs are appended to the channels.
    #[option(default = false)]
    bidirectional: bool,
    /// Number of stacked recurrent layers.
    #[option(default = 1, min = 1, max = 64)]
    layers: i64,
    /// Probability that a value between stacked layers is set to 0 during training.
    #[option(default = 0, min = 0, max = 0.99)]
    dropout: f64,
    /// Bias vectors of each gate: "two", which are added, as in PyTorch, or "one", as in Keras.
    #[option(default = "two")]
    biases: Biases,
    /// Output: "all" positions, or the "last" state only, [hidden].
    #[option(default = "all")]
    output: RecurrentOutput,
}

/// The bias vectors of each gate of a recurrent layer.
#[derive(Choice, PartialEq)]
pub enum Biases {
    /// One for the input and one for the state.
    Two,
    /// One for both.
    One,
}

/// The positions that a recurrent layer returns.
#[derive(Choice, PartialEq)]
pub enum RecurrentOutput {
    /// All of them.
    All,
    /// The last state.
    Last,
}

/// Options of the normalisation layers.
#[derive(Options)]
pub struct NormOptions {
    /// Term added to variances for numerical stability.
    #[option(default = 1e-5, min = 0, max = 1)]
    eps: f64,
    /// Weight of the current batch in the running statistics (batch normalisation only).
    #[option(default = 0.1, min = 0, max = 1)]
    momentum: f64,
    /// Whether a scale and a shift are trainable.
    #[option(default = true)]
    affine: bool,
}

/// Options of `nn::dropout`.
#[derive(Options)]
pub struct DropoutOptions {
    /// Whether whole channels are set to 0 instead of single values.
    #[option(default = false)]
    channels: bool,
}

/// Options of `nn::max_pool` and `nn::avg_pool`.
#[derive(Options)]
pub struct PoolOptions {
    /// Step between windows, in positions; one integer or two. The size of the window unless given.
    stride: Option<Ints>,
    /// Positions added at both ends.
    #[option(default = 0, min = 0)]
    padding: i64,
}

/// Options of `nn::attention`.
#[derive(Options)]
pub struct AttentionOptions {
    /// Whether the projections have trainable biases.
    #[option(default = true)]
    bias: bool,
}

/// Options of `nn::multihead_attention`.
#[derive(Options)]
pub struct MultiheadOptions {
    /// Probability that an attention weight is set to 0 during training.
    #[option(default = 0, min = 0, max = 0.99)]
    dropout: f64,
    /// Whether a position attends only to itself and to preceding positions.
    #[option(default = false)]
    causal: bool,
}

/// The kinds of position encodings.
#[derive(Choice, PartialEq)]
pub enum PositionEncoding {
    /// Sines and cosines of fixed frequencies.
    Sinusoidal,
    /// A trainable vector for each position.
    Learned,
}

/// Fails unless all are at least 1.
pub fn positive(values: &[(&str, i64)]) -> Result<()> {
    values
        .iter()
        .try_for_each(|(name, value)| at_least(name, *value, 1))
}

/// Fails unless each number is at least 1.
fn all_positive(name: &str, values: &[i64]) -> Result<()> {
    at_least(name, values.iter().copied().min().unwrap_or(0), 1)
}

/// One number for all axes, or one for each.
fn spread(values: Ints, axes: usize) -> Result<Vec<i64>> {
    match values.0.len() {
        1 => Ok(vec![values.0[0]; axes]),
        n if n == axes => Ok(values.0),
        n => bail!("value", "expected 1 or {axes} numbers, got {n}"),
    }
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

fn recurrent_of(is_lstm: bool, hidden: i64, options: RecurrentOptions) -> recurrent::Recurrent {
    let how = Recurrence {
        is_lstm,
        hidden,
        layers: options.layers,
        dropout: options.dropout,
        bidirectional: options.bidirectional,
    };
    recurrent::Recurrent {
        how,
        last: options.output == RecurrentOutput::Last,
        one_bias: options.biases == Biases::One,
    }
}

fn norm_of(over: norm::Over, options: NormOptions) -> norm::Norm {
    norm::Norm {
        over,
        eps: options.eps,
        momentum: options.momentum,
        affine: options.affine,
    }
}

fn pool_of(max: bool, size: Ints, options: PoolOptions) -> Result<pool::Pool> {
    let axes = size.0.len();
    if axes == 0 || axes > 2 {
        bail!("value", "`size` must be one number or two, got {axes}");
    }
    all_positive("size", &size.0)?;
    let stride = match options.stride {
        Some(stride) => spread(stride, axes)?,
        None => size.0.clone(),
    };
    all_positive("stride", &stride)?;
    Ok(pool::Pool {
        max,
        size: size.0,
        stride,
        padding: vec![options.padding; axes],
    })
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
    let (window, bias) = (options.window, options.bias);
    let depthwise = conv::Conv {
        stride: vec![window.stride],
        dilation: vec![window.dilation],
        padding: window.padding.over(1),
        bias,
        ..conv::Conv::plain(filters, &[width])
    };
    let pointwise = conv::Conv {
        bias,
        ..conv::Conv::plain(filters, &[1])
    };
    let separable = conv::Separable {
        depthwise,
        pointwise,
        multiplier: options.multiplier,
    };
    layer(call, separable)
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

/// Returns an LSTM along the length.
///
/// # Shapes
/// `[channels, length]` to `[hidden, length]`, `[2 hidden, length]` if bidirectional
///
/// # Source
/// Hochreiter & Schmidhuber 1997
///
/// ```rhai
/// assert_eq(nn::build(nn::lstm(16, #{ bidirectional: true }), [4, 50]).output_shape, [32, 50]);
/// assert_eq(nn::build(nn::lstm(16, #{ output: "last" }), [4, 50]).output_shape, [16]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [hidden, length], twice the channels if bidirectional"
)]
pub fn lstm(
    call: &Call,
    /// Size of the state.
    #[check(min = 1)]
    hidden: i64,
    options: RecurrentOptions,
) -> Result<Layer> {
    layer(call, recurrent_of(true, hidden, options))
}

/// Returns a GRU along the length.
///
/// # Shapes
/// `[channels, length]` to `[hidden, length]`, `[2 hidden, length]` if bidirectional
///
/// # Source
/// Cho et al. 2014
///
/// ```rhai
/// assert_eq(nn::build(nn::gru(16), [4, 50]).output_shape, [16, 50]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [hidden, length], twice the channels if bidirectional"
)]
pub fn gru(
    call: &Call,
    /// Size of the state.
    #[check(min = 1)]
    hidden: i64,
    options: RecurrentOptions,
) -> Result<Layer> {
    layer(call, recurrent_of(false, hidden, options))
}

/// Returns a layer that normalises each channel over batch and positions.
///
/// # Source
/// Ioffe & Szegedy 2015
///
/// ```rhai
/// assert_eq(nn::build(nn::batch_norm(), [8, 50]).parameter_count, 16);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn batch_norm(call: &Call, options: NormOptions) -> Result<Layer> {
    layer(call, norm_of(norm::Over::Batch, options))
}

/// Returns a layer that normalises the channels of each position of each sample.
///
/// # Source
/// Ba et al. 2016
///
/// ```rhai
/// assert_eq(nn::build(nn::layer_norm(), [8, 50]).parameter_count, 16);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn layer_norm(call: &Call, options: NormOptions) -> Result<Layer> {
    layer(call, norm_of(norm::Over::Layer, options))
}

/// Returns a layer that normalises each channel of each sample over positions.
///
/// ```rhai
/// assert_eq(nn::build(nn::instance_norm(), [8, 50]).output_shape, [8, 50]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn instance_norm(call: &Call, options: NormOptions) -> Result<Layer> {
    layer(call, norm_of(norm::Over::Instance, options))
}

/// Returns a layer that normalises groups of channels of each sample.
///
/// # Source
/// Wu & He 2018
///
/// ```rhai
/// assert_eq(nn::build(nn::group_norm(4), [8, 50]).output_shape, [8, 50]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn group_norm(
    call: &Call,
    /// Number of groups, a divisor of the number of channels.
    groups: i64,
    options: NormOptions,
) -> Result<Layer> {
    layer(call, norm_of(norm::Over::Group(groups), options))
}

/// Returns a layer that sets random values to 0 during training.
///
/// The other values are divided by 1 - p. In evaluation mode the layer returns its input.
///
/// ```rhai
/// assert_eq(nn::build(nn::dropout(0.5), [8]).forward(tensor::ones([1, 8])), tensor::ones([1, 8]));
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn dropout(
    call: &Call,
    /// Probability that a value is set to 0.
    #[check(min = 0, below = 1)]
    p: f64,
    options: DropoutOptions,
) -> Result<Layer> {
    let channels = options.channels;
    layer(call, dropout::Dropout { p, channels })
}

/// Returns a layer that computes the maximum of each window.
///
/// # Shapes
/// `[channels, length]` to `[channels, windows]`; with two sizes `[channels, height, width]` to
/// `[channels, height', width']`
///
/// ```rhai
/// assert_eq(nn::build(nn::max_pool(3), [8, 100]).output_shape, [8, 33]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, windows]"
)]
pub fn max_pool(
    call: &Call,
    /// Size of the window, in positions: one integer from 1, or two to pool over two axes.
    size: Ints,
    options: PoolOptions,
) -> Result<Layer> {
    layer(call, pool_of(true, size, options)?)
}

/// Returns a layer that computes the mean of each window.
///
/// # Shapes
/// `[channels, length]` to `[channels, windows]`; with two sizes `[channels, height, width]` to
/// `[channels, height', width']`
///
/// ```rhai
/// assert_eq(nn::build(nn::avg_pool(3), [8, 100]).output_shape, [8, 33]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, windows]"
)]
pub fn avg_pool(
    call: &Call,
    /// Size of the window, in positions: one integer from 1, or two to pool over two axes.
    size: Ints,
    options: PoolOptions,
) -> Result<Layer> {
    layer(call, pool_of(false, size, options)?)
}

/// Returns a layer that computes the maximum of each of `size` windows of equal size.
///
/// ```rhai
/// assert_eq(nn::build(nn::adaptive_max_pool(10), [8, 101]).output_shape, [8, 10]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, size]"
)]
pub fn adaptive_max_pool(
    call: &Call,
    /// Number of windows, the length of the output.
    #[check(min = 1)]
    size: i64,
) -> Result<Layer> {
    layer(call, pool::Adaptive { max: true, size })
}

/// Returns a layer that computes the mean of each of `size` windows of equal size.
///
/// ```rhai
/// assert_eq(nn::build(nn::adaptive_avg_pool(10), [8, 101]).output_shape, [8, 10]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, size]"
)]
pub fn adaptive_avg_pool(
    call: &Call,
    /// Number of windows, the length of the output.
    #[check(min = 1)]
    size: i64,
) -> Result<Layer> {
    layer(call, pool::Adaptive { max: false, size })
}

/// Returns a layer that computes the maximum over all positions.
///
/// ```rhai
/// assert_eq(nn::build(nn::global_max_pool(), [8, 50]).output_shape, [8]);
/// ```
#[native(namespace = "nn", returns = "layer, [channels, …] to [channels]")]
pub fn global_max_pool(call: &Call) -> Result<Layer> {
    layer(call, pool::Global { max: true })
}

/// Returns a layer that computes the mean over all positions.
///
/// ```rhai
/// assert_eq(nn::build(nn::global_avg_pool(), [8, 50]).output_shape, [8]);
/// ```
#[native(namespace = "nn", returns = "layer, [channels, …] to [channels]")]
pub fn global_avg_pool(call: &Call) -> Result<Layer> {
    layer(call, pool::Global { max: false })
}

/// Returns a layer that selects the last position.
///
/// After causal convolutions it depends on all preceding positions; only the positions within its
/// receptive field are computed.
///
/// ```rhai
/// assert_eq(nn::build(nn::last_position(), [8, 50]).output_shape, [8]);
/// ```
#[native(namespace = "nn", returns = "layer, [channels, length] to [channels]")]
pub fn last_position(call: &Call) -> Result<Layer> {
    layer(call, pool::LastPosition)
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

/// Returns scaled dot-product self-attention with one head and no output projection.
///
/// ```rhai
/// assert_eq(nn::build(nn::attention(8, 16), [4, 50]).output_shape, [16, 50]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [values, length]"
)]
pub fn attention(
    call: &Call,
    /// Size of queries and keys.
    #[check(min = 1)]
    keys: i64,
    /// Size of values, the channels of the output.
    #[check(min = 1)]
    values: i64,
    options: AttentionOptions,
) -> Result<Layer> {
    let bias = options.bias;
    layer(call, attention::ScaledDot { keys, values, bias })
}

/// Returns self-attention with several heads.
///
/// The names of the parameters are PyTorch's.
///
/// # Source
/// Vaswani et al. 2017
///
/// ```rhai
/// assert_eq(nn::build(nn::multihead_attention(2), [8, 50]).parameter_count, 288);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn multihead_attention(
    call: &Call,
    /// Number of heads, a divisor of the number of channels.
    #[check(min = 1)]
    heads: i64,
    options: MultiheadOptions,
) -> Result<Layer> {
    let attention = attention::MultiHead {
        heads,
        dropout: options.dropout,
        causal: options.causal,
    };
    layer(call, attention)
}

/// Returns a layer that adds an encoding of the position to each position.
///
/// ```rhai
/// assert_eq(nn::build(nn::positions("learned"), [8, 50]).parameter_count, 400);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn positions(
    call: &Call,
    /// Encoding: "sinusoidal" (fixed) or "learned" (trainable).
    #[default("sinusoidal")]
    kind: PositionEncoding,
) -> Result<Layer> {
    let learned = kind == PositionEncoding::Learned;
    layer(call, attention::Positions { learned })
}

/// The native functions of single layers.
pub fn natives() -> Vec<Native> {
    natives_of![
        conv1d,
        conv2d,
        conv3d,
        separable_conv1d,
        conv_transpose1d,
        linear,
        embedding,
        maxout,
        lstm,
        gru,
        batch_norm,
        layer_norm,
        instance_norm,
        group_norm,
        dropout,
        max_pool,
        avg_pool,
        adaptive_max_pool,
        adaptive_avg_pool,
        global_max_pool,
        global_avg_pool,
        last_position,
        kmers,
        flatten,
        permute,
        reshape,
        identity,
        attention,
        multihead_attention,
        positions,
    ]
}
