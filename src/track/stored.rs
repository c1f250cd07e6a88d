//! Values that recorded runs hold of a model, a set and a seed.

use super::Record;
use super::ledger;
use crate::base::Result;
use crate::fault;
use serde_json::Value;
use std::path::Path;

/// What a recorded run holds.
pub struct Stored {
    /// Its model: a parameter or a result, else the name of the run.
    pub model: String,
    /// Its set, where a parameter or a result names it.
    pub set: Option<String>,
    /// Its seed: a parameter or a result, else that of the run.
    pub seed: String,
    /// The value, a number or an array of rows; none where the run has no such result.
    pub value: Option<Value>,
    /// The run, and its state.
    pub name: String,
    /// Whether it ended without an error.
    pub is_done: bool,
    /// Its results that are numbers.
    pub results: Vec<String>,
}

/// Names of parameters and results.
pub struct Names<'a> {
    /// That of the model.
    pub model: &'a str,
    /// That of the set.
    pub set: &'a str,
    /// That of the seed.
    pub seed: &'a str,
    /// Those that the value may have, in order.
    pub values: &'a [String],
}

/// A run, or the runs of a sweep: at a path, or in `runs/`. All runs of a name are taken.
///
/// # Errors
/// There is none.
pub fn find(path: &Path, name: &str) -> Result<Vec<Record>> {
    if path.join("script.rhai").exists() {
        return Ok(vec![ledger::read(path)]);
    }
    if ledger::is_sweep(path) {
        return ledger::of_sweep(path);
    }
    let dir = Path::new("runs");
    // `--name` of a sweep names its folder with an ending
    let sweep = ledger::find_sweep(dir, name);
    if let Some(folder) = sweep.or_else(|| ledger::find_sweep(dir, &format!("{name}-sweep"))) {
        return ledger::of_sweep(&folder);
    }
    let mut named = ledger::all(dir)?;
    named.retain(|record| record.start.name.as_deref() == Some(name));
    match named.is_empty() {
        true => ledger::find(dir, name).map(|record| vec![record]),
        false => Ok(named),
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// What a run holds.
///
/// # Errors
/// Where nothing names its model.
pub fn read(record: &Record, names: &Names) -> Result<Stored> {
    let of = |name: &str| record.value(name).map(text);
    let model = of(names.model).or_else(|| record.start.name.clone());
    let model = model.ok_or_else(|| {
        let (id, name) = (record.id(), names.model);
        fault!("value", "run `{id}` has no parameter or result `{name}`, and no name";
            hint: "keys: #{{ model: \"…\" }} names the one that holds the model")
    })?;
    Ok(Stored {
        model,
        set: of(names.set),
        seed: of(names.seed).unwrap_or_else(|| record.start.seed.to_string()),
        value: names.values.iter().find_map(|name| record.value(name)),
        name: record.id(),
        is_done: record.state == "done",
        results: record.numbers().into_iter().map(|(name, _)| name).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_results_name_a_run() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write("script.rhai", "");
        write("results.json", "{\"test\": {\"auroc\": 0.75}}");
        write("set.json", "{\"net\": \"cnn\", \"set\": \"ctcf\"}");
        let found = find(place.path(), "").unwrap();
        let values = ["value", "auroc"].map(String::from);
        let names = |model| Names {
            model,
            set: "set",
            seed: "seed",
            values: &values,
        };
        let stored = read(&found[0], &names("net")).unwrap();
        assert_eq!((stored.model.as_str(), stored.seed.as_str()), ("cnn", "0"));
        assert_eq!(stored.set.as_deref(), Some("ctcf"));
        assert_eq!(stored.value, Some(0.75.into()));
        let error = read(&found[0], &names("model")).err().unwrap().to_string();
        assert!(error.contains("no parameter or result `model`"), "{error}");
    }
}
