//! What EnQA reads of a structure: cells of residues, and directions in local frames.

use crate::harmonics::{COUNT, Convention, harmonics};
use crate::point::{Point, cross, dot, minus, times, unit};
use crate::radii::Radii;
use crate::residues;
use crate::structure::{Residue, Structure};
use crate::voronoi;
use cistron_base::{Result, fault};

/// How the cells of atoms are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceSettings {
    /// Radius of the probe, in Å.
    pub probe: f64,
    /// Radii of atoms.
    pub radii: Radii,
    /// Directions for each atom.
    pub directions: usize,
}

impl Default for SurfaceSettings {
    fn default() -> Self {
        SurfaceSettings {
            probe: 1.4,
            radii: Radii::United,
            directions: 10_000,
        }
    }
}

/// Cells of residues.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surfaces {
    /// Volume of each residue, in Å³: the sum over its atoms.
    pub volume: Vec<f64>,
    /// The smallest number of faces between an atom of the residue and the solvent, from 1.
    pub buriedness: Vec<usize>,
    /// Accessible surface of each residue, in Å²: the sum over its atoms.
    pub sasa: Vec<f64>,
    /// Residues with a common face, and its area in Å²; the first number is the smaller.
    pub contacts: Vec<(usize, usize, f64)>,
}

/// The cells of the residues of a structure, without hydrogens.
pub fn surfaces(structure: &Structure, settings: SurfaceSettings) -> Result<Surfaces> {
    let heavy = structure.heavy();
    let balls = voronoi::balls(&heavy, settings.radii);
    let rows: Vec<usize> = heavy.atoms().map(|(i, _)| i).collect();
    let cells = voronoi::cells(&balls, settings.probe, settings.directions)?;
    let depths = voronoi::depths(&cells);
    let n = heavy.len();
    let mut out = Surfaces {
        volume: vec![0.0; n],
        buriedness: vec![usize::MAX; n],
        sasa: vec![0.0; n],
        contacts: voronoi::residue_contacts(&balls, &cells, &rows, settings.probe),
    };
    for ((row, cell), depth) in rows.iter().zip(&cells).zip(depths) {
        out.volume[*row] += cell.volume;
        out.sasa[*row] += cell.accessible;
        out.buriedness[*row] = out.buriedness[*row].min(depth);
    }
    Ok(out)
}

/// The accessible surface of each atom, in Å².
pub fn atom_sasa(structure: &Structure, settings: SurfaceSettings) -> Result<Vec<f64>> {
    let balls = voronoi::balls(structure, settings.radii);
    let cells = voronoi::cells(&balls, settings.probe, settings.directions)?;
    Ok(cells.into_iter().map(|cell| cell.accessible).collect())
}

/// The accessible surface of each residue, in Å²: the sum over its atoms.
pub fn residue_sasa(structure: &Structure, settings: SurfaceSettings) -> Result<Vec<f64>> {
    let mut out = vec![0.0; structure.len()];
    let areas = atom_sasa(structure, settings)?;
    structure
        .atoms()
        .zip(areas)
        .for_each(|((row, _), area)| out[row] += area);
    Ok(out)
}

/// The axes of a residue: x from Cα to N, y towards C at a right angle to it, z their cross
/// product. None where N or C is missing, or where the three atoms are in a line.
pub fn frame(residue: &Residue) -> Option<[Point; 3]> {
    let [n, ca, c] = residue.backbone()?;
    let x = unit(minus(n, ca))?;
    let side = minus(c, ca);
    let y = unit(minus(side, times(x, dot(side, x))))?;
    Some([x, y, cross(x, y)])
}

/// The axes of each residue, as of [`frame`]; an error where a residue has none.
pub fn frames(structure: &Structure) -> Result<Vec<[Point; 3]>> {
    let axes = |residue: &Residue| {
        frame(residue).ok_or_else(|| {
            fault!("value", "{} has no frame: N, Cα and C must be there, and not in a line",
                residue.text(); hint: "`protein.report` lists missing atoms")
        })
    };
    structure.residues.iter().map(axes).collect()
}

/// The direction from the Cα of a residue to that of another, in the frame of the first; 0 where
/// both are at one place.
pub fn direction(frame: &[Point; 3], from: Point, to: Point) -> Point {
    let apart = unit(minus(to, from)).unwrap_or([0.0; 3]);
    frame.map(|axis| dot(axis, apart))
}

/// The spherical harmonics of pairs of residues: a row of 25 values for each.
pub fn pair_harmonics(
    structure: &Structure,
    pairs: &[(usize, usize)],
    convention: Convention,
) -> Result<Vec<[f64; COUNT]>> {
    let frames = frames(structure)?;
    let ca = structure.ca();
    let row =
        |(i, j): &(usize, usize)| harmonics(direction(&frames[*i], ca[*i], ca[*j]), convention);
    Ok(pairs.iter().map(row).collect())
}

/// The features of EnQA that need the structure alone.
#[derive(Clone, Debug)]
pub struct Features {
    /// [23, n]: one-hot residues in the order of three-letter codes; volume, buriedness and
    /// accessible surface. Volume and surface are divided by their sums over the protein.
    pub nodes: Vec<f64>,
    /// [25, n, n]: harmonics of the pairs of residues with a common face, else 0.
    pub pairs: Vec<f64>,
    /// What the features were computed from.
    pub surfaces: Surfaces,
}

/// Computes the features of EnQA.
pub fn features(structure: &Structure, settings: SurfaceSettings) -> Result<Features> {
    let n = structure.len();
    let found = surfaces(structure, settings)?;
    let mut nodes = vec![0.0; 23 * n];
    for (i, residue) in structure.residues.iter().enumerate() {
        let row = residues::index(&residue.name).ok_or_else(|| {
            fault!("value", "{} is no standard residue", residue.text();
                hint: "features have one channel for each of the 20 standard residues")
        })?;
        nodes[row * n + i] = 1.0;
        nodes[20 * n + i] = found.volume[i] / found.volume.iter().sum::<f64>();
        nodes[21 * n + i] = found.buriedness[i] as f64;
        nodes[22 * n + i] = found.sasa[i] / found.sasa.iter().sum::<f64>();
    }
    let both = found
        .contacts
        .iter()
        .flat_map(|(a, b, _)| [(*a, *b), (*b, *a)]);
    let both: Vec<(usize, usize)> = both.collect();
    let values = pair_harmonics(structure, &both, Convention::Enqa)?;
    let mut pairs = vec![0.0; COUNT * n * n];
    for ((i, j), row) in both.iter().zip(values) {
        for (k, value) in row.into_iter().enumerate() {
            pairs[(k * n + i) * n + j] = value;
        }
    }
    Ok(Features {
        nodes,
        pairs,
        surfaces: found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Structure {
        let rows = |z: f64| vec![[1.458, 0.0, z], [0.0, 0.0, z], [-0.547, 1.424, z]];
        Structure::of(&[rows(0.0), rows(3.8)], &["N", "CA", "C"], "GA").expect("a structure")
    }

    #[test]
    fn directions_in_local_frames() {
        let own = two();
        let frames = frames(&own).expect("frames");
        let up = direction(&frames[0], own.residues[0].ca(), own.residues[1].ca());
        assert!((up[2] - 1.0).abs() < 1e-12, "{up:?}");
    }

    #[test]
    fn features_have_sums_of_one() {
        let own = two();
        let found = features(&own, SurfaceSettings::default()).expect("features");
        assert_eq!((found.nodes.len(), found.pairs.len()), (46, 100));
        for row in [20, 22] {
            assert!((found.nodes[row * 2] + found.nodes[row * 2 + 1] - 1.0).abs() < 1e-12);
        }
        assert_eq!(found.nodes[7 * 2], 1.0); // glycine
        assert_eq!(found.nodes[1], 1.0); // alanine
        assert!(found.pairs[1] != 0.0 && found.pairs[0] == 0.0);
        let bare = Structure::of(&[vec![[0.0; 3]]], &["CA"], "G").expect("a structure");
        assert!(features(&bare, SurfaceSettings::default()).is_err());
        assert!(frames(&bare).is_err());
    }
}
