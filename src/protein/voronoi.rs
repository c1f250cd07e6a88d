//! Cells of atoms: volumes, accessible surfaces and contacts.
//!
//! A point belongs to the atom whose surface is nearest (the Voronoi diagram of balls), and to none
//! where it is farther from that surface than the radius of the probe. Seen from the centre of its
//! atom a cell is star-shaped: along each direction it ends at the first of the neighbours' faces,
//! or at the sphere of the solvent. Volumes and areas are integrals over directions that are spread
//! evenly (a Fibonacci lattice); the distance to each face is exact.

use crate::point::{Point, cross, distance, dot, length, minus, plus, times, unit};
use crate::radii::Radii;
use crate::structure::Structure;
use cistron_base::{Result, bail};
use rayon::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// An atom as a ball.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    /// The centre, in Å.
    pub center: Point,
    /// The radius, in Å.
    pub radius: f64,
}

/// The cell of an atom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Volume, in Å³.
    pub volume: f64,
    /// Area of the surface that the centre of the probe can reach, in Å².
    pub accessible: f64,
    /// Neighbours with the area of the common face, in Å², in ascending order.
    pub contacts: Vec<(usize, f64)>,
}

/// The atoms of a structure as balls.
pub fn balls(structure: &Structure, radii: Radii) -> Vec<Ball> {
    let ball = |(i, atom): (usize, &crate::Atom)| Ball {
        center: atom.at,
        radius: radii.of(&structure.residues[i].name, &atom.name, &atom.element),
    };
    structure.atoms().map(ball).collect()
}

/// Directions that are spread evenly over a sphere, or over the cap around z down to `lowest`.
fn directions(count: usize, lowest: f64) -> Vec<Point> {
    let golden = std::f64::consts::PI * (1.0 + 5.0_f64.sqrt());
    let at = |i: usize| {
        let share = (i as f64 + 0.5) / count as f64;
        let z = 1.0 - share * (1.0 - lowest);
        let side = (1.0 - z * z).max(0.0).sqrt();
        let angle = golden * (i as f64 + 0.5);
        [side * angle.cos(), side * angle.sin(), z]
    };
    (0..count).map(at).collect()
}

/// A neighbour of an atom, as seen from its centre.
struct Neighbour {
    index: usize,
    offset: Point,
    /// The difference of the radii.
    larger: f64,
    /// Half of the squared distance minus the square of that difference.
    half: f64,
    /// No face is nearer than this.
    nearest: f64,
}

impl Neighbour {
    /// Where the face meets a direction.
    fn face(&self, direction: Point) -> f64 {
        let slope = dot(direction, self.offset) + self.larger;
        if slope > 1e-12 {
            self.half / slope
        } else {
            f64::INFINITY
        }
    }

    /// The area of the face that a direction sees, for its share of the sphere.
    fn area(&self, direction: Point, far: f64, share: f64) -> f64 {
        let other = minus(times(direction, far), self.offset);
        let normal = minus(direction, unit(other).unwrap_or([0.0; 3]));
        let cosine = dot(normal, direction).abs() / length(normal).max(1e-12);
        far * far / cosine.max(1e-6) * share
    }
}

/// The neighbours of an atom whose faces may be within the solvent, nearest first.
fn neighbours(balls: &[Ball], i: usize, probe: f64) -> Vec<Neighbour> {
    let own = balls[i];
    let one = |(j, ball): (usize, &Ball)| {
        let offset = minus(ball.center, own.center);
        let apart = length(offset);
        let larger = ball.radius - own.radius;
        if i == j || apart >= own.radius + ball.radius + 2.0 * probe || apart <= larger.abs() {
            return None;
        }
        Some(Neighbour {
            index: j,
            offset,
            larger,
            half: (apart * apart - larger * larger) / 2.0,
            nearest: (apart - larger) / 2.0,
        })
    };
    let mut all: Vec<Neighbour> = balls.iter().enumerate().filter_map(one).collect();
    all.sort_by(|a, b| a.nearest.total_cmp(&b.nearest));
    all
}

/// The first face along a direction, and how far it is; none where the solvent is nearer.
fn first(all: &[Neighbour], direction: Point, limit: f64) -> (Option<usize>, f64) {
    let (mut found, mut far) = (None, limit);
    for (k, neighbour) in all.iter().enumerate() {
        if neighbour.nearest >= far {
            break;
        }
        let face = neighbour.face(direction);
        if face < far {
            (found, far) = (Some(k), face);
        }
    }
    (found, far)
}

fn cell(balls: &[Ball], i: usize, probe: f64, all_directions: &[Point]) -> Cell {
    let near = neighbours(balls, i, probe);
    let limit = balls[i].radius + probe;
    let share = 4.0 * std::f64::consts::PI / all_directions.len() as f64;
    let (mut out, mut areas) = (Cell::default(), vec![0.0; near.len()]);
    for direction in all_directions {
        let (face, far) = first(&near, *direction, limit);
        out.volume += far * far * far / 3.0 * share;
        match face {
            None => out.accessible += limit * limit * share,
            Some(k) => areas[k] += near[k].area(*direction, far, share),
        }
    }
    let found = near.iter().zip(areas).filter(|(_, area)| *area > 0.0);
    out.contacts = found
        .map(|(neighbour, area)| (neighbour.index, area))
        .collect();
    out.contacts.sort_unstable_by_key(|(j, _)| *j);
    if out.accessible == 0.0 && is_open(balls, i, probe, &near) {
        out.accessible = f64::MIN_POSITIVE;
    }
    out
}

/// Whether a corner of three spheres of the solvent, one of which is that of the atom, is in no
/// other: then a part of its sphere, however small, is accessible.
fn is_open(balls: &[Ball], i: usize, probe: f64, near: &[Neighbour]) -> bool {
    let own = balls[i].radius + probe;
    let radius = |k: usize| balls[near[k].index].radius + probe;
    let is_free = |point: Point, a: usize, b: usize| {
        (0..near.len())
            .filter(|k| *k != a && *k != b)
            .all(|k| distance(point, near[k].offset) >= radius(k))
    };
    for a in 0..near.len() {
        for b in a + 1..near.len() {
            for point in corners(
                own,
                (near[a].offset, radius(a)),
                (near[b].offset, radius(b)),
            ) {
                if is_free(point, a, b) {
                    return true;
                }
            }
        }
    }
    false
}

/// The points that three spheres share, the first of which is around the origin.
fn corners(radius: f64, a: (Point, f64), b: (Point, f64)) -> Vec<Point> {
    let Some(x) = unit(a.0) else {
        return Vec::new();
    };
    let along = dot(x, b.0);
    let Some(y) = unit(minus(b.0, times(x, along))) else {
        return Vec::new();
    };
    let (d, j) = (length(a.0), dot(y, b.0));
    let px = (radius * radius - a.1 * a.1 + d * d) / (2.0 * d);
    let py = (radius * radius - b.1 * b.1 + dot(b.0, b.0) - 2.0 * along * px) / (2.0 * j);
    let square = radius * radius - px * px - py * py;
    if square < 0.0 {
        return Vec::new();
    }
    let flat = plus(times(x, px), times(y, py));
    let high = times(cross(x, y), square.sqrt());
    vec![plus(flat, high), minus(flat, high)]
}

/// The cells of balls, with `count` directions of each.
pub fn cells(balls: &[Ball], probe: f64, count: usize) -> Result<Vec<Cell>> {
    if balls
        .iter()
        .any(|ball| ball.center.iter().any(|x| !x.is_finite()))
    {
        bail!("value", "coordinates must be finite");
    }
    let directions = directions(count, -1.0);
    let one = |i: usize| cell(balls, i, probe, &directions);
    Ok((0..balls.len()).into_par_iter().map(one).collect())
}

/// The area of the face of two atoms, by `count` directions towards the second alone: finds faces
/// that directions over the whole sphere miss.
pub fn face(balls: &[Ball], i: usize, j: usize, probe: f64, count: usize) -> f64 {
    let near = neighbours(balls, i, probe);
    let Some(k) = near.iter().position(|neighbour| neighbour.index == j) else {
        return 0.0;
    };
    let limit = balls[i].radius + probe;
    let apart = length(near[k].offset);
    let lowest = ((near[k].half / limit - near[k].larger) / apart).max(-1.0);
    let Some(z) = unit(near[k].offset).filter(|_| lowest < 1.0) else {
        return 0.0;
    };
    let any = if z[0].abs() < 0.8 {
        [1.0, 0.0, 0.0]
    } else {
        [0.0, 1.0, 0.0]
    };
    let x = unit(cross(any, z)).unwrap_or([1.0, 0.0, 0.0]);
    let y = cross(z, x);
    let share = 2.0 * std::f64::consts::PI * (1.0 - lowest) / count as f64;
    let area = |local: Point| {
        let direction = plus(
            plus(times(x, local[0]), times(y, local[1])),
            times(z, local[2]),
        );
        let (found, far) = first(&near, direction, limit);
        if found == Some(k) {
            near[k].area(direction, far, share)
        } else {
            0.0
        }
    };
    directions(count, lowest).into_iter().map(area).sum()
}

/// How many faces lie between each atom and the nearest accessible one, which has 1; 0 where none
/// is accessible.
pub fn depths(cells: &[Cell]) -> Vec<usize> {
    let mut near: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    for (i, cell) in cells.iter().enumerate() {
        for (j, _) in &cell.contacts {
            near[i].push(*j);
            near[*j].push(i);
        }
    }
    let mut out: Vec<usize> = cells
        .iter()
        .map(|cell| usize::from(cell.accessible > 0.0))
        .collect();
    let mut queue: VecDeque<usize> = (0..out.len()).filter(|i| out[*i] == 1).collect();
    while let Some(i) = queue.pop_front() {
        for j in &near[i] {
            if out[*j] == 0 {
                out[*j] = out[i] + 1;
                queue.push_back(*j);
            }
        }
    }
    out
}

/// The summed areas of faces of atoms of different residues: pairs of residues in ascending order.
pub fn residue_contacts(
    balls: &[Ball],
    cells: &[Cell],
    residues: &[usize],
    probe: f64,
) -> Vec<(usize, usize, f64)> {
    let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (i, cell) in cells.iter().enumerate() {
        for (j, area) in &cell.contacts {
            let (a, b) = (residues[i], residues[*j]);
            if a != b {
                // a face is seen from both sides
                *sums.entry((a.min(b), a.max(b))).or_default() += area / 2.0;
            }
        }
    }
    let reach = |i: usize, j: usize| balls[i].radius + balls[j].radius + 2.0 * probe;
    let is_open = |i: usize, j: usize| {
        let (a, b) = (residues[i], residues[j]);
        a < b
            && distance(balls[i].center, balls[j].center) < reach(i, j)
            && !sums.contains_key(&(a, b))
    };
    let missed = (0..balls.len()).into_par_iter().flat_map_iter(|i| {
        (0..balls.len())
            .filter(move |j| *j != i && is_open(i, *j))
            .map(move |j| (i, j))
    });
    let found: Vec<_> = missed
        .map(|(i, j)| ((residues[i], residues[j]), face(balls, i, j, probe, 4000)))
        .filter(|(_, area)| *area > 0.0)
        .collect();
    for (pair, area) in found {
        *sums.entry(pair).or_default() += area;
    }
    sums.into_iter()
        .map(|((a, b), area)| (a, b, area))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ball(x: f64, radius: f64) -> Ball {
        Ball {
            center: [x, 0.0, 0.0],
            radius,
        }
    }

    #[test]
    fn one_ball_is_a_sphere() {
        let own = cells(&[ball(0.0, 1.6)], 1.4, 5000).expect("cells");
        let pi = std::f64::consts::PI;
        assert!((own[0].volume - 36.0 * pi).abs() < 1e-6);
        assert!((own[0].accessible - 36.0 * pi).abs() < 1e-6);
        assert_eq!(depths(&own), [1]);
    }

    #[test]
    fn two_equal_balls_share_a_disc() {
        // spheres of radius 3 at a distance of 2: caps of height 2 are cut off
        let both = cells(&[ball(0.0, 1.6), ball(2.0, 1.6)], 1.4, 20_000).expect("cells");
        let pi = std::f64::consts::PI;
        let (area, face) = (2.0 * pi * 3.0 * 4.0, pi * 8.0);
        let volume = 36.0 * pi - pi * 4.0 * 7.0 / 3.0;
        for cell in &both {
            assert!((cell.accessible / area - 1.0).abs() < 2e-3, "{cell:?}");
            assert!((cell.contacts[0].1 / face - 1.0).abs() < 5e-3, "{cell:?}");
            assert!((cell.volume / volume - 1.0).abs() < 2e-3, "{cell:?}");
        }
        let alone = super::face(&[ball(0.0, 1.6), ball(2.0, 1.6)], 0, 1, 1.4, 20_000);
        assert!((alone / face - 1.0).abs() < 5e-3, "{alone}");
        let pairs = residue_contacts(&[ball(0.0, 1.6), ball(2.0, 1.6)], &both, &[0, 1], 1.4);
        assert_eq!((pairs.len(), pairs[0].0, pairs[0].1), (1, 0, 1));
    }

    #[test]
    fn a_surrounded_ball_is_deep() {
        let mut all = vec![ball(0.0, 1.5)];
        for direction in directions(40, -1.0) {
            all.push(Ball {
                center: times(direction, 2.5),
                radius: 1.5,
            });
        }
        let found = cells(&all, 1.4, 2000).expect("cells");
        assert_eq!(found[0].accessible, 0.0);
        assert_eq!(depths(&found)[0], 2);
        assert!(cells(&[ball(f64::NAN, 1.0)], 1.4, 100).is_err());
        assert!(cells(&[], 1.4, 100).expect("no cells").is_empty());
        // atoms at one place, and one within another, have no face
        assert!(cells(&[ball(0.0, 1.0), ball(0.0, 1.0), ball(0.1, 2.0)], 1.4, 100).is_ok());
    }
}
