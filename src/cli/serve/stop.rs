//! Ctrl-C, SIGTERM and SIGHUP while the server runs: the first ends it after the requests that
//! run, a second one at once.

use crate::cli::exit::INTERRUPTED;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

/// Signals within these milliseconds count as one, as of a terminal that closes.
const SAME_SIGNAL: i64 = 300;

/// When the first signal arrived, in milliseconds; 0 before.
static FIRST: AtomicI64 = AtomicI64::new(0);

fn now() -> i64 {
    // SAFETY: the call writes a structure of plain numbers, and may be made in a handler
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time);
        time.tv_sec * 1000 + time.tv_nsec / 1_000_000 + 1
    }
}

extern "C" fn received(_: libc::c_int) {
    let now = now();
    let is_first = FIRST.compare_exchange(0, now, SeqCst, SeqCst);
    if is_first.is_err_and(|first| now - first > SAME_SIGNAL) {
        // SAFETY: it ends the process without running anything else
        unsafe { libc::_exit(i32::from(INTERRUPTED)) }
    }
}

/// Installs the handlers in place of those of the program, for the rest of the process.
pub fn listen() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the structure is whole, and the handler only touches an atomic
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = received as *const () as usize;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

/// Whether the server was asked to end.
pub fn is_requested() -> bool {
    FIRST.load(SeqCst) != 0
}
