//! The position of each record of a FASTA file: the `.fai` index, read or built, and the blocks of
//! a bgzipped file.

use cistron_base::{Fault, Result};
use cistron_base::{bail, fault};
use noodles::bgzf::gzi;
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One record of a FASTA file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name, up to the first blank.
    pub name: String,
    /// Bases.
    pub length: u64,
    /// Offset of its first base, in bytes.
    pub offset: u64,
    /// Bases in each line but the last.
    pub line_bases: u64,
    /// Bytes in each line but the last, its end included.
    pub line_width: u64,
}

impl Row {
    /// The byte of a base.
    pub fn byte(&self, position: u64) -> u64 {
        self.offset + position / self.line_bases * self.line_width + position % self.line_bases
    }
}

/// `genome.fa.fai`, `genome.fa.gz.gzi`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Reads bytes of the unpacked file at a place; how many there were.
pub type ReadAt<'a> = dyn FnMut(u64, &mut [u8]) -> std::io::Result<usize> + 'a;

/// The index beside a file, or one that is made by reading it and kept beside it where the folder
/// can be written to. An index that is older than the file, or does not fit it, is made again.
pub fn fai(path: &Path, read_at: &mut ReadAt, notes: &mut Vec<String>) -> Result<Vec<Row>> {
    let file = beside(path, ".fai");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    let mut bytes = Bytes::new(path, read_at);
    let mut made = None;
    if file.exists() {
        let found = if modified(&file) < modified(path) {
            Err("is older than the sequence".into())
        } else {
            parse(&file)
        };
        let fits = match &found {
            Ok(rows) => {
                verify(rows, &mut bytes)?.map(|what| format!("does not fit the sequence: {what}"))
            }
            Err(why) => Some(why.clone()),
        };
        match fits {
            None => made = found.ok(),
            Some(why) => notes.push(format!("`{}` {why}; it was made again", file.display())),
        }
    }
    let rows = match made {
        Some(rows) => rows,
        None => {
            let (rows, lines) = scan(path)?;
            crate::seq::fasta::check_unique(
                path,
                rows.iter().map(|row| row.name.as_str()),
                &lines,
            )?;
            save(&file, path, &rows);
            rows
        }
    };
    let empty: Vec<&Row> = rows.iter().filter(|row| row.length == 0).collect();
    if let Some(first) = empty.first() {
        let more = if empty.len() > 1 {
            format!(" and {} more", empty.len() - 1)
        } else {
            String::new()
        };
        notes.push(format!(
            "`{}`: record `{}`{more} has no sequence",
            path.display(),
            first.name
        ));
    }
    refuse_proteins(&rows, path, &mut bytes)?;
    Ok(rows)
}

fn save(file: &Path, path: &Path, rows: &[Row]) {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .has_headers(false)
        .quote_style(csv::QuoteStyle::Never)
        .from_writer(Vec::new());
    let is_written = rows.iter().all(|row| writer.serialize(row).is_ok());
    let Some(text) = writer.into_inner().ok().filter(|_| is_written) else {
        return;
    };
    // data may be where nothing can or should be written (root can, everywhere): the index is then
    // made again next time
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if std::fs::metadata(folder).is_ok_and(|m| !m.permissions().readonly()) {
        cistron_base::file::write_whole(file, &text).ok();
    }
}

/// Reads a `.fai` file; the error states why it is not one. noodles refuses the zeros of records
/// without a sequence.
fn parse(path: &Path) -> std::result::Result<Vec<Row>, String> {
    let unreadable = |error: csv::Error| format!("cannot be read: {error}");
    let reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(false)
        .quoting(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(unreadable)?;
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(unreadable)?;
        let row = record.deserialize(None).ok();
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(
            row.filter(|_| record.len() == 5)
                .ok_or_else(|| format!("line {line} is no line of an index"))?,
        );
    }
    if rows.is_empty() {
        Err("is empty".into())
    } else {
        Ok(rows)
    }
}

/// Makes the index of a FASTA file by reading it once; the lines of the headers.
fn scan(path: &Path) -> Result<(Vec<Row>, Vec<usize>)> {
    let (mut reader, skipped) = crate::seq::text::open_at(path)?;
    let (mut rows, mut lines): (Vec<Row>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut at, mut number) = (skipped, 0usize);
    let mut line = Vec::new();
    let mut ended = false; // a shorter line has closed the record
    let uneven = |line: usize, name: &str| {
        fault!(
            "data",
            "`{}` line {line}: the lines of record `{name}` differ in length before its end",
            path.display();
            hint: "write the file again with lines of one length, for example by `seqtk seq -l 60`"
        )
    };
    loop {
        line.clear();
        number += 1;
        let width = reader
            .read_until(b'\n', &mut line)
            .map_err(|error| crate::seq::text::read_fault(path, number, &error))?
            as u64;
        if width == 0 {
            break;
        }
        let bases = line.trim_ascii_end().len() as u64;
        if line[0] == b'>' {
            let header = String::from_utf8_lossy(&line[1..]);
            let name = header.split_whitespace().next().unwrap_or("").to_string();
            rows.push(Row {
                name,
                length: 0,
                offset: at + width,
                line_bases: 0,
                line_width: 0,
            });
            lines.push(number);
            ended = false;
        } else if let Some(row) = rows.last_mut() {
            if bases > 0 {
                if ended {
                    return Err(uneven(number - 1, &row.name));
                }
                if row.line_bases == 0 {
                    // a file may end without the end of its only line
                    let end = u64::from(!line.ends_with(b"\n"));
                    (row.line_bases, row.line_width, row.offset) = (bases, width + end, at);
                } else if bases > row.line_bases {
                    return Err(uneven(number, &row.name));
                }
                ended = bases < row.line_bases || width != row.line_width;
                row.length += bases;
            } else {
                ended = row.line_bases > 0;
            }
        } else if bases > 0 {
            return Err(crate::seq::fasta::no_header(
                path,
                number,
                &String::from_utf8_lossy(&line),
            ));
        }
        at += width;
    }
    if rows.is_empty() {
        bail!("data", "`{}` holds no sequence", path.display());
    }
    Ok((rows, lines))
}

/// The bytes of a file through a small window.
struct Bytes<'a, 'b> {
    path: &'a Path,
    read_at: &'a mut ReadAt<'b>,
    start: u64,
    window: Vec<u8>,
}

impl<'a, 'b> Bytes<'a, 'b> {
    const WIDTH: usize = 4096;

    fn new(path: &'a Path, read_at: &'a mut ReadAt<'b>) -> Self {
        Bytes {
            path,
            read_at,
            start: 0,
            window: Vec::new(),
        }
    }

    /// The byte at a place; none beyond the end.
    fn at(&mut self, at: u64) -> Result<Option<u8>> {
        if at < self.start || at - self.start >= self.window.len() as u64 {
            self.window.resize(Self::WIDTH, 0);
            self.start = at;
            let n = (self.read_at)(at, &mut self.window).map_err(|error| {
                fault!("data", "`{}`: {error}", self.path.display())
                    .hint("the file is damaged: fetch or copy it again")
            })?;
            self.window.truncate(n);
        }
        Ok(self.window.get((at - self.start) as usize).copied())
    }

    /// Whether a line ends at a place, as it also does at the end of the file.
    fn is_end(&mut self, at: u64) -> Result<bool> {
        Ok(self.at(at)?.is_none_or(|byte| byte.is_ascii_whitespace()))
    }

    /// The first place from `at` on that holds no blank and no line end.
    fn after_blanks(&mut self, mut at: u64) -> Result<u64> {
        while self.at(at)?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            at += 1;
        }
        Ok(at)
    }

    /// The name in the header at a place, and where the next line starts.
    fn header(&mut self, mut at: u64) -> Result<(String, u64)> {
        let mut line = Vec::new();
        loop {
            at += 1;
            match self.at(at)? {
                Some(b'\n') => break at += 1,
                Some(b'\r') => {
                    at += if self.at(at + 1)? == Some(b'\n') {
                        2
                    } else {
                        1
                    };
                    break;
                }
                Some(byte) => line.push(byte),
                None => break,
            }
        }
        Ok((
            String::from_utf8_lossy(&line)
                .split_whitespace()
                .next()
                .unwrap_or("")
                .to_string(),
            at,
        ))
    }
}

/// Lines of each record whose ends are looked at.
const PROBES: u64 = 16;

/// Compares an index with its file: every record must be there under its name, with its length and
/// its lines, and no other. In words what is not so.
fn verify(rows: &[Row], bytes: &mut Bytes) -> Result<Option<String>> {
    let mut at =
        if [bytes.at(0)?, bytes.at(1)?, bytes.at(2)?] == [Some(0xef), Some(0xbb), Some(0xbf)] {
            3
        } else {
            0
        };
    let mut known = std::collections::HashSet::new();
    for row in rows {
        if !known.insert(&row.name) {
            return Ok(Some(format!("two records are called `{}`", row.name)));
        }
        at = bytes.after_blanks(at)?;
        let elsewhere = || {
            Some(format!(
                "record `{}` is not at byte {} with {} bases",
                row.name, row.offset, row.length
            ))
        };
        if bytes.at(at)? != Some(b'>') {
            return Ok(elsewhere());
        }
        let (name, start) = bytes.header(at)?;
        if name != row.name {
            return Ok(Some(format!(
                "record `{}` is called `{name}` in the file",
                row.name
            )));
        }
        at = start;
        if row.length == 0 {
            continue;
        }
        at = bytes.after_blanks(at)?;
        let lines = row.length.checked_div(row.line_bases).unwrap_or(0);
        let has_width =
            row.line_bases > 0 && (row.line_width > row.line_bases || row.length <= row.line_bases);
        if at != row.offset || !has_width || row.length.checked_mul(row.line_width).is_none() {
            return Ok(elsewhere());
        }
        for line in (1..=PROBES)
            .map(|probe| lines * probe / PROBES)
            .filter(|line| *line > 0)
        {
            let first = row.offset + line * row.line_width;
            let is_full = !bytes.is_end(first - row.line_width + row.line_bases - 1)?;
            // a record that ends with this line has no next one
            let is_next = line * row.line_bases == row.length
                || (bytes.is_end(first - 1)? && !bytes.is_end(first)?);
            if !is_full || !bytes.is_end(first - row.line_width + row.line_bases)? || !is_next {
                return Ok(elsewhere());
            }
        }
        let last = row.byte(row.length - 1);
        if bytes.is_end(last)? || !bytes.is_end(last + 1)? {
            return Ok(elsewhere());
        }
        at = last + 1;
    }
    at = bytes.after_blanks(at)?;
    match bytes.at(at)? {
        None => Ok(None),
        Some(b'>') => Ok(Some(format!("it lacks record `{}`", bytes.header(at)?.0))),
        Some(_) => Ok(Some("its last record continues in the file".into())),
    }
}

/// Fails where the first bases of one of the first records are amino acids.
fn refuse_proteins(rows: &[Row], path: &Path, bytes: &mut Bytes) -> Result<()> {
    for row in rows.iter().take(100) {
        for position in 0..row.length.min(row.line_bases).min(60) {
            match bytes.at(row.offset + position)? {
                Some(letter) if b"EFIJLOPQZ".contains(&letter.to_ascii_uppercase()) => {
                    let place = format!("`{}` position {position}", path.display());
                    return Err(crate::seq::fasta::no_base(
                        &place,
                        &row.name,
                        letter as char,
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The blocks of a bgzipped file, from `.gzi` beside it or found by walking their headers; none
/// where the file was compressed by plain gzip.
pub fn blocks(path: &Path) -> Result<Option<gzi::Index>> {
    let mut file = cistron_base::file::open(path)?;
    let size = file
        .metadata()
        .map_err(|error| Fault::file(path, &error))?
        .len();
    let torn = || {
        fault!(
            "data",
            "`{}`: the bgzip file ends too early",
            path.display()
        )
        .hint("it is truncated: fetch or copy it again")
    };
    let (mut at, mut bases) = (0u64, 0u64);
    let mut pairs = Vec::new();
    while at < size {
        let mut head = [0u8; 18];
        file.seek(SeekFrom::Start(at))
            .map_err(|error| Fault::file(path, &error))?;
        let is_block = file.read_exact(&mut head).is_ok()
            && head[..4] == [0x1f, 0x8b, 8, 4]
            && head[12..14] == *b"BC";
        if !is_block {
            return if at == 0 { Ok(None) } else { Err(torn()) };
        }
        let width = u64::from(u16::from_le_bytes([head[16], head[17]])) + 1;
        let mut tail = [0u8; 4];
        file.seek(SeekFrom::Start(at + width - 4))
            .map_err(|error| Fault::file(path, &error))?;
        file.read_exact(&mut tail).map_err(|_| torn())?;
        at += width;
        bases += u64::from(u32::from_le_bytes(tail));
        pairs.push((at, bases));
    }
    Ok(Some(gzi::Index::from(pairs)))
}
