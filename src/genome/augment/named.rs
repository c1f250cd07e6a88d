//! Augmenters of named inputs, which may take values of other rows by their labels.
//!
//! Other rows are those of the dataset that is loaded, so that no value crosses a split or fold;
//! they are taken as they are stored, without augmentation.

use crate::data::loader::{Needs, PeerRule, Sample, Transform};
use cistron_base::seed::Rng;

/// Takes blocks of inputs from another row.
pub struct Exchange {
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// The chance of each row.
    pub probability: f64,
    /// How the other row is drawn.
    pub rule: PeerRule,
    /// The label that changed rows have; their own unless given.
    pub becomes: Option<f32>,
}

impl Transform for Exchange {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        let peer = sample
            .peers
            .as_ref()
            .and_then(|peers| peers.draw(&self.rule, rng));
        let Some(peer) = peer else { return };
        for name in &self.inputs {
            if let Err(fault) = sample.take(name, peer) {
                sample.fault.get_or_insert(fault);
            }
        }
        if let Some(label) = self.becomes {
            let labels = sample.labels.iter_mut().filter(|label| !label.is_nan());
            labels.for_each(|own| *own = label);
        }
    }

    fn needs(&self, out: &mut Vec<Needs>) {
        out.push(Needs {
            numbers: Vec::new(),
            inputs: self.inputs.clone(),
            label: self.rule.label.clone(),
            has_peers: true,
        });
    }
}

/// Replaces numbers of inputs by draws of a normal distribution.
pub struct Gaussian {
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// The chance of each row.
    pub probability: f64,
    /// The chance of each number of a changed row.
    pub share: f64,
    /// The mean; that of the row's numbers unless given.
    pub mean: Option<f64>,
    /// The standard deviation; that of the row's numbers unless given.
    pub deviation: Option<f64>,
}

impl Transform for Gaussian {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        for name in &self.inputs {
            let Some(values) = sample.named(name) else {
                continue;
            };
            let n = values.len().max(1) as f64;
            let own = values.iter().map(|value| f64::from(*value)).sum::<f64>() / n;
            let squares = values.iter().map(|value| (f64::from(*value) - own).powi(2));
            let spread = (squares.sum::<f64>() / n).sqrt();
            let mean = self.mean.unwrap_or(own);
            let deviation = self.deviation.unwrap_or(spread);
            for value in values.iter_mut() {
                if self.share >= 1.0 || rng.uniform() < self.share {
                    *value = (mean + deviation * rng.normal()) as f32;
                }
            }
        }
    }

    fn needs(&self, out: &mut Vec<Needs>) {
        out.push(Needs {
            numbers: self.inputs.clone(),
            inputs: Vec::new(),
            label: None,
            has_peers: true,
        });
    }
}

/// Mixes numbers of inputs, and labels, with those of another row; the weight of the row itself is
/// a beta number.
pub struct MixInputs {
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// The chance of each row.
    pub probability: f64,
    /// Both parameters of the beta distribution.
    pub alpha: f64,
    /// How the other row is drawn.
    pub rule: PeerRule,
    /// Whether labels are mixed as well.
    pub with_labels: bool,
}

impl Transform for MixInputs {
    fn apply(&self, sample: &mut Sample, rng: &mut Rng) {
        if rng.uniform() >= self.probability {
            return;
        }
        let weight = rng.beta(self.alpha) as f32;
        let peer = sample
            .peers
            .as_ref()
            .and_then(|peers| peers.draw(&self.rule, rng));
        let Some(peer) = peer else { return };
        let mix = |own: &mut [f32], other: &[f32]| {
            let pairs = own.iter_mut().zip(other);
            pairs.for_each(|(own, other)| *own = other + (*own - other) * weight);
        };
        for name in &self.inputs {
            let peers = sample.peers.as_ref();
            let other = peers.map(|peers| peers.numbers(name, peer, sample.margin));
            match other {
                Some(Ok(other)) => {
                    if let Some(own) = sample.named(name) {
                        mix(own, &other);
                    }
                }
                Some(Err(fault)) => {
                    sample.fault.get_or_insert(fault);
                }
                None => {}
            }
        }
        if self.with_labels {
            let other = sample.peers.as_ref().map(|peers| peers.labels(peer));
            mix(&mut sample.labels, &other.unwrap_or_default());
        }
    }

    fn needs(&self, out: &mut Vec<Needs>) {
        out.push(Needs {
            numbers: self.inputs.clone(),
            inputs: Vec::new(),
            label: self.rule.label.clone(),
            has_peers: true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::{Among, Class, Loader, Values};
    use crate::data::{Column, Dataset, Input};
    use std::sync::Arc;

    /// 200 rows: `x` and `y` number the rows, every fifth is of class 1.
    fn set() -> Dataset {
        let column = |offset: f32| Column::Dense {
            values: Arc::new((0..200).map(|i| i as f32 + offset).collect()),
            shape: vec![1],
        };
        let inputs = vec![
            Input::new("x", column(0.0)),
            Input::new("y", column(1000.0)),
        ];
        let labels = (0..200).map(|i| f32::from(u8::from(i % 5 == 0))).collect();
        Dataset::new(inputs, vec!["label".into()], labels).expect("a dataset")
    }

    /// For each row of a pass its number, its inputs and its label.
    fn rows(set: &Dataset, step: impl Transform + 'static, threads: usize) -> Vec<[f32; 4]> {
        let loader = Loader {
            seed: Some(2),
            threads,
            transform: Some(Arc::new(step)),
            ..Loader::plain(set, 16)
        };
        let mut out = Vec::new();
        for batch in loader.start() {
            let batch = batch.expect("a batch");
            let values = |at: usize| match &batch.inputs[at].1 {
                Values::Dense(numbers, _) => numbers.clone(),
                _ => Vec::new(),
            };
            let (x, y) = (values(0), values(1));
            for (i, row) in batch.index.iter().enumerate() {
                out.push([*row as f32, x[i], y[i], batch.labels[i]]);
            }
        }
        out
    }

    fn exchange(class: Class, among: Among) -> Exchange {
        Exchange {
            inputs: vec!["y".into()],
            probability: 1.0,
            rule: PeerRule {
                class,
                among,
                label: None,
            },
            becomes: None,
        }
    }

    #[test]
    fn blocks_come_from_rows_of_the_other_class_in_view() {
        // a fold of 120 rows: rows beyond it are never drawn
        let fold = set().with_rows((0..120).collect());
        let found = rows(&fold, exchange(Class::Other, Among::Rows), 1);
        assert_eq!(found, rows(&fold, exchange(Class::Other, Among::Rows), 4));
        assert_eq!(found.len(), 120);
        for [row, x, y, label] in &found {
            assert_eq!(x, row);
            let peer = y - 1000.0;
            assert!(peer < 120.0);
            assert_ne!(peer % 5.0 == 0.0, *label == 1.0);
        }
        for [row, _, y, label] in rows(&fold, exchange(Class::Same, Among::Batch), 2) {
            let peer = y - 1000.0;
            assert!(peer == row || (peer % 5.0 == 0.0) == (label == 1.0));
        }
        let becomes = Exchange {
            becomes: Some(0.0),
            ..exchange(Class::Any, Among::Rows)
        };
        assert!(
            rows(&fold, becomes, 1)
                .iter()
                .all(|[row, _, y, label]| { *label == 0.0 && y - 1000.0 != *row })
        );
    }

    #[test]
    fn numbers_are_replaced_by_normal_draws() {
        let step = || Gaussian {
            inputs: vec!["x".into()],
            probability: 1.0,
            share: 1.0,
            mean: Some(3.0),
            deviation: Some(2.0),
        };
        let found = rows(&set(), step(), 1);
        let mean = found.iter().map(|[_, x, ..]| x).sum::<f32>() / 200.0;
        assert!((mean - 3.0).abs() < 0.6, "{mean}");
        assert!(found.iter().all(|[row, _, y, _]| *y == row + 1000.0));
        assert_eq!(found, rows(&set(), step(), 3));
    }

    #[test]
    fn mixed_rows_are_between_two_rows_and_their_labels() {
        let step = MixInputs {
            inputs: vec!["x".into(), "y".into()],
            probability: 1.0,
            alpha: 1.0,
            rule: PeerRule {
                class: Class::Other,
                among: Among::Rows,
                label: None,
            },
            with_labels: true,
        };
        for [row, x, y, label] in rows(&set(), step, 1) {
            assert!((y - x - 1000.0).abs() < 1e-2);
            let own = f32::from(u8::from(row % 5.0 == 0.0));
            // the weight of the row by its label; x = other + (row - other) * weight
            let weight = if own == 1.0 { label } else { 1.0 - label };
            let other = (x - row * weight) / (1.0 - weight);
            assert!(weight > 0.98 || (-1.0..200.5).contains(&other), "{other}");
        }
    }

    #[test]
    fn unknown_names_are_errors() {
        let step = Gaussian {
            inputs: vec!["z".into()],
            probability: 1.0,
            share: 1.0,
            mean: None,
            deviation: None,
        };
        let loader = Loader {
            transform: Some(Arc::new(step)),
            ..Loader::plain(&set(), 16)
        };
        let fault = loader
            .start()
            .next()
            .expect("an answer")
            .expect_err("no input z");
        assert!(
            fault.message.contains("no input of numbers is called `z`"),
            "{}",
            fault.message
        );
    }
}
