//! The folder of a run that goes on: every file in it is whole at every moment.

use super::calendar;
use super::lock::Lock;
use super::versions;
use crate::base::file::{self, write_whole};
use crate::base::{Fault, Result, say};
use crate::{bail, fault};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a run ended.
pub enum Outcome {
    /// Without an error.
    Done,
    /// With this fault.
    Failed(Value),
    /// By Ctrl-C or a signal, with this fault.
    Interrupted(Value),
}

/// What a script in a sandbox may touch and take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Folders that it may write, as absolute paths.
    pub allow: Vec<PathBuf>,
    /// Seconds.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
    /// What it may write, MiB.
    #[serde(default = "usual_disk")]
    pub disk: u64,
}

/// The limit of runs that were recorded without one, MiB.
fn usual_disk() -> u64 {
    1024
}

/// What a run is started with: all that is needed to start it again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// The script, as a whole path.
    pub script: PathBuf,
    /// The working directory.
    pub folder: PathBuf,
    /// What people call the run.
    pub name: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Values given with `--set`.
    pub set: BTreeMap<String, String>,
    /// The device.
    pub device: String,
    /// The seed.
    pub seed: u64,
    /// Threads of operations, where given.
    pub threads: Option<usize>,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// What it may touch and take, where it may not touch all.
    pub sandbox: Option<Sandbox>,
}

impl Start {
    /// The arguments of `cistron run` that start the same, but for script and run directory.
    pub fn arguments(&self) -> Vec<String> {
        let device = if self.device.is_empty() {
            "auto"
        } else {
            &self.device
        };
        let mut out: Vec<String> = [
            "--seed",
            &self.seed.to_string(),
            "--loaders",
            &self.loaders.max(1).to_string(),
            "--device",
            device,
        ]
        .map(str::to_string)
        .to_vec();
        let mut option = |name: &str, value: String| out.extend([name.to_string(), value]);
        self.threads
            .iter()
            .for_each(|n| option("--threads", n.to_string()));
        self.name
            .iter()
            .for_each(|name| option("--name", name.clone()));
        self.tags
            .iter()
            .for_each(|tag| option("--tag", tag.clone()));
        self.set
            .iter()
            .for_each(|(name, value)| option("--set", format!("{name}={value}")));
        if let Some(own) = &self.sandbox {
            option("--seconds", own.seconds.to_string());
            option("--memory", own.memory.to_string());
            option("--disk", own.disk.to_string());
            own.allow
                .iter()
                .for_each(|folder| option("--allow", folder.display().to_string()));
            out.push("--sandbox".to_string());
        }
        out
    }
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

/// Measurements of a run that was resumed, until they are more than those that it had before.
const RESUMED: &str = "metrics.resumed.jsonl";
/// Measurements of a run.
const METRICS: &str = "metrics.jsonl";

/// The folder of a run that goes on.
pub struct Journal {
    folder: PathBuf,
    started: SystemTime,
    /// Seconds of earlier parts, where the run was resumed.
    before: f64,
    start: Start,
    lock: Lock,
    /// The content of `run.json`.
    run: Value,
    /// That of a resumed run as it was found.
    previous: Value,
    metrics: Option<File>,
    /// Rows that this process has measured.
    rows: usize,
    /// Rows of the record that it continues.
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
    /// Makes the folder: `runs/<stamp>_<script>_<hash>`, or at a given place, or below it where it
    /// exists. Folders are made by one call that fails where there is one, so that two runs never
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
            Some(place) if !place.exists() => made(place, 1)?,
            Some(place) => made(&place.join(&name), u32::MAX)?,
            None => made(&Path::new("runs").join(&name), u32::MAX)?,
        };
        let run = json!({ "state": "running", "started": calendar::iso(started), "start": start });
        let journal = Journal::at(folder, started, start, run)?;
        write_whole(&journal.folder.join("script.rhai"), text.as_bytes())?;
        journal.list_inputs()?;
        journal.write("versions.json", &versions::of(&journal.start, stdlib))?;
        // last: a folder that has it has all of them
        journal.write("run.json", &journal.run)?;
        Ok(journal)
    }

    /// Continues a run that was broken off, or one that is done with other values of some
    /// parameters. The record stays as it is until the resumed run has measured as much. Fails
    /// where files that the run read have changed since, unless they may.
    pub fn reopen(
        folder: &Path,
        set: &BTreeMap<String, String>,
        stdlib: &str,
        may_differ: bool,
    ) -> Result<(Journal, Start, String)> {
        let missing = |name: &str| fault!("file", "`{}` is no run directory: it has no {name}", folder.display(); hint: "`cistron runs list` shows runs");
        let text = std::fs::read_to_string(folder.join("script.rhai"))
            .map_err(|_| missing("script.rhai"))?;
        let bytes = std::fs::read(folder.join("run.json")).map_err(|_| missing("run.json"))?;
        let damaged = || fault!("file", "`{}` is damaged: it does not state what the run was started with", folder.join("run.json").display(); hint: "restore it from a copy, or run the script again: `cistron run {}`", folder.join("script.rhai").display());
        let run: Value = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let mut start: Start =
            serde_json::from_value(run["start"].clone()).map_err(|_| damaged())?;
        let record = super::read(folder);
        if record.state == "done" && set.is_empty() {
            bail!("usage", "the run in `{}` is done: there is nothing to resume", folder.display(); hint: "`--set epochs=…` trains on where the script has such a parameter; `cistron runs replay {}` runs it again", folder.display());
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
            bail!("resume", "what the run in `{}` read has changed since: {}", folder.display(), changed.join(", ");
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
        journal.earlier = super::read(&journal.folder).metrics;
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

    /// Takes over the measurements of a resumed run that are as many as those before it, and
    /// removes others.
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

    /// Where it is.
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
        let one = |input: &Input| json!({ "path": input.path, "size": input.size, "modified": input.modified, "blake3": input.hash });
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

    /// What was measured in an epoch: a line of `metrics.jsonl`, passed to the system at once.
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

    /// Copies what a trial that is not run again has measured from the record of the run before it
    /// was resumed.
    pub fn skipped(&mut self, trial: &str) -> Result<()> {
        let rows: Vec<Value> = self
            .earlier
            .iter()
            .filter(|row| row["trial"].as_str() == Some(trial))
            .cloned()
            .collect();
        rows.iter().try_for_each(|row| self.epoch(row))
    }

    /// Whether the run has kept nothing yet but what it was started with.
    fn is_empty(&self) -> bool {
        !self.is_resumed && self.rows == 0 && self.results.is_empty() && self.inputs.is_empty()
    }

    /// Writes how the run ended. A run that failed before it did anything, for its own arguments or
    /// its syntax, leaves no folder.
    pub fn close(&mut self, outcome: Outcome) -> Result<()> {
        if let Outcome::Failed(fault) = &outcome
            && self.is_empty()
            && matches!(fault["kind"].as_str(), Some("option" | "syntax" | "usage"))
            && only_own_files(&self.folder)
        {
            return std::fs::remove_dir_all(&self.folder)
                .map_err(|error| Fault::file(&self.folder, &error));
        }
        // a resumed run that failed for its arguments has done nothing: its record stays as it was
        if let Outcome::Failed(fault) = &outcome
            && self.is_resumed
            && self.rows == 0
            && self.reported.is_empty()
            && matches!(fault["kind"].as_str(), Some("option" | "syntax" | "usage"))
        {
            return self.write("run.json", &self.previous);
        }
        if matches!(outcome, Outcome::Done) {
            // results of the run before it that were not reported again are none of this one
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
            // a file that was written since it was read has no hash of what was read
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

/// Whole lines of a file of measurements.
fn rows_of(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| {
        bytes.iter().filter(|byte| **byte == b'\n').count()
    })
}

/// When a file was written, nanoseconds since 1970.
fn modified(about: &std::fs::Metadata) -> u64 {
    let since = about
        .modified()
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as u64)
}

/// Files that a run read or imported whose content differs now or that are missing.
fn changed_files(folder: &Path, work: &Path, data: &Value) -> Vec<String> {
    let of_data = |input: &Value| {
        let path = PathBuf::from(input["path"].as_str()?);
        let shown = path.display();
        let Ok(about) = std::fs::metadata(&path) else {
            return Some(format!("`{shown}` is missing"));
        };
        if input["size"]
            .as_u64()
            .is_some_and(|size| size != about.len())
        {
            return Some(format!("`{shown}` has another size"));
        }
        if input["modified"].as_u64() == Some(modified(&about)) {
            return None;
        }
        match input["blake3"].as_str() {
            Some(was) => {
                (versions::hash_of(&path)? != was).then(|| format!("`{shown}` has another content"))
            }
            None => Some(format!("`{shown}` was written since")),
        }
    };
    let sources: Map<String, Value> = std::fs::read(folder.join("sources.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    // modules of the standard library are compared by its version
    let of_source = |(file, was): (&String, &Value)| {
        let path = work.join(file);
        match versions::hash_of(&path) {
            None if file.starts_with("std/") => None,
            None => Some(format!("`{}` is missing", path.display())),
            Some(is) => (Some(is.as_str()) != was.as_str())
                .then(|| format!("`{}` has another content", path.display())),
        }
    };
    data.as_array()
        .into_iter()
        .flatten()
        .filter_map(of_data)
        .chain(sources.iter().filter_map(of_source))
        .collect()
}

/// Whether a folder of a run holds nothing but the record of its start.
fn only_own_files(folder: &Path) -> bool {
    const OWN: [&str; 8] = [
        "data.json",
        "script.rhai",
        "run.json",
        "versions.json",
        "set.json",
        "sources.json",
        "lock",
        "imported",
    ];
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries
            .all(|entry| entry.is_ok_and(|entry| OWN.iter().any(|own| entry.file_name() == *own)))
    })
}

/// Makes a folder that was not there; where it was, one of the same name with a number.
fn made(wanted: &Path, tries: u32) -> Result<PathBuf> {
    file::make_folders(file::folder_of(wanted))?;
    for n in 1..=tries {
        let folder = if n == 1 {
            wanted.to_path_buf()
        } else {
            PathBuf::from(format!("{}-{n}", wanted.display()))
        };
        match std::fs::create_dir(&folder) {
            Ok(()) => {
                file::sync_folder(file::folder_of(&folder));
                return std::path::absolute(&folder).map_err(|error| Fault::file(&folder, &error));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::file(&folder, &error)),
        }
    }
    Err(fault!(
        "file",
        "`{}` was made by another run at this moment",
        wanted.display()
    ))
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
        let record = super::super::read(&at);
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
        assert_eq!(super::super::read(&at).start.set["n"], "3");
        assert!(
            Journal::reopen(place.path(), &none, "", false)
                .err()
                .unwrap()
                .to_string()
                .contains("no run directory")
        );
    }
}
