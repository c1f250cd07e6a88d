//! `nn::…`: layers that change how the weights of others are stored, and gradient checkpointing.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::nn::Layer;
use crate::nn::layers::checkpointed::Checkpointed;
use crate::nn::layers::parametrized::Normalised;
use crate::nn::weight::WeightNorm;

/// Options of `nn::spectral_norm`.
#[derive(Options)]
pub struct SpectralOptions {
    /// Power iterations in each pass of training.
    #[option(default = 1, min = 1, max = 100)]
    iterations: usize,
}

/// Returns a layer that computes another one again during the backward pass.
///
/// Only the input of `body` is kept for the backward pass, not the activations inside of it: less
/// memory for about one more forward pass. Outputs and gradients are those of `body`, bit for bit:
/// dropout zeroes the same numbers in both passes, and running statistics are updated once. Layers
/// are fused within `body`, not across its ends. Gradients of gradients do not pass through it.
///
/// # Source
/// Chen et al. 2016
///
/// ```rhai
/// let block = nn::chain([nn::linear(64), nn::gelu(), nn::dropout(0.1), nn::linear(8)]);
/// let plain = nn::build(block, [8], #{ seed: 1 });
/// let checkpointed = nn::build(nn::checkpointed(block), [8], #{ seed: 1 });
/// let x = tensor::randn([4, 8], #{ seed: 2 });
/// assert_eq(plain.forward(x), checkpointed.forward(x));
/// ```
#[native(
    namespace = "nn",
    returns = "layer, the shapes and parameters of `body`"
)]
pub fn checkpointed(
    call: &Call,
    /// Layer of one output that is computed twice.
    body: Layer,
) -> Result<Layer> {
    layer(call, Checkpointed(body))
}

/// Returns a layer whose weights have separate lengths and directions.
///
/// Applies to every weight inside of `body` (linear layers, convolutions, recurrent layers,
/// attention, embeddings), not to biases and norms. A parameter `weight` becomes `weight_g`, the
/// length of each row or filter, and `weight_v`, the direction, as of `torch.nn.utils.weight_norm`.
///
/// # Source
/// Salimans & Kingma 2016
///
/// ```rhai
/// let net = nn::build(nn::weight_norm(nn::linear(2)), [3]);
/// assert_eq(net.names(), ["weight_g", "weight_v", "bias"]);
/// assert_eq(net["weight_g"].shape, [2, 1]);
/// ```
#[native(namespace = "nn", returns = "layer, the shapes of `body`")]
pub fn weight_norm(
    call: &Call,
    /// Layer whose weights are normalised.
    body: Layer,
) -> Result<Layer> {
    let norm = WeightNorm::Length;
    layer(call, Normalised { layer: body, norm })
}

/// Returns a layer whose weights are divided by their largest singular value.
///
/// Applies to every weight inside of `body`, not to biases and norms. The singular vectors are
/// stored as `weight_u` and `weight_v` and improved by `iterations` power iterations in each pass
/// of training, 15 when the layer is built; the parameter is `weight_orig`, as of
/// `torch.nn.utils.spectral_norm`.
///
/// # Source
/// Miyato et al. 2018
///
/// ```rhai
/// let net = nn::build(nn::spectral_norm(nn::linear(2)), [3]);
/// assert_eq(net.names(), ["weight_orig", "bias", "weight_u", "weight_v"]);
/// ```
/// ```rhai,fails
/// nn::build(nn::spectral_norm(nn::relu()), [3]);
/// //~ relu() has no weights to normalise
/// ```
#[native(namespace = "nn", returns = "layer, the shapes of `body`")]
pub fn spectral_norm(
    call: &Call,
    /// Layer whose weights are normalised.
    body: Layer,
    options: SpectralOptions,
) -> Result<Layer> {
    let norm = WeightNorm::Spectral(options.iterations);
    layer(call, Normalised { layer: body, norm })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![checkpointed, weight_norm, spectral_norm,]
}
