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
mod rows;
mod verdict;

pub use baselines::Baseline;
pub use homology::{Sequences, Similarity};
pub use labels::LabelReport;
pub use leaks::{LeakExample, Leaks, SharedValues};
pub use learning::{Extrapolation, LearningPoint};
pub use rows::{AuditSettings, Entity};
pub use verdict::Verdict;

use crate::data::Dataset;
use baselines::Kind;
use cistron_base::{Result, bail};
use kmers::Features;
use rows::Rows;

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
    let words = Features::of(&train.sequences, &test.sequences, &settings.kmers)?;
    let baselines = baselines::all(&train, &test, &words, &leaks, settings, &mut notes)?;
    let labels = labels::report(&train);
    let floor = baselines.iter().find(|own| own.kind == Kind::Floor);
    let all = floor.map_or(f64::NAN, |own| own.auroc);
    let learning = learning::curve(&train, &test, &words, all, settings.seed)?;
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
