//! Creation and content of the folders of runs.

use crate::base::{Fault, Result, file};
use crate::fault;
use std::path::{Path, PathBuf};

/// Creates a folder, with a number after its name where the name is taken.
pub(super) fn create(wanted: &Path, tries: u32) -> Result<PathBuf> {
    file::make_folders(file::folder_of(wanted))?;
    for n in 1..=tries {
        let folder = if n == 1 {
            wanted.to_path_buf()
        } else {
            PathBuf::from(format!("{}-{n}", wanted.display()))
        };
        match std::fs::create_dir(&folder) {
            Ok(()) => {
                file::sync_folder(file::folder_of(&folder));
                return std::path::absolute(&folder).map_err(|error| Fault::file(&folder, &error));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::file(&folder, &error)),
        }
    }
    Err(fault!(
        "file",
        "`{}` was created by another run at the same time",
        wanted.display()
    ))
}

/// The files that a run has from its start on.
pub(super) const STARTED: [&str; 8] = [
    "data.json",
    "script.rhai",
    "run.json",
    "versions.json",
    "set.json",
    "sources.json",
    "lock",
    "imported",
];

/// Whether the folder of a run contains only the record of its start.
pub(super) fn only_own_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.all(|entry| {
            entry.is_ok_and(|entry| STARTED.iter().any(|name| entry.file_name() == *name))
        })
    })
}
