//! The movement that brings points onto others.

use crate::point::{Point, center, dot, minus, plus};
use cistron_base::{Result, bail};

/// A rotation followed by a shift, and how far points are then from where they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// The matrix of the rotation, by rows.
    pub rotation: [Point; 3],
    /// Added after the rotation, in Å.
    pub shift: Point,
    /// Root mean square of the distances after the movement, in Å.
    pub rmsd: f64,
    /// Whether the points are mirrored as well.
    pub is_mirrored: bool,
}

impl Movement {
    /// Where a point moves to.
    pub fn apply(&self, point: Point) -> Point {
        plus(self.rotation.map(|row| dot(row, point)), self.shift)
    }
}

/// The root mean square of the distances of points and others.
pub fn rmsd(a: &[Point], b: &[Point]) -> f64 {
    let square = |(a, b): (&Point, &Point)| {
        let apart = minus(*a, *b);
        dot(apart, apart)
    };
    let sum: f64 = a.iter().zip(b).map(square).sum();
    (sum / a.len().max(1) as f64).sqrt()
}

/// The movement of points onto others with the smallest root mean square distance.
///
/// The rotation is the eigenvector of the largest eigenvalue of Horn's matrix of quaternions, which
/// is never a reflection; with `mirror` the mirror image is used where it fits better.
pub fn superpose(points: &[Point], onto: &[Point], mirror: bool) -> Result<Movement> {
    if points.len() != onto.len() {
        let (n, m) = (points.len(), onto.len());
        bail!("shape", "{n} points cannot be moved onto {m}");
    }
    if points.len() < 3 {
        let n = points.len();
        bail!("value", "a superposition needs at least 3 points, got {n}");
    }
    if points.iter().chain(onto).flatten().any(|x| !x.is_finite()) {
        bail!("value", "coordinates must be finite");
    }
    let best = movement(points, onto, false);
    if !mirror {
        return Ok(best);
    }
    let other = movement(points, onto, true);
    Ok(if other.rmsd < best.rmsd - 1e-12 {
        other
    } else {
        best
    })
}

fn movement(points: &[Point], onto: &[Point], mirror: bool) -> Movement {
    let (from, to) = (center(points), center(onto));
    let sign = if mirror { -1.0 } else { 1.0 };
    let mut sums = [[0.0; 3]; 3];
    for (a, b) in points.iter().zip(onto) {
        let (a, b) = (minus(*a, from), minus(*b, to));
        for (row, x) in sums.iter_mut().zip(a) {
            for (sum, y) in row.iter_mut().zip(b) {
                *sum += sign * x * y;
            }
        }
    }
    let rotation = rotation_of(largest_eigenvector(horn(&sums)));
    let rotation = rotation.map(|row| row.map(|x| sign * x));
    let moved = rotation.map(|row| dot(row, from));
    let mut out = Movement {
        rotation,
        shift: minus(to, moved),
        rmsd: 0.0,
        is_mirrored: mirror,
    };
    let there: Vec<Point> = points.iter().map(|point| out.apply(*point)).collect();
    out.rmsd = rmsd(&there, onto);
    out
}

/// Horn's symmetric matrix, whose largest eigenvector is the quaternion of the best rotation.
fn horn(s: &[[f64; 3]; 3]) -> [[f64; 4]; 4] {
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = *s;
    [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ]
}

/// The eigenvector of the largest eigenvalue of a symmetric matrix (Jacobi's rotations).
fn largest_eigenvector(mut a: [[f64; 4]; 4]) -> [f64; 4] {
    let mut vectors = [[0.0; 4]; 4];
    (0..4).for_each(|i| vectors[i][i] = 1.0);
    let scale = a
        .iter()
        .flatten()
        .fold(0.0_f64, |most, x| most.max(x.abs()));
    for _ in 0..64 {
        let (mut p, mut q) = (0, 1);
        for (i, j) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            if a[i][j].abs() > a[p][q].abs() {
                (p, q) = (i, j);
            }
        }
        if a[p][q].abs() <= 1e-15 * scale {
            break;
        }
        let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
        let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
        let c = 1.0 / (t * t + 1.0).sqrt();
        let s = t * c;
        for row in &mut a {
            (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
        }
        let (of_p, of_q) = (a[p], a[q]);
        for k in 0..4 {
            a[p][k] = c * of_p[k] - s * of_q[k];
            a[q][k] = s * of_p[k] + c * of_q[k];
        }
        for row in &mut vectors {
            (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
        }
    }
    let mut best = 0;
    for k in 1..4 {
        if a[k][k] > a[best][best] {
            best = k;
        }
    }
    vectors.map(|row| row[best])
}

fn rotation_of(q: [f64; 4]) -> [Point; 3] {
    let norm = q.iter().map(|x| x * x).sum::<f64>().sqrt();
    let [w, x, y, z] = q.map(|value| value / norm);
    [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points() -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec(prop::array::uniform3(-20.0..20.0_f64), 3..40)
    }

    proptest! {
        #[test]
        fn a_moved_copy_is_brought_back(
            all in points(),
            axis in prop::array::uniform4(-1.0..1.0_f64),
            shift in prop::array::uniform3(-50.0..50.0_f64),
        ) {
            prop_assume!(axis.iter().map(|x| x * x).sum::<f64>() > 1e-3);
            let rotation = rotation_of(axis);
            let place = |p: &Point| plus(rotation.map(|row| dot(row, *p)), shift);
            let moved: Vec<Point> = all.iter().map(place).collect();
            let found = superpose(&all, &moved, false).expect("a movement");
            prop_assert!(found.rmsd < 1e-7, "{}", found.rmsd);
            let mirrored: Vec<Point> = moved.iter().map(|p| [-p[0], p[1], p[2]]).collect();
            let found = superpose(&all, &mirrored, true).expect("a movement");
            prop_assert!(found.rmsd < 1e-7, "{}", found.rmsd);
        }

        #[test]
        fn no_small_turn_is_better(
            all in points(),
            other in points(),
            turn in prop::array::uniform3(-0.05..0.05_f64),
        ) {
            let n = all.len().min(other.len());
            let (a, b) = (&all[..n], &other[..n]);
            let found = superpose(a, b, false).expect("a movement");
            let middle = center(b);
            let small = rotation_of([1.0, turn[0], turn[1], turn[2]]);
            let there: Vec<Point> = a.iter().map(|p| {
                let moved = minus(found.apply(*p), middle);
                plus(small.map(|row| dot(row, moved)), middle)
            }).collect();
            prop_assert!(rmsd(&there, b) >= found.rmsd - 1e-9);
        }
    }

    #[test]
    fn degenerate_points() {
        let same = [[1.0; 3]; 4];
        assert!(superpose(&same, &same, false).expect("a movement").rmsd < 1e-12);
        let line = [[0.0; 3], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]];
        let other = [[0.0; 3], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0]];
        assert!(superpose(&line, &other, true).expect("a movement").rmsd < 1e-9);
        assert!(superpose(&same[..2], &same[..2], false).is_err());
        assert!(superpose(&[[f64::NAN; 3]; 3], &same[..3], false).is_err());
        assert!(superpose(&same, &line, false).is_err());
    }
}
