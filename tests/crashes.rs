//! Loss of power and full disks: system calls of a training are recorded, and the states that a
//! disk may be in after each of them are made again. In every one the last good checkpoint is
//! found.

use crate::{cistron, root, said};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = r#"
let resume = param("resume", "", "");
let set = data::from(#{ sequence: (0..40).map(|i| if i % 2 == 0 { "ACGTACGT" } else { "TTGGCCAA" }), label: (0..40).map(|i| i % 2) });
let net = nn::build(nn::chain([nn::conv1d(4, 3), nn::relu(), nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1, name: "small" });
let options = #{
    train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(#{ lr: 0.01 }), batch: 20, epochs: 4, seed: 5, checkpoint: "both",
    on_batch: |info| if info.step % 2 == 1 { print(info.epoch) },
};
if resume != "" { options.resume = resume; }
train::fit(net, options);
print(5);
report("done", true);
net.save("final.safetensors");
"#;

/// The library that records system calls; none where there is no C compiler.
fn recorder(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("trace.so");
    let made = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(root().join("tests/oracles/trace.c"))
        .args(["-ldl", "-lpthread"])
        .output();
    match made {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("trace.c: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!(
                "SKIPPED: cc cannot be run ({error}); install a C compiler to test losses of power"
            );
            None
        }
    }
}

/// Runs the program with its system calls on files of the folder recorded; with `fail` the n-th
/// after its first output fails.
fn recorded(
    folder: &Path,
    library: &Path,
    arguments: &[&str],
    fail: Option<usize>,
) -> (Output, Vec<Call>) {
    let file = folder
        .parent()
        .expect("a folder above")
        .join(format!("trace-{}", fail.unwrap_or(0)));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("OMP_NUM_THREADS", "1")
        .env("LD_PRELOAD", library);
    command.env("TRACE_ROOT", folder).env("TRACE_FILE", &file);
    if let Some(n) = fail {
        command.env("TRACE_FAIL", n.to_string());
    }
    let output = command.output().expect("the program starts");
    (output, calls(&std::fs::read(file).expect("a trace")))
}

/// A recorded system call.
#[derive(Debug)]
struct Call {
    name: String,
    path: PathBuf,
    other: PathBuf,
    offset: usize,
    data: Vec<u8>,
}

fn calls(trace: &[u8]) -> Vec<Call> {
    let (mut out, mut rest) = (Vec::new(), trace);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').expect("a line");
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let parts: Vec<&str> = head.split('\t').collect();
        let length: usize = parts[4].parse().expect("a length");
        let data = rest[end + 1..end + 1 + length].to_vec();
        out.push(Call {
            name: parts[0].into(),
            path: parts[1].into(),
            other: parts[2].into(),
            offset: parts[3].parse().expect("an offset"),
            data,
        });
        rest = &rest[end + 1 + length..];
    }
    out
}

/// A file: what a reader sees, and what is on the disk.
#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
}

type Names = BTreeMap<PathBuf, usize>;

/// A file system that may lose what was not synced.
#[derive(Default)]
struct Disk {
    files: Vec<Content>,
    folders: BTreeSet<PathBuf>,
    names: Names,
    /// Names that were synced with their folder.
    kept: Names,
    kept_folders: BTreeSet<PathBuf>,
}

/// What is left of a disk after a crash.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The process was killed: nothing is lost.
    Nothing,
    /// Data that was not synced is lost, names are there.
    Data,
    /// The same, with zeros in its place.
    Zeros,
    /// Data and names that were not synced are lost.
    Names,
}

impl Disk {
    fn write(&mut self, call: &Call, length: usize) {
        let seen = &mut self.files[self.names[&call.path]].seen;
        seen.resize(seen.len().max(call.offset + length), 0);
        seen[call.offset..call.offset + length].copy_from_slice(&call.data[..length]);
    }

    fn sync_folder(&mut self, folder: &Path) {
        let here = |path: &Path| path.parent() == Some(folder);
        self.kept.retain(|path, _| !here(path));
        self.kept.extend(
            self.names
                .iter()
                .filter(|(path, _)| here(path))
                .map(|(path, file)| (path.clone(), *file)),
        );
        self.kept_folders
            .extend(self.folders.iter().filter(|path| here(path)).cloned());
    }

    fn apply(&mut self, call: &Call) {
        match call.name.as_str() {
            "create" => {
                self.files.push(Content::default());
                self.names.insert(call.path.clone(), self.files.len() - 1);
            }
            "truncate" => self.files[self.names[&call.path]].seen.clear(),
            "resize" => self.files[self.names[&call.path]]
                .seen
                .resize(call.offset, 0),
            "write" => self.write(call, call.data.len()),
            "sync" => match self.names.get(&call.path) {
                Some(file) => self.files[*file].synced = self.files[*file].seen.clone(),
                None => self.sync_folder(&call.path),
            },
            "rename" => {
                let file = self.names.remove(&call.path).expect("a file to rename");
                self.names.insert(call.other.clone(), file);
            }
            "unlink" => drop(self.names.remove(&call.path)),
            "mkdir" => drop(self.folders.insert(call.path.clone())),
            "print" | "fail" => {}
            other => panic!("the model has no `{other}`: {call:?}"),
        }
    }

    /// The files after a crash, by path.
    fn after(&self, loss: Loss, base: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let content = |file: usize| {
            let own = &self.files[file];
            match loss {
                Loss::Nothing => own.seen.clone(),
                Loss::Data | Loss::Names => own.synced.clone(),
                Loss::Zeros => own
                    .synced
                    .iter()
                    .copied()
                    .chain(std::iter::repeat(0))
                    .take(own.seen.len())
                    .collect(),
            }
        };
        let is_there = |path: &Path| {
            path.ancestors()
                .skip(1)
                .take_while(|above| *above != base)
                .all(|above| self.kept_folders.contains(above))
        };
        match loss {
            Loss::Names => self
                .kept
                .iter()
                .filter(|(path, _)| is_there(path))
                .map(|(path, file)| (path.clone(), content(*file)))
                .collect(),
            _ => self
                .names
                .iter()
                .map(|(path, file)| (path.clone(), content(*file)))
                .collect(),
        }
    }
}

/// What is wrong with the files of a run after a crash, when `saved` epochs were over.
fn faults(files: &BTreeMap<PathBuf, Vec<u8>>, place: &Path, saved: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut epochs = 0;
    for (path, bytes) in files {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".part") {
            continue;
        }
        if name.ends_with(".safetensors") {
            let copy = place.join(&name);
            std::fs::write(&copy, bytes).expect("written");
            match cistron::torch::file::load_safetensors(&copy) {
                Err(fault) => out.push(fault.to_string()),
                Ok((_, notes)) => {
                    let state: Option<serde_json::Value> = notes
                        .get("state")
                        .map(|text| serde_json::from_str(text).expect("a state"));
                    epochs = state.map_or(epochs, |state| {
                        state["history"]["epochs"].as_array().map_or(0, Vec::len)
                    });
                }
            }
        } else if name.ends_with(".json")
            && serde_json::from_slice::<serde_json::Value>(bytes).is_err()
        {
            out.push(format!("{name} is no JSON"));
        }
    }
    if epochs < saved {
        out.push(format!(
            "the checkpoint has {epochs} epochs, {saved} were saved"
        ));
    }
    out
}

/// What is wrong after a crash at any call: a line each. The calls that `is_done` refuses are left
/// out.
fn all_faults(
    calls: &[Call],
    base: &Path,
    place: &Path,
    is_done: impl Fn(&Call) -> bool,
) -> Vec<String> {
    let (mut disk, mut saved, mut out) = (Disk::default(), 0, Vec::new());
    // the folder that the run is in was there before
    disk.folders.insert(base.to_path_buf());
    let mut states = 0;
    for (i, call) in calls.iter().enumerate() {
        if call.name == "print" {
            // the first batch of an epoch comes after the checkpoint of the one before
            saved = String::from_utf8_lossy(&call.data)
                .trim()
                .parse::<usize>()
                .map_or(saved, |epoch| epoch - 1);
        }
        let mut seen = |disk: &Disk, loss: Loss, when: &str| {
            states += 1;
            let found = faults(&disk.after(loss, base), place, saved);
            out.extend(found.into_iter().map(|fault| {
                format!(
                    "{loss:?} {when} call {i} ({} {}): {fault}",
                    call.name,
                    call.path.display()
                )
            }));
        };
        if call.name == "write" {
            let whole = disk.files[disk.names[&call.path]].clone();
            disk.write(call, call.data.len() / 2);
            seen(&disk, Loss::Nothing, "within");
            let file = disk.names[&call.path];
            disk.files[file] = whole;
        }
        if call.name != "sync" || is_done(call) {
            disk.apply(call);
        }
        for loss in [Loss::Nothing, Loss::Data, Loss::Zeros, Loss::Names] {
            seen(&disk, loss, "after");
        }
    }
    println!(
        "{} calls, {states} states, {} faults",
        calls.len(),
        out.len()
    );
    out
}

#[test]
fn the_last_good_checkpoint_is_found_after_a_loss_of_power_at_any_call() {
    let place = tempfile::tempdir().expect("a folder");
    let Some(library) = recorder(place.path()) else {
        return;
    };
    let base = place.path().join("work");
    std::fs::create_dir(&base).expect("made");
    let base = std::fs::canonicalize(base).expect("a path");
    std::fs::write(base.join("t.rhai"), SCRIPT).expect("written");
    let (output, calls) = recorded(
        &base,
        &library,
        &[
            "run",
            "t.rhai",
            "--threads",
            "1",
            "--device",
            "cpu",
            "--run-dir",
            "r",
        ],
        None,
    );
    let (out, err, code) = said(&output);
    assert_eq!((out.as_str(), code), ("1\n2\n3\n4\n5\n", 0), "{err}");
    assert!(calls.len() > 100, "{} calls were recorded", calls.len());
    let found = all_faults(&calls, &base, place.path(), |_| true);
    assert!(
        found.is_empty(),
        "{} states are broken, such as\n{}",
        found.len(),
        found[..found.len().min(10)].join("\n")
    );
    // without the syncs the same states are broken: the model can fail
    let is_file = |call: &Call| call.path.extension().is_some();
    assert!(
        all_faults(&calls, &base, place.path(), is_file)
            .iter()
            .any(|fault| fault.contains("were saved"))
    );
    assert!(
        all_faults(&calls, &base, place.path(), |call| !is_file(call))
            .iter()
            .any(|fault| fault.contains("not a whole safetensors file"))
    );

    // a training goes on from what is left, to the same weights
    let ends: Vec<usize> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.name == "print")
        .map(|(i, _)| i)
        .collect();
    let cut = (ends[1] + ends[2]) / 2;
    let mut disk = Disk::default();
    calls[..cut].iter().for_each(|call| disk.apply(call));
    for (path, bytes) in disk.after(Loss::Names, &base) {
        let copy = place
            .path()
            .join("left")
            .join(path.strip_prefix(&base).expect("below"));
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("made");
        std::fs::write(copy, bytes).expect("written");
    }
    let left = place
        .path()
        .join("left/r/checkpoints/small")
        .display()
        .to_string();
    let resumed = cistron(
        &base,
        &[
            "run",
            "t.rhai",
            "--threads",
            "1",
            "--device",
            "cpu",
            "--run-dir",
            "again",
            "--set",
            &format!("resume={left}"),
        ],
    );
    let (out, err, code) = said(&resumed);
    assert!(code == 0 && out.starts_with("2\n"), "{out}{err}");
    let weights =
        |run: &str| std::fs::read(base.join(run).join("final.safetensors")).expect("weights");
    assert!(weights("r") == weights("again"));
}

#[test]
fn a_call_that_fails_leaves_the_old_file_and_no_part() {
    let place = tempfile::tempdir().expect("a folder");
    let Some(library) = recorder(place.path()) else {
        return;
    };
    let text = r#"print("now"); tensor::save_safetensors("w.safetensors", #{ w: tensor::ones([600]) * 2.0 }); save_text("t.txt", "new"); tensor::save_npz("a.npz", #{ a: tensor::ones([600]) * 2.0 });"#;
    let mut failed = 0;
    for n in 1.. {
        let base = place.path().join(format!("work{n}"));
        std::fs::create_dir(&base).expect("made");
        let base = std::fs::canonicalize(base).expect("a path");
        std::fs::write(base.join("t.rhai"), text).expect("written");
        let old = [
            ("w.safetensors", "old weights"),
            ("t.txt", "old"),
            ("a.npz", "old array"),
        ];
        old.iter()
            .for_each(|(name, text)| std::fs::write(base.join(name), text).expect("written"));
        let (output, calls) = recorded(
            &base,
            &library,
            &[
                "run",
                "t.rhai",
                "--threads",
                "1",
                "--device",
                "cpu",
                "--no-run-dir",
            ],
            Some(n),
        );
        let (_, err, code) = said(&output);
        if !calls.iter().any(|call| call.name == "fail") {
            assert_eq!(code, 0, "{err}");
            break;
        }
        // a folder that cannot be synced is no fault; every other call is
        if code != 0 {
            failed += 1;
            assert!(
                code == 1
                    && err.contains("no space left")
                    && old.iter().any(|(name, _)| err.contains(name)),
                "call {n}: {err}"
            );
        }
        for (name, text) in old {
            let is_old = std::fs::read(base.join(name)).expect("a file") == text.as_bytes();
            let is_new = match name {
                "w.safetensors" => cistron::torch::file::load_safetensors(&base.join(name)).is_ok(),
                "a.npz" => cistron::torch::file::load_npz(&base.join(name)).is_ok(),
                _ => std::fs::read(base.join(name)).expect("a file") == b"new",
            };
            assert!(
                is_old || is_new,
                "call {n}: {name} is neither the old file nor the new one"
            );
        }
        let parts: Vec<_> = std::fs::read_dir(&base)
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "part"))
            .collect();
        assert!(parts.is_empty(), "call {n} left {parts:?}");
    }
    assert!(failed >= 12, "{failed} calls failed");
}
