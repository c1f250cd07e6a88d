//! Files that may be compressed by gzip.

use cistron_base::{Fault, Result, bail, file, gzip};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// Bytes of a file at most, also of what is unpacked.
const LARGEST: u64 = 1 << 31;

/// The bytes of a file as they are; of a file that is too large one more than are read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Fault::file(path, &error))?;
    Ok(bytes)
}

/// The content of a file from its bytes.
///
/// # Errors
/// A file that is damaged, or of more than 2 GiB.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let mut content = Cow::Borrowed(bytes);
    if gzip::is_compressed(bytes) {
        let mut out = Vec::new();
        let read = gzip::decoder(bytes).take(LARGEST + 1).read_to_end(&mut out);
        read.map_err(|error| gzip::damaged(&error))?;
        content = Cow::Owned(out);
    }
    if content.len() as u64 > LARGEST {
        bail!("data", "the file has more than 2 GiB");
    }
    Ok(content)
}
