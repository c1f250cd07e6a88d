//! The folders that a script in a sandbox may access.

use cistron_base::Result;
use cistron_base::fault;
use std::io;
use std::path::{Path, PathBuf};

/// The kind of access to a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access {
    /// A file is read.
    Read,
    /// A file is created or changed.
    Write,
}

/// The folders that a script in a sandbox may access.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Folders that are read.
    pub read: Vec<PathBuf>,
    /// Folders that are read and written.
    pub write: Vec<PathBuf>,
    /// The run directory: only its output folder is written, whatever the other folders are.
    pub record: Option<PathBuf>,
    /// The output folder in the run directory.
    pub output: Option<PathBuf>,
}

impl Reach {
    /// A path without links and `..`, where it is inside the folders. Callers open what is
    /// returned, so that a link that changes after the check leads nowhere else.
    ///
    /// # Errors
    /// Of kind `sandbox`, where the path is outside, or a link to a file that does not exist.
    pub fn resolve(&self, path: &Path, access: Access) -> Result<PathBuf> {
        let (verb, folders): (_, Vec<&PathBuf>) = match access {
            Access::Read => (
                "read",
                self.read
                    .iter()
                    .chain(&self.write)
                    .chain(&self.record)
                    .chain(&self.output)
                    .collect(),
            ),
            Access::Write => ("write to", self.write.iter().chain(&self.output).collect()),
        };
        let is_below = |real: &Path, folder: &PathBuf| {
            real_path(folder).is_ok_and(|folder| real.starts_with(folder))
        };
        let allowed = real_path(path).ok().filter(|real| {
            let in_record = self
                .record
                .as_ref()
                .is_some_and(|record| is_below(real, record));
            let in_output = self
                .output
                .as_ref()
                .is_some_and(|output| is_below(real, output));
            // a folder that is allowed may hold records of other runs
            let in_other = || {
                let is_record = |above: &Path| {
                    above.join("run.json").exists() && above.join("script.rhai").exists()
                };
                real.ancestors().skip(1).any(is_record)
            };
            folders.iter().any(|folder| is_below(real, folder))
                && (access == Access::Read || in_output || !in_record && !in_other())
        });
        allowed.ok_or_else(|| {
            let names = folders
                .iter()
                .map(|folder| format!("`{}`", folder.display()))
                .collect::<Vec<_>>()
                .join(", ");
            let fault = fault!(
                "sandbox",
                "`{}` is outside the folders that the sandbox lets a script {verb}",
                path.display()
            );
            let hint = if names.is_empty() {
                "it may write nowhere".to_string()
            } else {
                format!("it may {verb} {names}")
            };
            fault.hint(format!("{hint}; `--allow DIR` adds a folder"))
        })
    }
}

/// The path of a file or of the place for a new one, without links and `..`.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    let mut existing = whole.as_path();
    let mut rest = Vec::new();
    loop {
        match path_of_descriptor(existing) {
            Ok(real) => return Ok(rest.iter().rev().fold(real, |at, part| at.join(part))),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // writing through a link that leads nowhere would create its target
            Err(error) if existing.is_symlink() => return Err(error),
            Err(error) => match (existing.parent(), existing.file_name()) {
                (Some(above), Some(name)) => {
                    rest.push(name.to_os_string());
                    existing = above;
                }
                // `..` below a folder that does not exist
                _ => return Err(error),
            },
        }
    }
}

/// Opens a path once and asks the system where that led.
#[cfg(target_os = "linux")]
fn path_of_descriptor(path: &Path) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::File::options()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)?;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .or_else(|_| std::fs::canonicalize(path))
}

#[cfg(not(target_os = "linux"))]
fn path_of_descriptor(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn paths_are_checked_where_they_lead() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        for folder in ["own/sub", "out", "run/output", "other"] {
            std::fs::create_dir_all(at(folder)).expect("a folder");
        }
        for file in ["own/a", "other/b", "run/run.json"] {
            std::fs::write(at(file), "x").expect("a file");
        }
        symlink(at("other"), at("own/link")).expect("a link");
        symlink(at("other/new"), at("out/dangling")).expect("a link");
        let reach = Reach {
            read: vec![at("own")],
            write: vec![at("out")],
            record: Some(at("run")),
            output: Some(at("run/output")),
        };
        for (path, access, expected) in [
            ("own/a", Access::Read, true),
            ("own/sub/../a", Access::Read, true),
            ("own/absent", Access::Read, true),
            ("own/a", Access::Write, false),
            ("own/link/b", Access::Read, false),
            ("own/sub/../../other/b", Access::Read, false),
            ("own/absent/../../other/b", Access::Read, false),
            ("out/new/file", Access::Write, true),
            ("out/dangling", Access::Write, false),
            ("out/../other/b", Access::Write, false),
            ("run/run.json", Access::Read, true),
            ("run/run.json", Access::Write, false),
            ("run/output/x", Access::Write, true),
            ("run/output/../run.json", Access::Write, false),
        ] {
            assert_eq!(
                reach.resolve(&at(path), access).is_ok(),
                expected,
                "{path} {access:?}"
            );
        }
        // the record is out of reach even where a folder around it is allowed
        let wide = Reach {
            write: vec![root.path().to_path_buf()],
            ..reach
        };
        assert!(
            wide.resolve(&at("run/run.json"), Access::Write).is_err()
                && wide.resolve(&at("other/b"), Access::Write).is_ok()
        );
    }
}
