//! A run of several processes: the first one writes the record and prints, the others have a folder
//! in the record.

use super::arguments::RunArguments;
use crate::base::say::{self, Note};
use crate::base::{Fault, Result};
use crate::cli::exit::{code, fail};
use crate::lang::session;
use crate::track::{Journal, Start};
use crate::{bail, fault};
use cistron_world as world;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Connects the processes, where the program was started as one of several.
///
/// # Errors
/// Where they cannot be connected, or the arguments are for one process.
pub(super) fn start(arguments: &RunArguments) -> Result<()> {
    let Some(launch) = world::launcher::launched() else {
        return Ok(());
    };
    let several = [
        (!arguments.sweep.is_empty(), "--sweep"),
        (arguments.folds.is_some(), "--folds"),
        (arguments.seeds.is_some(), "--seeds"),
        (arguments.sandbox, "--sandbox"),
        (arguments.help, "--help"),
    ];
    if let Some((_, option)) = several.iter().find(|(is_given, _)| *is_given) {
        let (launcher, size) = (launch.launcher, launch.size);
        bail!("usage", "{option} is for one process, {launcher} has started {size}";
            hint: "leave {launcher} out; `--jobs N` and `cistron submit` run several scripts at a \
                time");
    }
    world::start()
}

/// Ends a run of several processes; returns its exit code.
pub(super) fn ended(outcome: &Result<()>, json: bool) -> u8 {
    match outcome {
        Ok(()) => {
            world::close();
            0
        }
        Err(fault) => world::fail(fault, code(fault), || {
            fail(fault, json);
        }),
    }
}

/// What the first process has opened, on every process: the record's folder, where there is a
/// record, and what the run was started with.
pub(super) struct Opened {
    /// The record, on the first process.
    pub journal: Option<Journal>,
    /// Its folder.
    pub folder: Option<PathBuf>,
    /// What the run was started with.
    pub start: Start,
    /// The script.
    pub text: String,
}

/// Opens the record on the first process.
pub(super) fn opened(
    open: impl FnOnce() -> Result<(Option<Journal>, Start, String)>,
) -> Result<Opened> {
    let (mut journal, mut bytes) = (None, Vec::new());
    if world::is_first() {
        let (opened, start, text) = open()?;
        let folder = opened.as_ref().map(|own| own.folder().to_path_buf());
        let folder = folder.map(std::path::absolute).transpose();
        let folder = folder.map_err(|error| Fault::file("runs", &error))?;
        bytes = serde_json::to_vec(&(folder, start, text))
            .map_err(|error| fault!("internal", "the arguments of a run: {error}"))?;
        journal = opened;
    }
    let bytes = world::broadcast("the start of the run", 0, bytes)?;
    let (folder, start, text) = serde_json::from_slice(&bytes)
        .map_err(|error| fault!("internal", "the arguments of a run: {error}"))?;
    Ok(Opened {
        journal,
        folder,
        start,
        text,
    })
}

/// The folder of this process in that of the record.
pub(super) fn folder_of(record: &Path) -> PathBuf {
    record.join("ranks").join(world::rank().to_string())
}

/// Sends what this process prints to files in its folder: `log.txt`, and `notes.txt` for warnings
/// and progress.
pub(super) fn keep_logs(folder: Option<&Path>) -> Result<()> {
    session::listen(Rc::new(|_| {}));
    let Some(folder) = folder else {
        say::listen(Some(Rc::new(|_| {})));
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
    session::log_to(folder.join("log.txt"));
    let notes = folder.join("notes.txt");
    say::listen(Some(Rc::new(move |note| {
        let line = match note {
            Note::Line(line) | Note::Epoch(line) => line,
            // the line of the last epoch is there already
            Note::Passed(text) => text.lines().last().unwrap_or(""),
            Note::Passing(_) => return,
        };
        let mut options = std::fs::OpenOptions::new();
        let file = options.create(true).append(true).open(&notes);
        // a log that cannot be written does not end a run
        file.and_then(|mut file| writeln!(file, "{line}")).ok();
    })));
    Ok(())
}
