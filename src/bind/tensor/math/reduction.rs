//! Reductions and cumulative sums and products of tensors.

use crate::base::Result;
use crate::lang::value::Ints;
use crate::lang::{Native, native, natives_of};
use crate::torch::{Kind, Tensor};

/// The axes to reduce.
fn dims(dim: Option<Ints>) -> Option<Vec<i64>> {
    dim.map(|dim| dim.0)
}

/// A statistic of floats; that of integers is computed as float64, and remains float64 where it is
/// a single number.
fn of_floats(x: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if x.kind().is_floating() {
        return f(x);
    }
    let value = f(&x.to_kind(Kind::Double)?)?;
    if value.rank() == 0 {
        Ok(value)
    } else {
        value.to_kind(Kind::Float)
    }
}

/// Computes the sum of all elements, or along axes.
///
/// ```rhai
/// assert_eq(tensor::ones([2, 3]).sum(1), [3.0, 3.0]);
/// assert_eq(tensor::ones([2, 3]).sum().item(), 6.0);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn sum(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.sum(&dims(dim), keepdim)
}

/// Computes the mean of all elements, or along axes.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 3.0]]).mean(1, true), [[2.0]]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn mean(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    let dims = dims(dim);
    of_floats(this, |x| x.mean(&dims, keepdim))
}

/// Computes the sample standard deviation (divisor n - 1).
///
/// ```rhai
/// assert_near(tensor::from([1.0, 3.0]).std().item(), 1.4142136, 1e-5);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn std(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    let dims = dims(dim);
    of_floats(this, |x| x.std(&dims, keepdim))
}

/// Computes the sample variance (divisor n - 1).
///
/// ```rhai
/// assert_near(tensor::from([1.0, 3.0]).variance().item(), 2.0, 1e-5);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn variance(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    let dims = dims(dim);
    of_floats(this, |x| x.var(&dims, keepdim))
}

/// Returns the largest element of all, or along axes.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 5.0], [2.0, 3.0]]).max(1), [5.0, 3.0]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn max(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.amax(&dims(dim), keepdim)
}

/// Returns the smallest element of all, or along axes.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 5.0], [2.0, 3.0]]).min(0), [1.0, 3.0]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn min(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.amin(&dims(dim), keepdim)
}

/// Returns whether all elements are true.
///
/// ```rhai
/// assert_eq(tensor::from([[true, false], [true, true]]).all(1), [false, true]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`), bool"
)]
pub fn all(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.all(&dims(dim), keepdim)
}

/// Returns whether any element is true.
///
/// ```rhai
/// assert_eq(tensor::from([[true, false], [false, false]]).any(1), [true, false]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`), bool"
)]
pub fn any(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.any(&dims(dim), keepdim)
}

/// Computes the logarithm of the sum of exponentials, without overflow.
///
/// ```rhai
/// assert_near(tensor::zeros([2]).logsumexp(0).item(), 0.6931472, 1e-5);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn logsumexp(
    this: &Tensor,
    /// Axis or axes to reduce, negative ones counted from the end.
    dim: &Ints,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.logsumexp(&Some(dim.0.clone()), keepdim)
}

/// Computes the product of all elements, or along an axis.
///
/// ```rhai
/// assert_eq(tensor::from([2.0, 3.0]).prod().item(), 6.0);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn prod(
    this: &Tensor,
    /// Axis to reduce, negative counted from the end; all elements unless given.
    dim: Option<i64>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.prod(dim, keepdim)
}

/// Computes the median; of two middle elements, the lower one.
///
/// ```rhai
/// assert_eq(tensor::from([3.0, 1.0, 2.0]).median().item(), 2.0);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn median(
    this: &Tensor,
    /// Axis to reduce, negative counted from the end; all elements unless given.
    dim: Option<i64>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.median(dim, keepdim)
}

/// Computes a quantile, with linear interpolation between neighbours.
///
/// ```rhai
/// assert_near(tensor::from([0.0, 1.0]).quantile(0.25).item(), 0.25);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn quantile(
    this: &Tensor,
    /// Quantile, from 0 to 1.
    q: f64,
    /// Axis to reduce, negative counted from the end; all elements unless given.
    dim: Option<i64>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.quantile(q, dim, keepdim)
}

/// Computes the p-norm of all elements, or along axes.
///
/// ```rhai
/// assert_eq(tensor::from([3.0, 4.0]).norm().item(), 5.0);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`)"
)]
pub fn norm(
    this: &Tensor,
    /// Order of the norm.
    #[default(2)]
    p: f64,
    /// Axis or axes to reduce, negative ones counted from the end; all unless given.
    dim: Option<Ints>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.norm(p, &dims(dim), keepdim)
}

/// Returns the index of the largest element.
///
/// Without `dim` it is the index in row-major order.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 5.0], [9.0, 3.0]]).argmax(1), [1, 0]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`), int64"
)]
pub fn argmax(
    this: &Tensor,
    /// Axis to reduce, negative counted from the end; all elements unless given.
    dim: Option<i64>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.argmax(dim, keepdim)
}

/// Returns the index of the smallest element.
///
/// Without `dim` it is the index in row-major order.
///
/// ```rhai
/// assert_eq(tensor::from([[1.0, 5.0], [9.0, 3.0]]).argmin(0), [0, 1]);
/// ```
#[native(
    namespace = "tensor",
    form = method,
    returns = "tensor without the axes in `dim` (of size 1 with `keepdim`), int64"
)]
pub fn argmin(
    this: &Tensor,
    /// Axis to reduce, negative counted from the end; all elements unless given.
    dim: Option<i64>,
    /// Whether reduced axes remain, with size 1.
    #[default(false)]
    keepdim: bool,
) -> Result<Tensor> {
    this.argmin(dim, keepdim)
}

/// Computes the cumulative sum along an axis.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0, 3.0]).cumsum(0), [1.0, 3.0, 6.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn cumsum(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
) -> Result<Tensor> {
    this.cumsum(dim)
}

/// Computes the cumulative product along an axis.
///
/// ```rhai
/// assert_eq(tensor::from([1.0, 2.0, 3.0]).cumprod(0), [1.0, 2.0, 6.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the same shape")]
pub fn cumprod(
    this: &Tensor,
    /// Axis; negative ones count from the end.
    dim: i64,
) -> Result<Tensor> {
    this.cumprod(dim)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        sum, mean, std, variance, max, min, all, any, logsumexp, prod, median, quantile, norm,
        argmax, argmin, cumsum, cumprod,
    ]
}
