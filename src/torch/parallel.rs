//! Work of our own on torch's threads.
//!
//! torch's OpenMP threads wait for work by spinning. A second pool beside them would fight them for
//! the cores, so loops of ours run on the same threads, through the runtime that torch has loaded.

use std::ffi::{c_uint, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// GNU OpenMP's entry for a parallel region: a function, what it is given, how many threads, flags.
pub(super) type Parallel =
    unsafe extern "C" fn(extern "C" fn(*mut c_void), *mut c_void, c_uint, c_uint);

/// GNU OpenMP's entry for a parallel region, where torch has loaded that runtime.
pub(super) fn entry() -> Option<Parallel> {
    static ENTRY: OnceLock<Option<Parallel>> = OnceLock::new();
    *ENTRY.get_or_init(|| {
        // SAFETY: a look-up by name among the libraries that are loaded
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"GOMP_parallel".as_ptr()) };
        // SAFETY: GNU OpenMP documents this signature
        (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, Parallel>(found) })
    })
}

struct Job<'a> {
    next: AtomicUsize,
    n: usize,
    failed: AtomicBool,
    body: &'a (dyn Fn(usize) + Sync),
}

extern "C" fn work(job: *mut c_void) {
    // SAFETY: `each` passes a job that lives until all threads are done
    let job = unsafe { &*job.cast::<Job>() };
    loop {
        let i = job.next.fetch_add(1, Ordering::Relaxed);
        if i >= job.n {
            return;
        }
        if cistron_base::panic::guarded(|| (job.body)(i)).is_err() {
            job.failed.store(true, Ordering::Relaxed);
        }
    }
}

/// Calls `body` with each number below `n`, on as many threads as torch may use, in no particular
/// order.
///
/// # Panics
/// Where `body` does.
pub fn each(n: usize, body: &(dyn Fn(usize) + Sync)) {
    let threads = (tch::get_num_threads().max(1) as usize).min(n);
    let mut job = Job {
        next: AtomicUsize::new(0),
        n,
        failed: AtomicBool::new(false),
        body,
    };
    match entry() {
        Some(parallel) if threads > 1 => {
            // SAFETY: the region ends before `job` does, and `work` never unwinds
            unsafe {
                parallel(
                    work,
                    std::ptr::from_mut(&mut job).cast(),
                    threads as c_uint,
                    0,
                )
            };
        }
        _ if threads > 1 => {
            use rayon::prelude::*;
            (0..n).into_par_iter().for_each(body);
        }
        _ => (0..n).for_each(body),
    }
    assert!(
        !job.failed.load(Ordering::Relaxed),
        "{}",
        cistron_base::panic::last()
    );
}

/// Calls `body` with each chunk of `size` items and its number.
///
/// # Panics
/// Where `body` does.
pub fn each_part<T: Send>(items: &mut [T], size: usize, body: &(dyn Fn(usize, &mut [T]) + Sync)) {
    let parts: Vec<std::sync::Mutex<&mut [T]>> = items
        .chunks_mut(size.max(1))
        .map(std::sync::Mutex::new)
        .collect();
    each(parts.len(), &|i| {
        if let Ok(mut part) = parts[i].lock() {
            body(i, &mut part);
        }
    });
}

/// Calls `body` with each number below `n` and returns the results in order.
///
/// # Panics
/// Where `body` does.
pub fn map<T: Send>(n: usize, body: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let slots: Vec<std::sync::Mutex<Option<T>>> =
        (0..n).map(|_| std::sync::Mutex::new(None)).collect();
    each(n, &|i| {
        if let Ok(mut slot) = slots[i].lock() {
            *slot = Some(body(i));
        }
    });
    slots
        .into_iter()
        .filter_map(|slot| slot.into_inner().ok().flatten())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once_in_its_place() {
        assert_eq!(
            map(1000, &|i| i * 2),
            (0..1000).map(|i| i * 2).collect::<Vec<_>>()
        );
        let failed = cistron_base::panic::guarded(|| each(8, &|i| assert!(i < 5)));
        assert!(failed.is_err());
    }
}
