//! Ctrl-C while a line of the REPL runs, and the signal of a scheduler ahead of a time limit.

use crate::base::interrupt;

extern "C" fn to_end(_: libc::c_int) {
    interrupt::raise();
}

/// SIGUSR1 raises the interrupt flag, so that a training writes a checkpoint and ends. Unlike
/// Ctrl-C and SIGTERM, it may be sent several times: none of them ends a program at once.
pub fn end_on_user_signal() {
    // SAFETY: the handler only touches an atomic
    unsafe { libc::signal(libc::SIGUSR1, to_end as *const () as libc::sighandler_t) };
}

/// Ctrl-C raises the interrupt flag during the lifetime of this value, also where the line editor
/// changed the signal; a second one ends the program.
pub struct Listening {
    before: libc::sigaction,
}

extern "C" fn raised(_: libc::c_int) {
    if interrupt::is_raised() {
        // SAFETY: it ends the process without running anything else
        unsafe { libc::_exit(i32::from(super::exit::INTERRUPTED)) }
    }
    interrupt::raise();
}

impl Listening {
    /// Installs the handler.
    pub fn begin() -> Listening {
        // SAFETY: both structures are whole, and the handler only touches an atomic
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = raised as *const () as usize;
            action.sa_flags = libc::SA_RESTART;
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGINT, &action, &mut before);
            Listening { before }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // SAFETY: restores the previous handler
        unsafe { libc::sigaction(libc::SIGINT, &self.before, std::ptr::null_mut()) };
    }
}
