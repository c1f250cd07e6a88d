//! A recorded run that runs again, compared with its record.

use super::show::say;
use crate::base::{Fault, Result};
use crate::cli::exit::{ERROR, FAILED};
use crate::cli::sandbox::seal;
use crate::fault;
use crate::track::{self, Record, Start, diff, ledger};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Runs a recorded script again in a new folder, and compares metrics and results.
pub(super) fn replay(dir: &Path, run: &str) -> Result<u8> {
    let record = track::find(dir, run)?;
    seal::check(&record.folder)?;
    let start = &record.start;
    let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
    // the recorded script beside the original, so that its imports and data are found
    let original = std::fs::read_to_string(&start.script).unwrap_or_default();
    if original != record.script {
        crate::errln!(
            "note: {} has changed since; what was recorded is run",
            start.script.display()
        );
    }
    let scratch = free_name(&record.folder)?;
    let mut command = std::process::Command::new(program);
    command.arg("run").arg("--run-dir").arg(&scratch).args(
        Start {
            name: None,
            tags: Vec::new(),
            ..start.clone()
        }
        .arguments(),
    );
    let script = record.folder.join("script.rhai");
    if start.folder.exists() {
        command.current_dir(&start.folder);
    }
    let status = command
        .arg("--standing-for")
        .arg(&start.script)
        .arg(std::path::absolute(&script).unwrap_or(script))
        .status();
    let status = status.map_err(|error| Fault::file("cistron", &error))?;
    if !status.success() && record.state == "done" {
        crate::errln!(
            "the run was done and its replay failed: {}",
            scratch.display()
        );
        return Ok(status.code().map_or(ERROR, |code| code as u8));
    }
    let again = track::read(&scratch);
    let metrics = diff::parting(&record, &again);
    let differ = diff::values("results", &record.results, &again.results);
    if metrics.is_none() && differ.is_empty() {
        crate::outln!(
            "the same numbers: {} epochs, {} results",
            again.metrics.len(),
            ledger::flat(&again.results).len()
        );
        return Ok(0);
    }
    crate::outln!(
        "the numbers differ (the replay is in {}):",
        scratch.display()
    );
    metrics
        .iter()
        .for_each(|text| say(&format!("  {}", text.replace('\n', "\n  "))));
    differ.iter().for_each(|line| say(line));
    let versions = diff::between(
        &Record {
            metrics: Vec::new(),
            results: Value::Null,
            ..record
        },
        &Record {
            metrics: Vec::new(),
            results: Value::Null,
            ..again
        },
    );
    if !versions.is_empty() {
        say(&versions);
    }
    Ok(FAILED)
}

/// An unused name for the folder of a replay.
fn free_name(folder: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(folder).map_err(|error| Fault::file(folder, &error))?;
    // beside a sweep, whose folder has its own runs alone
    let folder = match folder.parent().filter(|above| ledger::is_sweep(above)) {
        Some(sweep) => {
            let run = folder.file_name().unwrap_or_default().to_string_lossy();
            PathBuf::from(format!("{}_{run}", sweep.display()))
        }
        None => folder,
    };
    let name = |n: usize| {
        PathBuf::from(format!(
            "{}_replay{}",
            folder.display(),
            if n == 1 { String::new() } else { n.to_string() }
        ))
    };
    (1..)
        .map(name)
        .find(|path| !path.exists())
        .ok_or_else(|| fault!("internal", "no name is free"))
}
