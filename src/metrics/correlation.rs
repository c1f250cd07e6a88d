//! Metrics of numbers against numbers. Pairs with an undefined side are left out.

use super::statistics::{correlation, mean, ranks};

fn pairs(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> (Vec<f64>, Vec<f64>) {
    x.zip(y).filter(|(a, b)| !a.is_nan() && !b.is_nan()).map(|(a, b)| (f64::from(a), f64::from(b))).unzip()
}

/// The sum of squared differences.
fn squares(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum()
}

/// Pearson's correlation.
pub fn pearson(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let (x, y) = pairs(x, y);
    correlation(&x, &y)
}

/// Spearman's rank correlation.
pub fn spearman(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let (x, y) = pairs(x, y);
    correlation(&ranks(&x).0, &ranks(&y).0)
}

/// The share of the labels' variance that predictions explain.
pub fn r2(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let (x, y) = pairs(x, y);
    let centre = mean(&y);
    let total: f64 = y.iter().map(|y| (y - centre).powi(2)).sum();
    let left = squares(&x, &y);
    if total > 0.0 { 1.0 - left / total } else { f64::NAN }
}

/// Mean squared error.
pub fn mse(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let (x, y) = pairs(x, y);
    squares(&x, &y) / x.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cases() {
        let (x, y) = ([1.0f32, 2.0, 3.0, 4.0], [2.0f32, 1.0, 4.0, 3.0]);
        assert!((pearson(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert!((spearman(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert_eq!(ranks(&[3.0, 1.0, 3.0]).0, [2.5, 1.0, 2.5]);
        assert_eq!(mse(x.into_iter(), y.into_iter()), 1.0);
        assert!((r2(x.into_iter(), y.into_iter()) - 0.2).abs() < 1e-12);
        assert!(pearson([1.0, 1.0].into_iter(), [0.0, 1.0].into_iter()).is_nan());
    }
}
