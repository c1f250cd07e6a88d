//! What processes agree on before an operation of all of them.

use crate::abi::HEADER;
use crate::connection::{self, World, copied, gathered};
use crate::failure::{self, Reported};
use cistron_base::{Fault, Result, interrupt};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How long a process that was asked to stop waits for the others.
const MAX_WAIT: Duration = Duration::from_secs(6);
/// How long a process tests without a pause whether the others have come.
const BUSY: Duration = Duration::from_micros(200);
/// Tests of an operation before the thread sleeps between them.
const SPINS: usize = 500;
/// The sleep between tests.
const PAUSE: Duration = Duration::from_micros(50);

thread_local! {
    /// Whether processes have agreed that one of them was asked to stop.
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
    /// Why no further operation is possible.
    static BROKEN: RefCell<Option<Fault>> = const { RefCell::new(None) };
    /// Whether all processes know the failure.
    static IS_SHARED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this process, or one that it has met in an operation, was asked to stop. Where there are
/// several processes, they all know it after the same operation.
pub fn is_interrupted() -> bool {
    match connection::is_parallel() {
        true => INTERRUPTED.get(),
        false => interrupt::is_due(),
    }
}

/// Fails with kind `interrupted` where [`is_interrupted`]: between operations that every process
/// takes part in, all processes stop at the same one.
pub fn check_interrupt() -> Result<()> {
    match is_interrupted() {
        true => Err(Fault::new("interrupted", "interrupted")),
        false => Ok(()),
    }
}

/// A number that differs between operations, but for chance.
fn key(what: &str, detail: usize) -> i64 {
    let bytes = what.bytes().chain(detail.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 2) as i64
}

/// The largest of each value over the processes.
fn maximum(world: &World, own: [i64; HEADER]) -> Result<[i64; HEADER]> {
    // both arrays outlive an operation that is abandoned
    let arrays = Box::leak(Box::new((own, [0_i64; HEADER])));
    (world.functions.begin_maximum)(arrays.0.as_ptr(), arrays.1.as_mut_ptr());
    let begun = Instant::now();
    let mut tests = 0_usize;
    let mut asked: Option<Instant> = None;
    while !(world.functions.is_complete)() {
        // beside other programs, a core that is yielded is back after a time slice of milliseconds
        if begun.elapsed() < BUSY {
            std::hint::spin_loop();
            continue;
        }
        tests += 1;
        if tests < SPINS {
            std::thread::yield_now();
            continue;
        }
        std::thread::sleep(PAUSE);
        if interrupt::is_raised() && asked.get_or_insert_with(Instant::now).elapsed() > MAX_WAIT {
            return Err(broken(Fault::new("interrupted", "interrupted")));
        }
    }
    let largest = arrays.1;
    // SAFETY: the operation is complete, and nothing else has the address
    drop(unsafe { Box::from_raw(std::ptr::from_mut(arrays)) });
    Ok(largest)
}

/// Keeps a fault after which no further operation is possible.
pub(crate) fn broken(fault: Fault) -> Fault {
    BROKEN.set(Some(fault.clone()));
    fault
}

/// Meets the other processes before an operation; fails where one has failed, or where they are
/// about to do something else.
pub(crate) fn agree(world: &World, what: &str, detail: usize) -> Result<()> {
    if let Some(fault) = BROKEN.with_borrow(Clone::clone) {
        return Err(fault);
    }
    let key = key(what, detail);
    let asked = i64::from(interrupt::is_raised());
    let [largest, negated, failed, asked] = maximum(world, [key, !key, 0, asked])?;
    if let Some(reported) = Reported::read(failed, world.size) {
        return Err(broken(received(world, &reported)));
    }
    if asked != 0 {
        INTERRUPTED.set(true);
    }
    if largest == !negated {
        return Ok(());
    }
    let name = match detail {
        0 => what.to_string(),
        detail => format!("{what} ({detail})"),
    };
    IS_SHARED.set(true);
    Err(broken(differing(&gathered(world, name.as_bytes()))))
}

/// The fault of another process, which sends it now.
fn received(world: &World, reported: &Reported) -> Fault {
    let text = copied(world, reported.rank, Vec::new());
    IS_SHARED.set(true);
    failure::of_rank(
        &serde_json::from_slice(&text).unwrap_or_default(),
        reported.rank,
    )
}

/// Announces the failure of this process; returns whether the others know it.
pub(crate) fn announce(world: &World, reported: &Reported, text: &[u8]) -> bool {
    if BROKEN.with_borrow(Option::is_some) {
        return IS_SHARED.get();
    }
    // the others may compute for long before they meet this process
    interrupt::raise();
    let own = [0, 0, reported.write(world.size), 0];
    let Ok([_, _, failed, _]) = maximum(world, own) else {
        return false;
    };
    if let Some(first) = Reported::read(failed, world.size) {
        copied(world, first.rank, text.to_vec());
    }
    true
}

/// The fault of processes that are at different operations.
fn differing(names: &[Vec<u8>]) -> Fault {
    let names: Vec<String> = names
        .iter()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let first = names.first().cloned().unwrap_or_default();
    let other = names.iter().position(|name| *name != first).unwrap_or(0);
    let message = format!(
        "ranks do different things: rank 0 is at {first}, rank {other} at {}",
        names.get(other).cloned().unwrap_or_default()
    );
    Fault::new("ranks", message).hint(
        "call functions that train, predict or communicate on every rank, in the same order: not \
         within `if world.rank == 0`",
    )
}
