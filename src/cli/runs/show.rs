//! One run as text.

use crate::base::table::{Cells, Table};
use crate::base::{Result, written};
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

/// Columns beyond which results are listed instead of being a table.
const MAX_COLUMNS: usize = 8;

/// Results as a table: a row for each, in the order in which they were reported. Of results that
/// are maps of values, such as `#{ published, ours }`, each key is a column.
fn table(results: &Value) -> Result<Option<Table>> {
    let Some(results) = results.as_object().filter(|results| !results.is_empty()) else {
        return Ok(None);
    };
    let is_row = |value: &Value| {
        let inner = value.as_object();
        inner.is_some_and(|map| !map.is_empty() && !map.values().any(Value::is_object))
    };
    let keys = results.values().filter(|value| is_row(value));
    let mut columns: Vec<&str> = Vec::new();
    for key in keys.flat_map(|value| value.as_object().into_iter().flat_map(|map| map.keys())) {
        if !columns.contains(&key.as_str()) {
            columns.push(key);
        }
    }
    let is_wide = columns.len() > MAX_COLUMNS;
    let rows: Vec<(String, Vec<(&str, String)>)> = if is_wide {
        let all = ledger::flat(&Value::Object(results.clone())).into_iter();
        all.map(|(name, value)| (name, vec![("value", shortened(&value))]))
            .collect()
    } else {
        let of = |(name, value): (&String, &'_ Value)| -> Vec<(String, Vec<(&str, String)>)> {
            match value.as_object().filter(|_| is_row(value)) {
                Some(map) => {
                    let column = |key: &String| columns.iter().find(|known| *known == key);
                    let cells = map
                        .iter()
                        .filter_map(|(key, value)| Some((*column(key)?, shortened(value))));
                    vec![(name.clone(), cells.collect())]
                }
                // a result that is no number is stored as null
                None if ledger::flat(value).is_empty() => {
                    vec![(name.clone(), vec![("value", value.to_string())])]
                }
                None => ledger::flat(value)
                    .into_iter()
                    .map(|(path, value)| {
                        let dot = if path.is_empty() { "" } else { "." };
                        (
                            format!("{name}{dot}{path}"),
                            vec![("value", shortened(&value))],
                        )
                    })
                    .collect(),
            }
        };
        results.iter().flat_map(of).collect()
    };
    let has_plain = rows
        .iter()
        .any(|(_, cells)| cells.iter().any(|(key, _)| *key == "value"));
    let mut names = if is_wide { Vec::new() } else { columns };
    if has_plain && !names.contains(&"value") {
        names.insert(0, "value");
    }
    let first = Cells::Text(rows.iter().map(|(name, _)| name.clone()).collect());
    let column = |name: &&str| {
        let cell = |(_, cells): &(String, Vec<(&str, String)>)| {
            let found = cells.iter().find(|(key, _)| key == name);
            found.map_or(String::new(), |(_, text)| text.clone())
        };
        (
            name.to_string(),
            Cells::Text(rows.iter().map(cell).collect()),
        )
    };
    let names = names.iter().map(column);
    Table::new(
        std::iter::once((String::new(), first))
            .chain(names)
            .collect(),
    )
    .map(Some)
}

/// The most trainings of a run that are summed up.
const MAX_TRAININGS: usize = 12;

/// The last epoch of each training, and the epoch of each lowest loss.
fn trainings(record: &Record) -> Vec<String> {
    let all = ledger::trainings(record);
    let of = |training: &ledger::Training| {
        let epochs = training.rows.iter().filter(|row| row["step"].is_null());
        let rows: Vec<&&Value> = epochs.collect();
        let last = rows.last().copied().or_else(|| training.rows.last())?;
        let is_measure = |(name, value): &(String, Value)| {
            let is_value = value.is_f64() || value.is_null();
            is_value && !["seconds", "speed", "epoch", "step", "trial"].contains(&name.as_str())
        };
        let measured: Vec<_> = ledger::flat(last).into_iter().filter(is_measure).collect();
        let text = |value: &Value| match value {
            // what is no number is stored as null
            Value::Null => "nan".to_string(),
            value => shortened(value),
        };
        let values = measured
            .iter()
            .map(|(name, value)| format!("{name} {}", text(value)));
        let values = values.collect::<Vec<_>>().join("  ");
        let when = match last["step"].as_f64() {
            Some(step) => format!("step {step}"),
            None => format!("epoch {}", last["epoch"]),
        };
        let mut line = format!("{}, {when}: {values}", training.name);
        for (loss, _) in measured.iter().filter(|(name, _)| name.ends_with("loss")) {
            let value = |row: &Value| {
                let flat = ledger::flat(row);
                let found = flat.into_iter().find(|(name, _)| name == loss);
                found.and_then(|(_, value)| value.as_f64())
            };
            let found = rows
                .iter()
                .filter_map(|row| Some((value(row)?, &row["epoch"])));
            if let Some((low, epoch)) = found.min_by(|a, b| a.0.total_cmp(&b.0)) {
                line += &format!("; lowest {loss} {} at {epoch}", written::metric(low));
            }
        }
        Some(line)
    };
    let mut lines: Vec<String> = all.iter().take(MAX_TRAININGS).filter_map(of).collect();
    if all.len() > MAX_TRAININGS {
        lines.push(format!("… {} more trainings", all.len() - MAX_TRAININGS));
    }
    lines
}

/// Prints a run: its results first, then how it was started, then where.
pub(super) fn show(record: &Record) -> Result<u8> {
    say(&record.folder.display().to_string());
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            say(&format!("  {name} = {value}"));
        }
    };
    line("state", record.state.into());
    line("name", record.start.name.clone().unwrap_or_default());
    line("tags", record.start.tags.join(", "));
    line(
        "fault",
        record.fault["message"].as_str().unwrap_or("").to_string(),
    );
    if let Some(table) = table(&record.results)? {
        crate::outln!("");
        for row in table.to_pretty(usize::MAX).lines() {
            crate::outln!("  {row}");
        }
        crate::outln!("");
    }
    trainings(record)
        .iter()
        .for_each(|line| say(&format!("  {line}")));
    ledger::flat(&record.set)
        .iter()
        .for_each(|(name, value)| say(&format!("  set.{name} = {value}")));
    line("started", record.started.clone());
    line(
        "seconds",
        record.seconds.map_or(String::new(), |s| format!("{s:.1}")),
    );
    line("epochs", record.metrics.len().to_string());
    line("script", record.start.script.display().to_string());
    for file in record.data.as_array().into_iter().flatten() {
        say(&format!(
            "  read {} ({} bytes)",
            file["path"].as_str().unwrap_or("?"),
            file["size"]
        ));
    }
    ledger::flat(&record.versions)
        .iter()
        .for_each(|(name, value)| say(&format!("  versions.{name} = {value}")));
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn results_are_rows_with_the_keys_of_maps_as_columns() {
        let results = json!({
            "n": 3, "none": null, "auroc": { "published": 0.95, "ours": 0.951234 },
            "deep": { "a": { "b": 1.5 } },
        });
        let text = table(&results).unwrap().unwrap().to_pretty(99);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "          value  published  ours",
                "n         3",
                "none      null",
                "auroc            0.95       0.9512",
                "deep.a.b  1.5",
            ]
        );
        assert!(table(&Value::Null).unwrap().is_none());
    }
}
