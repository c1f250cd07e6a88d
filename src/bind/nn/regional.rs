//! `nn::regional_attention`.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::nn::Layer;
use crate::nn::layers::regional_attention::RegionalAttention;

/// Options of `nn::regional_attention`.
#[derive(Options)]
pub struct RegionalOptions {
    /// Channels of queries, keys, values and of the output, over all heads; those of the input
    /// unless given.
    #[option(min = 1)]
    features: Option<i64>,
    /// Number that scores are divided by; the square root of the features of a head unless given.
    #[option(above = 0)]
    divisor: Option<f64>,
    /// Whether queries, keys and values have trainable biases.
    #[option(default = false)]
    bias: bool,
    /// Probability that an attention weight is set to 0 during training.
    #[option(default = 0, min = 0, max = 0.99)]
    dropout: f64,
}

/// Returns attention of each place of a map to the places around it.
///
/// Queries, keys and values are linear functions of the channels of a place; each query attends to
/// the size × size keys around it, with several heads. Places outside of the map have keys and
/// values of 0 and remain in the softmax, with a score of 0. Parameters: `query.weight`,
/// `key.weight`, `value.weight`, [features, channels].
///
/// # Source
/// ATTContact, regional module (there with `divisor: 2` for 8 features of a head)
///
/// ```rhai
/// let net = nn::build(nn::regional_attention(4, 5, #{ features: 32 }), [16, 20, 20]);
/// assert_eq(net.output_shape, [32, 20, 20]);
/// ```
/// ```rhai,fails
/// nn::build(nn::regional_attention(4, 4), [16, 20, 20]);
/// //~ `size` must be odd, got 4
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, height, width] to [features, height, width]"
)]
pub fn regional_attention(
    call: &Call,
    /// Number of heads, which share the features.
    #[check(min = 1)]
    heads: i64,
    /// Places of the neighbourhood along each axis, an odd number.
    #[check(min = 1, max = 101)]
    size: i64,
    options: RegionalOptions,
) -> Result<Layer> {
    let attention = RegionalAttention {
        heads,
        size,
        features: options.features.unwrap_or(0),
        divisor: options.divisor,
        bias: options.bias,
        dropout: options.dropout,
    };
    layer(call, attention)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![regional_attention]
}
