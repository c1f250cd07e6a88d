//! `metric::…`: how well predictions agree with labels, as values and as streaming metrics of
//! `fit`.

use crate::base::Result;
use crate::bind::args::metric::{AverageOptions, WeightOptions, value, with_pairs};
use crate::bind::args::tensor::Numbers;
use crate::lang::{Choice, IntoValue, Native, Options, native, natives_of};
use crate::metrics::{Measure, Metric};
use rhai::Map;

/// Options of values of ranking metrics.
#[derive(Options)]
pub struct RankValueOptions {
    #[option(flatten)]
    tasks: AverageOptions,
    #[option(flatten)]
    rows: WeightOptions,
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

/// How the precision-recall curve is interpolated between thresholds.
#[derive(Choice, Clone, Copy)]
pub enum CurveMethod {
    /// A straight line of precision and recall, which is optimistic; named "auprc".
    Trapezoid,
    /// False positives increase linearly with true positives, a point for each of them; as the
    /// package PRROC computes it.
    DavisGoadrich,
    /// Steps: precision times increase in recall, the average precision.
    AveragePrecision,
}

/// Options of `metric::auprc`.
#[derive(Options)]
pub struct AuprcOptions {
    /// Interpolation of the curve: straight lines ("trapezoid"), false positives that increase
    /// linearly with true positives ("davis_goadrich"), or steps ("average_precision").
    #[option(default = "trapezoid")]
    method: CurveMethod,
    #[option(flatten)]
    tasks: AverageOptions,
}

/// Options of values of `metric::auprc`.
#[derive(Options)]
pub struct AuprcValueOptions {
    #[option(flatten)]
    curve: AuprcOptions,
    #[option(flatten)]
    rows: WeightOptions,
}

impl AuprcOptions {
    fn metric(&self) -> Metric {
        let (name, measure) = match self.method {
            CurveMethod::Trapezoid => ("auprc", Measure::Auprc),
            CurveMethod::DavisGoadrich => ("auprc_davis_goadrich", Measure::DavisGoadrich),
            CurveMethod::AveragePrecision => ("average_precision", Measure::AveragePrecision),
        };
        self.tasks.metric(name, measure)
    }
}

/// Returns the metric: the area under the precision-recall curve.
///
/// Its name in results is that of the method: "auprc" by trapezoids, "auprc_davis_goadrich",
/// "average_precision".
///
/// For `train::fit` and `train::evaluate`.
///
/// # Source
/// Davis & Goadrich, ICML 2006, section 4; ends of the curve as in the R package PRROC.
///
/// ```rhai
/// assert_eq(metric::auprc().name, "auprc");
/// assert_eq(metric::auprc(#{ method: "davis_goadrich" }).name, "auprc_davis_goadrich");
/// ```
#[native(namespace = "metric")]
pub fn auprc(options: AuprcOptions) -> Metric {
    options.metric()
}

/// Computes the area under the precision-recall curve.
///
/// Straight lines between thresholds ("trapezoid") are optimistic; the interpolation of Davis and
/// Goadrich ("davis_goadrich") adds a point for each true positive, between which false positives
/// increase linearly. It equals `auc.davis.goadrich` of the R package PRROC, including its ends:
/// above the first threshold the precision is that of the first threshold. It has no weighted form.
///
/// Tasks without both labels are excluded from the average.
///
/// # Source
/// Davis & Goadrich, ICML 2006, section 4.
///
/// ```rhai
/// let p = tensor::from([0.9, 0.2]);
/// let y = tensor::from([1.0, 0.0]);
/// assert_eq(metric::auprc(p, y), 1.0);
/// let p = [4, 3, 2];
/// let y = [1, 0, 1];
/// // 1/2 · 1 + 1/2 · (1/2 + 2/3)/2
/// assert_near(metric::auprc(p, y, #{ method: "davis_goadrich" }), 19.0 / 24.0);
/// assert_near(metric::auprc(p, y, #{ method: "average_precision" }), 5.0 / 6.0);
/// ```
#[native(namespace = "metric", name = "auprc")]
pub fn auprc_of(
    /// Predictions, [batch] or [batch, tasks]: scores that increase with the probability of a
    /// positive.
    scores: &Numbers,
    /// Labels of the shape of the predictions (0 or 1); NaN is excluded.
    labels: &Numbers,
    options: AuprcValueOptions,
) -> Result<f64> {
    value(&options.curve.metric(), scores, labels, &options.rows)
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
        recall_at_fdr,
        recall_at_fdr_of,
        per_task,
        name,
        of
    ]
}
