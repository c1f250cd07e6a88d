//! Arithmetic, reductions, linear algebra and in-place changes of tensors.

use crate::base::Result;
use crate::bind::tensor::basic::tensors;
use crate::bind::tensor::broadcast;
use crate::bind::types::{Operand, Scalar};
use crate::lang::value::Ints;
use crate::lang::{Call, IntoValue};
use crate::natives;
use crate::torch::{Kind, Tensor};
use rhai::{Array, Map};

#[derive(Clone, Copy)]
enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

/// One operation for tensors and plain numbers on either side; a whole number leaves integer
/// tensors whole.
fn arith(call: &Call, op: Op, a: &Operand, b: &Operand) -> Result<Tensor> {
    broadcast::watch(call, a, b)?;
    macro_rules! with {
        ($a:expr, $b:expr) => {
            match op {
                Op::Add => $a.add_number($b),
                Op::Sub => $a.sub_number($b),
                Op::Mul => $a.mul_number($b),
                Op::Div => $a.div_number($b),
                Op::Rem => $a.remainder_number($b),
                Op::Pow => $a.pow_number($b),
            }
        };
    }
    match (a, b) {
        (Operand::Tensor(a), Operand::Float(b)) => with!(a, *b),
        (Operand::Tensor(a), Operand::Int(b)) => with!(a, *b),
        _ => {
            let (a, b) = Operand::both(a, b)?;
            match op {
                Op::Add => a.add(&b),
                Op::Sub => a.sub(&b),
                Op::Mul => a.mul(&b),
                Op::Div => a.div(&b),
                Op::Rem => a.remainder(&b),
                Op::Pow => a.pow(&b),
            }
        }
    }
}

fn dims(dim: Option<Ints>) -> Option<Vec<i64>> {
    dim.map(|dim| dim.0)
}

/// A statistic of floats; that of integers is computed in 64 bits, and stays so where it is a
/// single number.
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

fn map<const N: usize>(parts: [(&str, Tensor); N]) -> Map {
    parts
        .into_iter()
        .map(|(name, tensor)| (name.into(), tensor.into_value()))
        .collect()
}

fn pair((values, indices): (Tensor, Tensor)) -> Result<Map> {
    Ok(map([("values", values), ("indices", indices)]))
}

/// Integers with integer bounds stay integers; other bounds make floats of them, as in PyTorch.
fn clamp(x: &Tensor, low: Scalar, high: Scalar) -> Result<Tensor> {
    match (low, high) {
        (Scalar::Int(low), Scalar::Int(high)) if !x.kind().is_floating() => x.clamp(low, high),
        _ if x.kind().is_floating() => x.clamp(low.float(), high.float()),
        _ => x.to_kind(Kind::Float)?.clamp(low.float(), high.float()),
    }
}

fn unique(x: &Tensor) -> Result<Tensor> {
    if !x.kind().is_floating() {
        let mut values = x.to_i64()?;
        values.sort_unstable();
        values.dedup();
        return Tensor::from_i64(&values, &[values.len() as i64])?.to_kind(x.kind());
    }
    let mut values = x.to_f64()?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    Tensor::from_f64(&values, &[values.len() as i64])?.to_kind(x.kind())
}

natives! { each in "tensor" {
    /// Raises e to the power of each number.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0, 1.0]).exp(), [1.0, 2.7182818], 1e-5);
    /// ```
    method "exp"(c, this: Tensor) -> "tensor of the same shape" { this.exp() }

    /// Raises e to the power of each number and takes one off, exactly near 0.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).expm1(), [0.0]);
    /// ```
    method "expm1"(c, this: Tensor) -> "tensor of the same shape" { this.expm1() }

    /// Takes the natural logarithm of each number.
    ///
    /// ```rhai
    /// assert_near(tensor::from([1.0]).log(), [0.0]);
    /// ```
    method "log"(c, this: Tensor) -> "tensor of the same shape" { this.log() }

    /// Takes the logarithm to base 2.
    ///
    /// ```rhai
    /// assert_near(tensor::from([8.0]).log2(), [3.0]);
    /// ```
    method "log2"(c, this: Tensor) -> "tensor of the same shape" { this.log2() }

    /// Takes the logarithm to base 10.
    ///
    /// ```rhai
    /// assert_near(tensor::from([100.0]).log10(), [2.0]);
    /// ```
    method "log10"(c, this: Tensor) -> "tensor of the same shape" { this.log10() }

    /// Takes the natural logarithm of one more than each number, exactly near 0.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).log1p(), [0.0]);
    /// ```
    method "log1p"(c, this: Tensor) -> "tensor of the same shape" { this.log1p() }

    /// Takes the square root of each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([4.0, 9.0]).sqrt(), [2.0, 3.0]);
    /// ```
    method "sqrt"(c, this: Tensor) -> "tensor of the same shape" { this.sqrt() }

    /// Takes one over the square root of each number.
    ///
    /// ```rhai
    /// assert_near(tensor::from([4.0]).rsqrt(), [0.5]);
    /// ```
    method "rsqrt"(c, this: Tensor) -> "tensor of the same shape" { this.rsqrt() }

    /// Drops the sign of each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-2.0, 3.0]).abs(), [2.0, 3.0]);
    /// ```
    method "abs"(c, this: Tensor) -> "tensor of the same shape" { this.abs() }

    /// Changes the sign of each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-2.0]).neg(), [2.0]);
    /// ```
    method "neg"(c, this: Tensor) -> "tensor of the same shape" { this.neg() }

    /// Gives -1, 0 or 1 for each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-2.0, 0.0, 5.0]).sign(), [-1.0, 0.0, 1.0]);
    /// ```
    method "sign"(c, this: Tensor) -> "tensor of the same shape" { this.sign() }

    /// Rounds each number down.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.7, -1.2]).floor(), [1.0, -2.0]);
    /// ```
    method "floor"(c, this: Tensor) -> "tensor of the same shape" { this.floor() }

    /// Rounds each number up.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.2]).ceil(), [2.0]);
    /// ```
    method "ceil"(c, this: Tensor) -> "tensor of the same shape" { this.ceil() }

    /// Rounds each number to the nearest whole one, halves to even.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.5, 2.5]).round(), [2.0, 2.0]);
    /// ```
    method "round"(c, this: Tensor) -> "tensor of the same shape" { this.round() }

    /// Drops the fraction of each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-1.7]).trunc(), [-1.0]);
    /// ```
    method "trunc"(c, this: Tensor) -> "tensor of the same shape" { this.trunc() }

    /// Multiplies each number by itself.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0]).square(), [9.0]);
    /// ```
    method "square"(c, this: Tensor) -> "tensor of the same shape" { this.square() }

    /// Gives one over each number.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([4.0]).reciprocal(), [0.25]);
    /// ```
    method "reciprocal"(c, this: Tensor) -> "tensor of the same shape" { this.reciprocal() }

    /// Takes the sine, radians.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).sin(), [0.0]);
    /// ```
    method "sin"(c, this: Tensor) -> "tensor of the same shape" { this.sin() }

    /// Takes the cosine, radians.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).cos(), [1.0]);
    /// ```
    method "cos"(c, this: Tensor) -> "tensor of the same shape" { this.cos() }

    /// Takes the tangent, radians.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).tan(), [0.0]);
    /// ```
    method "tan"(c, this: Tensor) -> "tensor of the same shape" { this.tan() }

    /// Takes the inverse tangent, radians.
    ///
    /// ```rhai
    /// assert_near(tensor::from([1.0]).atan(), [0.7853982], 1e-5);
    /// ```
    method "atan"(c, this: Tensor) -> "tensor of the same shape" { this.atan() }

    /// Takes the hyperbolic tangent.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).tanh(), [0.0]);
    /// ```
    method "tanh"(c, this: Tensor) -> "tensor of the same shape" { this.tanh() }

    /// Takes the error function.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).erf(), [0.0]);
    /// ```
    method "erf"(c, this: Tensor) -> "tensor of the same shape" { this.erf() }

    /// Takes the logarithm of the gamma function.
    ///
    /// ```rhai
    /// assert_near(tensor::from([3.0]).lgamma(), [0.6931472], 1e-5);
    /// ```
    method "lgamma"(c, this: Tensor) -> "tensor of the same shape" { this.lgamma() }

    /// Applies the logistic function.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([0.0]).sigmoid(), [0.5]);
    /// ```
    method "sigmoid"(c, this: Tensor) -> "tensor of the same shape, from 0 to 1" { this.sigmoid() }

    /// Takes the logarithm of the logistic function, without overflow.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).log_sigmoid(), [-0.6931472], 1e-5);
    /// ```
    method "log_sigmoid"(c, this: Tensor) -> "tensor of the same shape" { this.log_sigmoid() }

    /// Sets negative numbers to 0.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-1.0, 2.0]).relu(), [0.0, 2.0]);
    /// ```
    method "relu"(c, this: Tensor) -> "tensor of the same shape" { this.relu() }

    /// Scales negative numbers by `slope` (0.01 unless given).
    ///
    /// ```rhai
    /// assert_near(tensor::from([-1.0, 2.0]).leaky_relu(0.1), [-0.1, 2.0]);
    /// ```
    method "leaky_relu"(c, this: Tensor, slope: Option<f64>) -> "tensor of the same shape" { this.leaky_relu(slope.unwrap_or(0.01)) }

    /// Gives x where positive, alpha (e^x - 1) where not (alpha 1 unless given).
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0, 2.0]).elu(), [0.0, 2.0]);
    /// ```
    method "elu"(c, this: Tensor, alpha: Option<f64>) -> "tensor of the same shape" { this.elu(alpha.unwrap_or(1.0)) }

    /// Multiplies x by the normal distribution function of x.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).gelu(), [0.0]);
    /// ```
    method "gelu"(c, this: Tensor) -> "tensor of the same shape" { this.gelu() }

    /// Multiplies x by its logistic function.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).silu(), [0.0]);
    /// ```
    method "silu"(c, this: Tensor) -> "tensor of the same shape" { this.silu() }

    /// Gives ln(1 + e^x), without overflow.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0]).softplus(), [0.6931472], 1e-5);
    /// ```
    method "softplus"(c, this: Tensor) -> "tensor of the same shape" { this.softplus() }

    /// Turns numbers into shares along an axis.
    ///
    /// ```rhai
    /// assert_near(tensor::from([[0.0, 0.0]]).softmax(1), [[0.5, 0.5]]);
    /// ```
    method "softmax"(c, this: Tensor, dim: i64) -> "tensor of the same shape, sums of 1 along `dim`" { this.softmax(dim) }

    /// Takes the logarithm of the softmax along an axis.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0, 0.0]).log_softmax(0), [-0.6931472, -0.6931472], 1e-5);
    /// ```
    method "log_softmax"(c, this: Tensor, dim: i64) -> "tensor of the same shape" { this.log_softmax(dim) }

    /// Keeps each number from `low` to `high`.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([-1.0, 5.0]).clamp(0.0, 1.0), [0.0, 1.0]);
    /// assert_eq(tensor::arange(5).clamp(1, 3).kind, "int64");
    /// ```
    method "clamp"(c, this: Tensor, low: Scalar, high: Scalar) -> "tensor of the same shape" { clamp(&this, low, high) }

    /// Tells which numbers are NaN.
    ///
    /// ```rhai
    /// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isnan(), [true, false]);
    /// ```
    method "isnan"(c, this: Tensor) -> "tensor of the same shape, bool" { this.isnan() }

    /// Tells which numbers are finite.
    ///
    /// ```rhai
    /// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isfinite(), [false, false]);
    /// ```
    method "isfinite"(c, this: Tensor) -> "tensor of the same shape, bool" { this.isfinite() }

    /// Tells which numbers are infinite.
    ///
    /// ```rhai
    /// assert_eq((tensor::from([0.0, 1.0]) / 0.0).isinf(), [false, true]);
    /// ```
    method "isinf"(c, this: Tensor) -> "tensor of the same shape, bool" { this.isinf() }

    /// Turns truth values round.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([true, false]).logical_not(), [false, true]);
    /// ```
    method "logical_not"(c, this: Tensor) -> "tensor of the same shape, bool" { this.logical_not() }

    /// Tells where both hold.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([true, false]).logical_and(tensor::from([true, true])), [true, false]);
    /// ```
    method "logical_and"(c, this: Tensor, other: Tensor) -> "tensor of the broadcast shape, bool" { this.to_kind(Kind::Bool)?.mul(&other.to_kind(Kind::Bool)?) }

    /// Tells where either holds.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([true, false]).logical_or(tensor::from([false, false])), [true, false]);
    /// ```
    method "logical_or"(c, this: Tensor, other: Tensor) -> "tensor of the broadcast shape, bool" { this.to_kind(Kind::Bool)?.maximum(&other.to_kind(Kind::Bool)?) }
} }

natives! { two in "tensor" {
    /// Adds, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]) + 1, [2.0, 2.0]);
    /// ```
    operator "+"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Add, &a, &b) }

    /// Subtracts, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(3 - tensor::ones([2]), [2.0, 2.0]);
    /// ```
    operator "-"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Sub, &a, &b) }

    /// Turns the sign of every number.
    ///
    /// ```rhai
    /// assert_eq(-tensor::ones([2]).square(), [-1.0, -1.0]);
    /// ```
    operator "-"(c, x: Tensor) -> "tensor of the same shape" { x.neg() }

    /// Multiplies number by number, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]) * 2.5, [2.5, 2.5]);
    /// ```
    operator "*"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Mul, &a, &b) }

    /// Divides, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(1 / tensor::full([2], 4), [0.25, 0.25]);
    /// ```
    operator "/"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Div, &a, &b) }

    /// Gives the remainder, with the sign of the divisor.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([5, 7]) % 3, [2, 1]);
    /// ```
    operator "%"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Rem, &a, &b) }

    /// Raises to a power.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0]) ** 2, [9.0]);
    /// ```
    operator "**"(c, a: Operand, b: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Pow, &a, &b) }

    /// Multiplies matrices: `[…, n, k] @ [k, m]`.
    ///
    /// ```rhai
    /// assert_eq((tensor::ones([2, 3]) @ tensor::ones([3, 4])).shape, [2, 4]);
    /// ```
    operator "@"(c, a: Tensor, b: Tensor) -> "tensor [… , n, m]" { a.matmul(&b) }

    /// Adds, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).add(1), [2.0, 2.0]);
    /// ```
    method "add"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Add, &Operand::Tensor(this), &other) }

    /// Subtracts, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).sub(1), [0.0, 0.0]);
    /// ```
    method "sub"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Sub, &Operand::Tensor(this), &other) }

    /// Turns the sign of every number.
    ///
    /// ```rhai
    /// assert_eq(-tensor::ones([2]).square(), [-1.0, -1.0]);
    /// ```
    operator "-"(c, x: Tensor) -> "tensor of the same shape" { x.neg() }

    /// Multiplies number by number, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).mul(3), [3.0, 3.0]);
    /// ```
    method "mul"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Mul, &Operand::Tensor(this), &other) }

    /// Divides, broadcasting.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).div(2), [0.5, 0.5]);
    /// ```
    method "div"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Div, &Operand::Tensor(this), &other) }

    /// Raises to a power.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([2.0]).pow(3), [8.0]);
    /// ```
    method "pow"(c, this: Tensor, exponent: Operand) -> "tensor of the broadcast shape" { arith(c, Op::Pow, &Operand::Tensor(this), &exponent) }

    /// Tells where numbers are equal.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2]).eq(2), [false, true]);
    /// ```
    method "eq"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.eq(&other.compared(&this)?) }

    /// Tells where numbers differ.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1, 2]).ne(2), [true, false]);
    /// ```
    method "ne"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.ne(&other.compared(&this)?) }

    /// Tells where numbers are greater.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0]).gt(1.5), [false, true]);
    /// ```
    method "gt"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.gt(&other.compared(&this)?) }

    /// Tells where numbers are greater or equal.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0]).ge(2), [false, true]);
    /// ```
    method "ge"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.ge(&other.compared(&this)?) }

    /// Tells where numbers are less.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0]).lt(1.5), [true, false]);
    /// ```
    method "lt"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.lt(&other.compared(&this)?) }

    /// Tells where numbers are less or equal.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0]).le(1), [true, false]);
    /// ```
    method "le"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape, bool" { this.le(&other.compared(&this)?) }

    /// Keeps the larger of each pair.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 5.0]).maximum(3.0), [3.0, 5.0]);
    /// ```
    method "maximum"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { this.maximum(&other.beside(&this)?) }

    /// Keeps the smaller of each pair.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 5.0]).minimum(3.0), [1.0, 3.0]);
    /// ```
    method "minimum"(c, this: Tensor, other: Operand) -> "tensor of the broadcast shape" { this.minimum(&other.beside(&this)?) }

    /// Multiplies matrices, as `@` does.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2, 3]).matmul(tensor::ones([3, 4])).shape, [2, 4]);
    /// ```
    method "matmul"(c, this: Tensor, other: Tensor) -> "tensor [… , n, m]" { this.matmul(&other) }

    /// Multiplies the matrices of two batches.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([5, 2, 3]).bmm(tensor::ones([5, 3, 4])).shape, [5, 2, 4]);
    /// ```
    method "bmm"(c, this: Tensor, other: Tensor) -> "tensor [batch, n, m]" { this.bmm(&other) }

    /// Sums products in Einstein's notation.
    ///
    /// ```rhai
    /// let x = tensor::ones([2, 3]);
    /// assert_eq(tensor::einsum("ij,kj->ik", [x, x]), [[3.0, 3.0], [3.0, 3.0]]);
    /// ```
    function "einsum"(c, equation: String, parts: Array) -> "tensor as the equation says" { Tensor::einsum(&equation, &tensors("parts", &parts)?) }
} }

natives! { reduced in "tensor" {
    /// Adds up all numbers, or those along axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2, 3]).sum(1), [3.0, 3.0]);
    /// assert_eq(tensor::ones([2, 3]).sum().item(), 6.0);
    /// ```
    method "sum"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.sum(&dims(dim), keepdim.unwrap_or(false)) }

    /// Takes the mean of all numbers, or along axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1.0, 3.0]]).mean(1, true), [[2.0]]);
    /// ```
    method "mean"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" {
        let dims = dims(dim);
        of_floats(&this, |x| x.mean(&dims, keepdim.unwrap_or(false)))
    }

    /// Takes the sample standard deviation (n - 1).
    ///
    /// ```rhai
    /// assert_near(tensor::from([1.0, 3.0]).std().item(), 1.4142136, 1e-5);
    /// ```
    method "std"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" {
        let dims = dims(dim);
        of_floats(&this, |x| x.std(&dims, keepdim.unwrap_or(false)))
    }

    /// Takes the sample variance (n - 1).
    ///
    /// ```rhai
    /// assert_near(tensor::from([1.0, 3.0]).variance().item(), 2.0, 1e-5);
    /// ```
    method "variance"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" {
        let dims = dims(dim);
        of_floats(&this, |x| x.var(&dims, keepdim.unwrap_or(false)))
    }

    /// Finds the largest of all numbers, or along axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1.0, 5.0], [2.0, 3.0]]).max(1), [5.0, 3.0]);
    /// ```
    method "max"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.amax(&dims(dim), keepdim.unwrap_or(false)) }

    /// Finds the smallest of all numbers, or along axes.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1.0, 5.0], [2.0, 3.0]]).min(0), [1.0, 3.0]);
    /// ```
    method "min"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.amin(&dims(dim), keepdim.unwrap_or(false)) }

    /// Tells whether all hold.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[true, false], [true, true]]).all(1), [false, true]);
    /// ```
    method "all"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`), bool" { this.all(&dims(dim), keepdim.unwrap_or(false)) }

    /// Tells whether any holds.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[true, false], [false, false]]).any(1), [true, false]);
    /// ```
    method "any"(c, this: Tensor, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`), bool" { this.any(&dims(dim), keepdim.unwrap_or(false)) }

    /// Takes the logarithm of the sum of exponentials, without overflow.
    ///
    /// ```rhai
    /// assert_near(tensor::zeros([2]).logsumexp(0).item(), 0.6931472, 1e-5);
    /// ```
    method "logsumexp"(c, this: Tensor, dim: Ints, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.logsumexp(&dims(Some(dim)), keepdim.unwrap_or(false)) }

    /// Multiplies all numbers, or those along an axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([2.0, 3.0]).prod().item(), 6.0);
    /// ```
    method "prod"(c, this: Tensor, dim: Option<i64>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.prod(dim, keepdim.unwrap_or(false)) }

    /// Finds the middle number, the lower of two.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0, 1.0, 2.0]).median().item(), 2.0);
    /// ```
    method "median"(c, this: Tensor, dim: Option<i64>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.median(dim, keepdim.unwrap_or(false)) }

    /// Finds a quantile, linear between neighbours; `q` from 0 to 1.
    ///
    /// ```rhai
    /// assert_near(tensor::from([0.0, 1.0]).quantile(0.25).item(), 0.25);
    /// ```
    method "quantile"(c, this: Tensor, q: f64, dim: Option<i64>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.quantile(q, dim, keepdim.unwrap_or(false)) }

    /// Takes the p-norm (2 unless given).
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0, 4.0]).norm().item(), 5.0);
    /// ```
    method "norm"(c, this: Tensor, p: Option<f64>, dim: Option<Ints>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`)" { this.norm(p.unwrap_or(2.0), &dims(dim), keepdim.unwrap_or(false)) }

    /// Finds where the largest number is; without `dim` in row-major order.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1.0, 5.0], [9.0, 3.0]]).argmax(1), [1, 0]);
    /// ```
    method "argmax"(c, this: Tensor, dim: Option<i64>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`), int64" { this.argmax(dim, keepdim.unwrap_or(false)) }

    /// Finds where the smallest number is; without `dim` in row-major order.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([[1.0, 5.0], [9.0, 3.0]]).argmin(0), [0, 1]);
    /// ```
    method "argmin"(c, this: Tensor, dim: Option<i64>, keepdim: Option<bool>) -> "tensor without the axes in `dim` (of size 1 with `keepdim`), int64" { this.argmin(dim, keepdim.unwrap_or(false)) }

    /// Adds up along an axis, step by step.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0, 3.0]).cumsum(0), [1.0, 3.0, 6.0]);
    /// ```
    method "cumsum"(c, this: Tensor, dim: i64) -> "tensor of the same shape" { this.cumsum(dim) }

    /// Multiplies along an axis, step by step.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([1.0, 2.0, 3.0]).cumprod(0), [1.0, 2.0, 6.0]);
    /// ```
    method "cumprod"(c, this: Tensor, dim: i64) -> "tensor of the same shape" { this.cumprod(dim) }

    /// Sorts along an axis (the last unless given).
    ///
    /// ```rhai
    /// let s = tensor::from([3.0, 1.0, 2.0]).sort();
    /// assert_eq(s.values, [1.0, 2.0, 3.0]);
    /// assert_eq(s.indices, [1, 2, 0]);
    /// ```
    method "sort"(c, this: Tensor, dim: Option<i64>, descending: Option<bool>) -> "map of values and indices, the same shape" { pair(this.sort(dim.unwrap_or(-1), descending.unwrap_or(false))?) }

    /// Tells where each number would come from if the axis were sorted.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0, 1.0, 2.0]).argsort(), [1, 2, 0]);
    /// ```
    method "argsort"(c, this: Tensor, dim: Option<i64>, descending: Option<bool>) -> "tensor of the same shape, int64" { this.argsort(dim.unwrap_or(-1), descending.unwrap_or(false)) }

    /// Finds the `k` largest (or smallest) numbers along an axis.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([3.0, 1.0, 2.0]).topk(2).values, [3.0, 2.0]);
    /// ```
    method "topk"(c, this: Tensor, k: i64, dim: Option<i64>, largest: Option<bool>) -> "map of values and indices, `k` along the axis" { pair(this.topk(k, dim.unwrap_or(-1), largest.unwrap_or(true))?) }

    /// Keeps each number once.
    ///
    /// ```rhai
    /// assert_eq(tensor::from([2, 1, 2]).unique(), [1, 2]);
    /// ```
    method "unique"(c, this: Tensor) -> "tensor [n], sorted" { unique(&this) }

    /// Decomposes a matrix into singular values: `u @ s.diag() @ vt`.
    ///
    /// ```rhai
    /// let d = tensor::from([[3.0, 0.0], [0.0, 2.0]]).svd();
    /// assert_near(d.s, [3.0, 2.0], 1e-5);
    /// ```
    method "svd"(c, this: Tensor) -> "map of u [n, k], s [k] and vt [k, m]" { let (u, s, vt) = this.svd()?; Ok(map([("u", u), ("s", s), ("vt", vt)])) }

    /// Finds eigenvalues, ascending, and eigenvectors (columns) of a symmetric matrix.
    ///
    /// ```rhai
    /// assert_near(tensor::from([[2.0, 0.0], [0.0, 1.0]]).eigh().values, [1.0, 2.0], 1e-5);
    /// ```
    method "eigh"(c, this: Tensor) -> "map of values [n] and vectors [n, n]" { let (values, vectors) = this.eigh()?; Ok(map([("values", values), ("vectors", vectors)])) }

    /// Inverts a square matrix.
    ///
    /// ```rhai
    /// assert_near(tensor::from([[2.0, 0.0], [0.0, 4.0]]).inv(), [[0.5, 0.0], [0.0, 0.25]]);
    /// ```
    method "inv"(c, this: Tensor) -> "tensor of the same shape" { this.inv() }

    /// Takes the determinant of a square matrix.
    ///
    /// ```rhai
    /// assert_near(tensor::from([[2.0, 0.0], [0.0, 4.0]]).det().item(), 8.0, 1e-5);
    /// ```
    method "det"(c, this: Tensor) -> "tensor without the last two axes" { this.det() }

    /// Solves `this @ x = b`.
    ///
    /// ```rhai
    /// assert_near(tensor::from([[2.0, 0.0], [0.0, 4.0]]).solve(tensor::from([[2.0], [2.0]])), [[1.0], [0.5]]);
    /// ```
    method "solve"(c, this: Tensor, b: Tensor) -> "tensor of the shape of `b`" { this.solve(&b) }

    /// Makes a diagonal matrix, or takes the diagonal of one.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2]).diag(), tensor::eye(2));
    /// ```
    method "diag"(c, this: Tensor) -> "tensor [n, n] of [n], or [n] of [n, n]" { this.diag() }

    /// Keeps what lies on and above a diagonal.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2, 2]).triu(), [[1.0, 1.0], [0.0, 1.0]]);
    /// ```
    method "triu"(c, this: Tensor, k: Option<i64>) -> "tensor of the same shape" { this.triu(k.unwrap_or(0)) }

    /// Keeps what lies on and below a diagonal.
    ///
    /// ```rhai
    /// assert_eq(tensor::ones([2, 2]).tril(), [[1.0, 0.0], [1.0, 1.0]]);
    /// ```
    method "tril"(c, this: Tensor, k: Option<i64>) -> "tensor of the same shape" { this.tril(k.unwrap_or(0)) }
} }

natives! { in_place in "tensor" {
    /// Adds in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.add_(2);
    /// assert_eq(t, [3.0, 3.0]);
    /// ```
    method "add_"(c, this: Tensor, other: Operand) -> "the tensor itself" { this.add_(&other.into_place(&this)?)?; Ok(this) }

    /// Subtracts in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.sub_(1);
    /// assert_eq(t, [0.0, 0.0]);
    /// ```
    method "sub_"(c, this: Tensor, other: Operand) -> "the tensor itself" { this.sub_(&other.into_place(&this)?)?; Ok(this) }

    /// Multiplies in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.mul_(4);
    /// assert_eq(t, [4.0, 4.0]);
    /// ```
    method "mul_"(c, this: Tensor, other: Operand) -> "the tensor itself" { this.mul_(&other.into_place(&this)?)?; Ok(this) }

    /// Divides in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.div_(2);
    /// assert_eq(t, [0.5, 0.5]);
    /// ```
    method "div_"(c, this: Tensor, other: Operand) -> "the tensor itself" { this.div_(&other.into_place(&this)?)?; Ok(this) }

    /// Sets all numbers to 0 in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.zero_();
    /// assert_eq(t, [0.0, 0.0]);
    /// ```
    method "zero_"(c, this: Tensor) -> "the tensor itself" { this.zero_()?; Ok(this) }

    /// Sets all numbers to one value in place.
    ///
    /// ```rhai
    /// let t = tensor::ones([2]);
    /// t.fill_(5);
    /// assert_eq(t, [5.0, 5.0]);
    /// ```
    method "fill_"(c, this: Tensor, value: f64) -> "the tensor itself" { this.fill_(value)?; Ok(this) }

    /// Keeps numbers within bounds in place.
    ///
    /// ```rhai
    /// let t = tensor::from([-1.0, 3.0]);
    /// t.clamp_(0, 1);
    /// assert_eq(t, [0.0, 1.0]);
    /// ```
    method "clamp_"(c, this: Tensor, low: f64, high: f64) -> "the tensor itself" { this.clamp_(low, high)?; Ok(this) }

    /// Sets negative numbers to 0 in place.
    ///
    /// ```rhai
    /// let t = tensor::from([-1.0, 3.0]);
    /// t.relu_();
    /// assert_eq(t, [0.0, 3.0]);
    /// ```
    method "relu_"(c, this: Tensor) -> "the tensor itself" { this.relu_()?; Ok(this) }

    /// Takes square roots in place.
    ///
    /// ```rhai
    /// let t = tensor::from([4.0]);
    /// t.sqrt_();
    /// assert_eq(t, [2.0]);
    /// ```
    method "sqrt_"(c, this: Tensor) -> "the tensor itself" { this.sqrt_()?; Ok(this) }

    /// Raises e to each number in place.
    ///
    /// ```rhai
    /// let t = tensor::zeros([1]);
    /// t.exp_();
    /// assert_eq(t, [1.0]);
    /// ```
    method "exp_"(c, this: Tensor) -> "the tensor itself" { this.exp_()?; Ok(this) }

    /// Takes another tensor's numbers, broadcasting, in place.
    ///
    /// ```rhai
    /// let t = tensor::zeros([2]);
    /// t.copy_(tensor::ones([2]));
    /// assert_eq(t, [1.0, 1.0]);
    /// ```
    method "copy_"(c, this: Tensor, other: Tensor) -> "the tensor itself" { this.copy_(&other)?; Ok(this) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [each(), two(), reduced(), in_place()]
        .into_iter()
        .flatten()
        .collect()
}
