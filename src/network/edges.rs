//! Ranked edges of a network.

use crate::expression::Expression;
use cistron_base::table::Cells;
use cistron_base::{Result, Table, bail, fault};

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
        // -0.0 is 0, also in the order
        pairs.iter_mut().for_each(|pair| pair.2 += 0.0);
        pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
        let name = |row: usize| matrix.genes()[row].clone();
        Edges {
            regulators: pairs.iter().map(|(row, ..)| name(*row)).collect(),
            targets: pairs.iter().map(|(_, row, _)| name(*row)).collect(),
            scores: pairs.iter().map(|(.., score)| *score).collect(),
            notes: Vec::new(),
        }
    }

    /// Edges of a table with the columns regulator, target and score.
    pub fn of_table(table: &Table) -> Result<Edges> {
        let scores = match table.column("score")? {
            Cells::Number(cells) => cells.clone(),
            Cells::Whole(cells) => cells.iter().map(|n| *n as f64).collect(),
            Cells::Text(_) => bail!("type", "column `score` must hold numbers"),
        };
        Ok(Edges {
            regulators: names_of(table, "regulator")?,
            targets: names_of(table, "target")?,
            scores,
            notes: Vec::new(),
        })
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

/// The names of a column; ids that are integers are names as well.
pub fn names_of(table: &Table, name: &str) -> Result<Vec<String>> {
    let id = |(row, x): (usize, &f64)| match x.fract() == 0.0 && x.abs() < 1e15 {
        true => Ok(cistron_base::table::whole(*x)),
        false => Err(fault!(
            "type",
            "row {row}, column `{name}`: a name must be text or an integer, got {x}"
        )),
    };
    match table.column(name)? {
        Cells::Text(cells) => Ok(cells.clone()),
        Cells::Whole(cells) => Ok(cells.iter().map(i64::to_string).collect()),
        Cells::Number(cells) => cells.iter().enumerate().map(id).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn scores_of_zero_have_no_sign() {
        let names = |prefix: &str, n| (0..n).map(|i| format!("{prefix}{i}")).collect();
        let matrix = Expression::new(names("g", 2), names("s", 1), Array2::zeros((2, 1)));
        let edges = Edges::sorted(&matrix.expect("a matrix"), vec![(0, 1, -0.0), (1, 0, 0.0)]);
        assert!(edges.scores.iter().all(|score| score.is_sign_positive()));
        assert_eq!(edges.regulators, ["g0", "g1"]);
    }

    /// Ids that are integers were refused as names.
    #[test]
    fn names_may_be_integers() {
        let table = |targets: Vec<f64>| {
            Table::new(vec![
                ("regulator".into(), Cells::Whole(vec![7157])),
                ("target".into(), Cells::Number(targets)),
                ("score".into(), Cells::Whole(vec![2])),
            ])
            .expect("a table")
        };
        let edges = Edges::of_table(&table(vec![1026.0])).expect("edges");
        assert_eq!(
            (&edges.regulators[0][..], &edges.targets[0][..]),
            ("7157", "1026")
        );
        for x in [0.5, f64::NAN] {
            let fault = Edges::of_table(&table(vec![x])).expect_err("no name");
            assert!(fault.message.contains("row 0, column `target`"), "{fault}");
        }
    }
}
