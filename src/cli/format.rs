//! `cistron fmt`: scripts in one layout.

use super::check::engine_settings;
use super::exit::{ERROR, FAILED, fail};
use super::files::files;
use crate::base::file::{read_text, write_whole};
use crate::base::{Fault, Result};
use crate::fault;
use crate::lang::{check, format};
use rhai::Engine;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The name of the standard input.
const INPUT: &str = "-";

/// Lays scripts out, or with `is_check` only names those that are not; returns the exit code.
pub fn format(paths: &[PathBuf], is_check: bool) -> u8 {
    let engine = crate::bind::start(engine_settings(Path::new("")));
    if paths == [Path::new(INPUT)] {
        return match input(&engine, is_check) {
            Ok(code) => code,
            Err(fault) => fail(&fault, false),
        };
    }
    let found = match files(paths, &["rhai"]) {
        Ok(found) => found,
        Err(fault) => return fail(&fault, false),
    };
    if found.is_empty() {
        crate::errln!("no scripts (*.rhai) were found");
        return ERROR;
    }
    let (mut changed, mut code) = (0usize, 0);
    for path in &found {
        match file(&engine, path, is_check) {
            Ok(None) => {}
            Ok(Some(line)) if is_check => {
                crate::outln!("{}:{line}", path.display());
                changed += 1;
            }
            Ok(Some(_)) => changed += 1,
            // the others are laid out all the same
            Err(fault) => code = fail(&fault, false),
        }
    }
    let scripts = match found.len() {
        1 => "1 script".to_string(),
        n => format!("{n} scripts"),
    };
    match is_check {
        true => crate::errln!("{scripts}, {changed} to be laid out"),
        false => crate::errln!("{scripts}, {changed} changed"),
    }
    match code {
        0 if is_check && changed > 0 => FAILED,
        code => code,
    }
}

/// A script in its layout; fails where it does not compile.
fn laid_out(engine: &Engine, text: &str, name: &str) -> Result<String> {
    check::compile(engine, text, name)?;
    format::format(engine, text).map_err(|mut fault| {
        fault.message = format!("{name}: {}", fault.message);
        fault
    })
}

/// Lays out the standard input on the standard output.
fn input(engine: &Engine, is_check: bool) -> Result<u8> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| fault!("file", "the standard input cannot be read: {error}"))?;
    let next = laid_out(engine, &text, "<input>")?;
    if is_check {
        return Ok(if next == text { 0 } else { FAILED });
    }
    crate::base::say::output(&next);
    Ok(0)
}

/// Lays out a file; the first line that differs, if one does.
fn file(engine: &Engine, path: &Path, is_check: bool) -> Result<Option<usize>> {
    let text = read_text(path).map_err(|error| Fault::file(path, &error))?;
    let next = laid_out(engine, &text, &path.display().to_string())?;
    if next == text {
        return Ok(None);
    }
    if !is_check {
        write_whole(path, next.as_bytes())?;
    }
    let mut pairs = text.split('\n').zip(next.split('\n'));
    let same = pairs.position(|(old, new)| old != new);
    Ok(Some(same.unwrap_or_else(|| text.lines().count()) + 1))
}
