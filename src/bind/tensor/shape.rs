//! Shapes of tensors: reordering axes, joining, splitting.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::bind::args::tensor::{Numbers, Tensors};
use crate::lang::value::Ints;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;

/// The elements of `a` where a condition holds, of `b` elsewhere.
fn choose(condition: &Tensor, a: &Operand, b: &Operand) -> Result<Tensor> {
    let (a, b) = Operand::both(a, b)?;
    let device = condition.device();
    a.to_device(device)?
        .where_(condition, &b.to_device(device)?)
}

/// Returns the same elements in another shape; one size may be -1.
///
/// ```rhai
/// assert_eq(tensor::arange(6).reshape([2, -1]).shape, [2, 3]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of `shape`")]
pub fn reshape(
    this: &Tensor,
    /// Size of each axis; one may be -1, which is computed.
    shape: &[i64],
) -> Result<Tensor> {
    this.reshape(shape)
}

/// Reorders the axes.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3, 4]).permute([2, 0, 1]).shape, [4, 2, 3]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor with its axes in the order of `dims`"
)]
pub fn permute(
    this: &Tensor,
    /// Axes in their new order.
    dims: &[i64],
) -> Result<Tensor> {
    this.permute(dims)
}

/// Swaps two axes.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).transpose(0, 1).shape, [3, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with axes `a` and `b` swapped")]
pub fn transpose(
    this: &Tensor,
    /// First axis; negative ones count from the end.
    a: i64,
    /// Second axis; negative ones count from the end.
    b: i64,
) -> Result<Tensor> {
    this.transpose(a, b)
}

/// Swaps the last two axes.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3]).t().shape, [3, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [m, n]")]
pub fn t(this: &Tensor) -> Result<Tensor> {
    this.transpose(-2, -1)
}

/// Removes an axis of size 1, or all of them.
///
/// ```rhai
/// assert_eq(tensor::zeros([1, 3, 1]).squeeze().shape, [3]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor without axes of size 1")]
pub fn squeeze(
    this: &Tensor,
    /// Axis to remove; all of size 1 unless given.
    dim: Option<i64>,
) -> Result<Tensor> {
    this.squeeze(dim)
}

/// Inserts an axis of size 1.
///
/// ```rhai
/// assert_eq(tensor::zeros([3]).unsqueeze(0).shape, [1, 3]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with an axis of size 1 at `dim`")]
pub fn unsqueeze(
    this: &Tensor,
    /// Position of the new axis; negative ones count from the end.
    dim: i64,
) -> Result<Tensor> {
    this.unsqueeze(dim)
}

/// Joins adjacent axes into one.
///
/// ```rhai
/// assert_eq(tensor::zeros([2, 3, 4]).flatten(1).shape, [2, 12]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with axes `start` to `end` joined")]
pub fn flatten(
    this: &Tensor,
    /// First axis.
    #[default(0)]
    start: i64,
    /// Last axis, included.
    #[default(-1)]
    end: i64,
) -> Result<Tensor> {
    this.flatten(start, end)
}

/// Repeats axes of size 1 without copying.
///
/// ```rhai
/// assert_eq(tensor::ones([1, 2]).expand([3, 2]).shape, [3, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of `shape`")]
pub fn expand(
    this: &Tensor,
    /// Size of each axis; -1 keeps the size.
    shape: &[i64],
) -> Result<Tensor> {
    this.expand(shape)
}

/// Repeats the tensor along each axis.
///
/// ```rhai
/// assert_eq(tensor::ones([1, 2]).repeat([3, 2]).shape, [3, 4]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with each axis `times` as long")]
pub fn repeat(
    this: &Tensor,
    /// Number of repetitions along each axis.
    times: &[i64],
) -> Result<Tensor> {
    this.repeat(times)
}

/// Reverses the order of elements along axes.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2, 3]).flip(0), [3, 2, 1]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn flip(
    this: &Tensor,
    /// Axis or axes; negative ones count from the end.
    dims: &Ints,
) -> Result<Tensor> {
    this.flip(&dims.0)
}

/// Shifts elements along an axis; those shifted out enter at the other end.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2, 3]).roll(1), [3, 1, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn roll(
    this: &Tensor,
    /// Number of positions; negative ones shift towards the start.
    shift: i64,
    /// Axis; negative ones count from the end.
    #[default(-1)]
    dim: i64,
) -> Result<Tensor> {
    this.roll(shift, dim)
}

/// Returns sliding windows along an axis.
///
/// ```rhai
/// assert_eq(tensor::arange(4).unfold(0, 2), [[0, 1], [1, 2], [2, 3]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with the windows as its last axis")]
pub fn unfold(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Length of a window.
    size: i64,
    /// Step between windows.
    #[default(1)]
    step: i64,
) -> Result<Tensor> {
    this.unfold(dim, size, step)
}

/// Pads the last axes with a value.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).pad([1, 0]), [0.0, 1.0, 1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor with longer last axes")]
pub fn pad(
    this: &Tensor,
    /// Positions to add in front of and after the last axis, then the axis in front of it.
    amounts: &[i64],
    /// The value to pad with.
    #[default(0)]
    value: f64,
) -> Result<Tensor> {
    this.pad(amounts, "constant", value)
}

/// Splits along an axis into chunks of a size.
///
/// The last chunk is smaller where the size does not divide the axis.
///
/// ```rhai
/// assert_eq(tensor::arange(5).split(2).len(), 3);
/// ```
#[native(namespace = "tensor", form = method, returns = "array of tensors, `size` along `dim`")]
pub fn split(
    this: &Tensor,
    /// Length of a chunk, at least 1.
    size: i64,
    /// Axis; negative ones count from the end.
    #[default(0)]
    dim: i64,
) -> Result<Vec<Tensor>> {
    this.split(size, dim)
}

/// Splits along an axis into `n` chunks.
///
/// ```rhai
/// assert_eq(tensor::arange(6).chunk(2)[1], [3, 4, 5]);
/// ```
#[native(namespace = "tensor", form = method)]
pub fn chunk(
    this: &Tensor,
    /// Number of chunks, at least 1.
    n: i64,
    /// Axis; negative ones count from the end.
    #[default(0)]
    dim: i64,
) -> Result<Vec<Tensor>> {
    this.chunk(n, dim)
}

/// Returns the tensor with its elements in row-major order in memory.
///
/// ```rhai
/// assert_eq(tensor::eye(2).t().contiguous(), tensor::eye(2));
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn contiguous(this: &Tensor) -> Result<Tensor> {
    this.contiguous()
}

/// Concatenates tensors along an axis.
///
/// ```rhai
/// assert_eq(tensor::cat([tensor::zeros([2]), tensor::ones([1])]), [0.0, 0.0, 1.0]);
/// ```
#[native(namespace = "tensor", returns = "tensor longer along `dim`")]
pub fn cat(
    /// Tensors of the same shape except along `dim`.
    parts: &Tensors,
    /// Axis; negative ones count from the end.
    #[default(0)]
    dim: i64,
) -> Result<Tensor> {
    Tensor::cat(&parts.0, dim)
}

/// Concatenates tensors along a new axis.
///
/// ```rhai
/// assert_eq(tensor::stack([tensor::zeros([2]), tensor::ones([2])]).shape, [2, 2]);
/// ```
#[native(namespace = "tensor", returns = "tensor with a new axis `dim`")]
pub fn stack(
    /// Tensors of the same shape.
    parts: &Tensors,
    /// Position of the new axis.
    #[default(0)]
    dim: i64,
) -> Result<Tensor> {
    Tensor::stack(&parts.0, dim)
}

/// Encodes integers as rows with a single 1.
///
/// ```rhai
/// assert_eq(tensor::one_hot([1, 0], 2), [[0.0, 1.0], [1.0, 0.0]]);
/// ```
#[native(namespace = "tensor", returns = "tensor […, classes]")]
pub fn one_hot(
    /// Class indices from 0, as a tensor or an array.
    index: &Numbers,
    /// Number of classes, at least 1.
    classes: i64,
) -> Result<Tensor> {
    index.0.one_hot(classes)
}

/// Selects elements of `a` where a condition holds, of `b` elsewhere.
///
/// ```rhai
/// assert_eq(tensor::where(tensor::from([true, false]), 1.0, 2.0), [1.0, 2.0]);
/// ```
#[native(namespace = "tensor", returns = "tensor of the broadcast shape")]
pub fn r#where(
    /// Boolean tensor.
    condition: &Tensor,
    /// Tensor or number where the condition holds.
    a: &Operand,
    /// Tensor or number elsewhere.
    b: &Operand,
) -> Result<Tensor> {
    choose(condition, a, b)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        reshape, permute, transpose, t, squeeze, unsqueeze, flatten, expand, repeat, flip, roll,
        unfold, pad, split, chunk, contiguous, cat, stack, one_hot, r#where,
    ]
}
