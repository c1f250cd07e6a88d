//! Distances and contacts of residues.

use crate::point::{Point, distance};
use ndarray::Array2;

/// The distance of each pair of points, in Å.
pub fn distances(points: &[Point]) -> Array2<f64> {
    let n = points.len();
    Array2::from_shape_fn((n, n), |(i, j)| distance(points[i], points[j]))
}

/// Whether pairs of points are nearer than a threshold; a point and itself are not.
pub fn contacts(points: &[Point], threshold: f64) -> Array2<bool> {
    let n = points.len();
    Array2::from_shape_fn((n, n), |(i, j)| {
        i != j && distance(points[i], points[j]) < threshold
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_nearer_than_the_threshold_are_contacts() {
        let points = [[0.0; 3], [3.0, 4.0, 0.0], [0.0, 8.0, 0.0]];
        assert_eq!(distances(&points)[[0, 1]], 5.0);
        let map = contacts(&points, 8.0);
        assert!(map[[0, 1]] && map[[1, 2]] && !map[[0, 2]] && !map[[0, 0]]);
    }
}
