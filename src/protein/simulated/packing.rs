//! Packs a chain: Langevin dynamics of its Cα while it is cooled.
//!
//! Energies (in kT, Å): bonds of 3.8 Å are constraints; helices and strands keep their distances
//! along the chain; strands of a sheet, and helices and what they pack against, attract each other;
//! side chains that point inwards attract each other; no two atoms come too near. Atoms repel
//! weakly at first, so that parts of the chain can pass each other.

use super::topology::{Kind, Topology};
use crate::point::{Point, center, cross, distance, dot, length, minus, plus, times, unit};
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt};

/// Nearest Cα of residues at least three apart, in Å.
pub const CLASH: f64 = 3.7;
/// Distance of neighbours along the chain, in Å.
const BOND: f64 = 3.8;
/// Steps of the dynamics.
const STEPS: usize = 2500;
/// Steps at the end, without noise and with full repulsion.
const LAST: usize = 500;
/// Å² per step and kT.
const MOBILITY: f64 = 0.02;
/// The farthest that an atom moves in a step, in Å.
const FARTHEST: f64 = 0.4;

/// Distances of residues two, three and four apart, in Å.
fn ideal(kind: Kind) -> Option<[f64; 3]> {
    match kind {
        Kind::Helix => Some([5.5, 5.2, 6.2]),
        Kind::Strand => Some([6.5, 9.9, 13.0]),
        Kind::Loop => None,
    }
}

/// Where the Cβ are: 1.53 Å from the Cα, in the mean direction that those of real proteins have
/// relative to the Cα of the neighbours.
pub fn sides(trace: &[Point]) -> Vec<Point> {
    let n = trace.len();
    let side = |i: usize| {
        // the ends take the direction of their neighbours
        let k = i.clamp(1, n.saturating_sub(2).max(1));
        let (Some(a), Some(b), Some(c)) = (trace.get(k - 1), trace.get(k), trace.get(k + 1)) else {
            return trace[i];
        };
        plus(trace[i], times(direction(*a, *b, *c), 1.53))
    };
    (0..n).map(side).collect()
}

/// The direction of the Cβ of the second of three Cα, of length 1.
fn direction(a: Point, b: Point, c: Point) -> Point {
    let (before, after) = (minus(b, a), minus(c, b));
    let parts = [
        (minus(before, after), 1.126),
        (cross(before, after), -0.966),
        (plus(before, after), 0.190),
    ];
    let sum = parts.iter().fold([0.0; 3], |sum, (axis, share)| {
        plus(sum, times(unit(*axis).unwrap_or([0.0; 3]), *share))
    });
    unit(sum).unwrap_or([0.0, 0.0, 1.0])
}

/// The Cα of a packed chain; none where atoms clash, a helix is left-handed or a strand is alone.
pub fn packed(topology: &Topology, rng: &mut Rng) -> Result<Option<Vec<Point>>> {
    let mut trace = extended(topology, rng);
    for step in 0..STEPS + LAST {
        if step % 250 == 0 {
            interrupt::check()?;
        }
        let progress = (step as f64 / STEPS as f64).min(1.0);
        let forces = forces(topology, &trace, progress);
        let noise = (2.0 * MOBILITY * 1.5 * (1.0 - progress)).sqrt();
        for (at, force) in trace.iter_mut().zip(&forces) {
            let random = [rng.normal(), rng.normal(), rng.normal()];
            let mut shift = plus(times(*force, MOBILITY), times(random, noise));
            let size = length(shift);
            if size > FARTHEST {
                shift = times(shift, FARTHEST / size);
            }
            *at = plus(*at, shift);
        }
        constrain(&mut trace, 6);
    }
    constrain(&mut trace, 300);
    Ok(is_sound(topology, &trace).then_some(trace))
}

/// A chain with the angles of its helices and strands, its loops drawn.
fn extended(topology: &Topology, rng: &mut Rng) -> Vec<Point> {
    let mut trace: Vec<Point> = vec![[0.0; 3], [BOND, 0.0, 0.0]];
    let turned = std::f64::consts::FRAC_PI_3;
    trace.push([BOND + BOND * turned.cos(), BOND * turned.sin(), 0.0]);
    for i in 3..topology.len() {
        // angle at i - 1, torsion about the bond of i - 2 and i - 1
        let (angle, torsion): (f64, f64) = match topology.kind(i - 1) {
            Kind::Helix => (91.0, 50.0),
            Kind::Strand => (123.0, -170.0),
            Kind::Loop => (95.0 + 30.0 * rng.uniform(), 360.0 * rng.uniform()),
        };
        let (angle, torsion) = (angle.to_radians(), torsion.to_radians());
        let (a, b, c) = (trace[i - 3], trace[i - 2], trace[i - 1]);
        let along = unit(minus(c, b)).unwrap_or([1.0, 0.0, 0.0]);
        let normal = unit(cross(minus(b, a), along)).unwrap_or([0.0, 0.0, 1.0]);
        let across = cross(normal, along);
        let [x, y, z] = [
            -angle.cos(),
            angle.sin() * torsion.cos(),
            angle.sin() * torsion.sin(),
        ];
        let step = plus(times(along, x), plus(times(across, y), times(normal, z)));
        trace.push(plus(c, times(step, BOND)));
    }
    trace
}

/// Sets the bonds to their length, from the first to the last and again.
fn constrain(trace: &mut [Point], rounds: usize) {
    for _ in 0..rounds {
        for i in 1..trace.len() {
            let bond = minus(trace[i], trace[i - 1]);
            let size = length(bond).max(1e-6);
            let shift = times(bond, 0.5 * (size - BOND) / size);
            trace[i - 1] = plus(trace[i - 1], shift);
            trace[i] = minus(trace[i], shift);
        }
    }
}

/// Forces on the atoms, in kT / Å.
struct Forces<'a> {
    trace: &'a [Point],
    sums: Vec<Point>,
}

impl Forces<'_> {
    /// Adds a force along the line from residue `i` to residue `j`; a positive one attracts.
    fn pull(&mut self, i: usize, j: usize, line: Point, size: f64, force: f64) {
        let force = times(line, force / size.max(1e-6));
        self.sums[i] = plus(self.sums[i], force);
        self.sums[j] = minus(self.sums[j], force);
    }

    /// Holds two Cα at a distance; of a deviation beyond `limit` only that much counts.
    fn hold(&mut self, i: usize, j: usize, wanted: f64, strength: f64, limit: f64) {
        let line = minus(self.trace[j], self.trace[i]);
        let size = length(line);
        let beyond = (size - wanted).clamp(-limit, limit);
        self.pull(i, j, line, size, strength * beyond);
    }

    /// Adds a force to a Cβ: it moves with its Cα and turns about the neighbours.
    fn on_side(&mut self, i: usize, force: Point) {
        if i == 0 || i + 1 == self.sums.len() {
            self.sums[i] = plus(self.sums[i], force);
            return;
        }
        for (k, share) in [(i - 1, -0.22), (i, 1.44), (i + 1, -0.22)] {
            self.sums[k] = plus(self.sums[k], times(force, share));
        }
    }
}

fn forces(topology: &Topology, trace: &[Point], progress: f64) -> Vec<Point> {
    let n = trace.len();
    let mut all = Forces {
        trace,
        sums: vec![[0.0; 3]; n],
    };
    for segment in &topology.segments {
        if let Some(wanted) = ideal(segment.kind) {
            for i in segment.start..segment.end {
                for (step, wanted) in wanted.iter().enumerate() {
                    if i + step + 2 < segment.end {
                        all.hold(i, i + step + 2, *wanted, 10.0, 2.0);
                    }
                }
            }
        }
    }
    for i in 0..n.saturating_sub(2) {
        let size = distance(trace[i], trace[i + 2]);
        all.hold(i, i + 2, size.clamp(5.1, 7.2), 10.0, 2.0);
    }
    for restraint in &topology.pairs {
        let (i, j) = restraint.pair;
        all.hold(i, j, restraint.distance, restraint.strength, 2.0);
    }
    packs(topology, &mut all);
    contacts(topology, &mut all, progress);
    all.sums
}

/// Pulls helices to 10 Å from the parts that they pack against, and inward residues together.
fn packs(topology: &Topology, all: &mut Forces) {
    for (a, b) in &topology.packs {
        let (a, b) = (topology.segments[*a], topology.segments[*b]);
        let line = minus(
            center(&all.trace[b.start..b.end]),
            center(&all.trace[a.start..a.end]),
        );
        let size = length(line);
        let force = times(line, 4.0 * (size - 10.0).clamp(-2.0, 2.0) / size.max(1e-6));
        for (part, sign) in [(a, 1.0), (b, -1.0)] {
            let count = (part.end - part.start) as f64;
            for i in part.start..part.end {
                all.sums[i] = plus(all.sums[i], times(force, sign / count));
            }
        }
    }
    // 2.2 n^0.38 Å is the radius of gyration of globular proteins
    let middle = center(all.trace);
    let n = all.trace.len() as f64;
    let lines: Vec<Point> = all.trace.iter().map(|at| minus(middle, *at)).collect();
    let radius = (lines.iter().map(|line| dot(*line, *line)).sum::<f64>() / n).sqrt();
    let pull = (radius - 2.2 * n.powf(0.38)).clamp(0.0, 10.0) / radius.max(1.0);
    for (i, line) in lines.iter().enumerate() {
        let share = if topology.inward[i] { 0.6 } else { 0.2 };
        all.sums[i] = plus(all.sums[i], times(*line, pull * share));
    }
}

/// Repulsion of atoms that are too near, and attraction of side chains that point inwards.
fn contacts(topology: &Topology, all: &mut Forces, progress: f64) {
    let trace = all.trace;
    let sides = sides(trace);
    let hardness = 0.5 + 19.5 * ((progress - 0.3) / 0.5).clamp(0.0, 1.0);
    for i in 0..trace.len() {
        for j in i + 3..trace.len() {
            let line = minus(trace[j], trace[i]);
            let size = length(line);
            if size > 14.0 {
                continue;
            }
            if size < 5.0 {
                all.pull(i, j, line, size, hardness * (size - 5.0));
            }
            for (from, to) in [(i, j), (j, i)] {
                let line = minus(trace[to], sides[from]);
                let size = length(line);
                if size < 4.3 {
                    let force = times(line, 0.5 * hardness * (size - 4.3) / size.max(1e-6));
                    all.on_side(from, force);
                    all.sums[to] = minus(all.sums[to], force);
                }
            }
            let line = minus(sides[j], sides[i]);
            let size = length(line);
            let mut pull = 0.0;
            if size < 5.0 {
                pull = 0.5 * hardness * (size - 5.0);
            } else if size < 12.0 && size > 6.0 && topology.inward[i] && topology.inward[j] {
                pull = 0.2;
            }
            if pull != 0.0 {
                let force = times(line, pull / size.max(1e-6));
                all.on_side(i, force);
                all.on_side(j, times(force, -1.0));
            }
        }
    }
}

/// Whether bonds have their length, no Cα clash, helices are right-handed and most pairs of strands
/// are where they should be.
fn is_sound(topology: &Topology, trace: &[Point]) -> bool {
    let is_bonded = |pair: &[Point]| (distance(pair[0], pair[1]) - BOND).abs() < 0.01;
    let clashes = |i: usize| {
        let mut others = trace[(i + 3).min(trace.len())..].iter();
        others.any(|other| distance(trace[i], *other) < CLASH)
    };
    let is_near = |k: usize| {
        let restraint = topology.pairs[k];
        let (i, j) = restraint.pair;
        (distance(trace[i], trace[j]) - restraint.distance).abs() < 2.0
    };
    let near = (0..topology.pairs.len()).filter(|k| is_near(*k)).count();
    trace.iter().flatten().all(|x| x.is_finite())
        && trace.windows(2).all(is_bonded)
        && !(0..trace.len()).any(clashes)
        && 5 * near >= 4 * topology.pairs.len()
        && topology.segments.iter().all(|segment| {
            segment.kind != Kind::Helix || is_right_handed(&trace[segment.start..segment.end])
        })
}

/// Whether each turn of a helix is right-handed.
fn is_right_handed(trace: &[Point]) -> bool {
    trace.windows(4).all(|four| {
        let bonds = [0, 1, 2].map(|k| minus(four[k + 1], four[k]));
        dot(bonds[0], cross(bonds[1], bonds[2])) > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // a helix of 5.0 Å a turn of 3.6 residues, whose side chains point outwards
    #[test]
    fn side_chains_of_a_helix_point_outwards() {
        let at = |i: usize| {
            let angle = (100.0 * i as f64).to_radians();
            [2.3 * angle.cos(), 2.3 * angle.sin(), 1.5 * i as f64]
        };
        let trace: Vec<Point> = (0..12).map(at).collect();
        assert!(is_right_handed(&trace));
        for (side, own) in sides(&trace).iter().zip(&trace).skip(1).take(10) {
            assert!((distance(*side, *own) - 1.53).abs() < 1e-9);
            let radius = |at: &Point| at[0].hypot(at[1]);
            assert!(radius(side) > radius(own) + 0.7);
        }
    }

    #[test]
    fn constraints_set_bonds() {
        let mut trace = vec![[0.0; 3], [1.0, 0.0, 0.0], [9.0, 1.0, 0.0]];
        constrain(&mut trace, 100);
        assert!((distance(trace[0], trace[1]) - BOND).abs() < 1e-6);
        assert!((distance(trace[1], trace[2]) - BOND).abs() < 1e-6);
    }
}
