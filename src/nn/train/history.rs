//! What a training run measured, epoch by epoch.

use cistron_base::Result;
use cistron_base::fault;
use serde::{Deserialize, Serialize};

/// One epoch.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// What was measured, by name: `train.loss`, `valid.auroc`, `lr`, …
    pub values: Vec<(String, f64)>,
    /// Seconds it took.
    pub seconds: f64,
    /// Training samples per second.
    pub speed: f64,
}

impl Epoch {
    /// A measured value.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

/// A training run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct History {
    /// Name of the network.
    pub name: String,
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
    /// The epoch that was best by the watched value; the last one where nothing was watched.
    pub best_epoch: usize,
    /// The best watched value.
    pub best_value: Option<f64>,
    /// What was watched.
    pub watched: Option<String>,
    /// Why it ended.
    pub ended: String,
}

impl History {
    /// A column over all epochs; NaN where an epoch lacks it.
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

    /// The columns, in order of appearance.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(|epoch| &epoch.values) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Seconds in all.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}
