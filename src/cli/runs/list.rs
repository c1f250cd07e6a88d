//! A table of runs.

use super::show::shortened;
use crate::base::near;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result};
use crate::fault;
use crate::track::{self, Record, ledger};
use serde_json::Value;
use std::cmp::Ordering;
use std::path::Path;

pub(super) fn list(
    dir: &Path,
    filters: &[String],
    sort: Option<&str>,
    ascending: bool,
) -> Result<u8> {
    let mut records = track::all(dir)?;
    let all = records.len();
    records.retain(|record| filters.iter().all(|filter| fits(record, filter)));
    if let Some(name) = sort {
        if !records.is_empty() && records.iter().all(|record| record.value(name).is_none()) {
            return Err(nowhere(&records, name));
        }
        records.sort_by(|a, b| {
            let (x, y) = (a.value(name), b.value(name));
            let order = compared(&x, &y);
            if ascending || x.is_none() || y.is_none() {
                order
            } else {
                order.reverse()
            }
        });
    }
    if records.is_empty() {
        let why = if all > 0 {
            format!("; none of {all} fits")
        } else {
            String::new()
        };
        crate::outln!("no runs in {}{why}", dir.display());
        return Ok(0);
    }
    let results = |record: &Record| {
        let all: Vec<String> = ledger::flat(&record.results)
            .iter()
            .map(|(name, value)| format!("{name} {}", shortened(value)))
            .collect();
        let text = all.join("  ");
        let short: String = text.chars().take(80).collect();
        if text.chars().count() > 80 {
            format!("{short} …")
        } else {
            short
        }
    };
    let text = |of: &dyn Fn(&Record) -> String| Cells::Text(records.iter().map(of).collect());
    let mut columns = vec![
        ("run".to_string(), text(&Record::id)),
        ("state".into(), text(&|r: &Record| r.state.to_string())),
        (
            "time".into(),
            text(&|r: &Record| {
                r.seconds
                    .map_or("-".into(), crate::train::progress::seconds)
            }),
        ),
    ];
    if records
        .iter()
        .any(|record| record.start.name.is_some() || !record.start.tags.is_empty())
    {
        columns.push((
            "name".into(),
            text(&|r: &Record| {
                r.start
                    .name
                    .iter()
                    .cloned()
                    .chain(r.start.tags.iter().map(|tag| format!("#{tag}")))
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
        ));
    }
    if let Some(name) = sort.filter(|name| !["state", "seconds", "name"].contains(name)) {
        columns.push((
            name.to_string(),
            text(&|r: &Record| r.value(name).map_or("-".into(), |value| shortened(&value))),
        ));
    }
    columns.push(("results".into(), text(&results)));
    crate::outln!("{}", Table::new(columns)?.to_pretty(usize::MAX));
    Ok(0)
}

/// Whether a run matches a filter.
fn fits(record: &Record, filter: &str) -> bool {
    let comparison = [">=", "<=", "!=", ">", "<", "="]
        .into_iter()
        .find_map(|sign| {
            filter
                .split_once(sign)
                .map(|(name, value)| (name.trim(), sign, value.trim()))
        });
    let Some((name, sign, wanted)) = comparison else {
        let words = [
            record.id(),
            record.start.name.clone().unwrap_or_default(),
            record.start.tags.join(" "),
        ];
        return words.iter().any(|word| word.contains(filter));
    };
    let Some(value) = record.value(name) else {
        return sign == "!=";
    };
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_string);
    let order = match (value.as_f64(), wanted.parse::<f64>()) {
        (Some(value), Ok(wanted)) => value.partial_cmp(&wanted),
        _ => Some(text.as_str().cmp(wanted)),
    };
    match sign {
        "=" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        ">" => order == Some(Ordering::Greater),
        "<" => order == Some(Ordering::Less),
        ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

fn compared(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_string().cmp(&b.to_string()),
        },
        // runs without the value are last in both directions
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The fault of a sort key that no run has, or of which runs have several.
fn nowhere(records: &[Record], name: &str) -> Fault {
    let mut known: Vec<String> = records
        .iter()
        .flat_map(|record| [ledger::flat(&record.results), ledger::flat(&record.set)].concat())
        .map(|(name, _)| name)
        .collect();
    known.sort();
    known.dedup();
    let several: Vec<String> = known
        .iter()
        .filter(|path| path.ends_with(&format!(".{name}")))
        .map(|path| format!("`{path}`"))
        .collect();
    if !several.is_empty() {
        return fault!("usage", "--sort {name}: runs have several")
            .hint(format!("one of {}", several.join(", ")));
    }
    let fault = fault!("usage", "--sort {name}: no run has it");
    match near::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            fault.hint("started, seconds, state and name are there for every run")
        }
        None => fault.hint(format!("there are {}", known.join(", "))),
    }
}
