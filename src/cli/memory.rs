//! A readable error where memory runs out during an operation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The size of the last request for memory that failed.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which stores the size of failed requests.
pub struct Remembering;

// SAFETY: every call goes to the system's allocator as it is
unsafe impl GlobalAlloc for Remembering {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the system's
        noted(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the system's
        noted(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is the system's
        noted(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the system's
        unsafe { System.dealloc(block, layout) }
    }
}

fn noted(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        REFUSED.store(size, Relaxed);
    }
    block
}

/// Ends the process with a readable error instead of a signal where memory runs out during an
/// operation.
pub fn watch() {
    // SAFETY: the handler only writes to standard error and leaves
    unsafe {
        libc::signal(
            libc::SIGABRT,
            aborted as extern "C" fn(libc::c_int) as libc::sighandler_t,
        )
    };
}

extern "C" fn aborted(signal: libc::c_int) {
    let text: &[u8] = b"error[memory]: the memory that this operation needs is not there\n  \
        hint: smaller batches, shorter sequences or fewer rows at a time need less; \
        --memory raises the limit of a sandbox\n";
    if REFUSED.load(Relaxed) > 0 {
        // SAFETY: both calls may be made in a handler
        unsafe {
            libc::write(2, text.as_ptr().cast(), text.len());
            libc::_exit(1);
        }
    }
    // SAFETY: restores the default action for other aborts
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}
