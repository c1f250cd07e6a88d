//! `cistron run --sweep --folds --seeds`: several runs of a script, with a table of their results.

pub mod plan;
pub mod runner;
pub mod table;

use super::exit::{ERROR, INTERRUPTED};
use super::run::RunArguments;
use crate::base::{Fault, Result, interrupt, panic, threads};
use crate::track;
use crate::{bail, fault};
use plan::{Ask, Sweep, Task};
use runner::Runner;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use table::{Given, summary};

/// Executes runs, several at a time; returns results in their order, without runs that were not
/// completed before an interrupt.
fn side_by_side(tasks: &[Task], jobs: usize, runner: &Runner) -> Result<Vec<Given>> {
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let lane = || -> Result<Vec<(usize, Given)>> {
        let mut done = Vec::new();
        while !is_over.load(Relaxed) {
            let i = next.fetch_add(1, Relaxed);
            let Some(task) = tasks.get(i) else { break };
            match runner.run(i, task) {
                Ok(Some(given)) => done.push((i, given)),
                other => {
                    is_over.store(true, Relaxed);
                    other?;
                }
            }
        }
        Ok(done)
    };
    let lost = || fault!("internal", "a lane of runs gave up: {}", panic::last());
    let lanes: Vec<Result<_>> = std::thread::scope(|scope| {
        let started = |_| {
            std::thread::Builder::new()
                .spawn_scoped(scope, lane)
                .map_err(|error| threads::refused("runs", &error))
        };
        let lanes: Vec<_> = (0..jobs).map(started).collect();
        lanes
            .into_iter()
            .map(|thread| thread?.join().unwrap_or_else(|_| Err(lost())))
            .collect()
    });
    let mut done = lanes.into_iter().collect::<Result<Vec<_>>>()?.concat();
    done.sort_by_key(|(i, _)| *i);
    Ok(done.into_iter().map(|(_, given)| given).collect())
}

/// Runs the command and returns its exit code.
pub fn sweep(arguments: &RunArguments, script: &Path, text: &str) -> Result<u8> {
    if arguments.no_run_dir {
        bail!(
            "usage",
            "--no-run-dir: what is repeated is read back from run directories"
        );
    }
    if arguments.jobs == 0 {
        bail!("usage", "--jobs is at least 1");
    }
    let ask = Ask {
        sweep: &arguments.sweep,
        folds: arguments.folds,
        seeds: arguments.seeds,
        run_dir: arguments.run_dir.as_deref(),
        start: arguments.start(script)?,
    };
    let mut plan = Sweep::of(&ask, text, arguments.jobs)?;
    if plan.jobs > 1 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let each = (cores / plan.jobs).max(1);
        plan.tasks
            .iter_mut()
            .for_each(|task| task.start.threads = task.start.threads.or(Some(each)));
    }
    let home = plan.store(&ask)?;
    finish(&home, plan, false, arguments.json)
}

/// Continues an interrupted sweep: completed runs are kept, others are resumed or started.
pub fn resume(home: &Path, arguments: &RunArguments) -> Result<u8> {
    let plan = Sweep::read(home)?;
    if !arguments.common.set.is_empty() {
        bail!(
            "usage",
            "--set: a sweep is resumed with its own settings";
            hint: "`cistron run --resume {}/001 --set …` continues one of its runs",
            home.display()
        );
    }
    if !plan.has_same_script()? && !arguments.changed {
        bail!("resume", "`{}` has changed since the sweep in `{}` \
            began", plan.script.display(), home.display();
            hint: "restore it, or add `--changed`: runs that have not begun then are of the \
                script as it is");
    }
    let jobs = if arguments.jobs > 1 {
        arguments.jobs
    } else {
        plan.jobs
    };
    finish(
        home,
        Sweep { jobs, ..plan },
        arguments.changed,
        arguments.json,
    )
}

/// Executes the remaining runs of a sweep, and writes the table of all; as JSON, with the outputs
/// of the runs in files.
fn finish(home: &Path, plan: Sweep, may_differ: bool, json: bool) -> Result<u8> {
    let _lock = track::lock::Lock::take(home)?;
    let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
    let all = plan.tasks.len();
    let runner = Runner {
        program,
        script: &plan.script,
        home,
        all,
        may_differ,
        is_alone: plan.jobs == 1 && !json,
    };
    let given = side_by_side(&plan.tasks, plan.jobs, &runner)?;
    if interrupt::is_raised() || given.len() < all {
        crate::errln!(
            "interrupted; what was done is in {}; `cistron run --resume {}` continues it",
            home.display(),
            home.display()
        );
        return Ok(INTERRUPTED);
    }
    let table = summary(&plan.points, &given)?;
    let path = home.join("summary.tsv");
    table.save(&path)?;
    if json {
        let runs = plan.tasks.iter().zip(&given);
        let runs: Vec<Value> = runs
            .enumerate()
            .map(|(i, run)| outcome(home, i, run))
            .collect();
        crate::outln!("{}", json!({ "summary": path, "runs": runs }));
    } else {
        crate::outln!("{}", table.rounded(4).to_pretty(200));
        crate::outln!("written to {}", path.display());
    }
    let failures = given.iter().filter(|run| run.failed.is_some()).count();
    if failures > 0 {
        crate::errln!("{failures} of {all} runs failed");
        return Ok(ERROR);
    }
    Ok(0)
}

/// A run of a sweep as JSON: its folder, its swept values, and its results or why it failed.
fn outcome(home: &Path, number: usize, (task, given): (&Task, &Given)) -> Value {
    let results = track::read(&plan::folder(home, number)).results;
    json!({
        "folder": plan::folder(home, number),
        "set": task.start.set,
        "seed": task.start.seed,
        "results": results,
        "failed": given.failed,
    })
}
