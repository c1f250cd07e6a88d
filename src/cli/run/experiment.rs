//! A script that runs as an experiment, with its record.

use super::arguments::RunArguments;
use super::parameters::declares;
use super::ranks::{self, Opened};
use crate::base::{Fault, file as files};
use crate::cli::arguments::start_torch;
use crate::cli::sandbox;
use crate::lang::session::{self, Event};
use crate::lang::{diagnostics, engine, highlight, stdlib};
use crate::track::{self, Journal, Outcome, Start};
use rhai::Scope;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

pub(super) fn fresh(arguments: &RunArguments, script: &Path, text: &str) -> Result<(), Fault> {
    let script = arguments.standing_for.as_deref().unwrap_or(script);
    let start = arguments.start(script)?;
    start
        .set
        .keys()
        .try_for_each(|name| declares(text, name, &format!("--set {name}")))?;
    let open = || {
        if arguments.no_run_dir {
            return Ok((None, start.clone(), text.to_string()));
        }
        let (place, stdlib) = (arguments.run_dir.as_deref(), stdlib_version());
        let journal = Journal::open(start.clone(), text, place, &stdlib)?;
        sandbox::seal::renew(journal.folder())?;
        Ok((Some(journal), start.clone(), text.to_string()))
    };
    let opened = ranks::opened(open)?;
    let settings = session::Settings {
        script_dir: script.parent().map(Path::to_path_buf),
        ..session::Settings::default()
    };
    experiment(
        &start,
        settings,
        &script.display().to_string(),
        opened,
        arguments.json,
    )
}

/// Runs a recorded script again in the folder of its run, with the recorded arguments.
pub(super) fn resumed(arguments: &RunArguments, folder: &Path) -> Result<(), Fault> {
    let set = arguments.common.settings()?.set;
    if let (false, Ok(text)) = (
        set.is_empty(),
        std::fs::read_to_string(folder.join("script.rhai")),
    ) {
        set.keys()
            .try_for_each(|name| declares(&text, name, &format!("--set {name}")))?;
    }
    let opened = ranks::opened(|| {
        sandbox::seal::check(folder)?;
        let (journal, start, text) =
            Journal::reopen(folder, &set, &stdlib_version(), arguments.changed)?;
        sandbox::seal::renew(journal.folder())?;
        Ok((Some(journal), start, text))
    })?;
    let start = opened.start.clone();
    if start.folder.exists() {
        std::env::set_current_dir(&start.folder)
            .map_err(|error| Fault::file(&start.folder, &error))?;
    }
    let settings = session::Settings {
        script_dir: start.script.parent().map(Path::to_path_buf),
        resume: true,
        may_differ: arguments.changed,
        starts_again: !set.is_empty(),
        ..session::Settings::default()
    };
    experiment(
        &start,
        settings,
        &start.script.display().to_string(),
        opened,
        arguments.json,
    )
}

/// A hash of the standard library.
fn stdlib_version() -> String {
    let mut hasher = blake3::Hasher::new();
    for (text, path) in stdlib::paths().iter().filter_map(|path| stdlib::read(path)) {
        hasher.update(path.as_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_string()
}

/// Runs a script with its arguments, within its limits.
fn experiment(
    start: &Start,
    settings: session::Settings,
    file: &str,
    opened: Opened,
    json: bool,
) -> Result<(), Fault> {
    if start.sandbox.is_some() {
        if cistron_world::is_parallel() {
            return Err(Fault::new("usage", "a run in a sandbox is one process"));
        }
        return sandboxed(start, &settings, file, &opened.text, opened.journal, json);
    }
    let settings = session::Settings {
        set: start.set.clone(),
        device: start.device.clone(),
        seed: start.seed,
        loaders: start.loaders.max(1),
        no_progress: json,
        ..settings
    };
    recorded(start.threads, settings, file, opened, json)
}

/// Runs a script in a child process, and writes its record in this one.
fn sandboxed(
    start: &Start,
    settings: &session::Settings,
    file: &str,
    text: &str,
    mut journal: Option<Journal>,
    json: bool,
) -> Result<(), Fault> {
    let folder = journal
        .as_ref()
        .map(|journal| journal.folder().to_path_buf());
    announce(folder.as_deref(), json);
    files::set_run_folder(folder.as_deref());
    let outcome = sandbox::run(start, file, text, journal.as_mut(), settings, json);
    let ended = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
    journal
        .as_mut()
        .map_or(Ok(()), |journal| close(journal, &ended))?;
    if json && let Ok(results) = &outcome {
        crate::outln!("{results}");
    }
    ended.map_err(|fault| with_resume(fault, folder.as_deref()))
}

fn recorded(
    threads: Option<usize>,
    mut settings: session::Settings,
    file: &str,
    opened: Opened,
    json: bool,
) -> Result<(), Fault> {
    let is_first = cistron_world::is_first();
    let Opened {
        journal,
        folder: record_folder,
        text,
        ..
    } = opened;
    let journal = journal.map(|journal| Rc::new(RefCell::new(journal)));
    let folder = match is_first {
        true => journal
            .as_ref()
            .map(|own| own.borrow().folder().to_path_buf()),
        false => record_folder.as_deref().map(ranks::folder_of),
    };
    settings.run_dir.clone_from(&folder);
    if !is_first {
        settings.record_dir = record_folder;
    }
    files::set_run_folder(folder.as_deref());
    if is_first {
        announce(folder.as_deref(), json);
    }
    start_torch(threads, settings.seed);
    crate::bind::start(settings);
    if let (Some(journal), Some(folder)) = (&journal, &folder) {
        session::log_to(folder.join("log.txt"));
        record(journal.clone(), file);
    }
    if !is_first {
        ranks::keep_logs(folder.as_deref())?;
    }
    if json {
        session::capture();
    }
    let mut scope = Scope::new();
    let outcome = engine::run(&text, file, &mut scope).map(|_| ());
    let outcome = outcome.and_then(|()| cistron_world::finish());
    journal
        .as_ref()
        .map_or(Ok(()), |journal| close(&mut journal.borrow_mut(), &outcome))?;
    if json && is_first && outcome.is_ok() {
        crate::outln!("{}", serde_json::Value::Object(session::results()));
    }
    engine::release(&mut scope);
    outcome.map_err(|fault| with_resume(fault, folder.as_deref()))
}

/// Prints the folder of a run.
fn announce(folder: Option<&Path>, json: bool) {
    if let (Some(folder), false) = (folder, json) {
        crate::errln!("run {}", relative(folder));
    }
}

/// Records the end of a run, and writes its report.
fn close(journal: &mut Journal, outcome: &Result<(), Fault>) -> Result<(), Fault> {
    let ended = outcome.as_ref().map_or_else(ending, |()| Outcome::Done);
    let closed = journal.close(ended);
    if !journal.folder().exists() {
        crate::errln!(
            "{} is removed: the script had not begun",
            relative(journal.folder())
        );
    }
    let paged = page(journal.folder());
    // the fault of the run has precedence over a failure to write its record
    if outcome.is_ok() {
        closed.and(paged)
    } else {
        Ok(())
    }
}

/// The fault of an interrupted run, with how to resume it.
fn with_resume(fault: Fault, folder: Option<&Path>) -> Fault {
    match folder {
        Some(folder) if fault.kind == "interrupted" && fault.hint.is_none() => fault.hint(format!(
            "`cistron run --resume {}` continues it",
            relative(folder)
        )),
        _ => fault,
    }
}

/// The outcome of a run with a fault.
fn ending(fault: &Fault) -> Outcome {
    let json = diagnostics::json(fault);
    if fault.kind == "interrupted" {
        Outcome::Interrupted(json)
    } else {
        Outcome::Failed(json)
    }
}

/// Writes the report of a run; a run without a folder has none.
fn page(folder: &Path) -> Result<(), Fault> {
    if !folder.exists() {
        return Ok(());
    }
    let record = track::read(folder);
    track::report::save(
        &record,
        &highlight::html(&record.script),
        &folder.join("report.html"),
    )
}

/// The path of a folder from the working directory.
fn relative(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    folder
        .strip_prefix(&here)
        .unwrap_or(folder)
        .display()
        .to_string()
}

/// Records the events of a script in the journal.
fn record(journal: Rc<RefCell<Journal>>, main: &str) {
    let main = main.to_string();
    session::record_to(Rc::new(move |event| {
        // an event that the journal itself causes, by a file that it writes, is not recorded
        let Ok(mut journal) = journal.try_borrow_mut() else {
            return Ok(());
        };
        match event {
            Event::Source(file, _) if *file == main => Ok(()),
            Event::Source(file, text) => journal.source(file, text),
            Event::Input(path) => journal.input(path),
            Event::Parameter(name, value) => journal.parameter(name, value.clone()),
            Event::Report(name, value) => journal.report(name, value.clone()),
            Event::Epoch(row) => journal.epoch(row),
            Event::Skipped(trial) => journal.skipped(trial),
            // the session writes the log
            Event::Printed(_) => Ok(()),
        }
    }));
}
