//! A run in the forms of other programs.

pub mod csv;
pub mod mlflow;
pub mod tensorboard;

use super::Record;

/// A number that was measured: network, name, epoch, value.
struct Point<'a> {
    network: &'a str,
    name: &'a str,
    epoch: i64,
    value: f64,
    /// Seconds since the run began.
    at: f64,
}

/// When a run began, seconds since 1970; none where its folder does not tell.
fn begun(record: &Record) -> Option<f64> {
    let modified = std::fs::metadata(record.folder.join("run.json")).and_then(|about| about.modified()).ok()?;
    modified.duration_since(std::time::UNIX_EPOCH).ok().map(|d| d.as_secs_f64())
}

/// All that was measured, in order.
fn points(record: &Record) -> Vec<Point<'_>> {
    let (mut out, mut at) = (Vec::new(), 0.0);
    for row in &record.metrics {
        let (Some(epoch), Some(network), Some(map)) = (row["epoch"].as_i64(), row["model"].as_str(), row.as_object()) else { continue };
        at += row["seconds"].as_f64().unwrap_or(0.0);
        let numbers = map.iter().filter(|(name, _)| *name != "epoch").filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
        out.extend(numbers.map(|(name, value)| Point { network, name, epoch, value, at }));
    }
    out
}
