//! Paths that a script reads and writes, in a sandbox only those that it permits.

use super::journal::{Event, record};
use super::state::settings;
use crate::reach::Access;
use cistron_base::Result;
use std::path::{Path, PathBuf};

/// Finds a file that a script reads: relative to the working directory, else to the folder of the
/// script.
pub fn find_input(path: &str) -> Result<PathBuf> {
    let given = PathBuf::from(path);
    let found = if given.is_absolute() || given.exists() {
        given
    } else {
        let beside = settings().script_dir.map(|folder| folder.join(&given));
        beside.filter(|path| path.exists()).unwrap_or(given)
    };
    let found = permitted(&found, Access::Read)?;
    record(&Event::Input(&found)).ok();
    Ok(found)
}

/// The path of a file that a script writes: in the run directory (figures below `figures/`), else
/// in the working directory.
pub fn place_output(path: &str, figure: bool) -> Result<PathBuf> {
    let given = Path::new(path);
    let settings = settings();
    if settings.dry {
        // a dry run writes to a folder for temporary files
        return Ok(std::env::temp_dir()
            .join(format!("cistron-check-{}", std::process::id()))
            .join(given.file_name().unwrap_or_default()));
    }
    let path = match settings.run_dir {
        Some(folder) if !given.is_absolute() => {
            if figure {
                folder.join("figures").join(given)
            } else {
                folder.join(given)
            }
        }
        _ => given.to_path_buf(),
    };
    permitted(&path, Access::Write)
}

/// The folder of the checkpoints of a name: that of the record, also where another process writes
/// it.
pub fn place_checkpoints(name: &str) -> Result<PathBuf> {
    let path = format!("checkpoints/{name}");
    match settings().record_dir {
        Some(folder) => Ok(folder.join(path)),
        None => place_output(&path, false),
    }
}

/// The path to open: in a sandbox, where it is permitted, without links and `..`; else as it is.
pub fn permitted(path: &Path, access: Access) -> Result<PathBuf> {
    match settings().sandbox {
        Some(reach) => reach.resolve(path, access),
        None => Ok(path.to_path_buf()),
    }
}
