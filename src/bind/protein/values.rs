//! Properties and methods of proteins.

use crate::base::Result;
use crate::base::file::write_whole;
use crate::base::table::Cells;
use crate::bind::args::path::output_path;
use crate::bind::args::protein::{OneAtom, Points, notes_table, points_tensor};
use crate::bind::args::tensor::Numbers;
use crate::bind::types::{Protein, Tabled};
use crate::lang::{Native, Options, native, natives_of};
use crate::protein::maps;
use crate::protein::structure::{Residue, Structure};
use crate::torch::Tensor;
use std::rc::Rc;

/// Options of `protein.distances`.
#[derive(Options)]
pub struct DistanceOptions {
    /// Atom of each residue: "ca", or "cb", which glycine has where it would be.
    #[option(default = "cb")]
    atom: OneAtom,
}

/// Options of `protein.contacts`.
#[derive(Options)]
pub struct ContactOptions {
    /// Distance below which residues are in contact, in Å.
    #[option(default = 8.0, above = 0)]
    threshold: f64,
    /// Atom of each residue: "ca", or "cb", which glycine has where it would be.
    #[option(default = "cb")]
    atom: OneAtom,
}

fn handle(own: Structure) -> Protein {
    Protein(Rc::new(own))
}

/// The one-letter codes of the residues; X where a residue is no standard one.
///
/// ```rhai
/// let own = protein::from(tensor::zeros([2, 3]), #{ sequence: "GA" });
/// assert_eq(own.sequence, "GA");
/// ```
#[native(namespace = "protein", form = property)]
pub fn sequence(this: &Protein) -> String {
    this.0.sequence()
}

/// The number of residues.
///
/// ```rhai
/// assert_eq(protein::from(tensor::zeros([2, 3])).length, 2);
/// ```
#[native(namespace = "protein", form = property)]
pub fn length(this: &Protein) -> i64 {
    this.0.len() as i64
}

/// The names of the chains, in the order of the file.
///
/// ```rhai
/// assert_eq(protein::from(tensor::zeros([2, 3])).chains, ["A"]);
/// ```
#[native(namespace = "protein", form = property)]
pub fn chains(this: &Protein) -> Vec<String> {
    this.0.chains()
}

/// The residues: chain, number, insertion code, name, atoms, B factor of the Cα, line.
///
/// ```rhai
/// let own = protein::from(tensor::zeros([2, 3]), #{ sequence: "GA" });
/// assert_eq(own.residues["name"], ["GLY", "ALA"]);
/// assert_eq(own.residues["number"], [1, 2]);
/// ```
#[native(namespace = "protein", form = property)]
pub fn residues(this: &Protein) -> Result<Tabled> {
    let rows = &this.0.residues;
    let text = |of: fn(&Residue) -> String| Cells::Text(rows.iter().map(of).collect());
    let whole = |of: fn(&Residue) -> i64| Cells::Whole(rows.iter().map(of).collect());
    Tabled::of(vec![
        ("chain".into(), text(|row| row.chain.clone())),
        ("number".into(), whole(|row| row.number)),
        (
            "insertion".into(),
            text(|row| row.insertion.to_string().trim().to_string()),
        ),
        ("name".into(), text(|row| row.name.clone())),
        ("atoms".into(), whole(|row| row.atoms.len() as i64)),
        ("b_factor".into(), Cells::Number(this.0.b_factors())),
        (
            "line".into(),
            whole(|row| row.atoms.first().map_or(0, |atom| atom.line as i64)),
        ),
    ])
}

/// What was left out, replaced or guessed when the file was read: kind, residue, line, text.
///
/// ```rhai
/// let line = "ATOM      2  CA  GLY A   7       1.000   2.000   3.000  1.00 50.00           C  ";
/// let water = "HETATM    3  O   HOH A   8       1.000   2.000   3.000  1.00 50.00           O  ";
/// let own = protein::parse(line + "\n" + water);
/// assert_eq(own.report["kind"], ["missing atoms", "hetero residue"]);
/// assert_eq(own.report["line"], [1, 2]);
/// ```
#[native(namespace = "protein", form = property)]
pub fn report(this: &Protein) -> Result<Tabled> {
    notes_table(&this.0.notes)
}

/// The coordinates of the Cα, in Å, float64.
///
/// ```rhai
/// assert_eq(protein::from([[1.0, 2.0, 3.0]]).ca, [[1.0, 2.0, 3.0]]);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [residues, 3]")]
pub fn ca(this: &Protein) -> Result<Tensor> {
    points_tensor(&this.0.ca())
}

/// The coordinates of the Cβ, in Å, float64.
///
/// Of glycine, and where a file has no Cβ, that where it would be by the backbone; without backbone
/// the Cα.
///
/// ```rhai
/// let n_ca_c = [[[1.458, 0.0, 0.0], [0.0, 0.0, 0.0], [-0.547, 1.424, 0.0]]];
/// let own = protein::from(n_ca_c, #{ atoms: ["N", "CA", "C"], sequence: "G" });
/// assert_near(own.cb.square().sum().sqrt().item(), 1.53, 0.02);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [residues, 3]")]
pub fn cb(this: &Protein) -> Result<Tensor> {
    points_tensor(&this.0.cb())
}

/// The coordinates of N, Cα and C, in Å, float64; NaN where an atom is missing.
///
/// ```rhai
/// let own = protein::from([[1.0, 2.0, 3.0]]);
/// assert_eq(own.backbone.shape, [1, 3, 3]);
/// assert_eq(own.backbone[0][1], [1.0, 2.0, 3.0]);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [residues, 3, 3]")]
pub fn backbone(this: &Protein) -> Result<Tensor> {
    let point = |own: &Residue, name: &str| own.at(name).unwrap_or([f64::NAN; 3]);
    let rows = this.0.residues.iter();
    let rows = rows.flat_map(|own| ["N", "CA", "C"].map(|name| point(own, name)));
    let rows: Vec<_> = rows.collect();
    points_tensor(&rows)?.reshape(&[-1, 3, 3])
}

/// The coordinates of all atoms, in Å, float64, in the order of the file.
///
/// ```rhai
/// assert_eq(protein::from([[1.0, 2.0, 3.0]]).coordinates, [[1.0, 2.0, 3.0]]);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [atoms, 3]")]
pub fn coordinates(this: &Protein) -> Result<Tensor> {
    let points: Vec<_> = this.0.atoms().map(|(_, atom)| atom.at).collect();
    points_tensor(&points)
}

/// The atoms: row of the residue, name, element, B factor, occupancy, line.
///
/// ```rhai
/// assert_eq(protein::from([[1.0, 2.0, 3.0]]).atoms["name"], ["CA"]);
/// ```
#[native(namespace = "protein", form = property)]
pub fn atoms(this: &Protein) -> Result<Tabled> {
    let rows: Vec<_> = this.0.atoms().collect();
    let text = |of: fn(&crate::protein::Atom) -> &str| {
        Cells::Text(rows.iter().map(|(_, atom)| of(atom).to_string()).collect())
    };
    let number = |of: fn(&crate::protein::Atom) -> f64| {
        Cells::Number(rows.iter().map(|(_, atom)| of(atom)).collect())
    };
    Tabled::of(vec![
        (
            "residue".into(),
            Cells::Whole(rows.iter().map(|(i, _)| *i as i64).collect()),
        ),
        ("name".into(), text(|atom| &atom.name)),
        ("element".into(), text(|atom| &atom.element)),
        ("b_factor".into(), number(|atom| atom.b_factor)),
        ("occupancy".into(), number(|atom| atom.occupancy)),
        (
            "line".into(),
            Cells::Whole(rows.iter().map(|(_, atom)| atom.line as i64).collect()),
        ),
    ])
}

/// The B factors of the Cα, float64.
///
/// ```rhai
/// assert_eq(protein::from([[1.0, 2.0, 3.0]]).b_factors, [0.0]);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [residues]")]
pub fn b_factors(this: &Protein) -> Result<Tensor> {
    let values = this.0.b_factors();
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// The confidence of each residue, from 0 to 100, which predictors write into the B factors.
///
/// # Errors
/// B factors outside of 0 to 100 are no pLDDT. Whether others are, a file does not state.
///
/// ```rhai
/// let own = protein::from([[1.0, 2.0, 3.0]]).with_b_factors([90.5]);
/// assert_eq(own.plddt, [90.5]);
/// ```
#[native(namespace = "protein", form = property, returns = "tensor [residues]")]
pub fn plddt(this: &Protein) -> Result<Tensor> {
    let values = this.0.plddt()?;
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// Returns the distances of all pairs of residues, in Å, float64.
///
/// ```rhai
/// let own = protein::from([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]);
/// assert_eq(own.distances(), [[0.0, 5.0], [5.0, 0.0]]);
/// ```
#[native(namespace = "protein", form = method, returns = "tensor [residues, residues]")]
pub fn distances(this: &Protein, options: DistanceOptions) -> Result<Tensor> {
    let n = this.0.len() as i64;
    let map = maps::distances(&options.atom.points(&this.0));
    Tensor::from_f64(&map.into_iter().collect::<Vec<_>>(), &[n, n])
}

/// Returns the contacts of residues: 1 where a pair is nearer than `threshold`, else 0.
///
/// A residue is in no contact with itself.
///
/// ```rhai
/// let own = protein::from([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0], [0.0, 9.0, 0.0]]);
/// assert_eq(own.contacts(), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
/// ```
#[native(namespace = "protein", form = method, returns = "tensor [residues, residues]")]
pub fn contacts(this: &Protein, options: ContactOptions) -> Result<Tensor> {
    let n = this.0.len() as i64;
    let map = maps::contacts(&options.atom.points(&this.0), options.threshold);
    let numbers: Vec<f32> = map
        .into_iter()
        .map(|near| f32::from(u8::from(near)))
        .collect();
    Tensor::from_f32(&numbers, &[n, n])
}

/// Returns the residues of a chain.
///
/// ```rhai
/// assert_eq(protein::from([[1.0, 2.0, 3.0]]).chain("A").length, 1);
/// ```
/// ```rhai,fails
/// protein::from([[1.0, 2.0, 3.0]]).chain("B");
/// //~ there is no chain `B`
/// ```
#[native(namespace = "protein", form = method)]
pub fn chain(
    this: &Protein,
    /// Name of the chain.
    name: &str,
) -> Result<Protein> {
    this.0.of_chains(&[name.to_string()]).map(handle)
}

/// Returns the protein without atoms of some names.
///
/// ```rhai
/// let own = protein::from(tensor::zeros([1, 2, 3]), #{ atoms: ["CA", "OXT"] });
/// assert_eq(own.without_atoms(["OXT"]).coordinates.shape, [1, 3]);
/// ```
#[native(namespace = "protein", form = method)]
pub fn without_atoms(
    this: &Protein,
    /// Names of atoms; not "CA".
    names: Vec<String>,
) -> Result<Protein> {
    this.0.without_atoms(&names).map(handle)
}

/// Returns the protein with its atoms at other places.
///
/// ```rhai
/// let own = protein::from([[1.0, 2.0, 3.0]]);
/// assert_eq(own.with_coordinates(own.coordinates + 1.0).ca, [[2.0, 3.0, 4.0]]);
/// ```
#[native(namespace = "protein", form = method)]
pub fn with_coordinates(
    this: &Protein,
    /// Coordinates of all atoms in Å, [atoms, 3], in the order of `coordinates`.
    points: Points,
) -> Result<Protein> {
    this.0.with_coordinates(&points.0).map(handle)
}

/// Returns the protein with other B factors, such as scores of residues for a viewer.
///
/// ```rhai
/// let own = protein::from([[1.0, 2.0, 3.0]]).with_b_factors(tensor::ones([1]));
/// assert_eq(own.b_factors, [1.0]);
/// ```
#[native(namespace = "protein", form = method)]
pub fn with_b_factors(
    this: &Protein,
    /// A number for each residue, [residues].
    values: Numbers,
) -> Result<Protein> {
    this.0.with_b_factors(&values.0.to_f64()?).map(handle)
}

/// Writes a PDB file.
///
/// # Errors
/// What the columns of PDB files do not hold: chain names of several letters, numbers above 9999,
/// coordinates of more than 8 characters.
///
/// ```rhai
/// protein::from([[1.0, 2.0, 3.0]]).save("/tmp/cistron_example_save.pdb");
/// assert_eq(protein::read("/tmp/cistron_example_save.pdb").ca, [[1.0, 2.0, 3.0]]);
/// ```
#[native(namespace = "protein", form = method)]
pub fn save(
    this: &Protein,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    let text = crate::protein::write::pdb(&this.0)?;
    write_whole(&output_path(path)?, text.as_bytes())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        sequence,
        length,
        chains,
        residues,
        report,
        ca,
        cb,
        backbone,
        coordinates,
        atoms,
        b_factors,
        plddt,
        distances,
        contacts,
        chain,
        without_atoms,
        with_coordinates,
        with_b_factors,
        save
    ]
}
