//! The interface between the program and the library that wraps MPI.

/// The name of the function that returns a pointer to [`Functions`].
pub const ENTRY: &std::ffi::CStr = c"cistron_mpi_functions";

/// The type of the function [`ENTRY`].
pub type Entry = extern "C" fn() -> *const Functions;

/// The version of this interface; a library of another one is refused.
pub const VERSION: u64 = 1;

/// Values that processes agree on before a collective operation.
pub const HEADER: usize = 4;

/// The functions of MPI that are used. All of them are called by the thread that called `start`.
#[repr(C)]
pub struct Functions {
    /// [`VERSION`] when the library was built.
    pub version: u64,
    /// Initialises MPI; writes the number of this process and of all. Returns 0 unless it failed.
    pub start: extern "C" fn(rank: &mut i32, size: &mut i32) -> i32,
    /// Starts to compute the largest of each of [`HEADER`] values over the processes.
    pub begin_maximum: extern "C" fn(own: *const i64, largest: *mut i64),
    /// Whether the maximum that was begun is there.
    pub is_complete: extern "C" fn() -> bool,
    /// Sums 32-bit floats over the processes.
    pub sum_f32: extern "C" fn(own: *const f32, sum: *mut f32, count: usize),
    /// Sums 64-bit floats over the processes.
    pub sum_f64: extern "C" fn(own: *const f64, sum: *mut f64, count: usize),
    /// Copies bytes of one process to all others.
    pub broadcast: extern "C" fn(root: i32, bytes: *mut u8, count: usize),
    /// Copies the bytes of each process, of which there are `counts`, to all, one after another.
    pub gather: extern "C" fn(own: *const u8, counts: *const usize, all: *mut u8),
    /// Ends MPI; every process calls it.
    pub finish: extern "C" fn(),
    /// Ends all processes with an exit code.
    pub abort: extern "C" fn(code: i32) -> !,
}
