//! Logistic regression on sparse features, by L-BFGS.

use cistron_base::{Result, bail, interrupt};
use rayon::prelude::*;

/// Rows of a matrix of which few numbers differ from 0.
#[derive(Clone, Debug, Default)]
pub struct SparseRows {
    /// Where each row begins in `columns` and `values`, and the end.
    pub starts: Vec<usize>,
    /// Column of each number.
    pub columns: Vec<u32>,
    /// The numbers.
    pub values: Vec<f32>,
    /// Number of columns.
    pub width: usize,
}

impl SparseRows {
    /// No rows yet.
    pub fn new(width: usize) -> SparseRows {
        SparseRows {
            starts: vec![0],
            width,
            ..SparseRows::default()
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a row of columns, each once, with their numbers.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// Some rows, in the order of their numbers.
    pub fn select(&self, rows: &[usize]) -> SparseRows {
        let mut out = SparseRows::new(self.width);
        for row in rows {
            out.push(self.row(*row));
        }
        out
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        let range = self.starts[row]..self.starts[row + 1];
        let columns = self.columns[range.clone()].iter().copied();
        columns.zip(self.values[range].iter().copied())
    }

    /// The standard deviation of each column; 1 for constant columns.
    pub fn deviations(&self) -> Vec<f64> {
        let n = self.len().max(1) as f64;
        let (mut sum, mut square) = (vec![0.0; self.width], vec![0.0; self.width]);
        for (column, value) in self.columns.iter().zip(&self.values) {
            let value = f64::from(*value);
            sum[*column as usize] += value;
            square[*column as usize] += value * value;
        }
        sum.iter()
            .zip(&square)
            .map(|(sum, square)| (square / n - (sum / n).powi(2)).max(0.0).sqrt())
            .map(|deviation| if deviation < 1e-9 { 1.0 } else { deviation })
            .collect()
    }
}

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct Logistic {
    /// A weight for each column.
    pub weights: Vec<f64>,
    /// The constant.
    pub bias: f64,
    /// Number of iterations.
    pub iterations: usize,
}

/// Chunks of rows whose gradients are summed one after another, so that the sum does not depend on
/// the number of threads.
const CHUNKS: usize = 32;
/// Pairs of steps and changes of the gradient that approximate the curvature.
const HISTORY: usize = 10;
const MOST_ITERATIONS: usize = 100;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean loss with its penalty, and the gradient; the bias is the last parameter.
struct Objective<'a> {
    rows: &'a SparseRows,
    labels: &'a [bool],
    penalty: f64,
}

impl Objective<'_> {
    fn at(&self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let (weights, bias) = parameters.split_at(self.rows.width);
        let n = self.rows.len();
        let size = n.div_ceil(CHUNKS).max(1);
        let part = |chunk: usize| {
            let mut own = vec![0.0; parameters.len()];
            let mut loss = 0.0;
            for row in chunk * size..n.min((chunk + 1) * size) {
                let terms = self.rows.row(row);
                let score = terms
                    .map(|(column, value)| weights[column as usize] * f64::from(value))
                    .sum::<f64>()
                    + bias[0];
                let signed = if self.labels[row] { -score } else { score };
                // ln(1 + e^x) without overflow
                loss += signed.max(0.0) + (-signed.abs()).exp().ln_1p();
                let share = 1.0 / (1.0 + (-signed).exp());
                let slope = if self.labels[row] { -share } else { share };
                for (column, value) in self.rows.row(row) {
                    own[column as usize] += slope * f64::from(value);
                }
                own[self.rows.width] += slope;
            }
            (loss, own)
        };
        let parts: Vec<(f64, Vec<f64>)> = (0..n.div_ceil(size)).into_par_iter().map(part).collect();
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (own, slopes) in parts {
            loss += own;
            gradient
                .iter_mut()
                .zip(slopes)
                .for_each(|(g, own)| *g += own);
        }
        let scale = 1.0 / n as f64;
        gradient.iter_mut().for_each(|g| *g *= scale);
        let pairs = gradient.iter_mut().zip(weights);
        pairs.for_each(|(g, w)| *g += self.penalty * w);
        loss * scale + 0.5 * self.penalty * dot(weights, weights)
    }
}

/// The direction of L-BFGS (Nocedal 1980): the gradient times an approximate inverse curvature.
fn direction(gradient: &[f64], history: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.to_vec();
    let mut factors = Vec::new();
    for (step, change) in history.iter().rev() {
        let factor = dot(step, &q) / dot(step, change);
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= factor * y);
        factors.push(factor);
    }
    if let Some((step, change)) = history.last() {
        let scale = dot(step, change) / dot(change, change);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((step, change), factor) in history.iter().zip(factors.into_iter().rev()) {
        let other = dot(change, &q) / dot(step, change);
        q.iter_mut()
            .zip(step)
            .for_each(|(q, s)| *q += (factor - other) * s);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

/// Fits labels; `penalty` is half the factor of the squared weights in the mean loss, 1 / (C n) of
/// scikit-learn's C for n rows. The constant is not penalised.
pub fn fit(rows: &SparseRows, labels: &[bool], penalty: f64) -> Result<Logistic> {
    if rows.len() != labels.len() {
        bail!(
            "value",
            "{} rows of features for {} labels",
            rows.len(),
            labels.len()
        );
    }
    let positives = labels.iter().filter(|label| **label).count();
    if positives == 0 || positives == labels.len() {
        bail!(
            "value",
            "logistic regression needs rows of both classes, got {positives} positives of {}",
            labels.len()
        );
    }
    if !(penalty > 0.0 && penalty.is_finite()) {
        bail!("value", "the penalty must be above 0, got {penalty}");
    }
    let objective = Objective {
        rows,
        labels,
        penalty,
    };
    let mut parameters = vec![0.0; rows.width + 1];
    let mut gradient = vec![0.0; parameters.len()];
    let mut loss = objective.at(&parameters, &mut gradient);
    let mut history: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    let mut iterations = 0;
    while iterations < MOST_ITERATIONS {
        interrupt::check()?;
        let steepest = gradient.iter().fold(0.0f64, |most, g| most.max(g.abs()));
        if steepest < 1e-5 {
            break;
        }
        iterations += 1;
        let along = direction(&gradient, &history);
        let slope = dot(&gradient, &along);
        let mut length = if history.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt().max(1.0)
        } else {
            1.0
        };
        let mut next = vec![0.0; parameters.len()];
        let mut next_gradient = vec![0.0; parameters.len()];
        let mut next_loss = f64::INFINITY;
        for _ in 0..40 {
            let moved = parameters.iter().zip(&along).map(|(p, d)| p + length * d);
            next.iter_mut()
                .zip(moved)
                .for_each(|(next, moved)| *next = moved);
            next_loss = objective.at(&next, &mut next_gradient);
            if next_loss <= loss + 1e-4 * length * slope {
                break;
            }
            length *= 0.5;
        }
        if next_loss >= loss {
            break; // the precision of the numbers is reached
        }
        let step: Vec<f64> = next.iter().zip(&parameters).map(|(a, b)| a - b).collect();
        let pairs = next_gradient.iter().zip(&gradient);
        let change: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
        if dot(&step, &change) > 1e-12 * dot(&change, &change) {
            if history.len() == HISTORY {
                history.remove(0);
            }
            history.push((step, change));
        }
        (parameters, gradient, loss) = (next, next_gradient, next_loss);
    }
    let bias = parameters.pop().unwrap_or_default();
    Ok(Logistic {
        weights: parameters,
        bias,
        iterations,
    })
}

impl Logistic {
    /// The logits of rows.
    pub fn scores(&self, rows: &SparseRows) -> Vec<f64> {
        let score = |row: usize| {
            let terms = rows.row(row);
            terms
                .map(|(column, value)| self.weights[column as usize] * f64::from(value))
                .sum::<f64>()
                + self.bias
        };
        (0..rows.len()).into_par_iter().map(score).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LogisticRegression(C=2.0, tol=1e-10).fit(x, y) of scikit-learn 1.9.
    #[test]
    fn weights_are_those_of_scikit_learn() {
        let x = [
            [0.5, 0.0, 1.0],
            [1.5, -1.0, 0.0],
            [0.0, 2.0, -0.5],
            [-1.0, 0.5, 0.0],
            [2.0, 0.0, 1.5],
            [0.0, 0.0, 0.0],
            [-0.5, 1.0, 2.0],
            [1.0, 1.0, -1.0],
        ];
        let labels = [true, true, false, false, true, false, false, true];
        let mut rows = SparseRows::new(3);
        for row in x {
            let filled = (0..3).filter(|i| row[*i as usize] != 0.0);
            rows.push(filled.map(|i| (i, row[i as usize])));
        }
        let fitted = fit(&rows, &labels, 1.0 / (2.0 * 8.0)).expect("a fit");
        let expected = [1.696_337, -0.578_305, -0.041_692];
        for (own, other) in fitted.weights.iter().zip(expected) {
            assert!(
                (own - other).abs() < 1e-4,
                "{:?} {}",
                fitted.weights,
                fitted.bias
            );
        }
        assert!((fitted.bias + 0.365_746).abs() < 1e-4, "{}", fitted.bias);
        let scores = fitted.scores(&rows);
        assert!((scores[5] - fitted.bias).abs() < 1e-12);
    }

    #[test]
    fn one_class_and_other_lengths_are_errors() {
        let mut rows = SparseRows::new(1);
        rows.push([(0, 1.0)]);
        rows.push([]);
        assert!(fit(&rows, &[true, true], 0.1).is_err());
        assert!(fit(&rows, &[true], 0.1).is_err());
        assert!(fit(&rows, &[true, false], 0.0).is_err());
        assert!(fit(&rows, &[true, false], 0.1).is_ok());
    }
}
