//! Scores of pairs of columns, and their exact distributions.

use cistron_metrics::statistics::rounded::{self, Rounding};
use ndarray::Array2;
use rayon::prelude::*;

/// How two columns are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Correlation.
    Pearson,
    /// Minus the Euclidean distance.
    Euclidean,
    /// Two minus the squared distance (Sandelin & Wasserman 2004).
    Sandelin,
    /// Minus the mean of both Kullback-Leibler divergences.
    Kullback,
    /// Average log-likelihood ratio (Wang & Stormo 2003).
    Allr,
}

impl Distance {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["pearson", "ed", "sandelin", "kullback", "allr"];

    /// The distance of a name.
    pub fn named(name: &str) -> Distance {
        match name {
            "pearson" => Distance::Pearson,
            "sandelin" => Distance::Sandelin,
            "kullback" => Distance::Kullback,
            "allr" => Distance::Allr,
            _ => Distance::Euclidean,
        }
    }
}

/// A column of a motif.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    /// Probabilities of A, C, G, T.
    pub(super) shares: &'a [f64; 4],
    /// Number of sites of the motif.
    pub(super) sites: f64,
}

/// The score of two columns, larger for similar ones.
pub(super) fn score(distance: Distance, background: [f64; 4], a: Column, b: Column) -> f64 {
    let pairs = || a.shares.iter().zip(b.shares);
    match distance {
        Distance::Pearson => {
            let (mut cross, mut left, mut right) = (0.0, 0.0, 0.0);
            for (x, y) in pairs() {
                cross += (x - 0.25) * (y - 0.25);
                left += (x - 0.25).powi(2);
                right += (y - 0.25).powi(2);
            }
            let below = (left * right).sqrt();
            if below > 0.0 { cross / below } else { 0.0 }
        }
        Distance::Euclidean => -pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
        Distance::Sandelin => 2.0 - pairs().map(|(x, y)| (x - y).powi(2)).sum::<f64>(),
        Distance::Kullback => -pairs()
            .map(|(x, y)| (x * (x / y).log10() + y * (y / x).log10()) / 2.0)
            .sum::<f64>(),
        Distance::Allr => {
            let (mut above, mut below) = (0.0, 0.0);
            for ((x, y), share) in pairs().zip(background) {
                above += b.sites * y * (x / share).ln() + a.sites * x * (y / share).ln();
                below += a.sites * x + b.sites * y;
            }
            above / below
        }
    }
}

/// Values that a column's score is rounded to.
pub(super) const BINS: usize = 100;
/// Rounded scores of a query against the columns of all targets.
pub(super) struct Scores {
    /// `[query columns, columns of all targets]`
    pub(super) steps: Array2<u16>,
    /// Frequency of each rounded score for each column of the query, `[query columns, steps]`.
    shares: Array2<f64>,
    pub(super) rounding: Rounding,
}

impl Scores {
    /// Rounds the scores `[query columns, columns of all targets]`; `complete` subtracts the median
    /// of each query column first.
    pub(super) fn new(mut scores: Array2<f64>, complete: bool) -> Scores {
        if complete {
            for mut row in scores.rows_mut() {
                let median = median(row.iter().copied());
                row -= median;
            }
        }
        let rounding = Rounding::of(scores.iter().copied(), BINS);
        let steps = scores.mapv(|x| rounding.steps(x).clamp(0.0, BINS as f64) as u16);
        let mut shares = Array2::zeros((steps.nrows(), BINS + 1));
        let weight = 1.0 / steps.ncols() as f64;
        for ((row, _), step) in steps.indexed_iter() {
            shares[[row, usize::from(*step)]] += weight;
        }
        Scores {
            steps,
            shares,
            rounding,
        }
    }

    /// The distribution of the sum over columns `start..=end`, for each pair of them.
    pub(super) fn distributions(&self) -> Vec<Vec<Vec<f64>>> {
        let width = self.steps.nrows();
        (0..width)
            .into_par_iter()
            .map(|start| {
                let mut sum = vec![1.0];
                (start..width)
                    .map(|end| {
                        let shares = self.shares.row(end);
                        sum = rounded::plus(&sum, BINS, shares.iter().copied().enumerate());
                        sum.clone()
                    })
                    .collect()
            })
            .collect()
    }
}

/// The median score of a query column, which is its score where it is not aligned.
fn median(scores: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = scores.collect();
    sorted.sort_by(f64::total_cmp);
    let half = 0.5 * sorted.len() as f64;
    let low = (half.floor() as usize).saturating_sub(1);
    let high = (half.ceil() as usize).saturating_sub(1).max(low);
    f64::midpoint(sorted[low], sorted[high])
}
