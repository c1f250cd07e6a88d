//! Warnings and notes on standard error, unless the session is quiet.

pub mod broadcast;
pub mod mode;

use crate::base::say as output;
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
        warn(&format!("{at}: {text}"));
    }
}

/// Prints a warning on standard error.
pub fn warn(text: &str) {
    if !session::settings().quiet {
        output::line(&format!("warning: {text}"));
    }
}

/// Prints a line on standard error.
pub fn say(text: &str) {
    if !session::settings().quiet {
        output::line(text);
    }
}
