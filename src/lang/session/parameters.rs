//! Parameters that a script declares, and results that it reports.

use super::journal::{Event, record};
use super::state::{local, settings};
use crate::{setting, show};
use cistron_base::{Result, say};
use rhai::Dynamic;
use std::cell::RefCell;

/// Results in the order in which they were reported.
#[derive(Default)]
struct Reports(RefCell<Vec<(String, Dynamic)>>);

/// Declares a parameter; its value is that of `--set`, or else the default.
pub fn declare(name: &str, default: Dynamic) -> Result<Dynamic> {
    let value = match settings().set.get(name) {
        None => default,
        Some(given) => {
            let value = setting::read(name, given, &default)?;
            if let Some(note) = setting::deprecation(name, given, &default)
                && !settings().quiet
            {
                say::line(&note);
            }
            value
        }
    };
    record(&Event::Parameter(name, json(name, &value)?))?;
    Ok(value)
}

/// Records a result of the run.
pub fn report(name: &str, value: Dynamic) -> Result<()> {
    record(&Event::Report(name, json(name, &value)?))?;
    let local = local::<Reports>();
    let mut reports = local.0.borrow_mut();
    reports.retain(|(old, _)| old != name);
    reports.push((name.to_string(), value));
    Ok(())
}

/// A value as JSON; faults name it.
fn json(name: &str, value: &Dynamic) -> Result<serde_json::Value> {
    show::json(value).map_err(|mut fault| {
        fault.message = format!("`{name}`: {}", fault.message);
        fault
    })
}

/// The reported results, in order, as JSON.
pub fn results() -> serde_json::Map<String, serde_json::Value> {
    let local = local::<Reports>();
    let reports = local.0.borrow();
    reports
        .iter()
        .map(|(name, value)| (name.clone(), show::to_json(value)))
        .collect()
}
