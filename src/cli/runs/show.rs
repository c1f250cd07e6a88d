//! One run as text.

use crate::base::written;
use crate::track::{Record, ledger};
use serde_json::Value;

/// A value in lists: floats with four digits.
pub(super) fn shortened(value: &Value) -> String {
    match value {
        Value::Number(n) if n.is_f64() => n.as_f64().map_or_else(|| n.to_string(), written::metric),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(shortened).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string(),
    }
}

/// Prints a line; control characters in names and results are escaped.
pub(super) fn say(text: &str) {
    crate::outln!("{}", written::printable(text));
}

pub(super) fn show(record: &Record) -> u8 {
    say(&record.folder.display().to_string());
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            say(&format!("  {name} = {value}"));
        }
    };
    line("state", record.state.into());
    line("started", record.started.clone());
    line("name", record.start.name.clone().unwrap_or_default());
    line("tags", record.start.tags.join(", "));
    line("script", record.start.script.display().to_string());
    line(
        "seconds",
        record.seconds.map_or(String::new(), |s| format!("{s:.1}")),
    );
    line("epochs", record.metrics.len().to_string());
    line(
        "fault",
        record.fault["message"].as_str().unwrap_or("").to_string(),
    );
    ledger::flat(&record.set)
        .iter()
        .for_each(|(name, value)| say(&format!("  set.{name} = {value}")));
    ledger::flat(&record.results)
        .iter()
        .for_each(|(name, value)| say(&format!("  results.{name} = {}", shortened(value))));
    ledger::flat(&record.versions)
        .iter()
        .for_each(|(name, value)| say(&format!("  versions.{name} = {value}")));
    for file in record.data.as_array().into_iter().flatten() {
        say(&format!(
            "  read {} ({} bytes)",
            file["path"].as_str().unwrap_or("?"),
            file["size"]
        ));
    }
    0
}
