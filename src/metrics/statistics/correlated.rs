//! Tests of correlation.

use super::{Alternative, Outcome, correlation, has_nan, of_normal, of_ranks, t};
use cistron_base::Result;
use cistron_base::bail;

fn check(x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() || x.len() < 2 {
        bail!(
            "shape",
            "correlation needs at least two pairs, got {} and {} values",
            x.len(),
            y.len()
        );
    }
    Ok(())
}

fn of_r(r: f64, n: usize, alternative: Alternative) -> Outcome {
    let df = n as f64 - 2.0;
    let statistic = r * (df / ((1.0 - r) * (1.0 + r))).sqrt();
    Outcome {
        statistic: r,
        p_value: t::p_value(statistic, df, alternative),
        more: vec![("df", df)],
    }
}

/// Whether two samples are linearly related.
pub fn pearson(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    let r = correlation(x, y);
    // two pairs are always on a line: as SciPy
    if x.len() == 2 && !r.is_nan() {
        return Ok(Outcome {
            statistic: r.round(),
            p_value: 1.0,
            more: vec![("df", 0.0)],
        });
    }
    Ok(of_r(r, x.len(), alternative))
}

/// Whether the ranks of two samples are related; p by Student's distribution.
pub fn spearman(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    if has_nan(x, y) {
        return Ok(Outcome::undefined(&["df"]));
    }
    Ok(of_r(of_ranks(x, y), x.len(), alternative))
}

/// Pairs of the second sample that are in falling order, where the first sample is in order; sorts
/// it.
fn inversions(y: &mut [f64]) -> u64 {
    let n = y.len();
    if n < 2 {
        return 0;
    }
    let (left, right) = y.split_at_mut(n / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(n);
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if right[j] < left[i] {
            count += (left.len() - i) as u64;
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    y.copy_from_slice(&merged);
    count
}

/// Whether two samples put pairs in the same order (Kendall's τ-b); exact without ties for up to 33
/// pairs, or where at most one pair is out of order, else normal. Undefined (NaN) where a sample is
/// constant.
pub fn kendall(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    check(x, y)?;
    if has_nan(x, y) {
        return Ok(Outcome::undefined(&[]));
    }
    let n = x.len();
    // 0.0 and -0.0 are one value
    let mut own: Vec<(f64, f64)> = x.iter().zip(y).map(|(x, y)| (x + 0.0, y + 0.0)).collect();
    own.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let count = |t: usize| t as f64 * (t as f64 - 1.0) / 2.0;
    let both: f64 = own
        .chunk_by(|a, b| a == b)
        .map(|group| count(group.len()))
        .sum();
    let gx: Vec<f64> = own
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| group.len() as f64)
        .collect();
    let mut sorted: Vec<f64> = own.iter().map(|pair| pair.1).collect();
    let discordant = inversions(&mut sorted) as f64;
    let gy: Vec<f64> = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64)
        .collect();
    let sum = |g: &[f64], of: fn(f64) -> f64| g.iter().map(|t| of(*t)).sum::<f64>();
    let pairs = count(n);
    let (tx, ty) = (
        sum(&gx, |t| t * (t - 1.0) / 2.0),
        sum(&gy, |t| t * (t - 1.0) / 2.0),
    );
    if tx == pairs || ty == pairs {
        return Ok(Outcome::undefined(&[]));
    }
    let s = pairs - tx - ty + both - 2.0 * discordant;
    let tau = (s / (pairs - tx).sqrt() / (pairs - ty).sqrt()).clamp(-1.0, 1.0);
    let p_value =
        if tx == 0.0 && ty == 0.0 && (n <= 33 || discordant.min(pairs - discordant) <= 1.0) {
            exact(n, discordant, alternative)
        } else {
            let n = n as f64;
            let v = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
            let variance = (v(n) - sum(&gx, v) - sum(&gy, v)) / 18.0
                + 2.0 * tx * ty / (n * (n - 1.0))
                + sum(&gx, |t| t * (t - 1.0) * (t - 2.0)) * sum(&gy, |t| t * (t - 1.0) * (t - 2.0))
                    / (9.0 * n * (n - 1.0) * (n - 2.0));
            of_normal(s / variance.sqrt(), alternative)
        };
    Ok(Outcome {
        statistic: tau,
        p_value,
        more: Vec::new(),
    })
}

/// The exact chance of so many discordant pairs among `n` values without ties.
fn exact(n: usize, discordant: f64, alternative: Alternative) -> f64 {
    if n > 33 {
        // none or one pair is out of order: 1 or n orders of n!
        let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
        let of = |factors: usize| (2..=factors).fold(1.0, |share: f64, k| share / k as f64);
        let end = if discordant.min(pairs - discordant) == 0.0 {
            of(n)
        } else {
            of(n - 1)
        };
        let rest = 1.0 - end;
        return if discordant <= 1.0 {
            alternative.p_value(end, rest)
        } else {
            alternative.p_value(rest, end)
        };
    }
    // how many orders have each number of discordant pairs
    let mut ways = vec![1.0f64];
    for k in 2..=n {
        let mut next = vec![0.0; ways.len() + k - 1];
        ways.iter()
            .enumerate()
            .for_each(|(at, w)| (0..k).for_each(|step| next[at + step] += w));
        ways = next;
    }
    let all: f64 = ways.iter().sum();
    let at = discordant as usize;
    alternative.p_value(
        ways[..=at].iter().sum::<f64>() / all,
        ways[at..].iter().sum::<f64>() / all,
    )
}
