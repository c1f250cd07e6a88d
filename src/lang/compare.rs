//! Comparison operators: exact for numbers, text and booleans; an error for values that have no
//! order.
//!
//! Rhai returns `false` where two values cannot be compared, and treats floats as equal that differ
//! by less than 2.2e-16 (`1e-20 > 0.0` is false). Its built-in operators run before any registered
//! function, so that the symbols are replaced by operators of the same names and precedences, for
//! which all cases are registered here.

use super::{diagnostics, session};
use cistron_base::Fault;
use cistron_base::fault;
use rhai::{Dynamic, Engine, ImmutableString, NativeCallContext};
use std::cmp::Ordering;
use std::iter::once;
use std::ops::{Range, RangeInclusive};

/// Symbols with Rhai's precedences.
const SYMBOLS: [(&str, u8); 6] = [
    ("==", 90),
    ("!=", 90),
    ("<", 130),
    ("<=", 130),
    (">", 130),
    (">=", 130),
];

type Answer = std::result::Result<bool, Box<rhai::EvalAltResult>>;

/// Whether an ordering satisfies an operator; unordered values (NaN) satisfy `!=` alone.
pub fn holds(symbol: &str, ordering: Option<Ordering>) -> bool {
    match symbol {
        "==" => ordering == Some(Ordering::Equal),
        "!=" => ordering != Some(Ordering::Equal),
        "<" => ordering == Some(Ordering::Less),
        "<=" => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        ">" => ordering == Some(Ordering::Greater),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// The order of an integer and a float, without rounding the integer.
pub fn mixed(a: i64, b: f64) -> Option<Ordering> {
    const EXACT: u64 = 1 << 53;
    if a.unsigned_abs() <= EXACT || b.is_nan() {
        return (a as f64).partial_cmp(&b);
    }
    match b {
        b if b >= 9.3e18 => Some(Ordering::Less),
        b if b <= -9.3e18 => Some(Ordering::Greater),
        // only floats without a fraction are as large as `a`
        b => Some(i128::from(a).cmp(&(b.trunc() as i128))),
    }
}

/// The order of two numbers or two booleans; none of other values.
pub fn order(a: &Dynamic, b: &Dynamic) -> Option<Option<Ordering>> {
    let pair = (a.as_int(), a.as_float(), b.as_int(), b.as_float());
    match pair {
        (Ok(a), _, Ok(b), _) => Some(Some(a.cmp(&b))),
        (_, Ok(a), _, Ok(b)) => Some(a.partial_cmp(&b)),
        (Ok(a), _, _, Ok(b)) => Some(mixed(a, b)),
        (_, Ok(a), Ok(b), _) => Some(mixed(b, a).map(Ordering::reverse)),
        _ => Some(Some(a.as_bool().ok()?.cmp(&b.as_bool().ok()?))),
    }
}

/// Installs the operators.
pub fn install(engine: &mut Engine) {
    for (symbol, precedence) in SYMBOLS {
        engine.disable_symbol(symbol);
        // cannot fail: the symbol is disabled and the precedence is not 0
        engine.register_custom_operator(symbol, precedence).ok();
        engine.register_fn(symbol, move |a: f64, b: i64| {
            holds(symbol, mixed(b, a).map(Ordering::reverse))
        });
        engine.register_fn(symbol, move |a: i64, b: f64| holds(symbol, mixed(a, b)));
        engine.register_fn(symbol, move |a: ImmutableString, b: char| {
            holds(symbol, Some(a.chars().cmp(once(b))))
        });
        engine.register_fn(symbol, move |a: char, b: ImmutableString| {
            holds(symbol, Some(once(a).cmp(b.chars())))
        });
        engine.register_fn(
            symbol,
            move |context: NativeCallContext, a: Dynamic, b: Dynamic| {
                other(symbol, &context, &a, &b)
            },
        );
    }
    macro_rules! plain {
        ($($kind:ty),*) => { $(
            engine.register_fn("==", |a: $kind, b: $kind| a == b);
            engine.register_fn("!=", |a: $kind, b: $kind| a != b);
            engine.register_fn("<", |a: $kind, b: $kind| a < b);
            engine.register_fn("<=", |a: $kind, b: $kind| a <= b);
            engine.register_fn(">", |a: $kind, b: $kind| a > b);
            engine.register_fn(">=", |a: $kind, b: $kind| a >= b);
        )* };
    }
    plain!(i64, f64, ImmutableString, char, bool);
    macro_rules! equal {
        ($($kind:ty),*) => { $(
            engine.register_fn("==", |a: $kind, b: $kind| a == b);
            engine.register_fn("!=", |a: $kind, b: $kind| a != b);
        )* };
    }
    equal!(Range<i64>, RangeInclusive<i64>);
}

/// Compares values without a registered comparison: different types are unequal and have no order.
fn other(symbol: &str, context: &NativeCallContext, a: &Dynamic, b: &Dynamic) -> Answer {
    let equal = match symbol {
        "==" | "!=" => equality(a, b),
        _ => None,
    };
    match equal {
        Some(equal) => Ok(equal == (symbol == "==")),
        None => Err(diagnostics::raise_from(
            incomparable(symbol, a, b),
            symbol,
            context,
        )),
    }
}

/// Whether two values are equal, where their types decide it.
pub fn equality(a: &Dynamic, b: &Dynamic) -> Option<bool> {
    let is_number = |value: &Dynamic| value.is_int() || value.is_float();
    match (a, b) {
        (a, b) if a.is_unit() || b.is_unit() => Some(a.is_unit() && b.is_unit()),
        (a, b) if a.is_bool() && is_number(b) || is_number(a) && b.is_bool() => None,
        (a, b) => (a.type_id() != b.type_id()).then_some(false),
    }
}

/// The kind of values with which a value has an order; none where it has none.
pub fn class(value: &Dynamic) -> Option<&'static str> {
    match value {
        value if value.is_int() || value.is_float() => Some("number"),
        value if value.is_string() || value.is_char() => Some("text"),
        value if value.is_bool() => Some("boolean"),
        _ => None,
    }
}

/// The error of two values that cannot be compared, with an alternative.
pub fn incomparable(symbol: &str, a: &Dynamic, b: &Dynamic) -> Fault {
    let fault = fault!(
        "type",
        "`{symbol}` cannot compare {} with {}",
        session::describe(a),
        session::describe(b)
    );
    let either = |is: fn(&Dynamic) -> bool| is(a) || is(b);
    if either(Dynamic::is_unit) {
        return fault.hint("a value is missing: test `x != ()` first");
    }
    if either(Dynamic::is_fnptr) {
        return fault.hint("call the function to compare what it returns: `f.call(…)`");
    }
    if either(Dynamic::is_array) {
        return fault.hint(format!(
            "compare items: `a[0] {symbol} …`, `a.all(|x| x {symbol} …)` or \
            `a.some(|x| x {symbol} …)`"
        ));
    }
    if either(Dynamic::is_map) {
        return fault.hint(format!("compare one of its values: `m.key {symbol} …`"));
    }
    if either(Dynamic::is_bool) {
        return fault.hint("booleans compare with booleans: use `if x`, `!x` or `x == true`");
    }
    if either(Dynamic::is_string) {
        return fault.hint(
            "turn text into a number with `parse_float(text)`, or a number into \
            text with `x.to_string()`",
        );
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_without_rounding() {
        let large = (1i64 << 53) + 1;
        assert_eq!(mixed(large, (1i64 << 53) as f64), Some(Ordering::Greater));
        assert_eq!(mixed(-large, -((1i64 << 53) as f64)), Some(Ordering::Less));
        assert_eq!(mixed(i64::MAX, f64::INFINITY), Some(Ordering::Less));
        assert_eq!(
            mixed(i64::MAX, 9.223_372_036_854_776e18),
            Some(Ordering::Less)
        );
        assert_eq!(
            mixed(i64::MIN, -9.223_372_036_854_776e18),
            Some(Ordering::Equal)
        );
        assert_eq!(mixed(1, f64::NAN), None);
        assert_eq!(mixed(2, 2.5), Some(Ordering::Less));
    }
}
