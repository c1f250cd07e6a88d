//! Limits of a script: operations, seconds, memory.

use cistron_base::fault;
use cistron_base::{Fault, interrupt, system};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Operations between two checks of time and memory.
const EVERY: u64 = 1024;

/// Limits of a run; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// Number of operations of the interpreter.
    pub operations: Option<u64>,
    /// Seconds.
    pub seconds: Option<u64>,
}

struct Running {
    budget: Budget,
    began: Instant,
    memory: Option<u64>,
}

thread_local! {
    static DONE: Cell<u64> = const { Cell::new(0) };
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Kinds of faults that `try` does not catch.
pub fn is_final(kind: &str) -> bool {
    ["interrupted", "limit"].contains(&kind)
}

/// Starts counting; memory is limited where that of the process is.
pub fn begin(budget: Budget) {
    DONE.set(0);
    let running = Running {
        budget,
        began: Instant::now(),
        memory: system::memory_limit(),
    };
    RUNNING.with(|current| *current.borrow_mut() = Some(running));
}

/// Counts an operation; returns a fault where a limit is exceeded.
pub fn step() -> Option<Fault> {
    if interrupt::is_due() {
        return Some(Fault::new("interrupted", "interrupted"));
    }
    let done = DONE.get() + 1;
    DONE.set(done);
    if done.is_multiple_of(EVERY) {
        exceeded(done)
    } else {
        None
    }
}

#[cold]
fn exceeded(done: u64) -> Option<Fault> {
    RUNNING.with(|running| {
        let running = running.borrow();
        let running = running.as_ref()?;
        if let Some(most) = running.budget.operations.filter(|most| done > *most) {
            return Some(fault!(
                "limit",
                "the script took more than {} operations",
                grouped(most)
            ));
        }
        if let Some(most) = running
            .budget
            .seconds
            .filter(|most| running.began.elapsed() > Duration::from_secs(*most))
        {
            return Some(fault!("limit", "the script took more than {most} s"));
        }
        // the last eighth is reserved for single operations; the allocator counts slowly and is
        // queried last
        let most = running.memory?;
        (system::held_memory() > most / 8 * 7 && system::used_memory() > most / 8 * 5).then(|| {
            fault!("limit", "the script needs more memory than its limit of {} MiB", most >> 20;
                hint: "`--memory` of `run --sandbox` and of `test --grade` allows more")
        })
    })
}

fn grouped(n: u64) -> String {
    cistron_base::shape::grouped(n as i64)
}
