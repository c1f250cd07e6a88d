//! Layers as functions of tensors: transposed convolutions, pools of two axes, norms, attention,
//! interpolation.

use crate::base::{Result, shape};
use crate::bind::types::Operand;
use crate::lang::Options;
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::value::Ints;
use crate::torch::Tensor;
use crate::torch::attention::Attention;
use crate::torch::op::Window;
use crate::{bail, natives};

const TRANSPOSED: &[Opt] = &[
    opt(
        "bias",
        OptKind::Other("tensor [filters]"),
        "",
        "a number added to each filter",
    ),
    opt(
        "stride",
        OptKind::Int(1, MANY),
        "1",
        "positions between windows of the output",
    ),
    opt(
        "padding",
        OptKind::Int(0, MANY),
        "0",
        "positions cut from both ends of the output",
    ),
    opt(
        "output_padding",
        OptKind::Int(0, MANY),
        "0",
        "positions added at the end of the output; less than stride or dilation",
    ),
    opt(
        "dilation",
        OptKind::Int(1, MANY),
        "1",
        "steps between the positions of a window",
    ),
    opt(
        "groups",
        OptKind::Int(1, MANY),
        "1",
        "groups of channels that do not see each other",
    ),
];
const POOL: &[Opt] = &[
    opt(
        "stride",
        OptKind::Other("whole number, or two"),
        "",
        "steps between windows; the window's size unless given",
    ),
    opt(
        "padding",
        OptKind::Other("whole number, or two"),
        "0",
        "positions added at both ends",
    ),
];
const AFFINE: &[Opt] = &[
    opt(
        "weight",
        OptKind::Other("tensor [channels]"),
        "",
        "a factor of each channel",
    ),
    opt(
        "bias",
        OptKind::Other("tensor [channels]"),
        "",
        "a number added to each channel",
    ),
    opt(
        "eps",
        OptKind::Float(0.0, INF),
        "1e-5",
        "added to the variance",
    ),
];
const BATCH_NORM: &[Opt] = &[
    opt(
        "weight",
        OptKind::Other("tensor [channels]"),
        "",
        "a factor of each channel",
    ),
    opt(
        "bias",
        OptKind::Other("tensor [channels]"),
        "",
        "a number added to each channel",
    ),
    opt(
        "mean",
        OptKind::Other("tensor [channels]"),
        "",
        "mean of each channel; that of the batch unless given",
    ),
    opt(
        "variance",
        OptKind::Other("tensor [channels]"),
        "",
        "variance of each channel; given together with `mean`",
    ),
    opt(
        "eps",
        OptKind::Float(0.0, INF),
        "1e-5",
        "added to the variance",
    ),
];
const ATTENTION: &[Opt] = &[
    opt(
        "mask",
        OptKind::Other("tensor […, queries, keys]"),
        "",
        "which keys each query may use (bool, true: may), or numbers added to the scores",
    ),
    opt(
        "causal",
        OptKind::Bool,
        "false",
        "each query uses keys up to its own position only",
    ),
    opt(
        "scale",
        OptKind::Float(0.0, INF),
        "",
        "factor of the scores; 1 / √features unless given",
    ),
];
const INTERPOLATE: &[Opt] = &[
    opt(
        "mode",
        OptKind::Choice(&["nearest", "linear", "cubic", "area"]),
        "\"nearest\"",
        "how new positions are filled; `linear` over two axes is bilinear",
    ),
    opt(
        "align_corners",
        OptKind::Bool,
        "false",
        "whether the first and last positions of input and output coincide (`linear`, `cubic`)",
    ),
];
const DISTANCE: &[Opt] = &[opt(
    "p",
    OptKind::Float(0.0, INF),
    "2.0",
    "of the p-norm; 1 is the sum of differences, 2 Euclidean",
)];

/// One number for each of two axes.
fn two(sizes: Ints, name: &str, low: i64) -> Result<Vec<i64>> {
    let sizes = if sizes.0.len() == 1 {
        vec![sizes.0[0]; 2]
    } else {
        sizes.0
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

fn transposed(x: &Tensor, weight: &Tensor, o: &Options, axes: usize) -> Result<Tensor> {
    if weight.rank() != axes + 2 || x.rank() != axes + 2 {
        let (x, weight) = (shape::text(&x.shape()), shape::text(&weight.shape()));
        bail!(
            "shape",
            "conv_transpose{axes}d takes tensors of {} axes, got {x} and {weight}",
            axes + 2
        );
    }
    let all = |name: &str| vec![o.int(name); axes];
    let how = Window {
        stride: all("stride"),
        padding: all("padding"),
        dilation: all("dilation"),
        groups: o.int("groups"),
    };
    x.conv_transpose(
        weight,
        o.get::<Tensor>("bias")?.as_ref(),
        &how,
        &all("output_padding"),
    )
}

fn pool(x: &Tensor, size: Ints, o: &Options, max: bool) -> Result<Tensor> {
    let size = two(size, "size", 1)?;
    let stride = o
        .get::<Ints>("stride")?
        .map_or(Ok(size.clone()), |stride| two(stride, "stride", 1))?;
    let padding = two(
        o.get::<Ints>("padding")?.unwrap_or(Ints(vec![0])),
        "padding",
        0,
    )?;
    if max {
        x.max_pool(&size, &stride, &padding)
    } else {
        x.avg_pool(&size, &stride, &padding)
    }
}

/// Factors and addends of channels; the missing one of a pair is 1 or 0.
fn affine(x: &Tensor, o: &Options) -> Result<Option<(Tensor, Tensor)>> {
    let (weight, bias) = (o.get::<Tensor>("weight")?, o.get::<Tensor>("bias")?);
    Ok(match (weight, bias) {
        (None, None) => None,
        (Some(weight), Some(bias)) => Some((weight, bias)),
        (Some(weight), None) => Some((weight.clone(), weight.detach()?.zeros_like()?)),
        (None, Some(bias)) => Some((bias.detach()?.ones_like()?, bias)),
    })
    .and_then(|pair: Option<(Tensor, Tensor)>| check_channels(x, pair))
}

fn check_channels(x: &Tensor, pair: Option<(Tensor, Tensor)>) -> Result<Option<(Tensor, Tensor)>> {
    let channels = x.shape().get(1).copied();
    let Some(channels) = channels else {
        bail!(
            "shape",
            "the norm takes [batch, channels, …], got {}",
            shape::text(&x.shape())
        );
    };
    for part in pair.iter().flat_map(|(weight, bias)| [weight, bias]) {
        if part.shape() != [channels] {
            bail!(
                "shape",
                "one number for each of {channels} channels is needed, got {}",
                shape::text(&part.shape())
            );
        }
    }
    Ok(pair)
}

fn as_refs(pair: &Option<(Tensor, Tensor)>) -> Option<(&Tensor, &Tensor)> {
    pair.as_ref().map(|(a, b)| (a, b))
}

fn batch_norm(x: &Tensor, o: &Options) -> Result<Tensor> {
    let affine = affine(x, o)?;
    let running = match (o.get::<Tensor>("mean")?, o.get::<Tensor>("variance")?) {
        (Some(mean), Some(variance)) => check_channels(x, Some((mean, variance)))?,
        (None, None) => None,
        _ => bail!("option", "`mean` and `variance` are given together"),
    };
    let of_batch = running.is_none();
    x.batch_norm(
        as_refs(&affine),
        as_refs(&running),
        of_batch,
        0.0,
        o.float("eps"),
    )
}

fn group_norm(x: &Tensor, groups: i64, o: &Options) -> Result<Tensor> {
    let affine = affine(x, o)?;
    let channels = x.shape()[1];
    if groups < 1 || channels % groups != 0 {
        bail!(
            "shape",
            "`groups` must divide the {channels} channels, got {groups}"
        );
    }
    x.group_norm(groups, as_refs(&affine), o.float("eps"))
}

fn attention(q: &Tensor, k: &Tensor, v: &Tensor, o: &Options) -> Result<Tensor> {
    Attention {
        mask: o.get("mask")?,
        causal: o.flag("causal"),
        scale: o.maybe_float("scale"),
        dropout: 0.0,
    }
    .apply(q, k, v)
}

natives! { layers in "tensor" {
    /// Convolves transposed: lengthens `x` [batch, channels, length] by its stride, as the gradient
    /// of `conv1d` does.
    ///
    /// - `weight`: [channels, filters / groups, width], PyTorch's order
    ///
    /// ```rhai
    /// let x = tensor::from([[[1.0, 2.0]]]);
    /// assert_eq(tensor::conv_transpose1d(x, tensor::ones([1, 1, 2]), #{ stride: 2 }), [[[1.0, 1.0, 2.0, 2.0]]]);
    /// ```
    function "conv_transpose1d"(c, x: Tensor, weight: Tensor; o = TRANSPOSED) -> "tensor [batch, filters, length']" { transposed(&x, &weight, &o, 1) }

    /// Convolves transposed over two axes.
    ///
    /// - `weight`: [channels, filters / groups, h, w]
    ///
    /// ```rhai
    /// let y = tensor::conv_transpose2d(tensor::ones([1, 2, 3, 3]), tensor::ones([2, 4, 2, 2]), #{ stride: 2 });
    /// assert_eq(y.shape, [1, 4, 6, 6]);
    /// ```
    function "conv_transpose2d"(c, x: Tensor, weight: Tensor; o = TRANSPOSED) -> "tensor [batch, filters, height', width']" { transposed(&x, &weight, &o, 2) }

    /// Takes the largest of each window over the last two axes; `size` is one number or two.
    ///
    /// ```rhai
    /// assert_eq(tensor::max_pool2d(tensor::from([[[[1.0, 2.0], [3.0, 4.0]]]]), 2), [[[[4.0]]]]);
    /// ```
    function "max_pool2d"(c, x: Tensor, size: Ints; o = POOL) -> "tensor [batch, channels, height', width']" { pool(&x, size, &o, true) }

    /// Takes the mean of each window over the last two axes, zeros of the padding included; `size`
    /// is one number or two.
    ///
    /// ```rhai
    /// assert_eq(tensor::avg_pool2d(tensor::from([[[[1.0, 2.0], [3.0, 4.0]]]]), [1, 2]), [[[[1.5], [3.5]]]]);
    /// ```
    function "avg_pool2d"(c, x: Tensor, size: Ints; o = POOL) -> "tensor [batch, channels, height', width']" { pool(&x, size, &o, false) }

    /// Takes the mean over as many windows of the last two axes as asked for.
    ///
    /// ```rhai
    /// assert_eq(tensor::adaptive_avg_pool2d(tensor::ones([1, 2, 9, 6]), [3, 2]).shape, [1, 2, 3, 2]);
    /// ```
    function "adaptive_avg_pool2d"(c, x: Tensor, size: Ints) -> "tensor [batch, channels, size…]" { x.adaptive_pool2d(&two(size, "size", 1)?, false) }

    /// Takes the largest over as many windows of the last two axes as asked for.
    ///
    /// ```rhai
    /// assert_eq(tensor::adaptive_max_pool2d(tensor::ones([1, 2, 9, 6]), 3).shape, [1, 2, 3, 3]);
    /// ```
    function "adaptive_max_pool2d"(c, x: Tensor, size: Ints) -> "tensor [batch, channels, size…]" { x.adaptive_pool2d(&two(size, "size", 1)?, true) }

    /// Brings each channel of `x` [batch, channels, …] to mean 0 and variance 1: over the batch, or
    /// by a given mean and variance.
    ///
    /// ```rhai
    /// let x = tensor::from([[[1.0, 3.0]]]);
    /// assert_near(tensor::batch_norm(x), [[[-1.0, 1.0]]], 1e-4);
    /// assert_near(tensor::batch_norm(x, #{ mean: tensor::ones([1]), variance: tensor::full([1], 4) }), [[[0.0, 1.0]]], 1e-4);
    /// ```
    function "batch_norm"(c, x: Tensor; o = BATCH_NORM) -> "tensor of the same shape" { batch_norm(&x, &o) }

    /// Brings each group of channels of each row to mean 0 and variance 1 (Wu & He 2018).
    ///
    /// ```rhai
    /// assert_near(tensor::group_norm(tensor::from([[[1.0, 3.0], [5.0, 9.0]]]), 2), [[[-1.0, 1.0], [-1.0, 1.0]]], 1e-4);
    /// ```
    function "group_norm"(c, x: Tensor, groups: i64; o = AFFINE) -> "tensor of the same shape" { group_norm(&x, groups, &o) }

    /// Brings each channel of each row to mean 0 and variance 1.
    ///
    /// ```rhai
    /// assert_near(tensor::instance_norm(tensor::from([[[1.0, 3.0]]])), [[[-1.0, 1.0]]], 1e-4);
    /// ```
    function "instance_norm"(c, x: Tensor; o = AFFINE) -> "tensor of the same shape" { let affine = affine(&x, &o)?; x.instance_norm(as_refs(&affine), o.float("eps")) }

    /// Mixes values by how queries match keys: softmax(q kᵀ / √features + mask) v, on […, length,
    /// features].
    ///
    /// A query that may use no key at all gets zeros.
    ///
    /// ```rhai
    /// assert_near(tensor::attention(tensor::zeros([1, 2, 4]), tensor::zeros([1, 2, 4]), tensor::ones([1, 2, 3])), tensor::ones([1, 2, 3]));
    /// let v = tensor::from([[[1.0], [3.0]]]);
    /// let mask = tensor::from([[true, false], [true, true]]);
    /// assert_near(tensor::attention(tensor::zeros([1, 2, 4]), tensor::zeros([1, 2, 4]), v, #{ mask: mask }), [[[1.0], [2.0]]]);
    /// ```
    function "attention"(c, q: Tensor, k: Tensor, v: Tensor; o = ATTENTION) -> "tensor of the shape of `v` with the length of `q`" { attention(&q, &k, &v, &o) }

    /// Resamples the last axis of [batch, channels, length], or the last two of [batch, channels,
    /// height, width], to other sizes.
    ///
    /// - `size`: the new length, or the new height and width
    ///
    /// ```rhai
    /// let x = tensor::from([[[0.0, 4.0]]]);
    /// assert_eq(tensor::interpolate(x, 4), [[[0.0, 0.0, 4.0, 4.0]]]);
    /// assert_eq(tensor::interpolate(x, 3, #{ mode: "linear", align_corners: true }), [[[0.0, 2.0, 4.0]]]);
    /// ```
    function "interpolate"(c, x: Tensor, size: Ints; o = INTERPOLATE) -> "tensor [batch, channels, size…]" { x.interpolate(&size.0, &o.text("mode"), o.flag("align_corners")) }

    /// Computes the distances of all rows of `a` […, n, features] to all rows of `b` […, m,
    /// features].
    ///
    /// ```rhai
    /// assert_eq(tensor::cdist(tensor::from([[0.0, 0.0]]), tensor::from([[3.0, 4.0], [0.0, 0.0]])), [[5.0, 0.0]]);
    /// ```
    function "cdist"(c, a: Tensor, b: Tensor; o = DISTANCE) -> "tensor […, n, m]" { a.cdist(&b, o.float("p")) }
} }

const SCATTER: &[Opt] = &[opt(
    "reduce",
    OptKind::Choice(&["sum", "prod", "mean", "amax", "amin"]),
    "",
    "how numbers that meet at a position, and what is there, are combined; unless given the last one stays",
)];

natives! { scattered in "tensor" {
    /// Puts the numbers of `source` at the positions of `index` along an axis.
    ///
    /// Where `index` names a position more than once, which number stays is not defined unless
    /// `reduce` says how they combine.
    ///
    /// ```rhai
    /// let t = tensor::zeros([3]);
    /// assert_eq(t.scatter(0, tensor::from([2, 0]), tensor::from([5.0, 6.0])), [6.0, 0.0, 5.0]);
    /// assert_eq(t.scatter(0, tensor::from([1, 1]), tensor::from([5.0, 6.0]), #{ reduce: "amax" }), [0.0, 6.0, 0.0]);
    /// assert_eq(t, [0.0, 0.0, 0.0]);
    /// ```
    method "scatter"(c, this: Tensor, dim: i64, index: Tensor, source: Operand; o = SCATTER) -> "tensor of the same shape" {
        let source = source.beside(&this)?.to_device(this.device())?;
        if !o.has("reduce") { return this.scatter(dim, &index, &source); }
        let source = if source.rank() == 0 { source.expand(&index.shape())? } else { source };
        this.scatter_reduce(dim, &index, &source, &o.text("reduce"))
    }

    /// Adds the rows of `source` to the rows of an axis that `index` names.
    ///
    /// ```rhai
    /// let t = tensor::zeros([3, 2]);
    /// assert_eq(t.index_add(0, tensor::from([2, 2]), tensor::ones([2, 2])), [[0.0, 0.0], [0.0, 0.0], [2.0, 2.0]]);
    /// ```
    method "index_add"(c, this: Tensor, dim: i64, index: Tensor, source: Tensor) -> "tensor of the same shape" { this.index_add(dim, &index, &source) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [layers(), scattered()].into_iter().flatten().collect()
}
