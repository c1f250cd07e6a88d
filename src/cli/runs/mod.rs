//! `cistron runs`: the ledger of runs.

mod clean;
mod compare;
mod export;
mod list;
mod replay;
mod show;

use super::exit::fail;
use crate::base::Result;
use crate::lang::highlight;
use crate::track::{self, diff, ledger};
use clap::{Args, Subcommand};
use clean::{collect, remove};
use compare::compare;
use export::exported;
use list::list;
use replay::replay;
use show::{say, show};
use std::path::{Path, PathBuf};

/// The arguments of `runs`.
#[derive(Args)]
pub struct RunsArguments {
    #[command(subcommand)]
    action: Action,
    /// The folder of runs; `runs` here, or in the nearest folder above that has one, up to the top
    /// of the project (where cistron.toml or .git is)
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// A line for each run
    List {
        /// Only runs of which this holds: a word of folder, name or tags, or a comparison such as
        /// auc>0.9 or state=failed; may be given several times
        #[arg(long, value_name = "WORD")]
        filter: Vec<String>,
        /// Sort by a result, a parameter, started, seconds, state or name; the largest first.
        /// `auroc` is `test.auroc` where nothing else ends so
        #[arg(long, value_name = "NAME")]
        sort: Option<String>,
        /// The smallest first
        #[arg(long)]
        ascending: bool,
        /// Every run of a sweep, which is one line otherwise
        #[arg(long)]
        all: bool,
    },
    /// One run: its parameters and results; of a sweep, its runs
    Show {
        /// The run's folder, the start of its folder's name, or its name
        run: String,
    },
    /// Where two runs part: script, parameters, versions, data, metrics, results
    Diff {
        /// One run
        a: String,
        /// Another run
        b: String,
    },
    /// Several runs side by side: parameters that differ, results, and a metric by epoch
    Compare {
        /// Runs, or sweeps, whose runs are all compared
        #[arg(required = true)]
        runs: Vec<String>,
        /// The metric that is drawn; the first of the validation data unless given
        #[arg(long, value_name = "NAME")]
        metric: Option<String>,
        /// A file for the figure, .svg or .png
        #[arg(short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Run a recorded script again with the same parameters, and compare the numbers
    Replay {
        /// The run's folder, the start of its folder's name, or its name
        run: String,
    },
    /// Write a run as one page that holds all of it
    Report {
        /// The run's folder, the start of its folder's name, or its name
        run: String,
        /// The file to write
        #[arg(short, default_value = "report.html")]
        out: PathBuf,
    },
    /// Write a run for other programs
    Export {
        /// The run's folder, the start of its folder's name, or its name; or a sweep, whose table
        /// of runs is written
        run: String,
        /// Metrics as comma-separated values
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Of --csv, put an apostrophe in front of text that a spreadsheet would run as a formula
        #[arg(long, requires = "csv")]
        quote_formulas: bool,
        /// Event files of TensorBoard, below this folder
        #[arg(long, value_name = "DIR")]
        tensorboard: Option<PathBuf>,
        /// The address of an MLflow tracking server, such as http://127.0.0.1:5000
        #[arg(long, value_name = "URL")]
        mlflow: Option<String>,
        /// The experiment on the tracking server
        #[arg(long, default_value = "cistron")]
        experiment: String,
    },
    /// Remove runs
    Rm {
        /// Their folders, the starts of their folders' names, or their names; a sweep goes as a
        /// whole
        #[arg(required = true)]
        runs: Vec<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Remove runs that ended without an epoch, a result or a file
    Gc {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// The folder of runs that a command works on: of the working folder and those above it, up to the
/// top of the project, the first that has one.
fn folder_of_runs(start: &Path) -> PathBuf {
    let is_top = |folder: &Path| {
        ["cistron.toml", ".git"]
            .iter()
            .any(|name| folder.join(name).exists())
    };
    let has_top = start.ancestors().any(is_top);
    for folder in start.ancestors() {
        let runs = folder.join("runs");
        if runs.is_dir() {
            return if folder == start { "runs".into() } else { runs };
        }
        if !has_top || is_top(folder) {
            break;
        }
    }
    "runs".into()
}

/// The runs of names, of which those of sweeps are all of their runs.
fn found(dir: &Path, names: &[String]) -> Result<Vec<track::Record>> {
    let mut records = Vec::new();
    for name in names {
        match ledger::find_sweep(dir, name) {
            Some(folder) => records.extend(ledger::of_sweep(&folder)?),
            None => records.push(track::find(dir, name)?),
        }
    }
    Ok(records)
}

/// Runs the command and returns its exit code.
pub fn runs(arguments: &RunsArguments) -> u8 {
    let here = || folder_of_runs(&std::env::current_dir().unwrap_or_default());
    let dir = &arguments.dir.clone().unwrap_or_else(here);
    let outcome = match &arguments.action {
        Action::List {
            filter,
            sort,
            ascending,
            all,
        } => list(dir, filter, sort.as_deref(), *ascending, *all),
        Action::Show { run } => match ledger::find_sweep(dir, run) {
            Some(sweep) => list(&sweep, &[], None, false, true),
            None => track::find(dir, run).and_then(|record| show(&record)),
        },
        Action::Diff { a, b } => difference(dir, a, b),
        Action::Compare { runs, metric, out } => found(dir, runs)
            .and_then(|records| compare(&records, metric.as_deref(), out.as_deref())),
        Action::Replay { run } => replay(dir, run),
        Action::Export {
            run,
            csv,
            quote_formulas,
            tensorboard,
            mlflow,
            experiment,
        } => exported(
            dir,
            run,
            csv.as_deref().map(|path| (path, *quote_formulas)),
            tensorboard.as_deref(),
            mlflow.as_deref(),
            experiment,
        ),
        Action::Report { run, out } => track::find(dir, run).and_then(|record| {
            track::report::save(&record, &highlight::html(&record.script), out)?;
            crate::outln!("{}", out.display());
            Ok(0)
        }),
        Action::Rm { runs, yes } => remove(dir, runs, *yes),
        Action::Gc { yes } => collect(dir, *yes),
    };
    outcome.unwrap_or_else(|fault| fail(&fault, false))
}

fn difference(dir: &Path, a: &str, b: &str) -> Result<u8> {
    let text = diff::between(&track::find(dir, a)?, &track::find(dir, b)?);
    say(if text.is_empty() {
        "nothing differs"
    } else {
        &text
    });
    Ok(0)
}
