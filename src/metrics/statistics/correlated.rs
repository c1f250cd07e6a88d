//! Tests of correlation.

use super::{Alternative, Outcome, correlation, of_normal, ranks, t};
use crate::bail;
use crate::base::Result;

fn check(x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() || x.len() < 3 {
        bail!("shape", "correlation needs at least three pairs, got {} and {} values", x.len(), y.len());
    }
    Ok(())
}

fn of_r(r: f64, n: usize, alternative: Alternative) -> Outcome {
    let df = n as f64 - 2.0;
    let statistic = r * (df / ((1.0 - r) * (1.0 + r))).sqrt();
    let p_value =
        if r.abs() >= 1.0 { alternative.p_value(f64::from(u8::from(r < 0.0)), f64::from(u8::from(r > 0.0))) } else { t::p_value(statistic, df, alternative) };
    Outcome { statistic: r, p_value: if r.is_nan() { f64::NAN } else { p_value }, more: vec![("df", df)] }
}

/// Whether two samples are linearly related.
pub fn pearson(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    Ok(of_r(correlation(x, y), x.len(), alternative))
}

/// Whether the ranks of two samples are related; p by Student's distribution.
pub fn spearman(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    pearson(&ranks(x).0, &ranks(y).0, alternative)
}

/// Whether two samples put pairs in the same order (Kendall's τ-b); exact for up to 33 pairs without ties, else normal.
pub fn kendall(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    let n = x.len();
    let (mut concordant, mut discordant) = (0i64, 0i64);
    for i in 0..n {
        for j in 0..i {
            let product = (x[i] - x[j]).signum() * f64::from(u8::from(x[i] != x[j])) * (y[i] - y[j]).signum() * f64::from(u8::from(y[i] != y[j]));
            concordant += i64::from(product > 0.0);
            discordant += i64::from(product < 0.0);
        }
    }
    let groups = |x: &[f64]| {
        let mut sorted = x.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.chunk_by(|a, b| a == b).map(|group| group.len() as f64).collect::<Vec<_>>()
    };
    let (gx, gy) = (groups(x), groups(y));
    let sum = |g: &[f64], of: fn(f64) -> f64| g.iter().map(|t| of(*t)).sum::<f64>();
    let pairs = (n * (n - 1)) as f64 / 2.0;
    let (tx, ty) = (sum(&gx, |t| t * (t - 1.0) / 2.0), sum(&gy, |t| t * (t - 1.0) / 2.0));
    let s = (concordant - discordant) as f64;
    let tau = s / ((pairs - tx) * (pairs - ty)).sqrt();
    let p_value = if tx == 0.0 && ty == 0.0 && n <= 33 {
        // how many orders have each number of discordant pairs
        let mut ways = vec![1.0f64];
        for k in 2..=n {
            let mut next = vec![0.0; ways.len() + k - 1];
            ways.iter().enumerate().for_each(|(at, w)| (0..k).for_each(|step| next[at + step] += w));
            ways = next;
        }
        let all: f64 = ways.iter().sum();
        let at = discordant as usize;
        alternative.p_value(ways[..=at].iter().sum::<f64>() / all, ways[at..].iter().sum::<f64>() / all)
    } else {
        let n = n as f64;
        let v = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
        let variance = (v(n) - sum(&gx, v) - sum(&gy, v)) / 18.0
            + 2.0 * tx * ty * 2.0 / (2.0 * n * (n - 1.0))
            + sum(&gx, |t| t * (t - 1.0) * (t - 2.0)) * sum(&gy, |t| t * (t - 1.0) * (t - 2.0)) / (9.0 * n * (n - 1.0) * (n - 2.0));
        of_normal(s / variance.sqrt(), alternative)
    };
    Ok(Outcome { statistic: tau, p_value, more: Vec::new() })
}
