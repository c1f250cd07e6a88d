//! Resampling: permutation tests and bootstrap intervals.

use super::{Alternative, Outcome};
use cistron_base::Result;
use cistron_base::bail;
use cistron_base::seed::Rng;
use statrs::distribution::{ContinuousCDF, Normal};

/// Whether a statistic of two samples is as large by chance: labels of the samples are permuted `n`
/// times. What was seen counts as one of the permutations, so that p is never 0.
pub fn permutation(
    x: &[f64],
    y: &[f64],
    statistic: &dyn Fn(&[f64], &[f64]) -> Result<f64>,
    n: usize,
    alternative: Alternative,
    seed: u64,
) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    let seen = statistic(x, y)?;
    if seen.is_nan() {
        return Ok(Outcome {
            statistic: seen,
            p_value: f64::NAN,
            more: Vec::new(),
        });
    }
    let mut all = [x, y].concat();
    let (mut at_least, mut at_most) = (1.0, 1.0);
    // sums in another order differ by rounding
    let slack = 1e-12 * seen.abs().max(1e-300);
    for i in 0..n {
        Rng::keyed(&[seed, 0x7065_726d, i as u64]).shuffle(&mut all);
        let value = statistic(&all[..x.len()], &all[x.len()..])?;
        if value.is_nan() {
            bail!(
                "value",
                "the statistic of the samples is {seen}, but NaN of permutation {}",
                i + 1
            );
        }
        at_least += f64::from(u8::from(value >= seen - slack));
        at_most += f64::from(u8::from(value <= seen + slack));
    }
    let of = n as f64 + 1.0;
    Ok(Outcome {
        statistic: seen,
        p_value: alternative.p_value(at_least / of, at_most / of),
        more: Vec::new(),
    })
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
    /// Resamples on which the statistic was undefined, which are left out.
    pub undefined: usize,
}

/// The value of a statistic of `rows` rows and its interval; the statistic is asked for rows by
/// their numbers.
pub fn bootstrap(
    rows: usize,
    statistic: &dyn Fn(&[usize]) -> Result<f64>,
    n: usize,
    level: f64,
    kind: Interval,
    seed: u64,
) -> Result<Estimate> {
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
    let jackknife = || {
        (0..rows)
            .map(|i| {
                statistic(
                    &everything
                        .iter()
                        .copied()
                        .filter(|row| *row != i)
                        .collect::<Vec<_>>(),
                )
            })
            .collect()
    };
    let (low, high) = ends(&values, value, level, kind, jackknife)?;
    let error = if values.len() > 1 {
        super::variance(&values).sqrt()
    } else {
        0.0
    };
    Ok(Estimate {
        value,
        low,
        high,
        error,
        undefined: n - values.len(),
    })
}

/// The ends of an interval out of sorted bootstrap values; `jackknife` is the statistic without
/// each row. Ends of a BCa interval are NaN where all values are on one side, or no row matters, as
/// in SciPy.
pub fn ends(
    values: &[f64],
    value: f64,
    level: f64,
    kind: Interval,
    jackknife: impl FnOnce() -> Result<Vec<f64>>,
) -> Result<(f64, f64)> {
    let tail = (1.0 - level) / 2.0;
    if kind == Interval::Percentile {
        return Ok((quantile(values, tail), quantile(values, 1.0 - tail)));
    }
    let normal = Normal::standard();
    let below = values.partition_point(|v| *v < value) as f64;
    let equal = values.partition_point(|v| *v <= value) as f64 - below;
    let below = (below + equal / 2.0) / values.len() as f64;
    let bias = if below > 0.0 && below < 1.0 {
        normal.inverse_cdf(below)
    } else {
        f64::NAN
    };
    let jackknife = jackknife()?;
    let centre = super::mean(&jackknife);
    let (cubes, squares) = jackknife.iter().fold((0.0, 0.0), |(c, s), v| {
        (c + (centre - v).powi(3), s + (centre - v).powi(2))
    });
    let acceleration = cubes / (6.0 * squares.powf(1.5));
    let moved = |q: f64| {
        let z = bias + normal.inverse_cdf(q);
        normal.cdf(bias + z / (1.0 - acceleration * z))
    };
    Ok((
        quantile(values, moved(tail)),
        quantile(values, moved(1.0 - tail)),
    ))
}

/// A quantile of sorted numbers, between neighbours where it falls between them; NaN of none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    if q.is_nan() || sorted.is_empty() {
        return f64::NAN;
    }
    let at = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
