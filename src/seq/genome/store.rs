//! How the bases of a genome are kept: mapped, in blocks, packed, or in memory.

use super::index::{self, Row};
use crate::base::{Fault, Result, panic};
use crate::fault;
use crate::seq::alphabet::{decode, encode_in_place};
use crate::seq::fasta::Records;
use noodles::bgzf;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Files up to this size are mapped, bytes. Of larger ones only what is asked for is read: a map would keep whatever was
/// touched, and random places of a large genome touch all of it.
const MAPPED: u64 = 256 << 20;

/// The bases of a file.
pub enum Store {
    /// Plain FASTA.
    Mapped { map: memmap2::Mmap, rows: Vec<Row> },
    /// Plain FASTA of a large genome.
    Large { file: std::fs::File, rows: Vec<Row> },
    /// Bgzipped FASTA; readers wait in a pool for their next use.
    Blocks { path: PathBuf, rows: Vec<Row>, blocks: bgzf::gzi::Index, readers: Mutex<Vec<bgzf::io::IndexedReader<std::fs::File>>> },
    /// 2bit.
    TwoBit { path: PathBuf, names: Vec<String>, readers: Mutex<Vec<twobit::TwoBitPhysicalFile>> },
    /// Gzipped FASTA.
    Memory(Records),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Store::Mapped { .. } => "mapped",
            Store::Large { .. } => "read at",
            Store::Blocks { .. } => "bgzip",
            Store::TwoBit { .. } => "2bit",
            Store::Memory(_) => "memory",
        })
    }
}

/// A store, the names and lengths of its records, and what there is to say.
type Opened = (Store, Vec<String>, Vec<i64>, Vec<String>);

fn of_rows(rows: &[Row]) -> (Vec<String>, Vec<i64>) {
    (rows.iter().map(|r| r.name.clone()).collect(), rows.iter().map(|r| r.length as i64).collect())
}

impl Store {
    /// Opens a file by its content, not its name.
    pub fn open(path: &Path) -> Result<Opened> {
        let mut file = std::fs::File::open(path).map_err(|error| Fault::file(path, &error))?;
        let mut magic = [0u8; 4];
        let n = file.read(&mut magic).map_err(|error| Fault::file(path, &error))?;
        match magic {
            _ if n == 0 => Err(fault!("data", "`{}` holds no sequence: it is empty", path.display())),
            [0x43, 0x27, 0x41, 0x1a] | [0x1a, 0x41, 0x27, 0x43] => Store::two_bit(path),
            [0x1f, 0x8b, ..] => match index::blocks(path)? {
                Some(blocks) => Store::blocks(path, blocks),
                None => Store::memory(path),
            },
            _ => Store::mapped(path, file),
        }
    }

    fn mapped(path: &Path, file: std::fs::File) -> Result<Opened> {
        let mut notes = Vec::new();
        let rows = index::fai(path, || crate::seq::fasta::open(path), &mut notes)?;
        let size = file.metadata().map_err(|error| Fault::file(path, &error))?.len();
        let (names, lengths) = of_rows(&rows);
        if size > MAPPED {
            let before = |at: u64| {
                let mut byte = [0u8];
                file.read_exact_at(&mut byte, at).ok().map(|()| byte[0])
            };
            index::verify(&rows, path, size, before)?;
            return Ok((Store::Large { file, rows }, names, lengths, notes));
        }
        // SAFETY: the file is only read; one that another program cuts short while it is mapped ends the run, as everywhere
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|error| Fault::file(path, &error))?;
        index::verify(&rows, path, size, |at| map.get(at as usize).copied())?;
        map.advise(memmap2::Advice::Random).ok();
        Ok((Store::Mapped { map, rows }, names, lengths, notes))
    }

    fn blocks(path: &Path, blocks: bgzf::gzi::Index) -> Result<Opened> {
        let mut notes = Vec::new();
        let rows = index::fai(path, || crate::seq::fasta::open(path), &mut notes)?;
        let (names, lengths) = of_rows(&rows);
        Ok((Store::Blocks { path: path.to_path_buf(), rows, blocks, readers: Mutex::default() }, names, lengths, notes))
    }

    fn two_bit(path: &Path) -> Result<Opened> {
        let reader = packed(|| twobit::TwoBitFile::open(path)).map_err(|fault| fault.context(format!("`{}`", path.display())))?;
        let names = reader.chrom_names();
        let lengths = reader.chrom_sizes().into_iter().map(|n| n as i64).collect();
        Ok((Store::TwoBit { path: path.to_path_buf(), names: names.clone(), readers: Mutex::new(vec![reader]) }, names, lengths, Vec::new()))
    }

    fn memory(path: &Path) -> Result<Opened> {
        let records = crate::seq::fasta::read(path)?;
        let lengths = (0..records.names.len()).map(|i| records.sequence(i).len() as i64).collect();
        let mut notes = Vec::new();
        if records.codes.len() > 50_000_000 {
            notes.push(format!("`{}` is held in memory; `bgzip` instead of `gzip` would let it be read where it lies", path.display()));
        }
        let names = records.names.clone();
        Ok((Store::Memory(records), names, lengths, notes))
    }

    /// Appends the codes of `from..to` of a record, which holds them; letters that are no base come as they stand in [`crate::seq::alphabet::CODES`].
    pub fn fetch(&self, record: u32, from: u64, to: u64, out: &mut Vec<u8>) -> Result<()> {
        if let Store::Memory(records) = self {
            out.extend_from_slice(&records.sequence(record as usize)[from as usize..to as usize]);
            return Ok(());
        }
        let at = out.len();
        self.letters(record, from, to, false, out)?;
        encode_in_place(&mut out[at..]);
        Ok(())
    }

    /// Appends the letters of `from..to` as the file has them, masked ones of 2bit in lower case where `masked` asks for
    /// them; sequences in memory are upper case.
    pub fn letters(&self, record: u32, from: u64, to: u64, masked: bool, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Store::Mapped { map, rows } => {
                lines(&rows[record as usize], from, to, |start, end| out.extend_from_slice(&map[start as usize..end as usize]));
                Ok(())
            }
            Store::Large { file, rows } => {
                let row = &rows[record as usize];
                let (start, end) = (row.byte(from), row.byte(to - 1) + 1);
                // the bytes are read behind what is there already, then the ends of lines are closed up
                let at = out.len();
                out.resize(at + (end - start) as usize, 0);
                file.read_exact_at(&mut out[at..], start).map_err(|error| fault!("data", "{error}").hint("the file was changed while it was read"))?;
                let mut filled = at;
                lines(row, from, to, |a, b| {
                    let own = at + (a - start) as usize..at + (b - start) as usize;
                    let n = own.len();
                    out.copy_within(own, filled);
                    filled += n;
                });
                out.truncate(filled);
                Ok(())
            }
            Store::Blocks { path, rows, blocks, readers } => {
                let waiting = lock(readers).pop();
                let mut reader = match waiting {
                    Some(reader) => reader,
                    None => bgzf::io::IndexedReader::new(std::fs::File::open(path).map_err(|error| Fault::file(path, &error))?, blocks.clone()),
                };
                let row = &rows[record as usize];
                let (start, end) = (row.byte(from), row.byte(to - 1) + 1);
                let mut bytes = vec![0u8; (end - start) as usize];
                reader
                    .seek(SeekFrom::Start(start))
                    .and_then(|_| reader.read_exact(&mut bytes))
                    .map_err(|error| fault!("data", "{error}").hint("the bgzip file is damaged, or its `.fai` index belongs to another file"))?;
                lines(row, from, to, |a, b| out.extend_from_slice(&bytes[(a - start) as usize..(b - start) as usize]));
                lock(readers).push(reader);
                Ok(())
            }
            Store::TwoBit { path, names, readers } => {
                let waiting = lock(readers).pop();
                let reader = match waiting {
                    Some(reader) => reader,
                    None => packed(|| twobit::TwoBitFile::open(path))?,
                };
                let mut reader = reader.enable_softmask(masked);
                let text = packed(|| reader.read_sequence(&names[record as usize], from as usize..to as usize))?;
                if text.len() as u64 != to - from {
                    return Err(fault!("data", "a stretch of it is not there").hint("it is no whole 2bit file"));
                }
                out.extend_from_slice(text.as_bytes());
                lock(readers).push(reader);
                Ok(())
            }
            Store::Memory(records) => {
                out.extend(decode(&records.sequence(record as usize)[from as usize..to as usize]).bytes());
                Ok(())
            }
        }
    }
}

/// Runs a part of the 2bit library, which gives up on damaged files.
fn packed<T>(run: impl FnOnce() -> twobit::Result<T>) -> Result<T> {
    let broken = |text: String| fault!("data", "{text}").hint("it is no whole 2bit file: fetch or copy it again");
    match panic::guarded(run) {
        Ok(outcome) => outcome.map_err(|error| broken(error.to_string())),
        Err(_) => Err(broken("its blocks cannot be read".into())),
    }
}

/// Visits the byte ranges of the lines that hold `from..to`.
fn lines(row: &Row, from: u64, to: u64, mut visit: impl FnMut(u64, u64)) {
    let mut at = from;
    while at < to {
        let end = ((at / row.line_bases + 1) * row.line_bases).min(to);
        let byte = row.byte(at);
        visit(byte, byte + (end - at));
        at = end;
    }
}

/// A pool stays usable when a thread that held it died.
fn lock<T>(pool: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    pool.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
