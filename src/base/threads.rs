//! Threads where few may be started (`ulimit -u`, containers with a limit on processes).

use super::{Fault, Result};
use crate::fault;
use std::thread::{Builder, JoinHandle};

/// Starts a thread, or returns the fault of a system that allows no more.
pub fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    Builder::new()
        .name(name.into())
        .spawn(run)
        .map_err(|error| refused(name, &error))
}

/// The fault of a thread that could not be started.
pub fn refused(name: &str, error: &std::io::Error) -> Fault {
    fault!(
        "system",
        "the thread `{name}` cannot be started: {error}";
        hint: "allow more processes (`ulimit -u`, the limit of the container), or use fewer: \
            `--loaders 1 --threads 1`"
    )
}
