//! The test of Kolmogorov and Smirnov.

use super::exact::binomial_chance;
use super::{Alternative, Outcome, has_nan};
use cistron_base::Result;
use cistron_base::bail;
use std::f64::consts::PI;

/// The largest product of sample sizes for which chances are exact.
const EXACT: usize = 100_000_000;

/// Whether two samples come from one distribution; the statistic is the largest difference of their
/// distribution functions.
///
/// `Greater` asks whether the first function is above the second. Exact where the product of the
/// sizes is at most 10^8 (by counting lattice paths), else by the distribution of one sample of the
/// harmonic size.
pub fn two_samples(x: &[f64], y: &[f64], alternative: Alternative) -> Result<Outcome> {
    if x.is_empty() || y.is_empty() {
        bail!("value", "both samples need at least one value");
    }
    if has_nan(x, y) {
        return Ok(Outcome::undefined(&[]));
    }
    let sorted = |x: &[f64]| {
        let mut x = x.to_vec();
        x.sort_by(f64::total_cmp);
        x
    };
    let (a, b) = (sorted(x), sorted(y));
    let (n, m) = (a.len(), b.len());
    // differences in units of 1 / (n m), which are integers
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
        let (most, least) = (n.max(m) as f64, n.min(m) as f64);
        let size = most * least / (most + least);
        if alternative == Alternative::TwoSided {
            one_sample(statistic, size.round())
        } else {
            // Hodges (1958), equation 5.3
            let z = size.sqrt() * statistic;
            (-2.0 * z * z
                - 2.0 * z * (most + 2.0 * least) / (most * least * (most + least)).sqrt() / 3.0)
                .exp()
        }
    };
    Ok(Outcome {
        statistic,
        p_value: p_value.clamp(0.0, 1.0),
        more: Vec::new(),
    })
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

/// The chance that one sample of `n` values is at least `x` from its distribution function (Simard
/// & L'Ecuyer 2011).
fn one_sample(x: f64, n: f64) -> f64 {
    let size = n * x * x;
    if size >= 2.2 {
        (2.0 * one_sided(x, n)).min(1.0)
    } else {
        1.0 - pelz_good(x, n)
    }
}

/// The chance that one sample is at least `x` below its distribution function (Smirnov); all terms
/// are positive.
fn one_sided(x: f64, n: f64) -> f64 {
    if n > 1e7 {
        // Maag & Dicaire (1971)
        return (-(6.0 * n * x + 1.0).powi(2) / (18.0 * n)).exp();
    }
    let last = (n * (1.0 - x)).floor() as u64;
    let term = |j: u64| {
        let (j, q) = (j as f64, (n - j as f64) / n - x);
        let p = 1.0 - q;
        if q < 0.0 {
            0.0
        } else {
            x / p * binomial_chance(j, n, p, q)
        }
    };
    (0..=last).map(term).sum()
}

/// The chance that one sample is within `x` of its distribution function (Pelz & Good 1976), to
/// n^(-3/2).
fn pelz_good(x: f64, n: f64) -> f64 {
    let z = x * n.sqrt();
    let (pi2, z2) = (PI * PI, z * z);
    if pi2 / (8.0 * z2) > 700.0 {
        return 0.0;
    }
    let (z4, z6, z8) = (z2 * z2, z2.powi(3), z2.powi(4));
    let q = (-pi2 / (8.0 * z2)).exp();
    let mut sums = [0.0f64; 4];
    for k in (1..=(16.0 * z / PI).ceil().max(1.0) as i32).rev() {
        let m2 = f64::from(2 * k - 1).powi(2);
        let terms = [
            1.0,
            -z2 + pi2 / 4.0 * m2,
            6.0 * z6
                + 2.0 * z4
                + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * m2
                + pi2.powi(2) * (1.0 - 2.0 * z2) / 16.0 * m2.powi(2),
            -30.0 * z6 - 90.0 * z8
                + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * m2
                + pi2.powi(2) * (-60.0 * z2 + 212.0 * z4) / 16.0 * m2.powi(2)
                + pi2.powi(3) * (5.0 - 30.0 * z2) / 64.0 * m2.powi(3),
        ];
        let share = q.powf(m2);
        sums.iter_mut()
            .zip(terms)
            .for_each(|(sum, term)| *sum += term * share);
    }
    let scale = [z, 6.0 * z4, 72.0 * z.powi(7), 6480.0 * z.powi(10)];
    let root = (2.0 * PI).sqrt();
    let mut parts: Vec<f64> = sums
        .iter()
        .zip(scale)
        .map(|(sum, scale)| sum * root / scale)
        .collect();
    let q = (-pi2 / (2.0 * z2)).exp();
    for k in 1..=(16.0 * z / PI).ceil().max(1.0) as i32 {
        let k = f64::from(k);
        let share = q.powf(k * k) * k * k;
        parts[2] -= share * pi2 * root / (36.0 * z.powi(3));
        parts[3] += (3.0 * z2 - pi2 * k * k) * share * pi2 * root / (216.0 * z6);
    }
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| part / n.powf(i as f64 / 2.0))
        .sum()
}
