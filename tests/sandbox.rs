//! The sandbox under attack: scripts that reach for files outside, for their own record, and for
//! more than their share.

use crate::{cistron, said};
use cistron::base::Fault;
use cistron::cli::sandbox::{Job, Policy, Script, Work};
use cistron::lang::catalog::Parameter;
use cistron::lang::reach::Reach;
use cistron::lang::{Form, OptKind, session};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

fn write(path: PathBuf, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).expect("a text")
}

#[test]
fn a_script_cannot_write_its_record() {
    let place = tempfile::tempdir().expect("a folder");
    let run = place.path().join("r");
    let at = |name: &str| run.join(name).display().to_string();
    let planted = "print(\"planted\");";
    for allow in [&[][..], &["--allow", "."]] {
        let _ = std::fs::remove_dir_all(&run);
        let paths = [
            at("script.rhai"),
            at("run.json"),
            at("done.json"),
            at("report.html"),
            "../script.rhai".into(),
            "figures/../../run.json".into(),
            "r/run.json".into(),
        ];
        let attempts: String = paths
            .iter()
            .map(|path| {
                format!(
                    "try {{ save_text({path:?}, {planted:?}); }} catch (e) {{ print(e.kind); }}\n"
                )
            })
            .collect();
        write(place.path().join("s.rhai"), &attempts);
        let (out, err, code) = said(&cistron(
            place.path(),
            &[&["run", "--sandbox", "--run-dir", "r", "s.rhai"], allow].concat(),
        ));
        // the last path is below the output folder, and harmless
        assert_eq!(
            (out.as_str(), code),
            ("sandbox\n".repeat(6).as_str(), 0),
            "{allow:?} {err}"
        );
        assert_eq!(read(run.join("script.rhai")), attempts, "{allow:?}");
        assert!(
            !read(run.join("run.json")).contains("planted")
                && !read(run.join("done.json")).contains("planted")
        );
        assert_eq!(
            err.contains("contains the run directory"),
            !allow.is_empty(),
            "{err}"
        );
    }
}

#[test]
fn outputs_go_below_the_run_directory_and_the_folder_of_the_script_is_only_read() {
    let place = tempfile::tempdir().expect("a folder");
    let own = place.path().join("own.txt").display().to_string();
    write(place.path().join("in.fa"), ">a\nACGT\n");
    write(
        place.path().join("s.rhai"),
        &format!(
            "seq::read_fasta(\"in.fa\"); save_text(\"a/b.txt\", \"x\"); plot::lines(\"a\", #{{ a: [1.0, 2.0] }}).save(\"f.svg\"); print(\"shown\"); save_text({own:?}, \"x\");"
        ),
    );
    let (out, err, code) = said(&cistron(
        place.path(),
        &["run", "--sandbox", "--run-dir", "r", "s.rhai"],
    ));
    assert!(
        code == 1 && err.contains("error[sandbox]") && err.contains("--allow DIR"),
        "{err}"
    );
    assert_eq!(out, "shown\n");
    let run = place.path().join("r");
    assert!(
        run.join("output/a/b.txt").exists()
            && run.join("output/figures/f.svg").exists()
            && !Path::new(&own).exists()
    );
    assert_eq!(read(run.join("log.txt")), "shown\n");
    assert!(
        read(run.join("report.html")).contains("f.svg")
            && read(run.join("data.json")).contains("in.fa")
    );
    assert!(read(run.join("failed.json")).contains("sandbox"));
    let (_, err, code) = said(&cistron(
        place.path(),
        &[
            "run",
            "--sandbox",
            "--run-dir",
            "r2",
            "--allow",
            ".",
            "s.rhai",
        ],
    ));
    assert!(code == 0 && Path::new(&own).exists(), "{err}");
}

#[test]
fn a_record_that_has_changed_is_neither_resumed_nor_replayed() {
    let place = tempfile::tempdir().expect("a folder");
    write(place.path().join("s.rhai"), "print(\"own\"); throw \"x\";");
    let start = || {
        let _ = std::fs::remove_dir_all(place.path().join("r"));
        assert_eq!(
            said(&cistron(
                place.path(),
                &["run", "--sandbox", "--run-dir", "r", "s.rhai"]
            ))
            .2,
            1
        );
    };
    let loosened = |from: &str, to: &str| {
        let path = place.path().join("r/run.json");
        let text = read(path.clone());
        assert!(text.contains(from), "{text}");
        write(path, &text.replace(from, to));
    };
    let again = || {
        [["run", "--resume", "r"], ["runs", "replay", "r"]]
            .map(|command| said(&cistron(place.path(), &command)))
    };
    start();
    for (out, err, _) in again() {
        assert!(
            out.contains("own") && err.contains("error[thrown]"),
            "what has not changed runs: {out}{err}"
        );
    }
    let attacks: [(&str, &dyn Fn()); 3] = [
        ("script.rhai` has changed", &|| {
            write(place.path().join("r/script.rhai"), "print(\"planted\");")
        }),
        ("run.json` has changed", &|| {
            loosened("\"allow\": []", "\"allow\": [\"/\"]")
        }),
        ("run.json` has changed", &|| {
            loosened("\"sandbox\": {", "\"sandbox\": null, \"other\": {")
        }),
    ];
    for (message, attack) in attacks {
        start();
        attack();
        for (out, err, code) in again() {
            assert!(
                code == 1
                    && err.contains("error[sandbox]")
                    && err.contains(message)
                    && !out.contains("planted"),
                "{message}: {out}{err}"
            );
        }
    }
    // a record that comes from elsewhere
    start();
    std::fs::rename(place.path().join("r"), place.path().join("moved")).expect("moved");
    for command in [["run", "--resume", "moved"], ["runs", "replay", "moved"]] {
        let (_, err, code) = said(&cistron(place.path(), &command));
        assert!(code == 1 && err.contains("no seal of its record"), "{err}");
    }
    // no option loosens it
    for option in ["--allow=.", "--seconds=9", "--sandbox"] {
        assert_eq!(
            said(&cistron(place.path(), &["run", "--resume", "r", option])).2,
            2,
            "{option}"
        );
    }
}

#[test]
fn imports_stay_in_the_standard_library() {
    let place = tempfile::tempdir().expect("a folder");
    write(place.path().join("outside/m.rhai"), "fn f() { 1 }");
    write(place.path().join("library/own.rhai"), "fn f() { 2 }");
    symlink("../outside", place.path().join("library/link")).expect("a link");
    for (path, expected) in [
        ("std/own", true),
        ("std/../outside/m", false),
        ("std/link/m", false),
        ("std/./../outside/m", false),
    ] {
        write(
            place.path().join("inside/s.rhai"),
            &format!("import \"{path}\" as m; print(m::f());"),
        );
        for sandbox in [&[][..], &["--sandbox"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
            command
                .env("CISTRON_STDLIB", place.path().join("library"))
                .args(["run", "--no-run-dir", "s.rhai"])
                .args(sandbox);
            let (out, err, code) = said(
                &command
                    .current_dir(place.path().join("inside"))
                    .output()
                    .expect("it starts"),
            );
            assert_eq!(
                (code == 0, out.as_str()),
                (expected, if expected { "2\n" } else { "" }),
                "{path} {err}"
            );
        }
    }
}

#[test]
fn a_script_that_takes_too_much_is_ended() {
    let place = tempfile::tempdir().expect("a folder");
    let cases = [
        // one operation, which no check of the interpreter interrupts
        (
            "tensor::conv1d(tensor::ones([64, 64, 20000]), tensor::ones([512, 64, 301]));",
            "--seconds",
            "1",
            "more than 1 s",
        ),
        (
            "loop { try { loop { } } catch { } }",
            "--seconds",
            "1",
            "more than 1 s",
        ),
        (
            "let n = 0; loop { tensor::save_npy(`${n}.npy`, tensor::ones([1_000_000])); n += 1; }",
            "--disk",
            "30",
            "more than its limit of 30 MiB",
        ),
        (
            "tensor::save_npy(\"x.npy\", tensor::ones([20_000_000]));",
            "--disk",
            "30",
            "error[",
        ),
        (
            "loop { print(\"ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\"); }",
            "--disk",
            "2",
            "more than its limit of 2 MiB",
        ),
        (
            "let a = []; loop { a.push(tensor::ones([5_000_000])); }",
            "--memory",
            "800",
            "error[",
        ),
    ];
    for (text, option, value, message) in cases {
        write(place.path().join("s.rhai"), text);
        let started = Instant::now();
        // none of the scripts ends by itself soon; the message shows which limit ended it
        let output = cistron(
            place.path(),
            &[
                "run",
                "--sandbox",
                "--run-dir",
                "r",
                option,
                value,
                "s.rhai",
            ],
        );
        let (_, err, code) = said(&output);
        assert!(code == 1 && err.contains(message), "{text}: {code} {err}");
        assert!(
            // a busy machine may take long, but less than half of the usual 600 s
            started.elapsed() < Duration::from_secs(300),
            "{text}: {:?}",
            started.elapsed()
        );
        let written: u64 = std::fs::read_dir(place.path().join("r/output"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| e.metadata().ok())
            .map(|m| m.len())
            .sum();
        assert!(written < 200 << 20, "{text}: {written} bytes were written");
        assert!(place.path().join("r/failed.json").exists(), "{text}");
        std::fs::remove_dir_all(place.path().join("r")).expect("removed");
    }
}

#[test]
fn the_child_is_restricted_and_ends_with_its_parent() {
    let place = tempfile::tempdir().expect("a folder");
    write(place.path().join("s.rhai"), "print(\"begun\"); loop { }");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .args(["run", "--sandbox", "--no-run-dir", "s.rhai"])
        .current_dir(place.path())
        .stdout(Stdio::piped());
    let mut parent = command.spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(parent.stdout.take().expect("an output"))
        .read_line(&mut line)
        .expect("a line");
    assert_eq!(line, "begun\n");
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", parent.id()))
        .unwrap_or_default();
    let Some(child) = children.split_whitespace().next().map(str::to_string) else {
        eprintln!("SKIPPED: this system does not list the children of a process");
        parent.kill().expect("killed");
        parent.wait().expect("ended");
        return;
    };
    let status = std::fs::read_to_string(format!("/proc/{child}/status")).expect("a status");
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    parent.kill().expect("killed");
    parent.wait().expect("ended");
    let ended = (0..2400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::read_to_string(format!("/proc/{child}/stat"))
            .map_or(true, |stat| stat.contains(") Z"))
    });
    assert!(ended, "the child goes on without its parent");
}

/// Accesses to the files of a folder, as the kernel reports them: opened, created, changed,
/// removed.
struct Watched(std::fs::File);

impl Watched {
    fn begin(folder: &Path) -> Watched {
        let name = std::ffi::CString::new(folder.as_os_str().as_encoded_bytes()).expect("a path");
        // SAFETY: the calls return a descriptor that is owned here, and read a path that outlives
        // them
        let fd = unsafe {
            let fd = libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC);
            let events = libc::IN_OPEN
                | libc::IN_CREATE
                | libc::IN_MODIFY
                | libc::IN_DELETE
                | libc::IN_MOVED_TO
                | libc::IN_MOVED_FROM
                | libc::IN_ATTRIB;
            assert!(
                fd >= 0 && libc::inotify_add_watch(fd, name.as_ptr(), events) >= 0,
                "files are watched"
            );
            OwnedFd::from_raw_fd(fd)
        };
        Watched(fd.into())
    }

    /// Whether something happened since the last question.
    fn is_touched(&self) -> bool {
        use std::io::Read;
        let mut touched = false;
        let mut buffer = [0u8; 4096];
        while (&self.0).read(&mut buffer).is_ok_and(|n| n > 0) {
            touched = true;
        }
        touched
    }
}

/// Values of the types that methods belong to and that parameters take.
const VALUES: [(&str, &str); 20] = [
    (
        "expression",
        "expression::from([[1.0, 2.0], [3.0, 4.0]], [\"a\", \"b\"])",
    ),
    ("trees", "trees::boosted([[0.0], [1.0]], [0.0, 1.0])"),
    ("protein", "protein::from(tensor::zeros([4, 3]))"),
    ("alignment", "protein::alignment([\"ACD\", \"A-D\"])"),
    ("card", "nn::build(nn::linear(1), [2]).card()"),
    (
        "shape_table",
        "seq::shape_table([\"ACGTTGCA\"], #{ MGW: [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]] })",
    ),
    (
        "model",
        "nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6], #{ seed: 1 })",
    ),
    (
        "dataset",
        "data::from(#{ sequence: [\"ACGTAC\", \"TTTTAC\"], label: [1, 0] })",
    ),
    ("motifs", "sim::motifs(3)"),
    ("motif", "motif::from_consensus(\"ACG\")"),
    (
        "table",
        "table::from(#{ x: [2, 1], regulator: [\"A\", \"B\"], target: [\"x\", \"y\"], score: [0.9, 0.8] })",
    ),
    ("tensor", "tensor::ones([2, 2])"),
    (
        "intervals",
        "genome::from(#{ chr1: \"ACGTACGTACGT\" }).windows(12)",
    ),
    ("genome", "genome::from(#{ chr1: \"ACGTACGTACGT\" })"),
    ("figure", "plot::lines(\"a\", #{ a: [1.0, 2.0] })"),
    (
        "track",
        "track::from_intervals(intervals::from(#{ chrom: [\"chr1\"], start: [0], end: [4] }))",
    ),
    (
        "discovery",
        "explain::modisco(seq::one_hot(seq::random(10, 60, #{ seed: 1 })) * 0.1 + 0.01, seq::random(10, 60, #{ seed: 1 }))",
    ),
    ("layer", "nn::linear(1)"),
    ("batches", "0"),
    ("history", "0"),
];

/// The argument for a parameter of a kind, where there is one value that fits.
fn argument(kind: &str) -> Option<String> {
    let plain = match kind {
        "integer" | "integer or array of them" => "1",
        "number" => "0.5",
        "boolean" => "false",
        "map" => "#{ a: tensor::ones([2]) }",
        "array" | "array of integers" => "[1]",
        "array of numbers" | "tensor or array of numbers" => "[0.5]",
        "array of strings" => "[\"ACGT\"]",
        "function" => "|x| 1.0",
        "tensor or number" => "tensor",
        "range" => "0..2",
        other => {
            return VALUES
                .iter()
                .find(|(name, _)| *name == other)
                .map(|(name, _)| name.to_string());
        }
    };
    Some(plain.to_string())
}

/// Every call of the catalog that takes a string, or a value of any type, as a path: parameters and
/// options.
fn calls(path: &str) -> Vec<(String, String)> {
    let path = format!("{path:?}");
    // what a parameter that takes several types is given
    let others = [path.as_str(), "tensor", "[\"ACGT\"]", "#{ a: \"ACGT\" }"];
    let mut out = Vec::new();
    let catalog = session::catalog();
    for entry in catalog
        .entries
        .iter()
        .filter(|entry| !entry.is_script && matches!(entry.form, Form::Function | Form::Method))
    {
        // these end or print, whatever they are given
        if entry.namespace.is_empty()
            && ["print", "debug", "display", "pretty"].contains(&entry.name.as_str())
        {
            continue;
        }
        for other in others {
            let of = |param: &Parameter| {
                if param.kind == "string" {
                    path.clone()
                } else {
                    argument(&param.kind).unwrap_or_else(|| other.to_string())
                }
            };
            let written = |required: bool, option: Option<&str>| {
                let mut args: Vec<String> = entry
                    .params
                    .iter()
                    .filter(|param| !required || !param.is_optional)
                    .map(of)
                    .collect();
                let receiver =
                    (entry.form == Form::Method && !args.is_empty()).then(|| args.remove(0));
                args.extend(option.map(|name| format!("#{{ {name}: {path} }}")));
                match receiver {
                    Some(_) => format!(
                        "{}.{}({});",
                        VALUES
                            .iter()
                            .find(|(name, _)| *name == entry.namespace)
                            .map_or("tensor", |(name, _)| name),
                        entry.name,
                        args.join(", ")
                    ),
                    None if entry.namespace.is_empty() => {
                        format!("{}({});", entry.name, args.join(", "))
                    }
                    None => format!("{}::{}({});", entry.namespace, entry.name, args.join(", ")),
                }
            };
            let options = entry
                .options
                .into_iter()
                .flatten()
                .filter(|option| matches!(option.kind, OptKind::Text | OptKind::Other(_)));
            let texts = [written(false, None), written(true, None)]
                .into_iter()
                .chain(options.map(|option| written(true, Some(option.name))));
            for text in texts.filter(|text| text.contains(&path)) {
                if !out.iter().any(|(_, known)| *known == text) {
                    out.push((entry.qualified(), text));
                }
            }
        }
    }
    // calls whose other arguments no rule finds
    let more = [
        (
            "train::fit",
            format!(
                "train::fit(model, #{{ train: dataset, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, resume: {path} }});"
            ),
        ),
        (
            "train::fit",
            format!(
                "let own = nn::build(nn::linear(1), [2], #{{ name: {path} }}); train::fit(own, #{{ train: dataset, loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, checkpoint: \"last\" }});"
            ),
        ),
        (
            "search::random",
            format!(
                "search::random(#{{ x: search::uniform(0.0, 1.0) }}, |v| v.x, #{{ trials: 1, file: {path} }});"
            ),
        ),
        ("import", format!("import {path} as planted;")),
    ];
    out.extend(more.map(|(name, text)| (name.to_string(), text)));
    out
}

/// A session with values to call methods of; what runs a call in it.
fn session_with(sandbox: Option<Reach>) -> impl FnMut(&str) -> Option<Fault> {
    let settings = session::Settings {
        quiet: true,
        device: "cpu".into(),
        sandbox,
        ..Default::default()
    };
    cistron::bind::start(settings);
    let mut scope = rhai::Scope::new();
    for (name, text) in VALUES {
        let made =
            cistron::lang::engine::run(&format!("let {name} = {text};"), "values", &mut scope);
        made.map(drop)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    let values = scope.len();
    move |call| {
        session::capture();
        let outcome = cistron::base::panic::guarded(|| {
            cistron::lang::engine::run(call, "attack", &mut scope)
        });
        session::captured();
        scope.rewind(values);
        outcome
            .unwrap_or_else(|_| Err(Fault::new("panic", cistron::base::panic::last())))
            .err()
    }
}

/// A folder of a script, with a link out of it, and a folder with files that it must not touch.
fn two_folders(place: &Path) -> (PathBuf, PathBuf) {
    let (inside, outside) = (place.join("inside"), place.join("outside"));
    write(inside.join("own.fa"), ">a\nACGT\n");
    for name in ["secret.fa", "secret.svg", "secret.bed", "secret.rhai"] {
        write(outside.join(name), ">a\nACGT\n");
    }
    symlink("../outside", inside.join("link")).expect("a link");
    (inside, outside)
}

const FILES: [&str; 7] = [
    "secret.fa",
    "secret.svg",
    "new.bed",
    "secret.rhai",
    "new.onnx",
    "new.md",
    "new.sif",
];

/// The calls that open, create or change a file outside where nothing holds them: those that take
/// paths.
fn calls_with_paths(outside: &Path) -> Vec<(String, String)> {
    static FOUND: OnceLock<Vec<(String, String)>> = OnceLock::new();
    const FOLDER: &str = "{outside}";
    let found = FOUND.get_or_init(|| {
        let place = tempfile::tempdir().expect("a folder");
        let (_, outside) = two_folders(place.path());
        let watched = Watched::begin(&outside);
        let mut run = session_with(None);
        let mut found = Vec::new();
        let mut reached = std::collections::HashSet::new();
        for file in FILES {
            for (shape, (name, text)) in calls(&outside.join(file).display().to_string())
                .into_iter()
                .enumerate()
            {
                // another ending is tried where the first was not enough, and where a path is asked
                // for
                let is_path = |param: &Parameter| param.name == "path";
                let entries = &session::catalog().entries;
                let asks = name == "import"
                    || entries
                        .iter()
                        .any(|entry| entry.qualified() == name && entry.params.iter().any(is_path));
                if reached.contains(&shape) || (file != FILES[0] && !asks) {
                    continue;
                }
                run(&text);
                if watched.is_touched() {
                    reached.insert(shape);
                    found.push((name, text.replace(&outside.display().to_string(), FOLDER)));
                    // what was there before is there again
                    for new in ["new.bed", "new.onnx", "new.md", "new.sif"] {
                        std::fs::remove_file(outside.join(new)).ok();
                    }
                    write(outside.join("secret.fa"), ">a\nACGT\n");
                    watched.is_touched();
                }
            }
        }
        found
    });
    found
        .iter()
        .map(|(name, text)| {
            (
                name.clone(),
                text.replace(FOLDER, &outside.display().to_string()),
            )
        })
        .collect()
}

#[test]
fn no_function_of_the_catalog_reaches_outside() {
    let place = tempfile::tempdir().expect("a folder");
    let (inside, outside) = two_folders(place.path());
    let watched = Watched::begin(&outside);
    let found = calls_with_paths(&outside);
    let names: std::collections::BTreeSet<&str> =
        found.iter().map(|(name, _)| name.as_str()).collect();
    let reach = Reach {
        read: vec![inside.clone()],
        write: vec![inside.clone()],
        ..Reach::default()
    };
    let mut run = session_with(Some(reach));
    // a function that by its name reads or writes a file, and that no call above reached, needs a
    // value in `VALUES`
    let catalog = session::catalog();
    let starts = ["save", "load", "read", "open"];
    let by_name = catalog
        .entries
        .iter()
        .filter(|entry| !entry.is_script && matches!(entry.form, Form::Function | Form::Method));
    let takes_path = |entry: &&cistron::lang::catalog::Entry| {
        entry
            .params
            .iter()
            .any(|param| param.name == "path" && param.kind == "string")
    };
    for entry in by_name
        .filter(takes_path)
        .filter(|entry| starts.iter().any(|start| entry.name.starts_with(start)))
    {
        assert!(
            names.contains(entry.qualified().as_str()),
            "{} was not reached: {names:?}",
            entry.qualified()
        );
    }
    assert!(names.len() > 30, "{names:?}");
    let (mut attacks, absolute) = (0, outside.display().to_string());
    for (name, text) in &found {
        for way in [
            absolute.clone(),
            inside.join("link").display().to_string(),
            inside.join("../outside").display().to_string(),
        ] {
            let text = text.replace(&absolute, &way);
            let fault = run(&text);
            assert!(!watched.is_touched(), "{name} reached outside: {text}");
            let fault = fault.unwrap_or_else(|| panic!("{name} did not fail: {text}"));
            assert!(
                fault.kind == "sandbox"
                    || fault
                        .message
                        .contains("outside the folders that the sandbox"),
                "{name}: {}: {}\n{text}",
                fault.kind,
                fault.message
            );
            attacks += 1;
        }
    }
    println!(
        "{attacks} attacks through {} functions: {names:?}",
        names.len()
    );
}

#[test]
fn the_kernel_holds_what_the_interpreter_lets_through() {
    let place = tempfile::tempdir().expect("a folder");
    let (inside, outside) = two_folders(place.path());
    let watched = Watched::begin(&outside);
    let found = calls_with_paths(&outside);
    let values: String = VALUES
        .iter()
        .map(|(name, text)| format!("let {name} = {text};\n"))
        .collect();
    let attempts: String = found
        .iter()
        .map(|(_, text)| format!("try {{ {text} }} catch {{ }}\n"))
        .collect();
    // the interpreter allows all files, the kernel those inside
    let script = Script {
        file: "attack.rhai".into(),
        text: values + &attempts + "print(\"end\");",
        folder: "/".into(),
        output: Some("/".into()),
        record: None,
        set: BTreeMap::new(),
        device: "cpu".into(),
        seed: 0,
        threads: Some(1),
        loaders: 1,
        quiet: true,
        resume: false,
        may_differ: false,
        starts_again: false,
    };
    let policy = Policy {
        read: vec![inside.clone()],
        write: vec![inside.clone()],
        gpu: false,
        seconds: 120,
        memory: 4096,
        disk: 100,
    };
    let job = Job {
        policy,
        parent: std::process::id(),
        work: Work::Run(Box::new(script)),
    };
    let (mut own, theirs) = UnixStream::pair().expect("a socket");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .arg("inside-sandbox")
        .env("OMP_NUM_THREADS", "1")
        .stdin(OwnedFd::from(theirs))
        .current_dir(&inside);
    let mut child = command.spawn().expect("it starts");
    drop(command);
    own.write_all(format!("{}\n", serde_json::to_string(&job).expect("a job")).as_bytes())
        .expect("sent");
    let events: Vec<Value> = BufReader::new(own)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect();
    child.wait().expect("ended");
    let of = |kind: &str| {
        events
            .iter()
            .find(|event| !event[kind].is_null())
            .map(|event| event[kind].clone())
    };
    let active = of("confinement").expect("an event").to_string();
    if !active.contains("Files") {
        eprintln!("SKIPPED: this kernel has no Landlock ({active})");
        return;
    }
    assert!(of("done").is_some(), "{:?}", of("failed"));
    assert!(!watched.is_touched(), "a call reached outside");
    println!(
        "{} attacks were refused by the kernel; active: {active}",
        found.len()
    );
}

#[test]
fn a_sweep_is_sealed_and_folders_of_records_stay_closed() {
    let place = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
            .args(arguments)
            .current_dir(place.path())
            .env("XDG_STATE_HOME", place.path().join("state"))
            .output()
            .expect("the program starts");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    write(
        place.path().join("s.rhai"),
        "let w = param(\"w\", 1, \"\"); report(\"y\", w);",
    );
    assert_eq!(
        run(&[
            "run",
            "--sandbox",
            "s.rhai",
            "--sweep",
            "w=1,2",
            "--run-dir",
            "r"
        ])
        .0,
        Some(0)
    );
    let plan = place.path().join("r/s-sweep/sweep.json");
    let text = read(plan.clone());
    let mut edited: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    edited["tasks"][1]["start"]["sandbox"] = serde_json::Value::Null;
    write(plan, &edited.to_string());
    let (code, err) = run(&["run", "--resume", "r/s-sweep"]);
    assert!(
        code == Some(1) && err.contains("sweep.json") && err.contains("has changed"),
        "{err}"
    );
    // the record of another run
    assert_eq!(run(&["run", "s.rhai", "--run-dir", "other"]).0, Some(0));
    let attack = format!(
        "save_text(\"{}\", \"print(1);\");",
        place.path().join("other/script.rhai").display()
    );
    write(place.path().join("a.rhai"), &attack);
    let (code, err) = run(&[
        "run",
        "--sandbox",
        "--allow",
        ".",
        "--run-dir",
        "own",
        "a.rhai",
    ]);
    assert!(code == Some(1) && err.contains("error[sandbox]"), "{err}");
    let (code, err) = run(&[
        "run",
        "--sandbox",
        "--allow",
        "nope",
        "--run-dir",
        "own2",
        "s.rhai",
    ]);
    assert!(code == Some(2) && err.contains("no such folder"), "{err}");
    // training needs no file
    write(
        place.path().join("t.rhai"),
        "let set = data::from(#{ x: tensor::randn([8, 3]), label: tensor::ones([8, 1]) });
        train::fit(nn::build(nn::linear(1), [3]), #{ train: set, loss: loss::mse(), optimizer: optim::adam(), epochs: 1 });
        search::random(#{ w: search::uniform(0.0, 1.0) }, |q| q.w, #{ trials: 2 });",
    );
    let (code, err) = run(&["run", "--sandbox", "--no-run-dir", "t.rhai"]);
    assert_eq!(code, Some(0), "{err}");
}
