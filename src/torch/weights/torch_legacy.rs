//! PyTorch's files before version 1.6: pickles one after the other, then the numbers of the
//! storages, always in little-endian order.

use super::entry::{Weights, printable};
use super::flat::flatten;
use super::objects::{Heap, Storage, Value};
use super::pickle::Machine;
use super::stored::Stored;
use crate::Tensor;
use cistron_base::{Fault, Result, bail, fault};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The number that the first pickle contains.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// The version of the format, in the second pickle.
const VERSION: i64 = 1001;

/// Reads a file that begins as a pickle.
pub fn read(path: &Path) -> Result<Weights> {
    let bytes = std::fs::read(path).map_err(|error| Fault::file(path, &error))?;
    let start = match bytes.as_slice() {
        [0x80, _, 0x8a, 10, rest @ ..]
            if rest.starts_with(&MAGIC) && rest.get(10) == Some(&b'.') =>
        {
            15
        }
        _ => {
            bail!("file", "it is a pickle, but not one that PyTorch wrote";
                hint: "in Python, save the arrays with `numpy.savez`")
        }
    };
    let mut machine = Machine::new(&bytes);
    machine.at = start;
    let version = machine.run()?;
    if version != Value::Int(VERSION) {
        bail!("file", "its format is not version {VERSION}");
    }
    let Value::Map(_) = machine.run()? else {
        bail!(
            "file",
            "the description of the system that wrote it is missing"
        );
    };
    let root = machine.run()?;
    let keys = machine.run()?;
    let ranges = ranges(&machine.heap, keys, &bytes, machine.at)?;
    let mut load = |storage: &Storage, stored: Stored| -> Result<Tensor> {
        let range = ranges.get(&storage.key);
        let (count, range) = range.ok_or_else(|| {
            fault!(
                "file",
                "there are no numbers of storage `{}`",
                printable(&storage.key)
            )
        })?;
        if *count != storage.count {
            bail!(
                "file",
                "storage `{}` has {count} numbers instead of {}",
                printable(&storage.key),
                storage.count
            );
        }
        stored.tensor(bytes[range.clone()].to_vec(), false)
    };
    let (entries, metadata) = flatten(&machine.heap, root, bytes.len() as u64, &mut load)?;
    Ok(Weights {
        format: "PyTorch pickle",
        entries,
        metadata,
    })
}

/// The counts and bytes of the storages, by key, in the order of the list of keys.
fn ranges(
    heap: &Heap,
    keys: Value,
    bytes: &[u8],
    mut at: usize,
) -> Result<HashMap<String, (u64, Range<usize>)>> {
    let widths: HashMap<&str, usize> = heap
        .storages
        .iter()
        .map(|storage| {
            (
                storage.key.as_str(),
                storage.stored.map_or(1, Stored::bytes),
            )
        })
        .collect();
    let keys = heap
        .items(keys)
        .ok_or_else(|| fault!("file", "the list of its storages is {}", Heap::kind(keys)))?;
    let mut ranges = HashMap::new();
    for key in keys {
        let key = match key {
            Value::Int(key) => key.to_string(),
            key => heap.string(*key).unwrap_or_default().to_string(),
        };
        let Some(width) = widths.get(key.as_str()) else {
            bail!(
                "file",
                "its storage `{}` belongs to no tensor",
                printable(&key)
            );
        };
        let early = || fault!("file", "it ends within storage `{}`", printable(&key));
        let count = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        let count = u64::from_le_bytes(*count.ok_or_else(early)?);
        at += 8;
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| at.checked_add(count.checked_mul(*width)?))
            .filter(|end| *end <= bytes.len())
            .ok_or_else(early)?;
        ranges.insert(key, (count, at..end));
        at = end;
    }
    Ok(ranges)
}
