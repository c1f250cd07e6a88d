//! `protein::read`, `protein::parse`, `protein::from`.

use crate::bail;
use crate::base::Result;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Protein;
use crate::bind::warnings;
use crate::lang::value::mismatch;
use crate::lang::{Call, FromValue, Native, Options, native, natives_of, session};
use crate::protein::read::{self, Alternate, ReadSettings};
use crate::protein::{Note, Structure};
use rhai::{Dynamic, NativeCallContext};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Options of `protein::read` and `protein::parse`.
#[derive(Options)]
pub struct ReadOptions {
    /// Number of the model in the file; the first model unless given.
    model: Option<i64>,
    /// Names of the chains; all unless given.
    chains: Option<Vec<String>>,
    /// Alternate location of residues that have several: "highest", that with the highest mean
    /// occupancy, the first among equals; "first"; or a letter.
    #[option(default = "highest")]
    altloc: AlternateName,
    /// Whether hydrogens are kept.
    #[option(default = false)]
    hydrogens: bool,
}

/// An alternate location.
pub struct AlternateName(Alternate);

impl FromValue for AlternateName {
    fn kind() -> String {
        "\"highest\", \"first\" or a letter".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let text =
            String::from_value(value, context).map_err(|_| mismatch(&Self::kind(), value))?;
        let mut letters = text.chars();
        match (text.as_str(), letters.next(), letters.next()) {
            ("highest", ..) => Ok(AlternateName(Alternate::Occupancy)),
            ("first", ..) => Ok(AlternateName(Alternate::First)),
            (_, Some(letter), None) => Ok(AlternateName(Alternate::Letter(letter))),
            _ => Err(mismatch(&Self::kind(), value)),
        }
    }
}

/// Options of `protein::from`.
#[derive(Options)]
pub struct CoordinateOptions {
    /// One-letter codes of the residues; X unless given.
    sequence: Option<String>,
    /// Names of the atoms of each residue, in the order of the coordinates.
    #[option(default = ["CA"])]
    atoms: Vec<String>,
}

impl ReadOptions {
    fn settings(self) -> ReadSettings {
        ReadSettings {
            model: self.model,
            chains: self.chains.unwrap_or_default(),
            alternate: self.altloc.0,
            hydrogens: self.hydrogens,
        }
    }
}

/// The notes in a line: how many of each kind.
fn summary(notes: &[Note]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    notes
        .iter()
        .for_each(|note| *counts.entry(note.kind).or_default() += 1);
    let count = |(kind, count): (&&str, &usize)| match count {
        1 => kind.to_string(),
        _ => format!("{kind} ({count})"),
    };
    counts.iter().map(count).collect::<Vec<_>>().join(", ")
}

fn noted(call: &Call, name: &str, own: Structure) -> Protein {
    if !own.notes.is_empty() {
        let text = summary(&own.notes);
        warnings::at(
            call,
            &format!("{name}: {text}; `report` of the protein lists them"),
        );
    }
    Protein(Rc::new(own))
}

/// Reads a protein from a PDB or mmCIF file, also compressed by gzip.
///
/// What is read: one model, the first unless option `model` is given; all chains; of residues with
/// alternate locations one of these; the 20 standard residues, modified residues such as MSE as the
/// residue that they derive from, and other residues of ATOM lines that have a Cα as X. What is
/// left out: hydrogens, waters, ligands and other hetero residues, residues without a Cα, a second
/// atom of the same name. Residues keep their numbers and insertion codes (in mmCIF those of the
/// authors); a chain without a name is called by a letter. `report` lists what was left out,
/// replaced or is missing, with residue and line.
///
/// # Errors
/// A file that is empty, binary, cut short or has wrong columns is an error that states the line.
///
/// ```rhai
/// let own = protein::from([[0.0, 0.0, 0.0], [3.8, 0.0, 0.0]], #{ sequence: "GA" });
/// own.save("/tmp/cistron_example_protein.pdb");
/// assert_eq(protein::read("/tmp/cistron_example_protein.pdb").sequence, "GA");
/// ```
#[native(namespace = "protein", stand_in = stand_in)]
pub fn read(
    call: &Call,
    /// Path of the file.
    path: &str,
    options: ReadOptions,
) -> Result<Protein> {
    let own = read::open(&session::find_input(path)?, &options.settings())?;
    Ok(noted(call, path, own))
}

/// The protein of a dry run whose file does not exist.
fn stand_in(_: &Call, _: &str, _: ReadOptions) -> Result<Protein> {
    let row = |i: u8| vec![[3.8 * f64::from(i), f64::from(i % 2), 0.0]; 4];
    let rows: Vec<_> = (0..40).map(row).collect();
    let own = Structure::of(&rows, &["N", "CA", "C", "O"], &"ACDEFGHIKL".repeat(4))?;
    Ok(Protein(Rc::new(own)))
}

/// Reads a protein from the text of a PDB or mmCIF file, as `protein::read` does.
///
/// ```rhai
/// let line = "ATOM      2  CA  GLY A   7       1.000   2.000   3.000  1.00 50.00           C  ";
/// let own = protein::parse(line);
/// assert_eq(own.ca, [[1.0, 2.0, 3.0]]);
/// assert_eq(own.plddt, [50.0]);
/// ```
/// ```rhai,fails
/// protein::parse("ATOM      2  CA  GLY A   7       1.000   2.0");
/// //~ line 1 ends at column 44, before the coordinates
/// ```
#[native(namespace = "protein")]
pub fn parse(
    call: &Call,
    /// Content of a PDB or mmCIF file.
    text: &str,
    options: ReadOptions,
) -> Result<Protein> {
    let own = read::parse(text.as_bytes(), &options.settings())?;
    Ok(noted(call, "text", own))
}

/// Returns a protein of given coordinates, numbered from 1, in a chain A.
///
/// Atoms with coordinates that are NaN are missing.
///
/// ```rhai
/// let own = protein::from(tensor::zeros([2, 3, 3]), #{ atoms: ["N", "CA", "C"], sequence: "GW" });
/// assert_eq(own.coordinates.shape, [6, 3]);
/// ```
/// ```rhai,fails
/// protein::from(tensor::zeros([2, 3]), #{ sequence: "G" });
/// //~ the sequence has 1 letters for 2 residues
/// ```
#[native(namespace = "protein")]
pub fn from(
    /// Coordinates in Å, [residues, 3], or [residues, atoms, 3] with several atoms of each.
    coordinates: Numbers,
    options: CoordinateOptions,
) -> Result<Protein> {
    let tensor = coordinates.0;
    let count = options.atoms.len() as i64;
    let n = match tensor.shape()[..] {
        [n, 3] if count == 1 => n,
        [n, atoms, 3] if atoms == count => n,
        ref other => bail!(
            "shape",
            "coordinates of {count} atoms a residue must be [residues, {count}, 3], got {}",
            crate::base::shape::text(other)
        ),
    };
    let numbers = tensor.to_f64()?;
    let row = |row: &[f64]| row.chunks(3).map(|at| [at[0], at[1], at[2]]).collect();
    let rows: Vec<_> = numbers
        .chunks(3 * options.atoms.len().max(1))
        .map(row)
        .collect();
    let sequence = options.sequence.unwrap_or_else(|| "X".repeat(n as usize));
    let names: Vec<&str> = options.atoms.iter().map(String::as_str).collect();
    Structure::of(&rows, &names, &sequence).map(|own| Protein(Rc::new(own)))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![read, parse, from]
}
