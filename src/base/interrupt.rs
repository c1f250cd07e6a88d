//! Ctrl-C: a flag that long work asks, so that it stops at the next operation or batch.

use super::{Fault, Result};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest time for which [`defer`] puts off an interrupt.
const MAX_DEFERRAL: Duration = Duration::from_secs(10);

static RAISED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Number of guards of this thread, and when the first of them met the interrupt.
    static DEFERRED: Cell<(usize, Option<Instant>)> = const { Cell::new((0, None)) };
}

/// Puts off an interrupt, until it is dropped or [`MAX_DEFERRAL`] has passed.
pub struct Deferred(());

/// Lets the work of this thread complete, such as a training step whose state is to be saved: an
/// interrupt is reported after the guard is dropped, or after ten seconds.
pub fn defer() -> Deferred {
    let (guards, since) = DEFERRED.get();
    DEFERRED.set((guards + 1, since));
    Deferred(())
}

impl Drop for Deferred {
    fn drop(&mut self) {
        let (guards, since) = DEFERRED.get();
        DEFERRED.set((guards - 1, since.filter(|_| guards > 1)));
    }
}

/// Whether an interrupt that was raised is put off.
fn is_deferred() -> bool {
    let (guards, since) = DEFERRED.get();
    if guards == 0 {
        return false;
    }
    let since = since.unwrap_or_else(Instant::now);
    DEFERRED.set((guards, Some(since)));
    since.elapsed() < MAX_DEFERRAL
}

/// Asks all running work to stop.
pub fn raise() {
    RAISED.store(true, Ordering::SeqCst);
}

/// Forgets an earlier interrupt.
pub fn clear() {
    RAISED.store(false, Ordering::SeqCst);
}

/// Whether work was asked to stop.
pub fn is_raised() -> bool {
    RAISED.load(Ordering::Relaxed)
}

/// Whether the work of this thread is to stop now: it was asked to, and no guard of [`defer`] puts
/// that off.
pub fn is_due() -> bool {
    is_raised() && !is_deferred()
}

/// Fails with kind `interrupted` where work was asked to stop.
pub fn check() -> Result<()> {
    if is_due() {
        Err(Fault::new("interrupted", "interrupted"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_puts_an_interrupt_off() {
        let guard = defer();
        let inner = defer();
        assert!(!is_due());
        raise();
        assert!(is_raised() && check().is_ok());
        drop(inner);
        assert!(check().is_ok());
        drop(guard);
        assert!(check().is_err());
        clear();
    }
}
