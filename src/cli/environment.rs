//! The environment of libtorch's libraries (OpenMP, MKL, oneDNN), which they read when they are
//! loaded, before `main`.

use crate::torch::contention::SETTINGS;
use std::ffi::{CStr, c_char, c_int};

/// Variables of OpenMP that users may set instead.
const DECIDING: [&[u8]; 2] = [b"GOMP_SPINCOUNT=", b"OMP_WAIT_POLICY="];

/// Variables of libtorch, oneDNN and MKL that confine them to the instructions that
/// [`CISTRON_SIMD`](crate::base::simd::VARIABLE) names.
const INSTRUCTIONS: [(&[u8], [&CStr; 3]); 2] = [
    (
        b"CISTRON_SIMD=avx2",
        [
            c"ATEN_CPU_CAPABILITY=avx2",
            c"ONEDNN_MAX_CPU_ISA=AVX2",
            c"MKL_ENABLE_INSTRUCTIONS=AVX2",
        ],
    ),
    (
        b"CISTRON_SIMD=portable",
        [
            c"ATEN_CPU_CAPABILITY=default",
            c"ONEDNN_MAX_CPU_ISA=SSE41",
            c"MKL_ENABLE_INSTRUCTIONS=SSE4_2",
        ],
    ),
];

/// The largest environment that is extended, in variables.
const MOST: usize = 8192;

/// Starts the program again with [`SETTINGS`] in its environment, where the user decided nothing,
/// and with [`INSTRUCTIONS`] where they are asked for. It is called by the loader before any
/// library is initialised, so that what is lost is the time to load them, a few milliseconds.
///
/// # Safety
///
/// The arguments are those of a function in `.preinit_array`: null-terminated arrays of strings.
pub unsafe extern "C" fn extend_environment(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) {
    // nothing is allocated: the allocator's library is not initialised
    let mut extended = [std::ptr::null::<c_char>(); MOST + SETTINGS.len() + 4];
    let mut n = 0;
    let mut added: [&[&CStr]; 2] = [&SETTINGS, &[]];
    let mut is_confined = false;
    loop {
        // SAFETY: the array ends with a null pointer, which ends the loop
        let variable = unsafe { *environment.add(n) };
        if variable.is_null() {
            break;
        }
        // SAFETY: each pointer is a string
        let text = unsafe { CStr::from_ptr(variable) }.to_bytes();
        if n == MOST {
            return;
        }
        is_confined |= text.starts_with(b"ATEN_CPU_CAPABILITY=");
        if DECIDING.iter().any(|name| text.starts_with(name)) {
            added[0] = &[];
        }
        if let Some((_, confining)) = INSTRUCTIONS.iter().find(|(name, _)| *name == text) {
            added[1] = confining;
        }
        extended[n] = variable;
        n += 1;
    }
    if is_confined {
        added[1] = &[];
    }
    if added.iter().all(|settings| settings.is_empty()) {
        return;
    }
    let settings = added.into_iter().flatten();
    for (slot, setting) in extended[n..].iter_mut().zip(settings) {
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
    fn instructions_have_the_names_of_the_variable() {
        use crate::base::simd::{Simd, VARIABLE};
        for (simd, (text, _)) in [Simd::Avx2, Simd::Portable].into_iter().zip(INSTRUCTIONS) {
            assert_eq!(text, format!("{VARIABLE}={}", simd.name()).as_bytes());
        }
    }

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
