//! `cistron test`: `fn test_…()` in scripts, and the examples in documents.

use super::exit::{FAILED, fail};
use super::files::files;
use crate::lang::examples::{self, Example};
use crate::lang::{diagnostics, engine, session};
use rhai::Scope;
use std::path::{Path, PathBuf};

/// The numbers of passed tests, and the failures.
#[derive(Default)]
pub struct Tally {
    /// Number of passed tests.
    pub passed: usize,
    /// Names and messages of failed tests.
    pub failed: Vec<(String, String)>,
}

impl Tally {
    fn take(&mut self, name: String, problem: Option<String>) {
        match problem {
            None => self.passed += 1,
            Some(report) => self.failed.push((name, report)),
        }
    }
}

/// Runs the command and returns its exit code.
pub fn test(paths: &[PathBuf]) -> u8 {
    crate::torch::device::start();
    crate::bind::start(session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..session::Settings::default()
    });
    let mut tally = Tally::default();
    if paths.is_empty() {
        documentation(&mut tally);
    }
    let found = match files(paths, &["rhai", "md"]) {
        Ok(found) => found,
        Err(fault) => return fail(&fault, false),
    };
    for path in &found {
        if let Err(fault) = file(path, &mut tally) {
            return fail(&fault, false);
        }
    }
    for (name, report) in &tally.failed {
        crate::errln!("FAILED {name}\n{report}");
    }
    crate::outln!("{} passed, {} failed", tally.passed, tally.failed.len());
    if tally.failed.is_empty() { 0 } else { FAILED }
}

/// Runs every example of the catalog.
pub fn documentation(tally: &mut Tally) {
    for entry in &session::catalog().entries {
        for (i, example) in examples::extract(&entry.docs).iter().enumerate() {
            let name = format!("{} example {}", entry.qualified(), i + 1);
            let example = with_import(example, &entry.namespace, entry.is_script);
            tally.take(name.clone(), examples::check(&example, &name));
        }
    }
}

/// Imports a module of the standard library under its last name for its examples.
fn with_import(example: &Example, path: &str, is_script: bool) -> Example {
    if !is_script || example.code.contains("import ") {
        return example.clone();
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Example {
        code: format!("import \"{path}\" as {name}; {}", example.code),
        ..example.clone()
    }
}

fn file(path: &Path, tally: &mut Tally) -> crate::base::Result<()> {
    let file = path.display().to_string();
    let text = crate::base::file::read_text(path)
        .map_err(|error| crate::base::Fault::file(path, &error))?;
    if path.extension().is_some_and(|e| e == "md") {
        for example in examples::extract(&text) {
            let name = format!("{file} line {}", example.line);
            tally.take(name.clone(), examples::check(&example, &name));
        }
        return Ok(());
    }
    for (name, call) in calls(&text) {
        let mut scope = Scope::new();
        session::capture();
        let outcome = engine::run(&format!("{text}\n{call};"), &file, &mut scope);
        session::captured();
        engine::release(&mut scope);
        tally.take(
            format!("{file} {name}"),
            outcome
                .err()
                .map(|fault| diagnostics::render(&fault, false)),
        );
    }
    Ok(())
}

/// The tests of a script with their calls; a test with a seed is called with 0.
fn calls(text: &str) -> Vec<(String, String)> {
    let one = |line: &str| {
        let (name, rest) = line.trim().strip_prefix("fn test_")?.split_once('(')?;
        let argument = if rest.split_once(')')?.0.trim().is_empty() {
            ""
        } else {
            "0"
        };
        Some((format!("test_{name}"), format!("test_{name}({argument})")))
    };
    text.lines().filter_map(one).collect()
}
