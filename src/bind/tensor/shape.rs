//! Shapes of tensors: moving axes, joining, cutting; windows and pools as functions.

use crate::base::Result;
use crate::bind::tensor::basic::tensors;
use crate::bind::types::{Numbers, Operand};
use crate::lang::Options;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::{Ints, array};
use crate::natives;
use crate::torch::Tensor;
use crate::torch::op::Window;
use rhai::Array;

const CONV: &[Opt] = &[
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
        "steps between windows",
    ),
    opt("padding", OptKind::Int(0, MANY), "0", "zeros at both ends"),
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
        OptKind::Int(1, MANY),
        "",
        "steps between windows; the window's size unless given",
    ),
    opt(
        "padding",
        OptKind::Int(0, MANY),
        "0",
        "positions added at both ends",
    ),
];

fn conv(x: &Tensor, weight: &Tensor, o: &Options, axes: usize) -> Result<Tensor> {
    if weight.rank() != axes + 2 || x.rank() != axes + 2 {
        crate::bail!(
            "shape",
            "conv{axes}d takes tensors of {} axes, got {} and {}",
            axes + 2,
            crate::base::shape::text(&x.shape()),
            crate::base::shape::text(&weight.shape())
        );
    }
    let all = |name: &str| vec![o.int(name); axes];
    let how = Window {
        stride: all("stride"),
        padding: all("padding"),
        dilation: all("dilation"),
        groups: o.int("groups"),
    };
    x.conv(weight, o.get::<Tensor>("bias")?.as_ref(), &how)
}

fn pool(x: &Tensor, size: i64, o: &Options, max: bool) -> Result<Tensor> {
    let (stride, padding) = ([o.maybe_int("stride").unwrap_or(size)], [o.int("padding")]);
    if max {
        x.max_pool(&[size], &stride, &padding)
    } else {
        x.avg_pool(&[size], &stride, &padding)
    }
}

/// From `a` where a condition holds, from `b` elsewhere.
fn choose(condition: &Tensor, a: &Operand, b: &Operand) -> Result<Tensor> {
    let (a, b) = Operand::both(a, b)?;
    let device = condition.device();
    a.to_device(device)?
        .where_(condition, &b.to_device(device)?)
}

natives! { shapes in "tensor" {
    /// Arranges the same numbers in another shape; one size may be -1.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(6).reshape([2, -1]).shape, [2, 3]);
    /// ```
    method "reshape"(c, this: Tensor, shape: Vec<i64>) -> "tensor of `shape`" { this.reshape(&shape) }

    /// Puts the axes in another order.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3, 4]).permute([2, 0, 1]).shape, [4, 2, 3]);
    /// ```
    method "permute"(c, this: Tensor, dims: Vec<i64>) -> "tensor with its axes in the order of `dims`" { this.permute(&dims) }

    /// Swaps two axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).transpose(0, 1).shape, [3, 2]);
    /// ```
    method "transpose"(c, this: Tensor, a: i64, b: i64) -> "tensor with axes `a` and `b` swapped" { this.transpose(a, b) }

    /// Swaps the last two axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3]).t().shape, [3, 2]);
    /// ```
    method "t"(c, this: Tensor) -> "tensor [m, n]" { this.transpose(-2, -1) }

    /// Drops an axis of size 1, or all of them.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([1, 3, 1]).squeeze().shape, [3]);
    /// ```
    method "squeeze"(c, this: Tensor, dim: Option<i64>) -> "tensor without axes of size 1" { this.squeeze(dim) }

    /// Adds an axis of size 1.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([3]).unsqueeze(0).shape, [1, 3]);
    /// ```
    method "unsqueeze"(c, this: Tensor, dim: i64) -> "tensor with an axis of size 1 at `dim`" { this.unsqueeze(dim) }

    /// Joins axes into one.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2, 3, 4]).flatten(1).shape, [2, 12]);
    /// ```
    method "flatten"(c, this: Tensor, start: Option<i64>, end: Option<i64>) -> "tensor with axes `start` to `end` joined" { this.flatten(start.unwrap_or(0), end.unwrap_or(-1)) }

    /// Repeats axes of size 1 without copying.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([1, 2]).expand([3, 2]).shape, [3, 2]);
    /// ```
    method "expand"(c, this: Tensor, shape: Vec<i64>) -> "tensor of `shape`" { this.expand(&shape) }

    /// Puts copies side by side.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([1, 2]).repeat([3, 2]).shape, [3, 4]);
    /// ```
    method "repeat"(c, this: Tensor, times: Vec<i64>) -> "tensor with each axis times as long" { this.repeat(&times) }

    /// Turns axes round.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2, 3]).flip(0), [3, 2, 1]);
    /// ```
    method "flip"(c, this: Tensor, dims: Ints) -> "tensor of the same shape" { this.flip(&dims.0) }

    /// Moves along an axis, what falls out coming in at the other end.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2, 3]).roll(1), [3, 1, 2]);
    /// ```
    method "roll"(c, this: Tensor, shift: i64, dim: Option<i64>) -> "tensor of the same shape" { this.roll(shift, dim.unwrap_or(-1)) }

    /// Cuts sliding windows along an axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(4).unfold(0, 2), [[0, 1], [1, 2], [2, 3]]);
    /// ```
    method "unfold"(c, this: Tensor, dim: i64, size: i64, step: Option<i64>) -> "tensor with the windows as its last axis" { this.unfold(dim, size, step.unwrap_or(1)) }

    /// Adds a value (0 unless given): before and after the last axis, then the one before it.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).pad([1, 0]), [0.0, 1.0, 1.0]);
    /// ```
    method "pad"(c, this: Tensor, amounts: Vec<i64>, value: Option<f64>) -> "tensor with longer last axes" { this.pad(&amounts, "constant", value.unwrap_or(0.0)) }

    /// Cuts into pieces of a size, the last one smaller where it does not divide.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(5).split(2).len(), 3);
    /// ```
    method "split"(c, this: Tensor, size: i64, dim: Option<i64>) -> "array of tensors, `size` along the axis" { Ok(array(this.split(size, dim.unwrap_or(0))?)) }

    /// Cuts into `n` pieces.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(6).chunk(2)[1], [3, 4, 5]);
    /// ```
    method "chunk"(c, this: Tensor, n: i64, dim: Option<i64>) -> "array of tensors" { Ok(array(this.chunk(n, dim.unwrap_or(0))?)) }

    /// Lays the numbers out in row-major order.
    ///
    /// ```rhai
    /// assert_eq(tensor::eye(2).t().contiguous(), tensor::eye(2));
    /// ```
    method "contiguous"(c, this: Tensor) -> "tensor of the same shape" { this.contiguous() }

    /// Joins tensors along an axis (the first unless given).
    ///
    /// ```rhai
    /// assert_eq(tensor::cat([tensor::zeros([2]), tensor::ones([1])]), [0.0, 0.0, 1.0]);
    /// ```
    function "cat"(c, parts: Array, dim: Option<i64>) -> "tensor longer along `dim`" { Tensor::cat(&tensors("parts", &parts)?, dim.unwrap_or(0)) }

    /// Joins tensors along a new axis (the first unless given).
    ///
    /// ```rhai
    /// assert_eq(tensor::stack([tensor::zeros([2]), tensor::ones([2])]).shape, [2, 2]);
    /// ```
    function "stack"(c, parts: Array, dim: Option<i64>) -> "tensor with a new axis `dim`" { Tensor::stack(&tensors("parts", &parts)?, dim.unwrap_or(0)) }

    /// Turns whole numbers into rows with a single 1.
    ///
    /// ```rhai
    /// assert_eq(tensor::one_hot([1, 0], 2), [[0.0, 1.0], [1.0, 0.0]]);
    /// ```
    function "one_hot"(c, index: Numbers, classes: i64) -> "tensor […, classes]" { index.0.one_hot(classes) }

    /// Takes from `a` where the condition holds, from `b` elsewhere.
    ///
    /// ```rhai
    /// assert_eq(tensor::where(tensor::from([true, false]), 1.0, 2.0), [1.0, 2.0]);
    /// ```
    function "where"(c, condition: Tensor, a: Operand, b: Operand) -> "tensor of the broadcast shape" { choose(&condition, &a, &b) }

    /// Convolves `x` [batch, channels, length] with `weight` [filters, channels, width].
    ///
    /// ```rhai
    /// assert_eq(tensor::conv1d(tensor::ones([1, 4, 10]), tensor::ones([2, 4, 3])).shape, [1, 2, 8]);
    /// ```
    function "conv1d"(c, x: Tensor, weight: Tensor; o = CONV) -> "tensor [batch, filters, length]" { conv(&x, &weight, &o, 1) }

    /// Convolves `x` [batch, channels, height, width] with `weight` [filters, channels, h, w].
    ///
    /// ```rhai
    /// assert_eq(tensor::conv2d(tensor::ones([1, 2, 5, 5]), tensor::ones([3, 2, 3, 3])).shape, [1, 3, 3, 3]);
    /// ```
    function "conv2d"(c, x: Tensor, weight: Tensor; o = CONV) -> "tensor [batch, filters, height, width]" { conv(&x, &weight, &o, 2) }

    /// Convolves over three axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::conv3d(tensor::ones([1, 1, 4, 4, 4]), tensor::ones([2, 1, 2, 2, 2])).shape, [1, 2, 3, 3, 3]);
    /// ```
    function "conv3d"(c, x: Tensor, weight: Tensor; o = CONV) -> "tensor [batch, filters, depth, height, width]" { conv(&x, &weight, &o, 3) }

    /// Takes the largest of each window.
    ///
    /// ```rhai
    /// assert_eq(tensor::max_pool1d(tensor::from([[[1.0, 3.0, 2.0, 5.0]]]), 2), [[[3.0, 5.0]]]);
    /// ```
    function "max_pool1d"(c, x: Tensor, size: i64; o = POOL) -> "tensor [batch, channels, windows]" { pool(&x, size, &o, true) }

    /// Takes the mean of each window.
    ///
    /// ```rhai
    /// assert_eq(tensor::avg_pool1d(tensor::from([[[1.0, 3.0, 2.0, 5.0]]]), 2), [[[2.0, 3.5]]]);
    /// ```
    function "avg_pool1d"(c, x: Tensor, size: i64; o = POOL) -> "tensor [batch, channels, windows]" { pool(&x, size, &o, false) }

    /// Takes the mean over as many windows as asked for.
    ///
    /// ```rhai
    /// assert_eq(tensor::adaptive_avg_pool1d(tensor::ones([1, 2, 9]), 3).shape, [1, 2, 3]);
    /// ```
    function "adaptive_avg_pool1d"(c, x: Tensor, size: i64) -> "tensor [batch, channels, size]" { x.adaptive_pool(size, false) }

    /// Takes the largest over as many windows as asked for.
    ///
    /// ```rhai
    /// assert_eq(tensor::adaptive_max_pool1d(tensor::ones([1, 2, 9]), 3).shape, [1, 2, 3]);
    /// ```
    function "adaptive_max_pool1d"(c, x: Tensor, size: i64) -> "tensor [batch, channels, size]" { x.adaptive_pool(size, true) }

    /// Zeroes each number with chance `p` and scales the others.
    ///
    /// ```rhai
    /// assert_eq(tensor::dropout(tensor::ones([4]), 0.0), tensor::ones([4]));
    /// ```
    function "dropout"(c, x: Tensor, p: f64) -> "tensor of the same shape" { x.dropout(p, true) }

    /// Brings the last axes to mean 0 and variance 1.
    ///
    /// ```rhai
    /// assert_near(tensor::layer_norm(tensor::from([[1.0, 3.0]])), [[-1.0, 1.0]], 1e-4);
    /// ```
    function "layer_norm"(c, x: Tensor, axes: Option<i64>) -> "tensor of the same shape" { let n = axes.unwrap_or(1).clamp(1, x.rank() as i64) as usize; x.layer_norm(&x.shape()[x.rank() - n..], None, 1e-5) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [shapes()].into_iter().flatten().collect()
}
