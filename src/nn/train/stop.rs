//! Early stopping, and the best value of a monitored measure.

use cistron_base::Result;
use cistron_base::bail;

/// Stops a training when a value has not improved for some epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop {
    /// Name of the value, such as `valid.auroc`.
    pub monitor: String,
    /// Whether larger values are better.
    pub larger: bool,
    /// Epochs without improvement after which training stops; of validations where there are such
    /// within epochs.
    pub patience: usize,
    /// Smallest change that counts as an improvement.
    pub min_delta: f64,
    /// Whether the parameters of the best epoch are restored at the end.
    pub restore: bool,
}

/// The best value of a measure so far.
#[derive(Clone, Debug, Default)]
pub struct BestValue {
    /// The value.
    pub best: Option<f64>,
    /// Its epoch.
    pub best_epoch: usize,
    /// Number of epochs since.
    pub since: usize,
}

impl BestValue {
    /// Compares the value of an epoch with the best so far, by more than `min_delta`; returns
    /// whether it is better. NaN never is.
    pub fn update(&mut self, epoch: usize, value: f64, larger: bool, min_delta: f64) -> bool {
        let is_better = match self.best {
            _ if value.is_nan() => false,
            None => true,
            Some(best) if larger => value > best + min_delta,
            Some(best) => value < best - min_delta,
        };
        if is_better {
            (self.best, self.best_epoch, self.since) = (Some(value), epoch, 0);
        } else {
            self.since += 1;
        }
        is_better
    }
}

/// Whether larger values of a measure are better: not of losses and errors.
pub fn larger_is_better(name: &str) -> bool {
    let is_loss = name.contains(".loss.");
    !(is_loss
        || ["loss", "mse", "mae", "jsd"]
            .iter()
            .any(|end| name.ends_with(end)))
}

/// Returns the value of a name among those of an epoch.
pub fn value_of(values: &[(String, f64)], name: &str) -> Result<f64> {
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
    bail!("option", "nothing is measured under the name `{name}`; there are {}", names.join(", ");
        hint: "{hint}")
}
