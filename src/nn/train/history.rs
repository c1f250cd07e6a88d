//! The history of a training: values of each epoch.

use cistron_base::Result;
use cistron_base::fault;
use cistron_base::table::Cells;
use serde::{Deserialize, Serialize};

/// One epoch.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Epoch {
    /// Number, from 1.
    pub epoch: usize,
    /// Values by name: `train.loss`, `valid.auroc`, `lr`, …
    pub values: Vec<(String, f64)>,
    /// Duration in seconds.
    pub seconds: f64,
    /// Training samples per second.
    pub speed: f64,
}

impl Epoch {
    /// Returns a value by name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

/// Loss and metrics of the validation rows, computed within an epoch.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Validation {
    /// Number of updates so far.
    pub step: usize,
    /// Number of epochs so far, with the fraction of the current one.
    pub epoch: f64,
    /// Values by name: `valid.loss`, `valid.auroc`, …
    pub values: Vec<(String, f64)>,
}

/// The history of a training.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct History {
    /// Name of the network.
    pub name: String,
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
    /// Validations within epochs, in order.
    pub validations: Vec<Validation>,
    /// The best epoch by the monitored value; the last if no value is monitored.
    pub best_epoch: usize,
    /// The best monitored value.
    pub best_value: Option<f64>,
    /// Name of the monitored value.
    pub watched: Option<String>,
    /// The reason for which the training ended.
    pub ended: String,
}

impl History {
    /// Returns the value of a name in each epoch; NaN in epochs without it.
    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        let names = self.names();
        if !names.iter().any(|known| known == name) {
            let fault = fault!(
                "name",
                "the history has no `{name}`; it has {}",
                names.join(", ")
            );
            return Err(
                match cistron_base::near::nearest(name, names.iter().map(String::as_str)) {
                    Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
                    None => fault,
                },
            );
        }
        Ok(self
            .epochs
            .iter()
            .map(|epoch| epoch.get(name).unwrap_or(f64::NAN))
            .collect())
    }

    /// Returns a value against epochs, of epochs and of validations within them.
    pub fn points(&self, name: &str) -> Vec<(f64, f64)> {
        let own = |values: &[(String, f64)]| {
            let found = values.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| *value)
        };
        let epochs = self.epochs.iter();
        let mut points: Vec<(f64, f64)> = epochs
            .map(|one| (one.epoch as f64, own(&one.values).unwrap_or(f64::NAN)))
            .collect();
        let within = self.validations.iter();
        points.extend(within.filter_map(|one| Some((one.epoch, own(&one.values)?))));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// Returns the names of the values, in order of appearance.
    pub fn names(&self) -> Vec<String> {
        distinct(self.epochs.iter().flat_map(|epoch| &epoch.values))
    }

    /// Returns the validations within epochs as columns: step, epoch and the values.
    pub fn validation_columns(&self) -> Vec<(String, Cells)> {
        let all = &self.validations;
        let steps = all.iter().map(|one| one.step as i64).collect();
        let epochs = all.iter().map(|one| one.epoch).collect();
        let mut columns = vec![
            ("step".to_string(), Cells::Whole(steps)),
            ("epoch".into(), Cells::Number(epochs)),
        ];
        for name in distinct(all.iter().flat_map(|one| &one.values)) {
            let value = |one: &Validation| {
                let own = one.values.iter().find(|(known, _)| *known == name);
                own.map_or(f64::NAN, |(_, value)| *value)
            };
            let values = all.iter().map(value).collect();
            columns.push((name, Cells::Number(values)));
        }
        columns
    }

    /// Returns the duration of all epochs in seconds.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}

/// Names in order of appearance.
fn distinct<'a>(values: impl Iterator<Item = &'a (String, f64)>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in values {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_those_of_epochs_and_of_validations_within_them() {
        let values = |value: f64| vec![("valid.loss".to_string(), value)];
        let epoch = |epoch: usize, value: f64| Epoch {
            epoch,
            values: values(value),
            ..Epoch::default()
        };
        let history = History {
            epochs: vec![epoch(1, 0.3), epoch(2, 0.1)],
            validations: vec![Validation {
                step: 15,
                epoch: 1.5,
                values: values(0.2),
            }],
            ..History::default()
        };
        let expected = vec![(1.0, 0.3), (1.5, 0.2), (2.0, 0.1)];
        assert_eq!(history.points("valid.loss"), expected);
        let missing = history.points("train.loss");
        assert!(missing.len() == 2 && missing.iter().all(|(_, value)| value.is_nan()));
    }
}
