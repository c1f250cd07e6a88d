//! The job of a child process.

use super::confinement::Policy;
use crate::cli::grading::Exercise;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The hidden command that starts a child process.
pub const COMMAND: &str = "inside-sandbox";

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
    Grade(Box<Exercise>),
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
    /// Whether the script prints nothing; warnings remain.
    pub quiet: bool,
    /// Whether training continues from checkpoints.
    pub resume: bool,
    /// Whether it continues from those of a training that differs.
    pub may_differ: bool,
    /// Whether such a training starts again.
    pub starts_again: bool,
}
