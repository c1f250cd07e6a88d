//! Differences of models on one set.

use super::super::variance;
use super::grid::{Grid, Trained};
use super::rows::{Rows, Tested, UNTESTED, rows, student};
use super::types::{Cell, CompareSettings, Difference, Test};
use cistron_base::Result;

/// What each model reached on a set, and the differences of pairs.
pub fn compare(
    grid: &Grid,
    set: usize,
    settings: &CompareSettings,
    notes: &mut Vec<String>,
) -> Result<(Vec<Cell>, Vec<Difference>)> {
    let rows = rows(grid, set, settings, notes)?;
    let trained = &grid.cells[set];
    let cell = |(model, own): (usize, &Trained)| {
        Some(Cell {
            model: grid.models[model].clone(),
            set: grid.sets[set].clone(),
            seeds: own.values.len(),
            value: own.mean()?,
            sd: deviation(&own.values),
            interval: rows.interval(model, &own.values, settings.level),
        })
    };
    let cells = trained.iter().enumerate().filter_map(cell).collect();
    let difference = |&(a, b): &(usize, usize)| {
        let (first, second) = (&trained[a], &trained[b]);
        let gap = first.mean()? - second.mean()?;
        let (seeds, df, paired) = between_seeds(first, second);
        let (tested, test) = match &rows {
            Rows::Unknown => over_seeds(gap, seeds, df, paired, settings.level),
            rows => {
                let tested = rows.tested(a, b, settings.level);
                let test = match rows {
                    Rows::Areas(_) => Test::DeLong,
                    _ => Test::Bootstrap,
                };
                (tested.with_seeds(gap, seeds, df, settings), test)
            }
        };
        Some(Difference {
            set: grid.sets[set].clone(),
            first: grid.models[a].clone(),
            second: grid.models[b].clone(),
            difference: gap,
            interval: tested.interval,
            p_value: tested.p_value,
            adjusted: f64::NAN,
            test: if tested.p_value.is_nan() {
                Test::None
            } else {
                test
            },
            seed_sd: match paired {
                true => deviation(&gaps(first, second)),
                false => f64::NAN,
            },
        })
    };
    let differences: Vec<Difference> = grid.pairs.iter().filter_map(difference).collect();
    note_untested(&differences, &rows, notes);
    Ok((cells, differences))
}

fn note_untested(differences: &[Difference], rows: &Rows, notes: &mut Vec<String>) {
    let untested = differences.iter().filter(|own| own.test == Test::None);
    let untested: Vec<&Difference> = untested.collect();
    let Some(first) = untested.first() else {
        return;
    };
    let why = match rows {
        Rows::Unknown => "it needs scores and labels, or values of several seeds that vary",
        _ => "the error of the difference is 0 or unknown",
    };
    notes.push(format!(
        "{}: {} of {} differences have no test: {why}",
        first.set,
        untested.len(),
        differences.len()
    ));
}

/// The standard deviation; NaN of fewer than two values.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    variance(values).sqrt()
}

/// The differences of two models for each seed of the first, which the second has too.
fn gaps(first: &Trained, second: &Trained) -> Vec<f64> {
    let of = |(seed, value): (&String, &f64)| {
        let at = second.seeds.iter().position(|other| other == seed)?;
        Some(value - second.values[at])
    };
    first
        .seeds
        .iter()
        .zip(&first.values)
        .filter_map(of)
        .collect()
}

/// Share of the largest value below which an error is that of rounding.
const ROUNDING: f64 = 1e-13;

/// An error, 0 where it is that of rounding.
fn above_rounding(error: f64, first: &Trained, second: &Trained) -> f64 {
    let values = first.values.iter().chain(&second.values);
    let most = values.map(|value| value.abs()).fold(0.0, f64::max);
    if error <= ROUNDING * most { 0.0 } else { error }
}

/// The standard error of the difference over trainings, its degrees of freedom, and whether both
/// models have the same seeds; NaN where one has a single training.
fn between_seeds(first: &Trained, second: &Trained) -> (f64, f64, bool) {
    let (n, m) = (first.values.len() as f64, second.values.len() as f64);
    let gaps = gaps(first, second);
    if gaps.len() == first.values.len() && gaps.len() == second.values.len() {
        let error = if gaps.len() > 1 {
            above_rounding((variance(&gaps) / n).sqrt(), first, second)
        } else {
            f64::NAN
        };
        return (error, n - 1.0, true);
    }
    if n < 2.0 || m < 2.0 {
        return (f64::NAN, f64::NAN, false);
    }
    let (a, b) = (variance(&first.values) / n, variance(&second.values) / m);
    let df = (a + b).powi(2) / (a * a / (n - 1.0) + b * b / (m - 1.0));
    (above_rounding((a + b).sqrt(), first, second), df, false)
}

/// The test of values of several seeds.
fn over_seeds(gap: f64, error: f64, df: f64, paired: bool, level: f64) -> (Tested, Test) {
    let test = if paired {
        Test::PairedSeeds
    } else {
        Test::Seeds
    };
    // trainings that agree to the last digit tell nothing of other ones
    if error == 0.0 {
        return (UNTESTED, test);
    }
    (student(gap, error, df, level), test)
}
