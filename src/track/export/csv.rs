//! Metrics as comma-separated values: a row for each epoch of each network.

use crate::base::Result;
use crate::base::file::write_whole;
use crate::track::Record;
use crate::track::ledger::flat;
use serde_json::Value;
use std::path::Path;

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// The table as text.
pub fn text(record: &Record) -> String {
    let mut names: Vec<&String> = Vec::new();
    for name in record.metrics.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => quoted(text),
        Some(other) => other.to_string(),
    };
    let mut out = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",") + "\n";
    for row in &record.metrics {
        out += &(names.iter().map(|name| cell(row.get(name.as_str()))).collect::<Vec<_>>().join(",") + "\n");
    }
    out
}

/// Writes the table.
pub fn save(record: &Record, path: &Path) -> Result<()> {
    write_whole(path, text(record).as_bytes())
}

/// Writes a row for each of several runs: its folder, state, parameters and results.
pub fn save_all(records: &[Record], path: &Path) -> Result<()> {
    let rows: Vec<Vec<(String, Value)>> = records.iter().map(|record| [flat(&record.set), flat(&record.results)].concat()).collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let head = ["run".to_string(), "state".into(), "seconds".into()].into_iter().chain(names.iter().map(|name| quoted(name)));
    let mut out = head.collect::<Vec<_>>().join(",") + "\n";
    for (record, row) in records.iter().zip(&rows) {
        let seconds = record.seconds.map_or(String::new(), |s| s.to_string());
        let cell = |name: &&String| match row.iter().find(|(own, _)| own == *name).map(|(_, value)| value) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => quoted(text),
            Some(other) => quoted(&other.to_string()),
        };
        let cells = [quoted(&record.id()), record.state.to_string(), seconds].into_iter().chain(names.iter().map(cell));
        out += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    write_whole(path, out.as_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_with_commas_are_quoted_and_gaps_are_empty() {
        let place = tempfile::tempdir().unwrap();
        let lines = "{\"model\":\"a, b\",\"epoch\":1,\"loss\":0.5}\n{\"model\":\"a, b\",\"epoch\":2,\"loss\":0.25,\"auc\":1.0}\n";
        std::fs::write(place.path().join("metrics.jsonl"), lines).unwrap();
        assert_eq!(super::text(&crate::track::read(place.path())), "model,epoch,loss,auc\n\"a, b\",1,0.5,\n\"a, b\",2,0.25,1.0\n");
    }
}
