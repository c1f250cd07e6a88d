//! Paths of files that are written.

use crate::base::Result;
use crate::base::file::{folder_of, make_folders};
use crate::lang::session;
use std::path::PathBuf;

/// The path of an output file; its folder is created.
pub fn output_path(path: &str) -> Result<PathBuf> {
    let path = session::place_output(path, false)?;
    make_folders(folder_of(&path))?;
    Ok(path)
}
