//! Former inputs by the arrow keys: those that begin as what is typed.

use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, RepeatCount};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// The former inputs, and whether the arrow keys step through all of them.
#[derive(Default)]
pub(super) struct Past {
    inputs: HashSet<String>,
    steps: bool,
}

impl Past {
    /// Adds an input.
    pub fn add(&mut self, input: &str) {
        self.inputs.insert(input.to_string());
    }

    /// What an arrow key does at a cursor: the cursor stays behind what is typed while inputs
    /// that begin with it are shown, and at the end where all are stepped through.
    fn moves(&mut self, line: &str, cursor: usize, is_up: bool) -> Option<Cmd> {
        // the cursor moves through the lines of an input, and on from its first or last
        let at_edge = match is_up {
            true => !line[..cursor].contains('\n'),
            false => !line[cursor..].contains('\n'),
        };
        if !at_edge {
            return None;
        }
        let is_at_end = cursor == line.len();
        self.steps = cursor == 0 || (self.steps && is_at_end && self.inputs.contains(line));
        Some(match (self.steps, is_up) {
            (true, true) => Cmd::PreviousHistory,
            (true, false) => Cmd::NextHistory,
            (false, true) => Cmd::HistorySearchBackward,
            (false, false) => Cmd::HistorySearchForward,
        })
    }
}

/// An arrow key.
pub(super) struct Arrow {
    pub past: Arc<Mutex<Past>>,
    pub is_up: bool,
}

impl ConditionalEventHandler for Arrow {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let mut past = self.past.lock().ok()?;
        past.moves(context.line(), context.pos(), self.is_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_prefix_of_what_is_recalled() {
        let mut past = Past::default();
        past.add("let a = 1");
        past.add("tensor::ones([2])");
        // nothing typed: all inputs, also after the first step has put the cursor at the end
        assert_eq!(past.moves("", 0, true), Some(Cmd::PreviousHistory));
        assert_eq!(past.moves("let a = 1", 9, true), Some(Cmd::PreviousHistory));
        assert_eq!(past.moves("let a = 1", 9, false), Some(Cmd::NextHistory));
        // something typed: those that begin so
        assert_eq!(past.moves("ten", 3, true), Some(Cmd::HistorySearchBackward));
        let found = past.moves("tensor::ones([2])", 3, true);
        assert_eq!(found, Some(Cmd::HistorySearchBackward));
        let typed = past.moves("let a = 1", 9, false);
        assert_eq!(typed, Some(Cmd::HistorySearchForward));
        // lines of an input are stepped through first
        assert_eq!(past.moves("fn f() {\n}", 10, true), None);
        let found = past.moves("fn f() {\n}", 2, true);
        assert_eq!(found, Some(Cmd::HistorySearchBackward));
    }
}
