//! What a child process may reach, and the walls that hold it there.

use super::resources;
use crate::base::{Fault, Result};
use crate::fault;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a child process may reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Files, and folders with all that is below them, that are read.
    pub read: Vec<PathBuf>,
    /// Folders in which files are created, changed and removed.
    pub write: Vec<PathBuf>,
    /// Whether the devices of a GPU are open.
    pub gpu: bool,
    /// Seconds of CPU time on one core.
    pub seconds: u64,
    /// Memory, MiB.
    pub memory: u64,
    /// The size of a file, MiB.
    pub disk: u64,
}

/// A wall of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wall {
    /// Files, by Landlock.
    Files,
    /// Sockets and processes, by seccomp.
    Calls,
    /// Memory, file size, CPU time and processes, by resource limits.
    Resources,
}

impl Wall {
    const ALL: [Wall; 3] = [Wall::Files, Wall::Calls, Wall::Resources];

    fn name(self) -> &'static str {
        match self {
            Wall::Files => "files (Landlock)",
            Wall::Calls => "sockets and processes (seccomp)",
            Wall::Resources => "memory, file size and CPU time (resource limits)",
        }
    }
}

/// A line that lists the walls that hold and those that the system lacks; none where all hold.
pub fn note(holding: &[Wall]) -> Option<String> {
    let names = |holds: bool| {
        Wall::ALL
            .iter()
            .filter(|wall| holding.contains(wall) == holds)
            .map(|wall| wall.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if holding.len() == Wall::ALL.len() {
        return None;
    }
    Some(format!(
        "note: this system has no walls around {}; the sandbox is held by the interpreter and by walls around {}",
        names(false),
        names(true)
    ))
}

/// Raises the walls around this process; those that hold. It must have one thread: others would
/// stay outside.
pub fn raise(policy: &Policy) -> Result<Vec<Wall>> {
    resources::restrict(policy.memory, policy.disk, policy.seconds);
    let mut holding = system_walls(policy)?;
    holding.push(Wall::Resources);
    Ok(holding)
}

#[cfg(not(target_os = "linux"))]
fn system_walls(_: &Policy) -> Result<Vec<Wall>> {
    Ok(Vec::new())
}

#[cfg(target_os = "linux")]
fn system_walls(policy: &Policy) -> Result<Vec<Wall>> {
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
    let mut holding = Vec::new();
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
        holding.push(Wall::Files);
    }
    if super::syscalls::restrict().map_err(|error| failed("seccomp", &error))? {
        holding.push(Wall::Calls);
    }
    Ok(holding)
}

#[cfg(target_os = "linux")]
fn failed(what: &str, error: &std::io::Error) -> Fault {
    fault!("sandbox", "the sandbox cannot be raised: {what}: {error}"; hint: "no part of the script was run")
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
    // folders of the libraries that are loaded: others are loaded from there later
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let files = maps
        .lines()
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
    fn missing_walls_are_named_with_those_that_hold() {
        assert_eq!(note(&[Wall::Files, Wall::Calls, Wall::Resources]), None);
        let text = note(&[Wall::Calls, Wall::Resources]).expect("a wall is missing");
        assert!(
            text.contains("no walls around files (Landlock); ")
                && text.contains("interpreter and by walls around sockets"),
            "{text}"
        );
    }
}
