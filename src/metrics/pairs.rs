//! Predictions and labels side by side, checked before anything is measured.

use super::ranking::{self, Ranking};
use super::{Measure, Metric};
use cistron_base::bail;
use cistron_base::{Result, Values};
use std::borrow::Cow;
use std::sync::OnceLock;

/// Predictions and labels: `rows * columns` each; labels of classes have one column.
///
/// Only a NaN label means that it is undefined; a NaN prediction is an error.
pub struct Pairs<'a> {
    /// Labels.
    pub labels: Values<'a>,
    /// Columns of the predictions.
    pub columns: usize,
    /// A weight for each row; all weigh the same without them.
    pub weights: Option<&'a [f64]>,
    /// Numbers along the last axis, of which there are one or several in a row.
    length: usize,
    /// The ranked numbers: the predictions, or numbers in their order.
    ranked: Values<'a>,
    /// Predictions on the scale of the labels, where they are not what is ranked.
    scores: Option<Values<'a>>,
    /// Whether labels between 0 and 1 were mixed by augmentation, and count as the nearer of both.
    is_mixed: bool,
    keys: OnceLock<Cow<'a, [f32]>>,
    rankings: OnceLock<Vec<Ranking>>,
    checked: OnceLock<Checked>,
}

/// Properties of predictions and labels that are checked once.
#[derive(Clone, Debug)]
struct Checked {
    /// Predictions that are NaN where the label is defined.
    undefined: usize,
    /// The first label that is neither 0, 1 nor NaN.
    odd: Option<(usize, f64)>,
}

impl<'a> Pairs<'a> {
    /// Predictions and labels side by side.
    pub fn new(scores: Values<'a>, labels: Values<'a>, columns: usize) -> Pairs<'a> {
        Pairs {
            labels,
            columns,
            weights: None,
            length: 1,
            ranked: scores,
            scores: None,
            is_mixed: false,
            keys: OnceLock::new(),
            rankings: OnceLock::new(),
            checked: OnceLock::new(),
        }
    }

    /// With a weight for each row.
    pub fn weighing(self, weights: Option<&'a [f64]>) -> Pairs<'a> {
        Pairs { weights, ..self }
    }

    /// With predictions that metrics of values and decisions see, while the order is that of what
    /// was given first.
    pub fn predicting(self, scores: Option<Values<'a>>) -> Pairs<'a> {
        Pairs { scores, ..self }
    }

    /// With the length of the last axis, along which profiles are.
    pub fn of_length(self, length: usize) -> Pairs<'a> {
        Pairs { length, ..self }
    }

    pub(super) fn length(&self) -> usize {
        self.length.max(1)
    }

    /// With labels that augmentation may have mixed.
    pub fn mixed(self, is_mixed: bool) -> Pairs<'a> {
        Pairs { is_mixed, ..self }
    }

    /// The same rows, each of weight 1.
    pub(super) fn without_weights(&self) -> Pairs<'a> {
        Pairs::new(self.ranked, self.labels, self.columns)
            .predicting(self.scores)
            .mixed(self.is_mixed)
    }

    /// Predictions, all columns.
    pub(super) fn len(&self) -> usize {
        self.ranked.len()
    }

    pub(super) fn scores(&self) -> Values<'a> {
        self.scores.unwrap_or(self.ranked)
    }

    pub(super) fn ranked(&self) -> Values<'a> {
        self.ranked
    }

    /// The ranked numbers, in 32 bits.
    pub(super) fn keys(&self) -> &[f32] {
        self.keys.get_or_init(|| self.ranked.in_32_bits())
    }

    /// The ranking metrics of all columns in one pass.
    pub(super) fn rankings(&self) -> &[Ranking] {
        self.rankings
            .get_or_init(|| ranking::rankings(self.keys(), &self.labels.in_32_bits(), self.columns))
    }

    /// Computes what several tasks share, before they are measured side by side.
    pub(super) fn prepare(&self, metric: &Metric) {
        if metric.is_ranking() && self.weights.is_none() {
            self.keys();
        }
    }

    /// Whether predictions are shares of classes and labels class numbers.
    pub(super) fn is_classes(&self) -> bool {
        self.columns > 1 && self.labels.len() * self.columns == self.ranked.len()
    }

    /// The label of a cell of the predictions; of a class number whether it is `class`.
    pub(super) fn label(&self, cell: usize, class: Option<usize>) -> f64 {
        let Some(class) = class else {
            return self.labels.at(cell);
        };
        let label = self.labels.at(cell / self.columns);
        if label.is_nan() {
            f64::NAN
        } else {
            f64::from(u8::from(label == class as f64))
        }
    }

    /// The class with the largest prediction in the row of a cell.
    pub(super) fn called(&self, cell: usize) -> usize {
        let first = cell / self.columns * self.columns;
        let row = (0..self.columns).map(|class| self.ranked.at(first + class));
        row.enumerate()
            .fold((0, f64::NEG_INFINITY), |best, (i, x)| {
                if x > best.1 { (i, x) } else { best }
            })
            .0
    }

    pub(super) fn row_weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    pub(super) fn weight(&self, cell: usize) -> f64 {
        self.row_weight(cell / self.columns)
    }

    /// Fails unless predictions are numbers and labels are 0, 1 or undefined; `name` is what needs
    /// them.
    pub fn need_binary(&self, name: &str) -> Result<()> {
        self.check(&Metric::new(name, Measure::Auroc))
    }

    /// Fails on what a metric cannot measure.
    pub(super) fn check(&self, metric: &Metric) -> Result<()> {
        let (predictions, labels) = (self.ranked.len(), self.labels.len());
        if labels == 0 {
            bail!("data", "there is nothing to measure: no rows");
        }
        let is_classes = self.is_classes();
        if self.columns == 0 || (predictions != labels && !is_classes) {
            bail!(
                "shape",
                "{predictions} predictions in {} columns cannot be compared with {labels} labels",
                self.columns
            );
        }
        self.check_weights(metric, predictions / self.columns)?;
        let checked = self.checked.get_or_init(|| self.look());
        if checked.undefined > 0 {
            bail!(
                "value",
                "{} of {predictions} predictions are NaN",
                checked.undefined;
                hint: "only labels may be undefined; find where the NaN comes from: a logarithm \
                    or division in the network, or a learning rate that is too high"
            );
        }
        if !metric.needs_classes() {
            return Ok(());
        }
        match checked.odd {
            Some((at, label))
                if is_classes
                    && !(label >= 0.0 && label < self.columns as f64 && label.fract() == 0.0) =>
            {
                bail!(
                    "value",
                    "`{}` of {} classes needs class numbers from 0 to {}, got {label} in row {at}",
                    metric.name,
                    self.columns,
                    self.columns - 1
                )
            }
            Some((at, label)) if !(is_classes || self.is_mixed && label > 0.0 && label < 1.0) => {
                let task = if self.columns > 1 {
                    format!(", task {}", at % self.columns)
                } else {
                    String::new()
                };
                bail!(
                    "value",
                    "`{}` needs labels of 0 and 1, got {label} in row {}{task}",
                    metric.name,
                    at / self.columns;
                    hint: "`labels.gt(0.5)` makes labels of numbers; class numbers need a \
                        prediction for each class"
                )
            }
            _ => Ok(()),
        }
    }

    fn check_weights(&self, metric: &Metric, rows: usize) -> Result<()> {
        let Some(weights) = self.weights else {
            return Ok(());
        };
        let without_weights = match metric.measure {
            Measure::Spearman => "`metric::pearson(x, y, #{ weights: w })` has one",
            Measure::DavisGoadrich => "`method: \"trapezoid\"` has one",
            _ => "",
        };
        if !without_weights.is_empty() {
            bail!("option", "`{}` has no weighted form", metric.name;
                hint: "{without_weights}"
            );
        }
        if weights.len() != rows {
            bail!(
                "shape",
                "`weights` holds {} numbers for {rows} rows",
                weights.len()
            );
        }
        match weights.iter().position(|w| !(*w >= 0.0 && w.is_finite())) {
            Some(row) => bail!(
                "value",
                "weights must be at least 0, got {} in row {row}",
                weights[row]
            ),
            None => Ok(()),
        }
    }

    /// Counts NaN predictions of defined labels, and looks for a label that is not plain.
    fn look(&self) -> Checked {
        let is_classes = self.is_classes();
        let undefined = |predictions: Values| match (predictions, self.labels) {
            (Values::Single(x), Values::Single(y)) if !is_classes => x
                .iter()
                .zip(y)
                .filter(|(x, y)| x.is_nan() & !y.is_nan())
                .count(),
            _ => (0..self.len())
                .filter(|cell| {
                    predictions.at(*cell).is_nan()
                        && !self.label(*cell, is_classes.then_some(0)).is_nan()
                })
                .count(),
        };
        let most = if is_classes { self.columns as f64 } else { 2.0 };
        let plain =
            |label: f64| label.is_nan() || (label >= 0.0 && label < most && label.fract() == 0.0);
        let at = match self.labels {
            Values::Single(y) if !is_classes => y
                .iter()
                .position(|y| !((*y == 0.0) | (*y == 1.0) | y.is_nan())),
            labels => labels.iter().position(|label| !plain(label)),
        };
        // where some labels are mixed, one outside of 0 to 1 matters more
        let outside = if self.is_mixed {
            self.labels
                .iter()
                .position(|y| !(y.is_nan() || (0.0..=1.0).contains(&y)))
        } else {
            None
        };
        Checked {
            undefined: undefined(self.ranked).max(self.scores.map_or(0, undefined)),
            odd: outside.or(at).map(|at| (at, self.labels.at(at))),
        }
    }
}

/// For each class of a row of class logits the logarithm of its odds against all others, which
/// ranks as its probability does and stays apart where probabilities round to 1.
pub fn log_odds(logits: &[f64], out: &mut Vec<f64>) {
    let top = logits
        .iter()
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |best, (i, z)| {
            if *z > best.1 { (i, *z) } else { best }
        });
    let rest = || {
        logits
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != top.0)
            .map(|(_, z)| *z)
    };
    let second = rest().fold(f64::NEG_INFINITY, f64::max);
    let others = second + rest().map(|z| (z - second).exp()).sum::<f64>().ln();
    let all = rest().map(|z| (z - top.1).exp()).sum::<f64>();
    out.extend(logits.iter().enumerate().map(|(i, z)| match i == top.0 {
        _ if z.is_nan() => f64::NAN,
        true => z - others,
        false => z - top.1 - (1.0 + all - (z - top.1).exp()).ln(),
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_of_classes_rank_as_their_probabilities() {
        let logits = [1.0f64, -2.0, 0.5, 3.0];
        let mut odds = Vec::new();
        log_odds(&logits, &mut odds);
        let all: f64 = logits.iter().map(|z| z.exp()).sum();
        for (z, odds) in logits.iter().zip(&odds) {
            let p = z.exp() / all;
            assert!((odds - (p / (1.0 - p)).ln()).abs() < 1e-12);
        }
        // probabilities of both rows round to 1
        let mut far = Vec::new();
        log_odds(&[60.0, 0.0], &mut far);
        log_odds(&[61.0, 0.0], &mut far);
        assert_eq!(far, [60.0, -60.0, 61.0, -61.0]);
    }

    #[test]
    fn predictions_that_are_nan_are_refused_and_labels_that_are_left_out() {
        let metric = Metric::new("auroc", Measure::Auroc);
        let of = |scores: &[f64], labels: &[f64]| {
            metric.of(&Pairs::new(
                Values::Double(scores),
                Values::Double(labels),
                1,
            ))
        };
        assert_eq!(
            of(&[0.1, f64::NAN, 0.9], &[0.0, f64::NAN, 1.0]).unwrap(),
            1.0
        );
        assert!(
            of(&[0.1, f64::NAN, 0.9], &[0.0, 1.0, 1.0])
                .unwrap_err()
                .to_string()
                .contains("1 of 3 predictions are NaN")
        );
        assert!(
            of(&[0.1, 0.2, 0.9], &[0.0, 1.0, 2.0])
                .unwrap_err()
                .to_string()
                .contains("needs labels of 0 and 1, got 2 in row 2")
        );
    }
}
