//! What shells and `man` are given: completions and manual pages, from the arguments themselves.

use super::command::Arguments;
use super::exit::fail;
use crate::base::Result;
use crate::base::file::write_whole;
use crate::fault;
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

/// The program without what only it calls itself.
fn program() -> clap::Command {
    let whole = Arguments::command();
    let shown = whole.get_subcommands().filter(|one| !one.is_hide_set());
    let shown: Vec<clap::Command> = shown.cloned().collect();
    clap::Command::new("cistron")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().cloned().unwrap_or_default())
        .disable_help_subcommand(true)
        .subcommands(shown)
}

/// Prints the script that makes a shell complete.
pub fn completions(shell: Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program(), "cistron", &mut script);
    crate::base::say::output(&String::from_utf8_lossy(&script));
    0
}

/// Prints the manual page of the program, or writes those of all commands to a folder.
pub fn manual(out: Option<&Path>) -> u8 {
    let done = match out {
        None => page(program()).map(|page| crate::base::say::output(&page)),
        Some(folder) => pages(folder),
    };
    done.map_or_else(|fault| fail(&fault, false), |()| 0)
}

fn page(command: clap::Command) -> Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| fault!("file", "the manual page: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn pages(folder: &Path) -> Result<()> {
    let program = program();
    let named =
        |command: &clap::Command, name: String| (name.clone(), command.clone().display_name(name));
    let mut all = vec![named(&program, "cistron".into())];
    for command in program.get_subcommands() {
        all.push(named(command, format!("cistron-{}", command.get_name())));
    }
    for (name, command) in all {
        write_whole(&folder.join(format!("{name}.1")), page(command)?.as_bytes())?;
    }
    crate::outln!("{}", folder.display());
    Ok(())
}
