//! `data::example`: small sets that come with the program.

use crate::base::table::Cells;
use crate::base::{Fault, Result, file, near};
use crate::bind::args::dataset::with_notes;
use crate::bind::types::{Data, Tabled};
use crate::data::table::TableColumns;
use crate::fault;
use crate::lang::{Native, native, natives_of, session};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::path::PathBuf;

/// The files with their catalogue.
static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/examples/data");

/// A file of the catalogue.
#[derive(Deserialize)]
struct Example {
    name: String,
    file: String,
    what: String,
    source: String,
    licence: String,
    /// The columns of labels, where it is a table of sequences.
    #[serde(default)]
    label: Vec<String>,
}

fn catalogue() -> Result<Vec<Example>> {
    let text = FILES
        .get_file("catalogue.json")
        .and_then(|file| file.contents_utf8());
    serde_json::from_str(text.unwrap_or("[]"))
        .map_err(|error| Fault::new("internal", format!("the catalogue of examples: {error}")))
}

fn named(name: &str) -> Result<Example> {
    let mut all = catalogue()?;
    if let Some(at) = all.iter().position(|example| example.name == name) {
        return Ok(all.swap_remove(at));
    }
    let names: Vec<&str> = all.iter().map(|example| example.name.as_str()).collect();
    let fault = fault!("name", "there is no example `{name}`");
    Err(match near::nearest(name, names.iter().copied()) {
        Some(near) => fault.hint(format!(
            "did you mean `{near}`? `data::examples()` lists all"
        )),
        None => fault.hint(format!("there are {}", names.join(", "))),
    })
}

/// The file of an example, written to the cache of the user where it is not there yet.
fn placed(example: &Example) -> Result<PathBuf> {
    let embedded = FILES.get_file(&example.file).ok_or_else(|| {
        fault!(
            "internal",
            "the file `{}` is not in the program",
            example.file
        )
    })?;
    let folder = format!("cistron/examples-{}", env!("CARGO_PKG_VERSION"));
    let path = file::cache_folder().join(folder).join(&example.file);
    let is_same = std::fs::read(&path).is_ok_and(|old| old == embedded.contents());
    if is_same || file::write_whole(&path, embedded.contents()).is_ok() {
        return Ok(path);
    }
    // a sandbox, or a home that cannot be written to: beside the results of the run
    let path = session::place_output(&format!("examples/{}", example.file), false)?;
    file::write_whole(&path, embedded.contents())?;
    Ok(path)
}

/// Reads one of the labelled sets of sequences that come with the program.
///
/// `data::examples()` lists them. `"elk1"` is simulated, the sets of yeast are real.
///
/// # Errors
/// The example is no table of sequences: `data::example_file` returns its path.
///
/// ```rhai
/// let set = data::example("elk1");
/// assert_eq([set.len(), set.label_names], [2000, ["bound"]]);
/// ```
/// ```rhai,fails
/// data::example("elk2");
/// //~ did you mean `elk1`
/// ```
#[native(namespace = "data")]
pub fn example(
    /// Name of the set.
    name: &str,
) -> Result<Data> {
    let example = named(name)?;
    if example.label.is_empty() {
        let fault = fault!(
            "value",
            "the example `{name}` is no table of sequences but {}",
            example.file
        );
        return Err(fault.hint(format!(
            "`data::example_file(\"{name}\")` returns the path of a copy"
        )));
    }
    let plan = TableColumns {
        sequences: vec![("sequence".into(), "sequence".into())],
        labels: example.label.clone(),
        name: None,
        length: None,
    };
    crate::data::table::read(&placed(&example)?, &plan).map(with_notes)
}

/// Returns the path of a copy of a file that comes with the program: a genome, intervals, variants
/// or a table.
///
/// The copy is in the user's cache (`XDG_CACHE_HOME`, else `~/.cache`), or where that cannot be
/// written to, among the outputs of the run; it is compared with the original each time.
///
/// ```rhai
/// let peaks = intervals::read(data::example_file("yeast_peaks"));
/// assert_eq(peaks.len(), 19);
/// ```
#[native(namespace = "data")]
pub fn example_file(
    /// Name of the file in `data::examples()`.
    name: &str,
) -> Result<String> {
    Ok(placed(&named(name)?)?.display().to_string())
}

/// Lists the sets and files that come with the program, with their sources and licences.
///
/// ```rhai
/// assert("elk1" in data::examples().name);
/// ```
#[native(
    namespace = "data",
    returns = "table: name, file, what, licence, source"
)]
pub fn examples() -> Result<Tabled> {
    let all = catalogue()?;
    let column = |name: &str, of: fn(&Example) -> &String| {
        (
            name.to_string(),
            Cells::Text(all.iter().map(|example| of(example).clone()).collect()),
        )
    };
    let columns = vec![
        column("name", |example| &example.name),
        column("file", |example| &example.file),
        column("what", |example| &example.what),
        column("licence", |example| &example.licence),
        column("source", |example| &example.source),
    ];
    Tabled::of(columns)
}

/// The natives of this file.
pub fn natives() -> Vec<Native> {
    natives_of![example, example_file, examples]
}
