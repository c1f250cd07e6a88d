//! Methods of tensors: distances, interpolation and indexed sums.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::lang::value::Ints;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::torch::Tensor;

/// Options of `tensor::interpolate`.
#[derive(Options)]
pub struct InterpolateOptions {
    /// Method of interpolation; `linear` over two axes is bilinear.
    #[option(default = "nearest")]
    mode: Interpolation,
    /// Whether the first and last positions of input and output coincide (`linear`, `cubic`).
    #[option(default = false)]
    align_corners: bool,
}

/// Methods of interpolation.
#[derive(Choice)]
pub enum Interpolation {
    /// The nearest position.
    Nearest,
    /// Linear between neighbours.
    Linear,
    /// Cubic between neighbours.
    Cubic,
    /// The mean of the positions that a new one covers.
    Area,
}

/// Options of `tensor::cdist`.
#[derive(Options)]
pub struct DistanceOptions {
    /// Order of the norm: 1 for the sum of absolute differences, 2 for the Euclidean distance.
    #[option(default = 2.0, min = 0)]
    p: f64,
}

/// Options of `scatter`.
#[derive(Options)]
pub struct ScatterOptions {
    /// How numbers at the same position are combined; the last one remains unless given.
    reduce: Option<Reduction>,
}

/// How numbers at the same position are combined, with the one that is there.
#[derive(Choice)]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean.
    Mean,
    /// The largest.
    Amax,
    /// The smallest.
    Amin,
}

/// Resamples the last axis, or the last two axes, to other sizes.
///
/// ```rhai
/// let x = tensor::from([[[0.0, 4.0]]]);
/// assert_eq(tensor::interpolate(x, 4), [[[0.0, 0.0, 4.0, 4.0]]]);
/// let y = tensor::interpolate(x, 3, #{ mode: "linear", align_corners: true });
/// assert_eq(y, [[[0.0, 2.0, 4.0]]]);
/// ```
#[native(namespace = "tensor", returns = "tensor [batch, channels, size…]")]
pub fn interpolate(
    /// Input, [batch, channels, length] or [batch, channels, height, width].
    x: &Tensor,
    /// The new length, or the new height and width.
    size: &Ints,
    options: InterpolateOptions,
) -> Result<Tensor> {
    x.interpolate(&size.0, options.mode.as_str(), options.align_corners)
}

/// Computes the distances of all rows of `a` to all rows of `b`.
///
/// ```rhai
/// let a = tensor::from([[0.0, 0.0]]);
/// let b = tensor::from([[3.0, 4.0], [0.0, 0.0]]);
/// assert_eq(tensor::cdist(a, b), [[5.0, 0.0]]);
/// ```
#[native(namespace = "tensor", returns = "tensor […, n, m]")]
pub fn cdist(
    /// Rows, […, n, features].
    a: &Tensor,
    /// Rows, […, m, features].
    b: &Tensor,
    options: DistanceOptions,
) -> Result<Tensor> {
    a.cdist(b, options.p)
}

/// Writes the numbers of `source` at the positions of `index` along an axis.
///
/// Where `index` names a position more than once, which number remains is undefined unless `reduce`
/// states how they are combined.
///
/// ```rhai
/// let t = tensor::zeros([3]);
/// assert_eq(t.scatter(0, tensor::from([2, 0]), tensor::from([5.0, 6.0])), [6.0, 0.0, 5.0]);
/// let index = tensor::from([1, 1]);
/// assert_eq(t.scatter(0, index, tensor::from([5.0, 6.0]), #{ reduce: "amax" }), [0.0, 6.0, 0.0]);
/// assert_eq(t, [0.0, 0.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn scatter(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Positions along the axis, int64; of the rank of this tensor.
    index: &Tensor,
    /// Number, or tensor of the shape of `index`.
    source: &Operand,
    options: ScatterOptions,
) -> Result<Tensor> {
    let source = source.beside(this)?.to_device(this.device())?;
    let Some(reduce) = options.reduce else {
        return this.scatter(dim, index, &source);
    };
    let source = match source.rank() {
        0 => source.expand(&index.shape())?,
        _ => source,
    };
    this.scatter_reduce(dim, index, &source, reduce.as_str())
}

/// Adds the rows of `source` to the rows of an axis that `index` names.
///
/// ```rhai
/// let t = tensor::zeros([3, 2]);
/// let sums = t.index_add(0, tensor::from([2, 2]), tensor::ones([2, 2]));
/// assert_eq(sums, [[0.0, 0.0], [0.0, 0.0], [2.0, 2.0]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn index_add(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Positions along the axis, int64, [rows].
    index: &Tensor,
    /// Tensor with one row along the axis for each position.
    source: &Tensor,
) -> Result<Tensor> {
    this.index_add(dim, index, source)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![cdist, scatter, index_add, interpolate,]
}
