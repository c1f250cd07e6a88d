//! Ranked edges of a network.

use crate::expression::Expression;
use cistron_base::table::Cells;
use cistron_base::{Result, Table, fault};

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

    /// The edges of highest scores, at most `count`, and whether each represses, by signs "-".
    pub fn strongest(
        &self,
        count: usize,
        signs: Option<&[String]>,
    ) -> Vec<(String, String, f64, bool)> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|a, b| self.scores[*b].total_cmp(&self.scores[*a]));
        let edge = |i: usize| {
            let represses = signs.is_some_and(|signs| signs.get(i).is_some_and(|sign| sign == "-"));
            let names = (self.regulators[i].clone(), self.targets[i].clone());
            (names.0, names.1, self.scores[i], represses)
        };
        order.into_iter().take(count).map(edge).collect()
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

/// The column `sign` of a table of edges, where it has one; signs are + or -.
pub fn signs_of(table: &Table) -> Result<Option<Vec<String>>> {
    if !table.names().any(|name| name == "sign") {
        return Ok(None);
    }
    let wrong = |sign: &str| {
        fault!(
            "value",
            "column `sign` must hold \"+\" or \"-\", got `{sign}`"
        )
    };
    let Cells::Text(signs) = table.column("sign")? else {
        return Err(wrong("a number"));
    };
    match signs.iter().find(|sign| *sign != "+" && *sign != "-") {
        Some(sign) => Err(wrong(sign)),
        None => Ok(Some(signs.clone())),
    }
}
