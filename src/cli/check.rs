//! `cistron check`: errors that need no training: names, arities and options from the text, then
//! shapes from a dry run, in which data have a few rows and nothing is trained or written.

use super::exit::{ERROR, FAILED, fail};
use super::files::files;
use crate::base::Fault;
use crate::lang::{check as checks, diagnostics, session};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Runs the command and returns its exit code.
pub fn check(paths: &[PathBuf], is_text_alone: bool, json: bool) -> u8 {
    let found = match files(paths, &["rhai"]) {
        Ok(found) => found,
        Err(fault) => return fail(&fault, json),
    };
    if !is_text_alone {
        crate::torch::device::start();
    }
    let mut engine = crate::bind::start(engine_settings(std::path::Path::new("")));
    let catalog = session::catalog();
    let mut wrong = 0usize;
    for path in &found {
        let file = path.display().to_string();
        let text = match crate::base::file::read_text(path) {
            Ok(text) => text,
            Err(error) => return fail(&Fault::file(path, &error), json),
        };
        let faults = match checks::compile(&engine, &text, &file) {
            Ok(ast) => {
                let found = checks::check(&ast, &catalog, &file);
                if found.is_empty() && !is_text_alone {
                    rehearsed(&text, path)
                } else {
                    found
                }
            }
            Err(fault) => vec![fault],
        };
        // a dry run ends the session; the next one needs a new session
        if !is_text_alone {
            engine = crate::bind::start(engine_settings(path));
        }
        session::remember_source(&file, &text);
        wrong += faults.len();
        for fault in &faults {
            if json {
                crate::outln!("{}", diagnostics::json(fault));
            } else {
                crate::base::say::error(&diagnostics::render(
                    fault,
                    std::io::stderr().is_terminal(),
                ));
            }
        }
    }
    if found.is_empty() {
        crate::errln!("no scripts (*.rhai) were found");
        return ERROR;
    }
    if !json {
        crate::outln!(
            "{} script{} checked, {wrong} fault{} found",
            found.len(),
            if found.len() == 1 { "" } else { "s" },
            if wrong == 1 { "" } else { "s" }
        );
    }
    if wrong > 0 { FAILED } else { 0 }
}

/// The settings of a session that reads scripts and runs none of them in earnest.
pub(super) fn engine_settings(script: &Path) -> session::Settings {
    session::Settings {
        quiet: true,
        dry: true,
        device: "cpu".into(),
        script_dir: script.parent().map(Path::to_path_buf),
        ..session::Settings::default()
    }
}

/// The faults of a dry run, with a note where it was stopped.
fn rehearsed(text: &str, path: &Path) -> Vec<Fault> {
    let fault = rehearse(text, path, &engine_settings(path));
    if let Some(fault) = fault.as_ref().filter(|fault| fault.kind == "limit") {
        let at = fault
            .at
            .as_ref()
            .map_or_else(|| path.display().to_string(), ToString::to_string);
        crate::errln!(
            "note: {at}: the check followed the script to here ({}); shapes after this are not \
            checked",
            fault.message
        );
        return Vec::new();
    }
    fault.into_iter().collect()
}

/// Runs a script with stand-ins for data, and returns its fault. Errors that depend on missing
/// files are no faults.
fn rehearse(text: &str, path: &Path, settings: &session::Settings) -> Option<Fault> {
    crate::bind::start(settings.clone());
    session::capture();
    let mut scope = rhai::Scope::new();
    let outcome = crate::lang::engine::run(text, &path.display().to_string(), &mut scope);
    session::captured();
    crate::lang::engine::release(&mut scope);
    std::fs::remove_dir_all(
        std::env::temp_dir().join(format!("cistron-check-{}", std::process::id())),
    )
    .ok();
    let fault = outcome.err()?;
    if fault.kind == "limit" {
        return Some(fault);
    }
    // with stand-ins for data, only the shapes of a built network are meaningful
    let is_certain = ["name", "option", "syntax"].contains(&fault.kind)
        || fault
            .trace
            .iter()
            .any(|frame| frame.function == "nn::build");
    let excused = ["file", "thrown", "assertion"].contains(&fault.kind)
        || (session::is_guessed() && !is_certain)
        // an array of a dry run may hold fewer values than that of a run
        || (session::is_abridged() && fault.kind == "value" && fault.message.starts_with("index "));
    (!excused || fault.message.contains("standard library")).then_some(fault)
}
