//! Principal components.

use super::check;
use cistron_base::{Result, bail};
use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Principal components of rows.
#[derive(Clone, Debug)]
pub struct Pca {
    /// Coordinates, rows by components.
    pub scores: Array2<f64>,
    /// Directions of length 1 at right angles, components by columns; the largest entry of each is
    /// positive. Beyond the rank of the rows, where variances are 0, they are any such directions.
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
        let vector = Array1::from(vector);
        let mut direction = if is_wide {
            centred.t().dot(&vector)
        } else {
            vector
        };
        let length = direction.dot(&direction).sqrt();
        match eigen.eigenvalues[*at] > least {
            true => direction /= length,
            // what is left of a direction without variance is rounding
            false if is_wide => direction = another(components.slice(s![..component, ..])),
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
    // no -0.0
    let scores = centred.dot(&components.t()) + 0.0;
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

/// A direction of length 1 at right angles to directions, which are fewer than their columns: the
/// axis that is farthest from them, without its parts along them.
fn another(directions: ArrayView2<f64>) -> Array1<f64> {
    let width = directions.ncols();
    let along = |axis: usize| directions.column(axis).iter().map(|x| x * x).sum::<f64>();
    let parts: Vec<f64> = (0..width).map(along).collect();
    let axis = (0..width).min_by(|a, b| parts[*a].total_cmp(&parts[*b]));
    let mut out = Array1::zeros(width);
    out[axis.unwrap_or(0)] = 1.0;
    // the second time removes the rounding of the first
    for _ in 0..2 {
        for direction in directions.rows() {
            let part = direction.dot(&out);
            out.scaled_add(-part, &direction);
        }
    }
    let length = out.dot(&out).sqrt();
    out / length
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;
    use ndarray::array;

    /// The last component of wide rows was 0, as centred rows have a rank of one less.
    #[test]
    fn components_are_orthonormal_beyond_the_rank() {
        for case in 0..40 {
            let mut rng = Rng::keyed(&[case, 9]);
            let (n, width) = (2 + rng.below(6), 1 + rng.below(12));
            let mut rows = Array2::from_shape_fn((n, width), |_| rng.normal());
            if case % 4 == 0 {
                let first = rows.row(0).to_owned();
                rows.rows_mut()
                    .into_iter()
                    .for_each(|mut row| row.assign(&first));
            }
            let found = pca(rows.view(), n.min(width)).expect("components");
            let products = found.components.dot(&found.components.t());
            for ((i, j), x) in products.indexed_iter() {
                let expected = f64::from(u8::from(i == j));
                assert!((x - expected).abs() < 1e-9, "case {case}: {products}");
            }
            assert!(
                found
                    .scores
                    .iter()
                    .all(|x| *x != 0.0 || x.is_sign_positive())
            );
            if n <= width {
                assert!(found.variances[n - 1] < 1e-12, "case {case}");
            }
        }
    }

    #[test]
    fn values_whose_squares_overflow_are_refused() {
        let fault = pca(array![[1.0], [-1e200]].view(), 1).expect_err("too large");
        assert!(
            fault.message.contains("row 1, column 0 is -1e200"),
            "{fault}"
        );
        assert!(
            pca(array![[1e140], [-1e140]].view(), 1)
                .expect("components")
                .variances[0]
                > 1e280
        );
    }

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
