//! `files::…`: which files there are, and JSON.

use crate::base::{Fault, Result};
use crate::lang::reach::Access;
use crate::lang::{Native, Options, native, natives_of, session};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Folders within each other that are looked into.
const DEEPEST: usize = 16;

/// Options of `files::list`.
#[derive(Options)]
pub struct ListOptions {
    /// What the names end in, such as ".json"; all files unless given.
    #[option(default = "")]
    ending: String,
    /// Whether folders within the folder are looked into.
    #[option(default = false)]
    below: bool,
}

/// Lists the files of a folder, as paths that begin with it.
///
/// ```rhai
/// tensor::save_npy("/tmp/cistron_files/a.npy", tensor::ones([1]));
/// let found = files::list("/tmp/cistron_files", #{ ending: ".npy" });
/// assert_eq(found, ["/tmp/cistron_files/a.npy"]);
/// ```
/// ```rhai,fails
/// files::list("/nowhere");
/// //~ `/nowhere`: no such file or directory
/// ```
#[native(namespace = "files", returns = "array of strings, sorted", stand_in = no_files)]
pub fn list(
    /// Path of the folder; a relative one starts at the working directory, then beside the script.
    folder: &str,
    options: ListOptions,
) -> Result<Vec<String>> {
    let given = PathBuf::from(folder);
    let beside = session::settings()
        .script_dir
        .map(|place| place.join(&given));
    let found = match beside {
        Some(beside) if given.is_relative() && !given.exists() && beside.exists() => beside,
        _ => given,
    };
    let mut paths = Vec::new();
    collect(
        &session::permitted(&found, Access::Read)?,
        &options,
        0,
        &mut paths,
    )?;
    paths.sort();
    Ok(paths)
}

fn collect(
    folder: &Path,
    options: &ListOptions,
    depth: usize,
    paths: &mut Vec<String>,
) -> Result<()> {
    if depth > DEEPEST {
        bail!(
            "file",
            "`{}`: folders are nested more than {DEEPEST} deep",
            folder.display()
        );
    }
    let failed = |error: std::io::Error| Fault::file(folder, &error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        crate::base::interrupt::check()?;
        let entry = entry.map_err(failed)?;
        // links to folders are not followed: they may lead back
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() {
            if options.below {
                collect(&path, options, depth + 1, paths)?;
            }
        } else if path.is_file() {
            let text = path.to_string_lossy().into_owned();
            if text.ends_with(&options.ending) {
                paths.push(text);
            }
        }
    }
    Ok(())
}

/// The files of a folder that does not exist, in a dry run.
fn no_files(_: &str, _: ListOptions) -> Result<Vec<String>> {
    Ok(Vec::new())
}

/// Reads a JSON file: objects are maps, `null` is `()`.
///
/// ```rhai
/// save_text("/tmp/cistron_example.json", "{\"width\": 24}");
/// assert_eq(files::read_json("/tmp/cistron_example.json").width, 24);
/// ```
/// ```rhai,fails
/// files::read_json("/nowhere.json");
/// //~ `/nowhere.json`: no such file or directory
/// ```
#[native(namespace = "files", stand_in = no_json)]
pub fn read_json(
    /// Path of the file.
    path: &str,
) -> Result<Dynamic> {
    let path = session::find_input(path)?;
    crate::base::file::regular(&path)?;
    let text = crate::base::file::read_text(&path).map_err(|error| Fault::file(&path, &error))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| fault!("file", "`{}` is no JSON: {error}", path.display()))?;
    Ok(dynamic(value))
}

fn no_json(_: &str) -> Result<Dynamic> {
    Ok(Map::new().into())
}

fn dynamic(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => flag.into(),
        Value::Number(n) => n
            .as_i64()
            .map_or_else(|| n.as_f64().unwrap_or(f64::NAN).into(), Dynamic::from),
        Value::String(text) => text.into(),
        Value::Array(items) => items.into_iter().map(dynamic).collect::<Array>().into(),
        Value::Object(items) => items
            .into_iter()
            .map(|(name, value)| (name.into(), dynamic(value)))
            .collect::<Map>()
            .into(),
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![list, read_json]
}
