//! Methods of arrays of any values.

use crate::base::Result;
use crate::bind::args::numbers::Number;
use crate::lang::{Callback, Native, native, natives_of, session, show};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::cmp::Ordering;
use std::collections::HashSet;

/// A string that is the same for equal values only.
fn key(value: &Dynamic) -> Result<String> {
    let value = value.flatten_clone();
    if let Ok(n) = value.as_int() {
        return Ok(format!("i{n}"));
    }
    if let Ok(x) = value.as_float() {
        let is_whole = x == x.trunc() && x.abs() < 9e15;
        return Ok(if is_whole {
            format!("i{}", x as i64)
        } else if x.is_nan() {
            "nan".into()
        } else {
            format!("f{x:e}")
        });
    }
    if let Ok(b) = value.as_bool() {
        return Ok(format!("b{b}"));
    }
    if value.is_string() || value.is_char() {
        return Ok(format!("s{:?}", value.to_string()));
    }
    if value.is_unit() {
        return Ok("u".into());
    }
    if let Some(items) = value.read_lock::<Array>() {
        let keys: Result<Vec<String>> = items.iter().map(key).collect();
        return Ok(format!("[{}]", keys?.join(",")));
    }
    if let Some(items) = value.read_lock::<Map>() {
        let keys: Result<Vec<String>> = items
            .iter()
            .map(|(name, item)| Ok(format!("{name:?}:{}", key(item)?)))
            .collect();
        return Ok(format!("{{{}}}", keys?.join(",")));
    }
    bail!(
        "type",
        "`unique` compares numbers, texts, arrays and maps, got {}",
        session::describe(&value)
    )
}

/// Appends the items of an array and of the arrays in it.
fn append_flat(array: Array, out: &mut Array) {
    for item in array {
        let item = item.flatten();
        match item.is_array() {
            true => append_flat(item.into_array().unwrap_or_default(), out),
            false => out.push(item),
        }
    }
}

fn is_true(f: &Callback, item: &Dynamic) -> Result<bool> {
    f.is_true_for(item.clone(), "condition")
}

/// The order of two keys, of numbers (NaN after all others) or of strings; none where they are not
/// comparable.
fn order_of(a: &Dynamic, b: &Dynamic) -> Option<Ordering> {
    let number = |value: &Dynamic| {
        value
            .as_int()
            .ok()
            .map(Number::Int)
            .or_else(|| value.as_float().ok().map(Number::Float))
    };
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return Some(a.is_nan().cmp(&b.is_nan()).then_with(|| a.order(b)));
    }
    (a.is_string() && b.is_string()).then(|| a.to_string().cmp(&b.to_string()))
}

/// Sorts by keys, stably; NaN comes last.
fn sorted(array: Array, f: &Callback) -> Result<Array> {
    let keys = array
        .iter()
        .map(|item| f.call(vec![item.clone()]))
        .collect::<Result<Vec<_>>>()?;
    let mut order: Vec<usize> = (0..array.len()).collect();
    let mut incomparable = None;
    order.sort_by(|a, b| {
        order_of(&keys[*a], &keys[*b]).unwrap_or_else(|| {
            incomparable.get_or_insert((*a, *b));
            Ordering::Equal
        })
    });
    if let Some((a, b)) = incomparable {
        bail!("type", "the keys {} and {} do not compare", session::describe(&keys[a]),
            session::describe(&keys[b]);
            hint: "keys are all numbers or all strings");
    }
    Ok(order.into_iter().map(|at| array[at].clone()).collect())
}

/// Whether an item is true, or meets a condition.
fn truth(item: &Dynamic, condition: Option<&Callback>, function: &str) -> Result<bool> {
    match condition {
        Some(f) => is_true(f, item),
        None => item.as_bool().map_err(|_| {
            fault!(
                "type",
                "`{function}` needs a boolean, got {}",
                session::describe(item)
            )
        }),
    }
}

/// Pairs the values of two arrays of the same length.
///
/// ```rhai
/// assert_eq(["A", "C"].zip([1, 2]), [["A", 1], ["C", 2]]);
/// for [base, n] in ["A", "C"].zip([1, 2]) { print(`${base} ${n}`); }
/// ```
/// ```rhai,fails
/// [1, 2, 3].zip([1]);
/// //~ 3 values cannot be paired with 1
/// ```
#[native(namespace = "array", form = method, returns = "array of pairs")]
pub fn zip(
    this: Array,
    /// Array of the same length.
    other: Array,
) -> Result<Array> {
    if this.len() != other.len() {
        bail!("value", "{} values cannot be paired with {}", this.len(), other.len();
            hint: "`a.extract(0..n)` returns the first n");
    }
    let pairs = this.into_iter().zip(other);
    Ok(pairs.map(|(a, b)| Dynamic::from(vec![a, b])).collect())
}

/// Joins the values of an array, as they are printed, to one string.
///
/// ```rhai
/// assert_eq(["A", "C"].join("-"), "A-C");
/// assert_eq([1, 2].join(", "), "1, 2");
/// ```
#[native(namespace = "array", form = method)]
pub fn join(
    this: &Array,
    /// String between two values; empty unless given.
    between: Option<String>,
) -> String {
    let lines: Vec<String> = this.iter().map(show::line).collect();
    lines.join(&between.unwrap_or_default())
}

/// Returns each value once, in the order of first occurrence.
///
/// 1 and 1.0 are equal, and so are all NaN.
///
/// ```rhai
/// assert_eq(["b", "a", "b"].unique(), ["b", "a"]);
/// ```
#[native(namespace = "array", form = method)]
pub fn unique(this: Array) -> Result<Array> {
    let mut seen = HashSet::new();
    let mut values = Array::new();
    for item in this {
        if seen.insert(key(&item)?) {
            values.push(item);
        }
    }
    Ok(values)
}

/// Flattens nested arrays of any depth to one array.
///
/// ```rhai
/// assert_eq([[1, 2], [3, [4]]].flatten(), [1, 2, 3, 4]);
/// ```
#[native(namespace = "array", form = method)]
pub fn flatten(this: Array) -> Array {
    let mut items = Array::new();
    append_flat(this, &mut items);
    items
}

/// Whether any value is true or meets a condition; false for an empty array.
///
/// ```rhai
/// assert([1, 5].any(|x| x > 3) && ![false, false].any());
/// ```
#[native(namespace = "array", form = method)]
pub fn any(
    this: &Array,
    /// Function |value| that returns a boolean; the values are booleans unless it is given.
    condition: Option<Callback>,
) -> Result<bool> {
    for item in this {
        if truth(item, condition.as_ref(), "any")? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether all values are true or meet a condition; true for an empty array.
///
/// ```rhai
/// assert([4, 5].all(|x| x > 3) && [true, true].all());
/// ```
#[native(namespace = "array", form = method)]
pub fn all(
    this: &Array,
    /// Function |value| that returns a boolean; the values are booleans unless it is given.
    condition: Option<Callback>,
) -> Result<bool> {
    for item in this {
        if !truth(item, condition.as_ref(), "all")? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns a copy sorted by the keys that a function returns.
///
/// The sort is stable; NaN comes last.
///
/// ```rhai
/// assert_eq([3, -1, 2].sorted_by(|x| -x), [3, 2, -1]);
/// assert_eq(["CTCF", "AR"].sorted_by(|name| name.len()), ["AR", "CTCF"]);
/// ```
#[native(namespace = "array", form = method)]
pub fn sorted_by(
    this: Array,
    /// Function |value| that returns a number, or a string for all values.
    key: Callback,
) -> Result<Array> {
    sorted(this, &key)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![zip, join, unique, flatten, any, all, sorted_by,]
}
