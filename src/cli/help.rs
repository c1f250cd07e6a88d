//! `cistron help`: the catalog in the terminal.

use super::exit::fail;
use crate::lang::{help, session};

/// Runs the command and returns its exit code.
pub fn help(name: &str) -> u8 {
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
