//! The standard library written in the language: embedded, or read from `CISTRON_STDLIB`.

use super::catalog::Entry;
use super::reach::real_path;
use include_dir::{Dir, include_dir};
use std::path::{Component, Path, PathBuf};

static EMBEDDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../stdlib");

/// Modules that were renamed: the former path, which still works, and the present one.
pub const RENAMED: [(&str, &str); 2] = [
    ("papers/chromatin", "papers/planted_motifs"),
    ("models/tcn", "models/multilabel_tcn"),
];

/// The present path of a module that was renamed; none of other modules.
pub fn renamed(path: &str) -> Option<&'static str> {
    let path = path.strip_suffix(".rhai").unwrap_or(path);
    let known = RENAMED.iter().find(|(former, _)| *former == path);
    known.map(|(_, present)| *present)
}

/// The text of `std/<path>.rhai` and the name it goes by in errors; none where the path leaves the
/// library, by `..` or by a link.
pub fn read(path: &str) -> Option<(String, String)> {
    let path = path.strip_suffix(".rhai").unwrap_or(path);
    if !Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let file = format!("{path}.rhai");
    if let Some(folder) = std::env::var_os("CISTRON_STDLIB") {
        let full = Path::new(&folder).join(&file);
        let real = real_path(&full).ok().filter(|real| {
            real_path(Path::new(&folder)).is_ok_and(|folder| real.starts_with(folder))
        })?;
        return cistron_base::file::read_text(&real)
            .ok()
            .map(|text| (text, full.display().to_string()));
    }
    let text = EMBEDDED.get_file(&file)?.contents_utf8()?;
    Some((text.to_string(), format!("std/{file}")))
}

/// The paths of all modules: `layers/fm`, …
pub fn paths() -> Vec<String> {
    fn walk(dir: &Dir, out: &mut Vec<String>) {
        for file in dir.files() {
            let path: PathBuf = file.path().with_extension("");
            if file.path().extension().is_some_and(|e| e == "rhai") {
                out.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
        for inner in dir.dirs() {
            walk(inner, out);
        }
    }
    let mut out = Vec::new();
    walk(&EMBEDDED, &mut out);
    out.sort();
    out
}

/// The documented functions of the standard library.
pub fn entries(engine: &rhai::Engine) -> Vec<Entry> {
    // modules of a folder may have another layout
    let is_embedded = std::env::var_os("CISTRON_STDLIB").is_none();
    let mut entries = Vec::new();
    for path in paths() {
        let Some((mut text, _)) = read(&path) else {
            continue;
        };
        if is_embedded {
            text = heads(&text);
        }
        if let Ok(ast) = engine.compile_with_scope(
            &super::globals::constants(),
            super::prepare::prepare(&text).0,
        ) {
            entries.extend(Entry::of_module(&format!("std/{path}"), &ast));
        }
    }
    entries
}

/// The functions of an embedded module without their bodies, which take most of the time to
/// compile: documentation, names and parameters. Each is at the start of a line.
fn heads(text: &str) -> String {
    let mut out = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        if line.starts_with("///") {
            out += line;
            out.push('\n');
        }
        is_inside |= line.starts_with("fn ") || line.starts_with("private fn ");
        if is_inside {
            let end = line.find(')');
            out += end.map_or(line, |end| &line[..=end]);
            out += if end.is_some() { " {}\n" } else { "\n" };
            is_inside = end.is_none();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn renamed_modules_lead_to_modules() {
        let paths = super::paths();
        for (former, present) in super::RENAMED {
            assert!(paths.iter().any(|path| path == present), "{present}");
            assert!(!paths.iter().any(|path| path == former), "{former}");
        }
    }

    #[test]
    fn names_of_modules_differ() {
        // one name, one meaning: `std/models/x` and `std/papers/x` once held different things
        let paths = super::paths();
        let last = |path: &String| path.rsplit('/').next().unwrap_or_default().to_string();
        let mut names: Vec<String> = paths.iter().map(last).collect();
        names.sort();
        let all = names.clone();
        names.dedup();
        assert_eq!(names, all);
    }

    #[test]
    fn paths_stay_in_the_library() {
        assert!(super::read("layers/fm").is_some());
        for path in [
            "../outside/m",
            "layers/../../m",
            "/etc/passwd",
            "",
            "./layers/fm/..",
        ] {
            assert!(super::read(path).is_none(), "{path}");
        }
    }
}
