//! Whether a dataset is a fair test of a network: leaks between training and test rows, shortcuts
//! that simple baselines take, and what the labels allow.

mod baselines;
pub mod homology;
mod kmers;
mod labels;
mod leaks;
mod learning;
pub mod minimizers;
mod motifs;
mod position;
mod regression;
mod replicates;
mod rows;
pub mod sequences;
mod shuffled;
mod verdict;

pub use baselines::Baseline;
pub use homology::Similarity;
pub use labels::LabelReport;
pub use leaks::{LeakExample, Leaks, SharedValues};
pub use learning::{Extrapolation, LearningPoint};
pub use replicates::Replicates;
pub use rows::{AuditSettings, Entity};
pub use sequences::Sequences;
pub use shuffled::ShuffledNegatives;
pub use verdict::{Gain, Verdict};

use crate::data::Dataset;
use baselines::{Bench, Kind};
use cistron_base::{Result, bail};
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
    /// Negatives that are shuffles of positives, where the dataset has them.
    pub shuffled: Option<ShuffledNegatives>,
    /// What labels that were measured again allow.
    pub replicates: Option<Replicates>,
    /// The k-mer regression trained on parts of the training rows.
    pub learning: Vec<LearningPoint>,
    /// What more rows would bring; none where the curve states nothing.
    pub extrapolation: Option<Extrapolation>,
    /// The conclusion.
    pub verdict: Verdict,
    /// What was left out.
    pub notes: Vec<String>,
}

/// Fails on predictions that are none of the test rows.
fn check_predictions(test: &Rows, settings: &AuditSettings) -> Result<()> {
    let Some(predictions) = &settings.predictions else {
        return Ok(());
    };
    let rows = test.labels.len();
    if predictions.len() != rows {
        bail!(
            "value",
            "{} predictions for {rows} test rows",
            predictions.len()
        );
    }
    let undefined = predictions.iter().filter(|score| score.is_nan()).count();
    if undefined > 0 {
        bail!(
            "value",
            "{undefined} of {rows} predictions are not a number (NaN)"
        );
    }
    Ok(())
}

/// What the report leaves out or guesses.
fn notes_of(test: &Rows, train: &Rows, leaks: &Leaks, settings: &AuditSettings) -> Vec<String> {
    let mut notes = Vec::new();
    let undefined = test.labels.iter().filter(|label| label.is_nan()).count();
    if undefined > 0 {
        notes.push(format!(
            "{undefined} test rows without a label are not scored"
        ));
    }
    if train.is_continuous || test.is_continuous {
        notes.push(format!(
            "labels are not all 0 and 1: those of at least {} are positives (option `threshold`)",
            settings.threshold
        ));
    }
    let Some(sequences) = &test.sequences else {
        notes.push("rows have no sequences: similar rows are not searched for".into());
        return notes;
    };
    let unknown = sequences.alphabet().unknown();
    let is_blank = |row: &usize| sequences.row(*row).iter().all(|code| *code >= unknown);
    let blank = (0..sequences.len()).filter(is_blank).count();
    if blank > 0 {
        notes.push(format!("{blank} test rows have no known letter"));
    }
    if leaks.skipped > 0 {
        notes.push(format!(
            "{} k-mers of test rows occur in more than {} training rows each and were left out of \
             the search for similar rows",
            leaks.skipped,
            homology::MOST_ROWS
        ));
    }
    notes
}

/// The replicates of training and test rows together.
fn replicates_of(
    train: &Dataset,
    test: &Dataset,
    settings: &AuditSettings,
) -> Result<Option<Replicates>> {
    if settings.replicates.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for label in &settings.replicates {
        let mut own = rows::label_values(train, *label, "replicates")?;
        own.extend(rows::label_values(test, *label, "replicates")?);
        all.push(own);
    }
    replicates::compare(&all, settings.threshold).map(Some)
}

/// Examines training and test rows.
pub fn audit(train: &Dataset, test: &Dataset, settings: &AuditSettings) -> Result<Audit> {
    let replicates = replicates_of(train, test, settings)?;
    let train = Rows::of(train, settings, "training")?;
    let test = Rows::of(test, settings, "test")?;
    let alphabets = [&train, &test].map(|rows| rows.sequences.as_ref().map(Sequences::alphabet));
    if alphabets[0] != alphabets[1] {
        bail!(
            "data",
            "training and test rows differ in their sequences: one of the two has none, \
            or sequences of another alphabet"
        );
    }
    check_predictions(&test, settings)?;
    let leaks = leaks::find(&train, &test, settings)?;
    let mut notes = notes_of(&test, &train, &leaks, settings);
    let bench = Bench::new(&train, &test, settings.seed);
    let floor = bench.floor(settings)?;
    let baselines = baselines::all(&bench, &floor, &leaks, settings, &mut notes)?;
    let labels = labels::report(&train)?;
    let shuffled = shuffled::find(&train, &test);
    let all = baselines.iter().find(|own| own.kind == Kind::Floor);
    let all = all.map_or(f64::NAN, |own| own.auroc);
    let learning = learning::curve(&train, &test, &*floor.source, all, settings.seed)?;
    let extrapolation = learning::extrapolated(&learning);
    let verdict = verdict::of(&leaks, shuffled.as_ref(), &baselines, &test)?;
    Ok(Audit {
        leaks,
        baselines,
        labels,
        shuffled,
        replicates,
        learning,
        extrapolation,
        verdict,
        notes,
    })
}

#[cfg(test)]
mod tests;
