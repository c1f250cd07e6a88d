//! Metrics of predictions and labels.

use crate::bail;
use crate::base::Result;
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, Options};
use crate::metrics::metric::Average;
use crate::metrics::{Measure, Metric, Pairs};

/// The average over tasks.
#[derive(Options)]
pub struct AverageOptions {
    /// Average over tasks: macro (mean of the tasks), micro (pooled over all tasks), weighted (by
    /// the number of positives) or samples (mean of the rows).
    #[option(default = "macro")]
    pub average: AverageName,
}

/// The weights of rows.
#[derive(Options)]
pub struct WeightOptions {
    /// Weight of each row, [batch]; equal weights unless given.
    pub weights: Option<Numbers>,
}

/// The names of the averages over tasks.
#[derive(Choice, Clone, Copy)]
pub enum AverageName {
    /// Mean of the tasks.
    Macro,
    /// Pooled over all tasks.
    Micro,
    /// Mean of the tasks, weighted by the number of positives.
    Weighted,
    /// Mean of the rows.
    Samples,
}

impl From<AverageName> for Average {
    fn from(name: AverageName) -> Average {
        match name {
            AverageName::Macro => Average::Macro,
            AverageName::Micro => Average::Micro,
            AverageName::Weighted => Average::Weighted,
            AverageName::Samples => Average::Samples,
        }
    }
}

impl AverageOptions {
    /// A ranking metric.
    pub fn metric(&self, name: &str, measure: Measure) -> Metric {
        Metric {
            average: self.average.into(),
            threshold: 0.5,
            ..Metric::new(name, measure)
        }
    }
}

/// Computes from pairs of a prediction and a label.
pub fn with_pairs<T>(
    scores: &Numbers,
    labels: &Numbers,
    weights: Option<&Numbers>,
    compute: impl Fn(&Pairs) -> Result<T>,
) -> Result<T> {
    let (shape, other) = (scores.0.shape(), labels.0.shape());
    let rows = shape.first().copied().unwrap_or(1);
    if other.first().copied().unwrap_or(1) != rows {
        bail!(
            "shape",
            "scores {} and labels {} differ in rows",
            crate::base::shape::text(&shape),
            crate::base::shape::text(&other)
        );
    }
    let columns = (scores.0.numel() / rows.max(1)) as usize;
    let weights = weights.map(|weights| weights.0.to_f64()).transpose()?;
    let length = shape
        .iter()
        .skip(1)
        .next_back()
        .map_or(1, |length| *length as usize);
    scores.0.with_values(|scores| {
        labels.0.with_values(|labels| {
            let pairs = Pairs::new(scores, labels, columns).weighing(weights.as_deref());
            compute(&pairs.of_length(length))
        })
    })??
}

/// The value of a metric.
pub fn value(
    metric: &Metric,
    scores: &Numbers,
    labels: &Numbers,
    options: &WeightOptions,
) -> Result<f64> {
    with_pairs(scores, labels, options.weights.as_ref(), |pairs| {
        metric.of(pairs)
    })
}
