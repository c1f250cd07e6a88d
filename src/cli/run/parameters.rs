//! The parameters of a script, read from its text.

use crate::base::{Fault, near};
use crate::fault;
use crate::lang::scan::scan;
use crate::lang::setting;
use rhai::Dynamic;
use std::collections::HashSet;

/// Fails where a script has no parameter of a name; names are read from the text, so that a typo is
/// reported before any work.
pub fn declares(text: &str, name: &str, option: &str) -> Result<(), Fault> {
    let declared: Vec<String> = parameters(text)
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    if declared.iter().any(|known| known == name) {
        return Ok(());
    }
    let fault = fault!("usage", "{option}: the script has no parameter `{name}`");
    Err(
        match near::nearest(name, declared.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None if declared.is_empty() => fault.hint("it has none"),
            None => fault.hint(format!("it has {}", declared.join(", "))),
        },
    )
}

/// Fails where a value cannot be that of a parameter whose default is a literal: other defaults
/// are known when the script runs.
pub fn accepts(text: &str, name: &str, value: &str) -> Result<(), Fault> {
    let found = parameters(text)
        .into_iter()
        .find(|(known, ..)| known == name);
    match found.and_then(|(_, default, _)| literal(&default)) {
        Some(default) => setting::read(name, value, &default).map(drop),
        None => Ok(()),
    }
}

/// The value of a literal: a number, a boolean, or a string without escapes.
fn literal(text: &str) -> Option<Dynamic> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return text.parse::<f64>().ok().map(Dynamic::from);
    }
    if let Ok(truth) = text.parse::<bool>() {
        return Some(truth.into());
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then(|| inner.to_string().into())
}

/// The `param("name", default, "text")` calls of a script, without running it: names, defaults and
/// texts.
pub(super) fn parameters(text: &str) -> Vec<(String, String, String)> {
    let code: HashSet<usize> = scan(text).code.into_iter().map(|(at, _)| at).collect();
    let calls = text
        .match_indices("param(\"")
        .filter(|(at, _)| code.contains(at));
    let each = calls.map(|(at, call)| arguments(&text[at + call.len() - 1..]));
    let words = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |part: &str| part.trim_matches('"').replace("\\\"", "\"");
    each.filter_map(|found| {
        let (name, default) = (found.first()?, found.get(1).copied().unwrap_or(""));
        let meaning = found.get(2).copied().unwrap_or("");
        Some((plain(name), words(default), plain(meaning)))
    })
    .collect()
}

/// The arguments of a call, from the text that follows its parenthesis.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in scan(text).code {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                found.push(text[start..at].trim());
                return found;
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_against_literals_alone() {
        let text = "param(\"a\", 0.1); param(\"b\", 3); param(\"c\", true); param(\"d\", \"x\"); \
                    param(\"e\", [1, 2]); param(\"f\", 2 * n);";
        for (name, value, is_good) in [
            ("a", "abc", false),
            ("a", "1e-3", true),
            ("b", "2.5", false),
            ("b", "-4", true),
            ("c", "maybe", false),
            ("c", "false", true),
            ("d", "anything", true),
            ("e", "1,2", true),
            ("f", "anything", true),
        ] {
            assert_eq!(
                accepts(text, name, value).is_ok(),
                is_good,
                "{name}={value}"
            );
        }
    }

    #[test]
    fn parameters_are_read_with_defaults_of_all_forms() {
        let text = "let a = param(\"a\", [\"x\", \"y\"]); // param(\"not\", 1)\n\
                    let b = param(\"b\", #{ n: [1,\n  2] }, \"with \\\"quotes\\\", and more\");\n\
                    let c = param(\"c\", \", \");";
        let is = |name: &str, default: &str, text: &str| {
            (name.to_string(), default.to_string(), text.to_string())
        };
        assert_eq!(
            parameters(text),
            [
                is("a", "[\"x\", \"y\"]", ""),
                is("b", "#{ n: [1, 2] }", "with \"quotes\", and more"),
                is("c", "\", \"", ""),
            ]
        );
    }
}
