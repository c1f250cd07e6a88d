//! The lines of former interactive sessions.

use std::path::PathBuf;

/// The file in which lines are stored; none where neither CISTRON_HISTORY nor HOME is set.
pub(super) fn file() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cistron_history"));
    std::env::var_os("CISTRON_HISTORY")
        .map(PathBuf::from)
        .or_else(home)
}
