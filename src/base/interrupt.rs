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

/// Ctrl-C raises the flag as long as this lives, whatever an editor of lines has done to the signal; a second one ends the
/// program.
pub struct Listening {
    before: libc::sigaction,
}

extern "C" fn raised(_: libc::c_int) {
    if RAISED.swap(true, Ordering::SeqCst) {
        // SAFETY: it ends the process without running anything else
        unsafe { libc::_exit(130) }
    }
}

impl Listening {
    /// Begins.
    pub fn begin() -> Listening {
        // SAFETY: both structures are whole, and the handler only touches an atomic
        unsafe {
            let mut own: libc::sigaction = std::mem::zeroed();
            own.sa_sigaction = raised as *const () as usize;
            own.sa_flags = libc::SA_RESTART;
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGINT, &own, &mut before);
            Listening { before }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // SAFETY: it puts back what was there
        unsafe { libc::sigaction(libc::SIGINT, &self.before, std::ptr::null_mut()) };
    }
}

/// Fails with kind `interrupted` where work was asked to stop.
pub fn check() -> Result<()> {
    if is_raised() { Err(Fault::new("interrupted", "interrupted")) } else { Ok(()) }
}
