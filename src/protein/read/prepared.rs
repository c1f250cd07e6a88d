//! The atoms of one model of a file, as pdbtbx reads them.

use crate::structure::Note;
use cistron_base::{Result, bail};
use std::collections::HashMap;

/// What is known of an atom beside what pdbtbx reads; its serial number is its place in the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The line in the file.
    pub line: usize,
    /// The alternate location; a space where there is none.
    pub alternate: char,
    /// Occupancy.
    pub occupancy: f64,
}

/// Text for pdbtbx, with the rows that it was made of.
pub(super) struct Prepared {
    pub format: pdbtbx::Format,
    pub text: String,
    pub rows: Vec<Row>,
    pub notes: Vec<Note>,
    /// How many lines of the text precede the first row.
    pub head: usize,
}

impl Prepared {
    /// The line of the file of a line of the text.
    pub fn line_of(&self, line: usize) -> Option<usize> {
        let row = line.checked_sub(self.head + 1)?;
        self.rows.get(row).map(|row| row.line)
    }
}

/// The models of a file with the line at which each begins, and which one is read.
pub(super) struct Models(Vec<(i64, usize)>);

impl Models {
    pub fn new() -> Self {
        Models(Vec::new())
    }

    /// Notes that a line belongs to a model.
    pub fn meet(&mut self, number: i64, line: usize) {
        if self.0.last().is_none_or(|(last, _)| *last != number)
            && !self.0.iter().any(|(known, _)| *known == number)
        {
            self.0.push((number, line));
        }
    }

    /// The number of the model that is read, and a note on the others.
    pub fn chosen(&self, wanted: Option<i64>) -> Result<(i64, Option<Note>)> {
        let Some((first, _)) = self.0.first() else {
            bail!("data", "the file has no atoms";
                hint: "PDB files have lines that start with ATOM, mmCIF files a table _atom_site");
        };
        let number = wanted.unwrap_or(*first);
        let numbers = |models: &[(i64, usize)]| {
            let first = models.iter().take(12).map(|(number, _)| number.to_string());
            let more = if models.len() > 12 { ", …" } else { "" };
            first.collect::<Vec<_>>().join(", ") + more
        };
        if !self.0.iter().any(|(known, _)| *known == number) {
            bail!("value", "there is no model {number}"; hint: "models: {}", numbers(&self.0));
        }
        let others: Vec<(i64, usize)> = self.0.clone();
        let others: Vec<_> = others
            .into_iter()
            .filter(|(own, _)| *own != number)
            .collect();
        let note = others.first().map(|(_, line)| Note {
            kind: "other models",
            residue: String::new(),
            line: *line,
            text: format!("model {number} is read, {} are left out", numbers(&others)),
        });
        Ok((number, note))
    }
}

/// Residues whose number occurs twice in a chain with different names: the first is kept.
pub(super) struct Repeated(HashMap<(String, String), String>);

impl Repeated {
    pub fn new() -> Self {
        Repeated(HashMap::new())
    }

    /// A note where the residue of an atom without alternate location is another one than before.
    pub fn note(&mut self, chain: &str, label: &str, name: &str, line: usize) -> Option<Note> {
        let key = (chain.to_string(), label.to_string());
        let known = self.0.entry(key).or_insert_with(|| name.to_string());
        (known != name).then(|| Note {
            kind: "repeated number",
            residue: format!("{chain} {label} {name}"),
            line,
            text: format!("left out: the chain has {known} of the same number"),
        })
    }
}
