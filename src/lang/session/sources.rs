//! Texts of the files that were run or imported, and positions in them.

use super::journal::{Event, record};
use super::state::{current_file, local};
use crate::prepare::{self, Shift};
use cistron_base::Place;
use rhai::Position;
use std::cell::RefCell;
use std::collections::HashMap;

/// Texts and shifts of columns, by file.
#[derive(Default)]
struct Sources {
    texts: RefCell<HashMap<String, String>>,
    shifts: RefCell<HashMap<String, Vec<Shift>>>,
}

/// A position in the running file.
pub fn place(position: Position) -> Place {
    place_in(&current_file(), position)
}

/// A position in a file, in the columns of its original text.
pub fn place_in(file: &str, position: Position) -> Place {
    let (line, column) = (
        position.line().unwrap_or(0),
        position.position().unwrap_or(0),
    );
    let sources = local::<Sources>();
    let shifts = sources.shifts.borrow();
    let column = shifts
        .get(file)
        .map_or(column, |shifts| prepare::original(shifts, line, column));
    Place {
        file: file.to_string(),
        line,
        column,
    }
}

/// Stores a file's text for excerpts in errors, and returns the prepared text that Rhai compiles.
pub fn remember_source(file: &str, text: &str) -> String {
    remember_behind("", file, text)
}

/// The same, with statements inserted before the text.
pub fn remember_behind(statements: &str, file: &str, text: &str) -> String {
    let (prepared, shifts) = prepare::behind(statements, prepare::prepare(text));
    let sources = local::<Sources>();
    let mut texts = sources.texts.borrow_mut();
    texts.insert(file.to_string(), text.to_string());
    sources.shifts.borrow_mut().insert(file.to_string(), shifts);
    drop(texts);
    // a journal that cannot be written fails at the next event that must be recorded
    record(&Event::Source(file, text)).ok();
    prepared
}

/// Shows a text in errors of a file instead of the one that was compiled, whose columns are the
/// same.
pub fn show_as(file: &str, typed: &str) {
    let sources = local::<Sources>();
    let mut texts = sources.texts.borrow_mut();
    texts.insert(file.to_string(), typed.to_string());
}

/// The text of a file that was run or imported.
pub fn source(file: &str) -> Option<String> {
    local::<Sources>().texts.borrow().get(file).cloned()
}
