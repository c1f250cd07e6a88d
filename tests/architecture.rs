//! Rules of the architecture, read from the sources.

use crate::imports::{self, Crate, Module};
use crate::{files_below, root};
use std::path::PathBuf;

/// Every source with its room and its code (comments and tests left out).
fn rooms() -> Vec<(String, PathBuf, String)> {
    let base = root().join("src");
    files_below(&base, "rs")
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs"))
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
const SCIENCE: [&str; 21] = [
    "seq",
    "data",
    "nn",
    "optim",
    "augment",
    "metrics",
    "train",
    "explain",
    "plot",
    "protein",
    "track",
    "torch",
    "network",
    "cistron_network",
    "cistron_genome",
    "cistron_protein",
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
            "convert" => [SCIENCE.as_slice(), &["bind", "cli"]].concat(),
            "bind" => vec!["cli"],
            "track" => vec!["lang", "bind", "cli"],
            _ => Vec::new(),
        };
        for name in named(&code) {
            if forbidden.contains(&name.as_str()) {
                wrong.push(format!("{} ({room}) names {name}", path.display()));
            }
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
    for name in ["base", "metrics", "genome", "protein", "network", "plot"] {
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
        dependencies("lang")
            .iter()
            .all(|name| !name.starts_with("cistron-") || name == "cistron-base")
    );
    assert!(
        dependencies("base")
            .iter()
            .all(|own| ["flate2", "libc", "strsim"].contains(&own.as_str()))
    );
}

/// Kernels read and write slices: layers convert tensors.
#[test]
fn kernels_do_not_name_torch() {
    let kernels = root().join("src/nn/kernels");
    let found: Vec<_> = rooms()
        .into_iter()
        .filter(|(_, path, _)| path.starts_with(&kernels))
        .collect();
    assert!(found.len() > 10);
    for (_, path, code) in found {
        for word in ["torch", "tch::", "Tensor", "crate::layers", "crate::fuse"] {
            assert!(!code.contains(word), "{} names {word}", path.display());
        }
    }
}

/// Passes recognise layers by plain data: descriptions of layers do not name a family of layers.
#[test]
fn the_specification_names_no_layer() {
    for file in ["spec.rs", "value.rs", "codes.rs", "fuse/pattern.rs"] {
        let path = root().join("src/nn").join(file);
        let text = std::fs::read_to_string(&path).expect("a source");
        assert!(!text.contains("layers::"), "{file} names a layer");
    }
}

#[test]
fn nothing_is_unwrapped_or_unfinished() {
    for (_, path, code) in rooms() {
        for word in [".unwrap()", "todo!(", "unimplemented!(", "dbg!("] {
            assert!(!code.contains(word), "{} holds {word}", path.display());
        }
    }
}

/// The loops within loops of a source that `cargo fmt` has formatted, as the lines that start them.
fn nested_loops(code: &str) -> Vec<&str> {
    let mut open: Vec<usize> = Vec::new();
    let mut nested = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        // the bracket of a long head is as deep as the loop
        if !text.starts_with('{') {
            open.retain(|outer| *outer < depth);
        }
        if ["for ", "while ", "loop {"]
            .iter()
            .any(|word| text.starts_with(word))
        {
            if !open.is_empty() {
                nested.push(text);
            }
            open.push(depth);
        }
    }
    nested
}

#[test]
fn loops_within_loops_are_found() {
    let code = "\
fn f() {
    for a in x
        .iter()
    {
        while b {
            b();
        }
    }
    for c in y {
        c();
    }
    loop {
        d();
    }
}";
    assert_eq!(nested_loops(code), ["while b {"]);
}

/// Bindings whose loops within loops convert values of scripts, with what they convert.
const CONVERTING: [(&str, &str); 3] = [
    ("args/intervals.rs", "words or arrays of words by column"),
    ("plot/groups.rs", "bars of a map for each row"),
    ("train/search.rs", "reports and variables of each trial"),
];

/// Folders of bindings whose functions are the mathematics of numbers and tensors.
const MATHEMATICS: [&str; 2] = ["host/", "tensor/math/"];

/// A binding converts, calls one function, returns. What a text shows of a binding that computes
/// is a loop within a loop, or a call of mathematics, sorting or threads.
#[test]
fn bindings_do_not_compute() {
    const COMPUTING: [&str; 11] = [
        "rayon",
        "midpoint(",
        "total_cmp",
        "sort_by(",
        "sort_unstable",
        ".sqrt()",
        ".ln()",
        ".powi(",
        ".powf(",
        ".fold(",
        "chunks_exact",
    ];
    let base = root().join("src/bind");
    let mut wrong = Vec::new();
    for (_, path, code) in rooms().into_iter().filter(|(room, ..)| room == "bind") {
        let name = path.strip_prefix(&base).expect("below src/bind");
        let name = name.to_string_lossy();
        let loops = nested_loops(&code);
        match CONVERTING.iter().find(|(file, _)| *file == name) {
            Some(_) if loops.is_empty() => wrong.push(format!("{name} is no exception any more")),
            Some(_) => {}
            None => {
                let loops = loops.into_iter();
                wrong.extend(loops.map(|line| format!("{name}: `{line}` is within a loop")));
            }
        }
        if !MATHEMATICS.iter().any(|folder| name.starts_with(folder)) {
            let words = COMPUTING.iter().filter(|word| code.contains(**word));
            wrong.extend(words.map(|word| format!("{name} holds `{word}`")));
        }
    }
    assert!(
        wrong.is_empty(),
        "this belongs in a science crate:\n{}",
        wrong.join("\n")
    );
}

/// The crates of the workspace: their folders, the program itself last.
fn crates() -> Vec<PathBuf> {
    let src = root().join("src");
    let entries = std::fs::read_dir(&src).expect("a folder").flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    folders.sort();
    folders.push(src);
    folders
}

#[test]
fn files_of_a_room_import_each_other_in_one_direction() {
    let mut wrong = Vec::new();
    for folder in crates() {
        for cycle in imports::cycles(&Crate::read(&folder).imports()) {
            let files: Vec<String> = cycle.iter().map(|module| module.join("::")).collect();
            wrong.push(format!("{}: {}", folder.display(), files.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "cycles of imports:\n{}", wrong.join("\n"));
}

/// Folders of `bind` whose files declare script namespaces.
const NAMESPACES: [&str; 10] = [
    "data",
    "explain",
    "expression",
    "host",
    "nn",
    "plot",
    "protein",
    "seq",
    "tensor",
    "train",
];

/// What namespaces share is in `types`, `args`, `printing` and `warnings`. The file `mod.rs` of a
/// folder lists the functions of the folder.
#[test]
fn files_of_namespaces_import_no_other() {
    let program = Crate::read(&root().join("src"));
    let is_namespace = |module: &Module| {
        module.len() > 2 && module[0] == "bind" && NAMESPACES.contains(&&*module[1])
    };
    let mut wrong = Vec::new();
    for (module, imported) in program.imports() {
        for other in imported.iter().filter(|other| is_namespace(other)) {
            let is_list = program.0[&module].path.ends_with("mod.rs") && other.starts_with(&module);
            if !is_list {
                wrong.push(format!(
                    "{} imports {}",
                    module.join("::"),
                    other.join("::")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_have_at_most_100_columns() {
    let src = root().join("src");
    let mut wrong = Vec::new();
    for path in files_below(&src, "rs") {
        let text = std::fs::read_to_string(&path).expect("a source");
        let long = |(_, line): &(usize, &str)| line.chars().count() > 100;
        let found = text.lines().enumerate().filter(long);
        wrong.extend(found.map(|(i, _)| format!("{}:{}", path.display(), i + 1)));
    }
    assert!(
        wrong.is_empty(),
        "lines of more than 100 columns:\n{}",
        wrong.join("\n")
    );
}
