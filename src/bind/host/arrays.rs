//! Methods of arrays of numbers and strings.

use crate::base::Result;
use crate::bind::args::numbers::Number;
use crate::lang::{Native, native, natives_of, session};
use crate::metrics::statistics::describe;
use crate::{bail, fault};
use rhai::{Array, Dynamic};
use std::cmp::Ordering;

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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![sum, mean, median, min, max, argmin, argmax, cumsum,]
}
