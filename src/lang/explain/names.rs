//! Errors about names: variables, modules, functions and properties that do not exist.

use super::values::indexing;
use crate::catalog::Catalog;
use crate::value::{article, type_word};
use crate::{habits, session};
use cistron_base::{Fault, fault, near};

pub(super) fn no_module(name: &str, catalog: &Catalog) -> Fault {
    let fault = fault!("name", "no namespace or module is called `{name}`");
    if let Some(here) = habits::variable(name) {
        return fault.hint(here);
    }
    match near::nearest(name, catalog.namespaces()) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault.hint(format!(
            "namespaces: {}",
            catalog.namespaces().collect::<Vec<_>>().join(", ")
        )),
    }
}

pub(super) fn undefined(name: &str, catalog: &Catalog, file: &str) -> Fault {
    let fault = fault!("name", "no variable is called `{name}`");
    let text = session::source(file).unwrap_or_default();
    let known = declared_names(&text);
    if let Some(near) = near::nearest(
        name,
        known
            .iter()
            .map(String::as_str)
            .filter(|known| *known != name),
    ) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    if known.iter().any(|known| known == name) {
        return fault.hint(format!(
            "functions do not see variables from outside: pass `{name}` as \
            an argument, or make it `const` and write `global::{name}`"
        ));
    }
    if catalog.namespaces().any(|space| space == name) {
        return fault.hint(format!("`{name}` is a namespace: write `{name}::…`"));
    }
    match habits::variable(name) {
        Some(here) => fault.hint(here),
        None => fault,
    }
}

/// Names that a script declares with `let`, `const`, `fn`, `for` or as parameters.
fn declared_names(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut names: Vec<String> = words
        .windows(2)
        .filter(|pair| ["let", "const", "for", "as"].contains(&pair[0]))
        .map(|pair| pair[1].to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

pub(super) fn not_found(signature: &str, catalog: &Catalog, file: &str) -> Fault {
    let (name, types) = signature
        .split_once(" (")
        .map_or((signature, ""), |(name, types)| {
            (name, types.trim_end_matches(')'))
        });
    let types: Vec<String> = split_types(types)
        .into_iter()
        .map(|t| type_word(&t))
        .collect();
    if let Some((space, function)) = name.rsplit_once("::") {
        return catalog.missing_function(space, function, types.len());
    }
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if let Some(property) = name.strip_prefix("get$").or(name.strip_prefix("set$")) {
        return catalog.missing_property(property, types.first().map_or("value", String::as_str));
    }
    if name.starts_with("index$") {
        return indexing(&format!(
            "{} [{}]",
            types.first().map_or("", String::as_str),
            types.get(1).map_or("", String::as_str)
        ));
    }
    if !is_word {
        return match types.as_slice() {
            [a, b] => fault!(
                "type",
                "cannot compute {} `{name}` {}",
                article(a),
                article(b)
            ),
            _ => fault!(
                "type",
                "cannot apply `{name}` to {}",
                types
                    .iter()
                    .map(|t| article(t))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
    }
    let fault = catalog.missing_method(name, &types);
    let is_known = catalog.entries.iter().any(|entry| entry.name == name);
    let text = session::source(file).unwrap_or_default();
    if !is_known && declared_names(&text).iter().any(|known| known == name) {
        return fault!("name", "`{name}` is a variable, not a function").hint(format!(
            "a closure is called with `{name}.call(x)`; a network with \
                `{name}.forward(x)` or `x |> {name}`"
        ));
    }
    fault
}

/// Rhai joins alternatives of one parameter by ` | ` and parameters by commas, and generic types
/// hold commas of their own.
fn split_types(types: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0i32);
    for c in types.chars() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let plain = |part: String| {
        part.trim()
            .trim_start_matches("&mut ")
            .split(" | ")
            .next()
            .unwrap_or_default()
            .to_string()
    };
    parts
        .into_iter()
        .map(plain)
        .filter(|part| !part.is_empty())
        .collect()
}

pub(super) fn property_fault(text: &str, catalog: &Catalog) -> Fault {
    let quoted: Vec<&str> = text.split('\'').collect();
    match quoted.as_slice() {
        [_, property, _, owner, ..] => catalog.missing_property(property, &type_word(owner)),
        [_, property, ..] => fault!("name", "there is no property `{property}` here"),
        _ => fault!("name", "there is no such property"),
    }
}
