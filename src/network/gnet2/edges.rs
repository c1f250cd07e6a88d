//! Scores of edges from modules.

use super::{Gnet2, Settings, Variant, learn};
use crate::correlation::{self, Kind};
use crate::edges::Edges;
use crate::expression::Expression;
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt};
use ndarray::Array2;
use std::collections::HashSet;

/// The largest squared correlation that is distinguished from 1.
const LARGEST: f64 = 1.0 - 1e-6;

impl Gnet2 {
    /// Each gene of a module: the module's number, the row of the gene, the module's score.
    pub fn members(&self) -> (Vec<i64>, Vec<usize>, Vec<f64>) {
        let is_published = self.settings.variant == Variant::Published;
        let (mut numbers, mut genes, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (number, module) in self.modules.iter().enumerate() {
            for gene in &module.genes {
                numbers.push(number as i64);
                genes.push(*gene);
                scores.push(if is_published {
                    module.leaf_score
                } else {
                    module.score
                });
            }
        }
        (numbers, genes, scores)
    }

    /// The edges from each regulator to all genes and all other regulators.
    pub fn all_edges(&self) -> Result<Edges> {
        let scores = self.edge_scores(&correlation::matrix(&self.matrix, Kind::Spearman)?);
        let columns: Vec<usize> = self.regulators.iter().chain(&self.genes).copied().collect();
        let mut pairs = Vec::new();
        for (i, regulator) in self.regulators.iter().enumerate() {
            let others = columns
                .iter()
                .enumerate()
                .filter(|(_, other)| *other != regulator);
            pairs.extend(others.map(|(j, other)| (*regulator, *other, scores[[i, j]])));
        }
        Ok(Edges::sorted(&self.matrix, pairs))
    }

    /// The score of each regulator (rows) with each regulator and then each gene (columns), in the
    /// order of `regulators` and `genes`.
    pub fn edge_scores(&self, correlations: &Array2<f64>) -> Array2<f64> {
        let columns: Vec<usize> = self.regulators.iter().chain(&self.genes).copied().collect();
        let mut scores = Array2::zeros((self.regulators.len(), columns.len()));
        let row_of = |row: usize| self.regulators.iter().position(|own| *own == row);
        let mut column_of = vec![usize::MAX; self.matrix.genes().len()];
        columns
            .iter()
            .enumerate()
            .for_each(|(column, row)| column_of[*row] = column);
        let (mut used, mut members) = (HashSet::new(), HashSet::new());
        let is_published = self.settings.variant == Variant::Published;
        for module in &self.modules {
            let score = if is_published {
                module.leaf_score
            } else {
                module.score.abs()
            };
            let own: HashSet<usize> = module.tree.splits.iter().map(|s| s.regulator).collect();
            for regulator in own.iter().filter_map(|row| row_of(*row)) {
                let others = own.iter().map(|row| column_of[*row]);
                for column in others.filter(|column| *column != regulator) {
                    scores[[regulator, column]] += score;
                }
                for gene in &module.genes {
                    scores[[regulator, column_of[*gene]]] += score;
                }
            }
            used.extend(own);
            members.extend(module.genes.iter().copied());
        }
        if is_published {
            return scores;
        }
        for regulator in &used {
            let Some(row) = row_of(*regulator) else {
                continue;
            };
            for other in members
                .iter()
                .chain(&used)
                .filter(|other| *other != regulator)
            {
                let rho = correlations[[*regulator, *other]];
                scores[[row, column_of[*other]]] -= 2.0 * (1.0 - (rho * rho).min(LARGEST)).ln();
            }
        }
        scores
    }
}

/// Samples drawn with replacement; repeated ones get another name.
fn resampled(matrix: &Expression, seed: u64) -> Result<Expression> {
    let mut rng = Rng::keyed(&[seed, 0x626f_6f74]);
    let n = matrix.samples().len();
    let drawn: Vec<usize> = (0..n).map(|_| rng.below(n)).collect();
    let names = drawn.iter().enumerate();
    let names = names
        .map(|(i, from)| format!("{}.{i}", matrix.samples()[*from]))
        .collect();
    let values = matrix.values().select(ndarray::Axis(1), &drawn);
    Expression::new(matrix.genes().to_vec(), names, values)
}

/// The edges from regulators to the other genes.
pub fn edges(
    matrix: &Expression,
    regulators: &[usize],
    settings: &Settings,
    seed: u64,
) -> Result<Edges> {
    let correlations = correlation::matrix(matrix, Kind::Spearman)?;
    let mut is_regulator = vec![false; matrix.genes().len()];
    regulators.iter().for_each(|row| is_regulator[*row] = true);
    let mut sums = Array2::<f64>::zeros((matrix.genes().len(), matrix.genes().len()));
    let runs = settings.bootstraps.max(1);
    let mut notes = Vec::new();
    for run in 0..runs {
        interrupt::check()?;
        let own = seed.wrapping_add((run as u64) << 20);
        let found = match settings.bootstraps {
            0 => learn(matrix, regulators, settings, own)?,
            _ => learn(&resampled(matrix, own)?, regulators, settings, own)?,
        };
        let scores = found.edge_scores(&correlations);
        let skipped = found.regulators.len();
        for (i, regulator) in found.regulators.iter().enumerate() {
            for (j, gene) in found.genes.iter().enumerate() {
                sums[[*regulator, *gene]] += scores[[i, skipped + j]] / runs as f64;
            }
        }
        if run == 0 {
            notes = found.notes;
            if found.modules.is_empty() {
                notes.push("no module was found: all scores are 0".into());
            }
        }
    }
    let mut pairs = Vec::new();
    for regulator in regulators {
        let genes = (0..is_regulator.len()).filter(|gene| !is_regulator[*gene]);
        pairs.extend(genes.map(|gene| (*regulator, gene, sums[[*regulator, gene]])));
    }
    let mut edges = Edges::sorted(matrix, pairs);
    edges.notes = notes;
    Ok(edges)
}
