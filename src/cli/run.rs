//! `cistron run`: a script as an experiment.

use super::{Common, ERROR, fail, sandbox, sweep};
use crate::base::Fault;
use crate::lang::scan::scan;
use crate::lang::session::{self, Event};
use crate::lang::{diagnostics, engine, highlight, stdlib};
use crate::track::{self, Journal, Outcome, Sandbox, Start};
use clap::Args;
use rhai::Scope;
use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What `run` takes.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// The script
    #[arg(required_unless_present_any = ["help", "resume"])]
    pub script: Option<PathBuf>,
    /// What most commands take
    #[command(flatten)]
    pub common: Common,
    /// Make the run directory at (or, where that exists, below) this folder
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Keep no record; files that the script writes land in the working directory
    #[arg(long, conflicts_with = "run_dir")]
    pub no_run_dir: bool,
    /// Continue a run that was broken off, by its folder or name: trainings start from their last
    /// checkpoints, searches and sweeps after the runs that are done; with --set epochs=N (or
    /// whatever the script calls it) also a run that is done
    #[arg(long, value_name = "DIR", conflicts_with_all = ["script", "run_dir", "no_run_dir", "name", "tag", "sweep", "folds", "seeds", "sandbox", "allow", "seconds", "memory", "disk"])]
    resume: Option<PathBuf>,
    /// With --resume: continue although the script's files, its data or the program have changed
    /// since
    #[arg(long, requires = "resume")]
    pub changed: bool,
    /// What to call the run
    #[arg(long)]
    name: Option<String>,
    /// A word to find the run by; may be given several times
    #[arg(long, value_name = "WORD")]
    pub tag: Vec<String>,
    /// Run once for each value, and for each combination where given several times:
    /// name=value,value,…
    #[arg(long, value_name = "NAME=VALUES")]
    pub sweep: Vec<String>,
    /// Run N times, with the script's parameter `fold` from 0 to N - 1
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Run N times, with seeds from --seed on
    #[arg(long, value_name = "N")]
    pub seeds: Option<usize>,
    /// Of --sweep, --folds and --seeds, how many runs go on at a time; what they print goes to
    /// files beside their folders
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub jobs: usize,
    /// Where the script stood that is run again: what is imported and read is found from there
    #[arg(long, value_name = "SCRIPT", hide = true)]
    standing_for: Option<PathBuf>,
    /// Run the script in a process of its own that reads the script's folder, writes to `output/`
    /// of the run directory and has no network; it is ended when time, memory or disk space is over
    #[arg(long)]
    sandbox: bool,
    /// A folder that a script in a sandbox may read and write; may be given several times
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    allow: Vec<PathBuf>,
    /// Seconds that a script in a sandbox may take
    #[arg(long, alias = "sandbox-seconds", default_value_t = 600, value_name = "N", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Memory that a script in a sandbox may take, MiB
    #[arg(long, alias = "sandbox-memory", default_value_t = 4096, value_name = "MB", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    memory: u64,
    /// What a script in a sandbox may write, MiB
    #[arg(long, default_value_t = 1024, value_name = "MB", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    disk: u64,
    /// Threads that prepare batches
    #[arg(long, default_value_t = 1)]
    pub loaders: usize,
    /// Print results and faults as JSON, and nothing else
    #[arg(long)]
    pub json: bool,
    /// Print help; with a script, its parameters
    #[arg(short, long)]
    help: bool,
}

impl RunArguments {
    /// What a run of a script is started with.
    pub fn start(&self, script: &Path) -> Result<Start, Fault> {
        let whole =
            |path: &Path| std::path::absolute(path).map_err(|error| Fault::file(path, &error));
        let sandbox = || {
            let allow = self
                .allow
                .iter()
                .map(|folder| match folder.is_dir() {
                    true => whole(folder),
                    false => Err(crate::fault!("usage", "--allow {}: there is no such folder", folder.display(); hint: "make it first")),
                })
                .collect::<Result<_, Fault>>()?;
            Ok(Sandbox {
                allow,
                seconds: self.seconds,
                memory: self.memory,
                disk: self.disk,
            })
        };
        Ok(Start {
            script: whole(script)?,
            folder: std::env::current_dir().unwrap_or_default(),
            name: self.name.clone(),
            tags: self.tag.clone(),
            set: self.common.settings()?.set,
            device: self.common.device.clone(),
            seed: self.common.seed,
            threads: self.common.threads,
            loaders: self.loaders.clamp(1, 64),
            sandbox: if self.sandbox { Some(sandbox()?) } else { None },
        })
    }
}

/// Runs the command; the exit code.
pub fn run(arguments: &RunArguments) -> u8 {
    if let Some(name) = &arguments.resume {
        return match found(name) {
            Ok(folder) if track::ledger::is_sweep(&folder) => sweep::resume(&folder, arguments)
                .unwrap_or_else(|fault| fail(&fault, arguments.json)),
            Ok(folder) => resumed(arguments, &folder)
                .map_or_else(|fault| fail(&fault, arguments.json), |()| 0),
            Err(fault) => fail(&fault, arguments.json),
        };
    }
    let Some(script) = &arguments.script else {
        return help(None);
    };
    let text = match crate::base::file::read_text(script) {
        Ok(text) => text,
        Err(error) => return fail(&Fault::file(script, &error), arguments.json),
    };
    if arguments.help {
        return help(Some((&script.display().to_string(), &text)));
    }
    if !arguments.sweep.is_empty() || arguments.folds.is_some() || arguments.seeds.is_some() {
        return sweep::sweep(arguments, script, &text)
            .unwrap_or_else(|fault| fail(&fault, arguments.json));
    }
    if arguments.jobs > 1 {
        let fault = Fault::new("usage", "--jobs: there is one run alone")
            .hint("--sweep, --folds or --seeds make several");
        return fail(&fault, arguments.json);
    }
    match fresh(
        arguments,
        arguments.standing_for.as_deref().unwrap_or(script),
        &text,
    ) {
        Ok(()) => 0,
        Err(fault) => fail(&fault, arguments.json),
    }
}

/// The folder of a run or a sweep by its path or name.
fn found(name: &Path) -> Result<PathBuf, Fault> {
    if name.is_dir() {
        return Ok(name.to_path_buf());
    }
    let (runs, name) = (Path::new("runs"), name.to_string_lossy());
    if let Some(sweep) = track::ledger::find_sweep(runs, &name) {
        return Ok(sweep);
    }
    if !runs.exists() {
        return Err(crate::fault!(
            "file",
            "there is no folder `{name}`, and no folder `runs` to look for a run of that name in"
        ));
    }
    Ok(track::find(runs, &name)?.folder)
}

/// One word for the embedded library as it is.
fn stdlib_version() -> String {
    let mut hasher = blake3::Hasher::new();
    let mut paths = stdlib::paths();
    paths.sort();
    for (text, path) in paths.iter().filter_map(|path| stdlib::read(path)) {
        hasher.update(path.as_bytes()).update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_string()
}

fn fresh(arguments: &RunArguments, script: &Path, text: &str) -> Result<(), Fault> {
    let start = arguments.start(script)?;
    start
        .set
        .keys()
        .try_for_each(|name| declares(text, name, &format!("--set {name}")))?;
    let journal = if arguments.no_run_dir {
        None
    } else {
        Some(Journal::open(
            start.clone(),
            text,
            arguments.run_dir.as_deref(),
            &stdlib_version(),
        )?)
    };
    journal
        .as_ref()
        .map_or(Ok(()), |journal| sandbox::seal::renew(journal.folder()))?;
    let settings = session::Settings {
        script_dir: script.parent().map(Path::to_path_buf),
        ..session::Settings::default()
    };
    experiment(
        &start,
        settings,
        &script.display().to_string(),
        text,
        journal,
        arguments.json,
    )
}

/// Runs the recorded script again in its own folder, with what it was started with.
fn resumed(arguments: &RunArguments, folder: &Path) -> Result<(), Fault> {
    let set = arguments.common.settings()?.set;
    if let (false, Ok(text)) = (
        set.is_empty(),
        std::fs::read_to_string(folder.join("script.rhai")),
    ) {
        set.keys()
            .try_for_each(|name| declares(&text, name, &format!("--set {name}")))?;
    }
    sandbox::seal::check(folder)?;
    let (journal, start, text) =
        Journal::reopen(folder, &set, &stdlib_version(), arguments.changed)?;
    sandbox::seal::renew(journal.folder())?;
    if start.folder.exists() {
        std::env::set_current_dir(&start.folder)
            .map_err(|error| Fault::file(&start.folder, &error))?;
    }
    let settings = session::Settings {
        script_dir: start.script.parent().map(Path::to_path_buf),
        resume: true,
        may_differ: arguments.changed,
        starts_again: !set.is_empty(),
        ..session::Settings::default()
    };
    experiment(
        &start,
        settings,
        &start.script.display().to_string(),
        &text,
        Some(journal),
        arguments.json,
    )
}

/// Runs a script with what it is started with, within its limits.
fn experiment(
    start: &Start,
    settings: session::Settings,
    file: &str,
    text: &str,
    journal: Option<Journal>,
    json: bool,
) -> Result<(), Fault> {
    if start.sandbox.is_some() {
        return sandboxed(start, &settings, file, text, journal, json);
    }
    let settings = session::Settings {
        set: start.set.clone(),
        device: start.device.clone(),
        seed: start.seed,
        loaders: start.loaders.max(1),
        quiet: json,
        ..settings
    };
    let common = Common {
        set: Vec::new(),
        device: start.device.clone(),
        seed: start.seed,
        threads: start.threads,
    };
    recorded(&common, settings, file, text, journal, json)
}

/// Runs a script in a child process, and keeps its record in this one.
fn sandboxed(
    start: &Start,
    settings: &session::Settings,
    file: &str,
    text: &str,
    mut journal: Option<Journal>,
    json: bool,
) -> Result<(), Fault> {
    let folder = journal
        .as_ref()
        .map(|journal| journal.folder().to_path_buf());
    announce(folder.as_deref(), json);
    crate::base::file::set_run_folder(folder.as_deref());
    let outcome = sandbox::run(start, file, text, journal.as_mut(), settings, json);
    let ended = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
    journal
        .as_mut()
        .map_or(Ok(()), |journal| close(journal, &ended))?;
    if json && let Ok(results) = &outcome {
        crate::outln!("{results}");
    }
    ended.map_err(|fault| with_resume(fault, folder.as_deref()))
}

fn recorded(
    common: &Common,
    mut settings: session::Settings,
    file: &str,
    text: &str,
    journal: Option<Journal>,
    json: bool,
) -> Result<(), Fault> {
    let journal = journal.map(|journal| Rc::new(RefCell::new(journal)));
    let folder = journal
        .as_ref()
        .map(|journal| journal.borrow().folder().to_path_buf());
    settings.run_dir.clone_from(&folder);
    crate::base::file::set_run_folder(folder.as_deref());
    announce(folder.as_deref(), json);
    common.start_torch();
    crate::bind::start(settings);
    if let (Some(journal), Some(folder)) = (&journal, &folder) {
        session::log_to(folder.join("log.txt"));
        record(journal.clone(), file);
    }
    if json {
        session::capture();
    }
    let mut scope = Scope::new();
    let outcome = engine::run(text, file, &mut scope).map(|_| ());
    journal
        .as_ref()
        .map_or(Ok(()), |journal| close(&mut journal.borrow_mut(), &outcome))?;
    if json && outcome.is_ok() {
        crate::outln!("{}", serde_json::Value::Object(session::results()));
    }
    engine::release(&mut scope);
    outcome.map_err(|fault| with_resume(fault, folder.as_deref()))
}

/// Prints where the record of a run is.
fn announce(folder: Option<&Path>, json: bool) {
    if let (Some(folder), false) = (folder, json) {
        crate::errln!("run {}", shown(folder));
    }
}

/// Records how a run ended, and writes its page.
fn close(journal: &mut Journal, outcome: &Result<(), Fault>) -> Result<(), Fault> {
    let ended = outcome.as_ref().map_or_else(ending, |()| Outcome::Done);
    let closed = journal.close(ended);
    let paged = page(journal.folder());
    // what ended the run says more than what could not be written of it
    if outcome.is_ok() {
        closed.and(paged)
    } else {
        Ok(())
    }
}

/// The fault of an interrupted run, with how to resume it.
fn with_resume(fault: Fault, folder: Option<&Path>) -> Fault {
    match folder {
        Some(folder) if fault.kind == "interrupted" && fault.hint.is_none() => {
            fault.hint(format!("`cistron run --resume {}` goes on", shown(folder)))
        }
        _ => fault,
    }
}

/// How a run ended that ended with a fault.
fn ending(fault: &Fault) -> Outcome {
    let json = diagnostics::json(fault);
    if fault.kind == "interrupted" {
        Outcome::Interrupted(json)
    } else {
        Outcome::Failed(json)
    }
}

/// Writes the run's page; a run that left no folder has none.
fn page(folder: &Path) -> Result<(), Fault> {
    if !folder.exists() {
        return Ok(());
    }
    let record = crate::track::read(folder);
    crate::track::report::save(
        &record,
        &highlight::html(&record.script),
        &folder.join("report.html"),
    )
}

/// A folder as it is named from the working directory.
fn shown(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    folder
        .strip_prefix(&here)
        .unwrap_or(folder)
        .display()
        .to_string()
}

/// Lets the journal know what happens in the script.
fn record(journal: Rc<RefCell<Journal>>, main: &str) {
    let main = main.to_string();
    session::record_to(Rc::new(move |event| {
        // told from inside itself, by a file that it writes, it has nothing to keep
        let Ok(mut journal) = journal.try_borrow_mut() else {
            return Ok(());
        };
        match event {
            Event::Source(file, _) if *file == main => Ok(()),
            Event::Source(file, text) => journal.source(file, text),
            Event::Input(path) => journal.input(path),
            Event::Parameter(name, value) => journal.parameter(name, value.clone()),
            Event::Report(name, value) => journal.report(name, value.clone()),
            Event::Epoch(row) => journal.epoch(row),
            Event::Skipped(trial) => journal.skipped(trial),
            // the session keeps the log itself
            Event::Printed(_) => Ok(()),
        }
    }));
}

/// Fails where a script has no parameter of a name; names are read from the text, so that a typo is
/// told before any work.
pub fn declares(text: &str, name: &str, option: &str) -> Result<(), Fault> {
    let declared: Vec<String> = parameters(text).into_iter().map(|(own, ..)| own).collect();
    if declared.iter().any(|own| own == name) {
        return Ok(());
    }
    let fault = crate::fault!("usage", "{option}: the script has no parameter `{name}`");
    Err(
        match crate::base::near::nearest(name, declared.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None if declared.is_empty() => fault.hint("it has none"),
            None => fault.hint(format!("it has {}", declared.join(", "))),
        },
    )
}

/// The command's help, with the parameters of a script.
fn help(script: Option<(&str, &str)>) -> u8 {
    use clap::CommandFactory;
    let mut command = super::Arguments::command();
    if let Some(run) = command.find_subcommand_mut("run") {
        crate::outln!("{}", run.clone().bin_name("cistron run").render_help());
    }
    let Some((file, text)) = script else { return 0 };
    crate::outln!("Parameters of {file} (--set name=value):");
    let found = parameters(text);
    if found.is_empty() {
        crate::outln!("  none");
    }
    let wide = found.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, default, meaning) in &found {
        crate::outln!("  {name:<wide$}  {meaning} [{default}]");
    }
    if !text.is_empty() { 0 } else { ERROR }
}

/// The `param("name", default, "text")` calls of a script, without running it: names, defaults and
/// texts.
fn parameters(text: &str) -> Vec<(String, String, String)> {
    let code: HashSet<usize> = scan(text).code.into_iter().map(|(at, _)| at).collect();
    let calls = text
        .match_indices("param(\"")
        .filter(|(at, _)| code.contains(at));
    let each = calls.map(|(at, call)| arguments(&text[at + call.len() - 1..]));
    let words = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |part: &str| part.trim_matches('"').replace("\\\"", "\"");
    each.filter_map(|found| {
        let (name, default) = (found.first()?, found.get(1).copied().unwrap_or(""));
        let meaning = found.get(2).copied().unwrap_or("");
        Some((plain(name), words(default), plain(meaning)))
    })
    .collect()
}

/// The arguments of a call, from the text that follows its parenthesis.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in scan(text).code {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                found.push(text[start..at].trim());
                return found;
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_with_defaults_of_all_forms() {
        let text = "let a = param(\"a\", [\"x\", \"y\"]); // param(\"not\", 1)\n\
                    let b = param(\"b\", #{ n: [1,\n  2] }, \"with \\\"quotes\\\", and more\");\n\
                    let c = param(\"c\", \", \");";
        let is = |name: &str, default: &str, text: &str| {
            (name.to_string(), default.to_string(), text.to_string())
        };
        assert_eq!(
            parameters(text),
            [
                is("a", "[\"x\", \"y\"]", ""),
                is("b", "#{ n: [1, 2] }", "with \"quotes\", and more"),
                is("c", "\", \"", ""),
            ]
        );
    }
}
