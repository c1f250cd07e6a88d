//! Event files of TensorBoard: records with checksums around small protocol buffers.

use super::{begun, points};
use crate::base::Result;
use crate::base::file::write_whole;
use crate::track::Record;
use std::path::{Path, PathBuf};

/// The checksum of a record, rotated as its readers expect.
fn checksum(bytes: &[u8]) -> u32 {
    let crc = crc32c::crc32c(bytes);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn record(out: &mut Vec<u8>, event: &[u8]) {
    let length = (event.len() as u64).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(&length).to_le_bytes());
    out.extend_from_slice(event);
    out.extend_from_slice(&checksum(event).to_le_bytes());
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 128 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A field that holds bytes: text or another message.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// An event: its time in seconds, and either the version of the format or one number.
fn event(time: f64, number: Option<(i64, &str, f64)>) -> Vec<u8> {
    let mut out = vec![1 << 3 | 1];
    out.extend_from_slice(&time.to_le_bytes());
    match number {
        None => bytes(&mut out, 3, b"brain.Event:2"),
        Some((step, tag, value)) => {
            out.push(2 << 3);
            varint(&mut out, step as u64);
            let mut one = Vec::new();
            bytes(&mut one, 1, tag.as_bytes());
            one.push(2 << 3 | 5);
            one.extend_from_slice(&(value as f32).to_le_bytes());
            let mut summary = Vec::new();
            bytes(&mut summary, 1, &one);
            bytes(&mut out, 5, &summary);
        }
    }
    out
}

/// Writes `<folder>/<run>/events.out.tfevents.…`: metrics as `network/name` by epoch, numeric
/// results as `results/name`.
pub fn save(run: &Record, folder: &Path) -> Result<PathBuf> {
    let start = begun(run).unwrap_or(0.0);
    let mut out = Vec::new();
    record(&mut out, &event(start, None));
    let mut time = start;
    for point in points(run) {
        time = start + point.at;
        record(
            &mut out,
            &event(
                time,
                Some((
                    point.epoch,
                    &format!("{}/{}", point.network, point.name),
                    point.value,
                )),
            ),
        );
    }
    for (name, value) in run.numbers() {
        record(
            &mut out,
            &event(time, Some((0, &format!("results/{name}"), value))),
        );
    }
    let path = folder
        .join(run.id())
        .join(format!("events.out.tfevents.{:010}.cistron", start as u64));
    write_whole(&path, &out)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_the_message_that_the_format_says() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        let mut wanted = vec![
            9, 0, 0, 0, 0, 0, 0, 0, 64, 16, 172, 2, 42, 10, 10, 8, 10, 1, b'a', 21,
        ];
        wanted.extend_from_slice(&1.5f32.to_le_bytes());
        assert_eq!(event(2.0, Some((300, "a", 1.5))), wanted);
    }
}
