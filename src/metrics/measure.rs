//! Metrics computed from predictions and labels, with several tasks averaged as asked.

use super::classification::{Counts, mcc_of_classes};
use super::metric::{Average, Measure, Metric};
use super::pairs::Pairs;
use super::profile::Profiles;
use super::ranking::{self, Ranking};
use super::{correlation, weighted};
use cistron_base::{Result, bail};

impl Metric {
    fn of_counts(&self, counts: &Counts) -> f64 {
        match self.measure {
            Measure::Precision => counts.precision(),
            Measure::Recall => counts.recall(),
            Measure::F1 => counts.f1(),
            Measure::Mcc => counts.mcc(),
            _ => counts.accuracy(),
        }
    }

    /// Whether labels are classes: 0 and 1, or class numbers.
    pub fn needs_classes(&self) -> bool {
        self.is_decision() || self.is_ranking()
    }

    /// Whether only the order of predictions matters.
    pub fn is_ranking(&self) -> bool {
        matches!(
            self.measure,
            Measure::Auroc
                | Measure::AveragePrecision
                | Measure::Auprc
                | Measure::DavisGoadrich
                | Measure::RecallAtFdr(_)
        )
    }

    fn is_decision(&self) -> bool {
        matches!(
            self.measure,
            Measure::Accuracy | Measure::Precision | Measure::Recall | Measure::F1 | Measure::Mcc
        )
    }

    /// The part of a ranking that this metric is.
    fn of_ranking(&self, ranking: &Ranking) -> f64 {
        match self.measure {
            Measure::AveragePrecision => ranking.average_precision,
            Measure::Auprc => ranking.auprc,
            _ => ranking.auroc,
        }
    }

    /// The metric of some cells of the predictions, with their labels; `class` is the class that
    /// counts as 1, where labels are classes.
    fn of_cells(&self, pairs: &Pairs, cells: &[usize], class: Option<usize>) -> f64 {
        if self.is_ranking() {
            return self.ranked(pairs, cells, class);
        }
        let label = |cell: usize| pairs.label(cell, class);
        if self.is_decision() {
            let called = |cell: usize| {
                class.map_or_else(
                    || pairs.scores().reaches(cell, self.threshold),
                    |class| pairs.called(cell) == class,
                )
            };
            let counts = Counts::of(
                cells
                    .iter()
                    .map(|cell| (called(*cell), label(*cell), pairs.weight(*cell))),
            );
            // a class that neither labels nor predictions know is left out, as a task without
            // labels is
            let is_absent = class.is_some() && counts.tp + counts.fp + counts.fn_ == 0.0;
            return if counts.is_empty() || is_absent {
                f64::NAN
            } else {
                self.of_counts(&counts)
            };
        }
        let rows: Vec<correlation::Row> = cells
            .iter()
            .map(|cell| (pairs.scores().at(*cell), label(*cell), pairs.weight(*cell)))
            .filter(|row| !row.1.is_nan() && row.2 > 0.0)
            .collect();
        let sides = || (rows.iter().map(|row| row.0), rows.iter().map(|row| row.1));
        match self.measure {
            Measure::Pearson if pairs.weights.is_some() => correlation::weighted_pearson(&rows),
            Measure::Pearson => correlation::pearson(sides().0, sides().1),
            Measure::Spearman => correlation::spearman(sides().0, sides().1),
            Measure::R2 => correlation::r2(&rows),
            _ => correlation::mse(&rows),
        }
    }

    fn ranked(&self, pairs: &Pairs, cells: &[usize], class: Option<usize>) -> f64 {
        if pairs.weights.is_some() {
            let row = |cell: &usize| {
                (
                    pairs.ranked().at(*cell),
                    pairs.label(*cell, class),
                    pairs.weight(*cell),
                )
            };
            let rows = cells
                .iter()
                .map(row)
                .filter(|row| !row.1.is_nan())
                .map(|(score, label, weight)| (score, label > 0.5, weight))
                .collect();
            return match self.measure {
                Measure::RecallAtFdr(fdr) => weighted::recall_at_fdr(rows, fdr),
                _ => self.of_ranking(&weighted::ranking(rows)),
            };
        }
        let scores: Vec<f32> = cells.iter().map(|cell| pairs.keys()[*cell]).collect();
        let labels: Vec<f32> = cells
            .iter()
            .map(|cell| pairs.label(*cell, class) as f32)
            .collect();
        match self.measure {
            Measure::RecallAtFdr(fdr) => ranking::recall_at_fdr(&scores, &labels, fdr),
            Measure::DavisGoadrich => ranking::davis_goadrich(&scores, &labels),
            _ => self.of_ranking(&ranking::ranking(&scores, &labels)),
        }
    }

    /// The metric of each task (of each class against the rest, where labels are class numbers; of
    /// each channel of profiles).
    pub fn per_task(&self, pairs: &Pairs) -> Result<Vec<f64>> {
        pairs.check(self)?;
        if let Measure::Profile(profile) = &self.measure {
            if pairs.weights.is_some() {
                bail!("option", "`{}` has no weighted form", self.name);
            }
            let profiles = Profiles {
                predictions: pairs.scores(),
                labels: pairs.labels,
                columns: pairs.columns,
                length: pairs.length(),
            };
            return profile.per_channel(&self.name, &profiles);
        }
        let is_classes = pairs.is_classes();
        if self.is_ranking()
            && !is_classes
            && pairs.weights.is_none()
            && !matches!(
                self.measure,
                Measure::RecallAtFdr(_) | Measure::DavisGoadrich
            )
        {
            return Ok(pairs
                .rankings()
                .iter()
                .map(|own| self.of_ranking(own))
                .collect());
        }
        pairs.prepare(self);
        let one = |task: usize| {
            let cells: Vec<usize> = (task..pairs.len()).step_by(pairs.columns).collect();
            self.of_cells(pairs, &cells, is_classes.then_some(task))
        };
        if pairs.columns > 1 && pairs.len() > 100_000 {
            use rayon::prelude::*;
            return Ok((0..pairs.columns).into_par_iter().map(one).collect());
        }
        Ok((0..pairs.columns).map(one).collect())
    }

    /// Class numbers against predicted classes, for what is not a mean over classes.
    fn of_classes(&self, pairs: &Pairs) -> Option<f64> {
        let rows = || {
            let known = (0..pairs.labels.len()).filter(|row| !pairs.labels.at(*row).is_nan());
            known.map(|row| {
                (
                    pairs.labels.at(row) as usize,
                    pairs.called(row * pairs.columns),
                    pairs.row_weight(row),
                )
            })
        };
        match self.measure {
            Measure::Accuracy => {
                let (right, n) = rows().fold((0.0, 0.0), |(right, n), (label, called, w)| {
                    (right + if label == called { w } else { 0.0 }, n + w)
                });
                Some(right / n)
            }
            Measure::Mcc => Some(mcc_of_classes(rows(), pairs.columns)),
            _ => None,
        }
    }

    /// The metric as one number.
    pub fn of(&self, pairs: &Pairs) -> Result<f64> {
        pairs.check(self)?;
        if matches!(self.measure, Measure::Profile(_)) {
            return Ok(mean(self.per_task(pairs)?.into_iter().map(|v| (v, 1.0))));
        }
        let is_classes = pairs.is_classes();
        if is_classes && let Some(value) = self.of_classes(pairs) {
            return Ok(value);
        }
        pairs.prepare(self);
        match self.average {
            Average::Macro => Ok(mean(self.per_task(pairs)?.into_iter().map(|v| (v, 1.0)))),
            Average::Micro if is_classes => bail!(
                "value",
                "micro averages need labels of 0 and 1, not class numbers"
            ),
            Average::Micro => Ok(self.of_cells(pairs, &(0..pairs.len()).collect::<Vec<_>>(), None)),
            Average::Weighted => {
                let support = |task: usize| {
                    let cells = (task..pairs.len()).step_by(pairs.columns);
                    cells
                        .filter(|cell| pairs.label(*cell, is_classes.then_some(task)) > 0.5)
                        .map(|cell| pairs.weight(cell))
                        .sum::<f64>()
                };
                Ok(mean(
                    self.per_task(pairs)?
                        .into_iter()
                        .enumerate()
                        .map(|(task, v)| (v, support(task))),
                ))
            }
            Average::Samples if is_classes => bail!(
                "value",
                "averages over samples need labels of 0 and 1, not class numbers"
            ),
            Average::Samples => {
                let row = |row: usize| {
                    (row * pairs.columns..(row + 1) * pairs.columns).collect::<Vec<usize>>()
                };
                let rows = 0..pairs.len() / pairs.columns;
                // the row's weight counts once, in the mean
                let even = pairs.without_weights();
                Ok(mean(rows.map(|own| {
                    (self.of_cells(&even, &row(own), None), pairs.row_weight(own))
                })))
            }
        }
    }
}

/// The weighed mean of the values that are defined.
fn mean(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weight) = values
        .filter(|(v, w)| !v.is_nan() && *w > 0.0)
        .fold((0.0, 0.0), |(s, n), (v, w)| (s + v * w, n + w));
    if weight > 0.0 { sum / weight } else { f64::NAN }
}
