//! The environment of the OpenMP runtime, which is read when it is loaded, before `main`.

use crate::torch::contention::SETTINGS;
use std::ffi::{CStr, c_char, c_int};

/// Variables that users may set instead.
const DECIDING: [&[u8]; 2] = [b"GOMP_SPINCOUNT=", b"OMP_WAIT_POLICY="];

/// The largest environment that is extended, in variables.
const MOST: usize = 8192;

/// Starts the program again with [`SETTINGS`] in its environment, where the user decided nothing.
/// It is called by the loader before any library is initialised, so that what is lost is the time
/// to load them, a few milliseconds.
///
/// # Safety
///
/// The arguments are those of a function in `.preinit_array`: null-terminated arrays of strings.
pub unsafe extern "C" fn set_waiting(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) {
    // nothing is allocated: the allocator's library is not initialised
    let mut extended = [std::ptr::null::<c_char>(); MOST + SETTINGS.len() + 1];
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
    for (slot, setting) in extended[n..].iter_mut().zip(SETTINGS) {
        *slot = setting.as_ptr();
    }
    let link = c"/proc/self/exe";
    let mut path = [0u8; 4096];
    // SAFETY: one byte is left for the end of the string
    let length = unsafe { libc::readlink(link.as_ptr(), path.as_mut_ptr().cast(), path.len() - 1) };
    // by its own path the program keeps its name in lists of processes
    let is_there = length > 0 && !path[..length as usize].ends_with(b" (deleted)");
    let program = if is_there {
        path.as_ptr().cast()
    } else {
        link.as_ptr()
    };
    // SAFETY: strings and null-terminated arrays of strings; where it fails, this process continues
    // as it is
    unsafe { libc::execve(program, arguments, extended.as_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_variables_by_which_users_decide() {
        assert!(
            SETTINGS
                .iter()
                .zip(DECIDING)
                .all(|(setting, name)| setting.to_bytes().starts_with(name))
        );
    }
}
