//! `cistron runs`: the ledger of runs.

use super::{ERROR, fail};
use crate::track::{self, Record};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// What `runs` takes.
#[derive(Args)]
pub struct RunsArguments {
    #[command(subcommand)]
    action: Action,
    /// The folder of runs
    #[arg(long, default_value = "runs", global = true)]
    dir: PathBuf,
}

#[derive(Subcommand)]
enum Action {
    /// A line for each run
    List,
    /// One run: its parameters and results
    Show {
        /// The run's folder, or the start of its name
        run: String,
    },
    /// What differs between two runs
    Diff {
        /// One run
        a: String,
        /// Another run
        b: String,
    },
    /// Run a recorded script again with the same parameters
    Replay {
        /// The run's folder, or the start of its name
        run: String,
    },
}

/// Runs the command; the exit code.
pub fn runs(arguments: &RunsArguments) -> u8 {
    let outcome = match &arguments.action {
        Action::List => list(&arguments.dir),
        Action::Show { run } => track::find(&arguments.dir, run).map(|record| {
            println!("{}", record.folder.display());
            record.lines().iter().for_each(|line| println!("  {line}"));
            0
        }),
        Action::Diff { a, b } => diff(&arguments.dir, a, b),
        Action::Replay { run } => replay(&arguments.dir, run),
    };
    outcome.unwrap_or_else(|fault| fail(&fault, false))
}

fn list(dir: &Path) -> crate::base::Result<u8> {
    let records = track::all(dir)?;
    if records.is_empty() {
        println!("no runs in {}", dir.display());
    }
    for Record { folder, state, results, .. } in &records {
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let text = results.to_string();
        let short: String = text.chars().take(80).collect();
        println!("{name}  {state}  {short}{}", if text.chars().count() > 80 { " …" } else { "" });
    }
    Ok(0)
}

fn diff(dir: &Path, a: &str, b: &str) -> crate::base::Result<u8> {
    let (a, b) = (track::find(dir, a)?, track::find(dir, b)?);
    let (left, right) = (a.lines(), b.lines());
    left.iter().filter(|line| !right.contains(line)).for_each(|line| println!("- {line}"));
    right.iter().filter(|line| !left.contains(line)).for_each(|line| println!("+ {line}"));
    if a.script != b.script {
        println!("the scripts differ");
    }
    Ok(0)
}

fn replay(dir: &Path, run: &str) -> crate::base::Result<u8> {
    let record = track::find(dir, run)?;
    let program = std::env::current_exe().map_err(|error| crate::base::Fault::file("cistron", &error))?;
    let mut command = std::process::Command::new(program);
    command.arg("run").arg(record.folder.join("script.rhai"));
    for (name, value) in record.set.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        command.arg("--set").arg(format!("{name}={text}"));
    }
    let status = command.status().map_err(|error| crate::base::Fault::file("cistron", &error))?;
    Ok(status.code().map_or(ERROR, |code| code as u8))
}
