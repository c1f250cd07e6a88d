//! `metric::…`: how well predictions agree with labels, as values and as streaming metrics of
//! `fit`.

use crate::base::Result;
use crate::bind::types::Numbers;
use crate::lang::Options;
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::value::array;
use crate::metrics::measure::Average;
use crate::metrics::{Measure, Metric, Pairs};
use crate::{bail, natives};

const AVERAGE: Opt = opt(
    "average",
    OptKind::Choice(Average::NAMES),
    "\"macro\"",
    "how tasks become one number: macro (their mean), micro (one pot), weighted (by positives), samples (each row's own)",
);
const THRESHOLD: Opt = opt(
    "threshold",
    OptKind::Float(0.0, 1.0),
    "0.5",
    "the probability from which a decision is positive",
);
const WEIGHTS: Opt = opt(
    "weights",
    OptKind::Other("tensor or array of numbers"),
    "",
    "how much each row weighs; all the same unless given",
);
const RANK: &[Opt] = &[AVERAGE];
const DECIDE: &[Opt] = &[AVERAGE, THRESHOLD];
const OF_RANKS: &[Opt] = &[AVERAGE, WEIGHTS];
const OF_DECISIONS: &[Opt] = &[AVERAGE, THRESHOLD, WEIGHTS];
const OF_NUMBERS: &[Opt] = &[WEIGHTS];

fn metric(name: &str, measure: Measure, o: &Options) -> Result<Metric> {
    let threshold = o.maybe_float("threshold").unwrap_or(0.5);
    Ok(Metric {
        average: Average::named(&o.text("average")),
        threshold,
        ..Metric::new(name, measure)
    })
}

fn with_pairs<T>(
    scores: &Numbers,
    labels: &Numbers,
    o: Option<&Options>,
    f: impl Fn(&Pairs) -> Result<T>,
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
    let weights = match o.and_then(|o| o.raw("weights")) {
        Some(weights) => Some(
            crate::bind::tensor::basic::tensor_of(&weights)
                .map_err(|fault| fault.context("option `weights`"))?
                .to_f64()?,
        ),
        None => None,
    };
    scores.0.with_values(|scores| {
        labels.0.with_values(|labels| {
            f(&Pairs::new(scores, labels, columns).weighing(weights.as_deref()))
        })
    })??
}

fn value(metric: Metric, scores: &Numbers, labels: &Numbers, o: &Options) -> Result<f64> {
    with_pairs(scores, labels, Some(o), |pairs| metric.of(pairs))
}

natives! { made in "metric" {
    /// Makes the area under the ROC curve; ties count half; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::auroc().name, "auroc");
    /// ```
    function "auroc"(c; o = RANK) -> "metric" { metric("auroc", Measure::Auroc, &o) }

    /// Computes the area under the ROC curve; ties count half; NaN labels and tasks without both
    /// labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::auroc(p, y), 1.0);
    /// ```
    function "auroc"(c, scores: Numbers, labels: Numbers; o = OF_RANKS) -> "number" { value(metric("auroc", Measure::Auroc, &o)?, &scores, &labels, &o) }

    /// Makes average precision: the sum of precision times gain in recall over distinct thresholds
    /// (step-wise); for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::average_precision().name, "average_precision");
    /// ```
    function "average_precision"(c; o = RANK) -> "metric" { metric("average_precision", Measure::AveragePrecision, &o) }

    /// Computes average precision: the sum of precision times gain in recall over distinct
    /// thresholds (step-wise); NaN labels and tasks without both labels are left out, tasks
    /// averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::average_precision(p, y), 1.0);
    /// ```
    function "average_precision"(c, scores: Numbers, labels: Numbers; o = OF_RANKS) -> "number" { value(metric("average_precision", Measure::AveragePrecision, &o)?, &scores, &labels, &o) }

    /// Makes the area under the precision-recall curve by trapezoids, which is optimistic (Davis &
    /// Goadrich 2006); for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::auprc().name, "auprc");
    /// ```
    function "auprc"(c; o = RANK) -> "metric" { metric("auprc", Measure::Auprc, &o) }

    /// Computes the area under the precision-recall curve by trapezoids, which is optimistic (Davis
    /// & Goadrich 2006); NaN labels and tasks without both labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::auprc(p, y), 1.0);
    /// ```
    function "auprc"(c, scores: Numbers, labels: Numbers; o = OF_RANKS) -> "number" { value(metric("auprc", Measure::Auprc, &o)?, &scores, &labels, &o) }

    /// Computes AUROC, average precision and the area under the precision-recall curve in one pass;
    /// NaN labels and tasks without both labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let found = metric::ranking(tensor::from([0.9, 0.2]), tensor::from([1.0, 0.0]));
    /// assert_eq([found.auroc, found.average_precision, found.auprc], [1.0, 1.0, 1.0]);
    /// ```
    function "ranking"(c, scores: Numbers, labels: Numbers; o = OF_RANKS) -> "map of auroc, average_precision, auprc" {
        with_pairs(&scores, &labels, Some(&o), |pairs| {
            let all = [("auroc", Measure::Auroc), ("average_precision", Measure::AveragePrecision), ("auprc", Measure::Auprc)];
            let one = |(name, measure): (&str, Measure)| Ok((name.into(), metric(name, measure, &o)?.of(pairs)?.into()));
            all.into_iter().map(one).collect::<Result<rhai::Map>>()
        })
    }

    /// Makes the share of right decisions; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::accuracy().name, "accuracy");
    /// ```
    function "accuracy"(c; o = DECIDE) -> "metric" { metric("accuracy", Measure::Accuracy, &o) }

    /// Computes the share of right decisions; NaN labels are left out.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::accuracy(p, y), 1.0);
    /// ```
    function "accuracy"(c, scores: Numbers, labels: Numbers; o = OF_DECISIONS) -> "number" { value(metric("accuracy", Measure::Accuracy, &o)?, &scores, &labels, &o) }

    /// Makes the share of right ones among those called positive; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::precision().name, "precision");
    /// ```
    function "precision"(c; o = DECIDE) -> "metric" { metric("precision", Measure::Precision, &o) }

    /// Computes the share of right ones among those called positive; NaN labels are left out.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::precision(p, y), 1.0);
    /// ```
    function "precision"(c, scores: Numbers, labels: Numbers; o = OF_DECISIONS) -> "number" { value(metric("precision", Measure::Precision, &o)?, &scores, &labels, &o) }

    /// Makes the share of positives that are called so; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::recall().name, "recall");
    /// ```
    function "recall"(c; o = DECIDE) -> "metric" { metric("recall", Measure::Recall, &o) }

    /// Computes the share of positives that are called so; NaN labels are left out.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::recall(p, y), 1.0);
    /// ```
    function "recall"(c, scores: Numbers, labels: Numbers; o = OF_DECISIONS) -> "number" { value(metric("recall", Measure::Recall, &o)?, &scores, &labels, &o) }

    /// Makes the harmonic mean of precision and recall; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::f1().name, "f1");
    /// ```
    function "f1"(c; o = DECIDE) -> "metric" { metric("f1", Measure::F1, &o) }

    /// Computes the harmonic mean of precision and recall; NaN labels are left out.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::f1(p, y), 1.0);
    /// ```
    function "f1"(c, scores: Numbers, labels: Numbers; o = OF_DECISIONS) -> "number" { value(metric("f1", Measure::F1, &o)?, &scores, &labels, &o) }

    /// Makes Matthews' correlation of decisions and labels; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::mcc().name, "mcc");
    /// ```
    function "mcc"(c; o = DECIDE) -> "metric" { metric("mcc", Measure::Mcc, &o) }

    /// Computes Matthews' correlation of decisions and labels; NaN labels are left out.
    ///
    /// Of class numbers: the correlation of all classes at once (Gorodkin 2004), as scikit-learn.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::mcc(p, y), 1.0);
    /// ```
    function "mcc"(c, scores: Numbers, labels: Numbers; o = OF_DECISIONS) -> "number" { value(metric("mcc", Measure::Mcc, &o)?, &scores, &labels, &o) }

    /// Makes Pearson's correlation; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::pearson().name, "pearson");
    /// ```
    function "pearson"(c) -> "metric" { Ok(Metric::new("pearson", Measure::Pearson)) }

    /// Computes Pearson's correlation; NaN labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_near(metric::pearson(p, y), 1.0);
    /// ```
    function "pearson"(c, scores: Numbers, labels: Numbers; o = OF_NUMBERS) -> "number" { value(Metric::new("pearson", Measure::Pearson), &scores, &labels, &o) }

    /// Makes Spearman's rank correlation; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::spearman().name, "spearman");
    /// ```
    function "spearman"(c) -> "metric" { Ok(Metric::new("spearman", Measure::Spearman)) }

    /// Computes Spearman's rank correlation; NaN labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_near(metric::spearman(p, y), 1.0);
    /// ```
    function "spearman"(c, scores: Numbers, labels: Numbers) -> "number" {
        let metric = Metric::new("spearman", Measure::Spearman);
        with_pairs(&scores, &labels, None, |pairs| metric.of(pairs))
    }

    /// Makes the share of the labels' variance that predictions explain; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::r2().name, "r2");
    /// ```
    function "r2"(c) -> "metric" { Ok(Metric::new("r2", Measure::R2)) }

    /// Computes the share of the labels' variance that predictions explain; NaN labels are left
    /// out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert(metric::r2(p, y) < 1.0);
    /// ```
    function "r2"(c, scores: Numbers, labels: Numbers; o = OF_NUMBERS) -> "number" { value(Metric::new("r2", Measure::R2), &scores, &labels, &o) }

    /// Makes the mean squared error; for `fit` and `evaluate`.
    ///
    /// ```rhai
    /// assert_eq(metric::mse().name, "mse");
    /// ```
    function "mse"(c) -> "metric" { Ok(Metric::new("mse", Measure::Mse)) }

    /// Computes the mean squared error; NaN labels are left out, tasks averaged.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert(metric::mse(p, y) < 1.0);
    /// ```
    function "mse"(c, scores: Numbers, labels: Numbers; o = OF_NUMBERS) -> "number" { value(Metric::new("mse", Measure::Mse), &scores, &labels, &o) }

    /// Makes the largest recall among thresholds with at most a false discovery rate.
    ///
    /// ```rhai
    /// assert_eq(metric::recall_at_fdr(0.1).name, "recall_at_fdr_0.1");
    /// ```
    function "recall_at_fdr"(c, fdr: f64; o = RANK) -> "metric" { metric(&format!("recall_at_fdr_{}", crate::lang::show::number(fdr)), Measure::RecallAtFdr(fdr), &o) }

    /// Computes the largest recall among thresholds with at most a false discovery rate.
    ///
    /// ```rhai
    /// let p = tensor::from([0.9, 0.2]);
    /// let y = tensor::from([1.0, 0.0]);
    /// assert_eq(metric::recall_at_fdr(p, y, 0.1), 1.0);
    /// ```
    function "recall_at_fdr"(c, scores: Numbers, labels: Numbers, fdr: f64; o = OF_RANKS) -> "number" { value(metric("recall_at_fdr", Measure::RecallAtFdr(fdr), &o)?, &scores, &labels, &o) }

    /// Computes a metric of each task (each class, where labels are class numbers).
    ///
    /// ```rhai
    /// let p = tensor::from([[0.9, 0.1], [0.2, 0.8]]);
    /// assert_eq(metric::per_task(metric::auroc(), p, tensor::from([[1.0, 1.0], [0.0, 0.0]])), [1.0, 0.0]);
    /// ```
    function "per_task"(c, m: Metric, scores: Numbers, labels: Numbers; o = OF_NUMBERS) -> "array of numbers, one for each task" { with_pairs(&scores, &labels, Some(&o), |pairs| Ok(array(m.per_task(pairs)?))) }
} }

natives! { methods in "metric" {
    /// Its name in results.
    ///
    /// ```rhai
    /// assert_eq(metric::auroc().name, "auroc");
    /// ```
    property "name"(c, this: Metric) -> "string" { Ok(this.name.clone()) }

    /// Computes the metric of predictions and labels.
    ///
    /// ```rhai
    /// assert_eq(metric::auroc().of([0.9, 0.1], [1, 0]), 1.0);
    /// ```
    method "of"(c, this: Metric, scores: Numbers, labels: Numbers; o = OF_NUMBERS) -> "number" { value(this, &scores, &labels, &o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), methods()].into_iter().flatten().collect()
}
