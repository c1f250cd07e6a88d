//! Indexing of tensors: `t[i]`, `t[a..b]`, `t[[…]]`, gather, masks.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::bind::args::tensor::{Numbers, tensor_of};
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Native, native, natives_of, session};
use crate::torch::Tensor;
use crate::torch::index::Pick;
use rhai::{Array, Dynamic, NativeCallContext};
use std::ops::{Range, RangeInclusive};

/// The index in the brackets of `t[…]`.
#[derive(Clone)]
pub struct Index(Vec<Pick>);

fn pick(value: &Dynamic) -> Result<Pick> {
    if value.is_unit() {
        return Ok(Pick::All);
    }
    if let Ok(index) = value.as_int() {
        return Ok(Pick::At(index));
    }
    if let Some(range) = value.read_lock::<Range<i64>>() {
        return Ok(Pick::Range(range.start, range.end));
    }
    if let Some(range) = value.read_lock::<RangeInclusive<i64>>() {
        // an included -1 is the last position
        let end = if *range.end() == -1 {
            i64::MAX
        } else {
            *range.end() + 1
        };
        return Ok(Pick::Range(*range.start(), end));
    }
    if let Some(rows) = value.read_lock::<Tensor>() {
        return Ok(Pick::Rows(rows.clone()));
    }
    if value.is_array() {
        return tensor_of(value).map(Pick::Rows);
    }
    if value.is_string() {
        // Rhai looks up an unknown property as an index
        return Err(session::catalog().missing_property(&value.to_string(), "tensor"));
    }
    Err(mismatch(
        "integer, a range, an array of them or a mask",
        value,
    ))
}

impl FromValue for Index {
    fn kind() -> String {
        "index".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(parts) = value.read_lock::<Array>() {
            return parts.iter().map(pick).collect::<Result<_>>().map(Index);
        }
        Ok(Index(vec![pick(value)?]))
    }
}

/// Selects along the first axes.
///
/// The index is an integer, a range, an array of integers, a mask, or an array of these for several
/// axes, in which `()` selects all. Integers and ranges return a view of the same memory; arrays of
/// integers and masks return a copy. A mask covers as many axes as it has, and they become one. A
/// method called on `t[i]` changes `t` only where its name ends in `_`.
///
/// ```rhai
/// let t = tensor::arange(6).reshape([2, 3]);
/// assert_eq(t[0], [0, 1, 2]);
/// assert_eq(t[0..1].shape, [1, 3]);
/// assert_eq(t[[(), 1..3]], [[1, 2], [4, 5]]);
/// assert_eq(t[[1, 2]].item(), 5.0);
/// assert_eq(t[t.gt(3)], [4, 5]);
/// ```
#[native(
    namespace = "tensor",
    form = index,
    returns = "tensor without the axes that an integer selects"
)]
pub fn index(
    this: &Tensor,
    /// Index of one axis, or an array with one for each of several axes.
    at: &Index,
) -> Result<Tensor> {
    this.pick(&at.0)
}

/// Sets the elements that an index selects, with broadcasting.
///
/// ```rhai
/// let t = tensor::zeros([2, 2]);
/// t[0] = 1.0;
/// assert_eq(t, [[1.0, 1.0], [0.0, 0.0]]);
/// t[t.gt(0.5)] = 7.0;
/// assert_eq(t, [[7.0, 7.0], [0.0, 0.0]]);
/// ```
#[native(namespace = "tensor", name = "index", form = set_index)]
pub fn set_index(
    this: &Tensor,
    /// Index of one axis, or an array with one for each of several axes.
    at: &Index,
    /// Tensor or number; it is broadcast to the selected shape.
    value: &Operand,
) -> Result<()> {
    this.assign(&at.0, &value.in_place_of(this)?)
}

/// Selects one index along an axis.
///
/// ```rhai
/// assert_eq(tensor::eye(2).select(1, 0), [1.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor without axis `dim`")]
pub fn select(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Position along the axis; negative ones count from the end.
    index: i64,
) -> Result<Tensor> {
    this.select(dim, index)
}

/// Returns a range of an axis, `end` excluded.
///
/// ```rhai
/// assert_eq(tensor::arange(5).slice(0, 1, 3), [1, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor shorter along `dim`")]
pub fn slice(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// First position.
    start: i64,
    /// Position after the last.
    end: i64,
) -> Result<Tensor> {
    this.slice(dim, start, end)
}

/// Selects positions of an axis by index or by mask.
///
/// ```rhai
/// assert_eq(tensor::from([5, 6, 7]).take([2, 0]), [7, 5]);
/// assert_eq(tensor::from([5, 6, 7]).take(tensor::from([true, false, true])), [5, 7]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor with the selected positions along `dim`"
)]
pub fn take(
    this: &Tensor,
    /// Indices (integers) or a mask (booleans), as a tensor or an array.
    rows: &Numbers,
    /// Axis; negative ones count from the end.
    #[default(0)]
    dim: i64,
) -> Result<Tensor> {
    this.take(dim, &rows.0)
}

/// Selects one element along an axis for each element of `index`.
///
/// ```rhai
/// assert_eq(tensor::from([[1, 2], [3, 4]]).gather(1, tensor::from([[1], [0]])), [[2], [3]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the shape of `index`")]
pub fn gather(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Positions along the axis, int64; of the rank of this tensor.
    index: &Tensor,
) -> Result<Tensor> {
    this.gather(dim, index)
}

/// Adds `source` at the positions that `index` names along an axis.
///
/// ```rhai
/// let t = tensor::zeros([3]);
/// assert_eq(t.scatter_add(0, tensor::from([0, 0]), tensor::ones([2])), [2.0, 0.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn scatter_add(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
    /// Positions along the axis, int64; of the rank of this tensor.
    index: &Tensor,
    /// Numbers to add, at least of the shape of `index`.
    source: &Tensor,
) -> Result<Tensor> {
    this.scatter_add(dim, index, source)
}

/// Returns the elements where a mask is true.
///
/// ```rhai
/// let t = tensor::from([1.0, -1.0]);
/// assert_eq(t.masked(t.gt(0)), [1.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [n]")]
pub fn masked(
    this: &Tensor,
    /// Boolean tensor of a shape that broadcasts.
    mask: &Tensor,
) -> Result<Tensor> {
    this.masked_select(mask)
}

/// Replaces the elements where a mask is true.
///
/// ```rhai
/// let t = tensor::from([1.0, -1.0]);
/// assert_eq(t.masked_fill(t.lt(0), 0.0), [1.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn masked_fill(
    this: &Tensor,
    /// Boolean tensor of a shape that broadcasts.
    mask: &Tensor,
    /// The new value.
    value: f64,
) -> Result<Tensor> {
    this.masked_fill(mask, value)
}

/// Returns the indices of the elements that are not 0.
///
/// ```rhai
/// assert_eq(tensor::from([0, 5]).nonzero(), [[1]]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [n, rank] int64")]
pub fn nonzero(this: &Tensor) -> Result<Tensor> {
    this.nonzero()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        index,
        set_index,
        select,
        slice,
        take,
        gather,
        scatter_add,
        masked,
        masked_fill,
        nonzero,
    ]
}
