//! Finds and opens the library that wraps MPI.

use crate::abi::{ENTRY, Entry, Functions, VERSION};
use cistron_base::{Result, fault};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The environment variable that names the library.
pub const VARIABLE: &str = "CISTRON_MPI";

/// Its name beside the program.
const FILE: &str = "libcistron_mpi.so";

/// The library: that of the environment variable, else beside the program or in `deps` there.
fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) {
        return Some(named.into());
    }
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let places = [folder.join(FILE), folder.join("deps").join(FILE)];
    places.into_iter().find(|place| place.exists())
}

/// Opens the library.
///
/// # Errors
/// Where there is none, or MPI cannot be loaded.
pub(super) fn open(launcher: &str, size: usize) -> Result<&'static Functions> {
    let Some(path) = find() else {
        return Err(
            fault!("usage", "this is one of {size} processes of {launcher}, and the program was \
                built without MPI";
                hint: "scripts/cistron builds it with MPI where `mpicc` is found (Debian: apt-get \
                    install openmpi-bin libopenmpi-dev libclang-dev); by hand `cargo build \
                    --release --features mpi`"),
        );
    };
    opened(&path).map_err(|error| {
        fault!("system", "{} cannot be used: {error}", path.display();
            hint: "install the MPI that the program was built with, or build it again")
    })
}

fn opened(path: &Path) -> std::result::Result<&'static Functions, String> {
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: the name is a string; the components of MPI need its symbols in the whole process
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        return Err(loader_error());
    }
    // SAFETY: the library is open, and the name is a string
    let entry = unsafe { libc::dlsym(handle, ENTRY.as_ptr()) };
    if entry.is_null() {
        return Err(loader_error());
    }
    // SAFETY: a function of that name has this type; what it points to is never freed
    let functions = unsafe { &*std::mem::transmute::<*mut libc::c_void, Entry>(entry)() };
    if functions.version != VERSION {
        let version = functions.version;
        return Err(format!(
            "it has version {version} of the interface, not {VERSION}"
        ));
    }
    Ok(functions)
}

fn loader_error() -> String {
    // SAFETY: the loader returns a string that lives until its next call on this thread, or null
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "the loader states no reason".into();
    }
    // SAFETY: see above
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}
