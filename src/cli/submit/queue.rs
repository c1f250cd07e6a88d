//! States and results of submitted runs.

use super::job;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result};
use crate::cli::exit::ERROR;
use crate::cli::sweep::plan::{self, Sweep};
use crate::cli::sweep::table::{Given, summary};
use crate::fault;
use crate::track;
use std::collections::HashMap;
use std::path::Path;

/// Reads the plan of submitted runs, and the number of their job.
fn read(home: &Path) -> Result<(Sweep, String)> {
    let path = home.join(job::NUMBER);
    let id = std::fs::read_to_string(&path).map_err(|error| {
        Fault::file(&path, &error)
            .hint("`cistron submit` makes such a folder; `cistron runs list` lists others")
    })?;
    Ok((Sweep::read(home)?, id.trim().to_string()))
}

/// The states of the jobs of an array by their numbers in it, as squeue lists them; empty where the
/// job is over or SLURM does not answer.
fn queued(id: &str) -> HashMap<usize, String> {
    if !job::is_installed("squeue") {
        crate::errln!("note: squeue is not installed here: states are those of the records alone");
        return HashMap::new();
    }
    // squeue fails for a job that is over
    let text = job::output(
        "squeue",
        &["--noheader", "--array", "--jobs", id, "--format", "%K %T"],
    );
    let text = text.unwrap_or_default();
    let one = |line: &str| {
        let (number, state) = line.trim().split_once(' ')?;
        Some((number.parse().ok()?, state.trim().to_lowercase()))
    };
    text.lines().filter_map(one).collect()
}

/// The state of a run, from its record and the queue.
fn state(record: &track::Record, queued: Option<&String>) -> String {
    match (record.state, queued) {
        ("done", _) => "done".into(),
        (_, Some(state)) => state.clone(),
        ("failed", None) => "failed".into(),
        ("running", None) => "running".into(),
        ("interrupted" | "open", None) if record.start.script.as_os_str().is_empty() => {
            "lost".into()
        }
        (_, None) => "interrupted".into(),
    }
}

/// The number, state and record of each run.
fn states(home: &Path, sweep: &Sweep, id: &str) -> Vec<(String, track::Record)> {
    let queued = queued(id);
    let records = (0..sweep.tasks.len()).map(|i| track::read(&plan::folder(home, i)));
    records
        .enumerate()
        .map(|(i, record)| (state(&record, queued.get(&(i + 1))), record))
        .collect()
}

/// Prints the runs with their states.
pub(super) fn status(home: &Path) -> Result<u8> {
    let (sweep, id) = read(home)?;
    let states = states(home, &sweep, &id);
    let text = |of: &dyn Fn(usize) -> String| Cells::Text((0..states.len()).map(of).collect());
    let epochs = |record: &track::Record| record.metrics.len().to_string();
    let why = |record: &track::Record| record.fault["message"].as_str().unwrap_or("").to_string();
    let table = Table::new(vec![
        ("run".into(), text(&|i| format!("{:03}", i + 1))),
        ("settings".into(), text(&|i| sweep.tasks[i].words.clone())),
        ("state".into(), text(&|i| states[i].0.clone())),
        ("epochs".into(), text(&|i| epochs(&states[i].1))),
        ("fault".into(), text(&|i| why(&states[i].1))),
    ])?;
    crate::outln!("job {id}");
    crate::outln!("{}", table.to_pretty(usize::MAX));
    let lost: Vec<String> = numbers(&states, |state| ["lost", "interrupted"].contains(&state));
    if !lost.is_empty() {
        crate::errln!(
            "not in the queue, and not done: {}; `cistron run --resume {}` executes them here",
            lost.join(", "),
            home.display()
        );
    }
    Ok(0)
}

/// The numbers of runs whose state is of a kind.
fn numbers(states: &[(String, track::Record)], is_of_kind: impl Fn(&str) -> bool) -> Vec<String> {
    let all = states.iter().enumerate();
    all.filter(|(_, (state, _))| is_of_kind(state))
        .map(|(i, (state, _))| format!("{:03} ({state})", i + 1))
        .collect()
}

/// Writes and prints the table of the runs that are done; 1 where some are not, or failed.
pub(super) fn collect(home: &Path) -> Result<u8> {
    let (sweep, id) = read(home)?;
    let states = states(home, &sweep, &id);
    let done = states
        .iter()
        .zip(&sweep.tasks)
        .filter(|((state, _), _)| state == "done");
    let given: Vec<Given> = done
        .map(|((_, record), task)| Given {
            point: task.point,
            numbers: record.numbers(),
            failed: record
                .results
                .is_null()
                .then(|| "its results are missing".into()),
        })
        .collect();
    if given.is_empty() {
        return Err(
            fault!("data", "no run in {} is done", home.display()).hint(format!(
                "`cistron submit --status {}` lists them",
                home.display()
            )),
        );
    }
    let table = summary(&sweep.points, &given)?;
    crate::outln!("{}", table.rounded(4).to_pretty(200));
    let path = home.join("summary.tsv");
    table.save(&path)?;
    crate::outln!("written to {}", path.display());
    let missing = numbers(&states, |state| state != "done");
    if missing.is_empty() && given.iter().all(|run| run.failed.is_none()) {
        return Ok(0);
    }
    crate::errln!(
        "{} of {} runs are not in it: {}",
        missing.len(),
        states.len(),
        missing.join(", ")
    );
    Ok(ERROR)
}
