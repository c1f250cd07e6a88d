//! How long threads of OpenMP wait for each other: long on an idle machine, shortly beside other
//! work.
//!
//! A thread of GNU OpenMP that waits at a barrier looks for the others some hundred thousand times
//! before it sleeps. On an idle machine that is fastest. Beside a busy process it keeps a core from
//! the very thread that it waits for, and training falls to a fiftieth. The runtime spins shortly
//! by itself where it manages more threads than there are CPUs. So while threads of this process
//! wait for CPUs, a team of threads that sleep is held open beside the working one.

use super::parallel;
use cistron_base::threads;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Variables of the runtime, of which the program sets both where the user sets none: how often a
/// thread looks before it sleeps (the default), and 1,000 instead of 100 times while more threads
/// are managed than there are CPUs.
pub const SETTINGS: [(&str, &str); 2] =
    [("GOMP_SPINCOUNT", "300000"), ("OMP_WAIT_POLICY", "active")];

/// How often the threads are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// The share of time that one thread waits for a CPU, above which there is other work, and below
/// which there is none.
const BUSY: f64 = 0.2;
const IDLE: f64 = 0.1;
/// The most threads that are held asleep.
const MOST: usize = 64;

/// Whether the team that sleeps is to be held.
static HELD: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// Sleeps until the team is released.
extern "C" fn sleep(_: *mut c_void) {
    let Ok(mut held) = HELD.lock() else { return };
    while *held {
        match CHANGED.wait(held) {
            Ok(next) => held = next,
            Err(_) => return,
        }
    }
}

fn hold(is_held: bool) {
    if let Ok(mut held) = HELD.lock() {
        *held = is_held;
        CHANGED.notify_all();
    }
}

/// Whether there is other work, from one look to the next.
struct Judge {
    is_busy: bool,
    /// Looks in a row that speak against the present state.
    against: u32,
    /// Looks since the state changed.
    since: u32,
    /// Quiet looks after which there is no other work: more where the last quiet time was short.
    patience: u32,
}

impl Judge {
    const PATIENCE: u32 = 10;

    fn new() -> Judge {
        Judge {
            is_busy: false,
            against: 0,
            since: u32::MAX,
            patience: Judge::PATIENCE,
        }
    }

    /// Takes the share of time that the thread which waited longest waited for a CPU; whether there
    /// is other work.
    fn see(&mut self, share: f64) -> bool {
        self.since = self.since.saturating_add(1);
        let speaks_against = if self.is_busy {
            share < IDLE
        } else {
            share > BUSY
        };
        self.against = if speaks_against { self.against + 1 } else { 0 };
        if self.against >= if self.is_busy { self.patience } else { 2 } {
            if !self.is_busy {
                let is_soon = self.since < 5 * self.patience;
                self.patience = if is_soon {
                    (2 * self.patience).min(16 * Judge::PATIENCE)
                } else {
                    Judge::PATIENCE
                };
            }
            self.is_busy = !self.is_busy;
            (self.against, self.since) = (0, 0);
        }
        self.is_busy
    }
}

/// Nanoseconds that each thread of this process has waited for a CPU; none where the system does
/// not tell.
fn waited() -> Option<HashMap<String, u64>> {
    let mut out = HashMap::new();
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let Ok(text) = std::fs::read_to_string(task.path().join("schedstat")) else {
            continue;
        };
        let nanoseconds = text.split(' ').nth(1).and_then(|word| word.parse().ok())?;
        out.insert(task.file_name().to_string_lossy().into_owned(), nanoseconds);
    }
    Some(out)
}

/// Seconds of CPU time that this process has used.
fn used() -> f64 {
    // SAFETY: all zeros is a valid value
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: fills the struct that it is given
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + 1e-6 * time.tv_usec as f64;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// CPUs that the process may run on, as OpenMP counts them when it is loaded.
fn cpus() -> usize {
    // SAFETY: all zeros is an empty set
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: fills the set that it is given
    let failed = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) } != 0;
    if failed {
        return usize::MAX;
    }
    // SAFETY: reads the set
    unsafe { libc::CPU_COUNT(&set) as usize }
}

fn run(entry: parallel::Parallel, cpus: usize) {
    let (mut judge, mut is_held) = (Judge::new(), false);
    let (mut before, mut cpu_time, mut at) = (HashMap::new(), used(), Instant::now());
    loop {
        std::thread::sleep(INTERVAL);
        let (now, now_used) = (Instant::now(), used());
        let seconds = now.duration_since(at).as_secs_f64();
        let is_working = now_used - cpu_time > 0.05 * seconds;
        (at, cpu_time) = (now, now_used);
        if !is_working && !is_held {
            before.clear();
            continue;
        }
        let Some(after) = waited() else { return };
        let longest = after
            .iter()
            .filter_map(|(task, n)| before.get(task).map(|earlier| n.saturating_sub(*earlier)))
            .max()
            .unwrap_or(0);
        before = after;
        let is_busy = judge.see(longest as f64 * 1e-9 / seconds);
        if is_busy == is_held {
            continue;
        }
        // its own thread counts only in the working team
        let team = cpus + 2 - super::device::threads().min(cpus);
        if is_busy && (team > MOST || super::device::threads() < 2) {
            continue;
        }
        hold(is_busy);
        is_held = is_busy;
        if is_busy {
            // SAFETY: `sleep` takes no data and never unwinds
            let held = threads::spawn("sleepers", move || unsafe {
                entry(sleep, std::ptr::null_mut(), team as u32, 0)
            });
            if held.is_err() {
                return;
            }
        }
    }
}

/// Begins to look for other work, where the user decided nothing and operations use several
/// threads.
pub fn watch() {
    let is_default = |(name, value)| std::env::var(name).is_ok_and(|text| text == value);
    if !SETTINGS.into_iter().all(is_default) {
        return;
    }
    let Some(entry) = parallel::entry() else {
        return;
    };
    let cpus = cpus();
    if cpus > 1 && cpus < usize::MAX {
        // without it the runtime waits as it does by default
        threads::spawn("contention", move || run(entry, cpus)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_work_is_seen_within_two_looks_and_forgotten_after_a_quiet_time() {
        let mut judge = Judge::new();
        assert!(!judge.see(0.05) && !judge.see(0.5) && !judge.see(0.15) && !judge.see(0.5));
        assert!(judge.see(0.5));
        assert!((0..9).all(|_| judge.see(0.0)) && judge.see(0.15));
        assert!((0..9).all(|_| judge.see(0.0)) && !judge.see(0.0));
        // work that comes back soon is waited for longer
        assert!(!judge.see(0.5) && judge.see(0.5));
        assert!((0..19).all(|_| judge.see(0.0)) && !judge.see(0.0));
        assert!((0..200).all(|_| !judge.see(0.0)));
        assert!(!judge.see(0.5) && judge.see(0.5));
        assert!((0..9).all(|_| judge.see(0.0)) && !judge.see(0.0));
    }

    #[test]
    fn the_system_tells_how_long_threads_wait() {
        assert!(waited().is_none_or(|tasks| !tasks.is_empty()));
        assert!(used() > 0.0 && cpus() > 0);
    }
}
