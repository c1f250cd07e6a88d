//! Principal components.

use super::check;
use cistron_base::{Result, bail};
use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array2, ArrayView2, Axis};

/// Principal components of rows.
#[derive(Clone, Debug)]
pub struct Pca {
    /// Coordinates, rows by components.
    pub scores: Array2<f64>,
    /// Directions of length 1, components by columns; the largest entry of each is positive. Beyond
    /// the rank of the rows they may be 0.
    pub components: Array2<f64>,
    /// Variance along each component (over n - 1).
    pub variances: Vec<f64>,
    /// Share of the total variance.
    pub shares: Vec<f64>,
    /// The mean of each column.
    pub means: Vec<f64>,
}

/// The first components of rows, from the eigenvectors of the smaller of both product matrices.
pub fn pca(rows: ArrayView2<f64>, count: usize) -> Result<Pca> {
    check(rows)?;
    let (n, width) = rows.dim();
    let most = n.min(width);
    if n < 2 || count == 0 || count > most {
        bail!(
            "value",
            "{n} x {width} numbers have from 1 to {most} components and need two rows, got {count}"
        );
    }
    let Some(means) = rows.mean_axis(Axis(0)) else {
        bail!("internal", "columns of {n} rows have means")
    };
    let centred = &rows - &means;
    let is_wide = width > n;
    let products = if is_wide {
        centred.dot(&centred.t())
    } else {
        centred.t().dot(&centred)
    };
    let size = products.nrows();
    let eigen = SymmetricEigen::new(DMatrix::from_fn(size, size, |i, j| products[[i, j]]));
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let largest = order.first().map_or(0.0, |at| eigen.eigenvalues[*at]);
    let least = largest * 1e-12;
    let mut components = Array2::zeros((count, width));
    for (component, at) in order.iter().take(count).enumerate() {
        let vector: Vec<f64> = eigen.eigenvectors.column(*at).iter().copied().collect();
        let vector = ndarray::Array1::from(vector);
        let mut direction = if is_wide {
            centred.t().dot(&vector)
        } else {
            vector
        };
        let length = direction.dot(&direction).sqrt();
        match eigen.eigenvalues[*at] > least {
            true => direction /= length,
            // what is left of a direction without variance is rounding
            false if is_wide => direction.fill(0.0),
            false => {}
        }
        let largest = direction
            .iter()
            .copied()
            .fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 {
            direction *= -1.0;
        }
        components.row_mut(component).assign(&direction);
    }
    let scores = centred.dot(&components.t());
    let over = n as f64 - 1.0;
    let variances: Vec<f64> = order
        .iter()
        .take(count)
        .map(|at| eigen.eigenvalues[*at].max(0.0) / over)
        .collect();
    let total = centred.iter().map(|x| x * x).sum::<f64>() / over;
    let share = |v: &f64| if total > 0.0 { v / total } else { 0.0 };
    let shares = variances.iter().map(share).collect();
    Ok(Pca {
        scores,
        components,
        variances,
        shares,
        means: means.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;
    use ndarray::array;

    #[test]
    fn points_on_a_line_have_one_component() {
        let found = pca(array![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]].view(), 2).expect("components");
        assert!((found.shares[0] - 1.0).abs() < 1e-12 && found.variances[1].abs() < 1e-12);
        assert!((found.components[[0, 0]] - 0.6).abs() < 1e-12);
        assert!((found.scores[[2, 0]] - 5.0).abs() < 1e-12);
        assert!((found.variances[0] - 25.0).abs() < 1e-9);
    }

    /// Wide and tall tables: all components give the rows back, and are orthogonal.
    #[test]
    fn all_components_give_the_rows_back() {
        for case in 0..60 {
            let mut rng = Rng::keyed(&[case, 8]);
            let (n, width) = (2 + rng.below(12), 1 + rng.below(12));
            let rows = Array2::from_shape_fn((n, width), |_| rng.normal());
            let found = pca(rows.view(), n.min(width)).expect("components");
            let means = ndarray::Array1::from(found.means.clone());
            let again = found.scores.dot(&found.components) + means;
            assert!(
                (&again - &rows).iter().all(|d| d.abs() < 1e-9),
                "case {case}"
            );
            let total: f64 = found.shares.iter().sum();
            assert!((total - 1.0).abs() < 1e-9);
            assert!(found.variances.is_sorted_by(|a, b| a >= b));
        }
        assert!(pca(Array2::zeros((3, 2)).view(), 3).is_err());
        assert!(pca(Array2::zeros((1, 2)).view(), 1).is_err());
        assert_eq!(
            pca(Array2::zeros((3, 2)).view(), 2)
                .expect("components")
                .shares,
            [0.0, 0.0]
        );
    }
}
