//! `plot::…`: figures of scores against labels.

use crate::bail;
use crate::base::{Result, Values};
use crate::bind::args::figure::{Line, in_order, line, pair};
use crate::bind::args::tensor::{Numbers, same_shape};
use crate::lang::{Native, Options, native, natives_of};
use crate::metrics::confusion::{self, Predicted};
use crate::metrics::curve::Curve;
use crate::metrics::{Pairs, ranking};
use crate::plot::kinds::{self, Areas};
use crate::plot::{self, Figure, Heat};
use rhai::{Dynamic, Identifier, Map};

/// Options of `plot::calibration`.
#[derive(Options)]
pub struct CalibrationOptions {
    /// Number of bins of equal width from 0 to 1.
    #[option(default = 10, min = 1, max = 1000)]
    bins: usize,
}

/// Options of `plot::confusion`.
#[derive(Options)]
pub struct ConfusionOptions {
    /// Smallest prediction that counts as class 1.
    #[option(default = 0.5)]
    threshold: f64,
    /// Whether predictions are class indices instead of probabilities of class 1.
    #[option(default = false)]
    classes: bool,
    /// Names of the classes.
    #[option(default = [])]
    names: Vec<String>,
}

/// Scores and labels of one shape.
fn scored(scores: &Numbers, labels: &Numbers) -> Result<(Vec<f64>, Vec<f64>)> {
    same_shape(scores, labels)?;
    Ok((scores.0.to_f64()?, labels.0.to_f64()?))
}

fn areas(kind: Curve, lines: Vec<Line>) -> Figure {
    let kind = match kind {
        Curve::Roc => Areas::Roc,
        Curve::PrecisionRecall => Areas::PrecisionRecall,
    };
    kinds::areas(kind, lines)
}

fn curve(kind: Curve, scores: &Numbers, labels: &Numbers) -> Result<Figure> {
    let name = match kind {
        Curve::Roc => "AUROC",
        Curve::PrecisionRecall => "average precision",
    };
    let (scores, labels) = scored(scores, labels)?;
    Ok(areas(kind, vec![line(kind, name, &scores, &labels)?]))
}

fn several(kind: Curve, curves: &Map) -> Result<Figure> {
    let one = |(name, value): (&Identifier, &Dynamic)| {
        let (scores, labels) = pair(name, value)?;
        line(kind, name, &scores, &labels)
    };
    let lines = in_order(curves)
        .into_iter()
        .map(one)
        .collect::<Result<_>>()?;
    Ok(areas(kind, lines))
}

fn calibration_figure(scores: &Numbers, labels: &Numbers, bins: usize) -> Result<Figure> {
    let (scores, labels) = scored(scores, labels)?;
    Pairs::new(Values::Double(&scores), Values::Double(&labels), 1).need_binary("calibration")?;
    if let Some(wrong) = scores.iter().find(|s| !(0.0..=1.0).contains(*s)) {
        bail!("value", "`scores` must be probabilities, got {wrong}";
            hint: "`.sigmoid()` makes probabilities of logits");
    }
    let bins = ranking::calibration(&scores, &labels, bins).into_iter();
    let points = bins.map(|(predicted, seen, _)| (predicted, seen));
    Ok(kinds::calibration(points.collect()))
}

/// Number of classes that a figure shows, at most.
const MOST_CLASSES: usize = 200;

/// Number of classes up to which cells state their numbers.
const NUMBERED_CLASSES: usize = 12;

fn confusion_figure(
    predicted: &Numbers,
    labels: &Numbers,
    options: ConfusionOptions,
) -> Result<Figure> {
    let (predicted, labels) = scored(predicted, labels)?;
    let kind = match options.classes {
        true => Predicted::Classes,
        false => Predicted::Scores(options.threshold),
    };
    let confusion = confusion::confusion(&predicted, &labels, kind, MOST_CLASSES)?;
    let (n, names) = (confusion.classes, options.names);
    if !names.is_empty() && names.len() < n {
        bail!(
            "option",
            "option `names` names {} of {n} classes",
            names.len()
        );
    }
    let heat = Heat {
        values: confusion.counts,
        rows: names.clone(),
        columns: names,
        x: "predicted".into(),
        y: "label".into(),
        unit: "rows".into(),
        numbers: n <= NUMBERED_CLASSES,
        ..Heat::default()
    };
    Ok(plot::heat("confusion", heat))
}

/// Draws the receiver operating characteristic of one task, with its area.
///
/// ```rhai
/// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
/// ```
#[native(namespace = "plot")]
pub fn roc(
    /// Scores of the rows, in any range.
    scores: &Numbers,
    /// Labels, 0 or 1, of the shape of the scores.
    labels: &Numbers,
) -> Result<Figure> {
    curve(Curve::Roc, scores, labels)
}

/// Draws several receiver operating characteristics with their areas.
///
/// ```rhai
/// assert_eq(plot::rocs(#{ good: [[0.9, 0.1], [1, 0]], bad: [[0.1, 0.9], [1, 0]] }).title, "ROC");
/// ```
#[native(namespace = "plot")]
pub fn rocs(
    /// Map of name to [scores, labels].
    curves: &Map,
) -> Result<Figure> {
    several(Curve::Roc, curves)
}

/// Draws precision against recall, with the average precision.
///
/// ```rhai
/// assert_eq(plot::pr([0.9, 0.1], [1, 0]).title, "precision and recall");
/// ```
#[native(namespace = "plot")]
pub fn pr(
    /// Scores of the rows, in any range.
    scores: &Numbers,
    /// Labels, 0 or 1, of the shape of the scores.
    labels: &Numbers,
) -> Result<Figure> {
    curve(Curve::PrecisionRecall, scores, labels)
}

/// Draws several curves of precision against recall, with their average precision.
///
/// ```rhai
/// assert_eq(plot::prs(#{ good: [[0.9, 0.1], [1, 0]] }).title, "precision and recall");
/// ```
#[native(namespace = "plot")]
pub fn prs(
    /// Map of name to [scores, labels].
    curves: &Map,
) -> Result<Figure> {
    several(Curve::PrecisionRecall, curves)
}

/// Draws the fraction of positives against the predicted probability, in bins.
///
/// ```rhai
/// assert_eq(plot::calibration([0.1, 0.8, 0.9], [0, 1, 1]).title, "calibration");
/// ```
/// ```rhai,fails
/// plot::calibration([3.0], [1]);
/// //~ must be probabilities
/// ```
#[native(namespace = "plot")]
pub fn calibration(
    /// Predicted probabilities.
    scores: &Numbers,
    /// Labels, 0 or 1, of the shape of the scores.
    labels: &Numbers,
    options: CalibrationOptions,
) -> Result<Figure> {
    calibration_figure(scores, labels, options.bins)
}

/// Draws a confusion matrix: the number of rows of each label and predicted class.
///
/// ```rhai
/// assert_eq(plot::confusion(
///     [0.9, 0.2, 0.7], [1, 0, 0], #{ names: ["unbound", "bound"] }
/// ).title, "confusion");
/// ```
#[native(namespace = "plot")]
pub fn confusion(
    /// Probabilities of class 1, or class indices from 0.
    predicted: &Numbers,
    /// Class indices from 0, of the shape of the predictions; undefined ones are NaN.
    labels: &Numbers,
    options: ConfusionOptions,
) -> Result<Figure> {
    confusion_figure(predicted, labels, options)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![roc, rocs, pr, prs, calibration, confusion,]
}
