//! Picking parts of tensors: `t[i]`, `t[a..b]`, `t[[…]]`, gather, masks.

use crate::base::Result;
use crate::bind::types::{Numbers, Operand};
use crate::lang::value::mismatch;
use crate::lang::{FromValue, session};
use crate::natives;
use crate::torch::Tensor;
use crate::torch::index::Pick;
use rhai::{Array, Dynamic, NativeCallContext};
use std::ops::{Range, RangeInclusive};

/// What stands between the brackets of `t[…]`.
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
        // `-1` included reaches the end
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
        return crate::bind::tensor::basic::tensor_of(value).map(Pick::Rows);
    }
    if value.is_string() {
        // Rhai looks up an unknown property as an index
        return Err(session::catalog().missing_property(&value.to_string(), "tensor"));
    }
    Err(mismatch(
        "whole number, a range, an array of them or a mask",
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

natives! { picks in "tensor" {
    /// Picks along the first axes: a number, a range, an array of numbers, ranges or nothing
    /// (everything), or a mask.
    ///
    /// Numbers and ranges pick a view of the same memory; arrays of numbers and masks pick a copy.
    /// A mask covers as many axes as it has, which become one. Calling a method on `t[i]` changes
    /// `t` only where the method's name ends in `_`.
    ///
    /// ```rhai
    /// let t = tensor::arange(6).reshape([2, 3]);
    /// assert_eq(t[0], [0, 1, 2]);
    /// assert_eq(t[0..1].shape, [1, 3]);
    /// assert_eq(t[[(), 1..3]], [[1, 2], [4, 5]]);
    /// assert_eq(t[[1, 2]].item(), 5.0);
    /// assert_eq(t[t.gt(3)], [4, 5]);
    /// ```
    index "index"(c, this: Tensor, at: Index) -> "tensor without the axes that a number picks" { this.pick(&at.0) }

    /// Sets what an index picks, broadcasting.
    ///
    /// ```rhai
    /// let t = tensor::zeros([2, 2]);
    /// t[0] = 1.0;
    /// assert_eq(t, [[1.0, 1.0], [0.0, 0.0]]);
    /// t[t.gt(0.5)] = 7.0;
    /// assert_eq(t, [[7.0, 7.0], [0.0, 0.0]]);
    /// ```
    set_index "index"(c, this: Tensor, at: Index, value: Operand) -> "nothing" { this.assign(&at.0, &value.into_place(&this)?) }

    /// Picks one position along an axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::eye(2).select(1, 0), [1.0, 0.0]);
    /// ```
    method "select"(c, this: Tensor, dim: i64, index: i64) -> "tensor without axis `dim`" { this.select(dim, index) }

    /// Takes part of an axis, from `start` to before `end`.
    ///
    /// ```rhai
    /// assert_eq(tensor::arange(5).slice(0, 1, 3), [1, 2]);
    /// ```
    method "slice"(c, this: Tensor, dim: i64, start: i64, end: i64) -> "tensor shorter along `dim`" { this.slice(dim, start, end) }

    /// Picks positions of an axis (the first unless given) by number or by mask.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([5, 6, 7]).take([2, 0]), [7, 5]);
    /// assert_eq(tensor::from([5, 6, 7]).take(tensor::from([true, false, true])), [5, 7]);
    /// ```
    method "take"(c, this: Tensor, rows: Numbers, dim: Option<i64>) -> "tensor with the rows named" { this.take(dim.unwrap_or(0), &rows.0) }

    /// Picks along an axis, position by position.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1, 2], [3, 4]]).gather(1, tensor::from([[1], [0]])), [[2], [3]]);
    /// ```
    method "gather"(c, this: Tensor, dim: i64, index: Tensor) -> "tensor of the shape of `index`" { this.gather(dim, &index) }

    /// Adds `source` at the positions of `index` along an axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([3]).scatter_add(0, tensor::from([0, 0]), tensor::ones([2])), [2.0, 0.0, 0.0]);
    /// ```
    method "scatter_add"(c, this: Tensor, dim: i64, index: Tensor, source: Tensor) -> "tensor of the same shape" { this.scatter_add(dim, &index, &source) }

    /// Keeps the numbers where a mask holds.
    ///
    /// ```rhai
    /// let t = tensor::from([1.0, -1.0]);
    /// assert_eq(t.masked(t.gt(0)), [1.0]);
    /// ```
    method "masked"(c, this: Tensor, mask: Tensor) -> "tensor [n]" { this.masked_select(&mask) }

    /// Replaces numbers where a mask holds.
    ///
    /// ```rhai
    /// let t = tensor::from([1.0, -1.0]);
    /// assert_eq(t.masked_fill(t.lt(0), 0.0), [1.0, 0.0]);
    /// ```
    method "masked_fill"(c, this: Tensor, mask: Tensor, value: f64) -> "tensor of the same shape" { this.masked_fill(&mask, value) }

    /// Finds the numbers that are not 0.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([0, 5]).nonzero(), [[1]]);
    /// ```
    method "nonzero"(c, this: Tensor) -> "tensor [n, rank] int64" { this.nonzero() }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [picks()].into_iter().flatten().collect()
}
