//! Comparisons of tensors element by element.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;

/// Returns where elements are equal.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2]).eq(2), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn eq(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.eq(&other.compared(this)?)
}

/// Returns where elements differ.
///
/// ```rhai
/// assert_eq(tensor::from([1, 2]).ne(2), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn ne(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.ne(&other.compared(this)?)
}

/// Returns where elements are greater than `other`.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0]).gt(1.5), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn gt(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.gt(&other.compared(this)?)
}

/// Returns where elements are greater than or equal to `other`.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0]).ge(2), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn ge(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.ge(&other.compared(this)?)
}

/// Returns where elements are less than `other`.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0]).lt(1.5), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn lt(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.lt(&other.compared(this)?)
}

/// Returns where elements are less than or equal to `other`.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0]).le(1), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn le(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.le(&other.compared(this)?)
}

/// Returns the larger element of each pair.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 5.0]).maximum(3.0), [3.0, 5.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn maximum(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.maximum(&other.beside(this)?)
}

/// Returns the smaller element of each pair.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 5.0]).minimum(3.0), [1.0, 3.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn minimum(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.minimum(&other.beside(this)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![eq, ne, gt, ge, lt, le, maximum, minimum,]
}
