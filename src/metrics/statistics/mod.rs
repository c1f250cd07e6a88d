//! Statistics: tests, intervals, corrections for many tests.

pub mod auroc;
pub mod compare;
pub mod correlated;
pub mod counts;
pub mod describe;
pub mod exact;
pub mod friedman;
pub mod ks;
pub mod labelled;
pub mod log_tails;
pub mod multiple;
pub mod ranks;
pub mod resample;
pub mod rounded;
pub mod studentized;
pub mod t;

pub use describe::Mean;

use statrs::distribution::{ContinuousCDF, Normal};

/// Which departures from the null hypothesis count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alternative {
    /// Both.
    #[default]
    TwoSided,
    /// The first is greater.
    Greater,
    /// The first is less.
    Less,
}

impl Alternative {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["two-sided", "greater", "less"];

    /// The alternative of a name.
    pub fn named(name: &str) -> Alternative {
        match name {
            "greater" => Alternative::Greater,
            "less" => Alternative::Less,
            _ => Alternative::TwoSided,
        }
    }

    /// The p-value from the chances of at least and of at most what was seen.
    fn p_value(self, at_least: f64, at_most: f64) -> f64 {
        if at_least.is_nan() || at_most.is_nan() {
            return f64::NAN;
        }
        match self {
            Alternative::TwoSided => (2.0 * at_least.min(at_most)).min(1.0),
            Alternative::Greater => at_least,
            Alternative::Less => at_most,
        }
    }
}

/// The outcome of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The statistic of the samples.
    pub statistic: f64,
    /// The chance of a statistic at least as extreme where the null hypothesis holds.
    pub p_value: f64,
    /// Further numbers by name, such as degrees of freedom.
    pub more: Vec<(&'static str, f64)>,
}

impl Outcome {
    /// Where a test is undefined: of samples that hold NaN, as SciPy.
    fn undefined(more: &[&'static str]) -> Outcome {
        Outcome {
            statistic: f64::NAN,
            p_value: f64::NAN,
            more: more.iter().map(|name| (*name, f64::NAN)).collect(),
        }
    }
}

/// Whether one of two samples holds NaN.
fn has_nan(x: &[f64], y: &[f64]) -> bool {
    x.iter().chain(y).any(|v| v.is_nan())
}

/// The p-value of a standard normal statistic.
fn of_normal(z: f64, alternative: Alternative) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    let normal = Normal::standard();
    alternative.p_value(normal.sf(z), normal.cdf(z))
}

/// The mean, corrected for the rounding of the sum: that of equal values is their value.
pub fn mean(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let first = x.iter().sum::<f64>() / n;
    if !first.is_finite() {
        return first;
    }
    first + x.iter().map(|v| v - first).sum::<f64>() / n
}

/// The variance, over n - 1.
pub fn variance(x: &[f64]) -> f64 {
    squares(x) / (x.len() as f64 - 1.0)
}

/// The sum of squared deviations from the mean. What the mean was rounded by is taken off again: of
/// values near 1e12 it is as large as their digits.
pub fn squares(x: &[f64]) -> f64 {
    let centre = mean(x);
    let (sum, squares) = x
        .iter()
        .map(|v| v - centre)
        .fold((0.0, 0.0), |(sum, squares), d| (sum + d, squares + d * d));
    squares - sum * sum / x.len() as f64
}

/// Pearson's correlation; undefined where one side is constant.
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let is_constant = |x: &[f64]| x.iter().all(|v| *v == x[0]);
    if x.len() < 2 || is_constant(x) || is_constant(y) {
        return f64::NAN;
    }
    let (a, b) = (mean(x), mean(y));
    // scaled, so that squares neither overflow nor vanish
    let most = |x: &[f64], centre: f64| x.iter().map(|v| (v - centre).abs()).fold(0.0, f64::max);
    let (sx, sy) = (most(x, a), most(y, b));
    let (mut xy, mut xx, mut yy, mut su, mut sv) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (u, v) in x.iter().zip(y) {
        let (u, v) = ((u - a) / sx, (v - b) / sy);
        xy += u * v;
        xx += u * u;
        yy += v * v;
        su += u;
        sv += v;
    }
    // what the means were rounded by is taken off again
    let n = x.len() as f64;
    ((xy - su * sv / n) / ((xx - su * su / n) * (yy - sv * sv / n)).sqrt()).clamp(-1.0, 1.0)
}

/// Spearman's rank correlation; undefined where one side is constant. Sums are of integers, so that
/// equal orders give 1.
pub fn of_ranks(x: &[f64], y: &[f64]) -> f64 {
    let centred = |x: &[f64]| {
        ranks(x)
            .0
            .into_iter()
            .map(|rank| 2.0 * rank - (x.len() as f64 + 1.0))
            .collect::<Vec<f64>>()
    };
    let (x, y) = (centred(x), centred(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    (dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt()).clamp(-1.0, 1.0)
}

/// Ranks from 1, equal values sharing their mean rank; and Σ (t³ - t) over groups of equal values.
pub fn ranks(x: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let (mut ranks, mut ties, mut first) = (vec![0.0; x.len()], 0.0, 0);
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len() && x[order[last + 1]] == x[order[first]] {
            last += 1;
        }
        let rank = (first + last) as f64 / 2.0 + 1.0;
        order[first..=last].iter().for_each(|i| ranks[*i] = rank);
        let t = (last - first + 1) as f64;
        ties += t * t * t - t;
        first = last + 1;
    }
    (ranks, ties)
}
