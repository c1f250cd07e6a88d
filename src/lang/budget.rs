//! What a script may take before it is ended: operations, seconds, memory.

use crate::base::{Fault, interrupt, system};
use crate::fault;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Operations between two looks at the clock and at the memory.
const EVERY: u64 = 1024;

/// Limits of a run; none where a script may take what it likes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// Operations of the interpreter.
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

/// Kinds of faults that end a script whatever `try` is around it.
pub fn is_final(kind: &str) -> bool {
    ["interrupted", "limit"].contains(&kind)
}

/// Begins to count; memory is limited where that of the process is.
pub fn begin(budget: Budget) {
    DONE.set(0);
    let running = Running {
        budget,
        began: Instant::now(),
        memory: system::memory_limit(),
    };
    RUNNING.with(|own| *own.borrow_mut() = Some(running));
}

/// Counts an operation; the fault where it must be the last.
pub fn step() -> Option<Fault> {
    if interrupt::is_raised() {
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
    RUNNING.with(|own| {
        let own = own.borrow();
        let own = own.as_ref()?;
        if let Some(most) = own.budget.operations.filter(|most| done > *most) {
            return Some(fault!(
                "limit",
                "the script took more than {} operations",
                grouped(most)
            ));
        }
        if let Some(most) = own
            .budget
            .seconds
            .filter(|most| own.began.elapsed() > Duration::from_secs(*most))
        {
            return Some(fault!("limit", "the script took more than {most} s"));
        }
        // the last eighth is left to what a single operation asks for; the allocator counts slowly,
        // and is asked last
        let most = own.memory?;
        (system::held_memory() > most / 8 * 7 && system::used_memory() > most / 8 * 5).then(|| {
            fault!("limit", "the script needs more memory than its limit of {} MiB", most >> 20;
                hint: "`--memory` of `run --sandbox` and of `test --grade` allows more")
        })
    })
}

fn grouped(n: u64) -> String {
    crate::base::shape::grouped(n as i64)
}
