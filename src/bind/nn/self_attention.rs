//! `nn::…`: attention and encodings of positions.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::layers::positional::Offsets;
use crate::nn::{Layer, attention};

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
    /// How the offset between two positions is used: none, rotary (queries and keys are rotated, Su
    /// et al. 2021) or bias (a trainable number for each head and offset, added to the scores).
    #[option(default = "none")]
    offsets: OffsetsName,
    /// Largest offset with a number of its own where `offsets` is "bias", in positions; larger ones
    /// share it.
    #[option(default = 128, min = 1)]
    largest_offset: i64,
}

/// The names of the ways in which attention uses offsets.
#[derive(Choice, PartialEq)]
pub enum OffsetsName {
    /// Not at all.
    None,
    /// Rotary embeddings.
    Rotary,
    /// A trainable bias.
    Bias,
}

/// The kinds of position encodings.
#[derive(Choice, PartialEq)]
pub enum PositionEncoding {
    /// Sines and cosines of fixed frequencies.
    Sinusoidal,
    /// A trainable vector for each position.
    Learned,
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
/// The names of the parameters are PyTorch's; `relative_bias` is [heads, 2 largest_offset + 1].
///
/// # Source
/// Vaswani et al. 2017
///
/// ```rhai
/// assert_eq(nn::build(nn::multihead_attention(2), [8, 50]).parameter_count, 288);
/// let relative = nn::multihead_attention(2, #{ offsets: "bias", largest_offset: 20 });
/// assert_eq(nn::build(relative, [8, 50]).parameter_count, 288 + 2 * 41);
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
        offsets: match options.offsets {
            OffsetsName::None => Offsets::None,
            OffsetsName::Rotary => Offsets::Rotary,
            OffsetsName::Bias => Offsets::Bias {
                largest: options.largest_offset,
            },
        },
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![attention, multihead_attention, positions,]
}
