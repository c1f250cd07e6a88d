//! Mutual information of all pairs of genes, and networks from it, by minet's rules.

use crate::correlation::{self, Kind};
use crate::expression::Expression;
use cistron_base::Result;
use cistron_base::seed::Rng;
use ndarray::Array2;
use rayon::prelude::*;

/// How mutual information is estimated, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// -½ ln(1 - ρ²) of Spearman's correlation.
    Spearman,
    /// -½ ln(1 - r²) of Pearson's correlation.
    Pearson,
    /// From counts in bins with equally many samples, √samples of them (plug-in estimate).
    Binned,
    /// From the distances of the three nearest neighbours (Kraskov et al. 2004, first estimator).
    Nearest,
}

/// The largest absolute correlation that is distinguished from 1.
const LARGEST: f64 = 1.0 - 1e-9;

/// Mutual information of pairs of genes; the diagonal is 0.
pub fn matrix(matrix: &Expression, estimator: Estimator) -> Result<Array2<f64>> {
    let of_correlation = |kind| {
        let mut scores = correlation::matrix(matrix, kind)?;
        scores.mapv_inplace(|r| -0.5 * (1.0 - r.abs().min(LARGEST).powi(2)).ln());
        scores.diag_mut().fill(0.0);
        Ok(scores)
    };
    match estimator {
        Estimator::Spearman => of_correlation(Kind::Spearman),
        Estimator::Pearson => of_correlation(Kind::Pearson),
        Estimator::Binned => {
            let bins = (matrix.samples().len() as f64).sqrt().round().max(2.0) as usize;
            let rows = matrix.values().rows().into_iter();
            let codes: Vec<Vec<usize>> = rows.map(|row| binned(&row.to_vec(), bins)).collect();
            Ok(by_pairs(&codes, |x, y| binned_information(x, y, bins)))
        }
        Estimator::Nearest => {
            let rows = matrix.values().rows().into_iter().enumerate();
            let rows: Vec<Vec<f64>> = rows.map(|(i, row)| jittered(&row.to_vec(), i)).collect();
            Ok(by_pairs(&rows, |x, y| nearest_information(x, y, 3)))
        }
    }
}

fn by_pairs<T: Sync>(rows: &[T], of: impl Fn(&T, &T) -> f64 + Sync) -> Array2<f64> {
    let n = rows.len();
    let upper: Vec<Vec<f64>> = (0..n)
        .into_par_iter()
        .map(|i| {
            (i + 1..n)
                .map(|j| of(&rows[i], &rows[j]).max(0.0))
                .collect()
        })
        .collect();
    let mut scores = Array2::zeros((n, n));
    for (i, row) in upper.iter().enumerate() {
        for (j, score) in (i + 1..n).zip(row) {
            scores[[i, j]] = *score;
            scores[[j, i]] = *score;
        }
    }
    scores
}

/// The bin of each value; equal values share a bin.
fn binned(row: &[f64], bins: usize) -> Vec<usize> {
    let (ranks, _) = cistron_metrics::statistics::ranks(row);
    let n = row.len() as f64;
    let bin = |rank: &f64| ((rank - 0.5) / n * bins as f64) as usize;
    ranks.iter().map(|rank| bin(rank).min(bins - 1)).collect()
}

fn entropy(counts: &[usize], n: f64) -> f64 {
    let shares = counts.iter().filter(|c| **c > 0).map(|c| *c as f64 / n);
    -shares.map(|p| p * p.ln()).sum::<f64>()
}

fn binned_information(x: &[usize], y: &[usize], bins: usize) -> f64 {
    let (mut a, mut b, mut joint) = (vec![0; bins], vec![0; bins], vec![0; bins * bins]);
    for (i, j) in x.iter().zip(y) {
        a[*i] += 1;
        b[*j] += 1;
        joint[i * bins + j] += 1;
    }
    let n = x.len() as f64;
    entropy(&a, n) + entropy(&b, n) - entropy(&joint, n)
}

/// A row with standard deviation 1 and noise of 1e-10, which separates equal values.
fn jittered(row: &[f64], key: usize) -> Vec<f64> {
    let spread = cistron_metrics::statistics::variance(row).sqrt();
    let mut rng = Rng::keyed(&[key as u64, 0x6a69_7474]);
    let scale = if spread > 0.0 { spread } else { 1.0 };
    row.iter()
        .map(|x| x / scale + 1e-10 * rng.normal())
        .collect()
}

/// The logarithmic derivative of the gamma function at a positive integer.
fn digamma(n: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    (1..n).map(|i| 1.0 / i as f64).sum::<f64>() - EULER
}

fn nearest_information(x: &[f64], y: &[f64], k: usize) -> f64 {
    let n = x.len();
    let k = k.min(n - 1);
    let harmonic: Vec<f64> = (0..=n).map(|i| digamma(i.max(1))).collect();
    let one = |i: usize| {
        let others = (0..n).filter(|j| *j != i);
        let distance = |j: usize| (x[i] - x[j]).abs().max((y[i] - y[j]).abs());
        let mut distances: Vec<f64> = others.map(distance).collect();
        let (_, radius, _) = distances.select_nth_unstable_by(k - 1, f64::total_cmp);
        let radius = *radius;
        let within = |v: &[f64]| {
            let others = (0..n).filter(|j| *j != i);
            others.filter(|j| (v[i] - v[*j]).abs() < radius).count()
        };
        harmonic[within(x) + 1] + harmonic[within(y) + 1]
    };
    let sum: f64 = (0..n).map(one).sum();
    harmonic[k] + harmonic[n] - sum / n as f64
}

/// The root of the sum of squared z-scores of a pair in the distributions of both genes, negative
/// ones being 0; mean and standard deviation (over n - 1) leave the diagonal out.
pub fn clr(information: &Array2<f64>) -> Array2<f64> {
    let n = information.nrows();
    let others = (n as f64 - 1.0).max(1.0);
    let moments: Vec<(f64, f64)> = (0..n)
        .map(|i| {
            let row = || (0..n).filter(|j| *j != i).map(|j| information[[i, j]]);
            let mean = row().sum::<f64>() / others;
            let squares = row().map(|x| (x - mean).powi(2)).sum::<f64>();
            (mean, (squares / (others - 1.0).max(1.0)).sqrt())
        })
        .collect();
    let z = |x: f64, (mean, spread): (f64, f64)| match spread > 0.0 {
        true => ((x - mean) / spread).max(0.0),
        false => 0.0,
    };
    Array2::from_shape_fn((n, n), |(i, j)| match i == j {
        true => 0.0,
        false => z(information[[i, j]], moments[i]).hypot(z(information[[i, j]], moments[j])),
    })
}

/// Removes the weakest pair of each triangle of genes.
pub fn aracne(information: &Array2<f64>, epsilon: f64) -> Array2<f64> {
    let n = information.nrows();
    let removed: Vec<Vec<bool>> = (0..n)
        .into_par_iter()
        .map(|i| {
            let indirect = |j: usize| {
                let own = information[[i, j]] + epsilon;
                (0..n).any(|k| {
                    k != i && k != j && own < information[[i, k]] && own < information[[j, k]]
                })
            };
            (0..n).map(indirect).collect()
        })
        .collect();
    Array2::from_shape_fn((n, n), |(i, j)| match i == j || removed[i][j] {
        true => 0.0,
        false => information[[i, j]],
    })
}

/// The scores of all genes as predictors of one: each is taken in turn by its information about the
/// target less its mean information about those taken before, until that is negative.
fn mrnet_of(information: &Array2<f64>, target: usize) -> Vec<f64> {
    let n = information.nrows();
    let mut scores = vec![0.0; n];
    let mut redundancy = vec![0.0; n];
    let mut open: Vec<usize> = (0..n).filter(|gene| *gene != target).collect();
    for taken in 0..n.saturating_sub(1) {
        let score =
            |gene: usize| information[[target, gene]] - redundancy[gene] / (taken as f64).max(1.0);
        let better = |best: usize, at: usize| match score(open[at]) > score(open[best]) {
            true => at,
            false => best,
        };
        let best = (1..open.len()).fold(0, better);
        let gene = open.remove(best);
        let value = score(gene);
        if value < 0.0 {
            break;
        }
        scores[gene] = value;
        for other in &open {
            redundancy[*other] += information[[gene, *other]];
        }
    }
    scores
}

/// The larger of the two scores of a pair, as predictor of each other.
pub fn mrnet(information: &Array2<f64>) -> Array2<f64> {
    let n = information.nrows();
    let rows: Vec<Vec<f64>> = (0..n)
        .into_par_iter()
        .map(|target| mrnet_of(information, target))
        .collect();
    Array2::from_shape_fn((n, n), |(i, j)| rows[i][j].max(rows[j][i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn pair(n: usize, r: f64) -> Expression {
        let mut rng = Rng::keyed(&[9]);
        let x: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
        let y = x
            .iter()
            .map(|x| r * x + (1.0 - r * r).sqrt() * rng.normal());
        let values: Vec<f64> = x.iter().copied().chain(y).collect();
        let values = Array2::from_shape_vec((2, n), values).expect("a matrix");
        let samples = (0..n).map(|i| format!("s{i}")).collect();
        Expression::new(vec!["x".into(), "y".into()], samples, values).expect("a matrix")
    }

    /// A Gaussian pair of correlation r has -½ ln(1 - r²) nats.
    #[test]
    fn all_estimators_agree_on_a_gaussian_pair() {
        let m = pair(2000, 0.8);
        let exact = -0.5 * (1.0f64 - 0.64).ln();
        for (estimator, tolerance) in [
            (Estimator::Pearson, 0.05),
            (Estimator::Spearman, 0.08),
            (Estimator::Nearest, 0.05),
            // the plug-in estimate of 45 x 45 cells is biased upwards
            (Estimator::Binned, 0.5),
        ] {
            let found = matrix(&m, estimator).expect("information")[[0, 1]];
            assert!(
                (found - exact).abs() < tolerance,
                "{estimator:?}: {found} {exact}"
            );
        }
        assert_eq!(binned(&[1.0, 2.0, 3.0, 4.0], 2), [0, 0, 1, 1]);
        assert!((binned_information(&[0, 0, 1, 1], &[1, 1, 0, 0], 2) - 2f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn triangles_lose_their_weakest_pair() {
        let m = array![[0.0, 3.0, 1.0], [3.0, 0.0, 2.0], [1.0, 2.0, 0.0]];
        let kept = aracne(&m, 0.0);
        assert_eq!(
            kept,
            array![[0.0, 3.0, 0.0], [3.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
        );
        assert_eq!(aracne(&m, 1.0), m);
    }

    /// Of target 0: gene 1 (3 nats), then gene 2 with 2.5 - 1 nats; of target 2, gene 0 first.
    #[test]
    fn redundant_predictors_score_less() {
        let m = array![[0.0, 3.0, 2.5], [3.0, 0.0, 1.0], [2.5, 1.0, 0.0]];
        assert_eq!(mrnet_of(&m, 0), [0.0, 3.0, 1.5]);
        assert_eq!(mrnet(&m)[[0, 2]], 2.5);
    }

    #[test]
    fn equal_information_has_no_context() {
        let m = Array2::from_shape_fn((4, 4), |(i, j)| f64::from(u8::from(i != j)));
        assert!(clr(&m).iter().all(|z| *z == 0.0));
    }
}
