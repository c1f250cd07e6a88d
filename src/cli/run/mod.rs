//! `cistron run`: a script as an experiment.

mod arguments;
mod experiment;
mod parameters;
mod ranks;

pub use arguments::RunArguments;
pub use parameters::{accepts, declares};

use super::command::Arguments;
use super::exit::{ERROR, fail};
use super::sweep;
use crate::base::{Fault, file};
use crate::fault;
use crate::track;
use clap::CommandFactory;
use experiment::{fresh, resumed};
use parameters::parameters;
use std::path::{Path, PathBuf};

/// Runs the command and returns its exit code, on one process or as one of several.
pub fn run(arguments: &RunArguments) -> u8 {
    match ranks::start(arguments) {
        Ok(()) if cistron_world::is_parallel() => {
            ranks::ended(&one_of_several(arguments), arguments.json)
        }
        Ok(()) => alone(arguments),
        Err(fault) => fail(&fault, arguments.json),
    }
}

/// Runs a script as one of several processes.
fn one_of_several(arguments: &RunArguments) -> Result<(), Fault> {
    if let Some(name) = &arguments.resume {
        return resumed(arguments, &found(name)?);
    }
    let script = arguments.script.as_deref().unwrap_or(Path::new(""));
    let text = file::read_text(script).map_err(|error| Fault::file(script, &error))?;
    fresh(arguments, script, &text)
}

fn alone(arguments: &RunArguments) -> u8 {
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
    let text = match file::read_text(script) {
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
    if arguments.jobs != 1 {
        let fault = Fault::new("usage", "--jobs: there is one run alone")
            .hint("--sweep, --folds or --seeds make several");
        return fail(&fault, arguments.json);
    }
    match fresh(arguments, script, &text) {
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
        return Err(fault!(
            "file",
            "there is no folder `{name}`, and no folder `runs` to look for a run of that name in"
        ));
    }
    Ok(track::find(runs, &name)?.folder)
}

/// The command's help, with the parameters of a script.
fn help(script: Option<(&str, &str)>) -> u8 {
    let mut command = Arguments::command();
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
