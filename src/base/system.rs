//! What the machine has, and what this process holds of it.

/// Bytes in a page of memory, on the machines that this program is for.
const PAGE: u64 = 4096;

/// Bytes that this process may still allocate: the least of what the machine, its container and the
/// limits of the process leave; none where the system does not tell.
pub fn free_memory() -> Option<u64> {
    let number = |path: &str| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    };
    let machine = field("/proc/meminfo", "MemAvailable:").map(|kib| kib << 10);
    let container = number("/sys/fs/cgroup/memory.max").map(|most| {
        let used = number("/sys/fs/cgroup/memory.current").unwrap_or(0);
        let cache = field("/sys/fs/cgroup/memory.stat", "inactive_file").unwrap_or(0);
        most.saturating_sub(used.saturating_sub(cache))
    });
    let addresses =
        field("/proc/self/status", "VmSize:").map(|kib| address_limit().saturating_sub(kib << 10));
    let private = memory_limit().map(|most| most.saturating_sub(held_memory()));
    [machine, container, addresses, private]
        .into_iter()
        .flatten()
        .min()
}

/// Bytes of memory of the machine or its container; none where the system does not tell.
pub fn total_memory() -> Option<u64> {
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max");
    let container = container.ok().and_then(|text| text.trim().parse().ok());
    let machine = field("/proc/meminfo", "MemTotal:").map(|kib| kib << 10);
    [machine, container].into_iter().flatten().min()
}

/// The number after a name at the start of a line of a file.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The limit of this process's address space.
fn address_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: fills the struct that it is given
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } != 0;
    if failed { u64::MAX } else { limit.rlim_cur }
}

/// Bytes of private memory that this process holds; 0 where the system does not tell.
pub fn held_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ')
        .nth(5)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * PAGE
}

/// Bytes that are in use of the memory that this process holds: what is freed stays with the
/// allocator.
pub fn used_memory() -> u64 {
    #[cfg(target_env = "gnu")]
    {
        type Counts = unsafe extern "C" fn() -> libc::mallinfo2;
        // of glibc 2.33: looked up, so that the program can be built for older systems
        // SAFETY: the name is a string
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
        if !found.is_null() {
            // SAFETY: glibc's function of this name has this type; it only reads counts
            let counts = unsafe { std::mem::transmute::<*mut libc::c_void, Counts>(found)() };
            return (counts.uordblks + counts.hblkhd) as u64;
        }
    }
    held_memory()
}

/// Bytes of private memory that this process may hold, where there is a limit.
pub fn memory_limit() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max data size"))?;
    line.split_whitespace().next()?.parse().ok()
}
