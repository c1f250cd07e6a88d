//! Watching a value: which epoch is best, and when to stop.

use cistron_base::Result;
use cistron_base::bail;

/// Stops when a value has not improved for some epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop {
    /// The value, such as `valid.auroc`.
    pub monitor: String,
    /// Whether larger is better.
    pub larger: bool,
    /// Epochs without gain that are borne.
    pub patience: usize,
    /// The smallest gain that counts.
    pub min_delta: f64,
    /// Whether the best epoch's parameters are put back at the end.
    pub restore: bool,
}

/// The best of a watched value so far.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The best value.
    pub best: Option<f64>,
    /// Its epoch.
    pub best_epoch: usize,
    /// Epochs since.
    pub since: usize,
}

impl Watch {
    /// Takes an epoch's value; whether it is the best so far.
    pub fn see(&mut self, epoch: usize, value: f64, larger: bool, min_delta: f64) -> bool {
        let better = match self.best {
            _ if value.is_nan() => false,
            None => true,
            Some(best) if larger => value > best + min_delta,
            Some(best) => value < best - min_delta,
        };
        if better {
            (self.best, self.best_epoch, self.since) = (Some(value), epoch, 0);
        } else {
            self.since += 1;
        }
        better
    }
}

/// Whether larger values of a name are better: losses and errors are not.
pub fn larger_is_better(name: &str) -> bool {
    !(name.ends_with("loss") || name.ends_with("mse") || name.ends_with("mae"))
}

/// The value of a watched name among measured ones.
pub fn watched(values: &[(String, f64)], name: &str) -> Result<f64> {
    if let Some((_, value)) = values.iter().find(|(known, _)| known == name) {
        return Ok(*value);
    }
    let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    let hint = match cistron_base::near::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            "add the metric to `metrics`, and give `valid` for the names that start with `valid.`"
                .into()
        }
    };
    bail!("option", "nothing is measured under the name `{name}`; there are {}", names.join(", "); hint: "{hint}")
}
