//! Correlations of all pairs of genes.

use crate::expression::Expression;
use cistron_base::{Result, bail};
use cistron_metrics::statistics::ranks;
use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView1};

/// A correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of values.
    Pearson,
    /// Of ranks.
    Spearman,
    /// Of values given all other genes, from a covariance that is shrunk (Schäfer & Strimmer 2005).
    Partial,
}

/// A row with mean 0 and length 1; zeros where it is constant.
pub(crate) fn unit(row: &[f64]) -> Vec<f64> {
    if row.iter().all(|x| *x == row[0]) {
        return vec![0.0; row.len()];
    }
    let centre = cistron_metrics::statistics::mean(row);
    let most = row.iter().map(|x| (x - centre).abs()).fold(0.0, f64::max);
    let scaled: Vec<f64> = row.iter().map(|x| (x - centre) / most).collect();
    let length = scaled.iter().map(|x| x * x).sum::<f64>().sqrt();
    scaled.iter().map(|x| x / length).collect()
}

/// Rows of length 1 whose products are correlations.
fn units(matrix: &Expression, of: impl Fn(ArrayView1<f64>) -> Vec<f64>) -> Array2<f64> {
    let mut values = matrix.values().clone();
    for mut row in values.rows_mut() {
        let scaled = unit(&of(row.view()));
        row.assign(&ArrayView1::from(&scaled));
    }
    values
}

/// Genes by genes. Those with a constant gene are 0, the diagonal is 1.
pub fn matrix(matrix: &Expression, kind: Kind) -> Result<Array2<f64>> {
    let n = matrix.genes().len();
    cistron_base::memory::elements(&[n as i64, n as i64], 3 * size_of::<f64>())?;
    let units = match kind {
        Kind::Spearman => units(matrix, |row| ranks(&row.to_vec()).0),
        Kind::Pearson | Kind::Partial => units(matrix, |row| row.to_vec()),
    };
    let mut products = units.dot(&units.t());
    products.mapv_inplace(|r| r.clamp(-1.0, 1.0));
    if kind == Kind::Partial {
        products = partial(&units, products)?;
    }
    products.diag_mut().fill(1.0);
    Ok(products)
}

/// The share by which correlations are shrunk towards 0: their estimated variances over their
/// squares.
fn shrinkage(units: &Array2<f64>, correlations: &Array2<f64>) -> f64 {
    let n = units.ncols() as f64;
    let scaled = units.mapv(|x| x * (n - 1.0).sqrt());
    let squares = scaled.mapv(|x| x * x);
    // Σ w² of products w of standardised values, whose mean is r (n - 1) / n
    let second = squares.dot(&squares.t());
    let (mut variances, mut total) = (0.0, 0.0);
    for ((i, j), r) in correlations.indexed_iter().filter(|((i, j), _)| i != j) {
        let mean = r * (n - 1.0) / n;
        variances += n / (n - 1.0).powi(3) * (second[[i, j]] - n * mean * mean);
        total += r * r;
    }
    if total == 0.0 {
        1.0
    } else {
        (variances / total).clamp(0.0, 1.0)
    }
}

fn partial(units: &Array2<f64>, correlations: Array2<f64>) -> Result<Array2<f64>> {
    let n = correlations.nrows();
    let keep = 1.0 - shrinkage(units, &correlations);
    let shrunk = DMatrix::from_fn(n, n, |i, j| {
        if i == j {
            1.0
        } else {
            keep * correlations[[i, j]]
        }
    });
    let Some(inverse) = shrunk.cholesky().map(|factors| factors.inverse()) else {
        bail!(
            "value",
            "the correlations of {n} genes cannot be inverted";
            hint: "genes with equal values leave no partial correlation: keep one of them"
        )
    };
    let scale: Vec<f64> = (0..n).map(|i| inverse[(i, i)].sqrt()).collect();
    Ok(Array2::from_shape_fn((n, n), |(i, j)| {
        -inverse[(i, j)] / (scale[i] * scale[j])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn expression(values: Array2<f64>) -> Expression {
        let names = |prefix: &str, n| (0..n).map(|i| format!("{prefix}{i}")).collect();
        let (genes, samples) = (names("g", values.nrows()), names("s", values.ncols()));
        Expression::new(genes, samples, values).expect("a matrix")
    }

    #[test]
    fn correlations_are_those_of_pairs() {
        let m = expression(array![
            [1.0, 2.0, 4.0, 3.0],
            [1.0, 4.0, 16.0, 9.0],
            [5.0, 5.0, 5.0, 5.0],
            [4.0, 3.0, 1.0, 2.0]
        ]);
        let spearman = matrix(&m, Kind::Spearman).expect("correlations");
        assert!((spearman[[0, 1]] - 1.0).abs() < 1e-12 && (spearman[[0, 3]] + 1.0).abs() < 1e-12);
        assert_eq!((spearman[[0, 2]], spearman[[2, 2]]), (0.0, 1.0));
        let pearson = matrix(&m, Kind::Pearson).expect("correlations");
        let by_hand =
            cistron_metrics::statistics::correlation(&[1.0, 2.0, 4.0, 3.0], &[1.0, 4.0, 16.0, 9.0]);
        assert!((pearson[[0, 1]] - by_hand).abs() < 1e-12);
    }

    /// In a chain a → b → c the ends are correlated, and hardly so given the middle.
    #[test]
    fn partial_correlations_leave_indirect_pairs_out() {
        let mut rng = cistron_base::seed::Rng::keyed(&[1]);
        let a: Vec<f64> = (0..2000).map(|_| rng.normal()).collect();
        let b: Vec<f64> = a.iter().map(|x| x + 0.5 * rng.normal()).collect();
        let c: Vec<f64> = b.iter().map(|x| x + 0.5 * rng.normal()).collect();
        let m =
            expression(Array2::from_shape_vec((3, 2000), [a, b, c].concat()).expect("a matrix"));
        let full = matrix(&m, Kind::Pearson).expect("correlations");
        let partial = matrix(&m, Kind::Partial).expect("correlations");
        assert!(full[[0, 2]] > 0.7, "{full}");
        assert!(
            partial[[0, 2]].abs() < 0.08 && partial[[0, 1]] > 0.6,
            "{partial}"
        );
    }
}
