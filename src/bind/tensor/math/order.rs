//! Sorting of tensors.

use crate::base::Result;
use crate::bind::args::tensor::tensor_map;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;
use rhai::Map;

/// A map of values and their indices.
fn pair((values, indices): (Tensor, Tensor)) -> Result<Map> {
    Ok(tensor_map([("values", values), ("indices", indices)]))
}

/// Sorts along an axis.
///
/// ```rhai
/// let s = tensor::from([3.0, 1.0, 2.0]).sort();
/// assert_eq(s.values, [1.0, 2.0, 3.0]);
/// assert_eq(s.indices, [1, 2, 0]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "map of values and indices, the same shape"
)]
pub fn sort(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    #[default(-1)]
    dim: i64,
    /// Whether the largest element comes first.
    #[default(false)]
    descending: bool,
) -> Result<Map> {
    pair(this.sort(dim, descending)?)
}

/// Returns the indices that sort an axis.
///
/// ```rhai
/// assert_eq(tensor::from([3.0, 1.0, 2.0]).argsort(), [1, 2, 0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, int64")]
pub fn argsort(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    #[default(-1)]
    dim: i64,
    /// Whether the largest element comes first.
    #[default(false)]
    descending: bool,
) -> Result<Tensor> {
    this.argsort(dim, descending)
}

/// Returns the `k` largest or smallest elements along an axis.
///
/// ```rhai
/// assert_eq(tensor::from([3.0, 1.0, 2.0]).topk(2).values, [3.0, 2.0]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "map of values and indices, `k` along the axis"
)]
pub fn topk(
    this: &Tensor,
    /// Number of elements, from 1 to the size of the axis.
    k: i64,
    /// Axis; negative ones count from the end.
    #[default(-1)]
    dim: i64,
    /// Whether the largest elements are returned, instead of the smallest.
    #[default(true)]
    largest: bool,
) -> Result<Map> {
    pair(this.topk(k, dim, largest)?)
}

/// Returns the distinct elements in ascending order.
///
/// ```rhai
/// assert_eq(tensor::from([2, 1, 2]).unique(), [1, 2]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor [n], sorted")]
pub fn unique(this: &Tensor) -> Result<Tensor> {
    this.unique()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![sort, argsort, topk, unique,]
}
