//! Rows of datasets by what they are.

use super::{Column, Dataset};
use crate::seq::Intervals;
use cistron_base::{Result, bail};

/// Number of rows with, and of rows without a positive label in a rehearsal.
const REHEARSED: usize = 4;

impl Dataset {
    /// A few rows with a positive first label and a few others.
    pub fn few(&self) -> Dataset {
        if self.mix.is_some() {
            let parts = self.parts();
            let few = parts.iter().map(|(_, part)| part.few().rows.to_vec());
            return self.with_rows(few.flatten().collect());
        }
        let is_positive = |row: &&u32| {
            let label = self.labels.get((**row as usize, 0));
            label.is_some_and(|label| *label > 0.5)
        };
        let positive = self.rows.iter().filter(is_positive).take(REHEARSED);
        let others = self.rows.iter().filter(|row| !is_positive(row));
        let rows = positive.chain(others.take(REHEARSED));
        self.with_rows(rows.copied().collect())
    }

    /// The regions of the rows in view; none where the sequences are not those of a genome.
    pub fn regions(&self) -> Option<Intervals> {
        self.inputs.iter().find_map(|input| match &input.column {
            Column::Genome {
                genome, regions, ..
            } => {
                let rows = (0..self.len()).map(|row| regions[self.locate(row).0]);
                Some(Intervals::new(genome.contigs.clone(), rows.collect()))
            }
            _ => None,
        })
    }

    /// Fails on numbers that are no weights of the rows in view.
    pub fn check_weights(&self, weights: &[f64]) -> Result<()> {
        if weights.len() != self.len() {
            bail!("value", "{} weights for {} rows", weights.len(), self.len());
        }
        let is_wrong = |weight: &f64| !weight.is_finite() || *weight < 0.0;
        if weights.iter().any(is_wrong) || weights.iter().all(|weight| *weight == 0.0) {
            bail!(
                "value",
                "weights must be numbers of at least 0, and one of them more"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Input;
    use std::sync::Arc;

    fn set() -> Dataset {
        let column = Column::Dense {
            values: Arc::new(vec![0.0; 12]),
            shape: vec![1],
        };
        let labels = (0..12).map(|i| (i % 2) as f32).collect();
        Dataset::new(vec![Input::new("x", column)], vec!["label".into()], labels)
            .expect("a dataset")
    }

    #[test]
    fn a_few_rows_are_of_both_classes() {
        assert_eq!(*set().few().rows, [1, 3, 5, 7, 0, 2, 4, 6]);
        assert!(set().regions().is_none());
    }

    #[test]
    fn weights_are_numbers_from_0() {
        let mut weights = vec![0.0; 12];
        assert!(set().check_weights(&weights).is_err());
        weights[3] = 1.0;
        assert!(set().check_weights(&weights).is_ok());
        assert!(set().check_weights(&weights[1..]).is_err());
        weights[4] = -1.0;
        assert!(set().check_weights(&weights).is_err());
    }
}
