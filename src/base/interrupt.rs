//! Ctrl-C: a flag that long work asks, so that it stops at the next operation or batch.

use super::{Fault, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static RAISED: AtomicBool = AtomicBool::new(false);

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

/// Fails with kind `interrupted` where work was asked to stop.
pub fn check() -> Result<()> {
    if is_raised() {
        Err(Fault::new("interrupted", "interrupted"))
    } else {
        Ok(())
    }
}
