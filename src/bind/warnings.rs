//! Warnings at a line of the script, each once.

use crate::lang::{Call, session};
use std::cell::RefCell;
use std::collections::HashSet;

/// Warnings of the session so far: file, line, text.
#[derive(Default)]
struct Seen(RefCell<HashSet<(String, usize, String)>>);

/// Warns of something at the line of a call; the same words at the same line only once.
pub fn at(call: &Call, text: &str) {
    if session::settings().quiet {
        return;
    }
    let place = call.place();
    let key = (place.file.clone(), place.line, text.to_string());
    if session::local::<Seen>().0.borrow_mut().insert(key) {
        let at = if place.line == 0 {
            place.file
        } else {
            format!("{}:{}", place.file, place.line)
        };
        crate::bind::train::fit::warn(&format!("{at}: {text}"));
    }
}
