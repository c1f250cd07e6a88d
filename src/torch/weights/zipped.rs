//! Entries of zip archives, whose declared sizes are compared with the file's.

use super::entry::printable;
use cistron_base::{Result, fault};
use std::io::{Read, Seek};

/// The bytes of an entry; what all entries unpack to is subtracted from `left`, since entries of a
/// directory may overlap.
pub fn entry<R: Read + Seek>(
    archive: &mut zip::ZipArchive<R>,
    name: &str,
    left: &mut u64,
) -> Result<Vec<u8>> {
    let broken =
        |what: &dyn std::fmt::Display| fault!("file", "entry `{}`: {what}", printable(name));
    let mut entry = archive.by_name(name).map_err(|error| broken(&error))?;
    let size = entry.size();
    *left = left.checked_sub(size).ok_or_else(|| {
        broken(&format!(
            "it declares {size} bytes, more than the file can have"
        ))
    })?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(size as usize)
        .map_err(|_| broken(&"there is no memory for it"))?;
    (&mut entry)
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(|error| broken(&error))?;
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(broken(&"it ends too early")),
    }
}
