//! Assertions.

use crate::base::{Fault, Result};
use crate::bind::args::tensor::tensor_of;
use crate::lang::{IntoValue, Native, native, natives_of, session, show};
use crate::torch::{Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// The numbers of a numeric value, for comparisons; none where it is not numeric.
fn numbers(value: &Dynamic) -> Option<Vec<f64>> {
    if let Some(x) = crate::lang::value::number(value) {
        return Some(vec![x]);
    }
    tensor_of(value).ok()?.to_f64().ok()
}

/// The integers of a value that holds only integers: large ones are not distinct as floats.
fn integers(value: &Dynamic) -> Option<Vec<i64>> {
    if let Ok(n) = value.as_int() {
        return Some(vec![n]);
    }
    let tensor = tensor_of(value)
        .ok()
        .filter(|tensor| tensor.kind() == Kind::Int64)?;
    tensor.to_i64().ok()
}

fn shape_of(value: &Dynamic) -> Vec<i64> {
    tensor_of(value).map(|t| t.shape()).unwrap_or_default()
}

/// An array as a tensor of the kind of the tensor that it is compared with, so that `0.1` equals
/// its 32 bits.
fn of_kind(value: &Dynamic, other: &Dynamic) -> Dynamic {
    let kind = other
        .read_lock::<Tensor>()
        .map(|tensor| tensor.kind())
        .filter(|kind| kind.is_floating() && *kind != Kind::Double);
    let converted = kind
        .filter(|_| value.is_array())
        .and_then(|kind| tensor_of(value).ok()?.to_kind(kind).ok());
    converted.map_or_else(|| value.clone(), IntoValue::into_value)
}

fn equal(a: &Dynamic, b: &Dynamic) -> bool {
    let tensors = a.is::<Tensor>() || b.is::<Tensor>();
    let (a, b) = (&of_kind(a, b), &of_kind(b, a));
    if let (Some(x), Some(y)) = (integers(a), integers(b)) {
        return x == y && (a.is_array() == b.is_array() || tensors) && shape_of(a) == shape_of(b);
    }
    match (numbers(a), numbers(b)) {
        (Some(x), Some(y)) if tensors => x == y && shape_of(a) == shape_of(b),
        (Some(x), Some(y)) if a.is_array() == b.is_array() => x == y && shape_of(a) == shape_of(b),
        _ => alike(a, b),
    }
}

/// The fault of values that are not equal; numbers that differ in digits that are not printed are
/// stated in full.
fn unequal(a: &Dynamic, b: &Dynamic) -> Fault {
    let fault = fault!(
        "assertion",
        "assertion failed: {} is not {}",
        show::quoted(a),
        show::quoted(b)
    );
    let (Some(x), Some(y)) = (numbers(a), numbers(b)) else {
        return fault;
    };
    match x.iter().zip(&y).enumerate().find(|(_, (x, y))| x != y) {
        Some((i, (p, q))) if x.len() == y.len() && (p - q).abs() < 1e-3 * p.abs().max(q.abs()) => {
            let prefix = if x.len() > 1 {
                format!("value {i}: ")
            } else {
                String::new()
            };
            fault.hint(format!(
                "{prefix}{p:?} is not {q:?}; `assert_near` allows a difference"
            ))
        }
        _ => fault,
    }
}

/// Whether values that are not numbers are equal: maps and arrays item by item, others by type and
/// printed form.
fn alike(a: &Dynamic, b: &Dynamic) -> bool {
    let nan = |value: &Dynamic| value.as_float().is_ok_and(f64::is_nan);
    let equal = |a: &Dynamic, b: &Dynamic| equal(a, b) || (nan(a) && nan(b));
    if let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) {
        return a.len() == b.len()
            && a.iter()
                .all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)));
    }
    if let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) {
        return a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b));
    }
    show::quoted(a) == show::quoted(b) && a.type_id() == b.type_id()
}

/// Fails unless a condition holds.
///
/// ```rhai
/// assert(1 < 2, "numbers are in order");
/// ```
/// ```rhai,fails
/// assert(2 < 1, "numbers are in order");
/// //~ assertion failed: numbers are in order
/// ```
#[native(namespace = "")]
pub fn assert(
    /// Condition that must be true.
    condition: bool,
    /// Text that is added to the error message.
    text: Option<String>,
) -> Result<()> {
    if !condition {
        let reason = text.map_or(String::new(), |text| format!(": {text}"));
        bail!("assertion", "assertion failed{reason}");
    }
    Ok(())
}

/// Fails unless two values are equal; tensors are compared by shape and numbers.
///
/// ```rhai
/// assert_eq(tensor::zeros([2]), tensor::from([0.0, 0.0]));
/// ```
/// ```rhai,fails
/// assert_eq(1 + 1, 3);
/// //~ assertion failed: 2 is not 3
/// ```
#[native(namespace = "")]
pub fn assert_eq(
    /// First value.
    a: Dynamic,
    /// Second value.
    b: Dynamic,
) -> Result<()> {
    if equal(&a, &b) {
        Ok(())
    } else {
        Err(unequal(&a, &b))
    }
}

/// Fails unless two numbers, arrays or tensors agree within a tolerance.
///
/// ```rhai
/// assert_near(0.1 + 0.2, 0.3);
/// assert_near(tensor::ones([2]), [1.0, 1.01], 0.1);
/// ```
/// ```rhai,fails
/// assert_near(1.0, 1.1, 0.01);
/// //~ assertion failed: 1.0 is not within 0.01 of 1.1
/// ```
#[native(namespace = "")]
pub fn assert_near(
    /// Number, array or tensor.
    a: Dynamic,
    /// Number, array or tensor with as many numbers.
    b: Dynamic,
    /// Largest absolute difference of two numbers; NaN agrees with NaN.
    #[default(1e-6)]
    tolerance: f64,
) -> Result<()> {
    let (Some(x), Some(y)) = (numbers(&a), numbers(&b)) else {
        bail!(
            "type",
            "assert_near compares numbers, got {} and {}",
            session::describe(&a),
            session::describe(&b)
        )
    };
    let is_near = |(p, q): (&f64, &f64)| (p - q).abs() <= tolerance || (p.is_nan() && q.is_nan());
    if x.len() != y.len() || !x.iter().zip(&y).all(is_near) {
        bail!(
            "assertion",
            "assertion failed: {} is not within {} of {}",
            show::quoted(&a),
            show::number(tolerance),
            show::quoted(&b)
        );
    }
    Ok(())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![assert, assert_eq, assert_near,]
}
