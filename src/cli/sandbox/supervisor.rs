//! The parent process of `cistron run --sandbox`: it writes the record of a run whose script is in
//! a child process.

use super::channel;
use super::confinement::{self, Policy};
use super::job::{OUTPUT, Script, Work};
use super::watch::{Child, End, Limits, Next};
use crate::base::{Fault, Result};
use crate::lang::session;
use crate::track::{Journal, Sandbox, Start};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Runs a script in a child process, writes its record, and returns its results. The caller records
/// the end of the run.
///
/// # Errors
/// Those of the script, and of kind `sandbox` where a limit ended it.
pub fn run(
    start: &Start,
    file: &str,
    text: &str,
    journal: Option<&mut Journal>,
    settings: &session::Settings,
    quiet: bool,
) -> Result<Value> {
    let sandbox = start.sandbox.clone().unwrap_or_default();
    let limits = Limits {
        seconds: sandbox.seconds,
        memory: sandbox.memory,
        disk: sandbox.disk,
    };
    let folder = std::path::absolute(crate::base::file::folder_of(Path::new(file)))
        .map_err(|error| Fault::file(file, &error))?;
    let record = journal
        .as_ref()
        .map(|journal| journal.folder().to_path_buf());
    let output = record.as_ref().map(|record| record.join(OUTPUT));
    if let Some(output) = &output {
        if output.is_symlink() {
            return Err(crate::fault!(
                "sandbox",
                "`{}` is a link, which the script could write through",
                output.display();
                hint: "remove it"
            ));
        }
        std::fs::create_dir_all(output).map_err(|error| Fault::file(output, &error))?;
    }
    warn_of_record(&sandbox, record.as_deref());
    let script = Script {
        file: file.to_string(),
        text: text.to_string(),
        folder: folder.clone(),
        output: output.clone(),
        record: record.as_deref().map(guarded),
        set: start.set.clone(),
        device: start.device.clone(),
        seed: start.seed,
        threads: start.threads,
        loaders: start.loaders.max(1),
        quiet,
        resume: settings.resume,
        may_differ: settings.may_differ,
        starts_again: settings.starts_again,
    };
    let standard_library = std::env::var_os("CISTRON_STDLIB").map(PathBuf::from);
    let policy = Policy {
        read: [folder]
            .into_iter()
            .chain(record.clone())
            .chain(standard_library)
            .collect(),
        write: output
            .into_iter()
            .chain(sandbox.allow.iter().cloned())
            .collect(),
        gpu: start.device != "cpu",
        seconds: limits.seconds,
        memory: limits.memory,
        disk: limits.disk,
    };
    // for excerpts in faults
    session::remember_source(file, text);
    let here = std::env::current_dir().map_err(|error| Fault::file(".", &error))?;
    let mut supervisor = Supervisor {
        journal,
        log: record.map(|record| record.join("log.txt")),
        received: 0,
        limit: limits.disk << 20,
        outcome: None,
    };
    let output = script.output.clone();
    let ended = Child::start(policy, Work::Run(Box::new(script)), &here, true, &[])
        .and_then(|child| child.watch(&limits, |event| supervisor.receive(&event)));
    // a script that wrote nothing leaves no folder
    if let Some(output) = output {
        std::fs::remove_dir(output).ok();
    }
    let end = ended?;
    match (end, supervisor.outcome) {
        (End::Exited(_), Some(outcome)) => outcome,
        // results that were complete at the limit are kept
        (End::Late, Some(Ok(results))) => Ok(results),
        (End::Interrupted, Some(Err(fault))) => Err(fault),
        (end, _) => Err(end.fault(&limits).unwrap_or_else(|| {
            Fault::new(
                "memory",
                "the process of the script ended without an outcome, most likely \
                for lack of memory",
            )
            .hint("--memory allows more")
        })),
    }
}

/// The folder to which the interpreter refuses to write: the run directory, or that of the sweep.
fn guarded(record: &Path) -> PathBuf {
    let above = record
        .parent()
        .filter(|above| above.join("sweep.json").exists());
    above.unwrap_or(record).to_path_buf()
}

/// Warns where a folder of `--allow` contains the record.
fn warn_of_record(sandbox: &Sandbox, record: Option<&Path>) {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(record) = record.map(real) else {
        return;
    };
    if let Some(folder) = sandbox
        .allow
        .iter()
        .find(|folder| record.starts_with(real(folder)))
    {
        crate::errln!(
            "note: --allow {} contains the run directory: its record is guarded by the \
            interpreter and its seal, not by the kernel; --run-dir moves it elsewhere",
            folder.display()
        );
    }
}

struct Supervisor<'a> {
    journal: Option<&'a mut Journal>,
    log: Option<PathBuf>,
    received: u64,
    limit: u64,
    outcome: Option<Result<Value>>,
}

impl Supervisor<'_> {
    fn receive(&mut self, event: &Value) -> Result<Next> {
        let Some((kind, value)) = event.as_object().and_then(|map| map.iter().next()) else {
            return Ok(Next::Continue);
        };
        // the record grows with what is sent, and counts as written
        self.received += value
            .as_str()
            .map_or_else(|| value.to_string().len(), str::len) as u64;
        if self.received > self.limit {
            return Err(End::Disk
                .fault(&Limits {
                    seconds: 0,
                    memory: 0,
                    disk: self.limit >> 20,
                })
                .unwrap_or_else(|| Fault::new("sandbox", "too much")));
        }
        let text = |value: &Value| value.as_str().unwrap_or("").to_string();
        match (kind.as_str(), &mut self.journal) {
            ("confinement", _) => {
                let active: Vec<confinement::Mechanism> =
                    serde_json::from_value(value.clone()).unwrap_or_default();
                confinement::note(&active)
                    .iter()
                    .for_each(|note| crate::errln!("{note}"));
            }
            ("started", _) => return Ok(Next::Restart),
            ("done", _) => self.outcome = Some(Ok(value.clone())),
            ("failed", _) => self.outcome = Some(Err(channel::fault_of(value))),
            ("printed", _) => self.print(&text(value)),
            ("source", journal) => {
                let (file, source) = (text(&value[0]), text(&value[1]));
                session::remember_source(&file, &source);
                if let Some(journal) = journal {
                    journal.source(&file, &source)?;
                }
            }
            ("input", Some(journal)) => journal.input(Path::new(&text(value)))?,
            ("parameter", Some(journal)) => {
                journal.parameter(&text(&value[0]), value[1].clone())?
            }
            ("report", Some(journal)) => journal.report(&text(&value[0]), value[1].clone())?,
            ("epoch", Some(journal)) => journal.epoch(value)?,
            ("skipped", Some(journal)) => journal.skipped(&text(value))?,
            _ => {}
        }
        Ok(Next::Continue)
    }

    fn print(&self, line: &str) {
        let Some(path) = &self.log else { return };
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        // a log that cannot be written does not end a run
        file.and_then(|mut file| writeln!(file, "{line}")).ok();
    }
}
