//! `protein::superpose`, `lddt`, `gdt_ts`, `tm_score`, `matched`: models against natives.

use crate::base::Result;
use crate::bind::args::protein::{
    AtomSetName, MatchOptions, MatchingName, Points, Structured, notes_table, points_of,
    points_tensor,
};
use crate::bind::types::Protein;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of};
use crate::protein::lddt::{self, Missing};
use crate::protein::matching::{Matched, matched as matched_residues};
use crate::protein::point::Point;
use crate::protein::{Structure, scores, superpose as movement};
use crate::torch::Tensor;
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// Options of `protein::superpose`.
#[derive(Options)]
pub struct SuperposeOptions {
    /// Whether the points may be mirrored as well, where that fits better.
    #[option(default = false)]
    mirror: bool,
    /// How residues of proteins are matched: "auto", "number" or "sequence".
    #[option(default = "auto")]
    by: MatchingName,
}

/// Options of `protein::lddt`.
#[derive(Options)]
pub struct LddtOptions {
    /// Atoms that are compared: "ca", "cb" or "all", the heavy atoms.
    #[option(default = "all")]
    atoms: AtomSetName,
    /// Distance in the native structure below which pairs of atoms count, in Å.
    #[option(default = 15.0, above = 0)]
    radius: f64,
    /// Distances of atoms that the model does not have: "wrong", not preserved, or "ignored".
    #[option(default = "wrong")]
    missing: MissingAtoms,
    /// How residues are matched: "auto", "number" or "sequence".
    #[option(default = "auto")]
    by: MatchingName,
}

/// What happens to atoms that the model does not have.
#[derive(Choice, Clone, Copy)]
pub enum MissingAtoms {
    /// Their distances are not preserved.
    Wrong,
    /// Their distances do not count.
    Ignored,
}

impl From<MissingAtoms> for Missing {
    fn from(name: MissingAtoms) -> Missing {
        match name {
            MissingAtoms::Wrong => Missing::Wrong,
            MissingAtoms::Ignored => Missing::Ignored,
        }
    }
}

/// Options of `protein::gdt_ts`.
#[derive(Options)]
pub struct GdtOptions {
    /// Whether the distances are .5, 1, 2 and 4 Å (GDT-HA) instead of 1, 2, 4 and 8 Å.
    #[option(default = false)]
    high: bool,
    /// How residues are matched: "auto", "number" or "sequence".
    #[option(default = "auto")]
    by: MatchingName,
}

/// The Cα of matched residues.
fn paired(model: &Structure, native: &Structure, by: &Matched) -> (Vec<Point>, Vec<Point>) {
    let pair = |(i, j): &(usize, usize)| (model.residues[*i].ca(), native.residues[*j].ca());
    by.pairs.iter().map(pair).unzip()
}

/// Moves a protein or points onto others, so that the sum of squared distances is smallest.
///
/// Of two proteins the Cα of matched residues are superposed, and all atoms move; points are
/// matched in order. The rotation is never a reflection unless `mirror` is true.
///
/// Returns a map of `moved` (the protein or the points after the movement), `rotation` [3, 3],
/// `shift` [3], `rmsd` in Å, `mirrored`, and `pairs`, the number of points that were superposed:
/// each point x becomes rotation x + shift.
///
/// # Source
/// Kabsch (1976), Acta Crystallographica A32; Horn (1987), Journal of the Optical Society of
/// America A 4.
///
/// ```rhai
/// let a = tensor::randn([9, 3], #{ seed: 1 });
/// let b = a.roll(1, 1) + 2.0;                            // a rotation about the diagonal
/// let found = protein::superpose(a, b);
/// assert_near(found.moved.float(), b, 1e-5);
/// assert_near(found.rmsd, 0.0, 1e-5);
/// ```
/// ```rhai,fails
/// protein::superpose(tensor::zeros([2, 3]), tensor::zeros([2, 3]));
/// //~ a superposition needs at least 3 points, got 2
/// ```
#[native(namespace = "protein", returns = "map")]
pub fn superpose(
    /// Protein, or points [n, 3] in Å, that move.
    model: &Dynamic,
    /// Protein, or points [n, 3] in Å, that stay.
    native: &Dynamic,
    options: SuperposeOptions,
) -> Result<Map> {
    let proteins = (model.read_lock::<Protein>(), native.read_lock::<Protein>());
    let (found, moved, count) = if let (Some(model), Some(native)) = proteins {
        let by = matched_residues(&model.0, &native.0, options.by.into())?;
        let (from, onto) = paired(&model.0, &native.0, &by);
        let found = movement::superpose(&from, &onto, options.mirror)?;
        let points: Vec<_> = model
            .0
            .atoms()
            .map(|(_, atom)| found.apply(atom.at))
            .collect();
        let moved = model.0.with_coordinates(&points)?;
        (found, Protein(Rc::new(moved)).into_value(), from.len())
    } else {
        let (from, onto) = (points(model)?, points(native)?);
        let found = movement::superpose(&from, &onto, options.mirror)?;
        let moved: Vec<_> = from.iter().map(|point| found.apply(*point)).collect();
        (found, points_tensor(&moved)?.into_value(), from.len())
    };
    Ok(Map::from([
        ("moved".into(), moved),
        (
            "rotation".into(),
            points_tensor(&found.rotation)?.into_value(),
        ),
        (
            "shift".into(),
            Tensor::from_f64(&found.shift, &[3])?.into_value(),
        ),
        ("rmsd".into(), found.rmsd.into()),
        ("mirrored".into(), found.is_mirrored.into()),
        ("pairs".into(), (count as i64).into()),
    ]))
}

fn points(value: &Dynamic) -> Result<Vec<Point>> {
    if let Some(own) = value.read_lock::<Protein>() {
        return Ok(own.0.ca());
    }
    points_of(&crate::bind::args::tensor::tensor_of(value)?)
}

/// Returns the root mean square distance of points, in Å, as they are.
///
/// `protein::superpose(a, b).rmsd` is that after a superposition.
///
/// ```rhai
/// assert_eq(protein::rmsd([[0.0, 0.0, 0.0]], [[3.0, 4.0, 0.0]]), 5.0);
/// ```
#[native(namespace = "protein")]
pub fn rmsd(
    /// Points [n, 3] in Å, or a protein, of which the Cα are taken.
    a: Points,
    /// As many points, or a protein of as many residues.
    b: Points,
) -> Result<f64> {
    let (n, m) = (a.0.len(), b.0.len());
    if n != m || n == 0 {
        crate::bail!("shape", "{n} points cannot be compared with {m}");
    }
    Ok(movement::rmsd(&a.0, &b.0))
}

/// Computes the local distance difference test (lDDT) of a model against its native structure.
///
/// Pairs of atoms of different residues that are nearer than `radius` in the native structure
/// count; a pair is preserved at the thresholds .5, 1, 2 and 4 Å where its distance in the model
/// differs by no more than that. Neither is stereochemistry checked, nor are equivalent atoms
/// exchanged.
///
/// Returns a map of `score`, the share of preserved distances, from 0 to 1; `per_residue`, that of
/// each residue of the model, NaN where a residue is not in the native structure or has no pairs;
/// `pairs`, the number of pairs of atoms; `missing`, the number of atoms of the native structure
/// that the model does not have; and `report`, a table of residues that were not compared, or
/// with another one.
///
/// # Source
/// Mariani, Biasini, Barbato & Schwede (2013), Bioinformatics 29.
///
/// ```rhai
/// let native = protein::from([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [9.0, 0.0, 0.0]]);
/// let model = protein::from([[0.0, 0.0, 0.0], [6.5, 0.0, 0.0], [9.0, 0.0, 0.0]]);
/// let found = protein::lddt(model, native, #{ atoms: "ca" });
/// assert_near(found.per_residue, [0.75, 0.5, 0.75]);     // two of the pairs are wrong by 1.5
/// assert_near(found.score, 4.0 / 6.0);
/// ```
#[native(namespace = "protein", returns = "map")]
pub fn lddt(
    /// The model.
    model: Structured,
    /// The native structure.
    native: Structured,
    options: LddtOptions,
) -> Result<Map> {
    let (model, native) = (model.0, native.0);
    let by = matched_residues(&model, &native, options.by.into())?;
    let atoms = lddt::shared(
        &model,
        &native,
        &by,
        options.atoms.into(),
        options.missing.into(),
    );
    let found = lddt::lddt(
        &atoms.model,
        &atoms.native,
        &atoms.residues,
        native.len(),
        options.radius,
    )?;
    let mut rows = vec![f64::NAN; model.len()];
    by.pairs
        .iter()
        .for_each(|(i, j)| rows[*i] = found.per_residue[*j]);
    Ok(Map::from([
        ("score".into(), found.score.into()),
        (
            "per_residue".into(),
            Tensor::from_f64(&rows, &[rows.len() as i64])?.into_value(),
        ),
        ("pairs".into(), (found.pairs as i64).into()),
        ("missing".into(), (atoms.missing as i64).into()),
        ("report".into(), notes_table(&by.notes)?.into_value()),
    ]))
}

/// Returns the GDT-TS of a model: the mean share of residues within 1, 2, 4 and 8 Å.
///
/// For each distance superpositions of fragments are refined until the largest share is found that
/// they lead to, a lower bound of the optimum. Chains of at most 64 residues start from triples of
/// residues as well, so that their bound is near it. Residues of the native structure that the
/// model does not have count as wrong.
///
/// # Source
/// Zemla (2003), Nucleic Acids Research 31.
///
/// ```rhai
/// let native = protein::from([[0.0, 0.0, 0.0], [3.8, 0.0, 0.0], [3.8, 3.8, 0.0]]);
/// assert_eq(protein::gdt_ts(native, native), 1.0);
/// ```
#[native(namespace = "protein", returns = "number from 0 to 1")]
pub fn gdt_ts(
    /// The model.
    model: Structured,
    /// The native structure.
    native: Structured,
    options: GdtOptions,
) -> Result<f64> {
    let by = matched_residues(&model.0, &native.0, options.by.into())?;
    let (a, b) = paired(&model.0, &native.0, &by);
    scores::gdt(&a, &b, options.high, native.0.len())
}

/// Returns the TM-score of a model, for the length of the native structure.
///
/// Superpositions of fragments are refined until none is better, as the program TM-score does;
/// chains of at most 64 residues start from triples of residues as well. Residues of the native
/// structure that the model does not have count 0.
///
/// # Source
/// Zhang & Skolnick (2004), Proteins 57.
///
/// ```rhai
/// let native = protein::from([[0.0, 0.0, 0.0], [3.8, 0.0, 0.0], [3.8, 3.8, 0.0]]);
/// assert_near(protein::tm_score(native, native), 1.0);
/// ```
#[native(namespace = "protein", returns = "number from 0 to 1")]
pub fn tm_score(
    /// The model.
    model: Structured,
    /// The native structure.
    native: Structured,
    options: MatchOptions,
) -> Result<f64> {
    let by = matched_residues(&model.0, &native.0, options.by.into())?;
    let (a, b) = paired(&model.0, &native.0, &by);
    scores::tm_score(&a, &b, native.0.len())
}

/// Matches the residues of a model and its native structure.
///
/// With `by: "auto"` residues are matched by chain, number and insertion code where at least half
/// of the residues of the shorter structure are found so with equal letters, else by an alignment
/// of the sequences, and by number again where that is empty. X, as in a structure without a
/// sequence, is equal to any letter. Alignments are global: 2 for equal letters, -1 for others, 0
/// with X, -2 for the first and -.5 for further residues of a gap, gaps at the ends free.
///
/// Returns a map of `model` and `native`, rows of the matched residues; `by`, "number" or
/// "sequence"; and `report`, a table of residues that only one structure has, and of matched ones
/// with different names.
///
/// ```rhai
/// let model = protein::from(tensor::zeros([4, 3]), #{ sequence: "GACD" });
/// let native = protein::from(tensor::zeros([3, 3]), #{ sequence: "ACD" });
/// let found = protein::matched(model, native);
/// assert_eq([found.model, found.native, found.by], [[1, 2, 3], [0, 1, 2], "sequence"]);
/// assert_eq(found.report["residue"], ["A 1 GLY"]);
/// ```
#[native(namespace = "protein", returns = "map")]
pub fn matched(
    /// The model.
    model: Structured,
    /// The native structure.
    native: Structured,
    options: MatchOptions,
) -> Result<Map> {
    let found = matched_residues(&model.0, &native.0, options.by.into())?;
    let rows = |of: fn(&(usize, usize)) -> usize| -> Dynamic {
        let rows = found
            .pairs
            .iter()
            .map(|pair| Dynamic::from(of(pair) as i64));
        rows.collect::<rhai::Array>().into()
    };
    Ok(Map::from([
        ("model".into(), rows(|pair| pair.0)),
        ("native".into(), rows(|pair| pair.1)),
        ("by".into(), found.by.into()),
        ("report".into(), notes_table(&found.notes)?.into_value()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![superpose, rmsd, lddt, gdt_ts, tm_score, matched]
}
