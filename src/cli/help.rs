//! `cistron help`: the catalog in the terminal, and the help of a command.

use super::command::Arguments;
use super::exit::fail;
use crate::base::Result;
use crate::lang::catalog::Catalog;
use crate::lang::{help, session};
use clap::CommandFactory;
use std::rc::Rc;

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
    let catalog = catalog();
    printed(match name {
        "" => Ok(help::overview(&catalog)),
        _ => help::text(&catalog, name),
    })
}

/// Lists what is about words, and returns the exit code.
pub fn search(words: &str) -> u8 {
    printed(help::apropos(&catalog(), words))
}

fn catalog() -> Rc<Catalog> {
    crate::bind::start(session::Settings {
        quiet: true,
        ..session::Settings::default()
    });
    session::catalog()
}

fn printed(text: Result<String>) -> u8 {
    match text {
        Ok(text) => {
            crate::outln!("{text}");
            0
        }
        Err(fault) => fail(&fault, false),
    }
}
