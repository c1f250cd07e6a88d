//! Structures from files: PDB and mmCIF, also compressed by gzip.
//!
//! Policies, each of which is reported: one model is read, the first unless another is asked for;
//! of alternate locations of a residue the one with the highest mean occupancy is read, the first
//! among equals; waters, ligands and other hetero residues are left out; modified residues are
//! read as the standard ones that they derive from; residues without a Cα are left out; hydrogens
//! are left out.

mod build;
mod cif;
mod pdb;
mod prepared;
#[cfg(test)]
mod tests;

use crate::packed;
use crate::structure::Structure;
use cistron_base::{Fault, Result, bail, fault, panic};
use prepared::Prepared;
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Which alternate location of a residue is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alternate {
    /// That with the highest mean occupancy; the first among equals.
    Occupancy,
    /// The first in the file.
    First,
    /// That of a letter; where a residue has none of it, that with the highest occupancy.
    Letter(char),
}

/// How a file is read.
#[derive(Clone, Debug)]
pub struct ReadSettings {
    /// Number of the model in the file; the first unless given.
    pub model: Option<i64>,
    /// Names of the chains; all where it is empty.
    pub chains: Vec<String>,
    /// Alternate locations.
    pub alternate: Alternate,
    /// Whether hydrogens are kept.
    pub hydrogens: bool,
}

impl Default for ReadSettings {
    fn default() -> Self {
        ReadSettings {
            model: None,
            chains: Vec::new(),
            alternate: Alternate::Occupancy,
            hydrogens: false,
        }
    }
}

/// Reads a structure from a file.
pub fn open(path: &Path, settings: &ReadSettings) -> Result<Structure> {
    let named = |fault: Fault| fault.context(format!("`{}`", path.display()));
    let bytes = packed::read(path)?;
    parse(&bytes, settings).map_err(named)
}

/// Reads a structure from the bytes of a file.
pub fn parse(bytes: &[u8], settings: &ReadSettings) -> Result<Structure> {
    let bytes = packed::unpacked(bytes)?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        bail!("data", "the file is empty");
    }
    let text = std::str::from_utf8(&bytes).ok();
    let Some(text) = text.filter(|text| !text.contains('\0')) else {
        bail!("data", "the file is binary, not text";
            hint: "PDB and mmCIF are read, also compressed by gzip (not BinaryCIF or MMTF)");
    };
    let text = text.trim_start_matches('\u{feff}');
    let prepared = if cif::is_cif(text) {
        cif::prepare(text, settings.model)?
    } else {
        pdb::prepare(text, settings.model)?
    };
    let model = read_model(&prepared)?;
    let all = build::structure(&model, prepared, settings)?;
    if settings.chains.is_empty() {
        Ok(all)
    } else {
        all.of_chains(&settings.chains)
    }
}

/// The atoms of the prepared text, read by pdbtbx, whose panics and errors become faults.
fn read_model(prepared: &Prepared) -> Result<pdbtbx::PDB> {
    let mut options = pdbtbx::ReadOptions::new();
    options
        .set_format(prepared.format)
        .set_level(pdbtbx::StrictnessLevel::Loose);
    let input = BufReader::new(Cursor::new(prepared.text.as_bytes()));
    let outcome = panic::guarded(|| options.read_raw(input));
    let read =
        outcome.map_err(|_| fault!("data", "the atoms cannot be read: {}", panic::last()))?;
    let (pdb, _) = read.map_err(|errors| {
        let failed = |error: &&pdbtbx::PDBError| error.fails(pdbtbx::StrictnessLevel::Loose);
        let first = errors.iter().find(failed).or(errors.first());
        let text = first.map_or(String::new(), |error| {
            let text = error.long_description();
            let place = match error.context() {
                pdbtbx::Context::Line { linenumber, .. }
                | pdbtbx::Context::FullLine { linenumber, .. } => prepared.line_of(*linenumber),
                _ => None,
            };
            let place = place.map_or(String::new(), |line| format!("line {line}: "));
            format!("{place}{}: {text}", error.short_description())
        });
        fault!("data", "the atoms cannot be read: {text}")
    })?;
    Ok(pdb)
}
