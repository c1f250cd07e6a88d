//! The job of grading a submission.

use super::lesson::{Source, Test};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A submission and a lesson.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exercise {
    /// The lesson.
    pub lesson: Source,
    /// Its hidden tests.
    pub hidden: Option<Source>,
    /// The submission; the lesson is its own where there is none.
    pub answers: Option<Source>,
    /// The tests.
    pub tests: Vec<Test>,
    /// The number of the first test to run.
    pub first: usize,
    /// The number that the seeds of tests are drawn from.
    pub seed: u64,
    /// Folders that tests and submissions read.
    pub allow: Vec<PathBuf>,
}
