//! Resampling: permutation tests and bootstrap intervals.

use super::{Alternative, Outcome};
use crate::bail;
use crate::base::Result;
use crate::base::seed::Rng;
use statrs::distribution::{ContinuousCDF, Normal};

/// Whether a statistic of two samples is as large by chance: labels of the samples are permuted `n` times. What was seen
/// counts as one of the permutations, so that p is never 0.
pub fn permutation(x: &[f64], y: &[f64], statistic: &dyn Fn(&[f64], &[f64]) -> Result<f64>, n: usize, alternative: Alternative, seed: u64) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    let seen = statistic(x, y)?;
    let mut all = [x, y].concat();
    let (mut at_least, mut at_most) = (1.0, 1.0);
    // sums in another order differ by rounding
    let slack = 1e-12 * seen.abs().max(1e-300);
    for i in 0..n {
        Rng::keyed(&[seed, 0x7065_726d, i as u64]).shuffle(&mut all);
        let value = statistic(&all[..x.len()], &all[x.len()..])?;
        at_least += f64::from(u8::from(value >= seen - slack));
        at_most += f64::from(u8::from(value <= seen + slack));
    }
    let of = n as f64 + 1.0;
    Ok(Outcome { statistic: seen, p_value: alternative.p_value(at_least / of, at_most / of), more: Vec::new() })
}

/// Which interval is made of bootstrap values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Their quantiles.
    Percentile,
    /// Quantiles corrected for bias and acceleration (Efron 1987).
    Bca,
}

/// An estimate with its bootstrap interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Of all rows.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The standard deviation of the bootstrap values.
    pub error: f64,
}

/// The value of a statistic of `rows` rows and its interval; the statistic is asked for rows by their numbers.
pub fn bootstrap(rows: usize, statistic: &dyn Fn(&[usize]) -> Result<f64>, n: usize, level: f64, kind: Interval, seed: u64) -> Result<Estimate> {
    if rows < 2 {
        bail!("value", "a bootstrap needs at least two rows, got {rows}");
    }
    let everything: Vec<usize> = (0..rows).collect();
    let value = statistic(&everything)?;
    let mut values = Vec::with_capacity(n);
    for i in 0..n {
        let mut rng = Rng::keyed(&[seed, 0x626f_6f74, i as u64]);
        let drawn: Vec<usize> = (0..rows).map(|_| rng.below(rows)).collect();
        let one = statistic(&drawn)?;
        if !one.is_nan() {
            values.push(one);
        }
    }
    if values.is_empty() {
        bail!("value", "the statistic was undefined on every resample");
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = match kind {
        Interval::Percentile => (tail, 1.0 - tail),
        Interval::Bca => {
            let normal = Normal::standard();
            let below = values
                .iter()
                .map(|v| {
                    if *v < value {
                        1.0
                    } else if *v == value {
                        0.5
                    } else {
                        0.0
                    }
                })
                .sum::<f64>()
                / values.len() as f64;
            let bias = normal.inverse_cdf(below.clamp(1e-9, 1.0 - 1e-9));
            let without = |i: usize| statistic(&everything.iter().copied().filter(|row| *row != i).collect::<Vec<_>>());
            let jackknife: Vec<f64> = (0..rows).map(without).collect::<Result<_>>()?;
            let centre = super::mean(&jackknife);
            let (cubes, squares) = jackknife.iter().fold((0.0, 0.0), |(c, s), v| (c + (centre - v).powi(3), s + (centre - v).powi(2)));
            let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
            let moved = |q: f64| {
                let z = bias + normal.inverse_cdf(q);
                normal.cdf(bias + z / (1.0 - acceleration * z))
            };
            (moved(tail), moved(1.0 - tail))
        }
    };
    let error = if values.len() > 1 { super::variance(&values).sqrt() } else { 0.0 };
    Ok(Estimate { value, low: quantile(&values, low), high: quantile(&values, high), error })
}

/// The quantile of sorted values, linear between them.
/// A quantile of sorted numbers, between neighbours where it falls between them.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
