//! Limits on what a script may take.

use crate::base::{Result, interrupt, threads};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static LATE: AtomicBool = AtomicBool::new(false);

/// Begins to hold this process to so many seconds and MiB. What takes too long is interrupted as by Ctrl-C; memory that is
/// not there is an error of the operation that asks for it.
pub fn begin(seconds: u64, memory: u64) -> Result<()> {
    threads::spawn("clock", move || {
        std::thread::sleep(Duration::from_secs(seconds));
        LATE.store(true, Ordering::SeqCst);
        interrupt::raise();
        // what does not answer an interrupt is ended
        std::thread::sleep(Duration::from_secs(10));
        crate::errln!("error[sandbox]: the script took more than {seconds} s and did not stop");
        std::process::exit(i32::from(super::ERROR));
    })?;
    hold_memory(memory);
    Ok(())
}

/// Begins to hold this process to so many MiB.
pub fn hold_memory(memory: u64) {
    let limit = libc::rlimit { rlim_cur: memory << 20, rlim_max: memory << 20 };
    // SAFETY: the structure is whole; the call changes nothing but the limit
    unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) };
}

/// Whether the time was over.
pub fn is_late() -> bool {
    LATE.load(Ordering::SeqCst)
}
