//! `cistron check`: what cannot work, without training.

use super::{ERROR, FAILED, fail, files};
use crate::lang::{check as checks, diagnostics, session};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Runs the command; the exit code.
pub fn check(paths: &[PathBuf], json: bool) -> u8 {
    let found = match files(paths, &["rhai"]) {
        Ok(found) => found,
        Err(fault) => return fail(&fault, json),
    };
    let engine = crate::bind::start(session::Settings { quiet: true, ..session::Settings::default() });
    let catalog = session::catalog();
    let mut wrong = 0usize;
    for path in &found {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return fail(&crate::base::Fault::file(path, &error), json),
        };
        let faults = match checks::compile(&engine, &text, &file) {
            Ok(ast) => checks::check(&ast, &catalog, &file),
            Err(fault) => vec![fault],
        };
        wrong += faults.len();
        for fault in &faults {
            if json {
                println!("{}", diagnostics::json(fault));
            } else {
                eprint!("{}", diagnostics::render(fault, std::io::stderr().is_terminal()));
            }
        }
    }
    if found.is_empty() {
        eprintln!("no scripts (*.rhai) were found");
        return ERROR;
    }
    if !json {
        println!("{} script{} checked, {wrong} fault{} found", found.len(), if found.len() == 1 { "" } else { "s" }, if wrong == 1 { "" } else { "s" });
    }
    if wrong > 0 { FAILED } else { 0 }
}
