//! Seals of runs in a sandbox: digests of their records, stored where scripts cannot write.
//!
//! A seal is a small file in the user's state folder (`$XDG_STATE_HOME/cistron/seals`,
//! `~/.local/state/cistron/seals`), named after the run directory. It holds digests of the script
//! and of what the run was started with. A run is resumed or replayed only where its record
//! matches.

use crate::base::{Fault, Result, file};
use crate::{bail, fault};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The folder of seals; none where neither XDG_STATE_HOME nor HOME is set.
pub fn folder() -> Option<PathBuf> {
    let given = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state =
        given("XDG_STATE_HOME").or_else(|| given("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("cistron").join("seals"))
}

fn path(run: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(run).ok()?;
    Some(folder()?.join(format!(
        "{}.json",
        blake3::hash(real.as_os_str().as_encoded_bytes()).to_hex()
    )))
}

/// The digests of a record in the run directory, and whether it names a sandbox; of a sweep, those
/// of its plan.
fn digests(run: &Path) -> Result<(Value, bool)> {
    if let Ok(bytes) = std::fs::read(run.join("sweep.json")) {
        let plan: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut tasks = plan["tasks"].as_array().into_iter().flatten();
        let is_sandboxed = tasks.any(|task| !task["start"]["sandbox"].is_null());
        return Ok((
            json!({ "script": "", "start": blake3::hash(&bytes).to_hex().to_string() }),
            is_sandboxed,
        ));
    }
    let read = |name: &str| {
        std::fs::read(run.join(name)).map_err(|error| Fault::file(run.join(name), &error))
    };
    let record: Value = serde_json::from_slice(&read("run.json")?)
        .map_err(|error| fault!("file", "`{}`: {error}", run.join("run.json").display()))?;
    let start = &record["start"];
    let digest = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let script = digest(&read("script.rhai")?);
    let is_sandboxed = !start["sandbox"].is_null();
    let start = digest(start.to_string().as_bytes());
    Ok((json!({ "script": script, "start": start }), is_sandboxed))
}

/// Seals the record of a run that begins in a sandbox; of another run it removes the seal of an
/// earlier run in the folder. Where no seal can be written, a note states that the run cannot be
/// resumed.
///
/// # Errors
/// Where the record cannot be read.
pub fn renew(run: &Path) -> Result<()> {
    let (digests, is_sandboxed) = digests(run)?;
    let path = path(run);
    if !is_sandboxed {
        if let Some(path) = path {
            std::fs::remove_file(path).ok();
        }
        return Ok(());
    }
    let written = match &path {
        Some(path) => file::write_whole(path, format!("{digests}\n").as_bytes()),
        None => Err(Fault::new("file", "neither XDG_STATE_HOME nor HOME is set")),
    };
    if let Err(fault) = written {
        crate::errln!(
            "note: the run cannot be resumed or replayed, because its seal cannot be written: {}",
            fault.message
        );
    }
    Ok(())
}

/// Fails where the record of a run in a sandbox has changed since the run started.
///
/// # Errors
/// Of kind `sandbox`, where the script or what the run was started with has changed, or where there
/// is no seal.
pub fn check(run: &Path) -> Result<()> {
    // a folder that is no run directory is reported by its readers
    let Ok((current, is_sandboxed)) = digests(run) else {
        return Ok(());
    };
    let seal: Option<Value> = path(run)
        .and_then(|path| std::fs::read(path).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let again = "run the script again: `cistron run --sandbox SCRIPT`";
    match seal {
        None if is_sandboxed => {
            bail!(
                "sandbox",
                "the run in `{}` was started in a sandbox, and no seal of its record is on this \
                computer",
                run.display();
                hint: "{again}"
            )
        }
        Some(seal) if seal != current => {
            let what = match () {
                () if current["script"] == "" => "sweep.json",
                () if seal["script"] == current["script"] => "run.json",
                () => "script.rhai",
            };
            bail!(
                "sandbox",
                "`{}` has changed since the run was started in a sandbox; it is not run",
                run.join(what).display();
                hint: "{again}"
            )
        }
        _ => Ok(()),
    }
}
