//! The test of Kolmogorov and Smirnov.

use super::{Alternative, Outcome};
use crate::bail;
use crate::base::Result;

/// The largest product of sample sizes for which chances are exact.
const EXACT: usize = 100_000_000;

/// Whether two samples come from one distribution; the statistic is the largest difference of their distribution functions.
///
/// `Greater` asks whether the first function lies above the second. Exact where the product of the sizes is at most 10^8 (by
/// counting lattice paths), else by Kolmogorov's limit.
pub fn two_samples(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    let sorted = |x: &[f64]| {
        let mut x = x.to_vec();
        x.sort_by(f64::total_cmp);
        x
    };
    let (a, b) = (sorted(x), sorted(y));
    let (n, m) = (a.len(), b.len());
    // differences in units of 1 / (n m), which are whole numbers
    let (mut above, mut below, mut i, mut j) = (0i64, 0i64, 0, 0);
    while i < n && j < m {
        let value = a[i].min(b[j]);
        while i < n && a[i] <= value {
            i += 1;
        }
        while j < m && b[j] <= value {
            j += 1;
        }
        let difference = (i * m) as i64 - (j * n) as i64;
        above = above.max(difference);
        below = below.max(-difference);
    }
    let units = match alternative {
        Alternative::TwoSided => above.max(below),
        Alternative::Greater => above,
        Alternative::Less => below,
    };
    let statistic = units as f64 / (n * m) as f64;
    let p_value = if units == 0 {
        1.0
    } else if n * m <= EXACT {
        match alternative {
            Alternative::Less => reaching(m, n, units, false),
            _ => reaching(n, m, units, alternative == Alternative::TwoSided),
        }
    } else {
        let size = (n * m) as f64 / (n + m) as f64;
        if alternative == Alternative::TwoSided { limit(statistic * size.sqrt()) } else { (-2.0 * statistic * statistic * size).exp() }
    };
    Ok(Outcome { statistic, p_value: p_value.clamp(0.0, 1.0), more: Vec::new() })
}

/// The chance that a random order of two samples somewhere differs by at least `units`.
fn reaching(n: usize, m: usize, units: i64, both: bool) -> f64 {
    // the chance of having reached the bound by the time that i and j values are seen, for each j
    let far = |i: usize, j: usize| {
        let difference = (i * m) as i64 - (j * n) as i64;
        difference >= units || (both && -difference >= units)
    };
    let mut row: Vec<f64> = Vec::with_capacity(m + 1);
    for j in 0..=m {
        row.push(if far(0, j) {
            1.0
        } else if j == 0 {
            0.0
        } else {
            row[j - 1]
        });
    }
    for i in 1..=n {
        for j in 0..=m {
            row[j] = if far(i, j) {
                1.0
            } else if j == 0 {
                row[0]
            } else {
                // the last of i + j values is of the first sample with chance i / (i + j)
                let share = i as f64 / (i + j) as f64;
                share * row[j] + (1.0 - share) * row[j - 1]
            };
        }
    }
    row[m]
}

/// Kolmogorov's limit of the chance that the scaled difference is at least `x`.
fn limit(x: f64) -> f64 {
    (1..=100).map(|k| f64::powi(-1.0, k - 1) * (-2.0 * f64::from(k * k) * x * x).exp()).sum::<f64>() * 2.0
}
