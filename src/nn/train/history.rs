//! The history of a training: values of each epoch.

use cistron_base::Result;
use cistron_base::fault;
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

/// The history of a training.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct History {
    /// Name of the network.
    pub name: String,
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
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

    /// Returns the names of the values, in order of appearance.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(|epoch| &epoch.values) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Returns the duration of all epochs in seconds.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}
