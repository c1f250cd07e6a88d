//! Methods and properties of the history of a training.

use crate::base::Result;
use crate::bind::types::Tabled;
use crate::lang::{Native, native, natives_of};
use crate::train::History;

/// The best epoch by the monitored value, from 1.
///
/// Without a monitored value it is the last epoch.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.best_epoch, 2);
/// ```
#[native(namespace = "history", form = property)]
pub fn best_epoch(this: &History) -> i64 {
    this.best_epoch as i64
}

/// The best monitored value, or `()` if no value was monitored.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.best_value, ());
/// ```
#[native(namespace = "history", form = property, returns = "number or ()")]
pub fn best_value(this: &History) -> Option<f64> {
    this.best_value
}

/// The reason for which the training ended.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.ended, "2 epochs done");
/// ```
#[native(namespace = "history", form = property)]
pub fn ended(this: &History) -> String {
    this.ended.clone()
}

/// Returns the number of epochs.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.len(), 2);
/// ```
#[native(namespace = "history", form = method)]
pub fn len(this: &History) -> i64 {
    this.epochs.len() as i64
}

/// The names of the measured values: `train.loss`, `valid.auroc`, `lr`, …
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.names, ["train.loss", "lr"]);
/// ```
#[native(namespace = "history", form = property)]
pub fn names(this: &History) -> Vec<String> {
    this.names()
}

/// Returns a measured value of every epoch.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 3, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert_eq(run.column("train.loss").len(), 3);
/// ```
#[native(namespace = "history", form = method)]
pub fn column(
    this: &History,
    /// Name of the value, such as "valid.loss".
    name: &str,
) -> Result<Vec<f64>> {
    this.column(name)
}

/// Returns a measured value of the last epoch.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert(run.last("train.loss") >= 0.0);
/// ```
#[native(namespace = "history", form = method)]
pub fn last(
    this: &History,
    /// Name of the value, such as "valid.loss".
    name: &str,
) -> Result<f64> {
    let values = this.column(name)?;
    Ok(values.last().copied().unwrap_or(f64::NAN))
}

/// The validations within epochs (option `validate_every`), with their steps.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([8, 2]), label: tensor::ones([8, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false };
/// let run = train::fit(net, options + #{ train: set, valid: set, batch: 2, validate_every: 2 });
/// assert_eq(run.validations["step"], [2]);
/// ```
#[native(
    namespace = "history",
    form = property,
    returns = "table of step, epoch and the values of `valid`"
)]
pub fn validations(this: &History) -> Result<Tabled> {
    Tabled::of(this.validation_columns())
}

/// The duration of the training, in seconds.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let net = nn::build(nn::linear(1), [2]);
/// let options = #{ loss: loss::mse(), optimizer: optim::sgd(), epochs: 1, progress: false };
/// let run = train::fit(net, options + #{ train: set });
/// assert(run.seconds > 0.0);
/// ```
#[native(namespace = "history", form = property, returns = "number, seconds")]
pub fn seconds(this: &History) -> f64 {
    this.seconds()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        best_epoch,
        best_value,
        ended,
        len,
        names,
        column,
        last,
        validations,
        seconds
    ]
}
