//! `cistron help`: the catalog in the terminal, and the help of a command.

use super::command::Arguments;
use super::exit::fail;
use crate::lang::{help, session};
use clap::CommandFactory;

/// Runs the command and returns its exit code.
pub fn help(name: &str) -> u8 {
    let mut command = Arguments::command();
    if let Some(found) = command.find_subcommand_mut(name)
        && !found.is_hide_set()
    {
        let called = format!("cistron {name}");
        crate::outln!("{}", found.clone().bin_name(called).render_long_help());
        return 0;
    }
    crate::bind::start(session::Settings {
        quiet: true,
        ..session::Settings::default()
    });
    let catalog = session::catalog();
    let text = if name.is_empty() {
        Ok(help::overview(&catalog))
    } else {
        help::text(&catalog, name)
    };
    match text {
        Ok(text) => {
            crate::outln!("{text}");
            0
        }
        Err(fault) => fail(&fault, false),
    }
}
