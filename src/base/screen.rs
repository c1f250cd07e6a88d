//! The terminal that standard output goes to.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

/// The fewest columns that outputs are fitted to.
const LEAST: usize = 20;

static IGNORED: AtomicBool = AtomicBool::new(false);

/// Makes outputs independent of the terminal, for programs whose output is shown elsewhere.
pub fn ignore() {
    IGNORED.store(true, Ordering::Relaxed);
}

/// Columns of the terminal: `COLUMNS` where it is set, else what the terminal states. None where
/// standard output is a file or a pipe.
pub fn columns() -> Option<usize> {
    if IGNORED.load(Ordering::Relaxed) || !std::io::stdout().is_terminal() {
        return None;
    }
    let given = std::env::var("COLUMNS").ok();
    let given = given.and_then(|text| text.trim().parse().ok());
    let found = given.or_else(of_terminal).filter(|columns| *columns > 0);
    found.map(|columns| columns.max(LEAST))
}

#[cfg(unix)]
fn of_terminal() -> Option<usize> {
    // SAFETY: the structure is plain numbers, which the call fills in where it succeeds
    unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        (libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) == 0)
            .then_some(size.ws_col as usize)
    }
}

#[cfg(not(unix))]
fn of_terminal() -> Option<usize> {
    None
}
