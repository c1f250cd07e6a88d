//! `cistron test`: `fn test_…()` in scripts, and the examples in documents.

use super::exit::{FAILED, fail};
use super::files::files;
use crate::base::{Result, near};
use crate::fault;
use crate::lang::examples::{self, Example};
use crate::lang::{diagnostics, engine, session};
use crate::torch::{Device, device};
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
pub fn test(paths: &[PathBuf], device: &str, namespaces: &[String]) -> u8 {
    crate::torch::device::start();
    match Device::parse(device) {
        Ok(device) => device::set_default(device),
        Err(fault) => return fail(&fault, false),
    }
    crate::bind::start(session::Settings {
        quiet: true,
        device: device.into(),
        ..session::Settings::default()
    });
    let mut tally = Tally::default();
    if paths.is_empty() {
        if let Err(fault) = require_known(namespaces) {
            return fail(&fault, false);
        }
        documentation(&mut tally, namespaces);
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

/// Fails where there is no namespace of a name.
fn require_known(namespaces: &[String]) -> Result<()> {
    let catalog = session::catalog();
    let known: Vec<&str> = catalog
        .entries
        .iter()
        .map(|entry| entry.namespace.as_str())
        .collect();
    for name in namespaces {
        if !known.contains(&name.as_str()) {
            let fault = fault!("usage", "--namespace {name}: there is no such namespace");
            return Err(match near::nearest(name, known.iter().copied()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint("`cistron help` lists them"),
            });
        }
    }
    Ok(())
}

/// Runs the examples of the catalog: of some namespaces, or of all where none is named.
pub fn documentation(tally: &mut Tally, namespaces: &[String]) {
    let is_asked = |name: &String| namespaces.is_empty() || namespaces.contains(name);
    let catalog = session::catalog();
    let entries = catalog.entries.iter();
    for entry in entries.filter(|entry| is_asked(&entry.namespace)) {
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

fn file(path: &Path, tally: &mut Tally) -> Result<()> {
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
