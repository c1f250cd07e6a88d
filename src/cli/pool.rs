//! The pool of threads that parts of an operation share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::Duration;

/// How many of `n` threads the system allows at a time.
fn allowed(n: usize) -> usize {
    let open = Arc::new(AtomicBool::new(false));
    let wait = |open: Arc<AtomicBool>| {
        move || {
            while !open.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    };
    let started: Vec<_> = (0..n)
        .map_while(|_| Builder::new().spawn(wait(open.clone())).ok())
        .collect();
    open.store(true, Ordering::Relaxed);
    let count = started.len();
    started.into_iter().for_each(|thread| {
        thread.thread().unpark();
        thread.join().ok();
    });
    count
}

/// Starts the pool of threads that parts of an operation share: as many as there are cores, half of
/// those that the system allows where these are fewer, this thread alone where it allows none. How
/// many. A pool that cannot be started cannot be started again, so threads are tried first.
pub fn start() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let n = match allowed(cores) {
        n if n == cores => n,
        n => {
            // threads that ended count until the system has cleared them away
            std::thread::sleep(Duration::from_millis(20));
            n / 2
        }
    };
    let pool = rayon::ThreadPoolBuilder::new();
    let pool = if n == 0 {
        pool.num_threads(1).use_current_thread()
    } else {
        pool.num_threads(n)
    };
    pool.build_global().ok();
    if n == cores {
        crate::torch::contention::watch();
    }
    n.max(1)
}
