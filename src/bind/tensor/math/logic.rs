//! Methods of tensors: tests of elements.

use crate::base::Result;
use crate::lang::{Native, native, natives_of};
use crate::torch::{Kind, Tensor};

/// Returns which elements are NaN.
///
/// ```rhai
/// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isnan(), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, bool")]
pub fn isnan(this: &Tensor) -> Result<Tensor> {
    this.isnan()
}

/// Returns which elements are finite.
///
/// ```rhai
/// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isfinite(), [false, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, bool")]
pub fn isfinite(this: &Tensor) -> Result<Tensor> {
    this.isfinite()
}

/// Returns which elements are infinite.
///
/// ```rhai
/// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isinf(), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, bool")]
pub fn isinf(this: &Tensor) -> Result<Tensor> {
    this.isinf()
}

/// Computes the logical NOT of each element.
///
/// ```rhai
/// assert_eq(tensor::from([true, false]).logical_not(), [false, true]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape, bool")]
pub fn logical_not(this: &Tensor) -> Result<Tensor> {
    this.logical_not()
}

/// Computes the logical AND of two tensors, element by element.
///
/// ```rhai
/// assert_eq(tensor::from([true, false]).logical_and(tensor::from([true, true])), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn logical_and(
    this: &Tensor,
    /// Tensor of a shape that broadcasts; elements other than 0 are true.
    other: &Tensor,
) -> Result<Tensor> {
    this.to_kind(Kind::Bool)?.mul(&other.to_kind(Kind::Bool)?)
}

/// Computes the logical OR of two tensors, element by element.
///
/// ```rhai
/// assert_eq(tensor::from([true, false]).logical_or(tensor::from([false, false])), [true, false]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape, bool")]
pub fn logical_or(
    this: &Tensor,
    /// Tensor of a shape that broadcasts; elements other than 0 are true.
    other: &Tensor,
) -> Result<Tensor> {
    this.to_kind(Kind::Bool)?
        .maximum(&other.to_kind(Kind::Bool)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![isnan, isfinite, isinf, logical_not, logical_and, logical_or,]
}
