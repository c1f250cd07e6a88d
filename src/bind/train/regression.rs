//! `metric::…`: metrics of numbers.

use crate::base::Result;
use crate::bind::args::metric::{WeightOptions, value, with_pairs};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Native, native, natives_of};
use crate::metrics::{Measure, Metric};

/// Returns the metric: Pearson's correlation.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::pearson().name, "pearson");
/// ```
#[native(namespace = "metric")]
pub fn pearson() -> Metric {
    Metric::new("pearson", Measure::Pearson)
}

/// Computes Pearson's correlation.
///
/// The result is the mean over tasks.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_near(metric::pearson(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "pearson")]
pub fn pearson_of(
    /// Predictions: [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions; NaN is excluded.
    labels: &Numbers,
    options: WeightOptions,
) -> Result<f64> {
    let metric = Metric::new("pearson", Measure::Pearson);
    value(&metric, scores, labels, &options)
}

/// Returns the metric: Spearman's rank correlation.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::spearman().name, "spearman");
/// ```
#[native(namespace = "metric")]
pub fn spearman() -> Metric {
    Metric::new("spearman", Measure::Spearman)
}

/// Computes Spearman's rank correlation.
///
/// The result is the mean over tasks.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_near(metric::spearman(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "spearman")]
pub fn spearman_of(
    /// Predictions: [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions; NaN is excluded.
    labels: &Numbers,
) -> Result<f64> {
    let metric = Metric::new("spearman", Measure::Spearman);
    with_pairs(scores, labels, None, |pairs| metric.of(pairs))
}

/// Returns the metric: the fraction of the variance of labels that is explained.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::r2().name, "r2");
/// ```
#[native(namespace = "metric")]
pub fn r2() -> Metric {
    Metric::new("r2", Measure::R2)
}

/// Computes the fraction of the variance of labels that is explained.
///
/// The result is the mean over tasks.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert(metric::r2(p, y) < 1.0);
/// ```
#[native(namespace = "metric", name = "r2")]
pub fn r2_of(
    /// Predictions: [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions; NaN is excluded.
    labels: &Numbers,
    options: WeightOptions,
) -> Result<f64> {
    let metric = Metric::new("r2", Measure::R2);
    value(&metric, scores, labels, &options)
}

/// Returns the metric: the mean squared error.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::mse().name, "mse");
/// ```
#[native(namespace = "metric")]
pub fn mse() -> Metric {
    Metric::new("mse", Measure::Mse)
}

/// Computes the mean squared error.
///
/// The result is the mean over tasks.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert(metric::mse(p, y) < 1.0);
/// ```
#[native(namespace = "metric", name = "mse")]
pub fn mse_of(
    /// Predictions: [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions; NaN is excluded.
    labels: &Numbers,
    options: WeightOptions,
) -> Result<f64> {
    let metric = Metric::new("mse", Measure::Mse);
    value(&metric, scores, labels, &options)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        pearson,
        pearson_of,
        spearman,
        spearman_of,
        r2,
        r2_of,
        mse,
        mse_of,
    ]
}
