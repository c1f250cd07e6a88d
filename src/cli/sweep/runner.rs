//! Runs of a sweep as processes.

use super::plan::{self, Task};
use super::table::Given;
use crate::base::{Fault, Result, interrupt};
use crate::cli::exit::INTERRUPTED;
use crate::track;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Executes the runs of a sweep.
pub(super) struct Runner<'a> {
    pub program: PathBuf,
    pub script: &'a Path,
    pub home: &'a Path,
    pub all: usize,
    /// Whether runs continue although files that they read have changed.
    pub may_differ: bool,
    /// Whether runs are executed one at a time, each with its output on the terminal.
    pub is_alone: bool,
}

impl Runner<'_> {
    /// Executes a run; none where it was interrupted.
    pub fn run(&self, i: usize, task: &Task) -> Result<Option<Given>> {
        let (number, all, words) = (i + 1, self.all, &task.words);
        crate::errln!("[{number}/{all}] {words}");
        let folder = plan::folder(self.home, i);
        let record = track::read(&folder);
        if record.state == "done" && record.results.is_null() {
            return Ok(Some(Given {
                point: task.point,
                numbers: Vec::new(),
                failed: Some(format!(
                    "its results.json is missing or damaged; remove {} and resume to run it again",
                    folder.display()
                )),
            }));
        }
        if record.state == "done" {
            return Ok(Some(Given {
                point: task.point,
                numbers: record.numbers(),
                failed: None,
            }));
        }
        let mut command = command(&self.program, self.script, &folder, task, self.may_differ);
        end_with_parent(&mut command);
        let output = self.home.join(format!("{number:03}.txt"));
        if !self.is_alone {
            let file = File::create(&output).and_then(|file| Ok((file.try_clone()?, file)));
            let (out, err) = file.map_err(|error| Fault::file(&output, &error))?;
            command.stdin(Stdio::null()).stdout(out).stderr(err);
        }
        let started = Instant::now();
        let status = command
            .status()
            .map_err(|error| Fault::file(&self.program, &error))?;
        if interrupt::is_raised() || status.code() == Some(i32::from(INTERRUPTED)) {
            return Ok(None);
        }
        let record = track::read(&folder);
        let failed = (!status.success()).then(|| match record.fault["message"].as_str() {
            Some(message) => message.to_string(),
            // a run that failed for its arguments or its syntax leaves no record
            None if self.is_alone => format!("{status}, for the error above"),
            None => error_line(&output).unwrap_or_else(|| status.to_string()),
        });
        match &failed {
            Some(why) => crate::errln!("[{number}/{all}] {words}: failed: {why}"),
            None if !self.is_alone => crate::errln!(
                "[{number}/{all}] {words}: done in {:.0} s",
                started.elapsed().as_secs_f64()
            ),
            None => {}
        }
        Ok(Some(Given {
            point: task.point,
            numbers: record.numbers(),
            failed,
        }))
    }
}

/// The first line of a run's output that is an error, without its kind.
fn error_line(output: &Path) -> Option<String> {
    let text = std::fs::read_to_string(output).ok()?;
    let line = text.lines().find(|line| line.starts_with("error"))?;
    Some(
        line.split_once(": ")
            .map_or(line, |(_, message)| message)
            .to_string(),
    )
}

/// The command that starts a run, or resumes it where it has begun.
pub fn command(
    program: &Path,
    script: &Path,
    folder: &Path,
    task: &Task,
    may_differ: bool,
) -> Command {
    let mut command = Command::new(program);
    command.arg("run");
    if folder.join("run.json").exists() {
        command.arg("--resume").arg(folder);
        command.args(may_differ.then_some("--changed"));
    } else {
        // the folder of an interrupted start is no record
        std::fs::remove_dir_all(folder).ok();
        command.arg(script).arg("--run-dir").arg(folder);
        command.args(task.start.arguments());
    }
    command
}

/// Interrupts a command when this process ends.
pub fn end_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let parent = std::process::id();
    // SAFETY: between fork and exec only two system calls are made, which allocate nothing
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            // the parent may have ended before the call
            if libc::getppid() as u32 == parent {
                Ok(())
            } else {
                Err(std::io::ErrorKind::Interrupted.into())
            }
        });
    }
}
