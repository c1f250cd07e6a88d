//! VCF files, line by line.

use super::{Variant, is_deletion};
use crate::seq::text::Lines;
use cistron_base::Result;
use cistron_base::{bail, fault};
use std::path::Path;

/// A VCF file that is read line by line.
pub struct Reader<'a> {
    lines: Lines<'a>,
    path: String,
    /// The lines of its header.
    pub header: Vec<String>,
    next: Option<(usize, String)>,
}

impl<'a> Reader<'a> {
    /// Opens a file, plain or gzipped, and reads its header.
    pub fn open(path: &'a Path) -> Result<Reader<'a>> {
        let mut reader = Reader {
            lines: Lines::open(path)?,
            path: path.display().to_string(),
            header: Vec::new(),
            next: None,
        };
        while let Some((number, text)) = reader.lines.next_line()? {
            if !text.starts_with('#') {
                reader.next = Some((number, text.to_string()));
                break;
            }
            reader.header.push(text.to_string());
        }
        if reader.header.is_empty() && reader.next.is_none() {
            bail!(
                "file",
                "`{}` is empty",
                reader.path;
                hint: "a VCF file starts with ##fileformat=VCFv4.3"
            );
        }
        Ok(reader)
    }

    /// The next line with its alternate alleles; none at the end.
    pub fn next_record(&mut self) -> Result<Option<(String, Vec<Variant>)>> {
        loop {
            let (number, text) = match self.next.take() {
                Some(kept) => kept,
                None => match self.lines.next_line()? {
                    Some((number, text)) => (number, text.to_string()),
                    None => return Ok(None),
                },
            };
            if text.trim().is_empty() {
                continue;
            }
            let mut cells = text.split('\t');
            let mut cell = |name: &str| {
                cells.next().ok_or_else(|| {
                    fault!(
                        "file",
                        "`{}`, line {number}: there is no column {name}",
                        self.path;
                        hint: "columns of a VCF file are parted by tabs: CHROM POS ID REF ALT …"
                    )
                })
            };
            let (chrom, position, name, reference, alternates) = (
                cell("CHROM")?,
                cell("POS")?,
                cell("ID")?,
                cell("REF")?,
                cell("ALT")?,
            );
            let info = cells.nth(2).unwrap_or(".");
            let position: i64 = position.parse().map_err(|_| {
                fault!(
                    "file",
                    "`{}`, line {number}: POS `{position}` is not an integer",
                    self.path
                )
            })?;
            let of = |(i, alternate): (usize, &str)| Variant {
                end: if is_deletion(alternate) {
                    end_of(info, position, i)
                } else {
                    None
                },
                chrom: chrom.into(),
                start: position - 1,
                name: name.into(),
                reference: reference.to_ascii_uppercase(),
                alternate: alternate.to_ascii_uppercase(),
            };
            let variants = alternates
                .split(',')
                .enumerate()
                .filter(|(_, alternate)| *alternate != ".")
                .map(of)
                .collect();
            return Ok(Some((text.clone(), variants)));
        }
    }
}

/// One past the last base of a symbolic allele: `END` of an INFO column, else `SVLEN` from
/// `position` (1-based) on.
pub(super) fn end_of(info: &str, position: i64, allele: usize) -> Option<i64> {
    let value = |key: &str| {
        info.split(';').find_map(|pair| {
            pair.split_once('=')
                .filter(|(own, _)| *own == key)
                .map(|(_, value)| value)
        })
    };
    let end = value("END").and_then(|end| end.parse::<i64>().ok());
    let length = || value("SVLEN")?.split(',').nth(allele)?.parse::<i64>().ok();
    end.or_else(|| length()?.checked_abs()?.checked_add(position))
        .filter(|end| *end > position)
}
