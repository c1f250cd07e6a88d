//! The command line: commands and their arguments.

use super::arguments::SessionArguments;
use super::{audit, doctor, grading, kernel, run, runs, serve, submit};
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
        /// Read the text alone: syntax, names, arguments and options, no shapes; libtorch is not
        /// loaded
        #[arg(long)]
        syntax: bool,
        /// Print faults as JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Lay scripts out: indentation, spaces, empty lines; where lines break is left as it is
    Fmt {
        /// Scripts, or folders of them; - lays out the standard input on the standard output
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Change nothing: print the first line of each script that is not laid out, and end with 3
        /// if there is one
        #[arg(long)]
        check: bool,
    },
    /// Run `fn test_…()` in scripts and the examples in documents
    Test {
        /// Scripts, Markdown files, or folders of them; without any, the documentation of all
        /// functions
        paths: Vec<PathBuf>,
        /// Where networks and tensors of tests are: auto, cpu, cuda, cuda:N
        #[arg(long, default_value = "cpu", conflicts_with = "grade")]
        device: String,
        /// Of the documentation, only the functions of this namespace, such as nn; may be given
        /// several times
        #[arg(long, value_name = "NAME", conflicts_with_all = ["grade", "paths"])]
        namespace: Vec<String>,
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
    /// Examine the installation: libtorch, GPUs, CPU, folders, and what to do about each fault
    Doctor(doctor::DoctorArguments),
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
        /// List what is about these words, also where one of them is a name
        #[arg(long, value_name = "WORD", num_args = 1.., conflicts_with = "name")]
        search: Vec<String>,
    },
    /// Print what makes a shell complete commands and options
    Completions {
        /// The shell: for bash, `source <(cistron completions bash)`
        shell: clap_complete::Shell,
    },
    /// Answer an editor over the Language Server Protocol, on the standard input and output
    Lsp,
    /// Print the manual page, or write those of all commands
    Man {
        /// The folder to write `cistron.1`, `cistron-run.1`, … to
        #[arg(short, long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Submit the runs of a sweep to SLURM, as an array of jobs
    Submit(submit::SubmitArguments),
    /// The ledger of runs
    Runs(runs::RunsArguments),
    /// Serve predictions and explanations of a network as a page and over HTTP
    Serve(Box<serve::ServeArguments>),
    /// The child process of a sandbox
    #[command(hide = true)]
    InsideSandbox,
}

impl Command {
    /// Whether the command works with tensors. Others do not wait until libtorch is loaded.
    pub fn needs_torch(&self) -> bool {
        match self {
            Command::Check { syntax, .. } => !syntax,
            Command::Kernel(command) => command.serves(),
            Command::Completions { .. }
            | Command::Doc { .. }
            | Command::Doctor(_)
            | Command::Fmt { .. }
            | Command::Lsp
            | Command::Man { .. }
            | Command::Notebook { .. }
            | Command::Help { .. }
            | Command::Runs(_)
            | Command::Submit(_) => false,
            Command::Run(_)
            | Command::Repl(_)
            | Command::Serve(_)
            | Command::Test { .. }
            | Command::Audit(_)
            | Command::InsideSandbox => true,
        }
    }
}
