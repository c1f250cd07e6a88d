//! Events of a run, for its journal.

use super::state::local;
use cistron_base::Result;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// An event that the journal of a run records.
pub enum Event<'a> {
    /// A file was run or imported.
    Source(&'a str, &'a str),
    /// A file is read.
    Input(&'a Path),
    /// A parameter got its value.
    Parameter(&'a str, serde_json::Value),
    /// A result was recorded.
    Report(&'a str, serde_json::Value),
    /// An epoch ended.
    Epoch(&'a serde_json::Value),
    /// A trial of a search, by its path, ended before the run was resumed and is not run again.
    Skipped(&'a str),
    /// A line was printed.
    Printed(&'a str),
}

/// Records events.
pub type Recorder = Rc<dyn Fn(&Event) -> Result<()>>;

/// The recorder of the session.
#[derive(Default)]
struct Journal(RefCell<Option<Recorder>>);

/// Sets the recorder of all later events.
pub fn record_to(recorder: Recorder) {
    local::<Journal>().0.replace(Some(recorder));
}

/// Replaces the recorder of all later events; returns the one before.
pub fn swap_recorder(recorder: Option<Recorder>) -> Option<Recorder> {
    local::<Journal>().0.replace(recorder)
}

/// Passes an event to the recorder, where there is one.
pub fn record(event: &Event) -> Result<()> {
    let recorder = local::<Journal>().0.borrow().clone();
    recorder.map_or(Ok(()), |recorder| recorder(event))
}
