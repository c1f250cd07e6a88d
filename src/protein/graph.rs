//! Graphs of points.

use crate::point::{Point, distance};
use cistron_base::{Result, bail};
use rayon::prelude::*;

/// Edges: the first and the second point of each, by first and then second point.
pub type Edges = Vec<(usize, usize)>;

fn checked(points: &[Point]) -> Result<()> {
    if let Some(row) = points
        .iter()
        .position(|point| point.iter().any(|x| !x.is_finite()))
    {
        bail!(
            "value",
            "coordinates must be finite, those of row {row} are not"
        );
    }
    Ok(())
}

/// Edges between points that are at most `cutoff` apart, in both directions; with `loops` each
/// point has an edge to itself.
pub fn radius(points: &[Point], cutoff: f64, loops: bool) -> Result<Edges> {
    checked(points)?;
    let is_near = |i: usize, j: usize| distance(points[i], points[j]) <= cutoff;
    Ok(edges(points.len(), loops, is_near))
}

/// As [`radius`], with points, distances and the cutoff in single precision: points that are .1
/// apart in it are within .1, which in double precision they are not.
pub fn radius_single(points: &[Point], cutoff: f64, loops: bool) -> Result<Edges> {
    checked(points)?;
    let single: Vec<[f32; 3]> = points.iter().map(|point| point.map(|x| x as f32)).collect();
    let is_near = |i: usize, j: usize| {
        let square = |k: usize| (single[i][k] - single[j][k]).powi(2);
        (square(0) + square(1) + square(2)).sqrt() <= cutoff as f32
    };
    Ok(edges(points.len(), loops, is_near))
}

fn edges(n: usize, loops: bool, is_near: impl Fn(usize, usize) -> bool + Sync) -> Edges {
    let is_near = &is_near;
    let of = |i: usize| {
        let has_edge = move |j: &usize| if i == *j { loops } else { is_near(i, *j) };
        (0..n).filter(has_edge).map(move |j| (i, j))
    };
    (0..n).into_par_iter().flat_map_iter(of).collect()
}

/// Edges from each point to its nearest other points, nearest first; of equal distances the point
/// with the smaller number. Where there are fewer other points, all of them.
pub fn nearest(points: &[Point], count: usize) -> Result<Edges> {
    checked(points)?;
    let of = |i: usize| {
        let others = (0..points.len()).filter(|j| *j != i);
        let mut others: Vec<(f64, usize)> = others
            .map(|j| (distance(points[i], points[j]), j))
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.truncate(count);
        others.into_iter().map(move |(_, j)| (i, j))
    };
    Ok((0..points.len())
        .into_par_iter()
        .flat_map_iter(of)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: [Point; 3] = [[0.0; 3], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0]];

    #[test]
    fn edges_of_near_points() {
        assert_eq!(radius(&LINE, 1.0, false).expect("edges"), [(0, 1), (1, 0)]);
        let with_loops = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)];
        assert_eq!(radius(&LINE, 1.0, true).expect("edges"), with_loops);
        assert_eq!(nearest(&LINE, 1).expect("edges"), [(0, 1), (1, 0), (2, 1)]);
        assert_eq!(nearest(&LINE, 9).expect("edges").len(), 6);
        assert!(radius(&[], 1.0, true).expect("no edges").is_empty());
        // .1 as float32 is more than .1 as float64
        let points = [[0.0; 3], [f64::from(0.1_f32), 0.0, 0.0]];
        assert!(radius(&points, 0.1, false).expect("no edges").is_empty());
        let single = radius_single(&points, 0.1, false).expect("edges");
        assert_eq!(single, [(0, 1), (1, 0)]);
        assert_eq!(radius_single(&LINE, 1.0, true).expect("edges"), with_loops);
        assert!(nearest(&[[f64::NAN; 3]], 1).is_err());
    }
}
