//! Libraries that are opened while the program runs.

use std::ffi::{CStr, CString, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;

/// Opens a library for the whole process; fails with what the loader states.
pub fn open(path: &OsStr, flags: c_int) -> Result<*mut c_void, String> {
    let path = CString::new(path.as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: the name is a string; loading runs the library's initialisers
    found(unsafe { libc::dlopen(path.as_ptr(), flags | libc::RTLD_GLOBAL) })
}

/// Finds a function of a library.
///
/// # Safety
/// The library is one that [`open`] has returned.
pub unsafe fn symbol(library: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the library is open, and the name is a string
    found(unsafe { libc::dlsym(library, name.as_ptr()) })
}

/// What the loader has found, or why it has found nothing.
fn found(what: *mut c_void) -> Result<*mut c_void, String> {
    if !what.is_null() {
        return Ok(what);
    }
    // SAFETY: the loader returns a string that lives until its next call on this thread, or null
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return Err("the loader states no reason".into());
    }
    // SAFETY: see above
    Err(unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned())
}
