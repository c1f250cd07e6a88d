//! Clusters of rows and how well they agree.

pub mod agreement;
pub mod hierarchical;
pub mod kmeans;
pub mod knee;
pub mod levels;
pub mod pca;

use cistron_base::{Result, bail};
use ndarray::ArrayView2;

/// Fails where rows are none, or not finite.
fn check(rows: ArrayView2<f64>) -> Result<()> {
    if rows.nrows() == 0 || rows.ncols() == 0 {
        bail!(
            "data",
            "there is nothing to cluster: {} x {}",
            rows.nrows(),
            rows.ncols()
        );
    }
    match rows.indexed_iter().find(|(_, x)| !x.is_finite()) {
        None => Ok(()),
        Some(((row, column), x)) => {
            bail!(
                "data",
                "row {row}, column {column} is {x}: clusters need finite numbers"
            )
        }
    }
}

/// The squared Euclidean distance.
fn squared(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum()
}
