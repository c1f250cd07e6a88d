//! What an audit examines: settings, and the rows of a dataset with one of its labels.

use super::homology::{Sequences, Similarity};
use super::position::{Place, places};
use crate::data::Dataset;
use crate::seq::Motif;
use cistron_base::{Result, bail};
use cistron_metrics::ranking::{Ranking, ranking};

/// What an audit examines.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// When two sequences count as similar.
    pub similarity: Similarity,
    /// Number of the label that is examined, from 0.
    pub label: usize,
    /// The smallest label of a positive.
    pub threshold: f64,
    /// Lengths of the k-mers of the logistic regression.
    pub kmers: Vec<usize>,
    /// Motifs, of which the best one is a baseline.
    pub motifs: Vec<Motif>,
    /// Values of which training and test rows should share none, such as the cell type.
    pub entities: Vec<Entity>,
    /// Predictions of a network for the test rows.
    pub predictions: Option<Vec<f64>>,
    /// Seed of inner splits and subsets.
    pub seed: u64,
}

/// A value of each row, such as its cell type.
#[derive(Clone, Debug)]
pub struct Entity {
    /// What the values are.
    pub name: String,
    /// Those of the training rows.
    pub train: Vec<String>,
    /// Those of the test rows.
    pub test: Vec<String>,
}

/// The rows of a dataset with the label that is examined.
pub struct Rows<'a> {
    /// The dataset.
    pub set: &'a Dataset,
    /// The sequences of the rows in view.
    pub sequences: Sequences,
    /// 1, 0, or NaN where it is not known.
    pub labels: Vec<f32>,
    /// Their places, where all are known.
    pub places: Option<Vec<Place>>,
}

impl<'a> Rows<'a> {
    /// The rows of a dataset; `role` names them in errors.
    pub fn of(set: &'a Dataset, settings: &AuditSettings, role: &str) -> Result<Rows<'a>> {
        let tasks = set.tasks();
        if settings.label >= tasks {
            bail!(
                "value",
                "`label` is {}, the dataset has {tasks} labels, counted from 0",
                settings.label
            );
        }
        let all = set.all_labels();
        let labels: Vec<f32> = all
            .chunks(tasks)
            .map(|row| match row[settings.label] {
                label if label.is_nan() => label,
                label => f32::from(u8::from(f64::from(label) >= settings.threshold)),
            })
            .collect();
        let positives = labels.iter().filter(|label| **label == 1.0).count();
        let negatives = labels.iter().filter(|label| **label == 0.0).count();
        if positives < 2 || negatives < 2 {
            bail!(
                "data",
                "an audit needs positives and negatives: the {role} rows have {positives} labels \
                 of at least {}, {negatives} below it",
                settings.threshold;
                hint: "option `threshold` states the smallest label of a positive, option `label` \
                    which label is meant"
            );
        }
        Ok(Rows {
            set,
            sequences: Sequences::of(set)?,
            labels,
            places: places(set),
        })
    }

    /// Rows whose label is known.
    pub fn known(&self) -> Vec<usize> {
        let rows = 0..self.labels.len();
        rows.filter(|row| !self.labels[*row].is_nan()).collect()
    }

    /// The ranking metrics of scores of all rows, over some rows.
    pub fn ranking(&self, scores: &[f64], rows: &[usize]) -> Ranking {
        let scores: Vec<f32> = rows.iter().map(|row| scores[*row] as f32).collect();
        let labels: Vec<f32> = rows.iter().map(|row| self.labels[*row]).collect();
        ranking(&scores, &labels)
    }

    /// Whether each of some rows is positive.
    pub fn classes(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().map(|row| self.labels[*row] == 1.0).collect()
    }

    /// The name of a row.
    pub fn name(&self, row: usize) -> String {
        let (storage, shuffle) = self.set.locate(row);
        let name = match &self.set.names {
            Some(names) => names[storage].clone(),
            None => format!("row {storage}"),
        };
        match shuffle {
            0 => name,
            n => format!("{name}, shuffle {n}"),
        }
    }
}
