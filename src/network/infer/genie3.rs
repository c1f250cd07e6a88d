//! GENIE3: each gene is predicted from the regulators by a random forest.

use crate::expression::Expression;
use crate::trees::Columns;
use crate::trees::forest::{self, ForestSettings};
use cistron_base::Result;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// How forests are grown.
#[derive(Clone, Copy, Debug)]
pub struct Genie3Settings {
    /// Number of trees for each target.
    pub trees: usize,
    /// Number of regulators that are compared at each node; the root of their number unless given.
    pub features: Option<usize>,
}

impl Default for Genie3Settings {
    fn default() -> Self {
        Genie3Settings {
            trees: 1000,
            features: None,
        }
    }
}

/// Values with variance 1 (over n).
fn scaled(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let spread = (cistron_metrics::statistics::squares(values) / n).sqrt();
    values
        .iter()
        .map(|x| if spread > 0.0 { x / spread } else { 0.0 })
        .collect()
}

/// The importance of each regulator for each target.
pub fn edges(
    matrix: &Expression,
    (regulators, targets): (&[usize], &[usize]),
    settings: &Genie3Settings,
    seed: u64,
) -> Result<Vec<(usize, usize, f64)>> {
    let features = |without: Option<usize>| -> Result<(Vec<usize>, Option<Columns>)> {
        let rows: Vec<usize> = regulators
            .iter()
            .copied()
            .filter(|row| Some(*row) != without)
            .collect();
        if rows.is_empty() {
            return Ok((rows, None));
        }
        let table: Array2<f64> = matrix.values().select(Axis(0), &rows).reversed_axes();
        let columns = Columns::new(table.view())?;
        Ok((rows, Some(columns)))
    };
    let shared = features(None)?;
    let one = |target: &usize| -> Result<Vec<(usize, usize, f64)>> {
        let own;
        let (rows, columns) = match regulators.contains(target) {
            true => {
                own = features(Some(*target))?;
                &own
            }
            false => &shared,
        };
        let Some(columns) = columns else {
            return Ok(Vec::new());
        };
        let root = (rows.len() as f64).sqrt() as usize;
        let forest = ForestSettings {
            trees: settings.trees,
            features: settings.features.unwrap_or(root).clamp(1, rows.len()),
            seed: seed ^ (*target as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            ..ForestSettings::default()
        };
        let labels = scaled(&matrix.gene(*target).to_vec());
        let importance = forest::importance(columns, &labels, &forest)?;
        Ok(rows
            .iter()
            .zip(importance)
            .map(|(row, score)| (*row, *target, score))
            .collect())
    };
    let all: Result<Vec<Vec<_>>> = targets.par_iter().map(one).collect();
    Ok(all?.concat())
}
