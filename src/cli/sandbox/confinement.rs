//! Restrictions of a child process, and the mechanisms of the operating system that enforce them.

use super::resources;
use crate::base::{Fault, Result};
use crate::fault;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The files and resources that a child process may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Files and folders that it may read.
    pub read: Vec<PathBuf>,
    /// Folders in which it may create, change and remove files.
    pub write: Vec<PathBuf>,
    /// Whether it may open the devices of a GPU.
    pub gpu: bool,
    /// Seconds of CPU time on one core.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
    /// The size of a file, MiB.
    pub disk: u64,
}

/// A mechanism of the operating system that restricts a process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Mechanism {
    /// Files, by Landlock.
    Files,
    /// Sockets and processes, by seccomp.
    Calls,
    /// Memory, file size, CPU time and processes, by resource limits.
    Resources,
}

impl Mechanism {
    const ALL: [Mechanism; 3] = [Mechanism::Files, Mechanism::Calls, Mechanism::Resources];

    fn name(self) -> &'static str {
        match self {
            Mechanism::Files => "files (Landlock)",
            Mechanism::Calls => "sockets and processes (seccomp)",
            Mechanism::Resources => "memory, file size and CPU time (resource limits)",
        }
    }
}

/// A line that lists active and missing mechanisms; none where all are active.
pub fn note(active: &[Mechanism]) -> Option<String> {
    let names = |is_active: bool| {
        Mechanism::ALL
            .iter()
            .filter(|mechanism| active.contains(mechanism) == is_active)
            .map(|mechanism| mechanism.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if active.len() == Mechanism::ALL.len() {
        return None;
    }
    Some(format!(
        "note: this system cannot restrict {}; the sandbox relies on the interpreter and on \
         restrictions of {}",
        names(false),
        names(true)
    ))
}

/// Restricts this process and returns the active mechanisms. It must have one thread: existing
/// threads would not be restricted.
pub fn confine(policy: &Policy) -> Result<Vec<Mechanism>> {
    resources::restrict(policy.memory, policy.disk, policy.seconds);
    let mut active = of_system(policy)?;
    active.push(Mechanism::Resources);
    Ok(active)
}

#[cfg(not(target_os = "linux"))]
fn of_system(_: &Policy) -> Result<Vec<Mechanism>> {
    Ok(Vec::new())
}

#[cfg(target_os = "linux")]
fn of_system(policy: &Policy) -> Result<Vec<Mechanism>> {
    use super::landlock::{self, Access};
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(fault!(
            "internal",
            "the sandbox cannot be raised in a process of {threads} threads"
        ));
    }
    // SAFETY: the flag only takes privileges away
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(failed("no_new_privs", &std::io::Error::last_os_error()));
    }
    let mut active = Vec::new();
    let system = system_paths(policy.gpu);
    let of = |paths: &'static [&'static str], access| {
        paths
            .iter()
            .map(move |path| (std::path::Path::new(path), access))
    };
    let gpu = gpu_devices(policy.gpu);
    let paths = policy
        .read
        .iter()
        .chain(&system)
        .map(|path| (path.as_path(), Access::Read));
    let paths = paths.chain(
        policy
            .write
            .iter()
            .map(|path| (path.as_path(), Access::Write)),
    );
    let paths = paths.chain(of(
        &[
            "/dev/null",
            "/dev/zero",
            "/dev/full",
            "/dev/random",
            "/dev/urandom",
        ],
        Access::Device,
    ));
    let paths = paths.chain(gpu.iter().map(|path| (path.as_path(), Access::Device)));
    if landlock::restrict(paths).map_err(|error| failed("Landlock", &error))? {
        active.push(Mechanism::Files);
    }
    if super::syscalls::restrict().map_err(|error| failed("seccomp", &error))? {
        active.push(Mechanism::Calls);
    }
    Ok(active)
}

#[cfg(target_os = "linux")]
fn failed(what: &str, error: &std::io::Error) -> Fault {
    fault!(
        "sandbox",
        "the sandbox cannot be raised: {what}: {error}";
        hint: "no part of the script was run"
    )
}

/// What the program itself reads while it runs: its libraries, and the system's description of the
/// machine.
#[cfg(target_os = "linux")]
fn system_paths(gpu: bool) -> Vec<PathBuf> {
    let fixed = [
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/usr/share/zoneinfo",
    ];
    let machine = [
        "/proc/self",
        "/proc/meminfo",
        "/proc/cpuinfo",
        "/proc/stat",
        "/sys/devices/system",
        "/sys/fs/cgroup",
    ];
    let of_gpu = [
        "/proc/driver",
        "/proc/devices",
        "/proc/modules",
        "/proc/sys",
        "/sys",
        "/usr/local/cuda",
        "/dev/nvidia-caps",
    ];
    let mut paths: Vec<PathBuf> = fixed
        .iter()
        .chain(&machine)
        .chain(if gpu { of_gpu.iter() } else { [].iter() })
        .map(PathBuf::from)
        .collect();
    paths.extend(std::env::current_exe());
    // folders of the libraries that are loaded: others are loaded from there later. The library
    // that the program contains is in no folder: `/memfd:… (deleted)` would allow all files.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let files = maps
        .lines()
        .filter(|line| !line.ends_with(" (deleted)") && !line.contains("/memfd:"))
        .filter_map(|line| line.find('/').map(|at| std::path::Path::new(&line[at..])));
    let libraries = files.filter(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().contains(".so"))
    });
    paths.extend(
        libraries
            .filter_map(|path| path.parent())
            .map(std::path::Path::to_path_buf),
    );
    paths.sort();
    paths.dedup();
    paths
}

#[cfg(target_os = "linux")]
fn gpu_devices(gpu: bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let is_gpu = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("nvidia"))
    };
    if gpu {
        entries.filter(is_gpu).collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_active_mechanisms_are_listed() {
        assert_eq!(
            note(&[Mechanism::Files, Mechanism::Calls, Mechanism::Resources]),
            None
        );
        let text = note(&[Mechanism::Calls, Mechanism::Resources]).expect("a mechanism is missing");
        assert!(
            text.contains("cannot restrict files (Landlock); ")
                && text.contains("interpreter and on restrictions of sockets"),
            "{text}"
        );
    }
}
