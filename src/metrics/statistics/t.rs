//! Tests of means.

use super::exact::student_above;
use super::{Alternative, Outcome, mean, variance};
use cistron_base::Result;
use cistron_base::bail;

fn enough(x: &[f64], name: &str) -> Result<()> {
    if x.len() < 2 {
        bail!(
            "value",
            "`{name}` needs at least two values, got {}",
            x.len()
        );
    }
    Ok(())
}

/// The chance of a statistic as extreme under Student's distribution.
pub fn p_value(t: f64, df: f64, alternative: Alternative) -> f64 {
    alternative.p_value(student_above(t, df), student_above(-t, df))
}

fn outcome(t: f64, df: f64, alternative: Alternative) -> Outcome {
    Outcome {
        statistic: t,
        p_value: p_value(t, df, alternative),
        more: vec![("df", df)],
    }
}

/// Whether the mean is `centre`.
pub fn one_sample(x: &[f64], centre: f64, alternative: Alternative) -> Result<Outcome> {
    enough(x, "x")?;
    let n = x.len() as f64;
    Ok(outcome(
        (mean(x) - centre) / (variance(x) / n).sqrt(),
        n - 1.0,
        alternative,
    ))
}

/// Whether two samples of equal variance have the same mean (Student).
pub fn student(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    enough(x, "x")?;
    enough(y, "y")?;
    let (n, m) = (x.len() as f64, y.len() as f64);
    let pooled = ((n - 1.0) * variance(x) + (m - 1.0) * variance(y)) / (n + m - 2.0);
    Ok(outcome(
        (mean(x) - mean(y)) / (pooled * (1.0 / n + 1.0 / m)).sqrt(),
        n + m - 2.0,
        alternative,
    ))
}

/// Whether two samples have the same mean, whatever their variances (Welch 1947).
pub fn welch(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    enough(x, "x")?;
    enough(y, "y")?;
    let (a, b) = (variance(x) / x.len() as f64, variance(y) / y.len() as f64);
    let df = (a + b).powi(2) / (a * a / (x.len() as f64 - 1.0) + b * b / (y.len() as f64 - 1.0));
    // two constant samples: as SciPy
    let df = if a + b == 0.0 { 1.0 } else { df };
    Ok(outcome(
        (mean(x) - mean(y)) / (a + b).sqrt(),
        df,
        alternative,
    ))
}

/// Whether the differences of pairs have mean 0.
pub fn paired(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    if x.len() != y.len() {
        bail!(
            "shape",
            "pairs need as many values on both sides, got {} and {}",
            x.len(),
            y.len()
        );
    }
    let differences: Vec<f64> = x.iter().zip(y).map(|(a, b)| a - b).collect();
    one_sample(&differences, 0.0, alternative)
}
