//! Panics of libraries, caught: a damaged file or an impossible tensor is reported by the call that
//! met it.

use std::cell::{Cell, RefCell};

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Keeps the message of a guarded panic instead of printing it.
pub fn keep_quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                return before(info);
            }
            let place = info
                .location()
                .map(|l| format!(" ({}:{})", l.file(), l.line()))
                .unwrap_or_default();
            let text = info.payload().downcast_ref::<&str>().map(|s| s.to_string());
            let text = text
                .or_else(|| info.payload().downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic".into());
            LAST.with(|last| *last.borrow_mut() = format!("{text}{place}"));
        }));
    });
}

/// Runs something whose panics are reported by the caller.
pub fn guarded<T>(f: impl FnOnce() -> T) -> std::thread::Result<T> {
    keep_quiet();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    DEPTH.set(DEPTH.get() - 1);
    outcome
}

/// The message of the last guarded panic on this thread.
pub fn last() -> String {
    LAST.with(|last| last.borrow().clone())
}
