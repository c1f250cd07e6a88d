//! Alignments of sequences, and profiles of them.

use crate::packed;
use cistron_base::{Fault, Result, bail, fault};
use rayon::prelude::*;
use std::path::Path;

/// The letters of the codes 0 to 20: 20 amino acids in the order of their letters, and the gap.
pub const LETTERS: &str = "ACDEFGHIKLMNPQRSTVWY-";
/// The code of the gap, and of letters that are no amino acid.
pub const GAP: u8 = 20;

/// Sequences of one length, the first of which is the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// Names, empty where the file has none.
    pub names: Vec<String>,
    /// Codes of the letters, sequence after sequence.
    pub codes: Vec<u8>,
    /// Number of columns.
    pub length: usize,
    /// How many letters were read as gaps, such as X and B.
    pub unknown: usize,
    /// How many insertions (lower-case letters of a3m) were left out.
    pub insertions: usize,
}

/// The letters of codes, with gaps.
pub fn letters(codes: &[u8]) -> String {
    let letters = LETTERS.as_bytes();
    codes
        .iter()
        .map(|code| letters[usize::from(*code)] as char)
        .collect()
}

/// Reads a3m, FASTA, Stockholm or one sequence a line (aln), also compressed by gzip.
pub fn open(path: &Path) -> Result<Alignment> {
    parse(&text_of(path)?).map_err(|fault| fault.context(format!("`{}`", path.display())))
}

/// An alignment of sequences.
pub fn of(sequences: &[String]) -> Result<Alignment> {
    let rows = sequences.iter().enumerate();
    coded(
        rows.map(|(i, letters)| Row::new(String::new(), i + 1, letters))
            .collect(),
    )
}

/// The text of a file, also compressed by gzip.
pub(crate) fn text_of(path: &Path) -> Result<String> {
    let named = |fault: Fault| fault.context(format!("`{}`", path.display()));
    let bytes = packed::read(path)?;
    let bytes = packed::unpacked(&bytes).map_err(named)?.into_owned();
    let text = String::from_utf8(bytes);
    text.map_err(|_| fault!("data", "`{}` is binary, not text", path.display()))
}

/// Reads the text of an alignment.
pub fn parse(text: &str) -> Result<Alignment> {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let Some(first) = first else {
        bail!("data", "the alignment is empty");
    };
    let rows = if first.starts_with("# STOCKHOLM") {
        stockholm(text)?
    } else if first.starts_with('>') {
        fasta(text)
    } else {
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(i, line)| Row::new(String::new(), i + 1, line.trim()))
            .collect()
    };
    coded(rows)
}

/// A sequence with its gaps, and the line where it begins.
struct Row {
    name: String,
    line: usize,
    letters: String,
}

impl Row {
    fn new(name: String, line: usize, letters: &str) -> Row {
        Row {
            name,
            line,
            letters: letters.to_string(),
        }
    }
}

fn fasta(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix('>') {
            let name = title.split_whitespace().next().unwrap_or("");
            rows.push(Row::new(name.to_string(), i + 1, ""));
        } else if let Some(row) = rows.last_mut() {
            row.letters.extend(line.split_whitespace());
        }
    }
    rows
}

fn stockholm(text: &str) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (i, line) in text.lines().enumerate() {
        if line.starts_with("//") {
            break;
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(letters), None) = (words.next(), words.next(), words.next()) else {
            bail!("data", "line {} must have a name and a sequence", i + 1);
        };
        let place = *places.entry(name.to_string()).or_insert_with(|| {
            rows.push(Row::new(name.to_string(), i + 1, ""));
            rows.len() - 1
        });
        rows[place].letters += letters;
    }
    Ok(rows)
}

fn coded(rows: Vec<Row>) -> Result<Alignment> {
    let mut out = Alignment {
        names: Vec::new(),
        codes: Vec::new(),
        length: 0,
        unknown: 0,
        insertions: 0,
    };
    for row in rows {
        let before = out.codes.len();
        for letter in row.letters.chars() {
            if letter.is_ascii_lowercase() {
                out.insertions += 1;
                continue;
            }
            let code = match letter {
                '.' | '-' | '~' => GAP,
                _ if letter.is_ascii_uppercase() || letter == '*' => {
                    let known = LETTERS.find(letter);
                    out.unknown += usize::from(known.is_none());
                    known.map_or(GAP, |code| code as u8)
                }
                _ => bail!(
                    "data",
                    "the sequence at line {} has the letter `{letter}`",
                    row.line
                ),
            };
            out.codes.push(code);
        }
        let length = out.codes.len() - before;
        if out.names.is_empty() {
            out.length = length;
        }
        if length != out.length || length == 0 {
            let (line, first) = (row.line, out.length);
            bail!(
                "data",
                "the sequence at line {line} has {length} columns, the first has {first}";
                hint: "lower-case letters are insertions, which are left out (a3m)"
            );
        }
        out.names.push(row.name);
    }
    if out.names.is_empty() {
        bail!("data", "the alignment has no sequences");
    }
    Ok(out)
}

impl Alignment {
    /// How many sequences there are.
    pub fn depth(&self) -> usize {
        self.names.len()
    }

    /// The codes of a sequence.
    pub fn row(&self, i: usize) -> &[u8] {
        &self.codes[i * self.length..(i + 1) * self.length]
    }

    /// The letters of a sequence, with gaps.
    pub fn text(&self, i: usize) -> String {
        letters(self.row(i))
    }

    /// The weight of each sequence: 1 over the number of sequences, itself included, whose share
    /// of equal columns is at least `identity`.
    pub fn weights(&self, identity: f64) -> Vec<f64> {
        let least = (identity * self.length as f64 - 1e-9).ceil() as usize;
        let count = |i: usize| {
            let own = self.row(i);
            let is_near = |j: &usize| {
                let other = self.row(*j);
                own.iter().zip(other).filter(|(a, b)| a == b).count() >= least
            };
            (0..self.depth()).filter(is_near).count()
        };
        let counts = (0..self.depth()).into_par_iter().map(count);
        counts.map(|count| 1.0 / count.max(1) as f64).collect()
    }

    /// The weighted share of each letter in each column, `[length, 21]`.
    pub fn frequencies(&self, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.length * 21];
        for (i, weight) in weights.iter().enumerate() {
            for (column, code) in self.row(i).iter().enumerate() {
                out[column * 21 + usize::from(*code)] += weight;
            }
        }
        let total: f64 = weights.iter().sum();
        out.iter_mut().for_each(|value| *value /= total);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_one_alignment() {
        let aln = parse("ACD-\nA-DE\n").expect("an alignment");
        let a3m = parse(">q x\nACD-\n>b\nAklm-DE\n").expect("an alignment");
        let stockholm = parse("# STOCKHOLM 1.0\n\nq AC\nb A.\n#=GC x\n\nq D-\nb DE\n//\n");
        let stockholm = stockholm.expect("an alignment");
        assert_eq!(aln.codes, a3m.codes);
        assert_eq!(aln.codes, stockholm.codes);
        assert_eq!(
            (a3m.insertions, a3m.names.len(), a3m.names[0].as_str()),
            (3, 2, "q")
        );
        assert_eq!(a3m.text(1), "A-DE");
    }

    #[test]
    fn broken_alignments_are_errors() {
        for text in [
            "",
            "\n",
            ">a\n",
            "ACD\nAC\n",
            "AC1\n",
            "# STOCKHOLM 1.0\na\n",
            "# STOCKHOLM 1.0\n",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(parse("AXB\n").expect("an alignment").unknown, 2);
    }

    #[test]
    fn weights_of_similar_sequences() {
        let own = parse("ACDEF\nACDEY\nWWWWW\n").expect("an alignment");
        assert_eq!(own.weights(0.8), [0.5, 0.5, 1.0]);
        assert_eq!(own.weights(0.9), [1.0, 1.0, 1.0]);
        let shares = own.frequencies(&[0.5, 0.5, 1.0]);
        assert_eq!(shares[0], 0.5);
    }
}
