//! Metrics of numbers against numbers. Pairs with an undefined side are left out.

fn pairs(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> Vec<(f64, f64)> {
    x.zip(y).filter(|(a, b)| !a.is_nan() && !b.is_nan()).map(|(a, b)| (f64::from(a), f64::from(b))).collect()
}

fn pearson_of(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { f64::NAN }
}

/// Pearson's correlation.
pub fn pearson(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    pearson_of(&pairs(x, y))
}

/// Ranks from 1; ties share their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut i = 0;
    while i < order.len() {
        let mut j = i;
        while j + 1 < order.len() && values[order[j + 1]] == values[order[i]] {
            j += 1;
        }
        for k in i..=j {
            ranks[order[k]] = (i + j) as f64 / 2.0 + 1.0;
        }
        i = j + 1;
    }
    ranks
}

/// Spearman's rank correlation.
pub fn spearman(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs(x, y).into_iter().unzip();
    pearson_of(&ranks(&x).into_iter().zip(ranks(&y)).collect::<Vec<_>>())
}

/// The share of the labels' variance that predictions explain.
pub fn r2(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let pairs = pairs(x, y);
    let mean = pairs.iter().map(|(_, y)| y).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(_, y)| (y - mean).powi(2)).sum();
    let left: f64 = pairs.iter().map(|(x, y)| (x - y).powi(2)).sum();
    if total > 0.0 { 1.0 - left / total } else { f64::NAN }
}

/// Mean squared error.
pub fn mse(x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
    let pairs = pairs(x, y);
    pairs.iter().map(|(x, y)| (x - y).powi(2)).sum::<f64>() / pairs.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_cases() {
        let (x, y) = ([1.0f32, 2.0, 3.0, 4.0], [2.0f32, 1.0, 4.0, 3.0]);
        assert!((pearson(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert!((spearman(x.into_iter(), y.into_iter()) - 0.6).abs() < 1e-12);
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
        assert_eq!(mse(x.into_iter(), y.into_iter()), 1.0);
        assert!((r2(x.into_iter(), y.into_iter()) - 0.2).abs() < 1e-12);
        assert!(pearson([1.0, 1.0].into_iter(), [0.0, 1.0].into_iter()).is_nan());
    }
}
