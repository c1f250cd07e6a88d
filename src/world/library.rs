//! Finds and opens the library that wraps MPI.

use crate::abi::{ENTRY, Entry, Functions, VERSION};
use cistron_base::{Result, dynamic, fault};
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
    // the components of MPI need its symbols in the whole process
    let library = dynamic::open(path.as_os_str(), libc::RTLD_NOW)?;
    // SAFETY: the library is open
    let entry = unsafe { dynamic::symbol(library, ENTRY)? };
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
