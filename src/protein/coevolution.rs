//! Which columns of an alignment vary together: covariances and direct couplings.

use crate::alignment::Alignment;
use cistron_base::{Result, bail, interrupt};
use ndarray::Array2;
use rayon::prelude::*;

/// The largest number of columns: the matrix of couplings has (20 · columns)² numbers.
const LONGEST: usize = 400;

/// The covariance of each pair of letters in each pair of columns, `[441, n, n]`: f(a, b) - f(a)
/// f(b), channel 21 a + b.
pub fn covariance(alignment: &Alignment, weights: &[f64]) -> Result<Vec<f32>> {
    let n = checked(alignment, weights)?;
    let single = alignment.frequencies(weights);
    let total: f64 = weights.iter().sum();
    let mut out = vec![0.0_f32; 441 * n * n];
    let pairs = pair_counts(alignment, weights);
    for i in 0..n {
        for j in 0..n {
            for a in 0..21 {
                for b in 0..21 {
                    let joint = pairs[[i * 21 + a, j * 21 + b]] / total;
                    let value = joint - single[i * 21 + a] * single[j * 21 + b];
                    out[((a * 21 + b) * n + i) * n + j] = value as f32;
                }
            }
        }
    }
    Ok(out)
}

fn checked(alignment: &Alignment, weights: &[f64]) -> Result<usize> {
    let n = alignment.length;
    if n > LONGEST {
        bail!("value", "alignments of up to {LONGEST} columns are used, got {n}";
            hint: "cut it into domains");
    }
    if weights.len() != alignment.depth() {
        bail!(
            "shape",
            "there are {} weights for {} sequences",
            weights.len(),
            alignment.depth()
        );
    }
    let is_positive = weights
        .iter()
        .all(|weight| weight.is_finite() && *weight >= 0.0);
    if !is_positive || weights.iter().sum::<f64>() <= 0.0 {
        bail!(
            "value",
            "weights must be numbers of at least 0, and not all 0"
        );
    }
    Ok(n)
}

/// The weighted number of sequences with each pair of letters in each pair of columns,
/// `[21 n, 21 n]`.
fn pair_counts(alignment: &Alignment, weights: &[f64]) -> Array2<f64> {
    let n = alignment.length;
    let row = |i: usize| {
        let mut rows = vec![0.0; 21 * 21 * n];
        for (s, weight) in weights.iter().enumerate() {
            let codes = alignment.row(s);
            let part = &mut rows[usize::from(codes[i]) * 21 * n..][..21 * n];
            for (j, code) in codes.iter().enumerate() {
                part[j * 21 + usize::from(*code)] += weight;
            }
        }
        rows
    };
    let all: Vec<f64> = (0..n).into_par_iter().flat_map_iter(row).collect();
    Array2::from_shape_vec((21 * n, 21 * n), all).unwrap_or_else(|_| Array2::zeros((0, 0)))
}

/// The strength of the direct coupling of each pair of columns, `[n, n]`.
///
/// Mean-field DCA (Morcos et al. 2011): the couplings are the negative inverse of the covariances
/// of 20 letters, of frequencies to which `pseudocount` (a share of the weight) is added; a pair
/// has the Frobenius norm of its couplings in the gauge of zero sums, without the gap, minus the
/// product of the means of its row and column over the mean of all (average product correction).
pub fn mean_field(alignment: &Alignment, weights: &[f64], pseudocount: f64) -> Result<Array2<f64>> {
    let n = checked(alignment, weights)?;
    if n < 2 {
        bail!("value", "direct couplings need at least 2 columns, got {n}");
    }
    let total: f64 = weights.iter().sum();
    let (share, flat) = (1.0 - pseudocount, pseudocount / 21.0);
    let single = alignment.frequencies(weights);
    let single: Vec<f64> = single.iter().map(|f| share * f + flat).collect();
    let pairs = pair_counts(alignment, weights);
    let entry = |(row, column): (usize, usize)| {
        let (i, a) = (row / 20, row % 20);
        let (j, b) = (column / 20, column % 20);
        let (fa, fb) = (single[i * 21 + a], single[j * 21 + b]);
        let joint = if i == j {
            if a == b { fa } else { 0.0 }
        } else {
            share * pairs[[i * 21 + a, j * 21 + b]] / total + flat / 21.0
        };
        joint - fa * fb
    };
    let matrix = Array2::from_shape_fn((20 * n, 20 * n), entry);
    drop(pairs);
    let inverse = inverse(matrix)?;
    let mut out = Array2::zeros((n, n));
    for i in 0..n {
        for j in i + 1..n {
            let value = norm(&inverse, i, j);
            (out[[i, j]], out[[j, i]]) = (value, value);
        }
    }
    Ok(corrected(out))
}

/// The Frobenius norm of the couplings of two columns in the gauge of zero sums, without the gap.
// sums over pairs of letters are written by index
#[allow(clippy::needless_range_loop)]
fn norm(inverse: &Array2<f64>, i: usize, j: usize) -> f64 {
    let at = |a: usize, b: usize| {
        if a == 20 || b == 20 {
            0.0
        } else {
            -inverse[[i * 20 + a, j * 20 + b]]
        }
    };
    let (mut rows, mut columns, mut all) = ([0.0; 21], [0.0; 21], 0.0);
    for a in 0..21 {
        for b in 0..21 {
            rows[a] += at(a, b) / 21.0;
            columns[b] += at(a, b) / 21.0;
            all += at(a, b) / 441.0;
        }
    }
    let mut sum = 0.0;
    for a in 0..20 {
        for b in 0..20 {
            let value = at(a, b) - rows[a] - columns[b] + all;
            sum += value * value;
        }
    }
    sum.sqrt()
}

/// The average product correction of a symmetric map, `[n, n]`, whose diagonal is ignored.
pub fn corrected_of(map: &[f64], n: usize) -> Result<Vec<f64>> {
    if map.len() != n * n {
        bail!(
            "shape",
            "a map of {n} columns has {} values, got {}",
            n * n,
            map.len()
        );
    }
    let at = |(i, j): (usize, usize)| if i == j { 0.0 } else { map[i * n + j] };
    Ok(corrected(Array2::from_shape_fn((n, n), at))
        .into_iter()
        .collect())
}

/// The average product correction of a symmetric map with an empty diagonal.
pub fn corrected(map: Array2<f64>) -> Array2<f64> {
    let n = map.nrows();
    let others = (n.max(2) - 1) as f64;
    let means: Vec<f64> = map
        .rows()
        .into_iter()
        .map(|row| row.sum() / others)
        .collect();
    let mean = means.iter().sum::<f64>() / n.max(1) as f64;
    Array2::from_shape_fn((n, n), |(i, j)| match (i == j, mean != 0.0) {
        (true, _) => 0.0,
        (_, true) => map[[i, j]] - means[i] * means[j] / mean,
        _ => map[[i, j]],
    })
}

/// The inverse of a symmetric positive matrix, by Cholesky's decomposition.
fn inverse(matrix: Array2<f64>) -> Result<Array2<f64>> {
    let n = matrix.nrows();
    let mut rows: Vec<Vec<f64>> = matrix.rows().into_iter().map(|row| row.to_vec()).collect();
    drop(matrix);
    for k in 0..n {
        interrupt::check()?;
        let pivot = rows[k][k];
        if pivot.is_nan() || pivot <= 1e-14 {
            bail!("value", "the covariances of the alignment have no inverse";
                hint: "use a larger pseudocount");
        }
        let root = pivot.sqrt();
        rows[k..].iter_mut().for_each(|row| row[k] /= root);
        let column: Vec<f64> = rows[k + 1..].iter().map(|row| row[k]).collect();
        rows[k + 1..]
            .par_iter_mut()
            .enumerate()
            .for_each(|(i, row)| {
                let part = row[k + 1..=k + 1 + i].iter_mut();
                part.zip(&column).for_each(|(x, y)| *x -= column[i] * y);
            });
    }
    let columns: Vec<Vec<f64>> = (0..n).into_par_iter().map(|c| solved(&rows, c)).collect();
    Ok(Array2::from_shape_fn((n, n), |(i, j)| {
        columns[i.min(j)][i.max(j)]
    }))
}

/// The column `c` of the inverse of a matrix, from its lower triangle in Cholesky's decomposition;
/// numbers before `c` are not computed.
fn solved(lower: &[Vec<f64>], c: usize) -> Vec<f64> {
    let n = lower.len();
    let mut x = vec![0.0; n];
    for i in c..n {
        let known: f64 = lower[i][c..i]
            .iter()
            .zip(&x[c..i])
            .map(|(a, b)| a * b)
            .sum();
        let own = if i == c { 1.0 } else { 0.0 };
        x[i] = (own - known) / lower[i][i];
    }
    for i in (c..n).rev() {
        x[i] /= lower[i][i];
        let value = x[i];
        let row = &lower[i][c..i];
        x[c..i]
            .iter_mut()
            .zip(row)
            .for_each(|(x, a)| *x -= a * value);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alignment::parse;

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let a = Array2::from_shape_fn((6, 6), |(i, j)| {
            1.0 / (1.0 + (i as f64 - j as f64).abs()) + if i == j { 1.0 } else { 0.0 }
        });
        let product = inverse(a.clone()).expect("an inverse").dot(&a);
        for ((i, j), value) in product.indexed_iter() {
            assert!((value - f64::from(u8::from(i == j))).abs() < 1e-12);
        }
        assert!(inverse(Array2::zeros((3, 3))).is_err());
    }

    /// Columns 0 and 2 are equal, columns 1 and 3 are independent of them.
    fn coupled() -> Alignment {
        let letters = ["A", "C", "D", "E"];
        let mut text = String::new();
        for k in 0..64 {
            let own = letters[k % 4];
            text += &format!("{own}{}{own}{}\n", letters[k / 4 % 4], letters[k / 16 % 4]);
        }
        parse(&text).expect("an alignment")
    }

    #[test]
    fn coupled_columns_are_found() {
        let own = coupled();
        let map = mean_field(&own, &[1.0; 64], 0.5).expect("a map");
        let best = map
            .indexed_iter()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .expect("a pair")
            .0;
        assert!([(0, 2), (2, 0)].contains(&best), "{best:?}");
        assert_eq!(map[[2, 0]], map[[0, 2]]);
        let all = covariance(&own, &[1.0; 64]).expect("covariances");
        // A and A of columns 0 and 2: 1/4 - 1/16
        assert!((all[2] - 0.1875).abs() < 1e-6, "{}", all[2]);
        assert!(all[1].abs() < 1e-6);
    }

    #[test]
    fn wrong_weights_are_errors() {
        let own = coupled();
        assert!(mean_field(&own, &[1.0; 3], 0.5).is_err());
        assert!(covariance(&own, &[0.0; 64]).is_err());
        assert!(covariance(&own, &[f64::NAN; 64]).is_err());
        assert!(mean_field(&own, &[1.0; 64], 0.0).is_err());
        assert!(mean_field(&parse("A\nC\n").expect("an alignment"), &[1.0; 2], 0.5).is_err());
    }
}
