//! The rules of the house, read from its sources.

use crate::{files_below, root};
use std::path::PathBuf;

/// Every source with its room and its code (comments and tests left out).
fn rooms() -> Vec<(String, PathBuf, String)> {
    let base = root().join("src");
    files_below(&base, "rs")
        .into_iter()
        .map(|path| {
            let room = path
                .strip_prefix(&base)
                .expect("below src")
                .components()
                .next()
                .expect("a room")
                .as_os_str()
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or("")
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (room, path, code)
        })
        .collect()
}

/// Rooms that a room's code names.
fn named(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let inside = group.split(';').next().unwrap_or("");
            out.extend(
                inside
                    .split([',', '}'])
                    .map(|word| word.trim().split("::").next().unwrap_or("").to_string()),
            );
        } else {
            out.push(
                part.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    out
}

const SCIENCE: [&str; 10] = [
    "seq", "data", "nn", "optim", "augment", "metrics", "train", "explain", "plot", "track",
];

/// Whether code names the crate `tch` (and not only `Batch::` or `Watch::`).
fn names_tch(code: &str) -> bool {
    code.match_indices("tch::")
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn arrows_run_one_way() {
    let mut wrong = Vec::new();
    for (room, path, code) in rooms() {
        let forbidden: Vec<&str> = match room.as_str() {
            "base" => [SCIENCE.as_slice(), &["torch", "lang", "bind", "cli"]].concat(),
            "torch" => [SCIENCE.as_slice(), &["lang", "bind", "cli"]].concat(),
            "lang" => [SCIENCE.as_slice(), &["torch", "bind", "cli"]].concat(),
            "bind" => vec!["cli"],
            room if SCIENCE.contains(&room) => vec!["lang", "bind", "cli"],
            _ => Vec::new(),
        };
        for name in named(&code) {
            if forbidden.contains(&name.as_str()) {
                wrong.push(format!("{} ({room}) names {name}", path.display()));
            }
        }
        if room != "torch" && names_tch(&code) {
            wrong.push(format!("{} names tch", path.display()));
        }
        if !["lang", "bind", "cli"].contains(&room.as_str()) && code.contains("rhai::") {
            wrong.push(format!("{} names rhai", path.display()));
        }
        if room == "base" && (code.contains("serde") || code.contains("rayon")) {
            wrong.push(format!("{} knows more than std", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_unwrapped_or_unfinished() {
    for (_, path, code) in rooms() {
        for word in [".unwrap()", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!code.contains(word), "{} holds {word}", path.display());
        }
    }
}
