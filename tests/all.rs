//! One test binary: libtorch is linked once.

mod against_pytorch;
mod against_tangermeme;
mod architecture;
mod arrays;
mod audit;
mod commands;
mod comparison;
mod course;
mod crashes;
mod data;
mod derivatives;
mod discovery;
mod doctor;
mod documents;
mod editors;
mod embedding;
mod failing;
mod figures;
mod files;
mod fuzz;
mod genome;
mod gpu;
mod grading;
mod guide;
mod habits;
mod importance;
mod imports;
mod indexing;
mod intervals;
mod laboratory;
mod language;
mod language_of_documents;
mod layout;
mod limits;
mod messages;
mod models_compared;
mod motifs;
mod networks;
#[cfg(feature = "kernel")]
mod notebooks;
mod numbers;
mod onnx;
mod optimizers;
mod parameters;
mod processes;
mod promises;
mod proteins;
mod ranks;
mod readers;
mod readme;
mod reference;
mod repl;
mod resume;
mod runs;
mod sandbox;
mod scripts;
#[cfg(feature = "serve")]
mod serve;
mod sizes;
mod slurm;
mod statistics;
mod strands;
mod submit;
mod sweeps;
mod training;
mod typing;
mod weights;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files with an ending below a folder, in order of their paths.
pub fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The folder of real data, where it is there; says so where it is not.
pub fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CISTRON_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if folder.join("chipseq").is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: no real data at {} (set CISTRON_DATA to the folder that holds chipseq/)",
        folder.display()
    );
    None
}

/// How many random cases a comparison with another program runs: `default`, or `CISTRON_CASES`.
///
/// `CISTRON_CASES=5000 scripts/test against_bedtools` runs five thousand instead of the few that
/// take seconds.
pub fn cases(default: usize) -> usize {
    std::env::var("CISTRON_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The program, to be run in a folder.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    // tests run side by side already: threads of each would only wait for each other
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    // the seals of sandboxed runs are no part of the user's state
    command.env("OMP_NUM_THREADS", "1").env(
        "XDG_STATE_HOME",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/state"),
    );
    command.args(arguments).current_dir(folder);
    command
}

/// Runs the program in a folder.
pub fn cistron(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments).output();
    output.expect("the program starts")
}

/// Seconds of CPU time that this thread has used: other processes do not lengthen them.
pub fn thread_seconds() -> f64 {
    // SAFETY: the structure is plain numbers, and the call writes it
    let time = unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        assert_eq!(
            libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time),
            0
        );
        time
    };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs the program in a folder, and measures its CPU time in seconds: a bound on the time that
/// passes would fail on a busy machine.
#[expect(clippy::zombie_processes, reason = "`wait4` waits for the child")]
pub fn cistron_timed(folder: &Path, arguments: &[&str]) -> (Output, f64) {
    use std::os::unix::process::ExitStatusExt;
    let mut streams = [(); 2].map(|()| tempfile::tempfile().expect("a file"));
    let mut command = command(folder, arguments);
    let [out, err] = streams
        .each_ref()
        .map(|file| file.try_clone().expect("a file"));
    let child = command.stdout(out).stderr(err).spawn();
    let child = child.expect("the program starts");
    // SAFETY: the child is waited for here alone, and the structures are plain numbers
    let (status, usage) = unsafe {
        let (mut status, mut usage): (i32, libc::rusage) = (0, std::mem::zeroed());
        let pid = child.id() as libc::pid_t;
        assert_eq!(libc::wait4(pid, &mut status, 0, &mut usage), pid);
        (status, usage)
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    let [stdout, stderr] = streams.each_mut().map(|file| {
        use std::io::{Read, Seek};
        let mut bytes = Vec::new();
        file.rewind().expect("a file");
        file.read_to_end(&mut bytes).expect("read");
        bytes
    });
    let status = std::process::ExitStatus::from_raw(status);
    let output = Output {
        status,
        stdout,
        stderr,
    };
    (output, seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

/// The Python that tests may use, where it has a package.
pub fn python(package: &str) -> Option<String> {
    let python = std::env::var("CISTRON_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has {
        eprintln!(
            "SKIPPED: {python} has no {package} (set CISTRON_PYTHON to a Python that has it)"
        );
    }
    has.then_some(python)
}

/// A browser, where there is one.
pub fn browser() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .stdout(std::process::Stdio::null())
                .status()
                .is_ok()
        });
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium to open the page with");
    }
    found
}

/// What a browser makes of a page in a window of a size.
pub fn opened(browser: &str, page: &std::path::Path, size: &str) -> String {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=3000",
            &format!("--window-size={size}"),
        ])
        .arg(format!(
            "--user-data-dir={}",
            page.with_extension("browser").display()
        ))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard output and error of a run, and its exit code.
pub fn said(output: &Output) -> (String, String, i32) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code().unwrap_or(-1),
    )
}

/// Runs a script's text in a fresh session.
pub fn run(text: &str) -> cistron::base::Result<()> {
    value(text).map(drop)
}

/// What a script's text gives in a fresh session.
pub fn value(text: &str) -> cistron::base::Result<rhai::Dynamic> {
    let settings = cistron::lang::session::Settings {
        quiet: true,
        device: "cpu".into(),
        ..Default::default()
    };
    cistron::bind::start(settings);
    let mut scope = rhai::Scope::new();
    let outcome = cistron::lang::engine::run(text, "script.rhai", &mut scope);
    cistron::lang::engine::release(&mut scope);
    outcome
}

/// The fault of a script that must fail.
pub fn fault(text: &str) -> cistron::base::Fault {
    match value(text) {
        Ok(value) => panic!("the script must fail, but returns {value}: {text}"),
        Err(fault) => fault,
    }
}
