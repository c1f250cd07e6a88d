//! Metrics as values: of predictions and labels with several tasks, averaged as asked.

use super::classification::Counts;
use super::ranking::Ranking;
use super::{correlation, ranking};
use crate::bail;
use crate::base::Result;
use std::cell::OnceCell;

/// Which metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Area under the ROC curve.
    Auroc,
    /// Average precision (step-wise).
    AveragePrecision,
    /// Area under the precision-recall curve (trapezoids).
    Auprc,
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
}

/// How tasks become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over tasks; undefined ones are left out.
    Macro,
    /// All decisions of all tasks in one pot.
    Micro,
    /// The mean over tasks, weighed by their positives.
    Weighted,
    /// The mean over samples, each with its own labels.
    Samples,
}

impl Average {
    /// Names that options take.
    pub const NAMES: &'static [&'static str] = &["macro", "micro", "weighted", "samples"];

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

/// Predictions and labels: `rows * columns` each; labels of classes have one column.
pub struct Pairs<'a> {
    /// Predictions.
    pub scores: &'a [f32],
    /// Labels.
    pub labels: &'a [f32],
    /// Columns of the predictions.
    pub columns: usize,
    /// The ranking metrics of each column, once one of them was asked for.
    rankings: OnceCell<Vec<Ranking>>,
}

impl<'a> Pairs<'a> {
    /// Predictions and labels side by side.
    pub fn new(scores: &'a [f32], labels: &'a [f32], columns: usize) -> Pairs<'a> {
        Pairs { scores, labels, columns, rankings: OnceCell::new() }
    }

    /// All of them in one pass.
    fn rankings(&self) -> &[Ranking] {
        self.rankings.get_or_init(|| ranking::rankings(self.scores, self.labels, self.columns))
    }

    /// Whether predictions are shares of classes and labels class numbers.
    fn is_classes(&self) -> bool {
        self.columns > 1 && self.labels.len() * self.columns == self.scores.len()
    }
}

impl Metric {
    /// A metric by name, mean over tasks, decisions at one half.
    pub fn new(name: &str, measure: Measure) -> Metric {
        Metric { name: name.into(), measure, average: Average::Macro, threshold: 0.5 }
    }

    fn of_counts(&self, counts: &Counts) -> f64 {
        match self.measure {
            Measure::Precision => counts.precision(),
            Measure::Recall => counts.recall(),
            Measure::F1 => counts.f1(),
            Measure::Mcc => counts.mcc(),
            _ => counts.accuracy(),
        }
    }

    fn is_decision(&self) -> bool {
        matches!(self.measure, Measure::Accuracy | Measure::Precision | Measure::Recall | Measure::F1 | Measure::Mcc)
    }

    /// The part of a ranking that this metric is.
    fn of_ranking(&self, ranking: &Ranking) -> Option<f64> {
        match self.measure {
            Measure::Auroc => Some(ranking.auroc),
            Measure::AveragePrecision => Some(ranking.average_precision),
            Measure::Auprc => Some(ranking.auprc),
            _ => None,
        }
    }

    fn of_values(&self, x: impl Iterator<Item = f32>, y: impl Iterator<Item = f32>) -> f64 {
        let both = |x: &mut dyn Iterator<Item = f32>, y: &mut dyn Iterator<Item = f32>| (x.collect::<Vec<_>>(), y.collect::<Vec<_>>());
        let (mut x, mut y) = (x, y);
        match self.measure {
            Measure::Auroc | Measure::AveragePrecision | Measure::Auprc => {
                let (scores, labels) = both(&mut x, &mut y);
                self.of_ranking(&ranking::ranking(&scores, &labels)).unwrap_or(f64::NAN)
            }
            Measure::RecallAtFdr(fdr) => {
                let (scores, labels) = both(&mut x, &mut y);
                ranking::recall_at_fdr(&scores, &labels, fdr)
            }
            Measure::Pearson => correlation::pearson(x, y),
            Measure::Spearman => correlation::spearman(x, y),
            Measure::R2 => correlation::r2(x, y),
            Measure::Mse => correlation::mse(x, y),
            _ => self.of_counts(&Counts::of(x, y, self.threshold as f32)),
        }
    }

    /// The metric of each task.
    pub fn per_task(&self, pairs: &Pairs) -> Result<Vec<f64>> {
        check(pairs)?;
        if pairs.is_classes() {
            return self.per_class(pairs);
        }
        if matches!(self.measure, Measure::Auroc | Measure::AveragePrecision | Measure::Auprc) {
            return Ok(pairs.rankings().iter().filter_map(|own| self.of_ranking(own)).collect());
        }
        let (scores, labels, columns) = (pairs.scores, pairs.labels, pairs.columns);
        let one = |task: usize| {
            let own = |values: &'_ [f32]| values[task..].iter().step_by(columns).copied().collect::<Vec<f32>>();
            self.of_values(own(scores).into_iter(), own(labels).into_iter())
        };
        if pairs.columns > 1 && pairs.scores.len() > 100_000 {
            use rayon::prelude::*;
            return Ok((0..pairs.columns).into_par_iter().map(one).collect());
        }
        Ok((0..pairs.columns).map(one).collect())
    }

    /// Class numbers against shares of classes: each class against the rest.
    fn per_class(&self, pairs: &Pairs) -> Result<Vec<f64>> {
        let k = pairs.columns;
        (0..k)
            .map(|class| {
                let y = pairs.labels.iter().map(move |l| if l.is_nan() { f32::NAN } else { f32::from(u8::from(*l as usize == class)) });
                Ok(if self.is_decision() {
                    let called = pairs.scores.chunks(k).map(move |row| f32::from(u8::from(best(row) == class)));
                    self.of_counts(&Counts::of(called, y, 0.5))
                } else {
                    self.of_values(pairs.scores[class..].iter().step_by(k).copied(), y)
                })
            })
            .collect()
    }

    /// The metric as one number.
    pub fn of(&self, pairs: &Pairs) -> Result<f64> {
        check(pairs)?;
        if pairs.is_classes() && self.measure == Measure::Accuracy {
            let rows = pairs.scores.chunks(pairs.columns).zip(pairs.labels).filter(|(_, label)| !label.is_nan());
            let (right, n) = rows.fold((0.0, 0.0), |(right, n), (row, label)| (right + f64::from(u8::from(best(row) == *label as usize)), n + 1.0));
            return Ok(right / n);
        }
        match self.average {
            Average::Macro => Ok(mean(self.per_task(pairs)?.into_iter().map(|v| (v, 1.0)))),
            Average::Micro if pairs.is_classes() => bail!("value", "micro averages need labels of 0 and 1, not class numbers"),
            Average::Micro => Ok(self.of_values(pairs.scores.iter().copied(), pairs.labels.iter().copied())),
            Average::Weighted => {
                let values = self.per_task(pairs)?;
                let support = |task: usize| {
                    if pairs.is_classes() {
                        return pairs.labels.iter().filter(|l| **l as usize == task).count() as f64;
                    }
                    pairs.labels[task..].iter().step_by(pairs.columns).filter(|l| **l > 0.5).count() as f64
                };
                Ok(mean(values.into_iter().enumerate().map(|(task, v)| (v, support(task)))))
            }
            Average::Samples => {
                if pairs.is_classes() {
                    bail!("value", "averages over samples need labels of 0 and 1, not class numbers");
                }
                let rows = pairs.scores.chunks(pairs.columns).zip(pairs.labels.chunks(pairs.columns));
                Ok(mean(rows.map(|(x, y)| (self.of_values(x.iter().copied(), y.iter().copied()), 1.0))))
            }
        }
    }
}

fn best(row: &[f32]) -> usize {
    row.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (i, x)| if *x > best.1 { (i, *x) } else { best }).0
}

/// The weighed mean of the values that are defined.
fn mean(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weight) = values.filter(|(v, w)| !v.is_nan() && *w > 0.0).fold((0.0, 0.0), |(s, n), (v, w)| (s + v * w, n + w));
    if weight > 0.0 { sum / weight } else { f64::NAN }
}

fn check(pairs: &Pairs) -> Result<()> {
    let fits = pairs.columns > 0 && (pairs.scores.len() == pairs.labels.len() || pairs.scores.len() == pairs.labels.len() * pairs.columns);
    if !fits {
        bail!("shape", "{} predictions in {} columns cannot be compared with {} labels", pairs.scores.len(), pairs.columns, pairs.labels.len());
    }
    if pairs.labels.is_empty() {
        bail!("data", "there is nothing to measure: no rows");
    }
    Ok(())
}
