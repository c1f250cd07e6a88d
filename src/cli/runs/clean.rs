//! Removal of runs: those that are named, and those that are broken.

use crate::bail;
use crate::base::{Fault, Result, say as output};
use crate::track::{self, ledger};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Removes runs and sweeps by name.
pub(super) fn remove(dir: &Path, names: &[String], yes: bool) -> Result<u8> {
    let one = |name: &String| match ledger::find_sweep(dir, name) {
        Some(folder) => ledger::of_sweep(&folder)
            .map(|runs| (folder, format!("a sweep of {} runs", runs.len()))),
        None => {
            track::find(dir, name).map(|record| (record.folder.clone(), record.state.to_string()))
        }
    };
    let found: Vec<(PathBuf, String)> = names.iter().map(one).collect::<Result<_>>()?;
    remove_all(&found, yes, |_| true)
}

/// Removes the runs that left nothing but the record of their start, and have ended.
pub(super) fn collect(dir: &Path, yes: bool) -> Result<u8> {
    let found = ledger::broken(dir)?;
    if found.is_empty() {
        crate::outln!("no broken runs in {}", dir.display());
        return Ok(0);
    }
    // a run may have been resumed since
    remove_all(&found, yes, ledger::is_broken)
}

/// Removes folders after a question, those that are still to be removed then; each is listed with
/// what it is.
fn remove_all(
    found: &[(PathBuf, String)],
    yes: bool,
    is_still: impl Fn(&Path) -> bool,
) -> Result<u8> {
    found
        .iter()
        .for_each(|(folder, what)| crate::outln!("{}  {what}", folder.display()));
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!(
                "usage",
                "nobody is there to ask whether to remove {} run(s)",
                found.len();
                hint: "--yes removes them without asking"
            );
        }
        output::output(&format!("remove {} run(s) for good? [y/N] ", found.len()));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).ok();
        if !["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            crate::outln!("nothing was removed");
            return Ok(0);
        }
    }
    for (folder, _) in found.iter().filter(|(folder, _)| is_still(folder)) {
        std::fs::remove_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
    }
    Ok(0)
}
