//! Rules of the architecture, read from the sources.

use crate::{files_below, root};
use std::collections::{BTreeMap, BTreeSet};
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

/// The modules of a room and how their files import each other.
struct Room {
    /// The path of the room's root in `use`: `crate`, or `crate::cli`.
    root: Vec<String>,
    /// The code of each module, by its path below the root.
    modules: BTreeMap<Vec<String>, String>,
    /// Names that the file of a module re-exports, with the modules that declare them.
    exports: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
}

/// The paths of a `use` tree: `a::{b, c as d}` is `a::b` and `a::c as d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((head, inner)) = tree.split_once('{') else {
        return vec![tree.trim().to_string()];
    };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in inner.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            letter => parts.last_mut().expect("a part").push(letter),
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| expanded(&format!("{}{}", head.trim(), part.trim())))
        .collect()
}

/// The `use` statements of a file, each with its path, the name that it declares, and whether it
/// re-exports; and the code without them.
fn uses(code: &str) -> (Vec<(String, String, bool)>, String) {
    let (mut found, mut rest, mut statement) = (Vec::new(), String::new(), String::new());
    for line in code.lines() {
        let start = line.trim_start();
        let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
        if statement.is_empty() && !begins.iter().any(|begin| start.starts_with(begin)) {
            rest += line;
            rest.push('\n');
            continue;
        }
        statement += start;
        if !start.ends_with(';') {
            continue;
        }
        let (visibility, tree) = statement.split_once("use ").expect("a use statement");
        for path in expanded(tree.trim_end_matches(';')) {
            let (path, alias) = path.split_once(" as ").unwrap_or((&path, ""));
            let path = path.trim_end_matches("::self").to_string();
            let last = path.rsplit("::").next().unwrap_or("").to_string();
            let name = if alias.is_empty() { last } else { alias.into() };
            found.push((path, name, !visibility.is_empty()));
        }
        statement.clear();
    }
    (found, rest)
}

impl Room {
    fn read(room: &str, root_path: &str) -> Room {
        let base = root().join("src").join(room);
        let sources = rooms().into_iter().filter(|(name, ..)| name == room);
        let modules = sources.map(|(_, path, code)| {
            let path = path.strip_prefix(&base).expect("below the room");
            let names = path.with_extension("");
            let names = names
                .components()
                .map(|part| part.as_os_str().to_string_lossy());
            let names = names.map(|name| name.into_owned());
            let mut names: Vec<String> = names.collect();
            names.retain(|name| name != "mod" && name != "lib");
            (names, code)
        });
        let mut room = Room {
            root: root_path.split("::").map(str::to_string).collect(),
            modules: modules.collect(),
            exports: BTreeMap::new(),
        };
        let exports = room.modules.iter().map(|(module, code)| {
            let exported = uses(code)
                .0
                .into_iter()
                .filter(|(.., is_exported)| *is_exported);
            let declared = exported
                .filter_map(|(path, name, _)| Some((name, room.module_of(&path, module)?)))
                .collect();
            (module.clone(), declared)
        });
        room.exports = exports.collect();
        room
    }

    /// The module of a path that the file of another module contains.
    fn module_of(&self, path: &str, within: &[String]) -> Option<Vec<String>> {
        let mut rest: Vec<String> = path.split("::").map(|name| name.trim().into()).collect();
        let mut module = within.to_vec();
        if rest.starts_with(&self.root) {
            module.clear();
            rest.drain(..self.root.len());
        } else if rest[0] == "super" {
            while rest.first().is_some_and(|name| name == "super") {
                module.pop()?;
                rest.remove(0);
            }
        } else if rest[0] == "self" {
            rest.remove(0);
        } else if !self.has_child(&module, &rest[0]) {
            return None;
        }
        while rest
            .first()
            .is_some_and(|name| self.has_child(&module, name))
        {
            module.push(rest.remove(0));
        }
        let exported = self.exports.get(&module).zip(rest.first());
        let exported = exported.and_then(|(exports, name)| exports.get(name));
        Some(exported.cloned().unwrap_or(module))
    }

    fn has_child(&self, module: &[String], name: &str) -> bool {
        let child: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
        self.modules.contains_key(&child)
    }

    /// The modules that the file of a module imports or names.
    fn imports(&self, module: &[String]) -> BTreeSet<Vec<String>> {
        let (uses, code) = uses(&self.modules[module]);
        let mut out = BTreeSet::new();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        let named: BTreeSet<&str> = code
            .split(|letter| !is_word(letter))
            .filter(|path| path.contains("::"))
            .collect();
        for (path, name, is_exported) in &uses {
            let start = format!("{name}::");
            // of a module that is imported, its items are used
            let items = named.iter().filter_map(|path| path.strip_prefix(&start));
            let items: Vec<String> = items.map(|item| format!("{path}::{item}")).collect();
            let paths = if items.is_empty() && !is_exported {
                vec![path.clone()]
            } else {
                items
            };
            out.extend(paths.iter().filter_map(|path| self.module_of(path, module)));
        }
        out.extend(named.iter().filter_map(|path| self.module_of(path, module)));
        out.remove(module);
        out
    }
}

/// Files of a room form layers: none imports itself through others. Re-exports do not count, but
/// imports through them do.
#[test]
fn files_do_not_import_one_another_in_cycles() {
    for (room, root_path) in [
        ("bind", "crate::bind"),
        ("lang", "crate"),
        ("cli", "crate::cli"),
        ("explain", "crate"),
        ("genome", "crate"),
        ("metrics", "crate"),
        ("plot", "crate"),
        ("torch", "crate"),
        ("track", "crate::track"),
    ] {
        let room = Room::read(room, root_path);
        let mut imports: BTreeMap<_, _> = room
            .modules
            .keys()
            .map(|module| (module.clone(), room.imports(module)))
            .collect();
        assert!(imports.values().map(BTreeSet::len).sum::<usize>() > imports.len());
        // what imports nothing that is left is in no cycle
        loop {
            let leaves: Vec<_> = imports
                .iter()
                .filter(|(_, used)| used.iter().all(|module| !imports.contains_key(module)))
                .map(|(module, _)| module.clone())
                .collect();
            if leaves.is_empty() {
                break;
            }
            leaves
                .iter()
                .for_each(|module| drop(imports.remove(module)));
        }
        let left: Vec<String> = imports
            .iter()
            .map(|(module, used)| format!("{} imports {used:?}", module.join("::")))
            .collect();
        assert!(left.is_empty(), "in or above a cycle:\n{}", left.join("\n"));
    }
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
        dependencies("lang")
            .iter()
            .all(|name| !name.starts_with("cistron-") || name == "cistron-base")
    );
    assert!(
        dependencies("base")
            .iter()
            .all(|own| ["libc", "strsim"].contains(&own.as_str()))
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
    ("plot/figures.rs", "bars of a map for each row"),
    (
        "seq/intervals/columns.rs",
        "words or arrays of words by column",
    ),
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
