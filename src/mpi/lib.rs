//! MPI as a shared library of a few C functions ([`Functions`]).
//!
//! The program is not linked against MPI: it opens this library when it is started as one of
//! several processes. It therefore starts as fast as before, and also where there is no MPI.

use cistron_world::abi::{Functions, HEADER, VERSION};
use mpi::Threading;
use mpi::environment::Universe;
use mpi::ffi;
use std::cell::{Cell, RefCell};

/// Largest number of elements of one call of MPI, whose counts are 32-bit integers.
const PART: usize = 1 << 28;

thread_local! {
    static UNIVERSE: RefCell<Option<Universe>> = const { RefCell::new(None) };
    /// The maximum that was begun.
    static BEGUN: Cell<Option<ffi::MPI_Request>> = const { Cell::new(None) };
}

static FUNCTIONS: Functions = Functions {
    version: VERSION,
    start,
    begin_maximum,
    is_complete,
    sum_f32,
    sum_f64,
    broadcast,
    gather,
    finish,
    abort,
};

/// Returns the functions.
#[unsafe(no_mangle)]
pub extern "C" fn cistron_mpi_functions() -> *const Functions {
    &raw const FUNCTIONS
}

/// The communicator of all processes.
fn all() -> ffi::MPI_Comm {
    // SAFETY: a constant of the library
    unsafe { ffi::RSMPI_COMM_WORLD }
}

extern "C" fn start(rank: &mut i32, size: &mut i32) -> i32 {
    let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
        return 1;
    };
    UNIVERSE.set(Some(universe));
    // SAFETY: MPI is initialised, and both are places for an integer
    unsafe { ffi::MPI_Comm_rank(all(), rank) | ffi::MPI_Comm_size(all(), size) }
}

extern "C" fn begin_maximum(own: *const i64, largest: *mut i64) {
    // SAFETY: the caller keeps both arrays until the operation is complete
    let request = unsafe {
        let mut request = std::mem::zeroed();
        let (kind, operation) = (ffi::RSMPI_INT64_T, ffi::RSMPI_MAX);
        ffi::MPI_Iallreduce(
            own.cast(),
            largest.cast(),
            HEADER as i32,
            kind,
            operation,
            all(),
            &raw mut request,
        );
        request
    };
    BEGUN.set(Some(request));
}

extern "C" fn is_complete() -> bool {
    let Some(mut request) = BEGUN.get() else {
        return true;
    };
    let mut flag = 0;
    // SAFETY: the request is that of an operation that was begun
    unsafe { ffi::MPI_Test(&raw mut request, &raw mut flag, ffi::RSMPI_STATUS_IGNORE) };
    BEGUN.set((flag == 0).then_some(request));
    flag != 0
}

/// Calls a function for each part of `count` elements: where it starts, and its elements.
fn in_parts(count: usize, mut call: impl FnMut(usize, i32)) {
    for from in (0..count).step_by(PART) {
        call(from, PART.min(count - from) as i32);
    }
}

extern "C" fn sum_f32(own: *const f32, sum: *mut f32, count: usize) {
    in_parts(count, |from, n| {
        // SAFETY: both arrays have `count` elements
        unsafe {
            let (own, sum) = (own.add(from).cast(), sum.add(from).cast());
            ffi::MPI_Allreduce(own, sum, n, ffi::RSMPI_FLOAT, ffi::RSMPI_SUM, all());
        }
    });
}

extern "C" fn sum_f64(own: *const f64, sum: *mut f64, count: usize) {
    in_parts(count, |from, n| {
        // SAFETY: both arrays have `count` elements
        unsafe {
            let (own, sum) = (own.add(from).cast(), sum.add(from).cast());
            ffi::MPI_Allreduce(own, sum, n, ffi::RSMPI_DOUBLE, ffi::RSMPI_SUM, all());
        }
    });
}

extern "C" fn broadcast(root: i32, bytes: *mut u8, count: usize) {
    in_parts(count, |from, n| {
        // SAFETY: the array has `count` elements
        unsafe { ffi::MPI_Bcast(bytes.add(from).cast(), n, ffi::RSMPI_UINT8_T, root, all()) };
    });
}

extern "C" fn gather(own: *const u8, counts: *const usize, gathered: *mut u8) {
    let (mut rank, mut size) = (0, 0);
    // SAFETY: MPI is initialised, and both are places for an integer
    unsafe {
        ffi::MPI_Comm_rank(all(), &raw mut rank);
        ffi::MPI_Comm_size(all(), &raw mut size);
    }
    // SAFETY: there is a count for each process
    let counts = unsafe { std::slice::from_raw_parts(counts, size as usize) };
    let starts: Vec<usize> = counts
        .iter()
        .scan(0, |end, count| {
            *end += count;
            Some(*end - count)
        })
        .collect();
    let total: usize = counts.iter().sum();
    if total <= PART {
        let own_count = counts[rank as usize] as i32;
        let starts: Vec<i32> = starts.iter().map(|start| *start as i32).collect();
        let counts: Vec<i32> = counts.iter().map(|count| *count as i32).collect();
        // SAFETY: the arrays have the numbers of elements that `counts` states
        unsafe {
            let kind = ffi::RSMPI_UINT8_T;
            ffi::MPI_Allgatherv(
                own.cast(),
                own_count,
                kind,
                gathered.cast(),
                counts.as_ptr(),
                starts.as_ptr(),
                kind,
                all(),
            );
        }
        return;
    }
    for (root, (start, count)) in starts.iter().zip(counts).enumerate() {
        // SAFETY: `gathered` has the bytes of all processes, `own` those of this one
        unsafe {
            let place = gathered.add(*start);
            if root == rank as usize {
                std::ptr::copy_nonoverlapping(own, place, *count);
            }
            broadcast(root as i32, place, *count);
        }
    }
}

extern "C" fn finish() {
    // the destructor of the universe ends MPI
    drop(UNIVERSE.take());
}

extern "C" fn abort(code: i32) -> ! {
    // SAFETY: ends the process
    unsafe { ffi::MPI_Abort(all(), code) };
    std::process::exit(code)
}
