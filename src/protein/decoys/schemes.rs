//! Perturbations of coordinates. Each returns the positions of all atoms, in their order.

use crate::features::frame;
use crate::point::{Point, distance, dot, minus, times};
use crate::rigid::Rigid;
use crate::structure::{Residue, Structure};
use cistron_base::seed::Rng;
use std::ops::Range;

/// Correlation length of thermal displacements, in Å.
const CORRELATION: f64 = 6.0;

/// Waves that a field of displacements is composed of.
const WAVES: usize = 96;

/// Share of the variance of displacements that residues have in common with their neighbours.
const SHARED: f64 = 0.7;

/// Distance over which a displacement counts as a rotation of the residue, in Å.
const ARM: f64 = 10.0;

/// Shortest and longest fragment, in residues.
const FRAGMENT: [usize; 2] = [5, 15];

/// Largest shift of a sequence along its backbone, in residues.
const OFFSET: usize = 4;

/// The rows of each chain.
fn chains(structure: &Structure) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (i, residue) in structure.residues.iter().enumerate() {
        match out.last_mut() {
            Some(rows) if structure.residues[rows.start].chain == residue.chain => rows.end = i + 1,
            _ => out.push(i..i + 1),
        }
    }
    out
}

/// A random direction; its length varies.
fn direction(rng: &mut Rng) -> Point {
    [rng.normal(), rng.normal(), rng.normal()]
}

/// The atoms of residues after a motion of each residue.
fn moved(residues: &[Residue], motions: &[Rigid]) -> Vec<Point> {
    let rows = residues.iter().zip(motions);
    rows.flat_map(|(residue, motion)| residue.atoms.iter().map(|atom| motion.apply(atom.at)))
        .collect()
}

/// Changes φ and ψ of every residue by normal angles with a standard deviation in degrees.
///
/// The ring of proline keeps φ. Residues without N or C keep the torsions that need them.
pub fn torsions(structure: &Structure, sd: f64, rng: &mut Rng) -> Vec<Point> {
    let mut out = Vec::with_capacity(structure.atom_count());
    for rows in chains(structure) {
        // the motion of the part of the chain after the last torsion
        let mut rest = Rigid::IDENTITY;
        for residue in &structure.residues[rows] {
            let angles = [rng.normal(), rng.normal()].map(|x| (x * sd).to_radians());
            let ca = residue.ca();
            let amine = rest;
            if let Some(n) = residue.at("N").filter(|_| residue.name != "PRO") {
                rest = rest.after(&Rigid::about(ca, minus(ca, n), angles[0]));
            }
            let side = rest;
            if let Some(c) = residue.at("C") {
                rest = rest.after(&Rigid::about(ca, minus(c, ca), angles[1]));
            }
            out.extend(residue.atoms.iter().map(|atom| {
                let motion = match atom.name.as_str() {
                    "N" | "CA" | "H" | "HN" | "H1" | "H2" | "H3" | "D" => &amine,
                    "O" | "OXT" => &rest,
                    _ => &side,
                };
                motion.apply(atom.at)
            }));
        }
    }
    out
}

/// Displaces residues by a root mean square distance in Å.
///
/// The mean square displacement of a residue is inversely proportional to its weighted contact
/// number, the sum of 1 / d² over other Cα, as that of B factors is (Lin et al. 2008).
/// Displacements of neighbours are correlated. Residues are rotated as well.
pub fn thermal(structure: &Structure, rms: f64, rng: &mut Rng) -> Vec<Point> {
    let ca = structure.ca();
    let mobility = |(i, at): (usize, &Point)| -> f64 {
        let others = ca.iter().enumerate().filter(|(j, _)| *j != i);
        let density: f64 = others
            .map(|(_, other)| distance(*at, *other).max(1.0).powi(-2))
            .sum();
        if density > 0.0 { 1.0 / density } else { 1.0 }
    };
    let mobilities: Vec<f64> = ca.iter().enumerate().map(mobility).collect();
    let mean = mobilities.iter().sum::<f64>() / mobilities.len() as f64;
    // a Gaussian random field as a sum of waves
    let waves: Vec<(Point, f64, Point)> = (0..WAVES)
        .map(|_| {
            let wave = times(direction(rng), 1.0 / CORRELATION);
            let phase = rng.uniform() * std::f64::consts::TAU;
            (wave, phase, direction(rng))
        })
        .collect();
    let field = |at: Point| {
        let mut sum = [0.0; 3];
        for (wave, phase, amplitude) in &waves {
            let height = (dot(*wave, at) + phase).cos() * (2.0 / WAVES as f64).sqrt();
            for (total, x) in sum.iter_mut().zip(amplitude) {
                *total += x * height;
            }
        }
        sum
    };
    let motions = ca.iter().zip(&mobilities).map(|(at, mobility)| {
        let sd = rms * (mobility / mean / 3.0).sqrt();
        let (shared, single) = (field(*at), direction(rng));
        let shift =
            [0, 1, 2].map(|k| sd * (SHARED.sqrt() * shared[k] + (1.0 - SHARED).sqrt() * single[k]));
        let turn = Rigid::about(*at, direction(rng), rng.normal() * sd / ARM);
        Rigid::translation(shift).after(&turn)
    });
    let motions: Vec<Rigid> = motions.collect();
    moved(&structure.residues, &motions)
}

/// Rotates fragments of 5 to 15 residues by normal angles with a standard deviation in degrees.
///
/// The axis goes through the Cα of the first and of the last residue of a fragment; at an end of
/// the chain it goes through the Cα of the inner one, in a random direction. Gaps of 0 to 15
/// residues between fragments stay.
pub fn fragments(structure: &Structure, sd: f64, rng: &mut Rng) -> Vec<Point> {
    let mut motions = vec![Rigid::IDENTITY; structure.len()];
    for rows in chains(structure) {
        for fragment in placed(rows.clone(), rng) {
            let first = structure.residues[fragment.start].ca();
            let last = structure.residues[fragment.end - 1].ca();
            let angle = (rng.normal() * sd).to_radians();
            let motion = if fragment.start == rows.start {
                Rigid::about(last, direction(rng), angle)
            } else if fragment.end == rows.end {
                Rigid::about(first, direction(rng), angle)
            } else {
                Rigid::about(first, minus(last, first), angle)
            };
            motions[fragment].fill(motion);
        }
    }
    moved(&structure.residues, &motions)
}

/// Fragments of a chain; the first half of a chain that is too short for one.
fn placed(rows: Range<usize>, rng: &mut Rng) -> Vec<Range<usize>> {
    let [shortest, longest] = FRAGMENT;
    let mut out = Vec::new();
    let mut start = rows.start + rng.below(longest + 1);
    while start + shortest <= rows.end {
        let length = shortest + rng.below(longest - shortest + 1);
        let end = (start + length).min(rows.end);
        out.push(start..end);
        start = end + rng.below(longest + 1);
    }
    if out.is_empty() && rows.len() > 1 {
        out.push(rows.start..rows.start + rows.len().div_ceil(2));
    }
    out
}

/// Shifts the sequence of a fraction of each chain by 1 to 4 residues along the backbone.
///
/// The shifted part is one range at a random position. Residues that leave it at one end enter it
/// at the other one. Side chains keep their conformations.
pub fn threading(structure: &Structure, fraction: f64, rng: &mut Rng) -> Vec<Point> {
    let mut places: Vec<usize> = (0..structure.len()).collect();
    for rows in chains(structure) {
        let length = (fraction * rows.len() as f64).round() as usize;
        let start = rows.start + rng.below(rows.len() - length.min(rows.len()) + 1);
        let offset = 1 + rng.below(OFFSET);
        let is_forward = rng.below(2) == 1;
        if length < 2 {
            continue;
        }
        let offset = offset.min(length - 1);
        let step = if is_forward { offset } else { length - offset };
        for k in 0..length {
            places[start + k] = start + (k + step) % length;
        }
    }
    let rows = structure.residues.iter().zip(&places).enumerate();
    rows.flat_map(|(i, (residue, place))| match *place == i {
        true => residue.atoms.iter().map(|atom| atom.at).collect(),
        false => threaded(residue, &structure.residues[*place]),
    })
    .collect()
}

/// The atoms of a residue at the backbone of another one.
fn threaded(residue: &Residue, place: &Residue) -> Vec<Point> {
    let (from, to) = (residue.ca(), place.ca());
    let frames = (frame(residue), frame(place));
    let (Some(axes), Some(onto)) = frames else {
        let shift = Rigid::translation(minus(to, from));
        return residue
            .atoms
            .iter()
            .map(|atom| shift.apply(atom.at))
            .collect();
    };
    let motion = Rigid::between(from, &axes, to, &onto);
    let position = |atom: &crate::Atom| {
        let is_backbone = ["N", "CA", "C", "O"].contains(&atom.name.as_str());
        let there = place.at(&atom.name).filter(|_| is_backbone);
        there.unwrap_or_else(|| motion.apply(atom.at))
    };
    residue.atoms.iter().map(position).collect()
}
