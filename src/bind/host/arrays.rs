//! Methods of arrays of numbers and strings; numbers as text.

use crate::base::written::{self, Written};
use crate::base::{Fault, Result};
use crate::lang::{Call, Callback, FromValue, Native, native, natives_of, session, show};
use crate::metrics::statistics::describe;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::cmp::Ordering;
use std::collections::HashSet;

/// A number of an array: an integer or a float.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(x) => x,
        }
    }

    fn is_nan(self) -> bool {
        matches!(self, Number::Float(x) if x.is_nan())
    }

    fn order(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            // -0.0 equals 0.0; callers test for NaN first
            (a, b) => a.float().partial_cmp(&b.float()).unwrap_or(Ordering::Equal),
        }
    }

    fn value(self) -> Dynamic {
        match self {
            Number::Int(n) => n.into(),
            Number::Float(x) => x.into(),
        }
    }

    fn plus(self, other: Number) -> Result<Number> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a
                .checked_add(b)
                .map(Number::Int)
                .ok_or_else(|| overflow(a, b)),
            (a, b) => Ok(Number::Float(a.float() + b.float())),
        }
    }
}

fn overflow(a: i64, b: i64) -> Fault {
    fault!("value", "the sum of {a} and {b} does not fit into an integer of 64 bits";
        hint: "floats have a larger range: `a.map(|x| x.to_float()).sum()`")
}

/// The numbers of an array; booleans count as 0 and 1.
fn numbers(array: &Array, function: &str) -> Result<Vec<Number>> {
    let one = |(i, item): (usize, &Dynamic)| {
        let int = item
            .as_int()
            .ok()
            .or_else(|| item.as_bool().ok().map(i64::from))
            .map(Number::Int);
        int.or_else(|| item.as_float().ok().map(Number::Float))
            .ok_or_else(|| {
                fault!(
                    "type",
                    "`{function}` needs numbers; value {i} is {}",
                    session::describe(item)
                )
            })
    };
    array.iter().enumerate().map(one).collect()
}

/// Fails on an empty array.
fn not_empty(array: &Array, function: &str) -> Result<()> {
    if array.is_empty() {
        bail!("value", "`{function}` of an empty array";
            hint: "test for it first: `if a.is_empty() {{ … }}`");
    }
    Ok(())
}

/// The index of the smallest (or largest) value, of numbers or of strings. NaN takes precedence, as
/// in NumPy.
fn extreme(array: &Array, function: &str, wanted: Ordering) -> Result<usize> {
    not_empty(array, function)?;
    let mut best = 0;
    if array.iter().all(Dynamic::is_string) {
        let texts: Vec<String> = array.iter().map(ToString::to_string).collect();
        for i in 1..texts.len() {
            if texts[i].cmp(&texts[best]) == wanted {
                best = i;
            }
        }
        return Ok(best);
    }
    let numbers = numbers(array, function)?;
    for i in 1..numbers.len() {
        let is_better = numbers[i].is_nan() || numbers[i].order(numbers[best]) == wanted;
        if !numbers[best].is_nan() && is_better {
            best = i;
        }
    }
    Ok(best)
}

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
    let value = f.call(vec![item.clone()])?;
    value.as_bool().map_err(|_| {
        fault!(
            "type",
            "the condition must return a boolean, got {}",
            session::describe(&value)
        )
    })
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

/// An integer rounded to a power of ten, halves to the even multiple.
fn rounded(number: i64, decimals: i64) -> Result<i64> {
    if decimals >= 0 {
        return Ok(number);
    }
    let digits = u32::try_from(-decimals).ok();
    let Some(step) = digits.and_then(|digits| 10i64.checked_pow(digits)) else {
        return Ok(0);
    };
    let rest = number.rem_euclid(step);
    let down = number - rest;
    let is_up = rest * 2 > step || (rest * 2 == step && (down / step) % 2 != 0);
    let result = if is_up {
        down.checked_add(step)
    } else {
        Some(down)
    };
    result.ok_or_else(|| overflow(down, step))
}

/// Returns the sum of the values of an array.
///
/// The sum of integers is an integer, and an error where it does not fit into 64 bits; with a float
/// among them the sum is a float. Booleans count as 0 and 1. The sum of an empty array is 0; one
/// NaN makes the sum NaN.
///
/// ```rhai
/// assert_eq([1, 2, 3].sum(), 6);
/// assert_eq([0.5, 1].sum(), 1.5);
/// assert_eq([2, 5, 7].map(|x| x > 3).sum(), 2);
/// ```
/// ```rhai,fails
/// [9_223_372_036_854_775_807, 1].sum();
/// //~ does not fit into an integer
/// ```
#[native(namespace = "array", form = method, returns = "number")]
pub fn sum(this: &Array) -> Result<Dynamic> {
    let mut numbers = numbers(this, "sum")?.into_iter();
    numbers
        .try_fold(Number::Int(0), Number::plus)
        .map(Number::value)
}

/// Returns the mean of the values of an array; NaN where one of them is.
///
/// ```rhai
/// assert_eq([1, 2, 6].mean(), 3.0);
/// ```
/// ```rhai,fails
/// [].mean();
/// //~ `mean` of an empty array
/// ```
#[native(namespace = "array", form = method)]
pub fn mean(this: &Array) -> Result<f64> {
    not_empty(this, "mean")?;
    let numbers = numbers(this, "mean")?;
    Ok(numbers.iter().map(|x| x.float()).sum::<f64>() / numbers.len() as f64)
}

/// Returns the median of the values of an array; NaN where one of them is.
///
/// ```rhai
/// assert_eq([5, 1, 2, 3].median(), 2.5);
/// ```
#[native(namespace = "array", form = method)]
pub fn median(this: &Array) -> Result<f64> {
    not_empty(this, "median")?;
    let numbers = numbers(this, "median")?;
    Ok(describe::median(
        numbers.into_iter().map(Number::float).collect(),
    ))
}

/// Returns the smallest value of an array of numbers or strings; NaN where one is.
///
/// ```rhai
/// assert_eq([3, 1, 2].min(), 1);
/// assert_eq(["CTCF", "AR"].min(), "AR");
/// ```
#[native(namespace = "array", form = method, returns = "the value")]
pub fn min(this: &Array) -> Result<Dynamic> {
    extreme(this, "min", Ordering::Less).map(|at| this[at].clone())
}

/// Returns the largest value of an array of numbers or strings; NaN where one is.
///
/// ```rhai
/// assert_eq([3, 1, 2].max(), 3);
/// ```
/// ```rhai,fails
/// [].max();
/// //~ `max` of an empty array
/// ```
#[native(namespace = "array", form = method, returns = "the value")]
pub fn max(this: &Array) -> Result<Dynamic> {
    extreme(this, "max", Ordering::Greater).map(|at| this[at].clone())
}

/// Returns the index of the smallest value, the first of equal ones.
///
/// Where there are NaN, it is the index of the first NaN.
///
/// ```rhai
/// assert_eq([3, 1, 1].argmin(), 1);
/// ```
#[native(namespace = "array", form = method)]
pub fn argmin(this: &Array) -> Result<i64> {
    extreme(this, "argmin", Ordering::Less).map(|at| at as i64)
}

/// Returns the index of the largest value, the first of equal ones.
///
/// Where there are NaN, it is the index of the first NaN.
///
/// ```rhai
/// assert_eq([3, 1, 3].argmax(), 0);
/// ```
#[native(namespace = "array", form = method)]
pub fn argmax(this: &Array) -> Result<i64> {
    extreme(this, "argmax", Ordering::Greater).map(|at| at as i64)
}

/// Returns the cumulative sums of an array.
///
/// ```rhai
/// assert_eq([1, 2, 3].cumsum(), [1, 3, 6]);
/// ```
#[native(namespace = "array", form = method, returns = "array of numbers")]
pub fn cumsum(this: &Array) -> Result<Array> {
    let mut sum = Number::Int(0);
    let step = |x: Number| {
        sum = sum.plus(x)?;
        Ok(sum.value())
    };
    numbers(this, "cumsum")?.into_iter().map(step).collect()
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

/// Methods of floats.
mod floats {
    use super::written;
    use crate::lang::native;

    /// Rounds to a number of decimals.
    ///
    /// ```rhai
    /// assert_eq((3.14159).round(2), 3.14);
    /// assert_eq((1234.5).round(-2), 1200.0);
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn round(
        this: f64,
        /// Number of decimals; negative numbers round to tens, hundreds and so on.
        decimals: i64,
    ) -> f64 {
        written::rounded(this, decimals)
    }

    /// Formats a number with a fixed number of decimals.
    ///
    /// ```rhai
    /// assert_eq((2.0 / 3.0).to_string(3), "0.667");
    /// ```
    #[native(namespace = "number", form = method)]
    pub fn to_string(
        this: f64,
        /// Number of decimals.
        #[check(min = 0, max = 1000)]
        decimals: i64,
    ) -> String {
        format!("{this:.*}", decimals as usize)
    }
}

/// Methods of integers.
mod integers {
    use super::rounded;
    use crate::base::Result;
    use crate::lang::native;

    /// Rounds an integer to tens, hundreds and so on, halves to the even multiple.
    ///
    /// ```rhai
    /// assert_eq((1234).round(-2), 1200);
    /// assert_eq((7).round(2), 7);
    /// ```
    #[native(namespace = "integer", form = method)]
    pub fn round(
        this: i64,
        /// Number of decimals: -1 rounds to tens; from 0 on the integer is returned as it is.
        decimals: i64,
    ) -> Result<i64> {
        rounded(this, decimals)
    }

    /// Formats an integer with a fixed number of decimals, all of them 0.
    ///
    /// ```rhai
    /// assert_eq((5).to_string(2), "5.00");
    /// ```
    #[native(namespace = "integer", form = method)]
    pub fn to_string(
        this: i64,
        /// Number of decimals.
        #[check(min = 0, max = 1000)]
        decimals: i64,
    ) -> String {
        match decimals {
            0 => format!("{this}"),
            n => format!("{this}.{}", "0".repeat(n as usize)),
        }
    }
}

/// Formats a number or a string by a specification, as Python's `format` does.
///
/// The specification is `[[fill]align][sign][0][width][,][.precision][type]`. `align` is one of
/// `<`, `>`, `^`; the type is `f` (decimals), `e` (scientific), `g` (significant digits), `%`
/// (percent), `d`, `x`, `b`, `o` (integers) or `s` (string).
///
/// ```rhai
/// assert_eq(format(0.94601, ".3f"), "0.946");
/// assert_eq(format(0.94601, ".1%"), "94.6%");
/// assert_eq(format(1.5e-7, ".2e"), "1.50e-07");
/// assert_eq(format(42, ">6") + "|" + format("AR", "<5") + "|", "    42|AR   |");
/// assert_eq(format(1234567, ","), "1,234,567");
/// ```
/// ```rhai,fails
/// format(1.5, "q");
/// //~ `q` is no form
/// ```
#[native(namespace = "")]
pub fn format(
    call: &Call,
    /// Number, tensor of one number, or any other value, which is formatted as it is printed.
    value: Dynamic,
    /// Format specification.
    form: &str,
) -> Result<String> {
    if let Ok(n) = value.as_int() {
        return written::written(Written::Int(n), form);
    }
    let item_of = || {
        let tensor = crate::torch::Tensor::from_value(&mut value.clone(), call.context).ok()?;
        (tensor.numel() == 1).then(|| tensor.item().ok())?
    };
    match value.as_float().ok().or_else(item_of) {
        Some(x) => written::written(Written::Float(x), form),
        None => written::written(Written::Text(&show::line(&value)), form),
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        sum,
        mean,
        median,
        min,
        max,
        argmin,
        argmax,
        cumsum,
        zip,
        join,
        unique,
        flatten,
        any,
        all,
        sorted_by,
        floats::round,
        floats::to_string,
        integers::round,
        integers::to_string,
        format,
    ]
}
