//! Rows of one gene.

use super::settings::Duplicates;
use ndarray::Array2;
use std::collections::HashMap;

/// Combines rows of one name.
pub fn collapsed(
    genes: Vec<String>,
    values: Array2<f64>,
    how: Duplicates,
) -> (Vec<String>, Array2<f64>, usize) {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for (i, gene) in genes.iter().enumerate() {
        let group = *at.entry(gene).or_insert_with(|| {
            groups.push((gene.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(i);
    }
    let repeated = genes.len() - groups.len();
    if repeated == 0 || how == Duplicates::Error {
        return (genes, values, 0);
    }
    let known = |row: usize| {
        values
            .row(row)
            .iter()
            .copied()
            .filter(|x| !x.is_nan())
            .collect()
    };
    let key = |row: usize| -> f64 {
        let known: Vec<f64> = known(row);
        match how {
            Duplicates::Variance => cistron_metrics::statistics::variance(&known),
            _ => cistron_metrics::statistics::mean(&known),
        }
    };
    let best = |rows: &[usize]| {
        let better = |a: usize, b: usize| {
            let (x, y) = (key(a), key(b));
            if y > x || (x.is_nan() && !y.is_nan()) {
                b
            } else {
                a
            }
        };
        rows.iter().copied().reduce(better).unwrap_or_default()
    };
    let mut combined = Array2::zeros((groups.len(), values.ncols()));
    for ((_, rows), mut target) in groups.iter().zip(combined.rows_mut()) {
        if how != Duplicates::Mean {
            target.assign(&values.row(best(rows)));
            continue;
        }
        for (sample, cell) in target.iter_mut().enumerate() {
            let known = rows.iter().map(|row| values[[*row, sample]]);
            let known: Vec<f64> = known.filter(|x| !x.is_nan()).collect();
            *cell = cistron_metrics::statistics::mean(&known);
        }
    }
    (
        groups.into_iter().map(|(name, _)| name).collect(),
        combined,
        repeated,
    )
}
