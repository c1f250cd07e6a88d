//! Densities of points in the plane, and their contours.

/// Cells of a grid along each axis.
const CELLS: usize = 64;

/// A density on a grid.
#[derive(Clone, Debug)]
pub struct Density {
    x: (f64, f64),
    y: (f64, f64),
    /// By row, from the lowest y.
    values: Vec<f64>,
}

/// Estimates a density by Gaussian kernels with the covariance of the points and Scott's bandwidth,
/// as SciPy; none where the points are on a line.
pub struct Kernels<'a> {
    points: &'a [(f64, f64)],
    /// Inverse of the covariance of a kernel: xx, xy, yy.
    inverse: [f64; 3],
    scale: f64,
}

impl<'a> Kernels<'a> {
    /// The estimate for points, which are finite.
    pub fn new(points: &'a [(f64, f64)]) -> Option<Kernels<'a>> {
        let n = points.len() as f64;
        let (mx, my) = points
            .iter()
            .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
        let mut covariance = [0.0; 3];
        for (x, y) in points {
            let (dx, dy) = (x - mx, y - my);
            for (sum, product) in covariance.iter_mut().zip([dx * dx, dx * dy, dy * dy]) {
                *sum += product / (n - 1.0);
            }
        }
        let [xx, xy, yy] = covariance.map(|v| v * n.powf(-1.0 / 3.0));
        let determinant = xx * yy - xy * xy;
        if points.len() < 3 || determinant.is_nan() || determinant <= 1e-12 * xx * yy {
            return None;
        }
        Some(Kernels {
            points,
            inverse: [yy / determinant, -xy / determinant, xx / determinant],
            scale: 1.0 / (std::f64::consts::TAU * determinant.sqrt() * n),
        })
    }

    /// The density at a place.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let [xx, xy, yy] = self.inverse;
        let kernel = |(px, py): &(f64, f64)| {
            let (dx, dy) = (x - px, y - py);
            (-0.5 * (dx * dx * xx + 2.0 * dx * dy * xy + dy * dy * yy)).exp()
        };
        self.points.iter().map(kernel).sum::<f64>() * self.scale
    }

    /// The density over a rectangle.
    pub fn grid(&self, x: (f64, f64), y: (f64, f64)) -> Density {
        let side = CELLS + 1;
        let values = (0..side * side).map(|i| {
            let at =
                |(low, high): (f64, f64), i: usize| low + (high - low) * i as f64 / CELLS as f64;
            self.at(at(x, i % side), at(y, i / side))
        });
        let values = values.collect();
        Density { x, y, values }
    }
}

impl Density {
    /// The density that encloses a share of the mass.
    pub fn level(&self, share: f64) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let all: f64 = sorted.iter().sum();
        let mut sum = 0.0;
        let enclosing = sorted.iter().find(|value| {
            sum += **value;
            sum >= share * all
        });
        enclosing.copied().unwrap_or(0.0)
    }

    /// Pieces of the lines on which the density has a value (marching squares).
    pub fn contour(&self, level: f64) -> Vec<[(f64, f64); 2]> {
        let side = CELLS + 1;
        let value = |i: usize, j: usize| self.values[j * side + i];
        let place = |i: f64, j: f64| {
            let at = |(low, high): (f64, f64), i: f64| low + (high - low) * i / CELLS as f64;
            (at(self.x, i), at(self.y, j))
        };
        // where the line crosses the edge between two corners of a cell
        let crossing = |a: (usize, usize), b: (usize, usize)| {
            let (from, to) = (value(a.0, a.1), value(b.0, b.1));
            if (from >= level) == (to >= level) {
                return None;
            }
            let t = (level - from) / (to - from);
            let between = |a: usize, b: usize| a as f64 + t * (b as f64 - a as f64);
            Some(place(between(a.0, b.0), between(a.1, b.1)))
        };
        let mut out = Vec::new();
        for cell in 0..CELLS * CELLS {
            let (i, j) = (cell % CELLS, cell / CELLS);
            let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
            let edges = (0..4).filter_map(|k| crossing(corners[k], corners[(k + 1) % 4]));
            let ends: Vec<(f64, f64)> = edges.collect();
            out.extend(ends.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_are_those_of_scipy() {
        // scipy.stats.gaussian_kde([[0, 1, 2, 4], [0, 2, 1, 3]])
        let points = [(0.0, 0.0), (1.0, 2.0), (2.0, 1.0), (4.0, 3.0)];
        let kernels = Kernels::new(&points).expect("a density");
        for (x, y, wanted) in SCIPY {
            let got = kernels.at(x, y);
            assert!((got / wanted - 1.0).abs() < 1e-10, "{got} {wanted}");
        }
        assert!(Kernels::new(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]).is_none());
        assert!(Kernels::new(&[(0.0, 0.0), (1.0, 1.0)]).is_none());
        assert!(Kernels::new(&[(1.0, 1.0); 9]).is_none());
        assert!(Kernels::new(&[]).is_none());
    }

    const SCIPY: [(f64, f64, f64); 3] = [
        (1.0, 1.0, 0.06848514794783221),
        (4.0, 3.0, 0.06076807859307973),
        (-2.0, 1.0, 0.0013339923964585522),
    ];

    #[test]
    fn contours_enclose_their_share() {
        // a standard normal density: half its mass is within 1.1774
        let side = CELLS + 1;
        let at = |i: usize| -4.0 + 8.0 * i as f64 / CELLS as f64;
        let normal = |i: usize| {
            let (x, y) = (at(i % side), at(i / side));
            (-(x * x + y * y) / 2.0).exp()
        };
        let density = Density {
            x: (-4.0, 4.0),
            y: (-4.0, 4.0),
            values: (0..side * side).map(normal).collect(),
        };
        let line = density.contour(density.level(0.5));
        assert!(line.len() > 40);
        for (x, y) in line.iter().flatten() {
            let radius = x.hypot(*y);
            assert!((radius - 1.1774).abs() < 0.03, "{radius}");
        }
    }
}
