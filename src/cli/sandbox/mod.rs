//! `cistron run --sandbox` and grading: an untrusted script runs in a child process that the
//! operating system restricts.
//!
//! The parent writes the record of the run and never executes the script. The child receives its
//! job through a socket, restricts itself before it starts a thread, and reports through the same
//! socket. The parent ends it when a limit of time, memory or disk space is exceeded. In addition
//! to the checks of the interpreter, on Linux, Landlock restricts files, seccomp sockets and
//! processes, and resource limits memory and CPU time.

mod channel;
mod confinement;
mod inside;
mod job;
#[cfg(target_os = "linux")]
mod landlock;
mod resources;
pub mod seal;
mod supervisor;
#[cfg(target_os = "linux")]
mod syscalls;
mod watch;

pub use channel::{Channel, fault_of, keep_fault};
pub use confinement::{Mechanism, Policy};
pub use inside::enter;
pub use job::{Job, OUTPUT, Script, Work};
pub use supervisor::run;
pub use watch::{Child, End, Limits, Next};
