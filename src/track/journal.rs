//! The folder of a running run: every file in it is complete at all times.

use super::changes::{changed_files, modified};
use super::folder::{create, only_own_files};
use super::lock::Lock;
use super::start::Start;
use super::{calendar, ledger, versions};
use crate::base::file::write_whole;
use crate::base::{Fault, Result, say};
use crate::{bail, fault};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The outcome of a run.
pub enum Outcome {
    /// Without an error.
    Done,
    /// With this fault.
    Failed(Value),
    /// By Ctrl-C or a signal, with this fault.
    Interrupted(Value),
}

/// A file that a run read.
#[derive(Clone)]
struct Input {
    path: PathBuf,
    size: u64,
    /// Nanoseconds since 1970.
    modified: u64,
    hash: Option<String>,
}

/// Files up to this size are hashed when they are read, larger ones at the end of the run.
const HASHED_AT_ONCE: u64 = 64 << 20;

/// Metrics of a resumed run, until they have as many rows as before.
const RESUMED: &str = "metrics.resumed.jsonl";
/// Metrics of a run.
const METRICS: &str = "metrics.jsonl";

/// The folder of a running run.
pub struct Journal {
    folder: PathBuf,
    started: SystemTime,
    /// Seconds before the run was resumed.
    before: f64,
    start: Start,
    lock: Lock,
    /// The content of `run.json`.
    run: Value,
    /// The content of `run.json` before the run was resumed.
    previous: Value,
    metrics: Option<File>,
    /// Number of rows of this process.
    rows: usize,
    /// Rows of the resumed record.
    earlier: Vec<Value>,
    is_resumed: bool,
    results: Map<String, Value>,
    /// Names of results that this process has reported.
    reported: Vec<String>,
    parameters: Map<String, Value>,
    inputs: Vec<Input>,
    /// Files that were run or imported, with hashes of their texts.
    sources: Map<String, Value>,
}

impl Journal {
    /// Creates the folder: `runs/<stamp>_<script>_<hash>`, or a given folder, or one below it where
    /// it exists. The call that creates a folder fails where it exists, so that two runs never
    /// share one.
    pub fn open(start: Start, text: &str, at: Option<&Path>, stdlib: &str) -> Result<Journal> {
        let started = SystemTime::now();
        let stem = start
            .script
            .file_stem()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let key = start
            .set
            .iter()
            .fold(text.to_string(), |key, (name, value)| {
                key + name + "=" + value + "\n"
            });
        let name = format!(
            "{}_{stem}_{}",
            calendar::stamp(started),
            &blake3::hash(key.as_bytes()).to_hex()[..8]
        );
        let folder = match at {
            Some(place) if !place.exists() => create(place, 1)?,
            Some(place) => create(&place.join(&name), u32::MAX)?,
            None => create(&Path::new("runs").join(&name), u32::MAX)?,
        };
        let run = json!({ "state": "running", "started": calendar::iso(started), "start": start });
        let journal = Journal::at(folder, started, start, run)?;
        write_whole(&journal.folder.join("script.rhai"), text.as_bytes())?;
        journal.list_inputs()?;
        journal.write("versions.json", &versions::of(&journal.start, stdlib))?;
        // written last: a folder with it is complete
        journal.write("run.json", &journal.run)?;
        Ok(journal)
    }

    /// Continues an interrupted run, or a completed one with other values of some parameters. The
    /// record is unchanged until the resumed run has as many rows of metrics. Fails where files
    /// that the run read have changed since, unless `may_differ`.
    pub fn reopen(
        folder: &Path,
        set: &BTreeMap<String, String>,
        stdlib: &str,
        may_differ: bool,
    ) -> Result<(Journal, Start, String)> {
        let missing = |name: &str| {
            fault!(
                "file",
                "`{}` is no run directory: it has no {name}",
                folder.display();
                hint: "`cistron runs list` shows runs"
            )
        };
        let text = std::fs::read_to_string(folder.join("script.rhai"))
            .map_err(|_| missing("script.rhai"))?;
        let bytes = std::fs::read(folder.join("run.json")).map_err(|_| missing("run.json"))?;
        let damaged = || {
            fault!(
                "file",
                "`{}` is damaged: it does not state what the run was started with",
                folder.join("run.json").display();
                hint: "restore it from a copy, or run the script again: `cistron run {}`",
                folder.join("script.rhai").display()
            )
        };
        let run: Value = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let mut start: Start =
            serde_json::from_value(run["start"].clone()).map_err(|_| damaged())?;
        let record = ledger::read(folder);
        if record.state == "done" && set.is_empty() {
            bail!(
                "usage",
                "the run in `{}` is done: there is nothing to resume",
                folder.display();
                hint: "`--set epochs=…` trains on where the script has such a parameter; `cistron \
                    runs replay {}` runs it again",
                folder.display()
            );
        }
        let mut changed = changed_files(folder, &start.folder, &record.data);
        if !record.data.is_array() {
            changed.push("`data.json` is missing or damaged".to_string());
        }
        let versions = versions::of(&start, stdlib);
        for (name, words) in [
            ("program", "the program"),
            ("stdlib", "the standard library"),
        ] {
            if !record.versions[name].is_null() && record.versions[name] != versions[name] {
                changed.push(format!("{words} is another version"));
            }
        }
        if !changed.is_empty() && !may_differ {
            bail!("resume", "what the run in `{}` read has changed since: \
                {}", folder.display(), changed.join(", ");
                hint: "restore it, or add `--changed` to continue with it as it is");
        }
        if !changed.is_empty() {
            say::line(&format!(
                "warning: changed since the run read it: {}",
                changed.join(", ")
            ));
        }
        let folder = std::path::absolute(folder).map_err(|error| Fault::file(folder, &error))?;
        start.set.extend(set.clone());
        let mut journal = Journal::at(folder, SystemTime::now(), start.clone(), run)?;
        journal.is_resumed = true;
        journal.before = record.seconds.unwrap_or(0.0);
        journal.settle_metrics()?;
        journal.earlier = ledger::read(&journal.folder).metrics;
        // results and parameters stay until they are reported again
        journal.results = record.results.as_object().cloned().unwrap_or_default();
        if !set.is_empty() || !changed.is_empty() {
            journal.run["start"] = json!(start);
            let earlier = journal.run["changed"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let change =
                json!({ "at": calendar::iso(journal.started), "set": set, "differs": changed });
            journal.run["changed"] = earlier.into_iter().chain([change]).collect();
        }
        journal.run["state"] = json!("running");
        journal.write("run.json", &journal.run)?;
        Ok((journal, start, text))
    }

    fn at(folder: PathBuf, started: SystemTime, start: Start, run: Value) -> Result<Journal> {
        let lock = Lock::take(&folder)?;
        Ok(Journal {
            folder,
            started,
            before: 0.0,
            start,
            lock,
            previous: run.clone(),
            run,
            metrics: None,
            rows: 0,
            earlier: Vec::new(),
            is_resumed: false,
            results: Map::new(),
            reported: Vec::new(),
            parameters: Map::new(),
            inputs: Vec::new(),
            sources: Map::new(),
        })
    }

    /// Replaces the metrics by those of the resumed run where these have as many rows, and removes
    /// them otherwise.
    fn settle_metrics(&self) -> Result<()> {
        let (resumed, before) = (self.folder.join(RESUMED), self.folder.join(METRICS));
        if !resumed.exists() {
            return Ok(());
        }
        let done = if rows_of(&resumed) >= rows_of(&before) {
            std::fs::rename(&resumed, &before)
        } else {
            std::fs::remove_file(&resumed)
        };
        done.map_err(|error| Fault::file(&resumed, &error))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&self, name: &str, value: &Value) -> Result<()> {
        self.lock.check(&self.folder)?;
        write_whole(&self.folder.join(name), format!("{value:#}\n").as_bytes())
    }

    /// A file that was run or imported.
    pub fn source(&mut self, file: &str, text: &str) -> Result<()> {
        if !file.ends_with(".rhai") {
            return Ok(());
        }
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        if self
            .sources
            .get(file)
            .is_some_and(|known| known.as_str() == Some(hash.as_str()))
        {
            return Ok(());
        }
        let plain: String = file.trim_start_matches(['.', '/']).replace("..", "up");
        write_whole(&self.folder.join("imported").join(plain), text.as_bytes())?;
        self.sources.insert(file.into(), hash.into());
        self.write("sources.json", &Value::Object(self.sources.clone()))
    }

    /// A file that the script reads.
    pub fn input(&mut self, path: &Path) -> Result<()> {
        let Ok(path) = std::path::absolute(path) else {
            return Ok(());
        };
        let Some(about) = std::fs::metadata(&path)
            .ok()
            .filter(std::fs::Metadata::is_file)
        else {
            return Ok(());
        };
        if path.starts_with(&self.folder) || self.inputs.iter().any(|known| known.path == path) {
            return Ok(());
        }
        let hash = if about.len() <= HASHED_AT_ONCE {
            versions::hash_of(&path)
        } else {
            None
        };
        self.inputs.push(Input {
            path,
            size: about.len(),
            modified: modified(&about),
            hash,
        });
        self.list_inputs()
    }

    fn list_inputs(&self) -> Result<()> {
        let one = |input: &Input| {
            json!({
                "path": input.path,
                "size": input.size,
                "modified": input.modified,
                "blake3": input.hash,
            })
        };
        self.write(
            "data.json",
            &Value::Array(self.inputs.iter().map(one).collect()),
        )
    }

    /// A parameter with its value.
    pub fn parameter(&mut self, name: &str, value: Value) -> Result<()> {
        self.parameters.insert(name.into(), value);
        self.write("set.json", &Value::Object(self.parameters.clone()))
    }

    /// A result.
    pub fn report(&mut self, name: &str, value: Value) -> Result<()> {
        self.results.insert(name.into(), value);
        self.reported.push(name.into());
        self.write("results.json", &Value::Object(self.results.clone()))
    }

    /// The metrics of an epoch: a line of `metrics.jsonl`, written at once.
    pub fn epoch(&mut self, row: &Value) -> Result<()> {
        self.lock.check(&self.folder)?;
        let path = self
            .folder
            .join(if self.is_resumed { RESUMED } else { METRICS });
        if self.metrics.is_none() {
            let file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .open(&path)
                .map_err(|error| Fault::file(&path, &error))?;
            self.metrics = Some(file);
        }
        self.rows += 1;
        let mut line = row.to_string();
        line.push('\n');
        self.metrics.as_mut().map_or(Ok(()), |file| {
            file.write_all(line.as_bytes())
                .map_err(|error| Fault::file(&path, &error))
        })
    }

    /// Copies the metrics of a trial that is not run again from the record before the run was
    /// resumed.
    pub fn skipped(&mut self, trial: &str) -> Result<()> {
        let rows: Vec<Value> = self
            .earlier
            .iter()
            .filter(|row| row["trial"].as_str() == Some(trial))
            .cloned()
            .collect();
        rows.iter().try_for_each(|row| self.epoch(row))
    }

    /// Whether the run has recorded only its start.
    fn is_empty(&self) -> bool {
        !self.is_resumed && self.rows == 0 && self.results.is_empty() && self.inputs.is_empty()
    }

    /// Records the outcome. A run that failed before it did anything, for its arguments or its
    /// syntax, leaves no folder.
    pub fn close(&mut self, outcome: Outcome) -> Result<()> {
        if let Outcome::Failed(fault) = &outcome
            && self.is_empty()
            && matches!(fault["kind"].as_str(), Some("option" | "syntax" | "usage"))
            && only_own_files(&self.folder)
        {
            return std::fs::remove_dir_all(&self.folder)
                .map_err(|error| Fault::file(&self.folder, &error));
        }
        // a resumed run that failed for its arguments leaves its record unchanged
        if let Outcome::Failed(fault) = &outcome
            && self.is_resumed
            && self.rows == 0
            && self.reported.is_empty()
            && matches!(fault["kind"].as_str(), Some("option" | "syntax" | "usage"))
        {
            return self.write("run.json", &self.previous);
        }
        if matches!(outcome, Outcome::Done) {
            // earlier results that were not reported again are dropped
            self.results.retain(|name, _| self.reported.contains(name));
            if self.is_resumed && self.rows > 0 {
                let (resumed, metrics) = (self.folder.join(RESUMED), self.folder.join(METRICS));
                std::fs::rename(&resumed, &metrics)
                    .map_err(|error| Fault::file(&resumed, &error))?;
            }
        } else {
            self.settle_metrics()?;
        }
        for (name, value) in [
            ("results.json", &self.results),
            ("set.json", &self.parameters),
        ] {
            if !self.is_resumed || !value.is_empty() || matches!(outcome, Outcome::Done) {
                self.write(name, &Value::Object(value.clone()))?;
            }
        }
        if !self.inputs.is_empty() {
            // a file that was changed after it was read gets no hash
            let is_same = |input: &Input| {
                std::fs::metadata(&input.path).is_ok_and(|about| modified(&about) == input.modified)
            };
            self.inputs
                .iter_mut()
                .filter(|input| input.hash.is_none() && is_same(input))
                .for_each(|input| input.hash = versions::hash_of(&input.path));
            self.list_inputs()?;
        }
        let seconds = self.before + self.started.elapsed().map_or(0.0, |d| d.as_secs_f64());
        let (state, name, other) = match &outcome {
            Outcome::Done => ("done", "done.json", "failed.json"),
            Outcome::Failed(_) => ("failed", "failed.json", "done.json"),
            Outcome::Interrupted(_) => ("interrupted", "failed.json", "done.json"),
        };
        let ending = match &outcome {
            Outcome::Done => json!({ "seconds": seconds }),
            Outcome::Failed(fault) | Outcome::Interrupted(fault) => {
                json!({ "seconds": seconds, "fault": fault })
            }
        };
        self.write(name, &ending)?;
        self.run["state"] = json!(state);
        self.write("run.json", &self.run)?;
        std::fs::remove_file(self.folder.join(other)).ok();
        Ok(())
    }
}

/// Number of complete lines of a file of metrics.
fn rows_of(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| {
        bytes.iter().filter(|byte| **byte == b'\n').count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Start {
        Start {
            script: "/x/a.rhai".into(),
            ..Start::default()
        }
    }

    #[test]
    fn runs_that_start_at_once_have_folders_of_their_own() {
        let place = tempfile::tempdir().unwrap();
        let here = place.path().to_path_buf();
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let here = here.clone();
                std::thread::spawn(move || {
                    Journal::open(start(), "1", Some(&here), "")
                        .unwrap()
                        .folder()
                        .to_path_buf()
                })
            })
            .collect();
        let mut folders: Vec<PathBuf> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), 16);
    }

    #[test]
    fn a_run_that_was_broken_off_goes_on_and_one_that_is_done_does_not() {
        let place = tempfile::tempdir().unwrap();
        let at = place.path().join("one");
        let mut journal = Journal::open(start(), "let a = 1;", Some(&at), "").unwrap();
        journal.report("a", json!(1)).unwrap();
        journal.epoch(&json!({ "epoch": 1 })).unwrap();
        drop(journal);
        // a process that another test starts holds the lock as well until it executes its program
        let mut record = ledger::read(&at);
        for _ in 0..200 {
            if record.state != "running" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            record = ledger::read(&at);
        }
        assert_eq!(
            (
                record.state,
                record.results["a"].as_i64(),
                record.metrics.len()
            ),
            ("open", Some(1), 1)
        );
        let none = BTreeMap::new();
        let (mut journal, again, text) = Journal::reopen(&at, &none, "", false).unwrap();
        assert_eq!(
            (again.script, text.as_str()),
            (PathBuf::from("/x/a.rhai"), "let a = 1;")
        );
        journal.close(Outcome::Done).unwrap();
        drop(journal);
        assert!(
            Journal::reopen(&at, &none, "", false)
                .err()
                .unwrap()
                .to_string()
                .contains("is done")
        );
        let (mut journal, again, _) = Journal::reopen(
            &at,
            &BTreeMap::from([("n".to_string(), "3".to_string())]),
            "",
            false,
        )
        .unwrap();
        assert_eq!(again.set["n"], "3");
        journal.close(Outcome::Done).unwrap();
        drop(journal);
        assert_eq!(ledger::read(&at).start.set["n"], "3");
        assert!(
            Journal::reopen(place.path(), &none, "", false)
                .err()
                .unwrap()
                .to_string()
                .contains("no run directory")
        );
    }
}
