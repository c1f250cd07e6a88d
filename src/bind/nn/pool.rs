//! `nn::…`: pooling.

use crate::bail;
use crate::base::Result;
use crate::bind::args::layer::{all_positive, spread};
use crate::bind::args::network::layer;
use crate::lang::value::Ints;
use crate::lang::{Call, Native, Options, native, natives_of};
use crate::nn::{Layer, pool};

/// Options of `nn::max_pool` and `nn::avg_pool`.
#[derive(Options)]
pub struct PoolOptions {
    /// Step between windows, in positions; one integer or two. The size of the window unless given.
    stride: Option<Ints>,
    /// Positions added at both ends.
    #[option(default = 0, min = 0)]
    padding: i64,
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        max_pool,
        avg_pool,
        adaptive_max_pool,
        adaptive_avg_pool,
        global_max_pool,
        global_avg_pool,
        last_position,
    ]
}
