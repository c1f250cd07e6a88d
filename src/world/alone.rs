//! Work that a process does apart from the others.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of guards of [`alone`].
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// Ends the separate work of a process where it is dropped.
pub struct Alone(());

/// Lets this process be rank 0 of 1 until the guard is dropped: it trains, predicts and writes as a
/// program that was started alone, and meets no other process.
pub fn alone() -> Alone {
    GUARDS.fetch_add(1, Ordering::SeqCst);
    Alone(())
}

/// Whether a guard of [`alone`] is held.
pub(crate) fn is_alone() -> bool {
    GUARDS.load(Ordering::Relaxed) > 0
}

impl Drop for Alone {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::SeqCst);
    }
}
