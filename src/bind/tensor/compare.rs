//! Comparison operators of tensors: equality of whole tensors, order of single numbers.

use crate::base::{Fault, Result, shape};
use crate::bind::args::operand::Compared;
use crate::bind::args::tensor::tensor_of;
use crate::fault;
use crate::lang::{Native, compare, native, natives_of, session};
use crate::torch::{Kind, Tensor};
use rhai::Dynamic;

/// The number of a tensor of one element, or another value unchanged; none for larger tensors.
fn single(value: &Dynamic) -> Result<Option<Dynamic>> {
    let Some(tensor) = value.read_lock::<Tensor>() else {
        return Ok(Some(value.clone()));
    };
    if tensor.numel() != 1 {
        return Ok(None);
    }
    Ok(Some(match tensor.kind() {
        Kind::Bool => (tensor.item()? != 0.0).into(),
        kind if kind.is_floating() => tensor.item()?.into(),
        _ => tensor.to_i64()?[0].into(),
    }))
}

/// The fault of comparing tensors of several elements by an operator.
fn several(symbol: &str, a: &Dynamic, b: &Dynamic) -> Fault {
    let names = [
        ("<", "lt"),
        ("<=", "le"),
        (">", "gt"),
        (">=", "ge"),
        ("==", "eq"),
        ("!=", "ne"),
    ];
    let method = names
        .iter()
        .find(|(known, _)| *known == symbol)
        .map_or("lt", |(_, method)| method);
    let text = |value: &Dynamic| match value.read_lock::<Tensor>() {
        Some(tensor) => format!("a tensor of shape {}", shape::text(&tensor.shape())),
        None => session::describe(value),
    };
    fault!("type", "`{symbol}` compares single numbers, got {} and {}", text(a), text(b);
        hint: "`a.{method}(b)` compares number by number (then `.all().item()` or \
            `.any().item()`); \
               `.item()` takes a single number out")
}

/// Whether an order holds; only single numbers have one.
fn ordered(symbol: &str, a: &Compared, b: &Compared) -> Result<bool> {
    let (Some(x), Some(y)) = (single(&a.0)?, single(&b.0)?) else {
        return Err(several(symbol, &a.0, &b.0));
    };
    let order = compare::order(&x, &y).ok_or_else(|| compare::incomparable(symbol, &x, &y))?;
    Ok(compare::holds(symbol, order))
}

/// Whether shapes and all elements are equal; `()` and values of other types never equal a tensor.
fn equal(symbol: &str, a: &Compared, b: &Compared) -> Result<bool> {
    let (a, b) = (&a.0, &b.0);
    let is_number = |value: &Dynamic| value.is_int() || value.is_float() || value.is_bool();
    if is_number(a) || is_number(b) {
        let (Some(x), Some(y)) = (single(a)?, single(b)?) else {
            return Err(several(symbol, a, b));
        };
        let order = compare::order(&x, &y).ok_or_else(|| compare::incomparable(symbol, &x, &y))?;
        return Ok(compare::holds("==", order));
    }
    let is_numeric = |value: &Dynamic| value.is_array() || value.is::<Tensor>();
    if !is_numeric(a) || !is_numeric(b) {
        return Ok(false);
    }
    let (a, b) = (tensor_of(a)?, tensor_of(b)?);
    Ok(a.shape() == b.shape() && a.eq(&b)?.all(&None, false)?.item()? != 0.0)
}

/// Returns whether shapes and all elements are equal.
///
/// A tensor of one element also equals the number that it contains. `()` never equals a tensor.
/// `.eq()` compares element by element.
///
/// ```rhai
/// assert(tensor::zeros([2]) == tensor::zeros([2]));
/// assert(tensor::ones([3]).sum() == 3);
/// ```
#[native(namespace = "tensor", name = "==", form = operator)]
pub fn equals(a: &Compared, b: &Compared) -> Result<bool> {
    equal("==", a, b)
}

/// Returns whether shapes or any elements differ.
///
/// ```rhai
/// assert(tensor::zeros([2]) != tensor::ones([2]));
/// let w = tensor::ones([2]).requires_grad();
/// assert(!(w.grad != ()));
/// ```
#[native(namespace = "tensor", name = "!=", form = operator)]
pub fn differs(a: &Compared, b: &Compared) -> Result<bool> {
    Ok(!equal("!=", a, b)?)
}

/// Returns whether a tensor of one element is less than a number.
///
/// A tensor of one element, of any rank, compares as the number that `.item()` returns. Comparing
/// larger tensors is an error: `.lt()` compares element by element.
///
/// ```rhai
/// assert(tensor::from([0.5]).sum() < 1);
/// ```
/// ```rhai,fails
/// tensor::zeros([2]) < 1;
/// //~ `<` compares single numbers, got a tensor of shape [2] and integer 1
/// ```
#[native(namespace = "tensor", name = "<", form = operator)]
pub fn is_less(a: &Compared, b: &Compared) -> Result<bool> {
    ordered("<", a, b)
}

/// Returns whether a tensor of one element is at most a number; as `<`.
///
/// ```rhai
/// assert(tensor::ones([]) <= 1.0);
/// ```
#[native(namespace = "tensor", name = "<=", form = operator)]
pub fn is_at_most(a: &Compared, b: &Compared) -> Result<bool> {
    ordered("<=", a, b)
}

/// Returns whether a tensor of one element is greater than a number; as `<`.
///
/// ```rhai
/// assert(tensor::from([2.0]) > 1);
/// ```
#[native(namespace = "tensor", name = ">", form = operator)]
pub fn is_greater(a: &Compared, b: &Compared) -> Result<bool> {
    ordered(">", a, b)
}

/// Returns whether a tensor of one element is at least a number; as `<`.
///
/// ```rhai
/// assert(2 >= tensor::from([2.0]));
/// ```
#[native(namespace = "tensor", name = ">=", form = operator)]
pub fn is_at_least(a: &Compared, b: &Compared) -> Result<bool> {
    ordered(">=", a, b)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        equals,
        differs,
        is_less,
        is_at_most,
        is_greater,
        is_at_least,
    ]
}
