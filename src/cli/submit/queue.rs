//! States and results of submitted runs.

use super::job;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result};
use crate::cli::exit::ERROR;
use crate::cli::sweep::plan::{self, Sweep};
use crate::cli::sweep::table::{Given, summary};
use crate::track;
use crate::{bail, fault};
use std::collections::HashMap;
use std::path::Path;

/// States in which a job is queued or has processes.
const ACTIVE: [&str; 11] = [
    "pending",
    "configuring",
    "running",
    "suspended",
    "stopped",
    "completing",
    "signaling",
    "stage_out",
    "requeued",
    "requeue_hold",
    "special_exit",
];

/// Submitted runs with their states.
pub(super) struct Runs {
    pub sweep: Sweep,
    /// The numbers of their jobs: one, and another for each time that they were submitted again.
    pub jobs: Vec<String>,
    states: Vec<(State, track::Record)>,
    /// Whether SLURM answered.
    is_known: bool,
}

/// A run as the record and SLURM have it.
struct State {
    word: String,
    /// Why it failed, or why it waits.
    reason: String,
    /// Whether it is queued or running.
    is_active: bool,
}

/// A job of an array, as squeue lists it.
#[derive(Clone)]
struct Listed {
    state: String,
    reason: String,
}

/// Reads the plan of submitted runs and the numbers of their jobs, and asks for their states.
pub(super) fn read(home: &Path) -> Result<Runs> {
    let path = home.join(job::NUMBER);
    let numbers = std::fs::read_to_string(&path).map_err(|error| {
        Fault::file(&path, &error)
            .hint("`cistron submit` makes such a folder; `cistron runs list` lists others")
    })?;
    let jobs: Vec<String> = numbers.lines().map(|line| line.trim().into()).collect();
    let sweep = Sweep::read(home)?;
    let listed = listed(&jobs).unwrap_or_else(|why| {
        crate::errln!("note: {why}: states are those of the records alone");
        None
    });
    let jobs_of_runs = listed.as_ref();
    let one = |i: usize| {
        let record = track::read(&plan::folder(home, i));
        let job = jobs_of_runs.and_then(|jobs| jobs.get(&(i + 1)));
        (state(home, i, &record, job), record)
    };
    let states = (0..sweep.tasks.len()).map(one).collect();
    Ok(Runs {
        states,
        is_known: listed.is_some(),
        sweep,
        jobs,
    })
}

/// The jobs of arrays by their numbers in them, also those that ended some minutes ago; an error
/// states why SLURM does not answer.
fn listed(jobs: &[String]) -> std::result::Result<Option<HashMap<usize, Listed>>, String> {
    if !job::is_installed("squeue") {
        return Err("squeue is not installed here".into());
    }
    let jobs = jobs.join(",");
    let arguments = ["--noheader", "--array", "--states=all", "--jobs", &jobs];
    let format = ["--format", "%F %K %T %r"];
    let text = match job::output("squeue", &[&arguments[..], &format].concat()) {
        Ok(text) => text,
        // SLURM forgets a job some minutes after its end
        Err(fault) if fault.message.contains("Invalid job id") => String::new(),
        Err(fault) => return Err(fault.message.replace('\n', "; ")),
    };
    let one = |line: &str| {
        let mut words = line.trim().splitn(4, ' ');
        let (job, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let listed = Listed {
            state: words.next()?.trim().to_lowercase(),
            reason: words.next().unwrap_or("").trim().into(),
        };
        Some((job, number, listed))
    };
    let mut lines: Vec<(u64, usize, Listed)> = text.lines().filter_map(one).collect();
    // a run that was submitted again is in several jobs: the last one counts
    lines.sort_by_key(|(job, ..)| *job);
    let latest = lines
        .into_iter()
        .map(|(_, number, listed)| (number, listed));
    Ok(Some(latest.collect()))
}

/// The state of a run, from its record and its job.
fn state(home: &Path, i: usize, record: &track::Record, job: Option<&Listed>) -> State {
    let state = |word: &str, reason: &str| State {
        word: word.into(),
        reason: reason.into(),
        is_active: false,
    };
    let has_begun = !record.start.script.as_os_str().is_empty();
    match (record.state, job) {
        ("done", _) => state("done", ""),
        (_, Some(job)) if ACTIVE.contains(&job.state.as_str()) => {
            let waits = job.state == "pending" && job.reason != "None";
            State {
                is_active: true,
                ..state(&job.state, if waits { &job.reason } else { "" })
            }
        }
        ("failed", _) => state("failed", record.fault["message"].as_str().unwrap_or("")),
        ("running", _) => State {
            is_active: true,
            ..state("running", "")
        },
        (_, Some(job)) if ["failed", "completed"].contains(&job.state.as_str()) => {
            // a run that failed for its arguments or its syntax leaves no record
            let output = home.join(format!("{:03}.txt", i + 1));
            let text = std::fs::read_to_string(output).unwrap_or_default();
            let error = text.lines().rfind(|line| line.starts_with("error"));
            let reason = error.map(|line| line.split_once(": ").map_or(line, |(_, why)| why));
            state("failed", reason.unwrap_or(""))
        }
        // cancelled, timeout, out_of_memory, node_fail and others
        (_, Some(job)) => state(&job.state, ""),
        (_, None) if has_begun => state("interrupted", ""),
        (_, None) => state("lost", ""),
    }
}

/// Prints the runs with their states.
pub(super) fn status(home: &Path) -> Result<u8> {
    let runs = read(home)?;
    let states = &runs.states;
    let text = |of: &dyn Fn(usize) -> String| Cells::Text((0..states.len()).map(of).collect());
    let epochs = |record: &track::Record| record.metrics.len().to_string();
    let words = |i: usize| runs.sweep.tasks[i].words.clone();
    let table = Table::new(vec![
        ("run".into(), text(&|i| format!("{:03}", i + 1))),
        ("settings".into(), text(&words)),
        ("state".into(), text(&|i| states[i].0.word.clone())),
        ("epochs".into(), text(&|i| epochs(&states[i].1))),
        ("reason".into(), text(&|i| states[i].0.reason.clone())),
    ])?;
    crate::outln!("job {}", runs.jobs.join(", "));
    crate::outln!("{}", table.to_pretty(usize::MAX));
    let is_left = |state: &State| !state.is_active && !["done", "failed"].contains(&&*state.word);
    let left = runs.numbers(is_left);
    if runs.is_known && !left.is_empty() {
        crate::errln!(
            "not in the queue, and not done: {}; `cistron submit --resume {1}` submits them again, \
             `cistron run --resume {1}` executes them here",
            left.join(", "),
            home.display()
        );
    }
    Ok(0)
}

impl Runs {
    /// The numbers and states of runs whose state is of a kind.
    fn numbers(&self, is_of_kind: impl Fn(&State) -> bool) -> Vec<String> {
        let all = self.states.iter().enumerate();
        all.filter(|(_, (state, _))| is_of_kind(state))
            .map(|(i, (state, _))| format!("{:03} ({})", i + 1, state.word))
            .collect()
    }

    /// The numbers, from 1, of runs that are neither done nor queued.
    ///
    /// # Errors
    /// Where SLURM does not answer.
    pub fn to_submit(&self) -> Result<Vec<usize>> {
        if !self.is_known {
            bail!(
                "system",
                "SLURM does not answer: runs that it has queued would be submitted twice"
            );
        }
        let all = self.states.iter().enumerate();
        Ok(all
            .filter(|(_, (state, _))| !state.is_active && state.word != "done")
            .map(|(i, _)| i + 1)
            .collect())
    }
}

/// Writes and prints the table of the runs that are done; 1 where some are not, or failed.
pub(super) fn collect(home: &Path) -> Result<u8> {
    let runs = read(home)?;
    let done = runs
        .states
        .iter()
        .zip(&runs.sweep.tasks)
        .filter(|((state, _), _)| state.word == "done");
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
    let table = summary(&runs.sweep.points, &given)?;
    crate::outln!("{}", table.rounded(4).to_pretty(200));
    let path = home.join("summary.tsv");
    table.save(&path)?;
    crate::outln!("written to {}", path.display());
    let missing = runs.numbers(|state| state.word != "done");
    if missing.is_empty() && given.iter().all(|run| run.failed.is_none()) {
        return Ok(0);
    }
    crate::errln!(
        "{} of {} runs are not in it: {}",
        missing.len(),
        runs.states.len(),
        missing.join(", ")
    );
    Ok(ERROR)
}
