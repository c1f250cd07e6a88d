//! `metric::…`: metrics of decisions.

use crate::base::Result;
use crate::bind::args::metric::{AverageOptions, WeightOptions, value};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Native, Options, native, natives_of};
use crate::metrics::{Measure, Metric};

/// Options of metrics of decisions.
#[derive(Options)]
pub struct DecisionOptions {
    #[option(flatten)]
    tasks: AverageOptions,
    /// Smallest probability that counts as a positive decision.
    #[option(default = 0.5, min = 0, max = 1)]
    threshold: f64,
}

/// Options of values of metrics of decisions.
#[derive(Options)]
pub struct DecisionValueOptions {
    #[option(flatten)]
    decisions: DecisionOptions,
    #[option(flatten)]
    rows: WeightOptions,
}

impl DecisionOptions {
    /// A metric of decisions.
    fn metric(&self, name: &str, measure: Measure) -> Metric {
        Metric {
            threshold: self.threshold,
            ..self.tasks.metric(name, measure)
        }
    }
}

/// Returns the metric: the fraction of correct decisions.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::accuracy().name, "accuracy");
/// ```
#[native(namespace = "metric")]
pub fn accuracy(options: DecisionOptions) -> Metric {
    options.metric("accuracy", Measure::Accuracy)
}

/// Computes the fraction of correct decisions.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::accuracy(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "accuracy")]
pub fn accuracy_of(
    /// Predictions: probabilities, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: DecisionValueOptions,
) -> Result<f64> {
    let metric = options.decisions.metric("accuracy", Measure::Accuracy);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the fraction of positive decisions that are correct.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::precision().name, "precision");
/// ```
#[native(namespace = "metric")]
pub fn precision(options: DecisionOptions) -> Metric {
    options.metric("precision", Measure::Precision)
}

/// Computes the fraction of positive decisions that are correct.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::precision(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "precision")]
pub fn precision_of(
    /// Predictions: probabilities, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: DecisionValueOptions,
) -> Result<f64> {
    let metric = options.decisions.metric("precision", Measure::Precision);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the fraction of positives that are detected.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::recall().name, "recall");
/// ```
#[native(namespace = "metric")]
pub fn recall(options: DecisionOptions) -> Metric {
    options.metric("recall", Measure::Recall)
}

/// Computes the fraction of positives that are detected.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::recall(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "recall")]
pub fn recall_of(
    /// Predictions: probabilities, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: DecisionValueOptions,
) -> Result<f64> {
    let metric = options.decisions.metric("recall", Measure::Recall);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the harmonic mean of precision and recall.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::f1().name, "f1");
/// ```
#[native(namespace = "metric")]
pub fn f1(options: DecisionOptions) -> Metric {
    options.metric("f1", Measure::F1)
}

/// Computes the harmonic mean of precision and recall.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::f1(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "f1")]
pub fn f1_of(
    /// Predictions: probabilities, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: DecisionValueOptions,
) -> Result<f64> {
    let metric = options.decisions.metric("f1", Measure::F1);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the Matthews correlation of decisions and labels.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::mcc().name, "mcc");
/// ```
#[native(namespace = "metric")]
pub fn mcc(options: DecisionOptions) -> Metric {
    options.metric("mcc", Measure::Mcc)
}

/// Computes the Matthews correlation of decisions and labels.
///
/// Of class indices: the correlation over all classes (Gorodkin 2004), as in scikit-learn.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::mcc(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "mcc")]
pub fn mcc_of(
    /// Predictions: probabilities, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1, or class indices); NaN is excluded.
    labels: &Numbers,
    options: DecisionValueOptions,
) -> Result<f64> {
    let metric = options.decisions.metric("mcc", Measure::Mcc);
    value(&metric, scores, labels, &options.rows)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        accuracy,
        accuracy_of,
        precision,
        precision_of,
        recall,
        recall_of,
        f1,
        f1_of,
        mcc,
        mcc_of,
    ]
}
