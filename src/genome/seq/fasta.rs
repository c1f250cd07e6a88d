//! FASTA, plain or gzipped, as codes with names.

use super::alphabet::{self, Census};
use super::kind;
use super::text::Lines;
use cistron_base::{Fault, Result};
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;

/// The records of a FASTA file.
#[derive(Debug, Default)]
pub struct Records {
    /// Names, up to the first blank.
    pub names: Vec<String>,
    /// What follows the first blank of each header; empty where nothing does.
    pub descriptions: Vec<String>,
    /// All codes, one record after the other.
    pub codes: Vec<u8>,
    /// Where each record starts, and where the last ends.
    pub offsets: Vec<usize>,
    /// The line of each record's header.
    pub lines: Vec<usize>,
    /// Letters that are not plain bases.
    pub census: Census,
}

/// Reads a whole FASTA file. A record without a line of bases has an empty sequence.
pub fn read(path: &Path) -> Result<Records> {
    let mut lines = Lines::open(path)?;
    let mut records = Records::default();
    while let Some((number, text)) = lines.next_line()? {
        records.add(path, number, text)?;
    }
    records.completed(path)
}

/// Reads FASTA from a text, which messages call by a name.
pub fn parse(text: &str, name: &str) -> Result<Records> {
    let mut records = Records::default();
    for (i, line) in text.lines().enumerate() {
        records.add(Path::new(name), i + 1, line)?;
    }
    records.completed(Path::new(name))
}

/// The fault of a text that should begin with `>name`.
pub fn no_header(path: &Path, line: usize, text: &str) -> Fault {
    let shown: String = text.trim_end().chars().take(30).collect();
    let fault = fault!(
        "data",
        "`{}` line {line}: expected `>name`, got `{shown}`",
        path.display()
    );
    match kind::of(text.as_bytes()) {
        Some(kind) => fault.hint(format!(
            "this is {}, not a FASTA file: {}",
            kind.name, kind.advice
        )),
        None => fault.hint("this is not a FASTA file"),
    }
}

/// The fault of a letter that is no base, at a place.
pub fn no_base(place: &str, name: &str, letter: char) -> Fault {
    let fault = fault!("data", "{place}: `{letter}` in record `{name}` is no base");
    match letter.to_ascii_uppercase() {
        'E' | 'F' | 'I' | 'J' | 'L' | 'O' | 'P' | 'Q' | 'Z' => fault.hint(
            "this is a letter of \
            amino acids: only FASTA files of DNA or RNA are read here",
        ),
        '*' => fault.hint(
            "`*` ends a protein: is this a FASTA file of proteins? in DNA write N \
            for what is not known",
        ),
        ' ' | '\t' => fault.hint(
            "remove blanks within lines: `sed '/^>/!s/[[:blank:]]//g' FILE > \
            clean.fa`",
        ),
        _ => fault.hint("bases are A C G T, N and the IUPAC codes"),
    }
}

/// The note about `n` records without a sequence, the first at a line.
pub fn empty_note(path: &Path, n: usize, name: &str, line: usize) -> String {
    let what = if n == 1 {
        "a record has".into()
    } else {
        format!("{n} records have")
    };
    format!(
        "`{}`: {what} no sequence (line {line}: `{name}`)",
        path.display()
    )
}

/// Fails where two records have one name; `lines` are those of their headers.
pub fn check_unique<'a>(
    path: &Path,
    names: impl Iterator<Item = &'a str>,
    lines: &[usize],
) -> Result<()> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (i, name) in names.enumerate() {
        if let Some(first) = known.insert(name, i) {
            bail!(
                "data",
                "`{}`: records of line {} and line {} are both called `{name}`",
                path.display(),
                lines[first],
                lines[i];
                hint: "give each record a name of its own (the first word after `>`)"
            );
        }
    }
    Ok(())
}

impl Records {
    /// Adds a line of a file.
    fn add(&mut self, path: &Path, number: usize, text: &str) -> Result<()> {
        let text = text.trim_end();
        if let Some(header) = text.strip_prefix('>') {
            let header = header.trim_start();
            let (name, description) = header
                .split_once(char::is_whitespace)
                .unwrap_or((header, ""));
            self.names.push(name.to_string());
            self.descriptions.push(description.trim().to_string());
            self.offsets.push(self.codes.len());
            self.lines.push(number);
        } else if !text.is_empty() {
            let Some(name) = self.names.last() else {
                return Err(no_header(path, number, text));
            };
            alphabet::encode(text, &mut self.codes, &mut self.census).map_err(
                |(column, letter)| {
                    no_base(
                        &format!("`{}` line {number} column {column}", path.display()),
                        name,
                        letter,
                    )
                },
            )?;
        }
        Ok(())
    }

    /// The records of a file whose lines were added.
    fn completed(mut self, path: &Path) -> Result<Records> {
        if self.names.is_empty() {
            bail!("data", "`{}` holds no sequence", path.display());
        }
        self.offsets.push(self.codes.len());
        Ok(self)
    }

    /// Fails where two records have one name.
    pub fn check_unique(&self, path: &Path) -> Result<()> {
        check_unique(path, self.names.iter().map(String::as_str), &self.lines)
    }

    /// The number that starts the description of each record, and how many records have one.
    pub fn scores(&self) -> (Vec<Option<f64>>, usize) {
        let score = |text: &String| {
            let word = text.split_whitespace().next()?;
            word.parse().ok().filter(|score: &f64| score.is_finite())
        };
        let scores: Vec<Option<f64>> = self.descriptions.iter().map(score).collect();
        let known = scores.iter().flatten().count();
        (scores, known)
    }

    /// The note about records without a sequence.
    pub fn empty_note(&self, path: &Path) -> Option<String> {
        let empty: Vec<usize> = (0..self.names.len())
            .filter(|i| self.sequence(*i).is_empty())
            .collect();
        let first = empty.first()?;
        Some(empty_note(
            path,
            empty.len(),
            &self.names[*first],
            self.lines[*first],
        ))
    }

    /// The codes of one record.
    pub fn sequence(&self, index: usize) -> &[u8] {
        &self.codes[self.offsets[index]..self.offsets[index + 1]]
    }
}
