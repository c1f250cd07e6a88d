//! Lines of PDB files.

use super::prepared::{Models, Prepared, Repeated, Row};
use crate::structure::Note;
use cistron_base::{Result, bail};

/// The chains of atoms without a chain name: letters that the file does not use.
const NAMES: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The columns of a line, counted from 1, without the spaces around them.
fn field(line: &str, from: usize, to: usize) -> &str {
    line.get(from - 1..to.min(line.len())).unwrap_or("").trim()
}

fn is_atom(line: &str) -> bool {
    line.starts_with("ATOM  ") || line.starts_with("HETATM")
}

/// The model of each line that has an atom.
fn models(text: &str) -> (Models, Vec<(usize, i64, &str)>) {
    let (mut models, mut atoms, mut current, mut count) = (Models::new(), Vec::new(), None, 0);
    for (i, line) in text.lines().enumerate() {
        if line.starts_with("MODEL ") {
            count += 1;
            current = Some(field(line, 7, 80).parse().unwrap_or(count));
        } else if line.starts_with("ENDMDL") {
            // what follows is in no model until the next one begins
            current = None;
        } else if is_atom(line) {
            let number = current.unwrap_or(if count == 0 { 1 } else { count });
            models.meet(number, i + 1);
            atoms.push((i + 1, number, line));
        } else if line.starts_with("TER") {
            atoms.push((i + 1, current.unwrap_or(1), line));
        }
    }
    (models, atoms)
}

/// Checks the columns of an atom, and returns its occupancy.
fn checked(line: &str, number: usize) -> Result<f64> {
    if !line.is_ascii() {
        bail!(
            "data",
            "line {number} has letters that are no ASCII: `{}`",
            shown(line)
        );
    }
    if line.len() < 54 {
        bail!("data", "line {number} ends at column {}, before the coordinates: `{}`", line.len(),
            shown(line); hint: "is the file cut short?");
    }
    for (from, to, what) in [(31, 38, "x"), (39, 46, "y"), (47, 54, "z")] {
        let text = field(line, from, to);
        let value = text.parse::<f64>().ok();
        if value.is_none_or(|x| !x.is_finite() || x.abs() > 1e6) {
            bail!("data", "line {number}, columns {from} to {to}: {what} must be a coordinate, \
                got `{text}`"; hint: "PDB files have fixed columns");
        }
    }
    for (from, to, what) in [(13, 16, "the name of the atom"), (18, 20, "the residue")] {
        if field(line, from, to).is_empty() {
            bail!("data", "line {number}, columns {from} to {to}: {what} is missing";
                hint: "PDB files have fixed columns");
        }
    }
    let text = field(line, 23, 26);
    if text.parse::<i64>().is_err() {
        bail!("data", "line {number}, columns 23 to 26: the number of the residue must be an \
            integer, got `{text}`"; hint: "files with more than 9999 residues are read as mmCIF");
    }
    for (from, to, what) in [(55, 60, "occupancy"), (61, 66, "the B factor")] {
        let text = field(line, from, to);
        let value = text.parse::<f64>().ok();
        if !text.is_empty() && value.is_none_or(|x| !x.is_finite()) {
            bail!("data", "line {number}, columns {from} to {to}: {what} must be a number, \
                got `{text}`"; hint: "PDB files have fixed columns");
        }
    }
    Ok(field(line, 55, 60).parse().unwrap_or(1.0))
}

fn shown(line: &str) -> String {
    line.chars().take(80).collect()
}

/// The atoms of a model, with their place in the list as serial number.
pub(super) fn prepare(text: &str, wanted: Option<i64>) -> Result<Prepared> {
    let (models, atoms) = models(text);
    let (model, note) = models.chosen(wanted)?;
    let mut out = Prepared {
        format: pdbtbx::Format::Pdb,
        text: String::new(),
        rows: Vec::new(),
        notes: note.into_iter().collect(),
        head: 0,
    };
    let used: Vec<u8> = atoms
        .iter()
        .filter_map(|(.., line)| line.as_bytes().get(21).copied())
        .collect();
    let free: Vec<char> = NAMES
        .chars()
        .filter(|name| !used.contains(&(*name as u8)))
        .collect();
    let (mut repeated, mut unnamed, mut noted) = (Repeated::new(), 0, usize::MAX);
    for (number, _, line) in atoms.iter().filter(|(_, own, _)| *own == model) {
        if line.starts_with("TER") {
            unnamed += usize::from(noted == unnamed);
            continue;
        }
        let occupancy = checked(line, *number)?;
        let mut chain = line.as_bytes()[21] as char;
        if chain == ' ' {
            let Some(name) = free.get(unnamed) else {
                bail!(
                    "data",
                    "line {number}: there are more chains without a name than letters"
                );
            };
            if noted != unnamed {
                out.notes.push(Note {
                    kind: "chain without a name",
                    residue: format!("{name} {}", field(line, 23, 27)),
                    line: *number,
                    text: format!("called {name}"),
                });
            }
            (chain, noted) = (*name, unnamed);
        }
        let alternate = line.as_bytes()[16] as char;
        let name = field(line, 18, 20);
        if alternate == ' ' {
            let note = repeated.note(&chain.to_string(), field(line, 23, 27), name, *number);
            if let Some(note) = note {
                let is_known = |own: &Note| own.kind == note.kind && own.residue == note.residue;
                if !out.notes.iter().rev().take(2).any(is_known) {
                    out.notes.push(note);
                }
                continue;
            }
        }
        let serial = out.rows.len() % 100_000;
        // columns beyond the element hold charges, which nothing here reads
        let padded = format!("{line:<78}");
        let b_factor = Some(&padded[60..66]).filter(|text| !text.trim().is_empty());
        let b_factor = b_factor.unwrap_or("  0.00");
        out.text += &format!(
            "{}{serial:>5}{}{chain}{}  1.00{b_factor}          {}  \n",
            &padded[..6],
            &padded[11..21],
            &padded[22..54],
            &padded[76..78],
        );
        out.rows.push(Row {
            line: *number,
            alternate,
            occupancy,
        });
    }
    Ok(out)
}
