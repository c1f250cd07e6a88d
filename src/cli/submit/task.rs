//! A job of the array: one run, which is checkpointed and queued again ahead of the time limit.

use super::job;
use crate::base::{Fault, Result, interrupt};
use crate::cli::exit::INTERRUPTED;
use crate::cli::sweep::plan::{self, Sweep};
use crate::cli::sweep::runner;
use crate::track::{self, lock::Lock};
use crate::{bail, fault};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How often the run and the signals are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// The interval at which the signal to end is repeated, which a program that loads ignores.
const REPEAT: Duration = Duration::from_secs(1);
/// The longest wait for another owner of the record: longer than a lock of a lost machine is valid.
const EXPIRY: Duration = Duration::from_secs(150);

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
    let mut sweep = Sweep::read(home)?;
    if i >= sweep.tasks.len() {
        let number = i.wrapping_add(1);
        bail!("usage", "there is no run {number} in {}", home.display());
    }
    let mut task = sweep.tasks.swap_remove(i);
    // SLURM need not bind a job to the cores that it has been allocated
    task.start.threads = task.start.threads.or(number("SLURM_CPUS_ON_NODE").ok());
    let folder = plan::folder(home, i);
    wait_for_owner(&folder);
    if track::read(&folder).state == "done" {
        return Ok(0);
    }
    if !folder.join("run.json").exists() && !sweep.has_same_script()? {
        bail!("resume", "`{}` has changed since it was submitted", sweep.script.display();
            hint: "restore it, or submit it again");
    }
    let program = std::env::current_exe().map_err(|error| fault!("file", "{error}"))?;
    let mut command = runner::command(&program, &sweep.script, &folder, &task, false);
    runner::end_with_parent(&mut command);
    ignore_signal_until_it_is_handled(&mut command);
    let before = checkpoints(&folder);
    let mut child = command
        .spawn()
        .map_err(|error| Fault::file(&program, &error))?;
    let code = waited(&mut child)?;
    // it ended by itself, well or not, or the time limit broke it off
    let is_broken_off = code == INTERRUPTED && IS_NEAR.load(Ordering::Relaxed);
    if !is_broken_off || track::read(&folder).state == "done" {
        return Ok(code);
    }
    again(&folder, &before)
}

/// Waits while another process holds the record: the lock of a machine that was lost expires after
/// two minutes, and the job may be queued again earlier.
fn wait_for_owner(folder: &Path) {
    let began = Instant::now();
    let mut is_reported = false;
    while Lock::is_held(folder)
        && began.elapsed() < EXPIRY
        && !IS_NEAR.load(Ordering::Relaxed)
        && !interrupt::is_raised()
    {
        if !is_reported {
            crate::errln!(
                "waiting for the process that has locked {}",
                folder.display()
            );
            is_reported = true;
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Has a command ignore SIGUSR1 until its program handles it: by default the signal ends a process.
fn ignore_signal_until_it_is_handled(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only a system call is made, which allocates nothing
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGUSR1, libc::SIG_IGN);
            Ok(())
        });
    }
}

/// Waits for a run; passes on that it is to be ended, as SIGUSR1: SLURM sends SIGTERM to all
/// processes of a job, and a second SIGTERM ends a run that has not written its checkpoint yet.
fn waited(child: &mut Child) -> Result<u8> {
    let mut passed_on: Option<Instant> = None;
    loop {
        let status = child
            .try_wait()
            .map_err(|error| fault!("system", "the run: {error}"))?;
        if let Some(status) = status {
            if status.code().is_none() {
                bail!("system", "the run was ended: {status}";
                    hint: "SIGKILL is often sent for memory: --mem allows more");
            }
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.unwrap_or(1));
        }
        let is_to_end = IS_NEAR.load(Ordering::Relaxed) || interrupt::is_raised();
        if is_to_end && passed_on.is_none_or(|last| last.elapsed() > REPEAT) {
            passed_on = Some(Instant::now());
            // SAFETY: the child has not been waited for, so the number is its own
            unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGUSR1) };
        }
        std::thread::sleep(INTERVAL);
    }
}

/// The files of stored states of a run, with their sizes and times.
fn checkpoints(folder: &Path) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    fn add(folder: &Path, files: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.metadata() {
                Ok(about) if about.is_dir() => add(&path, files),
                Ok(about) => drop(files.insert(path, (about.len(), about.modified().ok()))),
                Err(_) => {}
            }
        }
    }
    let mut files = BTreeMap::new();
    add(&folder.join("checkpoints"), &mut files);
    files
}

/// Queues this job again.
fn again(folder: &Path, before: &BTreeMap<PathBuf, (u64, Option<SystemTime>)>) -> Result<u8> {
    let after = checkpoints(folder);
    if after.is_empty() {
        bail!("system", "the time limit is near, and {} has no checkpoint to continue from",
            folder.display();
            hint: "give `train::fit` a checkpoint (`checkpoint: #{{ last: true, every: \"10 min\" \
                }}`), or allow more time by --time");
    }
    if after == *before {
        bail!("system", "the time limit is near, and {} has no newer checkpoint than at its start: \
            it would be queued again for ever",
            folder.display();
            hint: "allow more time: `cistron submit --resume` with --time");
    }
    let id = format!(
        "{}_{}",
        number("SLURM_ARRAY_JOB_ID")?,
        number("SLURM_ARRAY_TASK_ID")?
    );
    // SLURM ends this process while it queues the job
    crate::errln!(
        "the time limit is near: {} is queued again and will be resumed",
        folder.display()
    );
    job::output("scontrol", &["requeue", &id])?;
    Ok(0)
}
