//! Ctrl-C while a line of the REPL runs.

use crate::base::interrupt;

/// Ctrl-C raises the flag as long as this lives, whatever an editor of lines has done to the
/// signal; a second one ends the program.
pub struct Listening {
    before: libc::sigaction,
}

extern "C" fn raised(_: libc::c_int) {
    if interrupt::is_raised() {
        // SAFETY: it ends the process without running anything else
        unsafe { libc::_exit(i32::from(super::INTERRUPTED)) }
    }
    interrupt::raise();
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
