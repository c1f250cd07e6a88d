//! `nn::…`: normalisation and dropout.

use crate::base::Result;
use crate::bind::args::network::layer;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::nn::{Layer, dropout, norm};

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

/// Options of `nn::batch_norm`.
#[derive(Options)]
pub struct BatchNormOptions {
    #[option(flatten)]
    norm: NormOptions,
    /// Whether the statistics of a batch are those of the rows of all processes of a run that
    /// `mpirun` or `srun` has started, as one process has them; false: each process normalises its
    /// own rows. Costs two sums over the processes in the forward pass, and two in the backward
    /// pass.
    #[option(default = false)]
    sync: bool,
}

/// Options of `nn::dropout`.
#[derive(Options)]
pub struct DropoutOptions {
    /// Whether whole channels are set to 0 instead of single values.
    #[option(default = false)]
    channels: bool,
}

fn norm_of(over: norm::Over, options: NormOptions) -> norm::Norm {
    norm::Norm {
        over,
        eps: options.eps,
        momentum: options.momentum,
        affine: options.affine,
        sync: false,
    }
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
pub fn batch_norm(call: &Call, options: BatchNormOptions) -> Result<Layer> {
    let norm = norm_of(norm::Over::Batch, options.norm);
    let sync = options.sync;
    layer(call, norm::Norm { sync, ..norm })
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![batch_norm, layer_norm, instance_norm, group_norm, dropout,]
}
