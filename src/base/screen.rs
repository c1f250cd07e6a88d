//! The terminal that standard output goes to.

/// Columns of the terminal: `COLUMNS` where it is set, else what the terminal states. None for a
/// file or a pipe.
pub fn columns() -> Option<usize> {
    let given = std::env::var("COLUMNS").ok();
    let given = given.and_then(|text| text.trim().parse().ok());
    given.or_else(of_terminal).filter(|columns| *columns >= 20)
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
