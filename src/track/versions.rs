//! Versions of program, libraries, operating system and repository of a run.

use super::start::Start;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// Bytes that are hashed together.
const CHUNK: u64 = 8 << 20;

/// The BLAKE3 hash of a file; none where it cannot be read.
pub fn hash_of(path: &Path) -> Option<String> {
    // not mapped: a file that is cut short while it is mapped ends the process
    let mut file = std::fs::File::open(path).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        if file.by_ref().take(CHUNK).read_to_end(&mut chunk).ok()? == 0 {
            return Some(hasher.finalize().to_hex().to_string());
        }
        hasher.update_rayon(&chunk);
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The state of the repository that contains a script.
fn repository(script: &Path) -> Value {
    let Some(folder) = script.parent() else {
        return Value::Null;
    };
    let Some(commit) = git(folder, &["rev-parse", "HEAD"]) else {
        return Value::Null;
    };
    let changed: Vec<String> = git(folder, &["status", "--porcelain", "--untracked-files=no"])
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_whitespace().last().map(str::to_string))
        .collect();
    json!({ "commit": commit, "changed": changed })
}

/// Versions of everything that a run depends on.
pub fn of(start: &Start, stdlib: &str) -> Value {
    let program = std::env::current_exe().ok().and_then(|path| hash_of(&path));
    json!({
        "cistron": env!("CARGO_PKG_VERSION"),
        "program": program,
        "stdlib": stdlib,
        "libtorch": "2.11.0",
        "device": start.device,
        "seed": start.seed,
        "threads": start.threads,
        "loaders": start.loaders,
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "repository": repository(&start.script),
    })
}
