//! The commands of the program, one file or folder each.

mod arguments;
pub mod audit;
mod check;
mod command;
pub mod console;
pub mod doc;
mod doctor;
mod environment;
mod exit;
mod files;
mod format;
pub mod grading;
pub mod help;
mod history;
#[cfg(feature = "kernel")]
pub mod kernel;
#[cfg(not(feature = "kernel"))]
#[path = "kernel/absent.rs"]
pub mod kernel;
mod lsp;
pub mod memory;
pub mod notebook;
mod pool;
mod recall;
pub mod repl;
pub mod run;
pub mod runs;
pub mod sandbox;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(not(feature = "serve"))]
#[path = "serve/absent.rs"]
pub mod serve;
mod shell;
mod shells;
pub mod signal;
mod submit;
pub mod sweep;
pub mod test;

use crate::base::interrupt;
use clap::Parser;
use command::{Arguments, Command};
pub use exit::ERROR;
use exit::{INTERRUPTED, USAGE, fail};

/// Signals within this time count as one.
const SAME_SIGNAL: std::time::Duration = std::time::Duration::from_millis(300);

/// Starts the threads of operations.
fn start_threads() {
    let threads = pool::start();
    // OpenMP ignores the CPU quota of a container
    if std::env::var_os("OMP_NUM_THREADS").is_none() && threads < crate::torch::device::threads() {
        crate::torch::device::set_threads(threads);
    }
}

/// Runs the program and returns its exit code.
pub fn main() -> u8 {
    memory::watch();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() { USAGE } else { 0 };
        }
    };
    // ahead of the libraries, whose loading may take seconds: by default the signal ends a program
    if matches!(arguments.command, Command::Run(_)) {
        signal::end_on_user_signal();
    }
    environment::extend();
    let has_torch = arguments.command.needs_torch();
    let checked = crate::base::simd::Simd::of_environment();
    let loaded = checked.and_then(|_| match has_torch {
        true => crate::torch::library::load().map(|_| ()),
        false => Ok(()),
    });
    if let Err(fault) = loaded {
        return fail(&fault, false);
    }
    // restrictions of a sandbox apply to threads that start after them, and to files that are
    // opened after them: libtorch is loaded by now
    let inside = match &arguments.command {
        Command::InsideSandbox => match sandbox::enter() {
            Ok(work) => Some(work),
            Err(code) => return code,
        },
        _ => None,
    };
    if has_torch {
        start_threads();
    }
    // Ctrl-C, SIGTERM and SIGHUP; the second signal ends a program that does not react to the
    // first. A killed parent sends one for each of its threads: signals at the same time count as
    // one.
    // Commands that only read texts are ended by the first.
    let reads_texts = matches!(
        arguments.command,
        Command::Check { .. }
            | Command::Fmt { .. }
            | Command::Help { .. }
            | Command::Lsp
            | Command::Notebook { .. }
    );
    if !reads_texts {
        let mut first: Option<std::time::Instant> = None;
        ctrlc::set_handler(move || {
            if interrupt::is_raised() && first.is_some_and(|first| first.elapsed() > SAME_SIGNAL) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            first.get_or_insert_with(std::time::Instant::now);
            interrupt::raise();
        })
        .ok();
    }
    // commands that only print end without an error when their pipe is closed; others continue
    if !matches!(
        arguments.command,
        Command::Run(_)
            | Command::Repl(_)
            | Command::Kernel(_)
            | Command::Serve(_)
            | Command::Submit(_)
    ) {
        // SAFETY: restores the default action of the signal before anything else runs
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Repl(common) => repl::repl(&common),
        Command::Audit(arguments) => audit::audit(&arguments),
        Command::Check {
            paths,
            syntax,
            json,
        } => check::check(&paths, syntax, json),
        Command::Fmt { paths, check } => format::format(&paths, check),
        Command::Test {
            paths,
            grade: true,
            grading,
            ..
        } => grading::grade(&paths, &grading),
        Command::Test {
            paths,
            device,
            namespace,
            ..
        } => test::test(&paths, &device, &namespace),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Doc { out } => doc::doc(&out),
        Command::Notebook { path, out } => notebook::notebook(&path, out.as_deref()),
        Command::Kernel(command) => kernel::kernel(&command),
        Command::Completions { shell } => shells::completions(shell),
        Command::Lsp => lsp::lsp(),
        Command::Man { out } => shells::manual(out.as_deref()),
        Command::Help { name, search } if search.is_empty() => help::help(&name.join(" ")),
        Command::Help { search, .. } => help::search(&search.join(" ")),
        Command::Runs(arguments) => runs::runs(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Submit(arguments) => submit::submit(&arguments),
        Command::InsideSandbox => inside.map_or(USAGE, |work| work()),
    }
}
