//! FASTA, plain or gzipped, as codes with names.

use super::alphabet::{self, Census};
use crate::base::{Fault, Result};
use crate::{bail, fault};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The records of a FASTA file.
#[derive(Debug, Default)]
pub struct Records {
    /// Names, up to the first blank.
    pub names: Vec<String>,
    /// All codes, one record after the other.
    pub codes: Vec<u8>,
    /// Where each record starts, and where the last ends.
    pub offsets: Vec<usize>,
    /// The line of each record's header.
    pub lines: Vec<usize>,
    /// What the letters held besides plain bases.
    pub census: Census,
}

/// Opens a file, plain or gzipped (told by its content, not its name).
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let mut file = std::fs::File::open(path).map_err(|error| Fault::file(path, &error))?;
    let mut magic = [0u8; 2];
    let n = file.read(&mut magic).map_err(|error| Fault::file(path, &error))?;
    let start = std::io::Cursor::new(magic[..n].to_vec());
    let whole = start.chain(file);
    if magic[..n] == [0x1f, 0x8b] {
        Ok(Box::new(BufReader::with_capacity(1 << 16, flate2::read::MultiGzDecoder::new(whole))))
    } else {
        Ok(Box::new(BufReader::with_capacity(1 << 16, whole)))
    }
}

/// The fault of a line that could not be read.
pub fn read_fault(path: &Path, line: usize, error: &std::io::Error) -> Fault {
    let place = format!("`{}` line {line}", path.display());
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => fault!("data", "{place}: the gzip file ends too early"; hint: "it is truncated: fetch or copy it again"),
        std::io::ErrorKind::InvalidData => fault!("data", "{place}: {error}"; hint: "is it a text file?"),
        _ => fault!("data", "{place}: {error}"),
    }
}

/// The lines of a text file, plain or gzipped, with their numbers from 1; line ends are left out.
pub struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: String,
    number: usize,
}

impl<'a> Lines<'a> {
    /// Opens a file.
    pub fn open(path: &'a Path) -> Result<Lines<'a>> {
        Ok(Lines { path, reader: open(path)?, line: String::new(), number: 0 })
    }

    /// The next line; none at the end.
    pub fn next_line(&mut self) -> Result<Option<(usize, &str)>> {
        self.line.clear();
        self.number += 1;
        let read = self.reader.read_line(&mut self.line).map_err(|error| read_fault(self.path, self.number, &error))?;
        Ok((read > 0).then(|| (self.number, self.line.trim_end_matches(['\n', '\r']))))
    }
}

/// Reads a whole FASTA file.
pub fn read(path: &Path) -> Result<Records> {
    let mut lines = Lines::open(path)?;
    let mut records = Records::default();
    while let Some((number, text)) = lines.next_line()? {
        let text = text.trim_end();
        if let Some(header) = text.strip_prefix('>') {
            finish(&records, path)?;
            records.names.push(header.split_whitespace().next().unwrap_or("").to_string());
            records.offsets.push(records.codes.len());
            records.lines.push(number);
        } else if !text.is_empty() {
            if records.names.is_empty() {
                bail!("data", "`{}` line {number}: expected `>name`, got `{}`", path.display(), text.chars().take(30).collect::<String>(); hint: "this is not a FASTA file");
            }
            alphabet::encode(text, &mut records.codes, &mut records.census)
                .map_err(|(column, letter)| fault!("data", "`{}` line {number} column {column}: `{letter}` is no base", path.display()))?;
        }
    }
    finish(&records, path)?;
    if records.names.is_empty() {
        bail!("data", "`{}` holds no sequence", path.display());
    }
    records.offsets.push(records.codes.len());
    Ok(records)
}

fn finish(records: &Records, path: &Path) -> Result<()> {
    match (records.offsets.last(), records.names.last(), records.lines.last()) {
        (Some(start), Some(name), Some(line)) if *start == records.codes.len() => {
            bail!("data", "`{}` line {line}: record `{name}` has no sequence", path.display())
        }
        _ => Ok(()),
    }
}

impl Records {
    /// The codes of one record.
    pub fn sequence(&self, index: usize) -> &[u8] {
        &self.codes[self.offsets[index]..self.offsets[index + 1]]
    }
}
