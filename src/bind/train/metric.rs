//! `metric::…`: how well predictions agree with labels, as values and as streaming metrics of
//! `fit`.

use crate::bail;
use crate::base::Result;
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of};
use crate::metrics::metric::Average;
use crate::metrics::{Measure, Metric, Pairs};
use rhai::Map;

/// The average over tasks.
#[derive(Options)]
pub struct AverageOptions {
    /// Average over tasks: macro (mean of the tasks), micro (pooled over all tasks), weighted (by
    /// the number of positives) or samples (mean of the rows).
    #[option(default = "macro")]
    average: AverageName,
}

/// Options of metrics of decisions.
#[derive(Options)]
pub struct DecisionOptions {
    #[option(flatten)]
    tasks: AverageOptions,
    /// Smallest probability that counts as a positive decision.
    #[option(default = 0.5, min = 0, max = 1)]
    threshold: f64,
}

/// The weights of rows.
#[derive(Options)]
pub struct WeightOptions {
    /// Weight of each row, [batch]; equal weights unless given.
    weights: Option<Numbers>,
}

/// Options of values of ranking metrics.
#[derive(Options)]
pub struct RankValueOptions {
    #[option(flatten)]
    tasks: AverageOptions,
    #[option(flatten)]
    rows: WeightOptions,
}

/// Options of values of metrics of decisions.
#[derive(Options)]
pub struct DecisionValueOptions {
    #[option(flatten)]
    decisions: DecisionOptions,
    #[option(flatten)]
    rows: WeightOptions,
}

/// The names of the averages over tasks.
#[derive(Choice, Clone, Copy)]
pub enum AverageName {
    /// Mean of the tasks.
    Macro,
    /// Pooled over all tasks.
    Micro,
    /// Mean of the tasks, weighted by the number of positives.
    Weighted,
    /// Mean of the rows.
    Samples,
}

impl From<AverageName> for Average {
    fn from(name: AverageName) -> Average {
        match name {
            AverageName::Macro => Average::Macro,
            AverageName::Micro => Average::Micro,
            AverageName::Weighted => Average::Weighted,
            AverageName::Samples => Average::Samples,
        }
    }
}

impl AverageOptions {
    /// A ranking metric.
    fn metric(&self, name: &str, measure: Measure) -> Metric {
        Metric {
            average: self.average.into(),
            threshold: 0.5,
            ..Metric::new(name, measure)
        }
    }
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

/// Computes from pairs of a prediction and a label.
fn with_pairs<T>(
    scores: &Numbers,
    labels: &Numbers,
    weights: Option<&Numbers>,
    compute: impl Fn(&Pairs) -> Result<T>,
) -> Result<T> {
    let (shape, other) = (scores.0.shape(), labels.0.shape());
    let rows = shape.first().copied().unwrap_or(1);
    if other.first().copied().unwrap_or(1) != rows {
        bail!(
            "shape",
            "scores {} and labels {} differ in rows",
            crate::base::shape::text(&shape),
            crate::base::shape::text(&other)
        );
    }
    let columns = (scores.0.numel() / rows.max(1)) as usize;
    let weights = weights.map(|weights| weights.0.to_f64()).transpose()?;
    scores.0.with_values(|scores| {
        labels.0.with_values(|labels| {
            compute(&Pairs::new(scores, labels, columns).weighing(weights.as_deref()))
        })
    })??
}

fn value(
    metric: &Metric,
    scores: &Numbers,
    labels: &Numbers,
    options: &WeightOptions,
) -> Result<f64> {
    with_pairs(scores, labels, options.weights.as_ref(), |pairs| {
        metric.of(pairs)
    })
}

/// Returns the metric: the area under the ROC curve; ties count half.
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::auroc().name, "auroc");
/// ```
#[native(namespace = "metric")]
pub fn auroc(options: AverageOptions) -> Metric {
    options.metric("auroc", Measure::Auroc)
}

/// Computes the area under the ROC curve; ties count half.
///
/// Tasks without both labels are excluded from the average.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::auroc(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "auroc")]
pub fn auroc_of(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: RankValueOptions,
) -> Result<f64> {
    let metric = options.tasks.metric("auroc", Measure::Auroc);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the average precision.
///
/// It is the sum of precision times increase in recall over distinct thresholds (stepwise).
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::average_precision().name, "average_precision");
/// ```
#[native(namespace = "metric")]
pub fn average_precision(options: AverageOptions) -> Metric {
    options.metric("average_precision", Measure::AveragePrecision)
}

/// Computes the average precision.
///
/// It is the sum of precision times increase in recall over distinct thresholds (stepwise).
///
/// Tasks without both labels are excluded from the average.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::average_precision(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "average_precision")]
pub fn average_precision_of(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: RankValueOptions,
) -> Result<f64> {
    let metric = options
        .tasks
        .metric("average_precision", Measure::AveragePrecision);
    value(&metric, scores, labels, &options.rows)
}

/// Returns the metric: the area under the precision-recall curve by trapezoids.
///
/// The interpolation by trapezoids is optimistic (Davis & Goadrich 2006).
///
/// For `train::fit` and `train::evaluate`.
///
/// ```rhai
/// assert_eq(metric::auprc().name, "auprc");
/// ```
#[native(namespace = "metric")]
pub fn auprc(options: AverageOptions) -> Metric {
    options.metric("auprc", Measure::Auprc)
}

/// Computes the area under the precision-recall curve by trapezoids.
///
/// The interpolation by trapezoids is optimistic (Davis & Goadrich 2006).
///
/// Tasks without both labels are excluded from the average.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::auprc(p, y), 1.0);
/// ```
#[native(namespace = "metric", name = "auprc")]
pub fn auprc_of(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: RankValueOptions,
) -> Result<f64> {
    let metric = options.tasks.metric("auprc", Measure::Auprc);
    value(&metric, scores, labels, &options.rows)
}

/// Computes AUROC, average precision and AUPRC in one pass.
///
/// Tasks without both labels are excluded from the average.
///
/// ```rhai
/// let values = metric::ranking(tensor::from([0.9, 0.2]), tensor::from([1.0, 0.0]));
/// assert_eq([values.auroc, values.average_precision, values.auprc], [1.0, 1.0, 1.0]);
/// ```
#[native(
    namespace = "metric",
    returns = "map of auroc, average_precision, auprc"
)]
pub fn ranking(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: RankValueOptions,
) -> Result<Map> {
    let measures = [
        ("auroc", Measure::Auroc),
        ("average_precision", Measure::AveragePrecision),
        ("auprc", Measure::Auprc),
    ];
    with_pairs(scores, labels, options.rows.weights.as_ref(), |pairs| {
        let one = |(name, measure): (&str, Measure)| {
            let value = options.tasks.metric(name, measure).of(pairs)?;
            Ok((name.into(), value.into_value()))
        };
        measures.into_iter().map(one).collect()
    })
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

/// Returns the metric: the largest recall at a false discovery rate of at most `fdr`.
///
/// For `train::fit` and `train::evaluate`. The maximum is over thresholds.
///
/// ```rhai
/// assert_eq(metric::recall_at_fdr(0.1).name, "recall_at_fdr_0.1");
/// ```
#[native(namespace = "metric")]
pub fn recall_at_fdr(
    /// Largest false discovery rate.
    fdr: f64,
    options: AverageOptions,
) -> Metric {
    let name = format!("recall_at_fdr_{}", crate::lang::show::number(fdr));
    options.metric(&name, Measure::RecallAtFdr(fdr))
}

/// Computes the largest recall at a false discovery rate of at most `fdr`.
///
/// The maximum is over thresholds.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::recall_at_fdr(p, y, 0.1), 1.0);
/// ```
#[native(namespace = "metric", name = "recall_at_fdr")]
pub fn recall_at_fdr_of(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    /// Largest false discovery rate.
    fdr: f64,
    options: RankValueOptions,
) -> Result<f64> {
    let measure = Measure::RecallAtFdr(fdr);
    let metric = options.tasks.metric("recall_at_fdr", measure);
    value(&metric, scores, labels, &options.rows)
}

/// Computes a metric of each task, or of each class where labels are class indices.
///
/// ```rhai
/// let p = tensor::from([[0.9, 0.1], [0.2, 0.8]]);
/// assert_eq(
///     metric::per_task(metric::auroc(), p, tensor::from([[1.0, 1.0], [0.0, 0.0]])), [1.0, 0.0]
/// );
/// ```
#[native(namespace = "metric", returns = "array of numbers, one for each task")]
pub fn per_task(
    /// Metric to compute.
    metric: &Metric,
    /// Predictions, [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions, or class indices; NaN is excluded.
    labels: &Numbers,
    options: WeightOptions,
) -> Result<Vec<f64>> {
    with_pairs(scores, labels, options.weights.as_ref(), |pairs| {
        metric.per_task(pairs)
    })
}

/// The name of the metric in results.
///
/// ```rhai
/// assert_eq(metric::auroc().name, "auroc");
/// ```
#[native(namespace = "metric", form = property)]
pub fn name(this: &Metric) -> String {
    this.name.clone()
}

/// Computes the metric of predictions and labels.
///
/// ```rhai
/// assert_eq(metric::auroc().of([0.9, 0.1], [1, 0]), 1.0);
/// ```
#[native(namespace = "metric", form = method)]
pub fn of(
    this: &Metric,
    /// Predictions, [batch] or [batch, tasks].
    scores: &Numbers,
    /// Labels of the shape of the predictions, or class indices; NaN is excluded.
    labels: &Numbers,
    options: WeightOptions,
) -> Result<f64> {
    value(this, scores, labels, &options)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        auroc,
        auroc_of,
        average_precision,
        average_precision_of,
        auprc,
        auprc_of,
        ranking,
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
        pearson,
        pearson_of,
        spearman,
        spearman_of,
        r2,
        r2_of,
        mse,
        mse_of,
        recall_at_fdr,
        recall_at_fdr_of,
        per_task,
        name,
        of,
    ]
}
