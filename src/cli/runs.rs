//! `cistron runs`: the ledger of runs.

use super::{ERROR, FAILED, fail};
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result, written};
use crate::lang::highlight;
use crate::track::{self, Record, Start, diff, export, ledger};
use crate::{bail, fault};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::cmp::Ordering;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// What `runs` takes.
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

/// Runs the command; the exit code.
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

/// Whether a run fits a filter.
fn fits(record: &Record, filter: &str) -> bool {
    let comparison = [">=", "<=", "!=", ">", "<", "="]
        .into_iter()
        .find_map(|sign| {
            filter
                .split_once(sign)
                .map(|(name, value)| (name.trim(), sign, value.trim()))
        });
    let Some((name, sign, wanted)) = comparison else {
        let words = [
            record.id(),
            record.start.name.clone().unwrap_or_default(),
            record.start.tags.join(" "),
        ];
        return words.iter().any(|word| word.contains(filter));
    };
    let Some(value) = record.value(name) else {
        return sign == "!=";
    };
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_string);
    let order = match (value.as_f64(), wanted.parse::<f64>()) {
        (Some(own), Ok(wanted)) => own.partial_cmp(&wanted),
        _ => Some(text.as_str().cmp(wanted)),
    };
    match sign {
        "=" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        ">" => order == Some(Ordering::Greater),
        "<" => order == Some(Ordering::Less),
        ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

fn compared(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_string().cmp(&b.to_string()),
        },
        // what has no such value comes last, whatever the direction
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn list(dir: &Path, filters: &[String], sort: Option<&str>, ascending: bool) -> Result<u8> {
    let mut records = track::all(dir)?;
    let all = records.len();
    records.retain(|record| filters.iter().all(|filter| fits(record, filter)));
    if let Some(name) = sort {
        if !records.is_empty() && records.iter().all(|record| record.value(name).is_none()) {
            return Err(nowhere(&records, name));
        }
        records.sort_by(|a, b| {
            let (x, y) = (a.value(name), b.value(name));
            let order = compared(&x, &y);
            if ascending || x.is_none() || y.is_none() {
                order
            } else {
                order.reverse()
            }
        });
    }
    if records.is_empty() {
        let why = if all > 0 {
            format!("; none of {all} fits")
        } else {
            String::new()
        };
        crate::outln!("no runs in {}{why}", dir.display());
        return Ok(0);
    }
    let results = |record: &Record| {
        let all: Vec<String> = ledger::flat(&record.results)
            .iter()
            .map(|(name, value)| format!("{name} {}", shortened(value)))
            .collect();
        let text = all.join("  ");
        let short: String = text.chars().take(80).collect();
        if text.chars().count() > 80 {
            format!("{short} …")
        } else {
            short
        }
    };
    let text = |of: &dyn Fn(&Record) -> String| Cells::Text(records.iter().map(of).collect());
    let mut columns = vec![
        ("run".to_string(), text(&Record::id)),
        ("state".into(), text(&|r: &Record| r.state.to_string())),
        (
            "time".into(),
            text(&|r: &Record| {
                r.seconds
                    .map_or("-".into(), crate::train::progress::seconds)
            }),
        ),
    ];
    if records
        .iter()
        .any(|record| record.start.name.is_some() || !record.start.tags.is_empty())
    {
        columns.push((
            "name".into(),
            text(&|r: &Record| {
                r.start
                    .name
                    .iter()
                    .cloned()
                    .chain(r.start.tags.iter().map(|tag| format!("#{tag}")))
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
        ));
    }
    if let Some(name) = sort.filter(|name| !["state", "seconds", "name"].contains(name)) {
        columns.push((
            name.to_string(),
            text(&|r: &Record| r.value(name).map_or("-".into(), |value| shortened(&value))),
        ));
    }
    columns.push(("results".into(), text(&results)));
    crate::outln!("{}", Table::new(columns)?.to_pretty(usize::MAX));
    Ok(0)
}

/// The fault of a value to sort by that no run has, or each has several of.
fn nowhere(records: &[Record], name: &str) -> Fault {
    let mut known: Vec<String> = records
        .iter()
        .flat_map(|record| [ledger::flat(&record.results), ledger::flat(&record.set)].concat())
        .map(|(name, _)| name)
        .collect();
    known.sort();
    known.dedup();
    let several: Vec<String> = known
        .iter()
        .filter(|path| path.ends_with(&format!(".{name}")))
        .map(|path| format!("`{path}`"))
        .collect();
    if !several.is_empty() {
        return fault!("usage", "--sort {name}: runs have several")
            .hint(format!("one of {}", several.join(", ")));
    }
    let fault = fault!("usage", "--sort {name}: no run has it");
    match crate::base::near::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            fault.hint("started, seconds, state and name are there for every run")
        }
        None => fault.hint(format!("there are {}", known.join(", "))),
    }
}

/// A value as lists show it: a float with four digits.
fn shortened(value: &Value) -> String {
    match value {
        Value::Number(n) if n.is_f64() => n.as_f64().map_or_else(|| n.to_string(), written::metric),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(shortened).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string(),
    }
}

/// Prints a line; names and results may come from anywhere.
fn say(text: &str) {
    crate::outln!("{}", written::printable(text));
}

fn show(record: &Record) -> u8 {
    say(&record.folder.display().to_string());
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            say(&format!("  {name} = {value}"));
        }
    };
    line("state", record.state.into());
    line("started", record.started.clone());
    line("name", record.start.name.clone().unwrap_or_default());
    line("tags", record.start.tags.join(", "));
    line("script", record.start.script.display().to_string());
    line(
        "seconds",
        record.seconds.map_or(String::new(), |s| format!("{s:.1}")),
    );
    line("epochs", record.metrics.len().to_string());
    line(
        "fault",
        record.fault["message"].as_str().unwrap_or("").to_string(),
    );
    ledger::flat(&record.set)
        .iter()
        .for_each(|(name, value)| say(&format!("  set.{name} = {value}")));
    ledger::flat(&record.results)
        .iter()
        .for_each(|(name, value)| say(&format!("  results.{name} = {}", shortened(value))));
    ledger::flat(&record.versions)
        .iter()
        .for_each(|(name, value)| say(&format!("  versions.{name} = {value}")));
    for file in record.data.as_array().into_iter().flatten() {
        say(&format!(
            "  read {} ({} bytes)",
            file["path"].as_str().unwrap_or("?"),
            file["size"]
        ));
    }
    0
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

/// Runs it again into a folder beside it, and compares metrics and results.
fn replay(dir: &Path, run: &str) -> Result<u8> {
    let record = track::find(dir, run)?;
    super::sandbox::seal::check(&record.folder)?;
    let start = &record.start;
    let program = std::env::current_exe().map_err(|error| Fault::file("cistron", &error))?;
    // the recorded script beside the original, so that its imports and data are found
    let original = std::fs::read_to_string(&start.script).unwrap_or_default();
    if original != record.script {
        crate::errln!(
            "note: {} has changed since; what was recorded is run",
            start.script.display()
        );
    }
    let scratch = free_name(&record.folder)?;
    let mut command = std::process::Command::new(program);
    command.arg("run").arg("--run-dir").arg(&scratch).args(
        Start {
            name: None,
            tags: Vec::new(),
            ..start.clone()
        }
        .arguments(),
    );
    let script = record.folder.join("script.rhai");
    if start.folder.exists() {
        command.current_dir(&start.folder);
    }
    let status = command
        .arg("--standing-for")
        .arg(&start.script)
        .arg(std::path::absolute(&script).unwrap_or(script))
        .status();
    let status = status.map_err(|error| Fault::file("cistron", &error))?;
    if !status.success() && record.state == "done" {
        crate::errln!(
            "the run was done and its replay failed: {}",
            scratch.display()
        );
        return Ok(status.code().map_or(ERROR, |code| code as u8));
    }
    let again = track::read(&scratch);
    let metrics = diff::parting(&record, &again);
    let differ = diff::values("results", &record.results, &again.results);
    if metrics.is_none() && differ.is_empty() {
        crate::outln!(
            "the same numbers: {} epochs, {} results",
            again.metrics.len(),
            ledger::flat(&again.results).len()
        );
        return Ok(0);
    }
    crate::outln!(
        "the numbers differ (the replay is in {}):",
        scratch.display()
    );
    metrics
        .iter()
        .for_each(|text| say(&format!("  {}", text.replace('\n', "\n  "))));
    differ.iter().for_each(|line| say(line));
    let versions = diff::between(
        &Record {
            metrics: Vec::new(),
            results: Value::Null,
            ..record
        },
        &Record {
            metrics: Vec::new(),
            results: Value::Null,
            ..again
        },
    );
    if !versions.is_empty() {
        say(&versions);
    }
    Ok(FAILED)
}

/// A name for the replay of a run that is not taken.
fn free_name(folder: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(folder).map_err(|error| Fault::file(folder, &error))?;
    let name = |n: usize| {
        PathBuf::from(format!(
            "{}_replay{}",
            folder.display(),
            if n == 1 { String::new() } else { n.to_string() }
        ))
    };
    (1..)
        .map(name)
        .find(|path| !path.exists())
        .ok_or_else(|| fault!("internal", "no name is free"))
}

fn exported(
    dir: &Path,
    run: &str,
    csv: Option<(&Path, bool)>,
    tensorboard: Option<&Path>,
    mlflow: Option<&str>,
    experiment: &str,
) -> Result<u8> {
    let sweep = ledger::find_sweep(dir, run);
    let records = match &sweep {
        Some(folder) => ledger::of_sweep(folder)?,
        None => vec![track::find(dir, run)?],
    };
    if csv.is_none() && tensorboard.is_none() && mlflow.is_none() {
        bail!(
            "usage",
            "say what to write: --csv FILE, --tensorboard DIR or --mlflow URL"
        );
    }
    if let Some((path, guards_formulas)) = csv {
        match sweep {
            Some(_) => export::csv::save_all(&records, path, guards_formulas)?,
            None => export::csv::save(&records[0], path, guards_formulas)?,
        }
        crate::outln!("{}", path.display());
    }
    for record in &records {
        if let Some(folder) = tensorboard {
            crate::outln!("{}", export::tensorboard::save(record, folder)?.display());
        }
        if let Some(address) = mlflow {
            crate::outln!(
                "run {} of experiment {experiment}",
                export::mlflow::send(record, address, experiment)?
            );
        }
    }
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
            bail!("usage", "nobody is there to ask whether to remove {} run(s)", found.len(); hint: "--yes removes them without asking");
        }
        crate::base::say::output(&format!("remove {} run(s) for good? [y/N] ", found.len()));
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
