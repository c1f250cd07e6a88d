//! Functions over ranges, and pipes.

use crate::base::{Result, memory};
use crate::bind::args::network::outputs;
use crate::fault;
use crate::lang::{Call, Callback, FromValue, Native, native, natives_of, session};
use rhai::{Array, Dynamic};

/// The results of a function for each integer of a range.
fn mapped(range: std::ops::Range<i64>, f: &Callback) -> Result<Array> {
    let count = range.size_hint().1.unwrap_or(usize::MAX);
    memory::check(count as u128 * size_of::<Dynamic>() as u128, "the range")?;
    range.map(|i| f.call(vec![i.into()])).collect()
}

/// The integers of a range for which a function returns true.
fn filtered(range: std::ops::Range<i64>, f: &Callback) -> Result<Vec<i64>> {
    let mut kept = Vec::new();
    for i in range {
        if f.is_true_for(i.into(), "filter")? {
            kept.push(i);
        }
    }
    Ok(kept)
}

/// A range of integers, `a..b` or `a..=b`.
#[derive(Clone)]
pub struct Range(std::ops::Range<i64>);

impl FromValue for Range {
    fn kind() -> String {
        "range".into()
    }
    fn from_value(value: &mut Dynamic, _: &rhai::NativeCallContext) -> Result<Self> {
        let open = value.read_lock::<std::ops::Range<i64>>().map(|r| r.clone());
        let closed = || {
            value
                .read_lock::<std::ops::RangeInclusive<i64>>()
                .map(|r| *r.start()..r.end().saturating_add(1))
        };
        open.or_else(closed)
            .map(Range)
            .ok_or_else(|| crate::lang::value::mismatch("range", value))
    }
    fn receiver() -> std::any::TypeId {
        std::any::TypeId::of::<std::ops::Range<i64>>()
    }
}

/// A range of integers, registered for the closed form `a..=b`.
#[derive(Clone)]
pub struct ClosedRange(std::ops::Range<i64>);

impl FromValue for ClosedRange {
    fn kind() -> String {
        "range".into()
    }
    fn from_value(value: &mut Dynamic, context: &rhai::NativeCallContext) -> Result<Self> {
        Range::from_value(value, context).map(|range| ClosedRange(range.0))
    }
    fn receiver() -> std::any::TypeId {
        std::any::TypeId::of::<std::ops::RangeInclusive<i64>>()
    }
}

/// Calls a function for each integer of a range and returns the results.
///
/// ```rhai
/// assert_eq((0..3).map(|i| i * i), [0, 1, 4]);
/// ```
#[native(namespace = "range", form = method)]
pub fn map(
    this: Range,
    /// Function |i| of an integer.
    f: Callback,
) -> Result<Array> {
    mapped(this.0, &f)
}

/// Calls a function for each integer of a closed range and returns the results.
///
/// ```rhai
/// assert_eq((1..=3).map(|i| 2 * i), [2, 4, 6]);
/// ```
#[native(namespace = "range", form = method, name = "map")]
pub fn map_closed(
    this: ClosedRange,
    /// Function |i| of an integer.
    f: Callback,
) -> Result<Array> {
    mapped(this.0, &f)
}

/// Returns the integers of a range for which a function returns true.
///
/// ```rhai
/// assert_eq((0..6).filter(|i| i % 2 == 0), [0, 2, 4]);
/// ```
#[native(namespace = "range", form = method)]
pub fn filter(
    this: Range,
    /// Function |i| of an integer that returns a boolean.
    f: Callback,
) -> Result<Vec<i64>> {
    filtered(this.0, &f)
}

/// Returns the integers of a closed range for which a function returns true.
///
/// ```rhai
/// assert_eq((1..=4).filter(|i| i > 2), [3, 4]);
/// ```
#[native(namespace = "range", form = method, name = "filter")]
pub fn filter_closed(
    this: ClosedRange,
    /// Function |i| of an integer that returns a boolean.
    f: Callback,
) -> Result<Vec<i64>> {
    filtered(this.0, &f)
}

/// Applies a model, a layer function or a closure to a value: `x |> f` is `f(x)`.
///
/// ```rhai
/// assert_eq(2 |> |v| v * 3, 6);
/// ```
#[native(
    namespace = "",
    form = operator,
    name = "|>",
    returns = "the result of the function"
)]
pub fn pipe(call: &Call, x: Dynamic, f: Dynamic) -> Result<Dynamic> {
    if let Some(model) = f.read_lock::<crate::nn::Model>() {
        return outputs(&model, &x);
    }
    let mut f = f;
    let function = Callback::from_value(&mut f, call.context).map_err(|_| {
        fault!(
            "type",
            "`|>` needs a model or a function on its right, got {}",
            session::describe(&f)
        )
    })?;
    function.call(vec![x])
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![map, map_closed, filter, filter_closed, pipe,]
}
