//! Metrics as comma-separated values: a row for each epoch of each network.

use crate::base::Result;
use crate::base::delimited::Style;
use crate::base::file::write_whole;
use crate::track::Record;
use crate::track::ledger::flat;
use serde_json::Value;
use std::path::Path;

/// The style of the tables; `guards_formulas` puts an apostrophe in front of text that a
/// spreadsheet would run.
fn style(guards_formulas: bool) -> Style {
    Style {
        separator: ',',
        guards_formulas,
    }
}

/// A value as a cell; null is an empty one.
fn cell(value: Option<&Value>, style: Style) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => style.text(text).into_owned(),
        Some(other) => other.to_string(),
    }
}

/// The table as text.
pub fn text(record: &Record, guards_formulas: bool) -> String {
    let style = style(guards_formulas);
    let mut names: Vec<&String> = Vec::new();
    for name in record
        .metrics
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut out = style.row(names.iter().map(|name| style.text(name)));
    for row in &record.metrics {
        out += &style.row(names.iter().map(|name| cell(row.get(name.as_str()), style)));
    }
    out
}

/// Writes the table.
pub fn save(record: &Record, path: &Path, guards_formulas: bool) -> Result<()> {
    write_whole(path, text(record, guards_formulas).as_bytes())
}

/// Writes a row for each of several runs: its folder, state, parameters and results.
pub fn save_all(records: &[Record], path: &Path, guards_formulas: bool) -> Result<()> {
    let style = style(guards_formulas);
    let rows: Vec<Vec<(String, Value)>> = records
        .iter()
        .map(|record| [flat(&record.set), flat(&record.results)].concat())
        .collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let head = ["run", "state", "seconds"]
        .into_iter()
        .chain(names.iter().map(|name| name.as_str()));
    let mut out = style.row(head.map(|name| style.text(name)));
    for (record, row) in records.iter().zip(&rows) {
        let seconds = record.seconds.map_or(String::new(), |s| s.to_string());
        let of = |name: &&String| {
            cell(
                row.iter()
                    .find(|(known, _)| known == *name)
                    .map(|(_, value)| value),
                style,
            )
        };
        out += &style.row(
            [
                style.text(&record.id()).into_owned(),
                record.state.to_string(),
                seconds,
            ]
            .into_iter()
            .chain(names.iter().map(of)),
        );
    }
    write_whole(path, out.as_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_with_commas_are_quoted_and_gaps_are_empty() {
        let place = tempfile::tempdir().unwrap();
        let lines = "{\"model\":\"a, b\",\"epoch\":1,\"loss\":0.5}\n{\"model\":\"a, \
            b\",\"epoch\":2,\"loss\":0.25,\"auc\":1.0}\n";
        std::fs::write(place.path().join("metrics.jsonl"), lines).unwrap();
        assert_eq!(
            super::text(&crate::track::read(place.path()), false),
            "model,epoch,loss,auc\n\"a, b\",1,0.5,\n\"a, b\",2,0.25,1.0\n"
        );
    }
}
