//! Records of runs.

use super::folder;
use super::lock::Lock;
use super::start::Start;
use crate::base::{Fault, Result, say};
use crate::fault;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The record of a run.
pub struct Record {
    /// Its folder.
    pub folder: PathBuf,
    /// `running`, `done`, `failed`, `interrupted`, or `open`: its process ended without an outcome.
    pub state: &'static str,
    /// When it was started.
    pub started: String,
    /// Its arguments.
    pub start: Start,
    /// Its duration in seconds.
    pub seconds: Option<f64>,
    /// Its results.
    pub results: Value,
    /// Its parameters.
    pub set: Value,
    /// Versions of program, libraries and system.
    pub versions: Value,
    /// Files that it read.
    pub data: Value,
    /// Its script.
    pub script: String,
    /// Its metrics, one row per epoch.
    pub metrics: Vec<Value>,
    /// Its fault, where it failed.
    pub fault: Value,
    /// The name of the folder of its sweep.
    pub sweep: Option<String>,
}

/// A file of JSON in the folder of a run; null where it is missing or damaged.
fn read_value(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(name)).ok();
    let value = text.and_then(|text| serde_json::from_str(&text).ok());
    value.unwrap_or(Value::Null)
}

/// Reads the folder of a run; missing files are empty.
pub fn read(folder: &Path) -> Record {
    let value = |name: &str| read_value(folder, name);
    let (done, failed, run) = (value("done.json"), value("failed.json"), value("run.json"));
    let state = match run["state"].as_str() {
        Some("running") if Lock::is_held(folder) => "running",
        Some("running") => "open",
        Some("interrupted") => "interrupted",
        Some("failed") => "failed",
        Some("done") => "done",
        // runs that were recorded without a state
        _ if !done.is_null() => "done",
        _ if !failed.is_null() => "failed",
        _ => "open",
    };
    let results = value("results.json");
    if state == "done" && results.is_null() {
        say::line(&format!(
            "warning: {}: results.json is missing or damaged, the run is shown without results",
            folder.display()
        ));
    }
    let measured = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let (before, resumed) = (measured("metrics.jsonl"), measured("metrics.resumed.jsonl"));
    let rows = |text: &str| text.matches('\n').count();
    // a resumed run measures its epochs again
    let metrics = if !resumed.is_empty() && rows(&resumed) >= rows(&before) {
        resumed
    } else {
        before
    };
    Record {
        folder: folder.to_path_buf(),
        state,
        started: run["started"].as_str().unwrap_or("").to_string(),
        start: serde_json::from_value(run["start"].clone()).unwrap_or_default(),
        seconds: done["seconds"].as_f64().or(failed["seconds"].as_f64()),
        results,
        set: value("set.json"),
        versions: value("versions.json"),
        data: value("data.json"),
        script: std::fs::read_to_string(folder.join("script.rhai")).unwrap_or_default(),
        // a line that was cut off by a kill is left out
        metrics: metrics
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        fault: failed["fault"].clone(),
        sweep: folder.parent().filter(|above| is_sweep(above)).map(name_of),
    }
}

/// The last part of a path.
fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Whether a folder is that of a sweep: it has a table of its runs, or a first run.
pub fn is_sweep(folder: &Path) -> bool {
    !folder.join("script.rhai").exists()
        && (folder.join("sweep.json").exists()
            || folder.join("summary.tsv").exists()
            || folder.join("001/script.rhai").exists())
}

/// The folders of runs in a folder, in order of their names.
fn folders(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).map_err(|error| Fault::file(dir, &error))?;
    let mut all: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.is_dir())
        .collect();
    all.sort();
    Ok(all)
}

/// The runs of a sweep.
pub fn of_sweep(folder: &Path) -> Result<Vec<Record>> {
    let runs = folders(folder)?;
    Ok(runs
        .iter()
        .filter(|path| path.join("script.rhai").exists())
        .map(|path| read(path))
        .collect())
}

/// The folder of a sweep of a name, or at a path.
pub fn find_sweep(dir: &Path, name: &str) -> Option<PathBuf> {
    [dir.join(name), PathBuf::from(name)]
        .into_iter()
        .find(|path| is_sweep(path))
}

fn walk(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| {
            walk(
                &if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                },
                inner,
                out,
            )
        }),
        Value::Null if path.is_empty() => {}
        other => out.push((path.to_string(), other.clone())),
    }
}

/// Values of nested maps by their path, `scores.auroc`.
pub fn flat(value: &Value) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    walk("", value, &mut out);
    out
}

impl Record {
    /// Its results that are numbers, by their path.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        flat(&self.results)
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_f64()?)))
            .collect()
    }

    /// The last part of its folder's path; of a run of a sweep the last two.
    pub fn id(&self) -> String {
        let name = name_of(&self.folder);
        self.sweep
            .as_ref()
            .map_or(name.clone(), |sweep| format!("{sweep}/{name}"))
    }

    /// A result, a parameter or something of the run itself by name; of nested results by their
    /// path, or by the end of it where one alone has that end: `auroc` is `test.auroc`.
    pub fn value(&self, name: &str) -> Option<Value> {
        let of = |value: &Value, name: &str| {
            let mut all = flat(value);
            if let Some(at) = all.iter().position(|(path, _)| path == name) {
                return Some(all.swap_remove(at).1);
            }
            let end = format!(".{name}");
            let mut ending = all.into_iter().filter(|(path, _)| path.ends_with(&end));
            let first = ending.next()?;
            ending.next().is_none().then_some(first.1)
        };
        match name {
            "state" => return Some(self.state.into()),
            "name" => return self.start.name.clone().map(Value::from),
            "seconds" => return self.seconds.map(Value::from),
            "started" => return Some(self.started.clone().into()),
            _ => {}
        }
        of(&self.results, name.strip_prefix("results.").unwrap_or(name))
            .or_else(|| of(&self.set, name.strip_prefix("set.").unwrap_or(name)))
    }
}

/// The rows of one training of a run.
pub struct Training<'a> {
    /// The names of its trial and its network; a number behind them where the run has several.
    pub name: String,
    /// Its rows of metrics, in order.
    pub rows: Vec<&'a Value>,
}

/// The trainings of a run: rows of one trial and network whose epochs increase. A row of a
/// validation within an epoch has a `step`.
pub fn trainings(record: &Record) -> Vec<Training<'_>> {
    let mut out: Vec<(String, Training)> = Vec::new();
    for row in &record.metrics {
        let parts = [row["trial"].as_str(), row["model"].as_str()];
        let parts: Vec<&str> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        let key = parts.join(" ");
        let follows = |last: &Value| {
            let (Some(a), Some(b)) = (last["epoch"].as_f64(), row["epoch"].as_f64()) else {
                return true;
            };
            a < b || (a == b && !(last["step"].is_null() && row["step"].is_null()))
        };
        let before = out.iter().filter(|(known, _)| *known == key).count();
        let last = out.iter_mut().rev().find(|(known, _)| *known == key);
        match last {
            Some((_, training)) if training.rows.last().is_none_or(|last| follows(last)) => {
                training.rows.push(row);
            }
            _ => {
                let plain = if key.is_empty() { "training" } else { &key };
                let name = if before == 0 {
                    plain.to_string()
                } else {
                    format!("{plain} ({})", before + 1)
                };
                let rows = vec![row];
                out.push((key, Training { name, rows }));
            }
        }
    }
    out.into_iter().map(|(_, training)| training).collect()
}

/// The runs that have ended and left nothing but the record of their start, with what is known of
/// each: no epoch, no result, no file. Folders without a script are none.
pub fn broken(dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut all = broken_in(dir)?;
    for sweep in folders(dir)?.iter().filter(|folder| is_sweep(folder)) {
        all.extend(broken_in(sweep)?);
    }
    all.sort();
    Ok(all)
}

fn broken_in(dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let one = |folder: PathBuf| broken_state(&folder).map(|state| (folder, state));
    Ok(folders(dir)?.into_iter().filter_map(one).collect())
}

/// What is known of a run that [`broken`] lists; none of another.
fn broken_state(folder: &Path) -> Option<String> {
    let is_left = |name: &str| {
        let also = ["failed.json", "results.json", "report.html", "log.txt"];
        folder::STARTED.contains(&name) || also.contains(&name)
    };
    let holds_nothing = || {
        std::fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.all(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_left))
            })
        })
    };
    let has_no_results = || flat(&read_value(folder, "results.json")).is_empty();
    let is_run = folder.join("script.rhai").exists();
    // a run that begins holds its lock before it has written anything
    if !is_run || !holds_nothing() || !has_no_results() || Lock::is_held(folder) {
        return None;
    }
    let record = read(folder);
    match record.state {
        "running" | "done" => None,
        _ if !folder.join("run.json").exists() => Some("without a record".into()),
        state => Some(match record.fault["message"].as_str() {
            Some(message) => format!("{state}: {message}"),
            None => state.to_string(),
        }),
    }
}

/// Whether a run is one that [`broken`] lists.
pub fn is_broken(folder: &Path) -> bool {
    broken_state(folder).is_some()
}

/// The runs of a folder and of the sweeps in it, in order of their folders.
pub fn all(dir: &Path) -> Result<Vec<Record>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for folder in folders(dir)? {
        if folder.join("script.rhai").exists() {
            found.push(read(&folder));
        } else if is_sweep(&folder) {
            found.extend(of_sweep(&folder)?);
        }
    }
    Ok(found)
}

/// A run by its folder, by the start of its folder's name, or by its name.
pub fn find(dir: &Path, name: &str) -> Result<Record> {
    if Path::new(name).join("script.rhai").exists() {
        return Ok(read(Path::new(name)));
    }
    let all = all(dir)?;
    let (exact, begun): (Vec<Record>, Vec<Record>) = all
        .into_iter()
        .partition(|record| record.id() == name || record.start.name.as_deref() == Some(name));
    let mut matching = if exact.is_empty() {
        begun
            .into_iter()
            .filter(|record| record.id().starts_with(name))
            .collect()
    } else {
        exact
    };
    match (matching.len(), matching.pop()) {
        (1, Some(record)) => Ok(record),
        (0, _) => Err(fault!(
            "name",
            "no run in `{}` is called `{name}` or starts so",
            dir.display();
            hint: "`cistron runs list` shows them"
        )),
        (n, Some(one)) => {
            let hint = match &one.sweep {
                Some(sweep) => format!(
                    "one of a sweep is `{}`; `rm {sweep}` and `export {sweep}` take all of it",
                    one.id()
                ),
                None => "give more of the folder's name".to_string(),
            };
            Err(fault!(
                "name",
                "{n} runs in `{}` are called `{name}` or start so",
                dir.display()
            )
            .hint(hint))
        }
        (_, None) => Err(fault!("internal", "a run was lost")),
    }
}
