//! What a script prints and displays.

use super::journal::{Event, record};
use super::state::local;
use cistron_base::written::{printable, printable_colored};
use rhai::Dynamic;
use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;

/// Output of a script.
pub enum Shown<'a> {
    /// A printed line.
    Line(&'a str),
    /// A value to display in its best form.
    Value(&'a Dynamic),
}

/// Receives the output of a script.
pub type Listener = Rc<dyn Fn(Shown)>;

/// Where the output goes besides standard output.
#[derive(Default)]
struct Output {
    captured: RefCell<Option<String>>,
    listener: RefCell<Option<Listener>>,
    log: RefCell<Option<PathBuf>>,
}

/// Sends printed lines and displayed values to a listener instead of standard output.
pub fn listen(listener: Listener) {
    local::<Output>().listener.replace(Some(listener));
}

fn listener() -> Option<Listener> {
    local::<Output>().listener.borrow().clone()
}

/// Passes a value to the listener, if any, to be displayed; returns whether there is a listener.
pub fn displayed(value: &Dynamic) -> bool {
    let listener = listener();
    listener
        .iter()
        .for_each(|listener| listener(Shown::Value(value)));
    listener.is_some()
}

/// Collects printed lines instead of writing them to standard output.
pub fn capture() {
    local::<Output>().captured.replace(Some(String::new()));
}

/// The lines printed since [`capture`], which ends.
pub fn captured() -> String {
    local::<Output>().captured.take().unwrap_or_default()
}

/// Appends printed lines to a file as well.
pub fn log_to(path: PathBuf) {
    local::<Output>().log.replace(Some(path));
}

/// Prints a line of a script's output.
pub fn print(line: &str) {
    print_as(line, || printable(line).into_owned());
}

/// Prints a line that is coloured on a terminal, and plain everywhere else.
pub fn print_colored(plain: &str, colored: &str) {
    print_as(plain, || printable_colored(colored));
}

fn print_as(line: &str, on_terminal: impl FnOnce() -> String) {
    // a recorder that fails reports it at its next event
    record(&Event::Printed(line)).ok();
    let output = local::<Output>();
    let log = output.log.borrow().clone();
    if let Some(path) = log {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        // a log that cannot be written does not end a run
        file.and_then(|mut file| writeln!(file, "{line}")).ok();
    }
    if let Some(listener) = listener() {
        return listener(Shown::Line(line));
    }
    if let Some(text) = &mut *output.captured.borrow_mut() {
        text.push_str(line);
        text.push('\n');
        return;
    }
    cistron_base::outln!("{}", on_terminal());
}
