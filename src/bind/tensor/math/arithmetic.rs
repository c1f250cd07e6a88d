//! Arithmetic of tensors and numbers, with broadcasting.

use crate::base::Result;
use crate::bind::args::operand::Operand;
use crate::bind::warnings::broadcast;
use crate::lang::{Call, Native, native, natives_of};
use crate::torch::Tensor;

/// An arithmetic operation of two operands.
#[derive(Clone, Copy)]
enum Operation {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

/// Computes an operation on tensors and numbers; an integer operand keeps integer tensors integer.
fn compute(call: &Call, op: Operation, a: &Operand, b: &Operand) -> Result<Tensor> {
    broadcast::watch(call, a, b)?;
    macro_rules! with {
        ($a:expr, $b:expr) => {
            match op {
                Operation::Add => $a.add_number($b),
                Operation::Sub => $a.sub_number($b),
                Operation::Mul => $a.mul_number($b),
                Operation::Div => $a.div_number($b),
                Operation::Rem => $a.remainder_number($b),
                Operation::Pow => $a.pow_number($b),
            }
        };
    }
    match (a, b) {
        (Operand::Tensor(a), Operand::Float(b)) => with!(a, *b),
        (Operand::Tensor(a), Operand::Int(b)) => with!(a, *b),
        _ => {
            let (a, b) = Operand::both(a, b)?;
            match op {
                Operation::Add => a.add(&b),
                Operation::Sub => a.sub(&b),
                Operation::Mul => a.mul(&b),
                Operation::Div => a.div(&b),
                Operation::Rem => a.remainder(&b),
                Operation::Pow => a.pow(&b),
            }
        }
    }
}

/// Adds, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]) + 1, [2.0, 2.0]);
/// ```
#[native(
    namespace = "tensor",
    name = "+",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn plus(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Add, a, b)
}

/// Subtracts, with broadcasting.
///
/// ```rhai
/// assert_eq(3 - tensor::ones([2]), [2.0, 2.0]);
/// ```
#[native(
    namespace = "tensor",
    name = "-",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn minus(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Sub, a, b)
}

/// Returns the negative of each element.
///
/// ```rhai
/// assert_eq(-tensor::ones([2]).square(), [-1.0, -1.0]);
/// ```
#[native(namespace = "tensor", name = "-", form = operator, returns = "tensor of the same shape")]
pub fn negative(x: &Tensor) -> Result<Tensor> {
    x.neg()
}

/// Multiplies element by element, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]) * 2.5, [2.5, 2.5]);
/// ```
#[native(
    namespace = "tensor",
    name = "*",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn times(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Mul, a, b)
}

/// Divides element by element, with broadcasting.
///
/// ```rhai
/// assert_eq(1 / tensor::full([2], 4), [0.25, 0.25]);
/// ```
#[native(
    namespace = "tensor",
    name = "/",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn divided_by(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Div, a, b)
}

/// Computes the remainder of a division, with the sign of the divisor.
///
/// ```rhai
/// assert_eq(tensor::from([5, 7]) % 3, [2, 1]);
/// ```
#[native(
    namespace = "tensor",
    name = "%",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn modulo(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Rem, a, b)
}

/// Raises to a power, element by element.
///
/// ```rhai
/// assert_eq(tensor::from([3.0]) ** 2, [9.0]);
/// ```
#[native(
    namespace = "tensor",
    name = "**",
    form = operator,
    returns = "tensor of the broadcast shape"
)]
pub fn to_the_power(call: &Call, a: &Operand, b: &Operand) -> Result<Tensor> {
    compute(call, Operation::Pow, a, b)
}

/// Adds a tensor or a number, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).add(1), [2.0, 2.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn add(
    call: &Call,
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    compute(call, Operation::Add, &Operand::Tensor(this.clone()), other)
}

/// Subtracts a tensor or a number, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).sub(1), [0.0, 0.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn sub(
    call: &Call,
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    compute(call, Operation::Sub, &Operand::Tensor(this.clone()), other)
}

/// Multiplies by a tensor or a number element by element, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).mul(3), [3.0, 3.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn mul(
    call: &Call,
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    compute(call, Operation::Mul, &Operand::Tensor(this.clone()), other)
}

/// Divides by a tensor or a number, with broadcasting.
///
/// ```rhai
/// assert_eq(tensor::ones([2]).div(2), [0.5, 0.5]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn div(
    call: &Call,
    this: &Tensor,
    /// Tensor or number; it is broadcast.
    other: &Operand,
) -> Result<Tensor> {
    compute(call, Operation::Div, &Operand::Tensor(this.clone()), other)
}

/// Raises each element to a power.
///
/// ```rhai
/// assert_eq(tensor::from([2.0]).pow(3), [8.0]);
/// ```
#[native(namespace = "tensor", form = method, returns = "tensor of the broadcast shape")]
pub fn pow(
    call: &Call,
    this: &Tensor,
    /// Exponent: a tensor that broadcasts, or a number.
    exponent: &Operand,
) -> Result<Tensor> {
    compute(
        call,
        Operation::Pow,
        &Operand::Tensor(this.clone()),
        exponent,
    )
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        plus,
        minus,
        negative,
        times,
        divided_by,
        modulo,
        to_the_power,
        add,
        sub,
        mul,
        div,
        pow,
    ]
}
