//! Proteins, points and maps as arguments and results.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Protein, Tabled};
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Options};
use crate::protein::lddt::AtomSet;
use crate::protein::matching::Matching;
use crate::protein::point::Point;
use crate::protein::{Note, Structure};
use crate::torch::Tensor;
use rhai::{Dynamic, NativeCallContext};
use std::rc::Rc;

/// Points in space: a tensor [n, 3], or the Cα of a protein.
pub struct Points(pub Vec<Point>);

impl FromValue for Points {
    fn kind() -> String {
        "protein, or tensor [n, 3]".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(own) = value.read_lock::<Protein>() {
            return Ok(Points(own.0.ca()));
        }
        let tensor = tensor_of(value).map_err(|_| mismatch(&Self::kind(), value))?;
        points_of(&tensor).map(Points)
    }
}

/// The points of a tensor [n, 3].
pub fn points_of(tensor: &Tensor) -> Result<Vec<Point>> {
    match tensor.shape()[..] {
        [_, 3] => {}
        // an empty array is a tensor [0]
        [0] => return Ok(Vec::new()),
        ref other => {
            bail!(
                "shape",
                "coordinates must be [n, 3], got {}",
                crate::base::shape::text(other)
            )
        }
    }
    let numbers = tensor.to_f64()?;
    Ok(numbers
        .chunks(3)
        .map(|row| [row[0], row[1], row[2]])
        .collect())
}

/// Points as a tensor [n, 3], float64.
pub fn points_tensor(points: &[Point]) -> Result<Tensor> {
    Tensor::from_f64(points.as_flattened(), &[points.len() as i64, 3])
}

/// A protein, as an argument that is kept.
pub struct Structured(pub Rc<Structure>);

impl FromValue for Structured {
    fn kind() -> String {
        "protein".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let own = value.read_lock::<Protein>().map(|own| own.0.clone());
        own.map(Structured)
            .ok_or_else(|| mismatch("protein", value))
    }
}

/// Notes as a table.
pub fn notes_table(notes: &[Note]) -> Result<Tabled> {
    let text = |of: fn(&Note) -> &str| {
        Cells::Text(notes.iter().map(|note| of(note).to_string()).collect())
    };
    let lines = notes.iter().map(|note| note.line as i64).collect();
    Tabled::of(vec![
        ("kind".into(), text(|note| note.kind)),
        ("residue".into(), text(|note| &note.residue)),
        ("line".into(), Cells::Whole(lines)),
        ("text".into(), text(|note| &note.text)),
    ])
}

/// How the residues of a model and its native structure are matched.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum MatchingName {
    /// By number where at least half of the residues of the shorter structure are found so with
    /// equal letters (X is equal to any), else by sequence.
    Auto,
    /// By chain, number and insertion code.
    Number,
    /// By an alignment of the sequences.
    Sequence,
}

impl From<MatchingName> for Matching {
    fn from(name: MatchingName) -> Matching {
        match name {
            MatchingName::Auto => Matching::Auto,
            MatchingName::Number => Matching::Number,
            MatchingName::Sequence => Matching::Sequence,
        }
    }
}

/// Which atoms are compared.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum AtomSetName {
    /// Cα alone.
    Ca,
    /// Cβ, of glycine where it would be.
    Cb,
    /// Heavy atoms.
    All,
}

impl From<AtomSetName> for AtomSet {
    fn from(name: AtomSetName) -> AtomSet {
        match name {
            AtomSetName::Ca => AtomSet::Ca,
            AtomSetName::Cb => AtomSet::Cb,
            AtomSetName::All => AtomSet::All,
        }
    }
}

/// One atom of each residue.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum OneAtom {
    /// Cα.
    Ca,
    /// Cβ, of glycine where it would be.
    Cb,
}

impl OneAtom {
    /// The points of a structure.
    pub fn points(self, of: &Structure) -> Vec<Point> {
        match self {
            OneAtom::Ca => of.ca(),
            OneAtom::Cb => of.cb(),
        }
    }
}

/// How the residues of two proteins are matched.
#[derive(Clone, Copy, Options)]
pub struct MatchOptions {
    /// How residues are matched: by "number", by "sequence", or "auto": by number where at least
    /// half of the residues are found so with equal letters, else by sequence.
    #[option(default = "auto")]
    pub by: MatchingName,
}
