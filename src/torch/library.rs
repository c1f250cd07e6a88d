//! Finds and loads libtorch, when an operation first needs it or [`load`] is called.
//!
//! libtorch registers its operators while it is loaded, which takes some tenths of a second. The
//! program is therefore not linked against it: the C functions of `torch-sys` are stubs, which jump
//! through a table (`build.rs`). Loading opens `libtorch_cpu.so`, then the library of these
//! functions, which the program contains, and fills the table.

use cistron_base::{Fault, Result, dynamic, fault};
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The version of libtorch that the program is built for.
pub const WANTED: &str = "2.11.0";

/// The environment variable that names a folder of libtorch.
pub const VARIABLE: &str = "CISTRON_LIBTORCH";

/// The folder of libtorch with which the program was built.
const BUILT_FOR: &str = env!("CISTRON_BUILT_FOR");

/// The part of libtorch that every machine has.
const FILE: &str = "libtorch_cpu.so";

/// The library of the functions that have stubs.
static FUNCTIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libcistron_torch.so"));

unsafe extern "C" {
    static cistron_torch_count: usize;
    static cistron_torch_names: c_char;
    static cistron_torch_slots: AtomicPtr<c_void>;
    // of `custom`, which imports this file by way of tensors
    fn cistron_kernel_backward();
    fn cistron_kernel_drop();
    fn cistron_message_free();
}

/// Which setting leads to a folder of libtorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The environment variable `CISTRON_LIBTORCH`.
    Variable,
    /// The environment variable `LD_LIBRARY_PATH`.
    SearchPath,
    /// The folder `lib` of the package that the program is in.
    Package,
    /// The folder that the program was built with.
    Build,
}

impl Source {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Source::Variable => VARIABLE,
            Source::SearchPath => "LD_LIBRARY_PATH",
            Source::Package => "its package",
            Source::Build => "the build",
        }
    }
}

/// A libtorch on this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// The folder of its libraries.
    pub folder: PathBuf,
    /// Its version, such as `2.11.0+cpu`; none where no file beside it states one.
    pub version: Option<String>,
    /// Which setting leads there.
    pub source: Source,
}

/// Finds libtorch: in the folder of `CISTRON_LIBTORCH` (or its `lib`), in those of
/// `LD_LIBRARY_PATH`, in `../lib` of the program's folder, in that of the build.
///
/// # Errors
/// Where there is none, or the variable names a folder without one.
pub fn find() -> Result<Found> {
    let has = |folder: &Path| folder.join(FILE).exists();
    let found = |folder: PathBuf, source| Found {
        version: version_beside(&folder),
        folder,
        source,
    };
    let variable = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
    if let Some(named) = variable.map(PathBuf::from) {
        let folders = [named.join("lib"), named.clone()];
        let folder = folders.into_iter().find(|folder| has(folder));
        return folder
            .map(|folder| found(folder, Source::Variable))
            .ok_or_else(|| {
                fault!("torch", "{VARIABLE}={}: there is no {FILE}", named.display();
                    hint: "let it name the `torch` folder of an installed torch {WANTED}, or unset \
                        it")
            });
    }
    let paths = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&paths).find(|folder| has(folder)) {
        return Ok(found(folder, Source::SearchPath));
    }
    let package = package().map(|folder| found(folder, Source::Package));
    if let Some(package) = package.filter(|package| has(&package.folder) && is_wanted(package)) {
        return Ok(package);
    }
    if has(Path::new(BUILT_FOR)) {
        return Ok(found(BUILT_FOR.into(), Source::Build));
    }
    Err(
        fault!("torch", "libtorch is no longer at {BUILT_FOR}, where it was when the program was \
            built";
            hint: "let {VARIABLE} name the `torch` folder of an installed torch {WANTED}, or fetch \
                libtorch again by scripts/cistron"),
    )
}

/// The folder of libraries of the package that the program is in: `bin/cistron` has `lib`.
fn package() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.join("lib"))
}

/// Whether a libtorch has the version that the program is built for, as far as it is known.
fn is_wanted(found: &Found) -> bool {
    let version = found.version.as_deref();
    version.is_none_or(|text| text.split('+').next() == Some(WANTED))
}

/// The version that a file beside a folder of libraries states, or the name of the folder of
/// metadata that an unpacked wheel has beside `torch`.
fn version_beside(folder: &Path) -> Option<String> {
    let real = std::fs::canonicalize(folder.join(FILE)).ok()?;
    let home = real.parent()?.parent()?;
    let files = ["build-version", "version.py"].map(|name| home.join(name));
    let stated = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .find_map(|text| version_in(&text));
    stated.or_else(|| {
        let beside = std::fs::read_dir(home.parent()?).ok()?;
        let mut versions: Vec<String> = beside
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                version_in(name.strip_prefix("torch-")?.strip_suffix(".dist-info")?)
            })
            .collect();
        // of several, none is known to be that of the libraries
        versions.pop().filter(|_| versions.is_empty())
    })
}

/// The first word that is a version, such as `2.11.0+cpu`.
fn version_in(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '+';
    text.split(|c| !is_part(c))
        .find(|word| {
            let number = word.split('+').next().unwrap_or("");
            number.split('.').count() == 3
                && number.split('.').all(|part| part.parse::<u32>().is_ok())
        })
        .map(str::to_string)
}

/// Whether libtorch is loaded.
pub fn is_loaded() -> bool {
    matches!(STATE.get(), Some(Ok(_)))
}

/// What the system's loader returns, or its message.
type Opened<T> = std::result::Result<T, String>;

static STATE: OnceLock<Result<Found>> = OnceLock::new();

/// Loads libtorch, once.
///
/// # Errors
/// Where it is not found, has another version, or the system's loader refuses it.
pub fn load() -> Result<&'static Found> {
    STATE.get_or_init(opened).as_ref().map_err(Clone::clone)
}

fn opened() -> Result<Found> {
    let found = find()?;
    if !is_wanted(&found) {
        let version = found.version.as_deref().unwrap_or_default();
        return Err(
            fault!("torch", "{} holds libtorch {version}, {WANTED} is needed",
                found.folder.display();
                hint: "unset LD_LIBRARY_PATH and {VARIABLE}, or let {VARIABLE} name the `torch` \
                    folder of torch {WANTED}"),
        );
    }
    let refused = |error: String| {
        fault!("torch", "libtorch in {} cannot be loaded: {error}", found.folder.display();
            hint: "`cistron doctor` examines the installation")
    };
    open(found.folder.join(FILE).as_os_str()).map_err(refused)?;
    let functions = functions().map_err(refused)?;
    fill(functions).map_err(refused)?;
    Ok(found)
}

/// Opens a library for the whole process.
pub(super) fn open(path: &OsStr) -> Opened<*mut c_void> {
    dynamic::open(path, libc::RTLD_LAZY)
}

/// Opens the library that the program contains: from memory, or, where the system refuses to run
/// code from there, from a temporary file.
fn functions() -> Opened<*mut c_void> {
    let path = |file: &File| format!("/proc/self/fd/{}", file.as_raw_fd());
    let from_memory = in_memory().and_then(|file| open(OsStr::new(&path(&file))));
    from_memory.or_else(|first| {
        let name = format!("cistron-{}-libtorch.so", std::process::id());
        let place = std::env::temp_dir().join(name);
        // never through a file or link that somebody else has placed there
        let opened = File::create_new(&place)
            .and_then(|mut file| file.write_all(FUNCTIONS))
            .map_err(|error| format!("{first}; {}: {error}", place.display()))
            .and_then(|()| open(place.as_os_str()));
        // the loader has mapped it
        std::fs::remove_file(&place).ok();
        opened
    })
}

/// A file in memory that holds the library.
fn in_memory() -> Opened<File> {
    /// Of kernels since 6.3: the file may be run, whatever is the default.
    const EXECUTABLE: libc::c_uint = 0x10;
    let name = c"libcistron_torch.so";
    // SAFETY: the name is a string
    let make = |flags| unsafe { libc::memfd_create(name.as_ptr(), flags) };
    let made: c_int = match make(libc::MFD_CLOEXEC | EXECUTABLE) {
        failed if failed < 0 => make(libc::MFD_CLOEXEC),
        made => made,
    };
    if made < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    // SAFETY: the descriptor is new, and nobody else has it
    let mut file = unsafe { File::from_raw_fd(made) };
    file.write_all(FUNCTIONS)
        .map_err(|error| error.to_string())?;
    Ok(file)
}

/// The type of a function that takes the callbacks of `custom`.
type SetCallbacks =
    unsafe extern "C" fn(backward: *const c_void, drop: *const c_void, free_message: *const c_void);

/// Fills the table of the stubs.
fn fill(library: *mut c_void) -> Opened<()> {
    // SAFETY: the library is open
    let find = |name: &CStr| unsafe { dynamic::symbol(library, name) };
    let set_callbacks = find(c"cistron_set_callbacks")?;
    // SAFETY: function.cpp declares these types; the functions live as long as the program
    unsafe {
        let set_callbacks = std::mem::transmute::<*mut c_void, SetCallbacks>(set_callbacks);
        set_callbacks(
            cistron_kernel_backward as *const c_void,
            cistron_kernel_drop as *const c_void,
            cistron_message_free as *const c_void,
        );
    }
    // SAFETY: written by build.rs; names are strings that follow each other
    let (count, mut name) = unsafe { (cistron_torch_count, &raw const cistron_torch_names) };
    for i in 0..count {
        // SAFETY: there are as many names and slots as `count` states
        unsafe {
            let text = CStr::from_ptr(name);
            name = name.add(text.count_bytes() + 1);
            let slot = &*(&raw const cistron_torch_slots).add(i);
            slot.store(find(text)?, Ordering::Release);
        }
    }
    Ok(())
}

/// What the stub of a function calls before libtorch is loaded: loads it, and returns the function.
/// Where this fails, the program ends: the stub has no way to report an error. Commands load
/// libtorch before they call a stub, and report the fault.
///
/// # Safety
/// Called by stubs, with their numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn cistron_torch_entry(number: usize) -> *mut c_void {
    if let Err(fault) = load() {
        ended(&fault);
    }
    // SAFETY: the number is below the count of slots
    unsafe { (*(&raw const cistron_torch_slots).add(number)).load(Ordering::Acquire) }
}

fn ended(fault: &Fault) -> ! {
    cistron_base::say::error(&fault.to_string());
    std::process::exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_is_loaded_by_the_first_operation() {
        let x = tch::Tensor::from_slice(&[1.0f32, 2.0]);
        assert_eq!(x.size(), [2]);
        assert!(is_loaded());
        let found = load().unwrap();
        assert!(found.folder.join(FILE).exists());
        let version = found.version.as_deref().unwrap_or(WANTED);
        assert!(version.starts_with(WANTED), "{version}");
    }

    #[test]
    fn versions_are_read_from_files_beside_the_libraries() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().join("torch");
        let lib = home.join("lib");
        std::fs::create_dir_all(&lib).unwrap();
        std::fs::write(lib.join(FILE), "").unwrap();
        assert_eq!(version_beside(&lib), None);
        std::fs::create_dir(place.path().join("torch-2.11.0.dist-info")).unwrap();
        assert_eq!(version_beside(&lib).as_deref(), Some("2.11.0"));
        let text = "from typing import Optional\n__version__ = '2.9.1+cu130'\ncuda = '13.0'\n";
        std::fs::write(home.join("version.py"), text).unwrap();
        assert_eq!(version_beside(&lib).as_deref(), Some("2.9.1+cu130"));
    }
}
