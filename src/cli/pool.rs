//! The pool of threads on which operations run in parallel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::Duration;

/// The number of threads, at most `n`, that the system allows at a time.
pub(super) fn allowed(n: usize) -> usize {
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

/// Threads beyond two per core that a run starts: loaders, locks, watchers, those of a debugger.
pub(super) const SPARE: usize = 16;

/// The cores that this process may use: those of the machine are divided between the processes that
/// `mpirun` or `srun` has started there, unless it has bound them to cores.
fn cores() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    // SAFETY: asks for a number
    let online = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    match cistron_world::launcher::launched() {
        Some(_) if allowed as i64 >= online => {
            (allowed / cistron_world::launcher::local_size()).max(1)
        }
        _ => allowed,
    }
}

/// Starts the pool of threads on which operations run in parallel, and returns its size: one thread
/// per core. A pool that fails to start cannot be started again, and OpenMP ends the process where
/// it gets no thread. Threads are therefore tried first: where the system allows few (`ulimit -u`,
/// a container), the pool has half of them and torch uses only the calling thread.
pub fn start() -> usize {
    let cores = cores();
    let enough = 2 * cores + SPARE;
    let allowed = allowed(enough);
    let is_short = allowed < enough;
    if is_short {
        // ended threads count until the system has removed them
        std::thread::sleep(Duration::from_millis(20));
        crate::torch::device::keep_to_one_thread();
    }
    let n = if is_short {
        (allowed / 2).min(cores)
    } else {
        cores
    };
    let pool = rayon::ThreadPoolBuilder::new();
    let pool = if n == 0 {
        pool.num_threads(1).use_current_thread()
    } else {
        pool.num_threads(n)
    };
    pool.build_global().ok();
    if !is_short {
        crate::torch::contention::watch();
    }
    n.max(1)
}
