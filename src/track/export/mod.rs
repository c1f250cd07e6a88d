//! Runs in the formats of other programs.

pub mod csv;
pub mod mlflow;
pub mod tensorboard;

use super::Record;
use serde_json::Value;
use std::borrow::Cow;

/// A metric: network, name, epoch, value.
struct Point<'a> {
    network: Cow<'a, str>,
    name: &'a str,
    epoch: i64,
    value: f64,
    /// Seconds since the run began.
    at: f64,
}

/// The network that a row of metrics is of; in a trial of a search, below the trial.
pub(super) fn network(row: &Value) -> Option<Cow<'_, str>> {
    let model = row["model"].as_str()?;
    Some(row["trial"].as_str().map_or(Cow::Borrowed(model), |trial| {
        Cow::Owned(format!("{trial}/{model}"))
    }))
}

/// The start of a run in seconds since 1970, which is the time of its file of versions.
fn begun(record: &Record) -> Option<f64> {
    let modified = std::fs::metadata(record.folder.join("versions.json"))
        .and_then(|about| about.modified())
        .ok()?;
    modified
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .map(|d| d.as_secs_f64())
}

/// All metrics, in order.
fn points(record: &Record) -> Vec<Point<'_>> {
    let (mut out, mut at) = (Vec::new(), 0.0);
    for row in &record.metrics {
        let (Some(epoch), Some(network), Some(map)) =
            (row["epoch"].as_i64(), network(row), row.as_object())
        else {
            continue;
        };
        at += row["seconds"].as_f64().unwrap_or(0.0);
        let numbers = map
            .iter()
            .filter(|(name, _)| *name != "epoch")
            .filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
        out.extend(numbers.map(|(name, value)| Point {
            network: network.clone(),
            name,
            epoch,
            value,
            at,
        }));
    }
    out
}
