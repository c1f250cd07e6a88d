//! What people should know while work goes on: on standard error, unless another listens.

use std::cell::RefCell;
use std::rc::Rc;

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
        None => eprintln!("{text}"),
    }
}

/// Says a line that the next one replaces.
pub fn passing(text: &str) {
    if let Some(listener) = LISTENER.with(|own| own.borrow().clone()) {
        listener(Note::Passing(text));
    }
}
