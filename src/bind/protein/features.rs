//! `protein::sasa`, `protein::features`, `protein::harmonics`.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::protein::{Points, Structured};
use crate::bind::types::Tabled;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of};
use crate::protein::features::{self, SurfaceSettings};
use crate::protein::harmonics::{self, Convention};
use crate::protein::radii::Radii;
use crate::torch::{Kind, Tensor};
use rhai::Map;

/// How surfaces of atoms are computed.
#[derive(Clone, Copy, Options)]
pub struct SurfaceOptions {
    /// Radius of the probe, in Å.
    #[option(default = 1.4, min = 0, max = 10)]
    probe: f64,
    /// Radii of atoms: "united", heavy atoms with their hydrogens, by residue and name (Li &
    /// Nussinov 1998), or "bondi", those of elements.
    #[option(default = "united")]
    radii: RadiiName,
    /// Directions for each atom.
    #[option(default = 10000, min = 100, max = 1000000)]
    directions: usize,
}

/// Options of `protein::sasa`.
#[derive(Options)]
pub struct SasaOptions {
    #[option(flatten)]
    surface: SurfaceOptions,
    /// Whether there is a value for each atom instead of each residue.
    #[option(default = false)]
    atoms: bool,
}

/// Options of `protein::harmonics`.
#[derive(Options)]
pub struct HarmonicsOptions {
    /// "usual": orders -l to l, orthonormal, azimuth atan2(y, x); or "enqa": orders -1, -2, …, -l,
    /// 0, 1, …, l, values of orders other than 0 times √2, azimuth atan2(y, -x).
    #[option(default = "usual")]
    convention: ConventionName,
}

/// Radii of atoms.
#[derive(Choice, Clone, Copy)]
pub enum RadiiName {
    /// Of heavy atoms with their hydrogens.
    United,
    /// Of elements.
    Bondi,
}

impl From<RadiiName> for Radii {
    fn from(name: RadiiName) -> Radii {
        match name {
            RadiiName::United => Radii::United,
            RadiiName::Bondi => Radii::Bondi,
        }
    }
}

/// Order, scale and azimuth of spherical harmonics.
#[derive(Choice, Clone, Copy)]
pub enum ConventionName {
    /// Orders -l to l, orthonormal.
    Usual,
    /// Those of EnQA's featuriser.
    Enqa,
}

impl From<ConventionName> for Convention {
    fn from(name: ConventionName) -> Convention {
        match name {
            ConventionName::Usual => Convention::Usual,
            ConventionName::Enqa => Convention::Enqa,
        }
    }
}

impl SurfaceOptions {
    fn settings(self) -> SurfaceSettings {
        SurfaceSettings {
            probe: self.probe,
            radii: self.radii.into(),
            directions: self.directions,
        }
    }
}

/// Returns the solvent-accessible surface of residues or atoms, in Å², float64.
///
/// The area of the spheres around atoms, larger than these by the radius of the probe, that is in
/// no other sphere. With "bondi" radii the values agree with those of other programs; with
/// 10,000 directions the area of an atom has an error of about .1 %.
///
/// # Source
/// Shrake & Rupley (1973), Journal of Molecular Biology 79.
///
/// ```rhai
/// let one = protein::from([[0.0, 0.0, 0.0]], #{ sequence: "G" });
/// let area = 4.0 * PI() * (1.7 + 1.4) ** 2;
/// assert_near(protein::sasa(one, #{ radii: "bondi" }), [area], 1e-6);
/// ```
#[native(namespace = "protein", returns = "tensor [residues] or [atoms]")]
pub fn sasa(
    /// The protein.
    protein: Structured,
    options: SasaOptions,
) -> Result<Tensor> {
    let settings = options.surface.settings();
    let values = if options.atoms {
        features::atom_sasa(&protein.0, settings)?
    } else {
        features::residue_sasa(&protein.0, settings)?
    };
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// Computes the features of EnQA that need a structure alone.
///
/// Cells of heavy atoms are those of the Voronoi diagram of balls within the reach of a probe: a
/// point belongs to the atom whose surface is nearest. Buriedness is the smallest number of faces
/// between an atom of the residue and the solvent, from 1. Pairs of residues whose cells share a
/// face have spherical harmonics (convention "enqa") of the direction from the Cα of the first to
/// that of the second, in the frame of the first: x from Cα to N, y towards C at a right angle, z
/// their cross product.
///
/// Returns a map of `nodes`, [23, n], float32: one-hot residues in the order of three-letter codes,
/// volume and accessible surface divided by their sums over the protein, with buriedness between
/// them; `pairs`, [25, n, n], float32, 0 for other pairs; `residues`, a table of `volume` in Å³,
/// `buriedness` and `sasa` in Å²; and `contacts`, a table of pairs of residues, `first` and
/// `second`, with the `area` of their common face in Å².
///
/// # Errors
/// Residues without N or C have no frame, and residues beyond the 20 standard ones no channel.
///
/// # Source
/// Chen, Chen, Morehead, Wu & Cheng (2023), Bioinformatics 39; Igashov et al. (2021),
/// Bioinformatics 37; Olechnovič & Venclovas (2014), Journal of Computational Chemistry 35.
///
/// ```rhai
/// let n_ca_c = tensor::from([[1.458, 0.0, 0.0], [0.0, 0.0, 0.0], [-0.547, 1.424, 0.0]]);
/// let x = tensor::stack([n_ca_c, n_ca_c + tensor::from([0.0, 0.0, 3.8])], 0);
/// let own = protein::from(x, #{ atoms: ["N", "CA", "C"], sequence: "GA" });
/// let found = protein::features(own);
/// assert_eq([found.nodes.shape, found.pairs.shape], [[23, 2], [25, 2, 2]]);
/// assert_near(found.nodes.slice(0, 20, 21).sum().item(), 1.0, 1e-6);
/// assert_eq([found.contacts["first"], found.contacts["second"]], [[0], [1]]);
/// ```
#[native(namespace = "protein", returns = "map")]
pub fn features(
    /// The protein.
    protein: Structured,
    options: SurfaceOptions,
) -> Result<Map> {
    let found = features::features(&protein.0, options.settings())?;
    let n = protein.0.len() as i64;
    let tensor =
        |numbers: &[f64], shape: &[i64]| Tensor::from_f64(numbers, shape)?.to_kind(Kind::Float);
    let surfaces = found.surfaces;
    let depths = surfaces
        .buriedness
        .iter()
        .map(|depth| *depth as i64)
        .collect();
    let residues = Tabled::of(vec![
        ("volume".into(), Cells::Number(surfaces.volume)),
        ("buriedness".into(), Cells::Whole(depths)),
        ("sasa".into(), Cells::Number(surfaces.sasa)),
    ])?;
    let pairs = &surfaces.contacts;
    let contacts = Tabled::of(vec![
        (
            "first".into(),
            Cells::Whole(pairs.iter().map(|pair| pair.0 as i64).collect()),
        ),
        (
            "second".into(),
            Cells::Whole(pairs.iter().map(|pair| pair.1 as i64).collect()),
        ),
        (
            "area".into(),
            Cells::Number(pairs.iter().map(|pair| pair.2).collect()),
        ),
    ])?;
    Ok(Map::from([
        ("nodes".into(), tensor(&found.nodes, &[23, n])?.into_value()),
        (
            "pairs".into(),
            tensor(&found.pairs, &[25, n, n])?.into_value(),
        ),
        ("residues".into(), residues.into_value()),
        ("contacts".into(), contacts.into_value()),
    ]))
}

/// Computes real spherical harmonics of degrees 0 to 4, without the Condon–Shortley sign.
///
/// Returns a tensor, float64: the values of degree l begin at column l².
///
/// ```rhai
/// let y = protein::harmonics([[0.0, 0.0, 1.0]]);
/// assert_near(y[[0, 0]], 0.28209479, 1e-6);               // √(1 / 4π)
/// assert_near(y[[0, 2]], 0.48860251, 1e-6);               // √(3 / 4π) z
/// ```
#[native(namespace = "protein", returns = "tensor [n, 25]")]
pub fn harmonics(
    /// Unit vectors, [n, 3].
    directions: Points,
    options: HarmonicsOptions,
) -> Result<Tensor> {
    let convention = options.convention.into();
    let rows = directions.0.iter();
    let rows: Vec<_> = rows
        .map(|at| harmonics::harmonics(*at, convention))
        .collect();
    Tensor::from_f64(
        rows.as_flattened(),
        &[rows.len() as i64, harmonics::COUNT as i64],
    )
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![sasa, features, harmonics]
}
