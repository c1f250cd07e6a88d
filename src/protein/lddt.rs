//! The local distance difference test.

use crate::matching::Matched;
use crate::point::{Point, distance};
use crate::structure::Structure;
use cistron_base::{Result, bail};
use rayon::prelude::*;

/// The thresholds of differences of distances, in Å (Mariani et al. 2013).
pub const THRESHOLDS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// Which atoms are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtomSet {
    /// Cα alone.
    Ca,
    /// Cβ, of glycine where it would be.
    Cb,
    /// Heavy atoms, without the second oxygen of the end of a chain.
    All,
}

/// What happens to atoms of the native structure that the model does not have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// Their distances count as not preserved (Mariani et al. 2013).
    Wrong,
    /// Their distances do not count.
    Ignored,
}

/// The atoms of the native structure that are compared.
#[derive(Clone, Debug, Default)]
pub struct SharedAtoms {
    /// Positions in the model, where it has the atom.
    pub model: Vec<Option<Point>>,
    /// Positions in the native structure.
    pub native: Vec<Point>,
    /// The number of the residue of the native structure of each atom.
    pub residues: Vec<usize>,
    /// How many atoms the model does not have.
    pub missing: usize,
}

/// The result of a comparison.
#[derive(Clone, Debug)]
pub struct Lddt {
    /// The share of distances that are preserved, of all pairs of atoms.
    pub score: f64,
    /// That of the pairs of each residue; NaN without pairs.
    pub per_residue: Vec<f64>,
    /// How many pairs of atoms were compared.
    pub pairs: usize,
}

/// The atoms of the native structure, beside those of matched residues of the model.
pub fn shared(
    model: &Structure,
    native: &Structure,
    by: &Matched,
    set: AtomSet,
    missing: Missing,
) -> SharedAtoms {
    let mut partner = vec![None; native.len()];
    by.pairs
        .iter()
        .for_each(|(i, j)| partner[*j] = Some(&model.residues[*i]));
    let mut out = SharedAtoms::default();
    let mut add = |row: usize, x: Option<Point>, y: Point| {
        out.missing += usize::from(x.is_none());
        if x.is_some() || missing == Missing::Wrong {
            out.model.push(x);
            out.native.push(y);
            out.residues.push(row);
        }
    };
    for (row, (residue, partner)) in native.residues.iter().zip(&partner).enumerate() {
        match set {
            AtomSet::Ca => add(row, partner.map(|own| own.ca()), residue.ca()),
            AtomSet::Cb => add(row, partner.map(|own| own.cb()), residue.cb()),
            AtomSet::All => {
                let is_compared = |atom: &&crate::Atom| {
                    atom.name != "OXT" && !["H", "D"].contains(&atom.element.as_str())
                };
                for atom in residue.atoms.iter().filter(is_compared) {
                    add(row, partner.and_then(|own| own.at(&atom.name)), atom.at);
                }
            }
        }
    }
    out
}

/// The lDDT of positions against those of a reference.
///
/// Pairs of atoms of different residues that are nearer than `radius` in the reference count; at
/// each threshold a pair is preserved where its distance differs by no more than that.
/// Pairs with an atom that the model does not have are not preserved. Stereochemistry is not
/// checked, and equivalent atoms are not exchanged.
pub fn lddt(
    model: &[Option<Point>],
    reference: &[Point],
    residues: &[usize],
    count: usize,
    radius: f64,
) -> Result<Lddt> {
    if model.len() != reference.len() || model.len() != residues.len() {
        let (n, m) = (model.len(), reference.len());
        bail!(
            "shape",
            "{n} atoms of the model cannot be compared with {m}"
        );
    }
    let atom = |i: usize| {
        let (mut preserved, mut pairs) = (0_usize, 0_usize);
        for j in 0..reference.len() {
            if residues[i] == residues[j] {
                continue;
            }
            let wanted = distance(reference[i], reference[j]);
            if wanted < radius {
                pairs += 1;
                if let (Some(a), Some(b)) = (model[i], model[j]) {
                    let error = (distance(a, b) - wanted).abs();
                    preserved += THRESHOLDS.iter().filter(|most| error <= **most).count();
                }
            }
        }
        (preserved, pairs)
    };
    let sums: Vec<(usize, usize)> = (0..model.len()).into_par_iter().map(atom).collect();
    let mut by_residue = vec![(0, 0); count];
    for (residue, (preserved, pairs)) in residues.iter().zip(&sums) {
        by_residue[*residue].0 += preserved;
        by_residue[*residue].1 += pairs;
    }
    let share = |(preserved, pairs): (usize, usize)| preserved as f64 / (4 * pairs) as f64;
    let all = by_residue
        .iter()
        .fold((0, 0), |all, own| (all.0 + own.0, all.1 + own.1));
    if all.1 == 0 {
        bail!("value", "no pair of atoms of different residues is nearer than {radius} Å";
            hint: "lDDT needs at least two residues within the radius");
    }
    Ok(Lddt {
        score: share(all),
        per_residue: by_residue.into_iter().map(share).collect(),
        pairs: all.1 / 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: [Point; 3] = [[0.0; 3], [5.0, 0.0, 0.0], [9.0, 0.0, 0.0]];

    #[test]
    fn two_of_three_pairs_are_wrong() {
        let model = [[0.0; 3], [6.5, 0.0, 0.0], [9.0, 0.0, 0.0]];
        let found = lddt(&model.map(Some), &LINE, &[0, 1, 2], 3, 15.0).expect("a score");
        assert_eq!(found.per_residue, [0.75, 0.5, 0.75]);
        assert_eq!((found.score, found.pairs), (4.0 / 6.0, 3));
    }

    #[test]
    fn pairs_within_a_residue_and_beyond_the_radius_do_not_count() {
        let found = lddt(&LINE.map(Some), &LINE, &[0, 0, 2], 3, 4.5).expect("a score");
        assert_eq!((found.score, found.pairs), (1.0, 1));
        assert!(found.per_residue[1].is_nan());
        assert!(lddt(&LINE.map(Some), &LINE, &[0, 0, 0], 1, 15.0).is_err());
        assert!(lddt(&LINE.map(Some), &LINE, &[0, 1, 2], 3, 4.0).is_err());
        assert!(lddt(&[], &[], &[], 0, 15.0).is_err());
    }

    #[test]
    fn a_mirror_image_preserves_distances() {
        let mirrored = LINE.map(|p| Some([-p[0] + 3.0, p[1], p[2]]));
        let found = lddt(&mirrored, &LINE, &[0, 1, 2], 3, 15.0).expect("a score");
        assert_eq!(found.score, 1.0);
        // of a missing atom no distance is preserved
        let found = lddt(
            &[Some(LINE[0]), None, Some(LINE[2])],
            &LINE,
            &[0, 1, 2],
            3,
            15.0,
        );
        assert_eq!(found.expect("a score").per_residue, [0.5, 0.0, 0.5]);
    }

    #[test]
    fn atoms_that_the_model_lacks() {
        let rows = |x: f64| vec![[x, 0.0, 0.0], [x, 1.0, 0.0]];
        let native = Structure::of(&[rows(0.0), rows(5.0), rows(9.0)], &["CA", "CB"], "AAA");
        let native = native.expect("a structure");
        let mut model = native.without_atoms(&["CB".into()]).expect("a structure");
        model.residues.pop();
        let by = crate::matching::matched(&model, &native, crate::matching::Matching::Auto);
        let by = by.expect("a match");
        let all = shared(&model, &native, &by, AtomSet::All, Missing::Wrong);
        assert_eq!((all.native.len(), all.missing), (6, 4));
        let all = shared(&model, &native, &by, AtomSet::All, Missing::Ignored);
        assert_eq!((all.native.len(), all.missing), (2, 4));
        assert_eq!(
            shared(&model, &native, &by, AtomSet::Ca, Missing::Wrong).missing,
            1
        );
    }
}
