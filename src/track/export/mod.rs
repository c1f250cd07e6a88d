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
}

/// All that was measured, in order.
fn points(record: &Record) -> Vec<Point<'_>> {
    let mut out = Vec::new();
    for row in &record.metrics {
        let (Some(epoch), Some(network), Some(map)) = (row["epoch"].as_i64(), row["model"].as_str(), row.as_object()) else { continue };
        let numbers = map.iter().filter(|(name, _)| *name != "epoch").filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)));
        out.extend(numbers.map(|(name, value)| Point { network, name, epoch, value }));
    }
    out
}
