//! The environment of the OpenMP runtime, which reads it when it is loaded: before `main`.

use std::ffi::{CStr, c_char, c_int};

/// How often a waiting thread of GNU OpenMP looks before it sleeps, unless the user decides.
///
/// Its default of 300,000 keeps a core busy for milliseconds at each barrier, in which a thread that waits for that core cannot
/// run: beside one busy process, two threads trained slower than one. This is some microseconds, about what waking takes.
pub const SPIN_COUNT: &CStr = c"GOMP_SPINCOUNT=10000";

/// Variables by which users decide.
const DECIDING: [&[u8]; 2] = [b"GOMP_SPINCOUNT=", b"OMP_WAIT_POLICY="];

/// The most variables of an environment that is extended; a larger one stays as it is.
const MOST: usize = 8192;

/// Starts the program again with [`SPIN_COUNT`] in its environment, where the user decided nothing. It is called by the loader
/// before any library is initialised, so that what is lost is the time to load them, a few milliseconds.
///
/// # Safety
///
/// The arguments are those of a function in `.preinit_array`: null-terminated arrays of strings.
pub unsafe extern "C" fn limit_spinning(_count: c_int, arguments: *const *const c_char, environment: *const *const c_char) {
    // nothing is allocated: the allocator's library is not initialised
    let mut extended = [std::ptr::null::<c_char>(); MOST + 2];
    let mut n = 0;
    loop {
        // SAFETY: the array ends with a null pointer, which ends the loop
        let variable = unsafe { *environment.add(n) };
        if variable.is_null() {
            break;
        }
        // SAFETY: each pointer is a string
        let text = unsafe { CStr::from_ptr(variable) }.to_bytes();
        if n == MOST || DECIDING.iter().any(|name| text.starts_with(name)) {
            return;
        }
        extended[n] = variable;
        n += 1;
    }
    extended[n] = SPIN_COUNT.as_ptr();
    let link = c"/proc/self/exe";
    let mut path = [0u8; 4096];
    // SAFETY: one byte is left for the end of the string
    let length = unsafe { libc::readlink(link.as_ptr(), path.as_mut_ptr().cast(), path.len() - 1) };
    // by its own path the program keeps its name in lists of processes
    let is_there = length > 0 && !path[..length as usize].ends_with(b" (deleted)");
    let program = if is_there { path.as_ptr().cast() } else { link.as_ptr() };
    // SAFETY: strings and null-terminated arrays of strings; where it fails, this process goes on as it is
    unsafe { libc::execve(program, arguments, extended.as_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_variable_by_which_users_decide() {
        assert!(SPIN_COUNT.to_bytes().starts_with(DECIDING[0]));
    }
}
