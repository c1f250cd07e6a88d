//! Restriction of files: Landlock limits this process to some folders, checked by the kernel at
//! every access.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
/// Device files, pipes, sockets and symbolic links may be created nowhere.
const SPECIAL: u64 = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;
/// Removes and creates files and folders.
const CHANGE: u64 = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEVICE: u64 = 1 << 15;
/// TCP connections and listeners.
const NETWORK: u64 = 1 | 1 << 1;
/// Abstract Unix sockets and signals to processes outside.
const SCOPES: u64 = 1 | 1 << 1;

const READ: u64 = EXECUTE | READ_FILE | READ_DIR;
const WRITE: u64 = READ | WRITE_FILE | CHANGE | REFER | TRUNCATE;
/// What can be allowed of a path that is not a folder.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE;

const CREATE_RULESET_VERSION: u32 = 1;
const RULE_PATH_BENEATH: u32 = 1;

#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scopes: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed: u64,
    parent: i32,
}

/// What is allowed below a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Access {
    /// Files are read and folders listed.
    Read,
    /// Files are created, changed and removed, too.
    Write,
    /// A device file is read, written and controlled.
    Device,
}

/// The version of the kernel's interface; none where it has none.
fn version() -> Option<u32> {
    // SAFETY: with this flag, the call takes no structure and only returns a number
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0usize,
            CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).ok().filter(|version| *version > 0)
}

/// Restricts this thread, and all that it starts from now on, to some paths; paths that do not
/// exist are left out. Returns whether the kernel supports it.
pub fn restrict<'a>(paths: impl IntoIterator<Item = (&'a Path, Access)>) -> std::io::Result<bool> {
    let Some(version) = version() else {
        return Ok(false);
    };
    let handled = WRITE
        | SPECIAL
        | match version {
            1 => 0,
            2 => REFER,
            3 | 4 => REFER | TRUNCATE,
            _ => REFER | TRUNCATE | IOCTL_DEVICE,
        };
    let unsupported = match version {
        1 => REFER | TRUNCATE,
        2 => TRUNCATE,
        _ => 0,
    };
    let handled = handled & !unsupported;
    let attributes = RulesetAttributes {
        files: handled,
        network: if version >= 4 { NETWORK } else { 0 },
        scopes: if version >= 6 { SCOPES } else { 0 },
    };
    let size: usize = match version {
        1..=3 => 8,
        4 | 5 => 16,
        _ => 24,
    };
    // SAFETY: the structure is whole and outlives the call; the size is that of the fields that
    // this kernel knows
    let ruleset =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &attributes, size, 0u32) };
    if ruleset < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the kernel has just returned this descriptor to this call alone
    let ruleset = unsafe { OwnedFd::from_raw_fd(ruleset as i32) };
    for (path, access) in paths {
        let Ok(file) = File::options()
            .read(true)
            .custom_flags(libc::O_PATH)
            .open(path)
        else {
            continue;
        };
        let wanted = match access {
            Access::Read => READ,
            Access::Write => WRITE,
            Access::Device => READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEVICE,
        };
        let wanted = if file.metadata()?.is_dir() {
            wanted
        } else {
            wanted & OF_FILES
        };
        let rule = PathBeneath {
            allowed: wanted & handled,
            parent: file.as_raw_fd(),
        };
        // SAFETY: the structure is whole, and both descriptors are open
        if unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                ruleset.as_raw_fd(),
                RULE_PATH_BENEATH,
                &rule,
                0u32,
            )
        } != 0
        {
            return Err(std::io::Error::last_os_error());
        }
    }
    // SAFETY: the descriptor is open; `PR_SET_NO_NEW_PRIVS` was set by the caller
    if unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0u32) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_outside_are_neither_read_nor_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for folder in ["read", "write", "outside"] {
            std::fs::create_dir(at(folder)).expect("a folder");
            std::fs::write(at(folder).join("a"), "x").expect("a file");
        }
        let (read, write, outside) = (at("read"), at("write"), at("outside"));
        // the rules hold for the thread that sets them
        let inside = std::thread::spawn(move || {
            // SAFETY: the flag only takes privileges away, from this thread
            unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
            if !restrict([
                (read.as_path(), Access::Read),
                (write.as_path(), Access::Write),
            ])
            .expect("rules")
            {
                return None;
            }
            let allowed = [
                std::fs::read(read.join("a")).is_ok(),
                std::fs::write(write.join("a"), "y").is_ok(),
                std::fs::write(write.join("b"), "y").is_ok(),
                std::fs::rename(write.join("b"), write.join("c")).is_ok(),
                std::fs::remove_file(write.join("c")).is_ok(),
            ];
            let refused = [
                std::fs::read(outside.join("a")).is_err(),
                std::fs::read_dir(&outside).is_err(),
                std::fs::write(outside.join("a"), "y").is_err(),
                std::fs::write(outside.join("b"), "y").is_err(),
                std::fs::remove_file(outside.join("a")).is_err(),
                std::fs::write(read.join("a"), "y").is_err(),
                std::fs::rename(read.join("a"), write.join("d")).is_err(),
                std::fs::rename(write.join("a"), outside.join("d")).is_err(),
                std::os::unix::fs::symlink(&outside, write.join("link")).is_err(),
                std::fs::hard_link(outside.join("a"), write.join("e")).is_err(),
            ];
            Some((allowed, refused))
        });
        match inside.join().expect("a thread") {
            Some(outcome) => assert_eq!(outcome, ([true; 5], [true; 10])),
            None => eprintln!("SKIPPED: this kernel has no Landlock"),
        }
    }
}
