//! Metrics of numbers against numbers. Pairs with an undefined side are left out.

use super::statistics::{correlation, of_ranks};

fn pairs(x: impl Iterator<Item = f64>, y: impl Iterator<Item = f64>) -> (Vec<f64>, Vec<f64>) {
    x.zip(y).filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip()
}

/// Pearson's correlation.
pub fn pearson(x: impl Iterator<Item = f64>, y: impl Iterator<Item = f64>) -> f64 {
    let (x, y) = pairs(x, y);
    correlation(&x, &y)
}

/// Spearman's rank correlation.
pub fn spearman(x: impl Iterator<Item = f64>, y: impl Iterator<Item = f64>) -> f64 {
    let (x, y) = pairs(x, y);
    of_ranks(&x, &y)
}

/// A prediction, its label and the weight of its row.
pub type Row = (f64, f64, f64);

/// Weighted means of both sides.
fn means(rows: &[Row]) -> (f64, f64, f64) {
    let weight: f64 = rows.iter().map(|row| row.2).sum();
    let mean = |of: fn(&Row) -> f64| {
        let first = rows.iter().map(|row| of(row) * row.2).sum::<f64>() / weight;
        first
            + rows
                .iter()
                .map(|row| (of(row) - first) * row.2)
                .sum::<f64>()
                / weight
    };
    (mean(|row| row.0), mean(|row| row.1), weight)
}

/// Pearson's correlation of rows that weigh differently.
pub fn weighted_pearson(rows: &[Row]) -> f64 {
    let (a, b, weight) = means(rows);
    let sum = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| of(row) * row.2).sum::<f64>();
    // what the means were rounded by is taken off again
    let (left_a, left_b) = (sum(&|r| r.0 - a), sum(&|r| r.1 - b));
    let xy = sum(&|r| (r.0 - a) * (r.1 - b)) - left_a * left_b / weight;
    let xx = sum(&|r| (r.0 - a).powi(2)) - left_a * left_a / weight;
    let yy = sum(&|r| (r.1 - b).powi(2)) - left_b * left_b / weight;
    (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
}

/// The share of the labels' variance that predictions explain; NaN where the labels are constant.
pub fn r2(rows: &[Row]) -> f64 {
    let (_, centre, weight) = means(rows);
    let is_constant = rows.iter().all(|row| row.1 == rows[0].1);
    let sum = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| of(row) * row.2).sum::<f64>();
    let rest = sum(&|row| row.1 - centre);
    let total = sum(&|row| (row.1 - centre).powi(2)) - rest * rest / weight;
    let left = sum(&|row| (row.0 - row.1).powi(2));
    if !is_constant && total > 0.0 {
        1.0 - left / total
    } else {
        f64::NAN
    }
}

/// Mean squared error.
pub fn mse(rows: &[Row]) -> f64 {
    let weight: f64 = rows.iter().map(|row| row.2).sum();
    rows.iter()
        .map(|row| (row.0 - row.1).powi(2) * row.2)
        .sum::<f64>()
        / weight
}

#[cfg(test)]
mod tests {
    use super::super::statistics::ranks;
    use super::*;

    #[test]
    fn small_cases() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]);
        let rows: Vec<Row> = x.into_iter().zip(y).map(|(x, y)| (x, y, 1.0)).collect();
        assert!((pearson(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert!((spearman(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert_eq!(ranks(&[3.0, 1.0, 3.0]).0, [2.5, 1.0, 2.5]);
        assert_eq!(mse(&rows), 1.0);
        assert!((r2(&rows) - 0.2).abs() < 1e-12);
        assert!((weighted_pearson(&rows) - 0.6).abs() < 1e-12);
        assert!(pearson([1.0, 1.0].into_iter(), [0.0, 1.0].into_iter()).is_nan());
    }
}
