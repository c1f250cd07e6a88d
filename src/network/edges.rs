//! Ranked edges of a network.

use crate::expression::Expression;
use cistron_base::table::Cells;
use cistron_base::{Result, Table};

/// Edges in order of falling scores.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// Names of the regulators.
    pub regulators: Vec<String>,
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Scores; larger ones are more likely.
    pub scores: Vec<f64>,
    /// What was guessed or dropped, in sentences.
    pub notes: Vec<String>,
}

impl Edges {
    /// Edges from pairs of rows with scores, sorted; equal ones keep their order.
    pub fn sorted(matrix: &Expression, mut pairs: Vec<(usize, usize, f64)>) -> Edges {
        pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
        let name = |row: usize| matrix.genes()[row].clone();
        Edges {
            regulators: pairs.iter().map(|(row, ..)| name(*row)).collect(),
            targets: pairs.iter().map(|(_, row, _)| name(*row)).collect(),
            scores: pairs.iter().map(|(.., score)| *score).collect(),
            notes: Vec::new(),
        }
    }

    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The columns regulator, target, score.
    pub fn table(&self) -> Result<Table> {
        Table::new(vec![
            ("regulator".into(), Cells::Text(self.regulators.clone())),
            ("target".into(), Cells::Text(self.targets.clone())),
            ("score".into(), Cells::Number(self.scores.clone())),
        ])
    }
}
