//! Values in one line, and values over several.

use super::types::type_info;
use cistron_base::Result;
use cistron_base::bail;
use cistron_base::written::printable;
use rhai::Dynamic;

/// A number with at most six significant digits: `0.946012`, `1.2e-7`.
pub fn number(x: f64) -> String {
    if x == 0.0 {
        return "0.0".into();
    }
    if !x.is_finite() {
        return format!("{x}").replace("inf", "inf");
    }
    let magnitude = x.abs().log10().floor() as i32;
    if !(-5..9).contains(&magnitude) {
        let text = format!("{x:.5e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.')
        } else {
            digits
        };
        return format!("{digits}e{power}");
    }
    let text = format!("{x:.*}", (5 - magnitude).max(1) as usize);
    let text = text.trim_end_matches('0');
    if text.ends_with('.') {
        format!("{text}0")
    } else {
        text.to_string()
    }
}

/// A value in one line; a string as it is.
pub fn line(value: &Dynamic) -> String {
    if value.is_string() {
        return value.to_string();
    }
    if let Ok(x) = value.as_float() {
        // powers where `${x}` has them
        return if x != 0.0 && !(1e-13..=1e13).contains(&x.abs()) && x.is_finite() {
            format!("{x:e}")
        } else if x == x.trunc() && x.is_finite() {
            format!("{x:.1}")
        } else {
            format!("{x}")
        };
    }
    quoted(value)
}

/// A value in one line as it stands inside others: strings in quotes.
pub fn quoted(value: &Dynamic) -> String {
    let value = &value.flatten_clone();
    if let Some(info) = type_info(value) {
        return (info.line)(value);
    }
    if value.is_string() {
        return format!("\"{}\"", printable(&value.to_string()));
    }
    if let Ok(x) = value.as_float() {
        return number(x);
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return format!("[{}]", cut(items.iter().map(quoted), items.len()));
    }
    if let Some(items) = value.read_lock::<rhai::Map>() {
        if items.is_empty() {
            return "#{}".into();
        }
        return format!(
            "#{{{}}}",
            cut(
                items
                    .iter()
                    .map(|(key, item)| format!("{key}: {}", quoted(item))),
                items.len()
            )
        );
    }
    if value.is_fnptr() {
        return "|…| …".into();
    }
    if value.is_unit() {
        return "()".into();
    }
    value.to_string()
}

fn cut(items: impl Iterator<Item = String>, n: usize) -> String {
    const MOST: usize = 24;
    let mut parts: Vec<String> = items.take(MOST).collect();
    if n > MOST {
        parts.push(format!("… {} more", n - MOST));
    }
    parts.join(", ")
}

/// A value over several lines where that reads better.
pub fn pretty(value: &Dynamic) -> String {
    if let Some(info) = type_info(value) {
        return (info.pretty)(value);
    }
    let one = quoted(value);
    if one.chars().count() <= 78 {
        return one;
    }
    if let Some(items) = value.read_lock::<rhai::Map>() {
        let wide = items.keys().map(|key| key.len()).max().unwrap_or(0);
        let rows = items
            .iter()
            .map(|(key, item)| format!("  {key:<wide$}  {}", indent(&pretty(item))));
        return format!("#{{\n{}\n}}", rows.collect::<Vec<_>>().join("\n"));
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        if items.iter().all(is_scalar) {
            return packed(&items);
        }
        let rows = items
            .iter()
            .take(40)
            .map(|item| format!("  {}", indent(&pretty(item))));
        let more = if items.len() > 40 {
            format!("\n  … {} more", items.len() - 40)
        } else {
            String::new()
        };
        return format!("[\n{}{more}\n]", rows.collect::<Vec<_>>().join("\n"));
    }
    one
}

/// Whether a value is a number, a boolean, a string or the unit.
fn is_scalar(value: &Dynamic) -> bool {
    value.is_float() || value.is_int() || value.is_bool() || value.is_string() || value.is_unit()
}

/// The first values of an array, as many to a line as fit.
fn packed(items: &[Dynamic]) -> String {
    const MOST: usize = 120;
    let columns = cistron_base::screen::columns().unwrap_or(80);
    let (mut out, mut used) = (String::from("["), 1);
    for (i, item) in items.iter().take(MOST).enumerate() {
        let text = quoted(item);
        let wide = text.chars().count() + 2;
        if i > 0 {
            out.push(',');
            if used + wide > columns {
                out += "\n ";
                used = 1;
            } else {
                out.push(' ');
            }
        }
        out += &text;
        used += wide;
    }
    if items.len() > MOST {
        out += &format!(",\n … {} more", items.len() - MOST);
    }
    out + "]"
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// A value as JSON; what has no JSON form becomes its line.
///
/// # Errors
/// Where arrays and maps are nested more than [`DEEPEST`] levels deep: readers of JSON refuse it.
pub fn json(value: &Dynamic) -> Result<serde_json::Value> {
    if !is_within(value, DEEPEST) {
        bail!("value", "arrays and maps are nested more than {DEEPEST} levels deep";
            hint: "store such a value flat, for example as an array of rows");
    }
    Ok(to_json(value))
}

/// The most levels of arrays and maps in a file of JSON. `serde_json` reads 128.
pub const DEEPEST: usize = 100;

/// Whether arrays and maps are nested at most `levels` deep.
pub fn is_within(value: &Dynamic, levels: usize) -> bool {
    let below = levels.checked_sub(1);
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return below.is_some_and(|levels| items.iter().all(|item| is_within(item, levels)));
    }
    if let Some(items) = value.read_lock::<rhai::Map>() {
        return below.is_some_and(|levels| items.values().all(|item| is_within(item, levels)));
    }
    true
}

/// A value as JSON, however deep it is.
pub fn to_json(value: &Dynamic) -> serde_json::Value {
    use serde_json::Value;
    let value = value.flatten_clone();
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return Value::Array(items.iter().map(to_json).collect());
    }
    if let Some(items) = value.read_lock::<rhai::Map>() {
        return Value::Object(
            items
                .iter()
                .map(|(key, item)| (key.to_string(), to_json(item)))
                .collect(),
        );
    }
    if let Ok(n) = value.as_int() {
        return n.into();
    }
    if let Ok(x) = value.as_float() {
        return serde_json::Number::from_f64(x).map_or(Value::Null, Value::Number);
    }
    if let Ok(b) = value.as_bool() {
        return b.into();
    }
    if value.is_unit() {
        return Value::Null;
    }
    let own = type_info(&value).and_then(|info| (info.json)(&value));
    own.unwrap_or_else(|| Value::String(line(&value)))
}

#[cfg(test)]
mod tests {
    use super::{line, number};

    #[test]
    fn numbers_in_lines_are_as_in_templates() {
        for (x, expected) in [
            (1e-300, "1e-300"),
            (5e-324, "5e-324"),
            (-1.5e300, "-1.5e300"),
            (0.000_012_5, "0.0000125"),
            (1e13, "10000000000000.0"),
            (3.0, "3.0"),
            (-0.0, "-0.0"),
            (0.25, "0.25"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(line(&x.into()), expected);
        }
    }

    #[test]
    fn numbers_keep_six_digits() {
        assert_eq!(number(0.946_012_34), "0.946012");
        assert_eq!(number(1.0), "1.0");
        assert_eq!(number(-12_345.678), "-12345.7");
        assert_eq!(number(1.25e-7), "1.25e-7");
        assert_eq!(number(3e12), "3e12");
        assert_eq!(number(0.0), "0.0");
        assert_eq!(number(f64::NAN), "NaN");
    }
}
