//! Agreement of clusters with each other, with distances and with ordered labels.

use super::{check, squared};
use cistron_base::{Result, bail};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::collections::HashMap;

fn check_lengths(first: usize, second: usize) -> Result<()> {
    if first != second || first == 0 {
        bail!(
            "shape",
            "both sides need as many labels, at least one, got {first} and {second}"
        );
    }
    Ok(())
}

/// The adjusted Rand index (Hubert & Arabie 1985): 1 for equal partitions, 0 for random ones.
pub fn adjusted_rand(first: &[usize], second: &[usize]) -> Result<f64> {
    check_lengths(first.len(), second.len())?;
    let (mut cells, mut rows, mut columns) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (a, b) in first.iter().zip(second) {
        *cells.entry((a, b)).or_insert(0u64) += 1;
        *rows.entry(a).or_insert(0u64) += 1;
        *columns.entry(b).or_insert(0u64) += 1;
    }
    let pairs = |n: u64| n as f64 * (n as f64 - 1.0) / 2.0;
    let together: f64 = cells.into_values().map(pairs).sum();
    let (a, b): (f64, f64) = (
        rows.into_values().map(pairs).sum(),
        columns.into_values().map(pairs).sum(),
    );
    let all = pairs(first.len() as u64);
    let expected = if all > 0.0 { a * b / all } else { 0.0 };
    let largest = (a + b) / 2.0;
    if largest == expected {
        // one cluster on both sides, or each row alone
        return Ok(1.0);
    }
    Ok((together - expected) / (largest - expected))
}

/// The silhouette of each row (Rousseeuw 1987) by Euclidean distances; 0 for rows that are alone.
pub fn silhouettes(rows: ArrayView2<f64>, labels: &[usize]) -> Result<Vec<f64>> {
    check(rows)?;
    check_lengths(rows.nrows(), labels.len())?;
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    for label in labels {
        let next = numbers.len();
        numbers.entry(*label).or_insert(next);
    }
    let clusters = numbers.len();
    if labels.len() < 3 {
        bail!(
            "value",
            "silhouettes need at least 3 rows, got {}",
            labels.len()
        );
    }
    if clusters < 2 || clusters >= labels.len() {
        bail!(
            "value",
            "silhouettes need from 2 to {} clusters, got {clusters}",
            labels.len() - 1
        );
    }
    let labels: Vec<usize> = labels.iter().map(|label| numbers[label]).collect();
    let mut counts = vec![0.0; clusters];
    labels.iter().for_each(|label| counts[*label] += 1.0);
    let all: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
    let one = |row: usize| {
        let mut sums = vec![0.0; clusters];
        for (other, label) in labels.iter().enumerate() {
            sums[*label] += squared(&all[row], &all[other]).sqrt();
        }
        let own = labels[row];
        if counts[own] == 1.0 {
            return 0.0;
        }
        let inside = sums[own] / (counts[own] - 1.0);
        let others = (0..clusters).filter(|cluster| *cluster != own);
        let outside = others
            .map(|cluster| sums[cluster] / counts[cluster])
            .fold(f64::INFINITY, f64::min);
        match inside.max(outside) {
            0.0 => 0.0,
            largest => (outside - inside) / largest,
        }
    };
    Ok((0..labels.len()).into_par_iter().map(one).collect())
}

/// The divergence of ordered labels from leaves (GNET2, eq. 3.20, as the authors' code computes
/// it): normal densities of squared distances, each over the sum of the others of its row, compared
/// above the diagonal.
pub fn ordinal_divergence(labels: &[f64], leaves: &[f64]) -> Result<f64> {
    check_lengths(labels.len(), leaves.len())?;
    if labels.iter().chain(leaves).any(|x| !x.is_finite()) {
        bail!("value", "ordered labels must be finite numbers");
    }
    if labels.len() < 3 {
        bail!(
            "value",
            "the divergence needs at least 3 samples, got {}",
            labels.len()
        );
    }
    let (p, q) = (densities(labels)?, densities(leaves)?);
    let above = |(i, (p, q)): (usize, (&Vec<f64>, &Vec<f64>))| -> f64 {
        let pairs = p[i + 1..].iter().zip(&q[i + 1..]);
        pairs.map(|(p, q)| p * (p / q).ln()).sum()
    };
    Ok(p.iter().zip(&q).enumerate().map(above).sum())
}

fn densities(labels: &[f64]) -> Result<Vec<Vec<f64>>> {
    let distance = |a: &f64, b: &f64| (a - b).abs();
    let largest = labels
        .iter()
        .flat_map(|a| labels.iter().map(move |b| distance(a, b)))
        .fold(0.0, f64::max);
    if largest == 0.0 {
        bail!(
            "value",
            "all {} labels are equal: they have no order to compare",
            labels.len()
        );
    }
    // the normal density of d² with σ² the largest distance; its factor cancels
    let density = |a: &f64, b: &f64| (-distance(a, b).powi(4) / (2.0 * largest)).exp();
    let row = |a: &f64| {
        let own: Vec<f64> = labels
            .iter()
            .map(|b| density(a, b).max(f64::MIN_POSITIVE))
            .collect();
        let sum: f64 = own.iter().sum();
        own.iter()
            .map(|x| x / (sum - x).max(f64::MIN_POSITIVE))
            .collect()
    };
    Ok(labels.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const FIRST: [usize; 12] = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4];
    const SECOND: [usize; 12] = [1, 1, 2, 2, 2, 2, 3, 3, 1, 3, 3, 3];

    /// Numbers of the authors' code (mclust's index).
    #[test]
    fn the_adjusted_rand_index_is_the_reference() {
        let found = adjusted_rand(&FIRST, &SECOND).expect("an index");
        assert!((found - 0.377_358_490_6).abs() < 1e-10, "{found}");
        assert_eq!(adjusted_rand(&FIRST, &FIRST).expect("an index"), 1.0);
        assert_eq!(adjusted_rand(&[0, 0], &[1, 1]).expect("an index"), 1.0);
        assert_eq!(adjusted_rand(&[0, 1], &[0, 0]).expect("an index"), 0.0);
        assert!(adjusted_rand(&[0], &[0, 1]).is_err() && adjusted_rand(&[], &[]).is_err());
    }

    /// Numbers of the authors' code.
    #[test]
    fn the_divergence_is_the_reference() {
        let numbers = |x: [usize; 12]| x.map(|x| x as f64);
        let (first, second) = (numbers(FIRST), numbers(SECOND));
        let found = ordinal_divergence(&first, &second).expect("a divergence");
        assert!((found - 3.294_248_24).abs() < 1e-8, "{found}");
        assert_eq!(
            ordinal_divergence(&first, &first).expect("a divergence"),
            0.0
        );
        assert!(ordinal_divergence(&first, &[1.0; 12]).is_err());
    }

    /// scikit-learn 1.7: `silhouette_samples`.
    #[test]
    fn silhouettes_are_those_of_scikit_learn() {
        let rows = array![[0.0], [1.0], [10.0], [12.0], [5.0]];
        let found = silhouettes(rows.view(), &[0, 0, 1, 1, 2]).expect("silhouettes");
        let expected = [0.8, 0.75, 0.6, 5.0 / 7.0, 0.0];
        for (x, y) in found.iter().zip(expected) {
            assert!((x - y).abs() < 1e-12, "{found:?}");
        }
        assert!(silhouettes(rows.view(), &[0; 5]).is_err());
        let two = silhouettes(array![[0.0], [1.0]].view(), &[0, 1]).expect_err("two rows");
        assert!(two.message.contains("at least 3 rows, got 2"), "{two}");
    }
}
