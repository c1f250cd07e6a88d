//! 2bit files of either byte order, with 32-bit (version 0) and 64-bit (version 1, `faToTwoBit
//! -long`) offsets. Only what is asked for is read.

use crate::seq::alphabet::{LETTERS, UNKNOWN};
use cistron_base::{Fault, Result, file};
use cistron_base::{bail, fault};
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;

const SIGNATURE: u32 = 0x1A41_2743;
/// Codes of T, C, A, G, the order of the format.
const BASES: [u8; 4] = [3, 1, 0, 2];

/// A 2bit file.
pub struct TwoBit {
    file: File,
    size: u64,
    is_big: bool,
    records: Vec<Record>,
}

struct Record {
    length: u64,
    /// Where the numbers of its blocks of N start.
    blocks_at: u64,
    block_count: u64,
    /// Where its bases start, four to a byte.
    bases_at: u64,
    /// Start and end of each block of N, once they are needed.
    blocks: OnceLock<Vec<(u64, u64)>>,
    /// The same of masked blocks.
    masks_at: u64,
    mask_count: u64,
    masks: OnceLock<Vec<(u64, u64)>>,
}

fn damaged(what: &str) -> Fault {
    fault!("data", "{what}").hint("it is no whole 2bit file: fetch or copy it again")
}

impl TwoBit {
    /// Opens a file; the names and lengths of its records.
    pub fn open(path: &Path) -> Result<(TwoBit, Vec<String>, Vec<i64>)> {
        let file = file::open(path)?;
        let size = file
            .metadata()
            .map_err(|error| Fault::file(path, &error))?
            .len();
        let mut own = TwoBit {
            file,
            size,
            is_big: false,
            records: Vec::new(),
        };
        let names = own
            .index()
            .map_err(|fault| fault.context(format!("`{}`", path.display())))?;
        let lengths = own
            .records
            .iter()
            .map(|record| record.length as i64)
            .collect();
        Ok((own, names, lengths))
    }

    fn bytes(&self, at: u64, n: u64) -> Result<Vec<u8>> {
        if at.checked_add(n).is_none_or(|end| end > self.size) {
            return Err(damaged("it ends too early"));
        }
        let mut out = vec![0; n as usize];
        self.file
            .read_exact_at(&mut out, at)
            .map_err(|error| damaged(&error.to_string()))?;
        Ok(out)
    }

    fn words(&self, at: u64, n: u64) -> Result<Vec<u64>> {
        let bytes = self.bytes(at, n.saturating_mul(4))?;
        let word = |four: &[u8]| {
            let four = [four[0], four[1], four[2], four[3]];
            u64::from(if self.is_big {
                u32::from_be_bytes(four)
            } else {
                u32::from_le_bytes(four)
            })
        };
        Ok(bytes.chunks_exact(4).map(word).collect())
    }

    /// Reads the header and where each record is; the names.
    fn index(&mut self) -> Result<Vec<String>> {
        self.is_big = self.bytes(0, 4)? == SIGNATURE.to_be_bytes();
        let head = self.words(0, 4)?;
        let (version, count) = (head[1], head[2]);
        if version > 1 {
            bail!(
                "data",
                "it is of version {version} of 2bit, versions 0 and 1 are read"
            );
        }
        let width: u64 = if version == 1 { 8 } else { 4 };
        let (mut at, mut names, mut known) = (16, Vec::new(), HashSet::new());
        for _ in 0..count {
            let n = u64::from(self.bytes(at, 1)?[0]);
            let name = String::from_utf8_lossy(&self.bytes(at + 1, n)?).into_owned();
            let place = self.words(at + 1 + n, width / 4)?;
            let offset = match place[..] {
                [low, high] if self.is_big => low << 32 | high,
                [low, high] => high << 32 | low,
                _ => place[0],
            };
            at += 1 + n + width;
            if !known.insert(name.clone()) {
                bail!("data", "two records are called `{name}`");
            }
            let record = self
                .record(offset)
                .map_err(|fault| fault.context(format!("record `{name}`")))?;
            self.records.push(record);
            names.push(name);
        }
        if names.is_empty() {
            bail!("data", "it holds no sequence");
        }
        Ok(names)
    }

    fn record(&self, at: u64) -> Result<Record> {
        let counts = self.words(at, 2)?;
        let (length, block_count) = (counts[0], counts[1]);
        let masks_at = at + 8 + 8 * block_count;
        let mask_count = self.words(masks_at, 1)?[0];
        let bases_at = masks_at + 4 + 8 * mask_count + 4;
        if bases_at + length.div_ceil(4) > self.size {
            return Err(damaged("it ends too early"));
        }
        Ok(Record {
            length,
            blocks_at: at + 8,
            block_count,
            bases_at,
            blocks: OnceLock::new(),
            masks_at: masks_at + 4,
            mask_count,
            masks: OnceLock::new(),
        })
    }

    fn blocks(&self, record: &Record, at: u64, count: u64) -> Result<Vec<(u64, u64)>> {
        let numbers = self.words(at, 2 * count)?;
        let (starts, sizes) = numbers.split_at(count as usize);
        let mut blocks: Vec<(u64, u64)> = starts
            .iter()
            .zip(sizes)
            .map(|(start, size)| (*start, start + size))
            .collect();
        blocks.sort_unstable();
        match blocks.iter().any(|(_, end)| *end > record.length) {
            true => Err(damaged("a block reaches out of its record")),
            false => Ok(blocks),
        }
    }

    /// Appends the codes of `from..to` of a record, which holds them.
    pub fn fetch(&self, record: u32, from: u64, to: u64, out: &mut Vec<u8>) -> Result<()> {
        let record = &self.records[record as usize];
        let packed = self.bytes(record.bases_at + from / 4, to.div_ceil(4) - from / 4)?;
        let start = out.len();
        let codes = packed
            .iter()
            .flat_map(|byte| [6, 4, 2, 0].map(|shift| BASES[usize::from(byte >> shift & 3)]));
        out.extend(codes.skip((from % 4) as usize).take((to - from) as usize));
        if record.blocks.get().is_none() {
            record
                .blocks
                .set(self.blocks(record, record.blocks_at, record.block_count)?)
                .ok();
        }
        within(&record.blocks, from, to, |a, b| {
            out[start + a..start + b].fill(UNKNOWN)
        });
        Ok(())
    }

    /// Appends the letters of `from..to` of a record, masked ones in lower case where `masked` asks
    /// for them.
    pub fn letters(
        &self,
        record: u32,
        from: u64,
        to: u64,
        masked: bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = out.len();
        self.fetch(record, from, to, out)?;
        out[start..]
            .iter_mut()
            .for_each(|code| *code = LETTERS[usize::from(*code)]);
        let record = &self.records[record as usize];
        if masked && record.masks.get().is_none() {
            record
                .masks
                .set(self.blocks(record, record.masks_at, record.mask_count)?)
                .ok();
        }
        if masked {
            within(&record.masks, from, to, |a, b| {
                out[start + a..start + b].make_ascii_lowercase()
            });
        }
        Ok(())
    }
}

/// Visits what blocks have of `from..to`, counted from `from`.
fn within(
    blocks: &OnceLock<Vec<(u64, u64)>>,
    from: u64,
    to: u64,
    mut visit: impl FnMut(usize, usize),
) {
    let blocks = blocks.get().map_or(&[][..], Vec::as_slice);
    let first = blocks.partition_point(|(_, end)| *end <= from);
    for (a, b) in blocks[first..].iter().take_while(|(a, _)| *a < to) {
        visit((a.max(&from) - from) as usize, (b.min(&to) - from) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::alphabet;

    /// One record `a` of ACGTNNACGTAC, of either version and byte order.
    fn file(version: u32, is_big: bool) -> Vec<u8> {
        let word = |n: u32| {
            if is_big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let mut out: Vec<u8> = [SIGNATURE, version, 1, 0]
            .into_iter()
            .flat_map(word)
            .collect();
        out.extend(b"\x01a");
        let width = if version == 1 { 8 } else { 4 };
        let offset = out.len() as u32 + width;
        match (version, is_big) {
            (0, _) => out.extend(word(offset)),
            (_, true) => out.extend([0, offset].into_iter().flat_map(word)),
            (_, false) => out.extend([offset, 0].into_iter().flat_map(word)),
        }
        out.extend([12, 1, 4, 2, 1, 0, 4, 0].into_iter().flat_map(word));
        // A C G T, T T A C, G T A C
        out.extend([0b1001_1100, 0b0000_1001, 0b1100_1001]);
        out
    }

    #[test]
    fn all_forms_of_the_format_are_one_sequence() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.2bit");
        for (version, is_big) in [(0, false), (0, true), (1, false), (1, true)] {
            let bytes = file(version, is_big);
            std::fs::write(&path, &bytes).expect("a file");
            let (two_bit, names, lengths) = TwoBit::open(&path).expect("a 2bit file");
            assert_eq!((names, lengths), (vec!["a".to_string()], vec![12]));
            let whole = "ACGTNNACGTAC";
            for from in 0..12 {
                for to in from + 1..=12 {
                    let mut out = vec![9];
                    two_bit.fetch(0, from, to, &mut out).expect("codes");
                    assert_eq!(
                        alphabet::decode(&out[1..]),
                        whole[from as usize..to as usize],
                        "{from}-{to}"
                    );
                }
            }
            // damaged files are refused, never a panic
            for n in 0..bytes.len() {
                std::fs::write(&path, &bytes[..n]).expect("a file");
                assert!(TwoBit::open(&path).is_err(), "{n} bytes");
                let mut wrong = bytes.clone();
                wrong[n] = 0xff;
                std::fs::write(&path, &wrong).expect("a file");
                if let Ok((two_bit, _, lengths)) = TwoBit::open(&path) {
                    two_bit.fetch(0, 0, lengths[0] as u64, &mut Vec::new()).ok();
                }
            }
        }
    }
}
