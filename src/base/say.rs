//! Messages of a running program: on standard error, or to a listener.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note<'a> {
    /// A permanent line.
    Line(&'a str),
    /// A line that the next one replaces; only listeners receive it.
    Passing(&'a str),
    /// A line for an epoch, which the next one may replace.
    Epoch(&'a str),
    /// The last of the lines that replace each other.
    Passed(&'a str),
}

/// Receives messages.
pub type Listener = Rc<dyn Fn(Note)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Sends the messages of this thread to a listener, or with `None` to standard error.
pub fn listen(listener: Option<Listener>) {
    LISTENER.with(|current| *current.borrow_mut() = listener);
}

/// Whether there is a listener.
pub fn is_heard() -> bool {
    LISTENER.with(|current| current.borrow().is_some())
}

/// Prints a line.
pub fn line(text: &str) {
    match LISTENER.with(|current| current.borrow().clone()) {
        Some(listener) => listener(Note::Line(text)),
        None => error(&format!("{}\n", super::written::printable(text))),
    }
}

/// Prints a line that the next one replaces.
pub fn passing(text: &str) {
    if let Some(listener) = LISTENER.with(|current| current.borrow().clone()) {
        listener(Note::Passing(text));
    }
}

/// Prints the line of an epoch, which the next one may replace; only listeners receive it.
pub fn epoch(text: &str) {
    if let Some(listener) = LISTENER.with(|current| current.borrow().clone()) {
        listener(Note::Epoch(text));
    }
}

/// Prints what remains of lines that replaced each other.
pub fn passed(text: &str) {
    match LISTENER.with(|current| current.borrow().clone()) {
        Some(listener) => listener(Note::Passed(text)),
        None => line(text),
    }
}

static LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard output. A closed pipe is no failure; any other failure (a full disk) is
/// reported once, and by [`is_output_lost`] from then on.
pub fn output(text: &str) {
    let mut out = std::io::stdout().lock();
    let Err(failure) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) else {
        return;
    };
    if failure.kind() != std::io::ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) {
        error(&format!("error[file]: standard output: {failure}\n"));
    }
}

/// Writes to standard error; a failure of that is ignored.
pub fn error(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).ok();
}

/// Whether standard output could not be written.
pub fn is_output_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a line to standard output without a panic where that cannot be written.
#[macro_export]
macro_rules! outln {
    ($($text:tt)*) => { $crate::say::output(&(format!($($text)*) + "\n")) };
}

/// Prints a line to standard error without a panic where that cannot be written.
#[macro_export]
macro_rules! errln {
    ($($text:tt)*) => { $crate::say::error(&(format!($($text)*) + "\n")) };
}
