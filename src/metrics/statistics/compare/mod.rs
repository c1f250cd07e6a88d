//! Several models on several sets, trained with several seeds: which differ, and by how much.

mod across;
mod grid;
mod rows;
mod set;
#[cfg(test)]
mod tests;
mod types;
mod verdict;

pub use types::{
    Adjustment, Cell, CompareSettings, Comparison, Difference, Method, Outcome, Ranked, Run,
    SetsPair, Test,
};

use cistron_base::Result;
use grid::Grid;

/// Compares models.
///
/// # Errors
/// No runs, one model, two runs of one cell and seed, rows of a set that differ between models, NaN
/// scores, a metric that needs other labels, an unknown model to compare with.
pub fn compare(runs: &[Run], settings: &CompareSettings) -> Result<Comparison> {
    let mut notes = Vec::new();
    let grid = Grid::of(runs, settings, &mut notes)?;
    let (mut cells, mut differences) = (Vec::new(), Vec::new());
    for set in 0..grid.sets.len() {
        let (of_set, between) = set::compare(&grid, set, settings, &mut notes)?;
        cells.extend(of_set);
        differences.extend(between);
    }
    let p: Vec<f64> = differences.iter().map(|own| own.p_value).collect();
    let adjusted = settings.adjustment.adjust(&p);
    differences
        .iter_mut()
        .zip(adjusted)
        .for_each(|(own, p)| own.adjusted = p);
    let pairs = across::pairs(&grid, settings, &mut notes)?;
    let ranked = across::ranked(&grid, settings, &mut notes)?;
    let mut found = Comparison {
        models: grid.models.clone(),
        sets: grid.sets.clone(),
        cells,
        differences,
        pairs,
        ranked,
        verdict: String::new(),
        notes,
    };
    found.verdict = verdict::text(&found, settings);
    Ok(found)
}
