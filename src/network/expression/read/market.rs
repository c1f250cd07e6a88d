//! MatrixMarket files, with their files of names as 10x Genomics writes them.

use super::raw::Raw;
use super::rows::Lines;
use super::settings::{Orientation, ReadSettings};
use super::stored;
use cistron_base::{Result, bail, fault};
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// The first bytes of a file.
pub(super) const MARK: &[u8] = b"%%MatrixMarket";

/// Files that may hold the names of the genes and of the samples of a file, beside it.
///
/// Of `PREFIXmatrix.mtx` these are `PREFIXfeatures.tsv`, `PREFIXgenes.tsv` and
/// `PREFIXbarcodes.tsv`, plain or compressed.
pub fn companions(path: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.map(|name| name.strip_suffix(".gz").unwrap_or(name));
    let Some(prefix) = name.and_then(|name| name.strip_suffix("matrix.mtx")) else {
        return (Vec::new(), Vec::new());
    };
    let beside = |names: &[&str]| {
        let names = names
            .iter()
            .flat_map(|name| [format!("{name}.gz"), name.to_string()]);
        names
            .map(|name| path.with_file_name(format!("{prefix}{name}")))
            .collect()
    };
    (
        beside(&["features.tsv", "genes.tsv"]),
        beside(&["barcodes.tsv"]),
    )
}

/// How entries are listed.
#[derive(Clone, Copy, PartialEq)]
enum Listing {
    /// Row, column and value of those that are not 0.
    Coordinate,
    /// All values, column by column.
    Array,
}

/// The first line.
#[derive(Clone, Copy)]
struct Header {
    listing: Listing,
    /// Whether entries have no values: they are 1.
    is_pattern: bool,
    /// The sign of the entry across the diagonal, where only one of both is listed.
    mirrored: Option<f64>,
}

fn header(line: &str, lines: &Lines) -> Result<Header> {
    let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let unknown = |what: &str, found: &str, known: &str| {
        fault!(
            "data",
            "{}: the {what} `{found}` is not read, expected {known}",
            lines.place()
        )
    };
    if word(1) != "matrix" {
        return Err(unknown("object", word(1), "matrix"));
    }
    let listing = match word(2) {
        "coordinate" => Listing::Coordinate,
        "array" => Listing::Array,
        other => return Err(unknown("format", other, "coordinate or array")),
    };
    let is_pattern = match word(3) {
        "real" | "integer" | "double" | "unsigned-integer" => false,
        "pattern" if listing == Listing::Coordinate => true,
        other => return Err(unknown("field", other, "real, integer or pattern")),
    };
    let mirrored = match word(4) {
        "general" => None,
        "symmetric" => Some(1.0),
        "skew-symmetric" => Some(-1.0),
        other => return Err(unknown("symmetry", other, "general or symmetric")),
    };
    Ok(Header {
        listing,
        is_pattern,
        mirrored,
    })
}

/// The next line that is neither blank nor a comment.
fn next<'a>(lines: &mut Lines, line: &'a mut String) -> Result<Option<&'a str>> {
    while lines.next_line(line)? {
        let start = line.trim_start();
        if !start.trim_end().is_empty() && !start.starts_with('%') {
            return Ok(Some(line.trim()));
        }
    }
    Ok(None)
}

/// The integers of the line of sizes.
fn sizes(header: Header, lines: &mut Lines) -> Result<(usize, usize, usize)> {
    let mut line = String::new();
    let expected = match header.listing {
        Listing::Coordinate => "rows, columns and entries",
        Listing::Array => "rows and columns",
    };
    let found = next(lines, &mut line)?.map(str::to_string);
    let Some(text) = found else {
        bail!(
            "data",
            "`{}` ends in line {}, expected the numbers of {expected}",
            lines.name,
            lines.line
        );
    };
    let numbers: Option<Vec<usize>> = text.split_whitespace().map(|w| w.parse().ok()).collect();
    let numbers = numbers.unwrap_or_default();
    match (header.listing, &numbers[..]) {
        (Listing::Coordinate, [rows, columns, entries]) => Ok((*rows, *columns, *entries)),
        (Listing::Array, [rows, columns]) => Ok((*rows, *columns, 0)),
        _ => bail!(
            "data",
            "{}: expected the numbers of {expected}, got `{}`",
            lines.place(),
            stored::clipped(&text)
        ),
    }
}

/// Reads a file, genes in rows unless the names of the files state otherwise.
pub(super) fn read(path: &Path, settings: &ReadSettings, say: &mut dyn FnMut(&str)) -> Result<Raw> {
    if settings.layer.is_some() {
        bail!(
            "option",
            "option `layer` is for h5ad files, and this is MatrixMarket"
        );
    }
    let mut lines = Lines::open(path)?;
    let mut line = String::new();
    lines.next_line(&mut line)?;
    let header = header(&line, &lines)?;
    let (rows, columns, entries) = sizes(header, &mut lines)?;
    if header.mirrored.is_some() && rows != columns {
        bail!(
            "data",
            "{}: a symmetric matrix has as many rows as columns, got {rows} x {columns}",
            lines.place()
        );
    }
    let mut values =
        stored::empty(rows, columns, 8, say).map_err(|fault| fault.context(lines.place()))?;
    match header.listing {
        Listing::Coordinate => coordinates(header, entries, &mut lines, &mut values)?,
        Listing::Array => array(header, &mut lines, &mut values)?,
    }
    if let Some(text) = next(&mut lines, &mut line)? {
        let text = stored::clipped(text);
        bail!(
            "data",
            "{}: a line after the last entry: `{text}`",
            lines.place();
            hint: "the second line states the number of entries"
        );
    }
    named(settings, values)
}

/// A number of an entry, finite.
fn value(word: &str, lines: &Lines) -> Result<f64> {
    let value = word.parse::<f64>().ok().filter(|x| x.is_finite());
    value.ok_or_else(|| {
        let word = stored::clipped(word);
        fault!("data", "{}: `{word}` is no finite number", lines.place())
    })
}

fn coordinates(
    header: Header,
    entries: usize,
    lines: &mut Lines,
    values: &mut Array2<f64>,
) -> Result<()> {
    let (rows, columns) = values.dim();
    let wanted = if header.is_pattern { 2 } else { 3 };
    let mut line = String::new();
    values.fill(stored::UNLISTED);
    for read in 0..entries {
        let Some(text) = next(lines, &mut line)? else {
            bail!(
                "data",
                "`{}` ends in line {} after {read} of {entries} entries",
                lines.name,
                lines.line;
                hint: "the file is cut short: download it again"
            );
        };
        let mut words = text.split_whitespace();
        let (row, column) = (words.next(), words.next());
        let number = if header.is_pattern {
            None
        } else {
            words.next()
        };
        let is_whole = column.is_some() && (header.is_pattern || number.is_some());
        if !is_whole || words.next().is_some() {
            let count = text.split_whitespace().count();
            bail!(
                "data",
                "{} has {count} words, expected {wanted}: row, column{}",
                lines.place(),
                if header.is_pattern { "" } else { " and value" }
            );
        }
        let position = |word: Option<&str>, most: usize, what: &str| {
            let word = word.unwrap_or_default();
            let at = word
                .parse::<usize>()
                .ok()
                .filter(|at| (1..=most).contains(at));
            at.map(|at| at - 1).ok_or_else(|| {
                let word = stored::clipped(word);
                fault!(
                    "data",
                    "{}: the {what} must be from 1 to {most}, got `{word}`",
                    lines.place()
                )
            })
        };
        let (i, j) = (
            position(row, rows, "row")?,
            position(column, columns, "column")?,
        );
        let x = number.map_or(Ok(1.0), |word| value(word, lines))?;
        stored::set(values, i, j, x).map_err(|fault| fault.context(lines.place()))?;
        if let Some(sign) = header.mirrored.filter(|_| i != j) {
            stored::set(values, j, i, sign * x).map_err(|fault| fault.context(lines.place()))?;
        }
    }
    stored::close(values);
    Ok(())
}

fn array(header: Header, lines: &mut Lines, values: &mut Array2<f64>) -> Result<()> {
    let (rows, columns) = values.dim();
    let mut line = String::new();
    for column in 0..columns {
        let first = match header.mirrored {
            None => 0,
            Some(sign) if sign > 0.0 => column,
            Some(_) => column + 1,
        };
        for row in first..rows {
            let Some(text) = next(lines, &mut line)? else {
                bail!(
                    "data",
                    "`{}` ends in line {}, in column {} of {columns}",
                    lines.name,
                    lines.line,
                    column + 1;
                    hint: "the file is cut short: download it again"
                );
            };
            let x = value(text, lines)?;
            values[[row, column]] = x;
            if let Some(sign) = header.mirrored.filter(|_| row != column) {
                values[[column, row]] = sign * x;
            }
        }
    }
    Ok(())
}

/// The names of a file: a column of each line, separated by tabs.
fn names(path: &Path, column: usize) -> Result<Vec<String>> {
    let mut lines = Lines::open(path)?;
    let mut line = String::new();
    let mut names = Vec::new();
    while lines.next_line(&mut line)? {
        let text = line.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            continue;
        }
        let Some(name) = text.split('\t').nth(column - 1) else {
            bail!(
                "data",
                "{} has {} columns, expected at least {column}",
                lines.place(),
                text.split('\t').count();
                hint: "columns are separated by tabs; option `column` chooses that of the names"
            );
        };
        names.push(name.trim_matches('"').to_string());
    }
    Ok(names)
}

fn named(settings: &ReadSettings, values: Array2<f64>) -> Result<Raw> {
    let column = match &settings.column {
        None => 1,
        Some(text) => text.parse().ok().filter(|n| *n >= 1).ok_or_else(|| {
            fault!(
                "option",
                "option `column` must be a number from 1 for MatrixMarket, got `{text}`"
            )
        })?,
    };
    if settings.column.is_some() && settings.gene_file.is_none() {
        bail!(
            "option",
            "option `column` needs the file of the names: `gene_file`"
        );
    }
    let read = |path: &Option<PathBuf>, column| {
        let path = path.as_ref();
        path.map(|path| names(path, column)).transpose()
    };
    let (genes, samples) = (
        read(&settings.gene_file, column)?,
        read(&settings.sample_file, 1)?,
    );
    let (rows, columns) = values.dim();
    let fits = |names: &Option<Vec<String>>, count| names.as_ref().is_none_or(|n| n.len() == count);
    let is_straight = fits(&genes, rows) && fits(&samples, columns);
    let is_turned = fits(&genes, columns) && fits(&samples, rows);
    let genes_in_rows = match settings.genes {
        Orientation::Rows => true,
        Orientation::Columns => false,
        Orientation::Auto => is_straight || !is_turned,
    };
    if !(if genes_in_rows {
        is_straight
    } else {
        is_turned
    }) {
        let (most, others) = if genes_in_rows {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let (names, file, count, what) = match &genes {
            Some(names) if names.len() != most => (names, &settings.gene_file, most, "genes"),
            _ => (
                samples.as_ref().unwrap_or(&EMPTY),
                &settings.sample_file,
                others,
                "samples",
            ),
        };
        let file = file
            .as_ref()
            .map_or(String::new(), |file| format!(" of `{}`", file.display()));
        bail!(
            "data",
            "the matrix is {rows} x {columns}: {} names{file} for {count} {what}",
            names.len();
            hint: "rows are genes unless `genes: \"columns\"` states otherwise"
        );
    }
    let mut notes = Vec::new();
    if !genes_in_rows && settings.genes == Orientation::Auto {
        notes.push("columns are genes, as the numbers of names state".to_string());
    }
    if settings.genes == Orientation::Auto && is_straight && is_turned && rows != columns {
        notes.push("rows are taken to be genes; `genes: \"columns\"` states otherwise".to_string());
    }
    let raw = |genes, samples, values| Raw {
        genes,
        samples,
        values,
        notes,
    };
    Ok(match genes_in_rows {
        true => raw(genes, samples, values),
        false => raw(samples, genes, values).turned(),
    })
}

static EMPTY: Vec<String> = Vec::new();
