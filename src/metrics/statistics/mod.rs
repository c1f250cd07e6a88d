//! Statistics: tests, intervals, corrections for many tests.

pub mod auroc;
pub mod correlated;
pub mod counts;
pub mod ks;
pub mod multiple;
pub mod ranks;
pub mod resample;
pub mod rounded;
pub mod t;

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
    /// What was computed from the samples.
    pub statistic: f64,
    /// The chance of a statistic at least as extreme where the null hypothesis holds.
    pub p_value: f64,
    /// Further numbers by name, such as degrees of freedom.
    pub more: Vec<(&'static str, f64)>,
}

/// The p-value of a standard normal statistic.
fn of_normal(z: f64, alternative: Alternative) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    let normal = Normal::standard();
    alternative.p_value(normal.sf(z), normal.cdf(z))
}

/// The mean.
pub fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The variance, over n - 1.
pub fn variance(x: &[f64]) -> f64 {
    let centre = mean(x);
    x.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (x.len() as f64 - 1.0)
}

/// Pearson's correlation; undefined where one side is constant.
pub fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let (a, b) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (u, v) in x.iter().zip(y) {
        xy += (u - a) * (v - b);
        xx += (u - a).powi(2);
        yy += (v - b).powi(2);
    }
    (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)
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
