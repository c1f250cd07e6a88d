//! `nn::…`: layers that change the number of positions, and joints of U-shaped networks.

use crate::base::Result;
use crate::bind::args::network::{MergeName, layer};
use crate::fault;
use crate::lang::value::Ints;
use crate::lang::{Call, Choice, Native, Options, native, natives_of};
use crate::nn::Layer;
use crate::nn::layers::resize::{Align, Crop, Interpolation, Pairs, Skip, Upsample};

/// Returns a layer that removes positions at both ends.
///
/// ```rhai
/// assert_eq(nn::build(nn::crop(5), [8, 50]).output_shape, [8, 40]);
/// assert_eq(nn::build(nn::crop([0, 3]), [8, 50]).output_shape, [8, 47]);
/// ```
/// ```rhai,fails
/// nn::build(nn::crop(25), [8, 50]);
/// //~ crop(25) leaves no position of 50
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, length']"
)]
pub fn crop(
    call: &Call,
    /// Number of positions removed at both ends, or two numbers: at the start and at the end; each
    /// at least 0.
    positions: Ints,
) -> Result<Layer> {
    let (before, after) = match positions.0[..] {
        [both] => (both, both),
        [before, after] => (before, after),
        _ => {
            let given = positions.0.len();
            return Err(fault!(
                "value",
                "`positions` must be one integer or two, got {given}"
            ));
        }
    };
    if before < 0 || after < 0 {
        return Err(fault!(
            "value",
            "`positions` must be at least 0, got {}",
            before.min(after)
        ));
    }
    layer(call, Crop::Ends { before, after })
}

/// Returns a layer that keeps positions in the middle.
///
/// Of an odd rest, the larger half is removed at the end.
///
/// ```rhai
/// assert_eq(nn::build(nn::center_crop(20), [8, 51]).output_shape, [8, 20]);
/// ```
/// ```rhai,fails
/// nn::build(nn::center_crop(60), [8, 50]);
/// //~ center_crop(60) leaves no position of 50, or needs more
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, kept]"
)]
pub fn center_crop(
    call: &Call,
    /// Number of positions that are kept.
    #[check(min = 1)]
    kept: i64,
) -> Result<Layer> {
    layer(call, Crop::Center(kept))
}

/// The names of the ways to find values between positions.
#[derive(Choice, PartialEq)]
pub enum InterpolationName {
    /// The value of the nearest position.
    Nearest,
    /// Between the nearest positions.
    Linear,
}

/// Options of `nn::upsample`.
#[derive(Options)]
pub struct UpsampleOptions {
    /// How values between positions are found: nearest or linear (bilinear over two axes).
    #[option(default = "nearest")]
    mode: InterpolationName,
}

/// Returns a layer that multiplies the number of positions by a factor.
///
/// ```rhai
/// let twice = nn::build(nn::upsample(2), [1, 3]);
/// assert_eq(twice.forward(tensor::from([[[1.0, 2.0, 3.0]]])), [[[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]]);
/// assert_eq(nn::build(nn::upsample(2), [8, 5, 6]).output_shape, [8, 10, 12]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [channels, factor · length]"
)]
pub fn upsample(
    call: &Call,
    /// Factor of the length, or of height and width.
    #[check(min = 1)]
    factor: i64,
    options: UpsampleOptions,
) -> Result<Layer> {
    let mode = match options.mode {
        InterpolationName::Nearest => Interpolation::Nearest,
        InterpolationName::Linear => Interpolation::Linear,
    };
    layer(call, Upsample { factor, mode })
}

/// The names of the ways to bring two outputs to one length.
#[derive(Choice, PartialEq)]
pub enum AlignName {
    /// They must have the same length.
    Exact,
    /// The longer one is cropped.
    Crop,
    /// The shorter one is padded.
    Pad,
}

/// Options of `nn::skip`.
#[derive(Options)]
pub struct SkipOptions {
    /// How the input and the output of the layer are combined: concat (along the channels, the
    /// input first), add, mean or max.
    #[option(default = "concat")]
    merge: MergeName,
    /// How the two are brought to one length: exact (they must have the same), crop (the longer
    /// one, at both ends) or pad (the shorter one, with zeros at both ends).
    #[option(default = "exact")]
    align: AlignName,
}

/// Returns a layer that combines its input with the output of a layer.
///
/// Nested in each other these are the joints of a U-Net: the body pools, calls the inner part and
/// upsamples.
///
/// # Source
/// Ronneberger et al. 2015 (U-Net)
///
/// ```rhai
/// let inner = nn::conv1d(16, 3, #{ padding: "same" });
/// let body = nn::chain([nn::max_pool(2), inner, nn::upsample(2)]);
/// assert_eq(nn::build(nn::skip(body), [8, 50]).output_shape, [24, 50]);
/// assert_eq(nn::build(nn::skip(body, #{ align: "pad" }), [8, 51]).output_shape, [24, 51]);
/// ```
/// ```rhai,fails
/// nn::build(nn::skip(nn::conv1d(4, 3)), [8, 50]);
/// //~ cannot be concatenated along the channels
/// ```
#[native(namespace = "nn", returns = "layer")]
pub fn skip(
    call: &Call,
    /// Layer whose output is combined with its input.
    body: Layer,
    options: SkipOptions,
) -> Result<Layer> {
    let skip = Skip {
        body,
        merge: options.merge.into(),
        align: match options.align {
            AlignName::Exact => Align::Exact,
            AlignName::Crop => Align::Crop,
            AlignName::Pad => Align::Pad,
        },
    };
    layer(call, skip)
}

/// Returns a layer that tiles a sequence to all pairs of its positions.
///
/// The first half of the output's channels has the values of the row's position, the second half
/// those of the column's.
///
/// ```rhai
/// let net = nn::build(nn::pairs(), [1, 2]);
/// let x = tensor::from([[[1.0, 2.0]]]);
/// assert_eq(net.forward(x), [[[[1.0, 1.0], [2.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]]]);
/// ```
#[native(
    namespace = "nn",
    returns = "layer, [channels, length] to [2 channels, length, length]"
)]
pub fn pairs(call: &Call) -> Result<Layer> {
    layer(call, Pairs)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![crop, center_crop, upsample, skip, pairs,]
}
