//! Trials of a search that the processes of a run divide: each process runs trials of its own, and
//! all of them record in one file.

use super::search::{State, Trial};
use cistron_base::process::Process;
use cistron_base::{Result, interrupt};
use cistron_world as world;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a process looks whether another one has ended the search.
const LOOK: Duration = Duration::from_millis(300);
/// The first pause of a process that waits for a trial of another one, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(500)];

/// The processes of a run that divide the trials of a search.
#[derive(Clone, Debug)]
pub struct Division {
    processes: Vec<Process>,
    rank: usize,
    /// Number of trials without which none is pruned.
    startup: usize,
}

impl Division {
    /// That of all processes of the run, which all call it.
    pub fn of_all(startup: usize) -> Result<Division> {
        let own = Process::this().to_string();
        let all = world::gather("a search", own.as_bytes())?;
        let parse = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).parse().unwrap_or_default();
        Ok(Division {
            processes: all.iter().map(parse).collect(),
            rank: world::rank(),
            startup,
        })
    }

    /// Whether this process reports trials as they end.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// Whether a process is one of them.
    pub fn has(&self, process: &Process) -> bool {
        self.processes.contains(process)
    }

    /// What identifies the search in its file.
    pub fn key(&self) -> String {
        self.processes
            .first()
            .map_or(String::new(), ToString::to_string)
    }

    /// Whether a value of a step can be judged as in one process, where the trials before it would
    /// have ended: whether those that still run have come as far.
    pub fn is_judged(&self, trials: &[Trial], number: usize, step: i64) -> bool {
        let before = || trials.iter().filter(|trial| trial.number < number);
        let alive = before().filter(|trial| trial.state != State::Failed);
        if alive.count() < self.startup.max(1) {
            return true;
        }
        before()
            .filter(|trial| trial.state == State::Running && self.has(&trial.process))
            .all(|trial| trial.steps.iter().any(|(at, _)| *at >= step))
    }
}

/// A pause that becomes longer.
pub struct Pause(Duration);

impl Default for Pause {
    fn default() -> Pause {
        Pause(PAUSES[0])
    }
}

impl Pause {
    /// Sleeps; fails where the process was asked to stop.
    pub fn wait(&mut self) -> Result<()> {
        interrupt::check()?;
        std::thread::sleep(self.0);
        self.0 = (self.0 * 2).min(PAUSES[1]);
        Ok(())
    }
}

/// The line by which a process ends a search.
pub fn stop_line(key: &str) -> serde_json::Value {
    serde_json::json!({ "stop": key })
}

/// Interrupts this process where another one has ended the search, until it is dropped.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    has_raised: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches the file of a search.
    pub fn start(path: &Path, key: &str) -> Watch {
        let (is_over, has_raised) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (over, raised) = (is_over.clone(), has_raised.clone());
        let (path, line) = (path.to_path_buf(), stop_line(key).to_string());
        let thread = std::thread::spawn(move || watch(&path, &line, &over, &raised));
        Watch {
            is_over,
            has_raised,
            thread: Some(thread),
        }
    }

    /// Ends it; returns whether it has interrupted this process.
    pub fn end(mut self) -> bool {
        self.join();
        self.has_raised.load(Ordering::SeqCst)
    }

    fn join(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.join();
    }
}

fn watch(path: &PathBuf, line: &str, is_over: &AtomicBool, has_raised: &AtomicBool) {
    let mut length = 0;
    while !is_over.load(Ordering::SeqCst) {
        let now = std::fs::metadata(path).map_or(length, |about| about.len());
        if now != length {
            length = now;
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if text.lines().rev().any(|own| own == line) {
                if !interrupt::is_raised() {
                    has_raised.store(true, Ordering::SeqCst);
                    interrupt::raise();
                }
                return;
            }
        }
        std::thread::park_timeout(LOOK);
    }
}
