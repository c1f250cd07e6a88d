//! Values of scripts in error messages, and numbers of either type.

use crate::{show, types};
use cistron_base::{Fault, fault};
use rhai::Dynamic;

/// The fault of a value of the wrong type.
pub fn mismatch(wanted: &str, got: &Dynamic) -> Fault {
    fault!("type", "must be {}, got {}", article(wanted), describe(got))
}

/// `a tensor`, `an optimizer`, `two numbers`.
pub fn article(noun: &str) -> String {
    let plain = [
        "one of", "any", "a ", "an ", "two ", "shape", "numbers", "integers", "unit",
    ];
    if plain.iter().any(|start| noun.starts_with(start)) {
        return noun.to_string();
    }
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// The value of an integer or a float.
pub fn number(value: &Dynamic) -> Option<f64> {
    value
        .as_float()
        .ok()
        .or_else(|| value.as_int().ok().map(|n| n as f64))
}

/// A value in an error message: its type, and itself where it is short.
pub fn describe(value: &Dynamic) -> String {
    let value = value.flatten_clone();
    if value.is_unit() {
        return "unit".into();
    }
    if let Some(info) = types::type_info(&value) {
        let line = (info.line)(&value);
        return if line.starts_with(info.name) {
            line
        } else {
            format!("{} {line}", info.name)
        };
    }
    let text = show::quoted(&value);
    let short = if text.chars().count() > 60 {
        format!("{} …", text.chars().take(56).collect::<String>())
    } else {
        text
    };
    match value {
        v if v.is_int() => format!("integer {short}"),
        v if v.is_float() => format!("number {short}"),
        v if v.is_bool() => short,
        v if v.is_string() => format!("string {short}"),
        v if v.is_array() => format!("array {short}"),
        v if v.is_map() => format!("map {short}"),
        v if v.is_fnptr() => "a function".into(),
        v => type_word(v.type_name()),
    }
}

/// `Tensor`, `i64` … in a script writer's words.
pub fn type_word(name: &str) -> String {
    let name = name.trim();
    match name {
        "i64" | "INT" | "i32" | "u8" | "usize" => "integer".into(),
        "f64" | "FLOAT" | "f32" => "number".into(),
        "bool" => "boolean".into(),
        "()" => "unit".into(),
        "char" => "letter".into(),
        "Fn" | "FnPtr" => "function".into(),
        "map" | "array" | "string" | "range" | "blob" | "" | "_" => name.into(),
        other if other.contains("Range") => "range".into(),
        other if other.contains("BTreeMap") || other.contains("Map<") => "map".into(),
        other if other.contains("Vec<u8>") => "blob".into(),
        other if other.contains("Vec<") || other == "Array" => "array".into(),
        other if other.contains("FnPtr") => "function".into(),
        other if other.contains("Instant") => "timestamp".into(),
        other if other.contains("Dynamic") => "value".into(),
        other if is_text(other) => "string".into(),
        other => {
            let short = other
                .split('<')
                .next()
                .unwrap_or(other)
                .rsplit("::")
                .next()
                .unwrap_or(other);
            let types = types::types();
            let known = types.iter().find(|info| {
                info.path == other
                    || info.name == other
                    || info.path.ends_with(&format!("::{short}"))
            });
            known.map_or_else(|| short.to_lowercase(), |info| info.name.to_string())
        }
    }
}

/// Whether a Rust type is text; the path of every type of this crate holds "str" as well.
fn is_text(path: &str) -> bool {
    let short = path
        .rsplit("::")
        .next()
        .unwrap_or(path)
        .trim_start_matches('&');
    ["str", "String"].iter().any(|end| short.ends_with(end))
}
