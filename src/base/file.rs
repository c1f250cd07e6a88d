//! Files that are opened only where they are plain files, and written whole or not at all.

use super::{Fault, Result};
use crate::fault;
use std::fs::{File, Metadata};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The metadata of a plain file. Folders, named pipes, sockets and devices are refused: readers
/// here seek, ask for sizes and read twice, and opening a pipe that nobody writes to never ends.
pub fn regular(path: &Path) -> Result<Metadata> {
    let about = std::fs::metadata(path).map_err(|error| Fault::file(path, &error))?;
    let kind = about.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(about),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    let fault = fault!("file", "`{}` is {what}, not a file", path.display());
    Err(if kind.is_dir() { fault.hint("give the path of a file in it") } else { fault.hint("write its content to a file first: `cat PIPE > data.txt`") })
}

/// Opens a plain file for reading.
pub fn open(path: &Path) -> Result<File> {
    regular(path)?;
    File::open(path).map_err(|error| Fault::file(path, &error))
}

/// The text of a script, notebook or configuration file without its byte-order mark.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Writes a file under a temporary name and moves it into place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = std::path::PathBuf::from(name);
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        std::fs::remove_file(&part).ok();
        Fault::file(path, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |path: &Path| open(path).unwrap_err().message.clone();
        assert!(refused(folder.path()).contains("is a folder"));
        assert!(refused(Path::new("/dev/null")).contains("is a device"));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
        assert!(!made || refused(&pipe).contains("is a pipe"));
        let text = folder.path().join("text");
        std::fs::write(&text, "\u{feff}let x = 1;").expect("a file");
        assert_eq!(read_text(&text).expect("a text"), "let x = 1;");
    }
}
