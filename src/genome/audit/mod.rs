//! Whether a dataset is a fair test of a network: leaks between training and test rows, shortcuts
//! that simple baselines take, and what the labels allow.

mod baselines;
pub mod homology;
mod kmers;
mod labels;
mod leaks;
mod learning;
pub mod minimizers;
mod position;
mod verdict;

pub use baselines::Baseline;
pub use homology::{Sequences, Similarity};
pub use labels::LabelReport;
pub use leaks::{LeakExample, Leaks, SharedValues};
pub use learning::{Extrapolation, LearningPoint};
pub use verdict::Verdict;

use crate::data::Dataset;
use crate::seq::Motif;
use cistron_base::{Result, bail};

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

/// What an audit found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Test rows that are training rows in some form.
    pub leaks: Leaks,
    /// Baselines, the network among them where its predictions are known.
    pub baselines: Vec<Baseline>,
    /// Counts, duplicates and contradictions of the training labels.
    pub labels: LabelReport,
    /// The k-mer regression trained on parts of the training rows.
    pub learning: Vec<LearningPoint>,
    /// What more rows would bring; none where the curve states nothing.
    pub extrapolation: Option<Extrapolation>,
    /// The conclusion.
    pub verdict: Verdict,
    /// What was left out.
    pub notes: Vec<String>,
}

/// The rows of a dataset with the label that is examined.
struct Rows<'a> {
    set: &'a Dataset,
    sequences: Sequences,
    labels: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn of(set: &'a Dataset, settings: &AuditSettings, role: &str) -> Result<Rows<'a>> {
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
        })
    }

    /// Rows whose label is known.
    fn known(&self) -> Vec<usize> {
        let rows = 0..self.labels.len();
        rows.filter(|row| !self.labels[*row].is_nan()).collect()
    }

    fn classes(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().map(|row| self.labels[*row] == 1.0).collect()
    }

    fn name(&self, row: usize) -> String {
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

/// Examines training and test rows.
pub fn audit(train: &Dataset, test: &Dataset, settings: &AuditSettings) -> Result<Audit> {
    let train = Rows::of(train, settings, "training")?;
    let test = Rows::of(test, settings, "test")?;
    if let Some(predictions) = &settings.predictions
        && predictions.len() != test.labels.len()
    {
        bail!(
            "value",
            "{} predictions for {} test rows",
            predictions.len(),
            test.labels.len()
        );
    }
    let mut notes = Vec::new();
    let undefined = test.labels.iter().filter(|label| label.is_nan()).count();
    if undefined > 0 {
        notes.push(format!(
            "{undefined} test rows without a label are not scored"
        ));
    }
    let leaks = leaks::find(&train, &test, settings)?;
    if leaks.skipped > 0 {
        notes.push(format!(
            "{} k-mers of test rows occur in more than {} training rows each and were left out of \
             the search for similar rows",
            leaks.skipped,
            homology::MOST_ROWS
        ));
    }
    let baselines = baselines::all(&train, &test, &leaks, settings, &mut notes)?;
    let labels = labels::report(&train);
    let learning = learning::curve(&train, &test, settings)?;
    let extrapolation = learning::extrapolated(&learning);
    let verdict = verdict::of(&leaks, &baselines, &test)?;
    Ok(Audit {
        leaks,
        baselines,
        labels,
        learning,
        extrapolation,
        verdict,
        notes,
    })
}

#[cfg(test)]
mod tests;
