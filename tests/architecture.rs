//! Rules of the architecture, read from the sources.

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

/// What the crates of science are called in the front page of the library, and as crates.
const SCIENCE: [&str; 17] = [
    "seq",
    "data",
    "nn",
    "optim",
    "augment",
    "metrics",
    "train",
    "explain",
    "plot",
    "track",
    "torch",
    "cistron_genome",
    "cistron_metrics",
    "cistron_nn",
    "cistron_explain",
    "cistron_plot",
    "cistron_torch",
];

/// Cargo holds the direction between crates. Within the crate `cistron`, and of what it depends on,
/// this does.
#[test]
fn dependencies_point_one_way() {
    let mut wrong = Vec::new();
    for (room, path, code) in rooms() {
        let forbidden: Vec<&str> = match room.as_str() {
            "lang" => [SCIENCE.as_slice(), &["bind", "cli"]].concat(),
            "bind" => vec!["cli"],
            "track" => vec!["lang", "bind", "cli"],
            _ => Vec::new(),
        };
        for name in named(&code) {
            if forbidden.contains(&name.as_str()) {
                wrong.push(format!("{} ({room}) names {name}", path.display()));
            }
        }
        // the attributes are no science
        if room == "lang" && code.replace("cistron_macros", "").contains("use cistron_") {
            wrong.push(format!("{} names a crate of science", path.display()));
        }
        if room == "track" && code.contains("rhai::") {
            wrong.push(format!("{} names rhai", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The crates that a crate's manifest lists, without those for its tests.
fn dependencies(name: &str) -> Vec<String> {
    let path = root().join("src").join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("a manifest");
    let list = text.split("[dependencies]").nth(1).expect("dependencies");
    let list = list.split("\n[").next().unwrap_or("");
    list.lines()
        .filter_map(|line| Some(line.split(['.', ' ', '=']).next()?.to_string()))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn torch_and_rhai_stay_in_their_crates() {
    for name in ["base", "metrics", "genome", "plot"] {
        let all = dependencies(name);
        assert!(
            ["tch", "rhai", "cistron-torch", "cistron-nn"]
                .iter()
                .all(|own| !all.iter().any(|listed| listed == own)),
            "{name} depends on torch or Rhai: {all:?}"
        );
    }
    for name in ["nn", "explain"] {
        let all = dependencies(name);
        assert!(
            !all.iter()
                .any(|own| ["tch", "rhai"].contains(&own.as_str())),
            "{name}: {all:?}"
        );
    }
    assert!(dependencies("torch").iter().any(|own| own == "tch"));
    assert!(
        dependencies("base")
            .iter()
            .all(|own| ["libc", "strsim"].contains(&own.as_str()))
    );
}

#[test]
fn nothing_is_unwrapped_or_unfinished() {
    for (_, path, code) in rooms() {
        for word in [".unwrap()", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!code.contains(word), "{} holds {word}", path.display());
        }
    }
}
