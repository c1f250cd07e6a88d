//! The command line: commands and their arguments.

use super::arguments::SessionArguments;
use super::{audit, grading, kernel, run, runs, serve};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(
    name = "cistron",
    version,
    about = "A scripting runtime for genomic deep learning",
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run a script as an experiment, in a run directory
    #[command(disable_help_flag = true)]
    Run(run::RunArguments),
    /// Explore interactively
    Repl(SessionArguments),
    /// Find what cannot work without training
    Check {
        /// Scripts, or folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Print faults as JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Run `fn test_…()` in scripts and the examples in documents
    Test {
        /// Scripts, Markdown files, or folders of them; without any, the documentation of all
        /// functions
        paths: Vec<PathBuf>,
        /// Give points: only the functions that a lesson asks for are taken from a submission, and
        /// its tests run in a process without files and network
        #[arg(long)]
        grade: bool,
        /// What is graded with --grade
        #[command(flatten)]
        grading: grading::GradeArguments,
    },
    /// Examine whether a dataset is a fair test: leaks, shortcuts, labels
    Audit(audit::AuditArguments),
    /// Write the reference as HTML
    Doc {
        /// The folder to write to
        #[arg(short, default_value = "reference")]
        out: PathBuf,
    },
    /// Turn a script with `// %%` cells into a notebook, or a notebook into a script
    Notebook {
        /// The script (.rhai) or notebook (.ipynb)
        path: PathBuf,
        /// The file to write; beside the other unless given
        #[arg(short)]
        out: Option<PathBuf>,
    },
    /// The Jupyter kernel
    #[command(subcommand)]
    Kernel(kernel::KernelCommand),
    /// Show the documentation of a command, a function, a method, a type or a namespace, or search
    /// for words
    Help {
        /// Its name, such as nn::conv1d or model; or words, such as convolution
        name: Vec<String>,
    },
    /// The ledger of runs
    Runs(runs::RunsArguments),
    /// Serve predictions and explanations of a network as a page and over HTTP
    Serve(Box<serve::ServeArguments>),
    /// The child process of a sandbox
    #[command(hide = true)]
    InsideSandbox,
}
