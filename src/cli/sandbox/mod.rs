//! `cistron run --sandbox` and grading: an untrusted script runs in a child process inside walls of
//! the operating system.
//!
//! The parent keeps the record of the run and never executes the script. The child receives its
//! work through a socket, raises the walls before it starts a thread, and reports through the same
//! socket. The parent ends it when time, memory or disk space is over. Below the checks of the
//! interpreter stand, on Linux, Landlock for files, seccomp for sockets and processes, and resource
//! limits.

mod channel;
mod inside;
mod keeper;
#[cfg(target_os = "linux")]
mod landlock;
mod resources;
pub mod seal;
#[cfg(target_os = "linux")]
mod syscalls;
mod walls;
mod watch;

pub use channel::{Channel, fault_of, keep_fault};
pub use inside::enter;
pub use keeper::run;
pub use walls::{Policy, Wall};
pub use watch::{Child, End, Limits, Next};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder below a run directory that a script in a sandbox writes to.
pub const OUTPUT: &str = "output";

/// What a child process does, as the first line that it reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// What it may reach.
    pub policy: Policy,
    /// The process that ends with it.
    pub parent: u32,
    /// Its work.
    pub work: Work,
}

/// The work of a child process.
#[derive(Debug, Serialize, Deserialize)]
pub enum Work {
    /// Runs a script.
    Run(Box<Script>),
    /// Grades a submission.
    Grade(Box<super::grading::Exercise>),
}

/// A script with what it is run with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Script {
    /// Its path, as the user wrote it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The folder of the script.
    pub folder: PathBuf,
    /// The folder that relative outputs are written below.
    pub output: Option<PathBuf>,
    /// The run directory, whose record the script cannot write.
    pub record: Option<PathBuf>,
    /// Values given with `--set`.
    pub set: BTreeMap<String, String>,
    /// The device.
    pub device: String,
    /// The seed.
    pub seed: u64,
    /// Threads of operations, where given.
    pub threads: Option<usize>,
    /// Threads that prepare batches.
    pub loaders: usize,
    /// Whether nothing is printed.
    pub quiet: bool,
    /// Whether training continues from checkpoints.
    pub resume: bool,
    /// Whether it continues from those of a training that differs.
    pub may_differ: bool,
    /// Whether such a training starts again.
    pub starts_again: bool,
}
