//! The files that a command works on.

use crate::base::Fault;
use std::path::{Path, PathBuf};

/// Files with an ending, at or below paths, in order.
pub fn files(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    type Seen = std::collections::HashSet<PathBuf>;
    fn walk(
        path: &Path,
        endings: &[&str],
        seen: &mut Seen,
        out: &mut Vec<PathBuf>,
    ) -> std::io::Result<()> {
        if path.is_dir() {
            // a link may point to a parent folder
            if !seen.insert(std::fs::canonicalize(path)?) {
                return Ok(());
            }
            let entries = std::fs::read_dir(path)?.filter_map(|entry| entry.ok().map(|e| e.path()));
            let mut entries: Vec<PathBuf> = entries.collect();
            entries.sort();
            return entries
                .iter()
                .try_for_each(|entry| walk(entry, endings, seen, out));
        }
        if path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| endings.contains(&e))
        {
            out.push(path.to_path_buf());
        }
        Ok(())
    }
    let mut out = Vec::new();
    for path in paths {
        std::fs::metadata(path).map_err(|error| Fault::file(path, &error))?;
        walk(path, endings, &mut Seen::new(), &mut out)
            .map_err(|error| Fault::file(path, &error))?;
    }
    Ok(out)
}
