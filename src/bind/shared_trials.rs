//! Trials that the processes of a run divide: their file, and what they record.

use crate::base::{Fault, Result};
use crate::lang::session::{self, Event, Recorder};
use crate::train::division::Division;
use crate::train::ledger::Ledger;
use crate::train::trials::Search;
use crate::{bail, fault};
use cistron_world as world;
use rhai::Dynamic;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What processes are at, in messages.
const WHAT: &str = "a search";

/// The trials of a search, in a file that the first process chooses: of `file`, or where there is
/// none in a folder for temporary files.
pub fn ledger(
    search: &Search,
    file: Option<&dyn Fn() -> Result<PathBuf>>,
    count: u64,
) -> Result<Ledger> {
    let division = Division::of_all(search.startup)?;
    let mut path = Vec::new();
    if world::is_first() {
        let own = file.map_or_else(|| Ok(temporary(count)), |file| file())?;
        let own = std::path::absolute(&own).map_err(|error| Fault::file(&own, &error))?;
        Ledger::at(&own, &search.identity())?;
        path = own.to_string_lossy().into_owned().into_bytes();
    }
    let path = world::broadcast(WHAT, 0, path)?;
    let path = PathBuf::from(String::from_utf8_lossy(&path).into_owned());
    if !path.exists() {
        return Err(unseen(&path));
    }
    Ok(Ledger::at(&path, &search.identity())?.divided(division))
}

fn temporary(count: u64) -> PathBuf {
    let name = format!("cistron-search-{}-{count}.jsonl", std::process::id());
    std::env::temp_dir().join(name)
}

fn unseen(path: &Path) -> Fault {
    fault!("file", "this process does not see `{}`, the trials of a search that all processes \
        divide", path.display();
        hint: "put the record of the run into a folder that all machines share: `--run-dir`")
}

/// Removes the file of a search that is not stored, once all processes have read it.
pub fn remove(path: &Path) -> Result<()> {
    world::barrier(WHAT)?;
    if world::is_first() {
        std::fs::remove_file(path).ok();
    }
    Ok(())
}

/// Lets a trial write files into the record, and collects what it records, until it is dropped.
pub struct Own {
    run_dir: Option<PathBuf>,
    record_dir: Option<PathBuf>,
    recorder: Option<Recorder>,
}

/// Enters a trial whose events are collected.
pub fn enter(events: Rc<RefCell<Vec<Value>>>) -> Own {
    let settings = session::settings();
    if let Some(folder) = &settings.record_dir {
        session::set_settings(|own| {
            own.run_dir = Some(folder.clone());
            own.record_dir = None;
        });
    }
    let collect = move |event: &Event| -> Result<()> {
        events.borrow_mut().extend(stored(event));
        Ok(())
    };
    Own {
        run_dir: settings.run_dir,
        record_dir: settings.record_dir,
        recorder: session::swap_recorder(Some(Rc::new(collect))),
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let (run_dir, record_dir) = (self.run_dir.take(), self.record_dir.take());
        session::set_settings(|own| (own.run_dir, own.record_dir) = (run_dir, record_dir));
        session::swap_recorder(self.recorder.take());
    }
}

/// An event as the file of trials stores it; what is printed is in the log of the process.
fn stored(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Source(file, text) => json!({ "source": [file, text] }),
        Event::Input(path) => json!({ "input": path }),
        Event::Parameter(name, value) => json!({ "parameter": [name, value] }),
        Event::Report(name, value) => json!({ "report": [name, value] }),
        Event::Epoch(row) => json!({ "epoch": row }),
        Event::Skipped(trial) => json!({ "skipped": trial }),
        Event::Printed(_) => return None,
    })
}

/// Records the events of a trial in this process.
pub fn record(left: &Value) -> Result<()> {
    for event in left["events"].as_array().into_iter().flatten() {
        let Some((kind, value)) = event.as_object().and_then(|own| own.iter().next()) else {
            continue;
        };
        let text = value.as_str().unwrap_or_default();
        let name = value[0].as_str().unwrap_or_default();
        match kind.as_str() {
            "source" => {
                session::record(&Event::Source(name, value[1].as_str().unwrap_or_default()))?
            }
            "input" => session::record(&Event::Input(Path::new(text)))?,
            "parameter" => session::record(&Event::Parameter(name, value[1].clone()))?,
            "report" => {
                let value: Dynamic = serde_json::from_value(value[1].clone()).unwrap_or_default();
                session::report(name, value)?;
            }
            "epoch" => session::record(&Event::Epoch(value))?,
            _ => session::record(&Event::Skipped(text))?,
        }
    }
    Ok(())
}

/// Fails where a trial has changed variables of the script: those of another process do not follow.
pub fn check(changes: &Value) -> Result<()> {
    if changes["captured"].is_object() {
        bail!("ranks", "the objective of the search changes variables that it has captured, which \
            the processes that divide its trials do not share";
            hint: "collect results by `report`, or from the table that the search returns; or run \
                the script as one process");
    }
    Ok(())
}
