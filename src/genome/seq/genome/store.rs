//! How the bases of a genome are kept: read from a plain file where they are, in compressed blocks,
//! packed, or in memory.

use super::index::{self, Row};
use super::two_bit::TwoBit;
use crate::seq::alphabet::{decode, encode_in_place};
use crate::seq::fasta::Records;
use crate::seq::kind;
use cistron_base::fault;
use cistron_base::{Fault, Result, file};
use noodles::bgzf;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The bases of a file.
pub enum Store {
    /// Plain FASTA. It is not mapped: a file that is cut short while it is mapped ends the process.
    Plain { file: File, rows: Vec<Row> },
    /// Bgzipped FASTA.
    Blocks { blocks: Blocks, rows: Vec<Row> },
    /// 2bit.
    TwoBit(TwoBit),
    /// Gzipped FASTA.
    Memory(Records),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Store::Plain { .. } => "plain",
            Store::Blocks { .. } => "bgzip",
            Store::TwoBit(_) => "2bit",
            Store::Memory(_) => "memory",
        })
    }
}

/// A bgzipped file; readers wait in a pool for their next use.
pub struct Blocks {
    path: PathBuf,
    index: bgzf::gzi::Index,
    /// Bytes of the unpacked file.
    size: u64,
    readers: Mutex<Vec<bgzf::io::IndexedReader<File>>>,
}

impl Blocks {
    /// Reads what is at a place of the unpacked file; how many bytes there were.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        if at >= self.size {
            return Ok(0);
        }
        // a pool stays usable when a thread that held it panicked
        let pool = || {
            self.readers
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let waiting = pool().pop();
        let mut reader = match waiting {
            Some(reader) => reader,
            None => bgzf::io::IndexedReader::new(File::open(&self.path)?, self.index.clone()),
        };
        reader.seek(SeekFrom::Start(at))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match reader.read(&mut buffer[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        pool().push(reader);
        Ok(filled)
    }
}

/// A store, the names and lengths of its records, and what there is to say.
type Opened = (Store, Vec<String>, Vec<i64>, Vec<String>);

fn of_rows(rows: &[Row]) -> (Vec<String>, Vec<i64>) {
    (
        rows.iter().map(|r| r.name.clone()).collect(),
        rows.iter().map(|r| r.length as i64).collect(),
    )
}

/// Reads what is at a place of a plain file; how many bytes there were.
fn plain_at(file: &File, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

impl Store {
    /// Opens a file by its content, not its name.
    pub fn open(path: &Path) -> Result<Opened> {
        let mut file = file::open(path)?;
        let mut magic = [0u8; 16];
        let n = file
            .read(&mut magic)
            .map_err(|error| Fault::file(path, &error))?;
        match magic {
            _ if n == 0 => Err(fault!(
                "data",
                "`{}` holds no sequence: it is empty",
                path.display()
            )),
            [0x43, 0x27, 0x41, 0x1a, ..] | [0x1a, 0x41, 0x27, 0x43, ..] => {
                let (two_bit, names, lengths) = TwoBit::open(path)?;
                Ok((Store::TwoBit(two_bit), names, lengths, Vec::new()))
            }
            [0x1f, 0x8b, ..] => match index::blocks(path)? {
                Some(blocks) => Store::blocks(path, blocks),
                None => Store::memory(path),
            },
            _ if kind::of_binary(&magic[..n]).is_some() => {
                Err(kind::wrong(path, &magic[..n], "a genome (FASTA, 2bit)"))
            }
            _ => Store::plain(path, file),
        }
    }

    fn plain(path: &Path, file: File) -> Result<Opened> {
        let mut notes = Vec::new();
        let rows = index::fai(
            path,
            &mut |at, buffer| plain_at(&file, at, buffer),
            &mut notes,
        )?;
        let (names, lengths) = of_rows(&rows);
        Ok((Store::Plain { file, rows }, names, lengths, notes))
    }

    fn blocks(path: &Path, index: bgzf::gzi::Index) -> Result<Opened> {
        let mut notes = Vec::new();
        let size = index.as_ref().last().map_or(0, |(_, unpacked)| *unpacked);
        let blocks = Blocks {
            path: path.to_path_buf(),
            index,
            size,
            readers: Mutex::default(),
        };
        let rows = index::fai(
            path,
            &mut |at, buffer| blocks.read_at(at, buffer),
            &mut notes,
        )?;
        let (names, lengths) = of_rows(&rows);
        Ok((Store::Blocks { blocks, rows }, names, lengths, notes))
    }

    fn memory(path: &Path) -> Result<Opened> {
        let records = crate::seq::fasta::read(path)?;
        records.check_unique(path)?;
        let lengths = (0..records.names.len())
            .map(|i| records.sequence(i).len() as i64)
            .collect();
        let mut notes: Vec<String> = records.empty_note(path).into_iter().collect();
        if records.codes.len() > 50_000_000 {
            notes.push(format!(
                "`{}` is held in memory; `bgzip` instead of `gzip` would let it be read in place",
                path.display()
            ));
        }
        let names = records.names.clone();
        Ok((Store::Memory(records), names, lengths, notes))
    }

    /// Appends the codes of `from..to` of a record, which holds them; letters that are no base come
    /// as in [`crate::seq::alphabet::CODES`].
    pub fn fetch(&self, record: u32, from: u64, to: u64, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Store::Memory(records) => {
                out.extend_from_slice(
                    &records.sequence(record as usize)[from as usize..to as usize],
                );
                return Ok(());
            }
            Store::TwoBit(two_bit) => return two_bit.fetch(record, from, to, out),
            Store::Plain { .. } | Store::Blocks { .. } => {}
        }
        let at = out.len();
        self.letters(record, from, to, false, out)?;
        encode_in_place(&mut out[at..]);
        Ok(())
    }

    /// Appends the letters of `from..to` as the file has them, masked ones of 2bit in lower case
    /// where `masked` asks for them; sequences in memory are upper case.
    pub fn letters(
        &self,
        record: u32,
        from: u64,
        to: u64,
        masked: bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        match self {
            Store::Plain { file, rows } => {
                letters(&rows[record as usize], from, to, out, |at, buffer| {
                    plain_at(file, at, buffer)
                })
            }
            Store::Blocks { blocks, rows } => {
                letters(&rows[record as usize], from, to, out, |at, buffer| {
                    blocks.read_at(at, buffer)
                })
            }
            Store::TwoBit(two_bit) => two_bit.letters(record, from, to, masked, out),
            Store::Memory(records) => {
                out.extend(
                    decode(&records.sequence(record as usize)[from as usize..to as usize]).bytes(),
                );
                Ok(())
            }
        }
    }
}

/// Appends the letters of `from..to` of a record whose bytes are read by `read_at`.
fn letters(
    row: &Row,
    from: u64,
    to: u64,
    out: &mut Vec<u8>,
    read_at: impl FnOnce(u64, &mut [u8]) -> std::io::Result<usize>,
) -> Result<()> {
    let (start, end) = (row.byte(from), row.byte(to - 1) + 1);
    // the bytes are read behind what is there already, then their letters are moved up over the
    // line ends
    let at = out.len();
    let wanted = (end - start) as usize;
    out.resize(at + wanted, 0);
    let changed = |what: String| {
        fault!("data", "{what}")
            .hint("the file was cut or changed while it was read, or is damaged")
    };
    match read_at(start, &mut out[at..]) {
        Ok(n) if n == wanted => {}
        Ok(n) => {
            return Err(changed(format!(
                "record `{}`: {n} of {wanted} bytes are left at byte {start}",
                row.name
            )));
        }
        Err(error) => return Err(changed(format!("record `{}`: {error}", row.name))),
    }
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
