//! Differences of models over several sets.

use super::super::friedman;
use super::super::{Alternative, mean, ranks::wilcoxon};
use super::grid::{Grid, Trained};
use super::types::{CompareSettings, Ranked, SetsPair};
use cistron_base::Result;

/// Numbers rounded to twelve digits of the largest of those that they are computed from: means of
/// the same values in another order are equal, and so are equal differences.
fn rounded(values: &[f64], largest: f64) -> Vec<f64> {
    if !(1e-280..1e280).contains(&largest) {
        return values.to_vec();
    }
    // a quotient by an integer power is exact where it can be
    let digits = 11 - largest.log10().floor() as i32;
    let scale = 10f64.powi(digits.abs());
    let one = |value: &f64| {
        if digits >= 0 {
            (value * scale).round() / scale
        } else {
            (value / scale).round() * scale
        }
    };
    values.iter().map(one).collect()
}

/// The largest magnitude of some values.
fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.map(|value| value.abs()).fold(0.0, f64::max)
}

/// Compares pairs of models by Wilcoxon's signed-rank test of their values on sets.
pub fn pairs(
    grid: &Grid,
    settings: &CompareSettings,
    notes: &mut Vec<String>,
) -> Result<Vec<SetsPair>> {
    if grid.sets.len() < 2 {
        notes.push("there is one set: no test over sets".into());
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for &(a, b) in &grid.pairs {
        let both = |set: &Vec<Trained>| Some([set[a].mean()?, set[b].mean()?]);
        let values: Vec<[f64; 2]> = grid.cells.iter().filter_map(both).collect();
        let gaps: Vec<f64> = values.iter().map(|[a, b]| a - b).collect();
        let gaps = rounded(&gaps, largest(values.iter().flatten()));
        let (first, second) = (grid.models[a].clone(), grid.models[b].clone());
        if gaps.is_empty() {
            notes.push(format!("no set has both {first} and {second}"));
            continue;
        }
        let count = |is_there: fn(f64) -> bool| gaps.iter().filter(|gap| is_there(**gap)).count();
        let (more, less) = (count(|gap| gap > 0.0), count(|gap| gap < 0.0));
        let (wins, losses) = if settings.is_larger_better {
            (more, less)
        } else {
            (less, more)
        };
        let test = wilcoxon(&gaps, Alternative::TwoSided)?;
        let is_tested = gaps.len() > 1;
        found.push(SetsPair {
            first,
            second,
            sets: gaps.len(),
            wins,
            ties: gaps.len() - wins - losses,
            losses,
            difference: mean(&gaps),
            statistic: test.statistic,
            p_value: if is_tested { test.p_value } else { f64::NAN },
            adjusted: f64::NAN,
        });
    }
    let p: Vec<f64> = found.iter().map(|pair| pair.p_value).collect();
    let adjusted = settings.adjustment.adjust(&p);
    found
        .iter_mut()
        .zip(adjusted)
        .for_each(|(pair, p)| pair.adjusted = p);
    note_limits(&found, settings, notes);
    Ok(found)
}

/// Notes where no outcome could be significant, and ties.
fn note_limits(found: &[SetsPair], settings: &CompareSettings, notes: &mut Vec<String>) {
    let alpha = 1.0 - settings.level;
    let Some(most) = found.iter().map(|pair| pair.sets).max() else {
        return;
    };
    let least = 0.5f64.powi(most as i32 - 1);
    if least > alpha {
        notes.push(format!(
            "with {most} sets Wilcoxon's p is at least {least}, above {alpha:.3}: at least {} sets \
            are needed to show a difference",
            (1.0 - alpha.log2()).ceil()
        ));
    }
    let tied = found.iter().filter(|pair| pair.ties > 0).count();
    if tied > 0 {
        let n = found.len();
        notes.push(format!(
            "{tied} of {n} pairs have sets with equal values, which Wilcoxon's test leaves out"
        ));
    }
}

/// Ranks models over the sets that all have.
pub fn ranked(
    grid: &Grid,
    settings: &CompareSettings,
    notes: &mut Vec<String>,
) -> Result<Option<Ranked>> {
    let of_set =
        |set: &Vec<Trained>| -> Option<Vec<f64>> { set.iter().map(Trained::mean).collect() };
    let whole: Vec<Option<Vec<f64>>> = grid.cells.iter().map(of_set).collect();
    let names = grid.sets.iter().zip(&whole);
    let partial: Vec<&str> = names
        .filter(|(_, values)| values.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if !partial.is_empty() {
        notes.push(format!(
            "ranks are without {} of {} sets, which not all models have: {}",
            partial.len(),
            grid.sets.len(),
            partial.join(", ")
        ));
    }
    let values: Vec<Vec<f64>> = whole.into_iter().flatten().collect();
    if values.is_empty() {
        return Ok(None);
    }
    let sign = if settings.is_larger_better { -1.0 } else { 1.0 };
    let signed = |block: &Vec<f64>| {
        let rounded = rounded(block, largest(block.iter()));
        rounded.into_iter().map(|value| sign * value).collect()
    };
    let blocks: Vec<Vec<f64>> = values.iter().map(signed).collect();
    let friedman = friedman::friedman(&blocks)?;
    let (k, n) = (grid.models.len(), values.len());
    let critical = if n > 1 {
        friedman::critical_difference(k, n, 1.0 - settings.level)
    } else {
        f64::NAN
    };
    let of_model = |model: usize| mean(&values.iter().map(|own| own[model]).collect::<Vec<_>>());
    if k > 2 && n > 1 && friedman.p_value.is_nan() {
        notes.push("Friedman's test is undefined: all models are equal on every set".into());
    } else if k > 2 && (2..10).contains(&n) {
        notes.push(format!(
            "Friedman's p is of the χ² distribution, which is rough for {n} sets"
        ));
    }
    Ok(Some(Ranked {
        sets: n,
        cliques: friedman::cliques(&friedman.ranks, critical),
        friedman,
        means: (0..k).map(of_model).collect(),
        critical,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_differences_are_tied() {
        let gaps = [0.3 - 0.1, 0.5 - 0.3, 1e-17];
        assert_ne!(gaps[0], gaps[1]);
        assert_eq!(rounded(&gaps, 0.5), [0.2, 0.2, 0.0]);
        assert_eq!(rounded(&[3e20 - 1e20], 3e20), [2e20]);
        for (value, from) in [(0.0, 0.0), (1e-300, 3e-300), (1e300, 2e300)] {
            assert_eq!(rounded(&[value], from), [value]);
        }
        assert_eq!(largest([1.0, -3.0].iter()), 3.0);
    }
}
