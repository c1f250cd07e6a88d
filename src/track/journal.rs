//! The folder of a run that goes on: every file in it is whole at every moment.

use super::calendar;
use super::versions;
use crate::base::file::{self, write_whole};
use crate::base::{Fault, Result};
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
    /// Well.
    Done,
    /// With this fault.
    Failed(Value),
}

/// What a script in a sandbox may touch and take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Folders beside its own and that of the run, as whole paths.
    pub allow: Vec<PathBuf>,
    /// Seconds.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
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
        let device = if self.device.is_empty() { "auto" } else { &self.device };
        let mut out: Vec<String> =
            ["--seed", &self.seed.to_string(), "--loaders", &self.loaders.max(1).to_string(), "--device", device].map(str::to_string).to_vec();
        let mut option = |name: &str, value: String| out.extend([name.to_string(), value]);
        self.threads.iter().for_each(|n| option("--threads", n.to_string()));
        self.name.iter().for_each(|name| option("--name", name.clone()));
        self.tags.iter().for_each(|tag| option("--tag", tag.clone()));
        self.set.iter().for_each(|(name, value)| option("--set", format!("{name}={value}")));
        if let Some(own) = &self.sandbox {
            option("--sandbox-seconds", own.seconds.to_string());
            option("--sandbox-memory", own.memory.to_string());
            own.allow.iter().for_each(|folder| option("--allow", folder.display().to_string()));
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
}

/// The folder of a run that goes on.
pub struct Journal {
    folder: PathBuf,
    started: SystemTime,
    /// Seconds of earlier parts, where the run was resumed.
    before: f64,
    start: Start,
    metrics: Option<File>,
    results: Map<String, Value>,
    parameters: Map<String, Value>,
    inputs: Vec<Input>,
}

impl Journal {
    /// Makes the folder: `runs/<stamp>_<script>_<hash>`, or at a given place, or below it where it exists. Folders are made by
    /// one call that fails where there is one, so that two runs never share one.
    pub fn open(start: Start, text: &str, at: Option<&Path>, stdlib: &str) -> Result<Journal> {
        let started = SystemTime::now();
        let stem = start.script.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let key = start.set.iter().fold(text.to_string(), |key, (name, value)| key + name + "=" + value + "\n");
        let name = format!("{}_{stem}_{}", calendar::stamp(started), &blake3::hash(key.as_bytes()).to_hex()[..8]);
        let folder = match at {
            Some(place) if !place.exists() => made(place, 1)?,
            Some(place) => made(&place.join(&name), u32::MAX)?,
            None => made(&Path::new("runs").join(&name), u32::MAX)?,
        };
        let journal = Journal::at(folder, started, start);
        write_whole(&journal.folder.join("script.rhai"), text.as_bytes())?;
        journal.write("run.json", &json!({ "started": calendar::iso(started), "start": journal.start }))?;
        journal.write("versions.json", &versions::of(&journal.start, stdlib))?;
        Ok(journal)
    }

    /// Goes on with a run that was broken off, or with other values of some parameters. What was measured comes again from its
    /// checkpoints.
    pub fn reopen(folder: &Path, set: &BTreeMap<String, String>) -> Result<(Journal, Start, String)> {
        let missing = |name: &str| fault!("file", "`{}` is no run directory: it has no {name}", folder.display(); hint: "`cistron runs list` shows runs");
        let text = std::fs::read_to_string(folder.join("script.rhai")).map_err(|_| missing("script.rhai"))?;
        let mut run: Value =
            std::fs::read(folder.join("run.json")).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| missing("run.json"))?;
        if folder.join("done.json").exists() && set.is_empty() {
            bail!("usage", "the run in `{}` is done: there is nothing to resume", folder.display(); hint: "`--set epochs=…` trains on where the script has such a parameter; `cistron runs replay {}` runs it again", folder.display());
        }
        let mut start: Start =
            serde_json::from_value(run["start"].clone()).map_err(|error| fault!("file", "`{}`: {error}", folder.join("run.json").display()))?;
        let before = super::read(folder).seconds.unwrap_or(0.0);
        for name in ["metrics.jsonl", "failed.json", "done.json"] {
            std::fs::remove_file(folder.join(name)).ok();
        }
        let folder = std::path::absolute(folder).map_err(|error| Fault::file(folder, &error))?;
        start.set.extend(set.clone());
        let journal = Journal { before, ..Journal::at(folder, SystemTime::now(), start.clone()) };
        if !set.is_empty() {
            run["start"] = json!(start);
            let earlier = run["changed"].as_array().cloned().unwrap_or_default();
            run["changed"] = earlier.into_iter().chain([json!({ "at": calendar::iso(journal.started), "set": set })]).collect();
            journal.write("run.json", &run)?;
        }
        Ok((journal, start, text))
    }

    fn at(folder: PathBuf, started: SystemTime, start: Start) -> Journal {
        Journal { folder, started, before: 0.0, start, metrics: None, results: Map::new(), parameters: Map::new(), inputs: Vec::new() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&self, name: &str, value: &Value) -> Result<()> {
        write_whole(&self.folder.join(name), format!("{value:#}\n").as_bytes())
    }

    /// A file that was run or imported.
    pub fn source(&self, file: &str, text: &str) -> Result<()> {
        if !file.ends_with(".rhai") {
            return Ok(());
        }
        let plain: String = file.trim_start_matches(['.', '/']).replace("..", "up");
        let path = self.folder.join("imported").join(plain);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) { Ok(()) } else { write_whole(&path, text.as_bytes()) }
    }

    /// A file that the script reads.
    pub fn input(&mut self, path: &Path) -> Result<()> {
        let Ok(path) = std::path::absolute(path) else { return Ok(()) };
        let Some(about) = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file) else { return Ok(()) };
        if path.starts_with(&self.folder) || self.inputs.iter().any(|known| known.path == path) {
            return Ok(());
        }
        self.inputs.push(Input { path, size: about.len() });
        self.list_inputs(false)
    }

    fn list_inputs(&self, hashed: bool) -> Result<()> {
        let one = |input: &Input| {
            let hash = if hashed { versions::hash_of(&input.path) } else { None };
            json!({ "path": input.path, "size": input.size, "blake3": hash })
        };
        self.write("data.json", &Value::Array(self.inputs.iter().map(one).collect()))
    }

    /// A parameter with its value.
    pub fn parameter(&mut self, name: &str, value: Value) -> Result<()> {
        self.parameters.insert(name.into(), value);
        self.write("set.json", &Value::Object(self.parameters.clone()))
    }

    /// A result.
    pub fn report(&mut self, name: &str, value: Value) -> Result<()> {
        self.results.insert(name.into(), value);
        self.write("results.json", &Value::Object(self.results.clone()))
    }

    /// What was measured in an epoch: a line of `metrics.jsonl`, handed to the system at once.
    pub fn epoch(&mut self, row: &Value) -> Result<()> {
        let path = self.folder.join("metrics.jsonl");
        if self.metrics.is_none() {
            self.metrics = Some(OpenOptions::new().create(true).append(true).open(&path).map_err(|error| Fault::file(&path, &error))?);
        }
        match &mut self.metrics {
            Some(file) => file.write_all(format!("{row}\n").as_bytes()).map_err(|error| Fault::file(&path, &error)),
            None => Ok(()),
        }
    }

    /// Writes how the run ended.
    pub fn close(&mut self, outcome: Outcome) -> Result<()> {
        for (name, value) in [("results.json", &self.results), ("set.json", &self.parameters)] {
            self.write(name, &Value::Object(value.clone()))?;
        }
        if !self.inputs.is_empty() {
            self.list_inputs(true)?;
        }
        let seconds = self.before + self.started.elapsed().map_or(0.0, |d| d.as_secs_f64());
        match outcome {
            Outcome::Done => self.write("done.json", &json!({ "seconds": seconds })),
            Outcome::Failed(fault) => self.write("failed.json", &json!({ "seconds": seconds, "fault": fault })),
        }
    }
}

/// Makes a folder that was not there; where it was, one of the same name with a number.
fn made(wanted: &Path, tries: u32) -> Result<PathBuf> {
    if let Some(above) = wanted.parent().filter(|above| !above.as_os_str().is_empty()) {
        file::make_folders(above)?;
    }
    for n in 1..=tries {
        let folder = if n == 1 { wanted.to_path_buf() } else { PathBuf::from(format!("{}-{n}", wanted.display())) };
        match std::fs::create_dir(&folder) {
            Ok(()) => {
                file::sync_folder(file::folder_of(&folder));
                return std::path::absolute(&folder).map_err(|error| Fault::file(&folder, &error));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::file(&folder, &error)),
        }
    }
    Err(fault!("file", "`{}` was made by another run at this moment", wanted.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Start {
        Start { script: "/x/a.rhai".into(), ..Start::default() }
    }

    #[test]
    fn runs_that_start_at_once_have_folders_of_their_own() {
        let place = tempfile::tempdir().unwrap();
        let here = place.path().to_path_buf();
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let here = here.clone();
                std::thread::spawn(move || Journal::open(start(), "1", Some(&here), "").unwrap().folder().to_path_buf())
            })
            .collect();
        let mut folders: Vec<PathBuf> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
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
        assert_eq!((record.state, record.results["a"].as_i64(), record.metrics.len()), ("open", Some(1), 1));
        let none = BTreeMap::new();
        let (mut journal, again, text) = Journal::reopen(&at, &none).unwrap();
        assert_eq!((again.script, text.as_str()), (PathBuf::from("/x/a.rhai"), "let a = 1;"));
        journal.close(Outcome::Done).unwrap();
        assert!(Journal::reopen(&at, &none).err().unwrap().to_string().contains("is done"));
        let (mut journal, again, _) = Journal::reopen(&at, &BTreeMap::from([("n".to_string(), "3".to_string())])).unwrap();
        assert_eq!(again.set["n"], "3");
        journal.close(Outcome::Done).unwrap();
        assert_eq!(super::super::read(&at).start.set["n"], "3");
        assert!(Journal::reopen(place.path(), &none).err().unwrap().to_string().contains("no run directory"));
    }
}
