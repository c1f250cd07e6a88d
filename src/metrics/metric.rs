//! Metrics as values: what is measured, and how tasks are averaged.

use super::profile::Profile;

/// Which metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Area under the ROC curve.
    Auroc,
    /// Average precision (step-wise).
    AveragePrecision,
    /// Area under the precision-recall curve (trapezoids).
    Auprc,
    /// Area under the precision-recall curve (Davis and Goadrich's interpolation).
    DavisGoadrich,
    /// Recall at a false discovery rate.
    RecallAtFdr(f64),
    /// Share of right decisions.
    Accuracy,
    /// Precision.
    Precision,
    /// Recall.
    Recall,
    /// F1.
    F1,
    /// Matthews' correlation.
    Mcc,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's correlation.
    Spearman,
    /// Explained variance.
    R2,
    /// Mean squared error.
    Mse,
    /// A metric of profiles.
    Profile(Profile),
}

impl Measure {
    /// The measure of a name, of those without settings.
    pub fn named(name: &str) -> Option<Measure> {
        Some(match name {
            "auroc" => Measure::Auroc,
            "average_precision" => Measure::AveragePrecision,
            "auprc" => Measure::Auprc,
            "accuracy" => Measure::Accuracy,
            "precision" => Measure::Precision,
            "recall" => Measure::Recall,
            "f1" => Measure::F1,
            "mcc" => Measure::Mcc,
            "pearson" => Measure::Pearson,
            "spearman" => Measure::Spearman,
            "r2" => Measure::R2,
            "mse" => Measure::Mse,
            _ => return None,
        })
    }
}

/// How tasks become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over tasks; undefined ones are left out.
    Macro,
    /// Pooled over all decisions of all tasks.
    Micro,
    /// The mean over tasks, weighed by their positives.
    Weighted,
    /// The mean over samples, each with its own labels.
    Samples,
}

impl Average {
    /// The average of a name.
    pub fn named(name: &str) -> Average {
        match name {
            "micro" => Average::Micro,
            "weighted" => Average::Weighted,
            "samples" => Average::Samples,
            _ => Average::Macro,
        }
    }
}

/// A metric with its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name in results.
    pub name: String,
    /// Which.
    pub measure: Measure,
    /// How tasks become one number.
    pub average: Average,
    /// The probability from which a decision is positive.
    pub threshold: f64,
}

impl Metric {
    /// A metric by name, mean over tasks, decisions at one half.
    pub fn new(name: &str, measure: Measure) -> Metric {
        Metric {
            name: name.into(),
            measure,
            average: Average::Macro,
            threshold: 0.5,
        }
    }
}
