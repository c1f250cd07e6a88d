//! Where each record of a FASTA file lies: the `.fai` index, read or made, and the blocks of a bgzipped file.

use crate::base::{Fault, Result};
use crate::{bail, fault};
use noodles::bgzf::gzi;
use std::io::{BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One record of a FASTA file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, up to the first blank.
    pub name: String,
    /// Bases.
    pub length: u64,
    /// Where its first base lies, bytes.
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

/// The index beside a file, or one that is made by reading it and kept beside it where the folder can be written to.
pub fn fai(path: &Path, read: impl FnOnce() -> Result<Box<dyn BufRead>>, notes: &mut Vec<String>) -> Result<Vec<Row>> {
    let file = beside(path, ".fai");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    if file.exists() {
        if modified(&file) >= modified(path) {
            return parse(&file);
        }
        notes.push(format!("`{}` is older than the sequence and was made anew", file.display()));
    }
    let rows = scan(path, &mut read()?)?;
    let text: String = rows.iter().map(|r| format!("{}\t{}\t{}\t{}\t{}\n", r.name, r.length, r.offset, r.line_bases, r.line_width)).collect();
    // data may lie where nothing can or should be written (root can, everywhere): the index is then made again next time
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if std::fs::metadata(folder).is_ok_and(|m| !m.permissions().readonly()) {
        crate::base::file::write_whole(&file, text.as_bytes()).ok();
    }
    Ok(rows)
}

/// Reads a `.fai` file.
fn parse(path: &Path) -> Result<Vec<Row>> {
    let index = noodles::fasta::fai::fs::read(path)
        .map_err(|error| fault!("data", "`{}`: {error}", path.display()).hint("it is no FASTA index: delete it, and it is made anew"))?;
    let rows: Vec<Row> = index
        .as_ref()
        .iter()
        .map(|r| Row {
            name: r.name().to_string(),
            length: r.length(),
            offset: r.position(),
            line_bases: r.line_base_count().get(),
            line_width: r.line_width().get(),
        })
        .collect();
    if rows.is_empty() {
        bail!("data", "`{}` is empty", path.display(); hint: "delete it, and it is made anew");
    }
    Ok(rows)
}

/// Makes the index of a FASTA file by reading it once.
fn scan(path: &Path, reader: &mut dyn BufRead) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut at, mut number) = (0u64, 0usize);
    let mut line = Vec::new();
    let mut ended = false; // a shorter line has closed the record
    loop {
        line.clear();
        number += 1;
        let width = reader.read_until(b'\n', &mut line).map_err(|error| crate::seq::fasta::read_fault(path, number, &error))? as u64;
        if width == 0 {
            break;
        }
        let bases = line.trim_ascii_end().len() as u64;
        let place = || format!("`{}` line {number}", path.display());
        if line[0] == b'>' {
            close(&rows, path, number)?;
            let header = String::from_utf8_lossy(&line[1..]);
            let name = header.split_whitespace().next().unwrap_or("").to_string();
            rows.push(Row { name, length: 0, offset: at + width, line_bases: 0, line_width: 0 });
            ended = false;
        } else if let Some(row) = rows.last_mut() {
            if bases > 0 {
                if ended {
                    let place = format!("`{}` line {}", path.display(), number - 1);
                    bail!("data", "{place}: the lines of record `{}` differ in length before its end", row.name; hint: "write the file anew with lines of one length, for example by `seqtk seq -l 60`");
                }
                if row.line_bases == 0 {
                    // a file may end without the end of its only line
                    let end = u64::from(!line.ends_with(b"\n"));
                    (row.line_bases, row.line_width) = (bases, width + end);
                } else if bases > row.line_bases {
                    bail!("data", "{}: the lines of record `{}` differ in length before its end", place(), row.name; hint: "write the file anew with lines of one length, for example by `seqtk seq -l 60`");
                }
                ended = bases < row.line_bases || width != row.line_width;
                row.length += bases;
            } else {
                ended = true;
            }
        } else if bases > 0 {
            let shown: String = String::from_utf8_lossy(&line).trim_end().chars().take(30).collect();
            bail!("data", "{}: expected `>name`, got `{shown}`", place(); hint: "this is not a FASTA file");
        }
        at += width;
    }
    close(&rows, path, number)?;
    if rows.is_empty() {
        bail!("data", "`{}` holds no sequence", path.display());
    }
    Ok(rows)
}

fn close(rows: &[Row], path: &Path, number: usize) -> Result<()> {
    match rows.last() {
        Some(row) if row.length == 0 => bail!("data", "`{}` line {}: record `{}` has no sequence", path.display(), number - 1, row.name),
        _ => Ok(()),
    }
}

/// Fails where an index does not fit its file of `size` bytes.
pub fn verify(rows: &[Row], path: &Path, size: u64, before: impl Fn(u64) -> Option<u8>) -> Result<()> {
    for row in rows {
        let fits = row.length > 0 && row.line_bases > 0 && row.line_width > row.line_bases && row.byte(row.length - 1) < size;
        if !fits || row.offset == 0 || before(row.offset - 1) != Some(b'\n') {
            bail!("data", "`{}.fai` does not fit `{}`: record `{}` is not where it says", path.display(), path.display(), row.name;
                hint: "delete the `.fai` file, and it is made anew");
        }
    }
    Ok(())
}

/// The blocks of a bgzipped file, from `.gzi` beside it or found by walking their headers; none where the file was
/// compressed by plain gzip.
pub fn blocks(path: &Path) -> Result<Option<gzi::Index>> {
    let mut file = std::fs::File::open(path).map_err(|error| Fault::file(path, &error))?;
    let size = file.metadata().map_err(|error| Fault::file(path, &error))?.len();
    let torn = || fault!("data", "`{}`: the bgzip file ends too early", path.display()).hint("it is truncated: fetch or copy it again");
    let (mut at, mut bases) = (0u64, 0u64);
    let mut pairs = Vec::new();
    while at < size {
        let mut head = [0u8; 18];
        file.seek(SeekFrom::Start(at)).map_err(|error| Fault::file(path, &error))?;
        let is_block = file.read_exact(&mut head).is_ok() && head[..4] == [0x1f, 0x8b, 8, 4] && head[12..14] == *b"BC";
        if !is_block {
            return if at == 0 { Ok(None) } else { Err(torn()) };
        }
        let width = u64::from(u16::from_le_bytes([head[16], head[17]])) + 1;
        let mut tail = [0u8; 4];
        file.seek(SeekFrom::Start(at + width - 4)).map_err(|error| Fault::file(path, &error))?;
        file.read_exact(&mut tail).map_err(|_| torn())?;
        at += width;
        bases += u64::from(u32::from_le_bytes(tail));
        pairs.push((at, bases));
    }
    Ok(Some(gzi::Index::from(pairs)))
}
