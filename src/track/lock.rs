//! One owner for each folder of a run: two processes never write the same record.

use crate::base::process::Process;
use crate::base::{Fault, Result, threads};
use crate::{bail, fault};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The file that the owner locks.
const NAME: &str = "lock";
/// The interval at which the owner touches it.
const BEAT: Duration = Duration::from_secs(20);
/// A lock of another machine that was not touched for so long is stale.
const STALE: Duration = Duration::from_secs(120);

/// How long a file that nobody owns is waited for, and how often.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 20;

/// The right to write the record of a run, until it is dropped or the process ends.
///
/// The file is locked by the system until the process ends, on NFS too. Not every file system
/// shares such locks between machines, so that the file also names its owner, which touches it
/// every 20 s: another machine takes over after two minutes without a touch.
pub struct Lock {
    file: Arc<File>,
}

fn open(folder: &Path) -> Result<(File, PathBuf)> {
    let path = folder.join(NAME);
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| Fault::file(&path, &error))?;
    Ok((file, path))
}

fn owner(file: &mut File) -> Option<Process> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()?;
    text.parse().ok()
}

/// Whether a file was touched within the time that a living owner needs.
fn is_fresh(file: &File) -> bool {
    file.metadata()
        .and_then(|about| about.modified())
        .is_ok_and(|time| time.elapsed().map_or(true, |age| age < STALE))
}

impl Lock {
    /// Locks the folder of a run; fails where another process holds it.
    pub fn take(folder: &Path) -> Result<Lock> {
        let (mut file, path) = open(folder)?;
        let taken = |owner: Option<Process>| {
            let who = owner.map_or_else(
                || "another process".into(),
                |owner| format!("process {owner} (machine:number:start)"),
            );
            fault!(
                "busy",
                "the run in `{}` belongs to {who}, which still runs",
                folder.display();
                hint: "wait for it, or interrupt it first; a lock of a machine that is gone \
                    expires after two minutes"
            )
        };
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    // a process that tests whether the run is running holds the file for a moment
                    let owner = owner(&mut file);
                    if tries == LOOKS || owner.as_ref().is_some_and(Process::is_alive) {
                        return Err(taken(owner));
                    }
                    tries += 1;
                    std::thread::sleep(LOOK);
                }
                // a file system without locks: the content of the file decides
                Err(TryLockError::Error(_)) => match owner(&mut file)
                    .filter(|owner| !owner.is_elsewhere() && owner.is_alive())
                {
                    Some(owner) => return Err(taken(Some(owner))),
                    None => break,
                },
            }
        }
        if let Some(owner) =
            owner(&mut file).filter(|owner| owner.is_elsewhere() && is_fresh(&file))
        {
            return Err(taken(Some(owner)));
        }
        let text = Process::this().to_string();
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| Fault::file(&path, &error))?;
        let lock = Lock {
            file: Arc::new(file),
        };
        let kept: Weak<File> = Arc::downgrade(&lock.file);
        threads::spawn("lock", move || {
            loop {
                std::thread::sleep(BEAT);
                let Some(file) = kept.upgrade() else { return };
                file.set_modified(std::time::SystemTime::now()).ok();
            }
        })?;
        Ok(lock)
    }

    /// Whether a process holds the lock of a folder.
    pub fn is_held(folder: &Path) -> bool {
        let Ok(mut file) = File::options().read(true).open(folder.join(NAME)) else {
            return false;
        };
        match file.try_lock_shared() {
            Ok(()) => owner(&mut file).is_some_and(|owner| owner.is_elsewhere() && is_fresh(&file)),
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => owner(&mut file).is_some_and(|owner| owner.is_alive()),
        }
    }

    /// Fails where the folder was removed or replaced during the run.
    pub fn check(&self, folder: &Path) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let held = self.file.metadata().map(|about| (about.dev(), about.ino()));
        let there = std::fs::metadata(folder.join(NAME)).map(|about| (about.dev(), about.ino()));
        match (held, there) {
            (Ok(held), Ok(there)) if held == there => Ok(()),
            _ => {
                bail!(
                    "file",
                    "the folder of the run, `{}`, was removed or replaced while it went on",
                    folder.display();
                    hint: "start the run again"
                )
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // the next owner need not wait
        self.file.set_len(0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        assert!(!Lock::is_held(folder));
        let lock = Lock::take(folder).unwrap();
        assert!(Lock::is_held(folder));
        assert_eq!(Lock::take(folder).err().unwrap().kind, "busy");
        lock.check(folder).unwrap();
        std::fs::remove_file(folder.join(NAME)).unwrap();
        assert!(lock.check(folder).is_err());
        drop(lock);
        assert!(!Lock::is_held(folder));
        Lock::take(folder).unwrap();
    }

    #[test]
    fn a_lock_of_another_machine_expires() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(NAME);
        std::fs::write(&path, "elsewhere:12:345").unwrap();
        assert!(Lock::is_held(place.path()) && Lock::take(place.path()).is_err());
        let old = std::time::SystemTime::now() - STALE - BEAT;
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert!(!Lock::is_held(place.path()));
        Lock::take(place.path()).unwrap();
    }
}
