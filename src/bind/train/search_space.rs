//! `search::…`: the values that a search tries.

use crate::bail;
use crate::base::Result;
use crate::bind::types::OfSearch;
use crate::lang::{Native, native, natives_of, session};
use crate::train::search::Space;
use rhai::{Array, Dynamic};
use serde_json::Value;

/// A script's value as the file stores it.
fn stored(value: &Dynamic) -> Result<Value> {
    if let Ok(n) = value.as_int() {
        return Ok(n.into());
    }
    if let Ok(x) = value.as_float() {
        return Ok(x.into());
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(flag.into());
    }
    match value.clone().into_string() {
        Ok(text) => Ok(text.into()),
        Err(_) => bail!(
            "type",
            "a parameter is a number, true, false or a string, got {}",
            session::describe(value)
        ),
    }
}

/// A space that does not depend on other parameters.
fn always(space: Space) -> OfSearch {
    OfSearch { space, when: None }
}

/// Returns a space of floats with a uniform distribution.
///
/// ```rhai
/// let result = search::random(#{ x: search::uniform(0.0, 1.0) }, |p| p.x, #{
///     trials: 3, file: "/tmp/cistron_example_uniform.jsonl"
/// });
/// assert(result.value <= 1.0);
/// ```
#[native(namespace = "search")]
pub fn uniform(
    /// Smallest value.
    low: f64,
    /// Largest value, above `low`.
    high: f64,
) -> Result<OfSearch> {
    Space::uniform(low, high).map(always)
}

/// Returns a space of floats whose logarithms have a uniform distribution.
///
/// ```rhai
/// let result = search::random(#{ lr: search::log(1e-4, 1e-1) }, |p| p.lr, #{
///     trials: 3, file: "/tmp/cistron_example_log.jsonl"
/// });
/// assert(result.value <= 0.1);
/// ```
/// ```rhai,fails
/// search::log(0.0, 1.0);
/// //~ must be above 0
/// ```
#[native(namespace = "search")]
pub fn log(
    /// Smallest value, above 0.
    low: f64,
    /// Largest value, above `low`.
    high: f64,
) -> Result<OfSearch> {
    Space::log(low, high).map(always)
}

/// Returns a space of integers, both ends included.
///
/// ```rhai
/// let result = search::grid(
///     #{ n: search::int(2, 4) }, |p| p.n, #{ file: "/tmp/cistron_example_int.jsonl" }
/// );
/// assert_eq(result.best.n, 4);
/// ```
#[native(namespace = "search")]
pub fn int(
    /// Smallest value.
    low: i64,
    /// Largest value, at least `low`.
    high: i64,
) -> Result<OfSearch> {
    Space::int(low, high).map(always)
}

/// Returns a space of listed values.
///
/// ```rhai
/// let result = search::grid(#{ name: search::choice(["a", "bcd", "ef"]) }, |p| p.name.len(), #{
///     file: "/tmp/cistron_example_choice.jsonl"
/// });
/// assert_eq(result.best.name, "bcd");
/// ```
#[native(namespace = "search")]
pub fn choice(
    /// Integers, floats, strings or booleans; at least one.
    values: Array,
) -> Result<OfSearch> {
    let values = values.iter().map(stored).collect::<Result<_>>()?;
    Space::choice(values).map(always)
}

/// Returns a space that applies only where another parameter has a given value.
///
/// Elsewhere its parameter is not in the map that the objective takes.
///
/// ```rhai
/// let space = #{
///     kind: search::choice(["tcn", "lstm"]), width: search::when("kind", "tcn", search::int(3, 5))
/// };
/// let result = search::grid(space, |p| if p.kind == "tcn" { p.width } else { 1 }, #{
///     file: "/tmp/cistron_example_when.jsonl"
/// });
/// assert_eq(result.trials.len(), 4);
/// ```
#[native(namespace = "search")]
pub fn when(
    /// Name of the other parameter.
    parameter: String,
    /// Value of the other parameter where the space applies.
    value: &Dynamic,
    /// Space of this parameter.
    space: OfSearch,
) -> Result<OfSearch> {
    Ok(OfSearch {
        when: Some((parameter, stored(value)?)),
        ..space
    })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![uniform, log, int, choice, when,]
}
