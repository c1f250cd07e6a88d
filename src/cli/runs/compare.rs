//! Several runs side by side: what differs in their parameters, what they gave, and a metric by
//! epoch.

use super::show::shortened;
use crate::bail;
use crate::base::table::{Cells, Table};
use crate::base::{Result, near, screen, written};
use crate::fault;
use crate::plot::{self, Chart, Figure, Series, terminal};
use crate::track::{Record, ledger};
use serde_json::Value;
use std::io::IsTerminal;
use std::path::Path;

/// The most letters of a cell.
const MAX_CELL: usize = 40;

/// Columns of metrics that are no measure of a network.
const NO_MEASURES: [&str; 5] = ["epoch", "seconds", "speed", "step", "lr"];

/// Prints the comparison, and writes the figure of the metric where a path is given.
pub(super) fn compare(records: &[Record], metric: Option<&str>, out: Option<&Path>) -> Result<u8> {
    if records.len() < 2 {
        bail!("usage", "a comparison needs two runs, there is {}", records.len();
            hint: "name several runs, or a sweep of several");
    }
    crate::outln!("{}", table(records)?.to_pretty(usize::MAX));
    let metric = match metric {
        Some(name) => Some(known(records, name)?),
        None => measures(records).into_iter().next(),
    };
    let Some(metric) = metric else {
        if out.is_some() {
            bail!("value", "no run has metrics of epochs to draw");
        }
        return Ok(0);
    };
    let figure = figure(records, &metric);
    let columns = screen::columns().unwrap_or(terminal::COLUMNS);
    let is_colored = std::io::stdout().is_terminal();
    crate::outln!(
        "\n{}",
        terminal::show(&figure, columns, is_colored).trim_end()
    );
    if let Some(path) = out {
        figure.save(path, plot::raster::DPI, plot::Theme::Light)?;
        crate::outln!("{}", path.display());
    }
    Ok(0)
}

/// The names of runs in a comparison: those that were given, where all differ.
fn names(records: &[Record]) -> Vec<String> {
    let given = |record: &Record| record.start.name.clone().unwrap_or_else(|| record.id());
    let unique = |names: &[String]| (0..names.len()).all(|i| !names[..i].contains(&names[i]));
    let names: Vec<String> = records.iter().map(given).collect();
    if unique(&names) {
        return names;
    }
    let names: Vec<String> = records.iter().map(Record::id).collect();
    let number = |(i, name): (usize, &String)| match names[..i].contains(name) {
        true => format!("{name} ({})", i + 1),
        false => name.clone(),
    };
    names.iter().enumerate().map(number).collect()
}

/// A row for each parameter that differs and for each result, a column for each run.
fn table(records: &[Record]) -> Result<Table> {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let parts: [(&str, fn(&Record) -> &Value, bool); 2] =
        [("set.", |r| &r.set, true), ("", |r| &r.results, false)];
    for (head, of, only_differing) in parts {
        let flat: Vec<Vec<(String, Value)>> = records
            .iter()
            .map(|record| ledger::flat(of(record)))
            .collect();
        let mut paths: Vec<&String> = Vec::new();
        for (path, _) in flat.iter().flatten() {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        for path in paths {
            let value = |all: &Vec<(String, Value)>| {
                let found = all.iter().find(|(name, _)| name == path);
                found.map(|(_, value)| value.clone())
            };
            let values: Vec<Option<Value>> = flat.iter().map(value).collect();
            if only_differing && values.iter().all(|value| *value == values[0]) {
                continue;
            }
            let all = |text: fn(&Value) -> String| -> Vec<String> {
                let one = |value: &Option<Value>| value.as_ref().map_or("-".into(), text);
                values.iter().map(one).collect()
            };
            let short = all(shortened);
            // in full where values that differ would look alike
            let is_clear = (0..values.len()).all(|i| {
                let same = (0..i).find(|j| short[*j] == short[i]);
                same.is_none_or(|j| values[j] == values[i])
            });
            let cells = if is_clear {
                short
            } else {
                all(Value::to_string)
            };
            let cells = cells
                .iter()
                .map(|cell| written::cut(cell, MAX_CELL))
                .collect();
            rows.push((format!("{head}{path}"), cells));
        }
    }
    let seconds = |r: &Record| {
        r.seconds
            .map_or("-".into(), crate::train::progress::seconds)
    };
    rows.push(("time".into(), records.iter().map(seconds).collect()));
    rows.push((
        "state".into(),
        records.iter().map(|r| r.state.to_string()).collect(),
    ));
    let first = Cells::Text(rows.iter().map(|(name, _)| name.clone()).collect());
    let mut columns = vec![(String::new(), first)];
    for (i, name) in names(records).into_iter().enumerate() {
        let cells = rows.iter().map(|(_, cells)| cells[i].clone()).collect();
        columns.push((name, Cells::Text(cells)));
    }
    Table::new(columns)
}

/// The metrics that a run has by epoch; those of validation data first, losses last.
fn measures(records: &[Record]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (name, value) in records
        .iter()
        .flat_map(|r| &r.metrics)
        .flat_map(ledger::flat)
    {
        if value.is_f64() && !NO_MEASURES.contains(&name.as_str()) && !all.contains(&name) {
            all.push(name);
        }
    }
    all.sort_by_key(|name| (!name.contains("valid"), name.ends_with("loss")));
    all
}

/// A metric by its name, or by the end of it.
fn known(records: &[Record], name: &str) -> Result<String> {
    let all = measures(records);
    let end = format!(".{name}");
    let found = all.iter().find(|known| *known == name);
    if let Some(found) = found.or_else(|| all.iter().find(|known| known.ends_with(&end))) {
        return Ok(found.clone());
    }
    let fault = fault!("usage", "--metric {name}: no run has it by epoch");
    Err(match near::nearest(name, all.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if all.is_empty() => fault.hint("none of the runs trained a network by epochs"),
        None => fault.hint(format!("there are {}", all.join(", "))),
    })
}

/// The metric by epoch, a line for each training of each run.
fn figure(records: &[Record], metric: &str) -> Figure {
    let mut lines: Vec<Series> = Vec::new();
    for (record, run) in records.iter().zip(names(records)) {
        let trainings = ledger::trainings(record);
        let is_one = trainings.len() == 1;
        for training in &trainings {
            let point = |row: &&Value| {
                let flat = ledger::flat(row);
                let number = |wanted: &str| {
                    let found = flat.iter().find(|(name, _)| name == wanted);
                    found.and_then(|(_, value)| value.as_f64())
                };
                Some((number("epoch")?, number(metric)?))
            };
            let points: Vec<(f64, f64)> = training.rows.iter().filter_map(point).collect();
            let name = match is_one {
                true => run.clone(),
                false => format!("{run} {}", training.name),
            };
            if !points.is_empty() {
                lines.push(Series { name, points });
            }
        }
    }
    let chart = Chart {
        x: "epoch".into(),
        y: metric.into(),
        lines,
        ..Chart::default()
    };
    plot::chart(metric, chart)
}
