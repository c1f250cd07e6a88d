//! `protein::decoys`: perturbed copies of a structure.

use crate::base::Result;
use crate::bind::args::protein::Structured;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::Protein;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of};
use crate::protein::decoys::{DecoySettings, Scheme, decoys as perturbed};
use rhai::Map;
use std::rc::Rc;

/// Options of `protein::decoys`.
#[derive(Options)]
pub struct DecoyOptions {
    /// "torsions", "thermal", "fragments" or "threading"; "mixed", the four in turn.
    #[option(default = "mixed")]
    scheme: SchemeName,
    /// Number of decoys.
    #[option(default = 16, min = 1, max = 10000)]
    n: usize,
    /// Lowest and highest strength, in the unit of the scheme, which must not be "mixed"; the range
    /// stated above unless given.
    range: Option<[f64; 2]>,
    #[option(flatten)]
    seed: SeedOptions,
}

/// A way to perturb a structure.
#[derive(Choice, Clone, Copy)]
pub enum SchemeName {
    /// All schemes in turn.
    Mixed,
    /// Changes of backbone torsions.
    Torsions,
    /// Displacements of residues.
    Thermal,
    /// Rigid rotations of fragments.
    Fragments,
    /// Shifts of the sequence along the backbone.
    Threading,
}

impl From<SchemeName> for Option<Scheme> {
    fn from(name: SchemeName) -> Option<Scheme> {
        match name {
            SchemeName::Mixed => None,
            SchemeName::Torsions => Some(Scheme::Torsions),
            SchemeName::Thermal => Some(Scheme::Thermal),
            SchemeName::Fragments => Some(Scheme::Fragments),
            SchemeName::Threading => Some(Scheme::Threading),
        }
    }
}

/// Perturbs a protein: models of known quality, from near native to poor.
///
/// - "torsions": φ and ψ of each residue change by normal angles, bonds stay. Strength: standard
///   deviation in degrees, .3 to 12
/// - "thermal": residues move, more where few others are near, neighbours together. Strength: root
///   mean square of displacements in Å, .3 to 6
/// - "fragments": fragments of 5 to 15 residues rotate about the axis through their ends by normal
///   angles. Strength: standard deviation in degrees, 5 to 120
/// - "threading": the residues of one part of each chain move 1 to 4 places along the backbone.
///   Strength: fraction of residues, .1 to 1
///
/// The strengths of a scheme increase from the low to the high end of its range:
/// low + (high - low) t², with t in equal steps from 0 to 1; a single decoy has the high one. A
/// decoy has the atoms, chains and numbers of the protein, and is superposed onto it. No residue is
/// mirrored.
/// Residues without N or C keep the torsions that need these atoms, and are threaded by
/// translation; of a chain of one residue only thermal displacements and torsions change atoms.
///
/// Returns an array of maps, each with `protein`, `scheme`, and `strength` with its `unit`:
/// "degrees", "Å" or "fraction of residues".
///
/// # Errors
/// A range outside of the limits (180 degrees, 50 Å, a fraction of 1), or with the scheme "mixed".
///
/// ```rhai
/// let native = protein::from(tensor::arange(30).double().reshape([10, 3]) * 2.2);
/// let found = protein::decoys(native, #{ scheme: "thermal", n: 3, range: [0.5, 2.5] });
/// assert_eq(found.map(|decoy| decoy.strength), [0.5, 1.0, 2.5]);
/// assert_eq(found[0].protein.residues["number"], native.residues["number"]);
/// let scores = found.map(|decoy| protein::lddt(decoy.protein, native).score);
/// assert(scores[0] > scores[2]);
/// ```
/// ```rhai,fails
/// protein::decoys(protein::from([[0.0, 0.0, 0.0]]), #{ scheme: "threading", range: [0.5, 2] });
/// //~ strengths of threading must be within 0 and 1 (fraction of residues)
/// ```
#[native(namespace = "protein", returns = "array of maps")]
pub fn decoys(
    /// The native structure.
    structure: Structured,
    options: DecoyOptions,
) -> Result<Vec<Map>> {
    let settings = DecoySettings {
        scheme: options.scheme.into(),
        count: options.n,
        range: options.range,
        seed: options.seed.seed(),
    };
    let found = perturbed(&structure.0, &settings)?;
    let rows = found.into_iter().map(|decoy| {
        Map::from([
            (
                "protein".into(),
                Protein(Rc::new(decoy.structure)).into_value(),
            ),
            ("scheme".into(), decoy.scheme.name().into()),
            ("strength".into(), decoy.strength.into()),
            ("unit".into(), decoy.scheme.unit().into()),
        ])
    });
    Ok(rows.collect())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![decoys]
}
