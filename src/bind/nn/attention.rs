//! `nn::…`: attention between inputs, Enformer's attention, pooling by attention, and layers that
//! scale channels.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::layers::activation::Activation;
use crate::nn::layers::attention_pool::{AttentionPool, SoftmaxPool};
use crate::nn::layers::cross_attention::CrossAttention;
use crate::nn::layers::enformer_attention::EnformerAttention;
use crate::nn::layers::gate::{ChannelMaxout, RmsNorm, SqueezeExcite};
use crate::nn::layers::positional::GammaScale;
use crate::nn::{Layer, watch};
use crate::torch::Tensor;

/// Options of `nn::cross_attention`.
#[derive(Options)]
pub struct CrossAttentionOptions {
    /// Name of the input of the queries, [channels, length].
    #[option(default = "query")]
    query: String,
    /// Name of the input of keys and values, [context channels, context length].
    #[option(default = "context")]
    context: String,
    /// Probability that an attention weight is set to 0 during training.
    #[option(default = 0, min = 0, max = 0.99)]
    dropout: f64,
}

/// Returns attention whose queries come from one input and whose keys and values from another.
///
/// The names of the parameters are those of PyTorch's MultiheadAttention.
///
/// # Shapes
/// `query` [channels, length] and `context` [context channels, context length] to
/// [channels, length]
///
/// # Source
/// Vaswani et al. 2017
///
/// ```rhai
/// let layer = nn::cross_attention(2, #{ query: "dna", context: "protein" });
/// let net = nn::build(layer, #{ dna: [8, 50], protein: [20, 30] });
/// assert_eq(net.output_shape, [8, 50]);
/// assert_eq(net.parameter_count, 8 * 8 + 2 * 8 * 20 + 3 * 8 + 8 * 8 + 8);
/// ```
/// ```rhai,fails
/// nn::build(nn::cross_attention(2), [8, 50]);
/// //~ cross_attention takes two inputs, `query` and `context`
/// ```
#[native(namespace = "nn", returns = "layer of two inputs")]
pub fn cross_attention(
    call: &Call,
    /// Number of heads, a divisor of the number of channels of the queries.
    #[check(min = 1)]
    heads: i64,
    options: CrossAttentionOptions,
) -> Result<Layer> {
    let attention = CrossAttention {
        heads,
        query: options.query,
        context: options.context,
        dropout: options.dropout,
    };
    layer(call, attention)
}

/// The names of the maxima by which the gamma features are divided.
#[derive(Choice, PartialEq)]
pub enum GammaScaleName {
    /// Over offsets.
    Offsets,
    /// Over features.
    Features,
}

/// Options of `nn::enformer_attention`.
#[derive(Options)]
pub struct EnformerAttentionOptions {
    /// Features of the queries and keys of each head.
    #[option(default = 64, min = 1)]
    keys: i64,
    /// Features of the values of each head; 0 divides the channels among the heads.
    #[option(default = 0, min = 0)]
    values: i64,
    /// Features of an offset, a multiple of 6; 0 takes those of the values, rounded up to one.
    #[option(default = 0, min = 0)]
    features: i64,
    /// Probability that an attention weight is set to 0 during training.
    #[option(default = 0.05, min = 0, max = 0.99)]
    dropout: f64,
    /// Probability that a feature of an offset is set to 0 during training.
    #[option(default = 0.01, min = 0, max = 0.99)]
    position_dropout: f64,
    /// What the gamma features are divided by: their maximum over offsets (the published code) or
    /// over features (enformer-pytorch).
    #[option(default = "offsets")]
    gamma_scale: GammaScaleName,
}

/// Returns Enformer's attention, which scores keys by their content and their offset.
///
/// The names of the parameters are those of enformer-pytorch. The output projection starts as
/// zeros.
///
/// # Source
/// Avsec et al. 2021, Methods
///
/// ```rhai
/// let layer = nn::enformer_attention(2, #{ keys: 4, features: 12 });
/// let net = nn::build(layer, [8, 50]);
/// assert_eq(net.output_shape, [8, 50]);
/// assert_eq(net["to_rel_pos.weight"].shape, [8, 12]);
/// ```
/// ```rhai,fails
/// nn::build(nn::enformer_attention(2, #{ features: 10 }), [8, 50]);
/// //~ the number of features of offsets must be a multiple of 6, got 10
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn enformer_attention(
    call: &Call,
    /// Number of heads.
    #[check(min = 1)]
    heads: i64,
    options: EnformerAttentionOptions,
) -> Result<Layer> {
    let attention = EnformerAttention {
        heads,
        keys: options.keys,
        values: options.values,
        features: options.features,
        dropout: options.dropout,
        position_dropout: options.position_dropout,
        scale: match options.gamma_scale {
            GammaScaleName::Offsets => GammaScale::Offsets,
            GammaScaleName::Features => GammaScale::Features,
        },
    };
    layer(call, attention)
}

/// Options of `nn::softmax_pool`.
#[derive(Options)]
pub struct SoftmaxPoolOptions {
    /// Whether each channel has weights of its own; otherwise all channels share them.
    #[option(default = true)]
    per_channel: bool,
}

/// Returns a layer that computes a weighted mean of each window.
///
/// The weights are the softmax, over the window, of a linear function of its positions without
/// bias. The last window may be shorter. With `per_channel` the matrix starts as twice the
/// identity.
///
/// # Source
/// Avsec et al. 2021 (Enformer), attention pooling
///
/// ```rhai
/// let net = nn::build(nn::softmax_pool(2), [8, 51]);
/// assert_eq(net.output_shape, [8, 26]);
/// assert_eq(net.parameter_count, 64);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, windows]"
)]
pub fn softmax_pool(
    call: &Call,
    /// Size of the window, in positions.
    #[check(min = 1)]
    size: i64,
    options: SoftmaxPoolOptions,
) -> Result<Layer> {
    let per_channel = options.per_channel;
    layer(call, SoftmaxPool { size, per_channel })
}

/// Returns a layer that computes weighted means over all positions.
///
/// The weights of each head are the softmax, over positions, of a linear function of the channels.
///
/// ```rhai
/// assert_eq(nn::build(nn::attention_pool(2), [8, 50]).output_shape, [16]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [heads · channels]"
)]
pub fn attention_pool(
    call: &Call,
    /// Number of heads, each with weights of its own.
    #[check(min = 1)]
    heads: i64,
) -> Result<Layer> {
    layer(call, AttentionPool { heads })
}

/// The names of the functions between the two layers of a squeeze-and-excitation block.
#[derive(Choice, PartialEq)]
pub enum GateActivationName {
    /// max(x, 0).
    Relu,
    /// x times the logistic function of x.
    Silu,
}

/// Options of `nn::squeeze_excite`.
#[derive(Options)]
pub struct SqueezeExciteOptions {
    /// Function between the two layers: relu or silu.
    #[option(default = "relu")]
    activation: GateActivationName,
}

/// Returns a layer that scales each channel by a function of the means of all channels.
///
/// Means over positions pass a layer `fc1`, an activation, a layer `fc2` and the logistic function.
///
/// # Source
/// Hu et al. 2018
///
/// ```rhai
/// assert_eq(nn::build(nn::squeeze_excite(2), [8, 50]).parameter_count, 8 * 2 + 2 + 2 * 8 + 8);
/// assert_eq(nn::build(nn::squeeze_excite(2), [8, 5, 6]).output_shape, [8, 5, 6]);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn squeeze_excite(
    call: &Call,
    /// Number of channels between the two layers, often the channels divided by 4 or 16.
    #[check(min = 1)]
    hidden: i64,
    options: SqueezeExciteOptions,
) -> Result<Layer> {
    let activation = match options.activation {
        GateActivationName::Relu => Activation::Relu,
        GateActivationName::Silu => Activation::Silu,
    };
    layer(call, SqueezeExcite { hidden, activation })
}

/// Options of `nn::rms_norm`.
#[derive(Options)]
pub struct RmsNormOptions {
    /// Added to the mean of squares; the default is PyTorch's for 32-bit floats.
    #[option(default = 1.1920929e-7, min = 0)]
    eps: f64,
}

/// Returns a layer that divides the channels of each position by their root mean square.
///
/// # Source
/// Zhang & Sennrich 2019
///
/// ```rhai
/// let net = nn::build(nn::rms_norm(), [2, 1]);
/// assert_near(net.forward(tensor::from([[[3.0], [4.0]]])).mean(), 0.98995, 1e-4);
/// ```
#[native(namespace = "nn", returns = "layer of the same shape")]
pub fn rms_norm(call: &Call, options: RmsNormOptions) -> Result<Layer> {
    layer(call, RmsNorm { eps: options.eps })
}

/// Returns a layer that computes the maximum of each group of neighbouring channels.
///
/// # Source
/// Goodfellow et al. 2013
///
/// ```rhai
/// assert_eq(nn::build(nn::channel_maxout(2), [8, 50]).output_shape, [4, 50]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, …] to [channels / pieces, …]"
)]
pub fn channel_maxout(
    call: &Call,
    /// Number of channels in a group, a divisor of the number of channels.
    #[check(min = 1)]
    pieces: i64,
) -> Result<Layer> {
    layer(call, ChannelMaxout { pieces })
}

/// Marks a tensor as the attention weights of the layer of a script that runs, and returns it.
///
/// For weights that are not a `softmax`, such as sigmoids or sparse ones: `explain::attention`
/// returns them under the path of the layer. Elsewhere it has no effect.
///
/// ```rhai
/// let gate = nn::custom("gate", #{
///     forward: |p, x| (x * nn::mark_attention(x.sigmoid())).sum(2),
/// });
/// let net = nn::build(nn::chain([["gate", gate], nn::linear(1)]), [2, 3]);
/// assert_eq(explain::attention(net, tensor::zeros([1, 2, 3])).gate, tensor::full([1, 2, 3], 0.5));
/// ```
#[native(namespace = "nn", returns = "tensor, the same")]
pub fn mark_attention(
    /// Weights, [batch, …, length].
    weights: &Tensor,
) -> Result<Tensor> {
    watch::note_weights(|| Ok(weights.clone()))?;
    Ok(weights.clone())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        cross_attention,
        enformer_attention,
        mark_attention,
        softmax_pool,
        attention_pool,
        squeeze_excite,
        rms_norm,
        channel_maxout,
    ]
}
