//! Work of our own on torch's threads.
//!
//! torch's OpenMP threads wait for work by spinning. A second pool beside them would fight them for
//! the cores, so loops of ours run on the same threads, through the runtime that torch has loaded.

use cistron_base::parallel::Threads;
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

/// Torch's threads.
pub const THREADS: Threads = Threads(each);

/// Calls `body` with each chunk of `size` items and the chunk's number.
///
/// # Panics
/// Where `body` does.
pub fn each_part<T: Send>(items: &mut [T], size: usize, body: &(dyn Fn(usize, &mut [T]) + Sync)) {
    THREADS.each_part(items, size, body);
}

/// Calls `body` with each number below `n` and returns its results, in order.
///
/// # Panics
/// Where `body` does.
pub fn map<T: Send>(n: usize, body: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    THREADS.map(n, body)
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
