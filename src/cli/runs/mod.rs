//! `cistron runs`: the ledger of runs.

mod export;
mod list;
mod replay;
mod show;

use super::exit::fail;
use crate::bail;
use crate::base::{Fault, Result, say as output};
use crate::lang::highlight;
use crate::track::{self, diff, ledger};
use clap::{Args, Subcommand};
use export::exported;
use list::list;
use replay::replay;
use show::{say, show};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The arguments of `runs`.
#[derive(Args)]
pub struct RunsArguments {
    #[command(subcommand)]
    action: Action,
    /// The folder of runs
    #[arg(long, default_value = "runs", global = true)]
    dir: PathBuf,
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
    },
    /// One run: its parameters and results
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
}

/// Runs the command and returns its exit code.
pub fn runs(arguments: &RunsArguments) -> u8 {
    let dir = &arguments.dir;
    let outcome = match &arguments.action {
        Action::List {
            filter,
            sort,
            ascending,
        } => list(dir, filter, sort.as_deref(), *ascending),
        Action::Show { run } => track::find(dir, run).map(|record| show(&record)),
        Action::Diff { a, b } => difference(dir, a, b),
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

fn remove(dir: &Path, names: &[String], yes: bool) -> Result<u8> {
    let one = |name: &String| match ledger::find_sweep(dir, name) {
        Some(folder) => ledger::of_sweep(&folder)
            .map(|runs| (folder, format!("a sweep of {} runs", runs.len()))),
        None => {
            track::find(dir, name).map(|record| (record.folder.clone(), record.state.to_string()))
        }
    };
    let found: Vec<(PathBuf, String)> = names.iter().map(one).collect::<Result<_>>()?;
    found
        .iter()
        .for_each(|(folder, what)| crate::outln!("{}  {what}", folder.display()));
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!(
                "usage",
                "nobody is there to ask whether to remove {} run(s)",
                found.len();
                hint: "--yes removes them without asking"
            );
        }
        output::output(&format!("remove {} run(s) for good? [y/N] ", found.len()));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok();
        if !["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            crate::outln!("nothing was removed");
            return Ok(0);
        }
    }
    for (folder, _) in &found {
        std::fs::remove_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
    }
    Ok(0)
}
