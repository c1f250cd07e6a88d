//! Arrays of numbers and texts, and numbers as text: what scripts do without a tensor.

use crate::base::Result;
use crate::base::written::{self, Written};
use crate::lang::{Callback, FromValue, session, show};
use crate::natives;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::cmp::Ordering;
use std::collections::HashSet;

/// A number of an array: an integer stays one.
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
            // -0.0 is 0.0; NaN is looked at before
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

fn overflow(a: i64, b: i64) -> crate::base::Fault {
    fault!("value", "the sum of {a} and {b} does not fit into an integer of 64 bits"; hint: "floats reach further: `a.map(|x| x.to_float()).sum()`")
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

fn some(array: &Array, function: &str) -> Result<()> {
    if array.is_empty() {
        bail!("value", "`{function}` of an empty array"; hint: "ask first: `if a.is_empty() {{ … }}`");
    }
    Ok(())
}

/// The place of the smallest (or largest) value: of numbers or of texts. NaN comes before all, as
/// in NumPy.
fn extreme(array: &Array, function: &str, wanted: Ordering) -> Result<usize> {
    some(array, function)?;
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
    let all = numbers(array, function)?;
    for i in 1..all.len() {
        if !all[best].is_nan() && (all[i].is_nan() || all[i].order(all[best]) == wanted) {
            best = i;
        }
    }
    Ok(best)
}

/// A text that is the same for equal values only.
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

fn flat(array: Array, out: &mut Array) {
    for item in array {
        let item = item.flatten();
        match item.is_array() {
            true => flat(item.into_array().unwrap_or_default(), out),
            false => out.push(item),
        }
    }
}

fn is_true(f: &Callback, item: &Dynamic) -> Result<bool> {
    let value = f.call(vec![item.clone()])?;
    value.as_bool().map_err(|_| {
        fault!(
            "type",
            "the condition must give true or false, got {}",
            session::describe(&value)
        )
    })
}

/// The order of two keys, of numbers (NaN after all others) or of texts; none where they do not
/// compare.
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

/// Sorts by keys; equal ones stay in their order, NaN comes last.
fn ordered(array: Array, f: &Callback) -> Result<Array> {
    let keys = array
        .iter()
        .map(|item| f.call(vec![item.clone()]))
        .collect::<Result<Vec<_>>>()?;
    let mut places: Vec<usize> = (0..array.len()).collect();
    let mut wrong = None;
    places.sort_by(|a, b| {
        order_of(&keys[*a], &keys[*b]).unwrap_or_else(|| {
            wrong.get_or_insert((*a, *b));
            Ordering::Equal
        })
    });
    if let Some((a, b)) = wrong {
        bail!("type", "the keys {} and {} do not compare", session::describe(&keys[a]), session::describe(&keys[b]); hint: "keys are all numbers or all texts");
    }
    Ok(places.into_iter().map(|at| array[at].clone()).collect())
}

natives! { all in "array" {
    /// Adds the values of an array.
    ///
    /// Integers give an integer, and one that does not fit into 64 bits is an error; with a float
    /// among them the sum is a float. Booleans count as 0 and 1. The sum of nothing is 0; one NaN
    /// makes the sum NaN.
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
    method "sum"(c, this: Array) -> "number" {
        numbers(&this, "sum")?.into_iter().try_fold(Number::Int(0), Number::plus).map(Number::value)
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
    method "mean"(c, this: Array) -> "number" {
        some(&this, "mean")?;
        let all = numbers(&this, "mean")?;
        Ok(all.iter().map(|x| x.float()).sum::<f64>() / all.len() as f64)
    }

    /// Returns the median of the values of an array; NaN where one of them is.
    ///
    /// ```rhai
    /// assert_eq([5, 1, 2, 3].median(), 2.5);
    /// ```
    method "median"(c, this: Array) -> "number" {
        some(&this, "median")?;
        let mut all: Vec<f64> = numbers(&this, "median")?.into_iter().map(Number::float).collect();
        if all.iter().any(|x| x.is_nan()) {
            return Ok(f64::NAN);
        }
        all.sort_by(f64::total_cmp);
        let half = all.len() / 2;
        Ok(if all.len() % 2 == 1 { all[half] } else { all[half - 1] / 2.0 + all[half] / 2.0 })
    }

    /// Returns the smallest value of an array of numbers or of texts; NaN where one of them is.
    ///
    /// ```rhai
    /// assert_eq([3, 1, 2].min(), 1);
    /// assert_eq(["CTCF", "AR"].min(), "AR");
    /// ```
    method "min"(c, this: Array) -> "the value" { extreme(&this, "min", Ordering::Less).map(|at| this[at].clone()) }

    /// Returns the largest value of an array of numbers or of texts; NaN where one of them is.
    ///
    /// ```rhai
    /// assert_eq([3, 1, 2].max(), 3);
    /// ```
    /// ```rhai,fails
    /// [].max();
    /// //~ `max` of an empty array
    /// ```
    method "max"(c, this: Array) -> "the value" { extreme(&this, "max", Ordering::Greater).map(|at| this[at].clone()) }

    /// Returns the position of the smallest value, the first of several; that of the first NaN
    /// where there is one.
    ///
    /// ```rhai
    /// assert_eq([3, 1, 1].argmin(), 1);
    /// ```
    method "argmin"(c, this: Array) -> "whole number" { extreme(&this, "argmin", Ordering::Less).map(|at| at as i64) }

    /// Returns the position of the largest value, the first of several; that of the first NaN where
    /// there is one.
    ///
    /// ```rhai
    /// assert_eq([3, 1, 3].argmax(), 0);
    /// ```
    method "argmax"(c, this: Array) -> "whole number" { extreme(&this, "argmax", Ordering::Greater).map(|at| at as i64) }

    /// Returns the sums up to each value.
    ///
    /// ```rhai
    /// assert_eq([1, 2, 3].cumsum(), [1, 3, 6]);
    /// ```
    method "cumsum"(c, this: Array) -> "array" {
        let mut sum = Number::Int(0);
        let step = |x: Number| { sum = sum.plus(x)?; Ok(sum.value()) };
        numbers(&this, "cumsum")?.into_iter().map(step).collect::<Result<Array>>()
    }

    /// Pairs the values of two arrays of one length.
    ///
    /// ```rhai
    /// assert_eq(["A", "C"].zip([1, 2]), [["A", 1], ["C", 2]]);
    /// for [base, n] in ["A", "C"].zip([1, 2]) { print(`${base} ${n}`); }
    /// ```
    /// ```rhai,fails
    /// [1, 2, 3].zip([1]);
    /// //~ 3 values cannot be paired with 1
    /// ```
    method "zip"(c, this: Array, other: Array) -> "array of pairs" {
        if this.len() != other.len() {
            bail!("value", "{} values cannot be paired with {}", this.len(), other.len(); hint: "`a.extract(0..n)` gives the first n");
        }
        Ok(this.into_iter().zip(other).map(|(a, b)| Dynamic::from(vec![a, b])).collect::<Array>())
    }

    /// Joins the values of an array, as they are printed, with a text between them.
    ///
    /// ```rhai
    /// assert_eq(["A", "C"].join("-"), "A-C");
    /// assert_eq([1, 2].join(", "), "1, 2");
    /// ```
    method "join"(c, this: Array, between: Option<String>) -> "string" {
        let between = between.unwrap_or_default();
        Ok(this.iter().map(show::line).collect::<Vec<_>>().join(&between))
    }

    /// Returns each value once, in the order of its first place; 1 and 1.0 are the same, and so is
    /// every NaN.
    ///
    /// ```rhai
    /// assert_eq(["b", "a", "b"].unique(), ["b", "a"]);
    /// ```
    method "unique"(c, this: Array) -> "array" {
        let mut seen = HashSet::new();
        let mut out = Array::new();
        for item in this {
            if seen.insert(key(&item)?) {
                out.push(item);
            }
        }
        Ok(out)
    }

    /// Puts the values of arrays in an array into one, whatever the depth.
    ///
    /// ```rhai
    /// assert_eq([[1, 2], [3, [4]]].flatten(), [1, 2, 3, 4]);
    /// ```
    method "flatten"(c, this: Array) -> "array" {
        let mut out = Array::new();
        flat(this, &mut out);
        Ok(out)
    }

    /// Whether one value at least is true, or fulfils a condition; of nothing none does.
    ///
    /// ```rhai
    /// assert([1, 5].any(|x| x > 3) && ![false, false].any());
    /// ```
    method "any"(c, this: Array, condition: Option<Callback>) -> "true or false" {
        for item in &this {
            if truth(item, condition.as_ref(), "any")? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether all values are true, or fulfil a condition; of nothing all do.
    ///
    /// ```rhai
    /// assert([4, 5].all(|x| x > 3) && [true, true].all());
    /// ```
    method "all"(c, this: Array, condition: Option<Callback>) -> "true or false" {
        for item in &this {
            if !truth(item, condition.as_ref(), "all")? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns a copy sorted by the keys that a function gives; equal keys stay in their order, NaN
    /// comes last.
    ///
    /// ```rhai
    /// assert_eq([3, -1, 2].sorted_by(|x| -x), [3, 2, -1]);
    /// assert_eq(["CTCF", "AR"].sorted_by(|name| name.len()), ["AR", "CTCF"]);
    /// ```
    method "sorted_by"(c, this: Array, key: Callback) -> "array" { ordered(this, &key) }
} }

fn truth(item: &Dynamic, condition: Option<&Callback>, function: &str) -> Result<bool> {
    match condition {
        Some(f) => is_true(f, item),
        None => item.as_bool().map_err(|_| {
            fault!(
                "type",
                "`{function}` needs true or false, got {}",
                session::describe(item)
            )
        }),
    }
}

natives! { floats in "number" {
    /// Rounds to so many decimals, or with a negative number to tens, hundreds …
    ///
    /// ```rhai
    /// assert_eq((3.14159).round(2), 3.14);
    /// assert_eq((1234.5).round(-2), 1200.0);
    /// ```
    method "round"(c, this: f64, decimals: i64) -> "number" { Ok(written::rounded(this, decimals)) }

    /// Writes a number with so many decimals.
    ///
    /// ```rhai
    /// assert_eq((2.0 / 3.0).to_string(3), "0.667");
    /// ```
    method "to_string"(c, this: f64, decimals: i64) -> "string" { decimal(this, decimals) }
} }

natives! { integers in "whole number" {
    /// Rounds an integer to tens, hundreds … with a negative number of decimals; else it stays as
    /// it is.
    ///
    /// ```rhai
    /// assert_eq((1234).round(-2), 1200);
    /// assert_eq((7).round(2), 7);
    /// ```
    method "round"(c, this: i64, decimals: i64) -> "whole number" {
        if decimals >= 0 {
            return Ok(this);
        }
        let Some(step) = u32::try_from(-decimals).ok().and_then(|n| 10i64.checked_pow(n)) else { return Ok(0) };
        let rest = this.rem_euclid(step);
        let down = this - rest;
        let is_up = rest * 2 > step || (rest * 2 == step && (down / step) % 2 != 0);
        (if is_up { down.checked_add(step) } else { Some(down) }).ok_or_else(|| overflow(down, step))
    }

    /// Writes an integer with so many decimals.
    ///
    /// ```rhai
    /// assert_eq((5).to_string(2), "5.00");
    /// ```
    method "to_string"(c, this: i64, decimals: i64) -> "string" {
        let zeros = decimals_of(decimals)?;
        Ok(if zeros == 0 { this.to_string() } else { format!("{this}.{}", "0".repeat(zeros)) })
    }
} }

fn decimals_of(decimals: i64) -> Result<usize> {
    match usize::try_from(decimals) {
        Ok(n) if n <= 1000 => Ok(n),
        _ => bail!("value", "`decimals` must be from 0 to 1000, got {decimals}"),
    }
}

fn decimal(x: f64, decimals: i64) -> Result<String> {
    Ok(format!("{x:.*}", decimals_of(decimals)?))
}

natives! { texts in "" {
    /// Writes a number or a text by a form, as Python's `format` does.
    ///
    /// `[[fill]align][sign][0][width][,][.precision][type]`: `align` is one of `<`, `>`, `^`; the
    /// type is `f` (decimals), `e` (scientific), `g` (significant digits), `%` (percent), `d`, `x`,
    /// `b`, `o` (integers) or `s` (text).
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
    function "format"(c, value: Dynamic, form: String) -> "string" {
        if let Ok(n) = value.as_int() {
            return written::written(Written::Int(n), &form);
        }
        let number = value.as_float().ok().or_else(|| crate::torch::Tensor::from_value(&mut value.clone(), c.context).ok().filter(|t| t.numel() == 1)?.item().ok());
        match number {
            Some(x) => written::written(Written::Float(x), &form),
            None => written::written(Written::Text(&show::line(&value)), &form),
        }
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [all(), floats(), integers(), texts()]
        .into_iter()
        .flatten()
        .collect()
}
