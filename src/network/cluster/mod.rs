//! Clusters of rows and how well they agree.

pub mod agreement;
pub mod hierarchical;
pub mod kmeans;
pub mod knee;
pub mod levels;
pub mod pca;

use cistron_base::{Result, bail};
use ndarray::ArrayView2;

/// Fails where there are no rows, or numbers that are not finite or whose squares are not.
fn check(rows: ArrayView2<f64>) -> Result<()> {
    if rows.nrows() == 0 || rows.ncols() == 0 {
        bail!(
            "data",
            "there is nothing to cluster: {} x {}",
            rows.nrows(),
            rows.ncols()
        );
    }
    if let Some(((row, column), x)) = rows.indexed_iter().find(|(_, x)| !x.is_finite()) {
        bail!(
            "data",
            "row {row}, column {column} is {x}: clusters need finite numbers"
        )
    }
    // sums of squared differences of all numbers must be finite
    let most = (f64::MAX / rows.len() as f64).sqrt() / 4.0;
    if let Some(((row, column), x)) = rows.indexed_iter().find(|(_, x)| x.abs() > most) {
        bail!(
            "value",
            "row {row}, column {column} is {x:e}: squares of numbers above {most:.0e} overflow";
            hint: "divide the numbers by a constant, or take their logarithms"
        )
    }
    Ok(())
}

/// The squared Euclidean distance.
fn squared(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum()
}
