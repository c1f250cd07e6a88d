//! Methods that change a tensor in place; their names end in `_`.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;

/// Adds a tensor or a number in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.add_(2);
/// assert_eq(t, [3.0, 3.0]);
/// ```
#[native(namespace = "tensor", name = "add_", form = method, returns = "the tensor itself")]
pub fn add_in_place(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.add_(&other.in_place_of(this)?)?;
    Ok(this.clone())
}

/// Subtracts a tensor or a number in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.sub_(1);
/// assert_eq(t, [0.0, 0.0]);
/// ```
#[native(namespace = "tensor", name = "sub_", form = method, returns = "the tensor itself")]
pub fn sub_in_place(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.sub_(&other.in_place_of(this)?)?;
    Ok(this.clone())
}

/// Multiplies by a tensor or a number in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.mul_(4);
/// assert_eq(t, [4.0, 4.0]);
/// ```
#[native(namespace = "tensor", name = "mul_", form = method, returns = "the tensor itself")]
pub fn mul_in_place(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.mul_(&other.in_place_of(this)?)?;
    Ok(this.clone())
}

/// Divides by a tensor or a number in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.div_(2);
/// assert_eq(t, [0.5, 0.5]);
/// ```
#[native(namespace = "tensor", name = "div_", form = method, returns = "the tensor itself")]
pub fn div_in_place(
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    this.div_(&other.in_place_of(this)?)?;
    Ok(this.clone())
}

/// Sets all elements to 0 in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.zero_();
/// assert_eq(t, [0.0, 0.0]);
/// ```
#[native(namespace = "tensor", name = "zero_", form = method, returns = "the tensor itself")]
pub fn zero_in_place(this: &Tensor) -> Result<Tensor> {
    this.zero_()?;
    Ok(this.clone())
}

/// Sets all elements to one value in place.
///
/// ```rhai
/// let t = tensor::ones([2]);
/// t.fill_(5);
/// assert_eq(t, [5.0, 5.0]);
/// ```
#[native(namespace = "tensor", name = "fill_", form = method, returns = "the tensor itself")]
pub fn fill_in_place(
    this: &Tensor,
    /// Value of all elements.
    value: f64,
) -> Result<Tensor> {
    this.fill_(value)?;
    Ok(this.clone())
}

/// Limits elements to the range from `low` to `high` in place.
///
/// ```rhai
/// let t = tensor::from([-1.0, 3.0]);
/// t.clamp_(0, 1);
/// assert_eq(t, [0.0, 1.0]);
/// ```
#[native(namespace = "tensor", name = "clamp_", form = method, returns = "the tensor itself")]
pub fn clamp_in_place(
    this: &Tensor,
    /// Lower bound.
    low: f64,
    /// Upper bound.
    high: f64,
) -> Result<Tensor> {
    this.clamp_(low, high)?;
    Ok(this.clone())
}

/// Replaces negative elements by 0 in place.
///
/// ```rhai
/// let t = tensor::from([-1.0, 3.0]);
/// t.relu_();
/// assert_eq(t, [0.0, 3.0]);
/// ```
#[native(namespace = "tensor", name = "relu_", form = method, returns = "the tensor itself")]
pub fn relu_in_place(this: &Tensor) -> Result<Tensor> {
    this.relu_()?;
    Ok(this.clone())
}

/// Computes square roots in place.
///
/// ```rhai
/// let t = tensor::from([4.0]);
/// t.sqrt_();
/// assert_eq(t, [2.0]);
/// ```
#[native(namespace = "tensor", name = "sqrt_", form = method, returns = "the tensor itself")]
pub fn sqrt_in_place(this: &Tensor) -> Result<Tensor> {
    this.sqrt_()?;
    Ok(this.clone())
}

/// Computes e to the power of each element in place.
///
/// ```rhai
/// let t = tensor::zeros([1]);
/// t.exp_();
/// assert_eq(t, [1.0]);
/// ```
#[native(namespace = "tensor", name = "exp_", form = method, returns = "the tensor itself")]
pub fn exp_in_place(this: &Tensor) -> Result<Tensor> {
    this.exp_()?;
    Ok(this.clone())
}

/// Copies the elements of another tensor in place, with broadcasting.
///
/// ```rhai
/// let t = tensor::zeros([2]);
/// t.copy_(tensor::ones([2]));
/// assert_eq(t, [1.0, 1.0]);
/// ```
#[native(namespace = "tensor", name = "copy_", form = method, returns = "the tensor itself")]
pub fn copy_in_place(
    this: &Tensor,
    /// Tensor whose shape broadcasts to the shape of this one.
    other: &Tensor,
) -> Result<Tensor> {
    this.copy_(other)?;
    Ok(this.clone())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        add_in_place,
        sub_in_place,
        mul_in_place,
        div_in_place,
        zero_in_place,
        fill_in_place,
        clamp_in_place,
        relu_in_place,
        sqrt_in_place,
        exp_in_place,
        copy_in_place,
    ]
}
