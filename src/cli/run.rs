//! `cistron run`: a script as an experiment.

use super::{Common, ERROR, fail};
use crate::base::Fault;
use crate::lang::{diagnostics, engine, session, show};
use crate::track::{Journal, Outcome};
use clap::Args;
use rhai::Scope;
use std::path::PathBuf;

/// What `run` takes.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// The script
    #[arg(required_unless_present = "help")]
    script: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// Make the run directory at (or, where that exists, below) this folder
    #[arg(long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Keep no record; files that the script writes land in the working directory
    #[arg(long, conflicts_with = "run_dir")]
    no_run_dir: bool,
    /// Threads that prepare batches
    #[arg(long, default_value_t = 1)]
    loaders: usize,
    /// Print results and faults as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// Print help; with a script, its parameters
    #[arg(short, long)]
    help: bool,
}

/// Runs the command; the exit code.
pub fn run(arguments: &RunArguments) -> u8 {
    let Some(script) = &arguments.script else { return help(None) };
    let text = match std::fs::read_to_string(script) {
        Ok(text) => text,
        Err(error) => return fail(&Fault::file(script, &error), arguments.json),
    };
    if arguments.help {
        return help(Some((&script.display().to_string(), &text)));
    }
    match experiment(arguments, script, &text) {
        Ok(()) => 0,
        Err(fault) => fail(&fault, arguments.json),
    }
}

fn experiment(arguments: &RunArguments, script: &std::path::Path, text: &str) -> Result<(), Fault> {
    let file = script.display().to_string();
    let mut settings = arguments.common.settings()?;
    settings.script_dir = script.parent().map(|folder| folder.to_path_buf());
    settings.loaders = arguments.loaders.clamp(1, 64);
    settings.quiet = arguments.json;
    check_names(text, &settings)?;
    let mut journal = if arguments.no_run_dir { None } else { Some(Journal::open(script, text, arguments.run_dir.as_deref(), &settings.set)?) };
    settings.run_dir = journal.as_ref().map(|journal| journal.folder().to_path_buf());
    if let (Some(journal), false) = (&journal, arguments.json) {
        eprintln!("run {}", journal.folder().display());
    }
    arguments.common.start_torch();
    crate::bind::start(settings);
    if let Some(journal) = &journal {
        session::log_to(journal.folder().join("log.txt"));
    }
    if arguments.json {
        session::capture();
    }
    let mut scope = Scope::new();
    let outcome = engine::run(text, &file, &mut scope).map(|_| ());
    if let Some(journal) = &mut journal {
        let results: Vec<(String, serde_json::Value)> = session::reports().iter().map(|(name, value)| (name.clone(), show::json(value))).collect();
        let set: Vec<(String, serde_json::Value)> = session::declared().iter().map(|d| (d.name.clone(), show::json(&d.value))).collect();
        let ended = outcome.as_ref().map_or_else(|fault| Outcome::Failed(diagnostics::json(fault)), |()| Outcome::Done);
        journal.close(&results, &set, &session::sources(), &session::histories(), ended, &arguments.common.device, arguments.common.seed)?;
    }
    if arguments.json && outcome.is_ok() {
        let results: serde_json::Map<String, serde_json::Value> = session::reports().iter().map(|(name, value)| (name.clone(), show::json(value))).collect();
        println!("{}", serde_json::Value::Object(results));
    }
    engine::release(&mut scope);
    crate::bind::train::forget();
    outcome
}

/// A `--set` of a name that no `param` declares is a typo; names are read from the text, so that it is told before any work.
fn check_names(text: &str, settings: &session::Settings) -> Result<(), Fault> {
    let declared: Vec<&str> = text.split("param(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    match settings.set.keys().find(|name| !declared.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let fault = crate::fault!("usage", "--set {name}: the script has no parameter of that name");
            Err(match crate::base::near::nearest(name, declared.iter().copied()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None if declared.is_empty() => fault.hint("it has none"),
                None => fault.hint(format!("it has {}", declared.join(", "))),
            })
        }
    }
}

/// The command's help, with the parameters of a script.
fn help(script: Option<(&str, &str)>) -> u8 {
    use clap::CommandFactory;
    let mut command = super::Arguments::command();
    if let Some(run) = command.find_subcommand_mut("run") {
        println!("{}", run.clone().bin_name("cistron run").render_help());
    }
    let Some((file, text)) = script else { return 0 };
    println!("Parameters of {file} (--set name=value):");
    let found = parameters(text);
    if found.is_empty() {
        println!("  none");
    }
    let wide = found.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, default, meaning) in &found {
        println!("  {name:<wide$}  {meaning} [{default}]");
    }
    if !text.is_empty() { 0 } else { ERROR }
}

/// The `param("name", default, "text")` calls of a script, without running it.
fn parameters(text: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for rest in text.split("param(\"").skip(1) {
        let Some((name, rest)) = rest.split_once('"') else { continue };
        let inside: String = rest.trim_start_matches(',').chars().take_while(|c| *c != '\n').collect();
        let (default, meaning) = match inside.rfind(", \"") {
            Some(at) => (inside[..at].trim().to_string(), inside[at + 3..].split('"').next().unwrap_or("").to_string()),
            None => (inside.split(')').next().unwrap_or("").trim().to_string(), String::new()),
        };
        found.push((name.to_string(), default, meaning));
    }
    found
}
