//! What the machine has, and what this process holds of it.

use super::Result;
use crate::bail;

/// Bytes in a page of memory, on the machines that this program is for.
const PAGE: u64 = 4096;

/// Bytes of memory that a program can still take, where the system tells.
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib << 10)?;
    Some(memory_limit().map_or(machine, |most| machine.min(most.saturating_sub(held_memory()))))
}

/// Bytes of private memory that this process holds; 0 where the system does not tell.
pub fn held_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(5).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE
}

/// Bytes that are in use of the memory that this process holds: what is freed stays with the allocator.
pub fn used_memory() -> u64 {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: only reads the allocator's counts
        let counts = unsafe { libc::mallinfo2() };
        (counts.uordblks + counts.hblkhd) as u64
    }
    #[cfg(not(target_env = "gnu"))]
    held_memory()
}

/// Bytes of private memory that this process may hold, where there is a limit.
pub fn memory_limit() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max data size"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fails unless there is room for so many bytes.
pub fn room(bytes: u64) -> Result<()> {
    match free_memory() {
        Some(free) if bytes > free => {
            bail!("memory", "{} MiB of memory are needed, {} MiB are free", bytes >> 20, free >> 20)
        }
        _ => Ok(()),
    }
}
