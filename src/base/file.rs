//! Files that are opened only where they are plain files, and written whole or not at all.

use super::{Fault, Result};
use crate::fault;
use std::fs::{File, Metadata};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

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
    Err(if kind.is_dir() {
        fault.hint("give the path of a file in it")
    } else {
        fault.hint("write its content to a file first: `cat PIPE > data.txt`")
    })
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

/// A file in the making: written under a temporary name beside the one that it replaces.
///
/// [`Draft::commit`] moves it into place once its content is on the disk, so that after a crash or
/// a loss of power either the old file is there or the new one, whole. A draft that is dropped
/// without it leaves nothing. A symbolic link keeps its place, its target is replaced; devices and
/// pipes are written to directly.
#[derive(Debug)]
pub struct Draft {
    part: PathBuf,
    path: PathBuf,
    is_direct: bool,
}

impl Draft {
    /// A draft of a file; folders on the way are made.
    pub fn of(path: &Path) -> Result<Draft> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        make_folders(folder_of(path))?;
        let path = if path.is_symlink() {
            std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
        } else {
            path.to_path_buf()
        };
        match std::fs::metadata(&path).map(|about| about.file_type()) {
            Ok(kind) if kind.is_dir() => {
                return Err(fault!(
                    "file",
                    "`{}` is a folder, not a file",
                    path.display();
                    hint: "give the path of a file in it"
                ));
            }
            Ok(kind) if !kind.is_file() => {
                return Ok(Draft {
                    part: path.clone(),
                    path,
                    is_direct: true,
                });
            }
            _ => {}
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(
            ".{}.{}.part",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        Ok(Draft {
            part: name.into(),
            path,
            is_direct: false,
        })
    }

    /// Where the content is written to.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Waits until the content is on the disk, moves it into place, and waits for that too.
    pub fn commit(self) -> Result<()> {
        if self.is_direct {
            return Ok(());
        }
        // a script that can be executed stays so
        if let Ok(about) = std::fs::metadata(&self.path) {
            std::fs::set_permissions(&self.part, about.permissions()).ok();
        }
        let synced = File::open(&self.part).and_then(|file| file.sync_all());
        let moved = synced.and_then(|()| std::fs::rename(&self.part, &self.path));
        moved.map_err(|error| Fault::file(&self.path, &error))?;
        sync_folder(folder_of(&self.path));
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // after a commit there is none
        if !self.is_direct {
            std::fs::remove_file(&self.part).ok();
        }
    }
}

/// The folder that holds a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The folder of the run of this process, which is not made again where it was removed.
static RUN_FOLDER: std::sync::RwLock<Option<std::path::PathBuf>> = std::sync::RwLock::new(None);

/// Names the folder of the run of this process.
pub fn set_run_folder(folder: Option<&Path>) {
    *RUN_FOLDER
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = folder.map(Path::to_path_buf);
}

/// Makes a folder and those above it, each entered in the one that holds it on the disk.
pub fn make_folders(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if RUN_FOLDER
        .read()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .as_deref()
        == Some(folder)
    {
        return Err(fault!(
            "file",
            "the folder of the run, `{}`, was removed while it went on",
            folder.display();
            hint: "start the run again"
        ));
    }
    make_folders(folder_of(folder))?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists || !folder.is_dir() => {
            return Err(Fault::file(folder, &error));
        }
        _ => sync_folder(folder_of(folder)),
    }
    Ok(())
}

/// Waits until the names in a folder are on the disk. File systems that cannot (some network and
/// FUSE ones) order names themselves, so their refusal is no fault.
pub fn sync_folder(folder: &Path) {
    File::open(folder).and_then(|folder| folder.sync_all()).ok();
}

/// The folder of the user's files that can be made again: `XDG_CACHE_HOME`, else `~/.cache`, else
/// that of temporary files.
pub fn cache_folder() -> PathBuf {
    let named = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || named("HOME").map(|home| home.join(".cache"));
    named("XDG_CACHE_HOME")
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir)
}

/// Writes a file as a whole: afterwards it is on the disk, and at no time is a part of it under its
/// name.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = Draft::of(path)?;
    std::fs::write(draft.part(), bytes).map_err(|error| Fault::file(path, &error))?;
    draft.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_replace_a_file_or_leave_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/file");
        write_whole(&path, b"old").expect("written");
        let draft = Draft::of(&path).expect("a draft");
        std::fs::write(draft.part(), b"half").expect("written");
        drop(draft);
        assert_eq!(std::fs::read(&path).expect("a file"), b"old");
        let draft = Draft::of(&path).expect("a draft");
        std::fs::write(draft.part(), b"new").expect("written");
        draft.commit().expect("moved");
        assert_eq!(std::fs::read(&path).expect("a file"), b"new");
        assert_eq!(
            std::fs::read_dir(folder.path().join("a/b"))
                .expect("a folder")
                .count(),
            1
        );
    }

    #[test]
    fn only_plain_files_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |path: &Path| open(path).unwrap_err().message.clone();
        assert!(refused(folder.path()).contains("is a folder"));
        assert!(refused(Path::new("/dev/null")).contains("is a device"));
        let pipe = folder.path().join("pipe");
        let created = std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .is_ok_and(|status| status.success());
        assert!(!created || refused(&pipe).contains("is a pipe"));
        let text = folder.path().join("text");
        std::fs::write(&text, "\u{feff}let x = 1;").expect("a file");
        assert_eq!(read_text(&text).expect("a text"), "let x = 1;");
    }
}
