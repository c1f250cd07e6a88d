//! A job of the array: one run, which is checkpointed and queued again ahead of the time limit.

use super::job;
use crate::base::{Fault, Result, interrupt};
use crate::cli::exit::INTERRUPTED;
use crate::cli::sweep::plan::{self, Sweep};
use crate::cli::sweep::runner;
use crate::track;
use crate::{bail, fault};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the run and the signals are looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// Whether the time limit is near.
static IS_NEAR: AtomicBool = AtomicBool::new(false);

extern "C" fn near(_: libc::c_int) {
    IS_NEAR.store(true, Ordering::Relaxed);
}

fn number(name: &str) -> Result<usize> {
    let value = std::env::var(name).unwrap_or_default();
    value.parse().map_err(|_| {
        fault!("usage", "{name} is `{value}`, not a number";
            hint: "jobs of SLURM call `cistron submit --task`; `cistron submit` makes them")
    })
}

/// Executes the run of this job.
pub(super) fn task(home: &Path) -> Result<u8> {
    // SAFETY: the handler only touches an atomic
    unsafe { libc::signal(libc::SIGUSR1, near as *const () as libc::sighandler_t) };
    let i = number("SLURM_ARRAY_TASK_ID")?.wrapping_sub(1);
    let sweep = Sweep::read(home)?;
    let Some(task) = sweep.tasks.get(i) else {
        bail!(
            "usage",
            "there is no run {} in {}",
            i.wrapping_add(1),
            home.display()
        );
    };
    let folder = plan::folder(home, i);
    if track::read(&folder).state == "done" {
        return Ok(0);
    }
    if !folder.join("run.json").exists() && !sweep.has_same_script()? {
        bail!("resume", "`{}` has changed since it was submitted", sweep.script.display();
            hint: "restore it, or submit it again");
    }
    let program = std::env::current_exe().map_err(|error| fault!("file", "{error}"))?;
    let mut command = runner::command(&program, &sweep.script, &folder, task, false);
    runner::end_with_parent(&mut command);
    let mut child = command
        .spawn()
        .map_err(|error| Fault::file(&program, &error))?;
    let code = waited(&mut child)?;
    // it ended by itself, well or not, or the time limit broke it off
    let is_broken_off = code == INTERRUPTED && IS_NEAR.load(Ordering::Relaxed);
    if !is_broken_off || track::read(&folder).state == "done" {
        return Ok(code);
    }
    again(&folder)
}

/// Waits for a run; passes on, once, that it is to be ended.
fn waited(child: &mut Child) -> Result<u8> {
    let mut is_passed_on = false;
    loop {
        let status = child
            .try_wait()
            .map_err(|error| fault!("system", "the run: {error}"))?;
        if let Some(status) = status {
            return Ok(status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1));
        }
        let is_to_end = IS_NEAR.load(Ordering::Relaxed) || interrupt::is_raised();
        if is_to_end && !is_passed_on {
            is_passed_on = true;
            // SAFETY: the child has not been waited for, so the number is its own
            unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Whether a run has stored a state from which it continues.
fn has_checkpoint(folder: &Path) -> bool {
    fn has_file(folder: &Path) -> bool {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .any(|path| match path.is_dir() {
                true => has_file(&path),
                false => true,
            })
    }
    has_file(&folder.join("checkpoints"))
}

/// Queues this job again.
fn again(folder: &Path) -> Result<u8> {
    if !has_checkpoint(folder) {
        bail!("system", "the time limit is near, and {} has no checkpoint to continue from",
            folder.display();
            hint: "give `train::fit` a checkpoint (`checkpoint: #{{ last: true, every: \"10 min\" \
                }}`), or allow more time by --time");
    }
    let id = format!(
        "{}_{}",
        number("SLURM_ARRAY_JOB_ID")?,
        number("SLURM_ARRAY_TASK_ID")?
    );
    job::output("scontrol", &["requeue", &id])?;
    crate::errln!(
        "the time limit is near: {} is queued again and will be resumed",
        folder.display()
    );
    Ok(0)
}
