//! Tests over the rows of a set: areas with their errors, resampled values.

use super::super::auroc::{Placements, checked_placements};
use super::super::resample::quantile;
use super::super::{Alternative, mean, of_normal, t, variance};
use super::grid::{Grid, Trained};
use super::types::{CompareSettings, Method};
use crate::{Measure, Pairs};
use cistron_base::seed::Rng;
use cistron_base::{Result, Values, bail, interrupt};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Resamples between two questions for an interrupt.
const CHUNK: usize = 64;

/// What is known of the areas or the resampled values of a set, for each model.
pub enum Rows {
    /// Areas; none of a model without a training, or where their error is unknown.
    Areas(Vec<Option<Placements>>),
    /// The mean over trainings on each resample.
    Resampled(Vec<Vec<f64>>),
    /// There are values alone.
    Unknown,
}

/// A difference with its standard error over rows, and the interval and p-value of it.
pub struct Tested {
    error: f64,
    /// The ends of its interval.
    pub interval: (f64, f64),
    /// The chance of a difference as large where there is none.
    pub p_value: f64,
}

/// Where there is no test.
pub const UNTESTED: Tested = Tested {
    error: f64::NAN,
    interval: (f64::NAN, f64::NAN),
    p_value: f64::NAN,
};

/// Student's interval and p-value; of infinite degrees of freedom those of the normal distribution.
pub fn student(gap: f64, error: f64, df: f64, level: f64) -> Tested {
    if error.is_nan() || (error == 0.0 && gap != 0.0) {
        return UNTESTED;
    }
    let statistic = if gap == 0.0 { 0.0 } else { gap / error };
    let (times, p_value) = if df.is_infinite() {
        let times = Normal::standard().inverse_cdf(0.5 + level / 2.0);
        (times, of_normal(statistic, Alternative::TwoSided))
    } else {
        let law = StudentsT::new(0.0, 1.0, df);
        let times = law.map_or(f64::NAN, |law| law.inverse_cdf(0.5 + level / 2.0));
        (times, t::p_value(statistic, df, Alternative::TwoSided))
    };
    Tested {
        error,
        interval: (gap - times * error, gap + times * error),
        p_value,
    }
}

impl Tested {
    /// With the variance between trainings added, where that is asked for and known
    /// (Satterthwaite's degrees of freedom).
    pub fn with_seeds(self, gap: f64, seeds: f64, df: f64, settings: &CompareSettings) -> Tested {
        if !settings.adds_seeds || seeds.is_nan() || self.error.is_nan() {
            return self;
        }
        let (rows, seeds) = (self.error.powi(2), seeds.powi(2));
        let df = if seeds > 0.0 {
            (rows + seeds).powi(2) / (seeds.powi(2) / df)
        } else {
            f64::INFINITY
        };
        student(gap, (rows + seeds).sqrt(), df, settings.level)
    }
}

impl Rows {
    /// The interval of the mean of a model over its trainings.
    pub fn interval(&self, model: usize, values: &[f64], level: f64) -> (f64, f64) {
        let normal = || Normal::standard().inverse_cdf(0.5 + level / 2.0);
        match self {
            Rows::Areas(areas) => areas[model].as_ref().map_or((f64::NAN, f64::NAN), |own| {
                let half = normal() * own.error();
                ((own.area - half).max(0.0), (own.area + half).min(1.0))
            }),
            Rows::Resampled(values) => ends(values[model].clone(), level),
            Rows::Unknown if values.len() > 1 => {
                let error = (variance(values) / values.len() as f64).sqrt();
                let centre = mean(values);
                student(centre, error, values.len() as f64 - 1.0, level).interval
            }
            Rows::Unknown => (f64::NAN, f64::NAN),
        }
    }

    /// The test over rows.
    pub fn tested(&self, a: usize, b: usize, level: f64) -> Tested {
        match self {
            Rows::Areas(areas) => {
                let (Some(a), Some(b)) = (&areas[a], &areas[b]) else {
                    return UNTESTED;
                };
                let (gap, error) = a.difference(b);
                student(gap, error, f64::INFINITY, level)
            }
            Rows::Resampled(values) => {
                let gaps: Vec<f64> = (values[a].iter().zip(&values[b]))
                    .map(|(a, b)| a - b)
                    .filter(|gap| !gap.is_nan())
                    .collect();
                if gaps.len() < 2 {
                    return UNTESTED;
                }
                // the observed rows count as a resample, so that p is never 0
                let tail = |is_there: fn(&f64) -> bool| {
                    (gaps.iter().filter(|gap| is_there(gap)).count() + 1) as f64
                        / (gaps.len() + 1) as f64
                };
                let p_value = 2.0 * tail(|gap| *gap <= 0.0).min(tail(|gap| *gap >= 0.0));
                Tested {
                    error: variance(&gaps).sqrt(),
                    p_value: p_value.min(1.0),
                    interval: ends(gaps, level),
                }
            }
            Rows::Unknown => UNTESTED,
        }
    }
}

/// The ends of a percentile interval.
fn ends(mut values: Vec<f64>, level: f64) -> (f64, f64) {
    values.retain(|value| !value.is_nan());
    if values.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    (quantile(&values, tail), quantile(&values, 1.0 - tail))
}

/// The areas, or the resampled values, of all models on a set.
pub fn rows(
    grid: &Grid,
    set: usize,
    settings: &CompareSettings,
    notes: &mut Vec<String>,
) -> Result<Rows> {
    let is_area = settings.metric.measure == Measure::Auroc;
    if settings.method == Method::DeLong && !is_area {
        bail!("option", "DeLong's test compares areas under ROC curves, the metric is {}",
            settings.metric.name; hint: "test: \"bootstrap\" compares any metric");
    }
    let Some(labels) = &grid.labels[set] else {
        return Ok(Rows::Unknown);
    };
    if !is_area || settings.method == Method::Bootstrap {
        return resampled(grid, set, labels, settings, notes).map(Rows::Resampled);
    }
    let positive: Vec<bool> = labels.iter().map(|label| *label > 0.5).collect();
    let count = positive.iter().filter(|own| **own).count();
    if count < 2 || labels.len() - count < 2 {
        let name = &grid.sets[set];
        notes.push(format!(
            "{name}: no test with {count} positives and {} negatives: two of each are needed",
            labels.len() - count
        ));
        return Ok(Rows::Areas(grid.models.iter().map(|_| None).collect()));
    }
    let of = |own: &Trained| -> Result<Option<Placements>> {
        let one = |scores: &Vec<f64>| checked_placements(scores, &positive);
        let all: Vec<Placements> = own.scores.par_iter().map(one).collect::<Result<_>>()?;
        Ok(Placements::mean(&all))
    };
    grid.cells[set]
        .iter()
        .map(of)
        .collect::<Result<_>>()
        .map(Rows::Areas)
}

/// The mean of the metric over trainings on resamples of the rows, the same for all models; NaN
/// where it is undefined.
fn resampled(
    grid: &Grid,
    set: usize,
    labels: &[f64],
    settings: &CompareSettings,
    notes: &mut Vec<String>,
) -> Result<Vec<Vec<f64>>> {
    let cells = &grid.cells[set];
    let n = labels.len();
    let pick = |values: &[f64], rows: &[usize]| -> Vec<f64> {
        rows.iter().map(|row| values[*row]).collect()
    };
    let one = |i: usize| -> Result<Vec<f64>> {
        let mut rng = Rng::keyed(&[settings.seed, 0x636f_6d70, set as u64, i as u64]);
        let rows: Vec<usize> = (0..n).map(|_| rng.below(n)).collect();
        let labels = pick(labels, &rows);
        let value = |scores: &Vec<f64>| {
            let scores = pick(scores, &rows);
            let pairs = Pairs::new(Values::Double(&scores), Values::Double(&labels), 1);
            settings.metric.of(&pairs)
        };
        let of = |own: &Trained| -> Result<f64> {
            let values: Vec<f64> = own.scores.iter().map(value).collect::<Result<_>>()?;
            Ok(mean(&values))
        };
        cells.iter().map(of).collect()
    };
    let mut out = vec![Vec::new(); cells.len()];
    let numbers: Vec<usize> = (0..settings.resamples).collect();
    for chunk in numbers.chunks(CHUNK) {
        interrupt::check()?;
        let values: Vec<Vec<f64>> = chunk.par_iter().map(|i| one(*i)).collect::<Result<_>>()?;
        for row in values {
            out.iter_mut()
                .zip(row)
                .for_each(|(all, value)| all.push(value));
        }
    }
    let is_undefined = |i: &usize| {
        let trained = out
            .iter()
            .zip(cells)
            .filter(|(_, own)| !own.values.is_empty());
        trained.map(|(values, _)| values[*i]).any(f64::is_nan)
    };
    let undefined = numbers.iter().filter(|i| is_undefined(i)).count();
    if undefined > 0 {
        notes.push(format!(
            "{}: {} is undefined on {undefined} of {} resamples, which are left out",
            grid.sets[set], settings.metric.name, settings.resamples
        ));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::super::exact::student_above;
    use super::*;

    #[test]
    fn student_is_normal_without_limit() {
        let found = student(1.0, 0.5, f64::INFINITY, 0.95);
        assert!((found.p_value - 0.04550026389635842).abs() < 1e-9);
        assert!((found.interval.0 - (1.0 - 0.5 * 1.959963984540054)).abs() < 1e-9);
        let small = student(1.0, 0.5, 2.0, 0.95);
        assert!((small.p_value - 2.0 * student_above(2.0, 2.0)).abs() < 1e-12);
        // t of 2 degrees of freedom at 0.975 is 4.302652729911275
        assert!((small.interval.1 - (1.0 + 0.5 * 4.302652729911275)).abs() < 1e-7);
        assert!(student(0.1, 0.0, 3.0, 0.95).p_value.is_nan());
        assert_eq!(student(0.0, 0.0, f64::INFINITY, 0.95).p_value, 1.0);
    }
}
