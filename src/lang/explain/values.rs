//! Errors about values: types, indices, arithmetic.

use crate::session;
use crate::value::{article, type_word};
use cistron_base::{Fault, Place, fault};

/// The fault of an endless recursion.
pub fn too_deep() -> Fault {
    fault!("value", "functions call each other too deeply";
        hint: "does the recursion end? `if n == 0 {{ return 1; }}` ends one; a loop has no such \
            limit")
}

pub(super) fn out_of_range(index: i64, what: &str, size: usize, element: &str) -> Fault {
    let s = if size == 1 { "" } else { "s" };
    fault!(
        "value",
        "index {index} is out of range: the {what} holds {size} {element}{s}"
    )
}

pub(super) fn mismatch(wanted: &str, got: &str) -> Fault {
    let (wanted, got) = (type_word(wanted), type_word(got));
    if wanted == "boolean" {
        return not_a_condition(&got);
    }
    if got.is_empty() {
        return fault!("type", "must be {}", article(&wanted));
    }
    let fault = fault!(
        "type",
        "must be {}, got {}",
        article(&wanted),
        article(&got)
    );
    // the language compares types where an array is indexed, or a map by a key
    match (wanted.as_str(), got.as_str()) {
        ("integer", "range") => fault.hint("`a.extract(1..3)` returns part of an array"),
        ("integer", "string" | "number") => {
            fault.hint("positions are integers from 0; -1 is the last")
        }
        ("string", "integer" | "number") => {
            fault.hint("keys are strings: `m[\"key\"]`, of a number `` m[`${n}`] ``")
        }
        _ => fault,
    }
}

/// A condition of `if`, `while`, `&&` and `||` that is not a boolean.
fn not_a_condition(got: &str) -> Fault {
    let fault = fault!(
        "type",
        "a condition must be a boolean, got {}",
        article(got)
    );
    match got {
        "tensor" => {
            fault.hint("reduce it to one boolean: `t.gt(0).all().item()` or `t.gt(0).any().item()`")
        }
        "number" | "integer" => fault.hint("compare it: `x != 0`"),
        "unit" => fault.hint("test whether the value is there: `x != ()`"),
        "string" => fault.hint("test whether there is text: `text != \"\"`"),
        "array" | "map" => fault.hint("test whether it holds anything: `x.len() > 0`"),
        _ => fault,
    }
}

/// `Array [string]`: the indexed type and the type of the index.
pub(super) fn indexing(text: &str) -> Fault {
    let text = text.replace("Indexer", "");
    let (owner, index) = text
        .trim()
        .split_once('[')
        .map_or((text.trim(), ""), |(owner, index)| {
            (owner.trim(), index.trim_end_matches([']', ')']))
        });
    let (owner, index) = (
        type_word(owner),
        type_word(index.split(['=', ',']).next().unwrap_or(index)),
    );
    let index = if index.is_empty() || index == "_" {
        "this".to_string()
    } else {
        article(&index)
    };
    fault!("type", "{} cannot be indexed by {index}", article(&owner))
}

/// An error of arithmetic.
pub(super) fn arithmetic(text: &str) -> Fault {
    let plain = lower(text);
    if plain.contains("division by zero")
        || plain.contains("modulo by zero")
        || plain.contains("zero") && plain.contains("divi")
    {
        return fault!("value", "division by zero");
    }
    if plain.contains("overflow") {
        return fault!(
            "value",
            "{}",
            plain.replace("addition", "sum").trim_end_matches(": ")
        )
        .hint("integers have 64 bits; `x.to_float()` returns a float, which has a larger range");
    }
    Fault::new("value", plain)
}

/// A closure that uses the receiver of the method that it is passed to. Rhai states no position,
/// so that the call is searched for in the text.
pub(super) fn data_race(name: &str, file: &str) -> Fault {
    let method = name.split('\'').nth(1).unwrap_or(name);
    let mut fault = fault!("value", "the closure passed to `{method}` uses the value that \
        `{method}` is called on";
        hint: "copy what the closure needs first: `let n = x.len(); x.{method}(|v| v + n)`");
    let text = session::source(file).unwrap_or_default();
    let call = format!(".{method}(");
    let found = text.lines().enumerate().find_map(|(i, line)| {
        let column = line.find(&call)?;
        line[column..]
            .contains('|')
            .then(|| (i + 1, line[..column].chars().count() + 2))
    });
    if let Some((line, column)) = found {
        fault.at = Some(Place {
            file: file.into(),
            line,
            column,
        });
    }
    fault
}

pub(super) fn lower(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
