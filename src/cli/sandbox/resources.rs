//! Restriction of resources: limits of this process on memory, file size, CPU time and processes.

/// The type of a resource's number.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

/// Limits this process to so many MiB of private memory; an operation that needs more fails.
pub fn hold_memory(memory: u64) {
    set(libc::RLIMIT_DATA, memory.saturating_mul(1 << 20));
}

/// Limits this process: MiB of memory, MiB of a file, seconds of CPU time.
pub fn restrict(memory: u64, disk: u64, seconds: u64) {
    hold_memory(memory);
    set(libc::RLIMIT_FSIZE, disk.saturating_mul(1 << 20));
    // a file that grows past its limit is an error of the operation, not the end of the process
    // SAFETY: the signal is ignored from now on
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    set(
        libc::RLIMIT_CPU,
        seconds.saturating_add(5).saturating_mul(cores),
    );
    set(libc::RLIMIT_CORE, 0);
    // the limit counts the threads of all processes of a user: those that run, and room for the
    // threads of this one
    if let Some(running) = running_threads() {
        set(libc::RLIMIT_NPROC, running + 1024);
    }
}

fn set(resource: Resource, most: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: both calls read or fill a whole structure, and change nothing but the limit
    unsafe {
        if libc::getrlimit(resource, &mut limit) == 0 {
            let most = most.min(limit.rlim_max);
            libc::setrlimit(
                resource,
                &libc::rlimit {
                    rlim_cur: most,
                    rlim_max: most,
                },
            );
        }
    }
}

/// The threads of this user's processes; none where the system does not list them.
fn running_threads() -> Option<u64> {
    // SAFETY: returns a number and changes nothing
    let user = unsafe { libc::getuid() }.to_string();
    let threads = |folder: std::path::PathBuf| {
        let text = std::fs::read_to_string(folder.join("status")).ok()?;
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
        };
        if field("Uid:")? == user {
            field("Threads:")?.parse::<u64>().ok()
        } else {
            None
        }
    };
    let entries = std::fs::read_dir("/proc").ok()?;
    Some(
        entries
            .flatten()
            .filter_map(|entry| threads(entry.path()))
            .sum(),
    )
    .filter(|n| *n > 0)
}
