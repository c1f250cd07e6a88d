//! What an audit examines: settings, and the rows of a dataset with one of its labels.

use super::homology::Similarity;
use super::position::{Place, places};
use super::sequences::Sequences;
use crate::data::{Column, Dataset};
use crate::seq::Motif;
use crate::seq::alphabets::Alphabet;
use cistron_base::{Result, bail};
use cistron_metrics::ranking::{Ranking, ranking};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an audit examines.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// When two sequences count as similar.
    pub similarity: Similarity,
    /// Number of the label that is examined, from 0.
    pub label: usize,
    /// The smallest label of a positive.
    pub threshold: f64,
    /// Lengths of the k-mers of the logistic regression; 4 to 6 of bases and 1 to 3 of amino acids
    /// where there are none.
    pub kmers: Vec<usize>,
    /// Motifs, of which the best one is a baseline.
    pub motifs: Vec<Motif>,
    /// Values of which training and test rows should share none, such as the cell type.
    pub entities: Vec<Entity>,
    /// Numbers of the labels that are measurements of the same, of which the examined one may be
    /// one; none where nothing was measured again.
    pub replicates: Vec<usize>,
    /// Predictions of a network for the test rows.
    pub predictions: Option<Vec<f64>>,
    /// Seed of inner splits and subsets.
    pub seed: u64,
}

impl AuditSettings {
    /// Lengths of the k-mers of sequences.
    pub fn kmers(&self, sequences: &Sequences) -> Vec<usize> {
        match sequences.alphabet() {
            _ if !self.kmers.is_empty() => self.kmers.clone(),
            Alphabet::Protein => vec![1, 2, 3],
            _ => vec![4, 5, 6],
        }
    }
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
    /// The sequences of the rows in view, where there are any.
    pub sequences: Option<Sequences>,
    /// 1, 0, or NaN where it is not known.
    pub labels: Vec<f32>,
    /// Whether labels have other values than 0 and 1.
    pub is_continuous: bool,
    /// Their places, where all are known.
    pub places: Option<Vec<Place>>,
}

/// The values of a label of the rows in view; `option` names its number in errors.
pub fn label_values(set: &Dataset, label: usize, option: &str) -> Result<Vec<f64>> {
    let tasks = set.tasks();
    if label >= tasks {
        bail!(
            "value",
            "`{option}` is {label}, the dataset has {tasks} labels, counted from 0"
        );
    }
    let mut own = Vec::new();
    Ok((0..set.len())
        .map(|row| {
            own.clear();
            set.push_labels(row, &mut own);
            f64::from(own[label])
        })
        .collect())
}

impl<'a> Rows<'a> {
    /// The rows of a dataset; `role` names them in errors.
    pub fn of(set: &'a Dataset, settings: &AuditSettings, role: &str) -> Result<Rows<'a>> {
        let values = label_values(set, settings.label, "label")?;
        let class = |label: f64| match label {
            label if label.is_nan() => f32::NAN,
            label => f32::from(u8::from(label >= settings.threshold)),
        };
        let labels: Vec<f32> = values.iter().map(|label| class(*label)).collect();
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
            sequences: Sequences::find(set)?,
            is_continuous: values.iter().any(|x| !x.is_nan() && *x != 0.0 && *x != 1.0),
            labels,
            places: places(set),
        })
    }

    /// A key of each row that equal rows have: of the sequence, the smaller of both strands; of
    /// rows without sequences all their numbers, -0 as 0.
    pub fn keys(&self) -> Result<Vec<u64>> {
        let hash = |codes: &[u8]| {
            let mut hasher = DefaultHasher::new();
            codes.hash(&mut hasher);
            hasher.finish()
        };
        if let Some(sequences) = &self.sequences {
            let key = |row: usize| match sequences.reverse_complement(row) {
                Some(turned) if turned.as_slice() < sequences.row(row) => hash(&turned),
                _ => hash(sequences.row(row)),
            };
            return Ok((0..sequences.len()).map(key).collect());
        }
        let inputs = self.number_inputs();
        let mut numbers = Vec::new();
        (0..self.labels.len())
            .map(|row| {
                let mut hasher = DefaultHasher::new();
                for input in &inputs {
                    numbers.clear();
                    self.set.push_numbers(input, row, 0, &mut numbers)?;
                    let bits = numbers
                        .iter()
                        .map(|x| if *x == 0.0 { 0 } else { x.to_bits() });
                    bits.for_each(|bits| bits.hash(&mut hasher));
                }
                Ok(hasher.finish())
            })
            .collect()
    }

    /// The inputs of numbers.
    pub fn number_inputs(&self) -> Vec<Column> {
        let is_number = |column: &&Column| {
            matches!(
                column,
                Column::Dense { .. } | Column::Signal { .. } | Column::Picked { .. }
            ) || (matches!(column, Column::Ragged(_))
                && !column.is_sequence()
                && column.alphabet().is_none())
        };
        let columns = self.set.inputs.iter().map(|input| &input.column);
        columns.filter(is_number).cloned().collect()
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
