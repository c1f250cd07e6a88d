//! What people should know while work goes on: on standard error, unless another listens.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Something that is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note<'a> {
    /// A line that stays.
    Line(&'a str),
    /// A line that the next one replaces; nobody hears it but a listener.
    Passing(&'a str),
}

/// Hears what is said.
pub type Listener = Rc<dyn Fn(Note)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Tells all notes of this thread to a listener, or with none to standard error again.
pub fn listen(listener: Option<Listener>) {
    LISTENER.with(|own| *own.borrow_mut() = listener);
}

/// Whether there is a listener.
pub fn is_heard() -> bool {
    LISTENER.with(|own| own.borrow().is_some())
}

/// Says a line.
pub fn line(text: &str) {
    match LISTENER.with(|own| own.borrow().clone()) {
        Some(listener) => listener(Note::Line(text)),
        None => error(&format!("{}\n", super::written::printable(text))),
    }
}

/// Says a line that the next one replaces.
pub fn passing(text: &str) {
    if let Some(listener) = LISTENER.with(|own| own.borrow().clone()) {
        listener(Note::Passing(text));
    }
}

static LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard output. A closed pipe is the reader's choice; any other failure (a full disk)
/// is reported once, and [`is_output_lost`] from then on.
pub fn output(text: &str) {
    let mut out = std::io::stdout().lock();
    let Err(failure) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) else {
        return;
    };
    if failure.kind() != std::io::ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) {
        error(&format!("error[file]: standard output: {failure}\n"));
    }
}

/// Writes to standard error; where that fails there is nowhere left to report it.
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
