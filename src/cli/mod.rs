//! Commands, one file each.

pub mod check;
pub mod console;
pub mod doc;
pub mod grading;
pub mod help;
#[cfg(feature = "kernel")]
pub mod kernel;
#[cfg(not(feature = "kernel"))]
#[path = "kernel/absent.rs"]
pub mod kernel;
pub mod memory;
pub mod notebook;
pub mod openmp;
mod pool;
pub mod repl;
pub mod run;
pub mod runs;
pub mod sandbox;
pub mod signal;
pub mod sweep;
pub mod test;

use crate::base::{Fault, interrupt};
use crate::lang::{diagnostics, session};
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Exit codes: a script's error, wrong usage, a failed test or check, an interrupt.
pub const ERROR: u8 = 1;
/// Wrong usage.
pub const USAGE: u8 = 2;
/// A failed test or check.
pub const FAILED: u8 = 3;
/// An interrupt.
pub const INTERRUPTED: u8 = 130;

#[derive(Parser)]
#[command(
    name = "cistron",
    version,
    about = "A scripting runtime for genomic deep learning",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a script as an experiment, in a run directory
    #[command(disable_help_flag = true)]
    Run(run::RunArguments),
    /// Explore interactively
    Repl(Common),
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
    /// Show the documentation of a function, a method, a type or a namespace, or search for words
    Help {
        /// Its name, such as nn::conv1d or model; or words, such as convolution
        name: Vec<String>,
    },
    /// The ledger of runs
    Runs(runs::RunsArguments),
    /// The child process of a sandbox
    #[command(hide = true)]
    InsideSandbox,
}

/// What most commands take.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Override a parameter of the script: name=value; of an array name=a,b or JSON, of a map JSON
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Where networks run: auto, cpu, cuda, cuda:N
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// The seed of everything that has none of its own
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Threads that an operation may use; all cores unless given
    #[arg(long)]
    pub threads: Option<usize>,
}

impl Common {
    /// The settings of a session; fails on a `--set` without `=`.
    pub fn settings(&self) -> Result<session::Settings, Fault> {
        let mut set = BTreeMap::new();
        for pair in &self.set {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(Fault::new(
                    "usage",
                    format!("--set {pair}: expected name=value"),
                ));
            };
            set.insert(name.trim().to_string(), value.to_string());
        }
        Ok(session::Settings {
            set,
            device: self.device.clone(),
            seed: self.seed,
            ..session::Settings::default()
        })
    }

    /// Starts torch: CUDA, threads, seed.
    pub fn start_torch(&self) {
        crate::torch::device::start();
        if let Some(n) = self.threads {
            crate::torch::device::set_threads(n.max(1));
        }
        crate::torch::device::seed(self.seed);
    }
}

/// Signals within this time are one.
const SAME_SIGNAL: std::time::Duration = std::time::Duration::from_millis(300);

/// Runs the program; the exit code.
pub fn main() -> u8 {
    memory::watch();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() { USAGE } else { 0 };
        }
    };
    // walls stand around threads that start after them
    let inside = match &arguments.command {
        Command::InsideSandbox => match sandbox::enter() {
            Ok(work) => Some(work),
            Err(code) => return code,
        },
        _ => None,
    };
    if let Err(fault) = crate::torch::device::check_version() {
        return fail(&fault, false);
    }
    let threads = pool::start();
    // OpenMP knows of no container's quota
    if std::env::var_os("OMP_NUM_THREADS").is_none() && threads < crate::torch::device::threads() {
        crate::torch::device::set_threads(threads);
    }
    // Ctrl-C, SIGTERM and SIGHUP; a second one ends at once what does not answer the first. A
    // parent that is killed sends one for each of its threads: those that come at the same time
    // count once.
    let mut first: Option<std::time::Instant> = None;
    ctrlc::set_handler(move || {
        if interrupt::is_raised() && first.is_some_and(|first| first.elapsed() > SAME_SIGNAL) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        first.get_or_insert_with(std::time::Instant::now);
        interrupt::raise();
    })
    .ok();
    // what only prints ends quietly with the reader of its pipe; what works goes on without one
    if !matches!(
        arguments.command,
        Command::Run(_) | Command::Repl(_) | Command::Kernel(_)
    ) {
        // SAFETY: the usual answer to the signal is put back before anything else runs
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Repl(common) => repl::repl(&common),
        Command::Check { paths, json } => check::check(&paths, json),
        Command::Test {
            paths,
            grade: true,
            grading,
        } => grading::grade(&paths, &grading),
        Command::Test { paths, .. } => test::test(&paths),
        Command::Doc { out } => doc::doc(&out),
        Command::Notebook { path, out } => notebook::notebook(&path, out.as_deref()),
        Command::Kernel(command) => kernel::kernel(&command),
        Command::Help { name } => help::help(&name.join(" ")),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::InsideSandbox => inside.map_or(USAGE, |work| work()),
    }
}

/// Prints a fault for people or as JSON; the exit code it stands for.
pub fn fail(fault: &Fault, json: bool) -> u8 {
    if json {
        crate::outln!("{}", diagnostics::json(fault));
    } else {
        crate::base::say::error(&diagnostics::render(fault, std::io::stderr().is_terminal()));
    }
    match fault.kind {
        "interrupted" => INTERRUPTED,
        "usage" => USAGE,
        _ => ERROR,
    }
}

/// Files with an ending, at or below paths, in order.
pub fn files(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    type Seen = std::collections::HashSet<PathBuf>;
    fn walk(
        path: &Path,
        endings: &[&str],
        seen: &mut Seen,
        out: &mut Vec<PathBuf>,
    ) -> std::io::Result<()> {
        if path.is_dir() {
            // a link may lead to a folder above it
            if !seen.insert(std::fs::canonicalize(path)?) {
                return Ok(());
            }
            let entries = std::fs::read_dir(path)?.filter_map(|entry| entry.ok().map(|e| e.path()));
            let mut entries: Vec<PathBuf> = entries.collect();
            entries.sort();
            return entries
                .iter()
                .try_for_each(|entry| walk(entry, endings, seen, out));
        }
        if path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| endings.contains(&e))
        {
            out.push(path.to_path_buf());
        }
        Ok(())
    }
    let mut out = Vec::new();
    for path in paths {
        std::fs::metadata(path).map_err(|error| Fault::file(path, &error))?;
        walk(path, endings, &mut Seen::new(), &mut out)
            .map_err(|error| Fault::file(path, &error))?;
    }
    Ok(out)
}
