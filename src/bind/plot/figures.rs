//! `plot::…`: figures.

use crate::base::{Result, Values, shape};
use crate::bind::types::Numbers;
use crate::lang::options::{INF, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::metrics::{Pairs, ranking};
use crate::optim::Schedule;
use crate::optim::schedule::{Clock, Point};
use crate::plot::{self, Bars, Boxes, Chart, Content, Dots, Figure, Heat, Scale, Series, terminal};
use crate::torch::Tensor;
use crate::train::History;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Identifier, Map};
use std::io::IsTerminal;

/// Points of a curve, at most.
const POINTS: usize = 600;

pub(in crate::bind) fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values
        .iter()
        .enumerate()
        .map(|(i, v)| ((i + 1) as f64, *v))
        .collect()
}

pub(in crate::bind) fn series(name: impl Into<String>, points: Vec<(f64, f64)>) -> Series {
    Series {
        name: name.into(),
        points,
    }
}

pub(in crate::bind) fn history(run: &History) -> Figure {
    let names = run.names();
    let line = |name: &String| series(name, numbered(&run.column(name).unwrap_or_default()));
    let of = |loss: bool| {
        names
            .iter()
            .filter(|n| n.as_str() != "lr" && n.ends_with("loss") == loss)
            .map(line)
            .collect::<Vec<_>>()
    };
    let mark = run.best_value.map(|_| run.best_epoch as f64);
    let chart = |y: &str, lines| Chart {
        x: "epoch".into(),
        y: y.into(),
        lines,
        mark,
        ..Chart::default()
    };
    let mut charts = vec![chart("loss", of(true))];
    if !of(false).is_empty() {
        charts.push(chart("metric", of(false)));
    }
    let height = 300 * charts.len() as u32 + 40;
    Figure {
        title: run.name.clone(),
        content: Content::Charts(charts),
        size: (760, height),
    }
}

/// The numbers of an array or a tensor; `name` is for messages.
pub fn column(name: &str, value: &Dynamic) -> Result<Vec<f64>> {
    let numbers = crate::bind::tensor::basic::tensor_of(value).and_then(|t| t.to_f64());
    numbers.map_err(|_| {
        fault!(
            "type",
            "`{name}` must hold numbers, got {}",
            session::describe(value)
        )
    })
}

fn pair(name: &str, value: &Dynamic) -> Result<(Vec<f64>, Vec<f64>)> {
    let items = value.clone().into_array().unwrap_or_default();
    let [a, b] = items.as_slice() else {
        return Err(fault!(
            "type",
            "`{name}` must be a pair of arrays, got {}",
            session::describe(value)
        ));
    };
    let (a, b) = (column(name, a)?, column(name, b)?);
    if a.len() != b.len() {
        return Err(fault!(
            "shape",
            "`{name}` holds {} and {} numbers",
            a.len(),
            b.len()
        ));
    }
    Ok((a, b))
}

/// Scores and labels under a name each: one pair, or a map of pairs.
fn judged(scores: &Numbers, labels: &Numbers) -> Result<(Vec<f64>, Vec<f64>)> {
    crate::bind::host::words::same_shape(scores, labels)?;
    Ok((scores.0.to_f64()?, labels.0.to_f64()?))
}

fn need_binary(name: &str, scores: &[f64], labels: &[f64]) -> Result<()> {
    Pairs::new(Values::Double(scores), Values::Double(labels), 1).need_binary(name)
}

/// A curve of scores against labels, with its area in the legend.
#[derive(Clone, Copy)]
enum Curve {
    Roc,
    PrecisionRecall,
}

impl Curve {
    fn line(self, name: &str, (scores, labels): (Vec<f64>, Vec<f64>)) -> Result<Series> {
        need_binary(name, &scores, &labels)?;
        let (scores, labels) = (
            Values::Double(&scores).in_32_bits(),
            Values::Double(&labels).in_32_bits(),
        );
        let found = ranking::ranking(&scores, &labels);
        let (area, points) = match self {
            Curve::Roc => (found.auroc, ranking::roc(&scores, &labels, POINTS)),
            Curve::PrecisionRecall => (
                found.average_precision,
                ranking::precision_recall(&scores, &labels, POINTS),
            ),
        };
        Ok(series(format!("{name} {area:.3}"), points))
    }

    fn figure(self, lines: Vec<Series>) -> Figure {
        let (title, x, y) = match self {
            Curve::Roc => ("ROC", "false positive rate", "true positive rate"),
            Curve::PrecisionRecall => ("precision and recall", "recall", "precision"),
        };
        let guide = if matches!(self, Curve::Roc) {
            vec![(0.0, 0.0), (1.0, 1.0)]
        } else {
            Vec::new()
        };
        plot::chart(
            title,
            Chart {
                x: x.into(),
                y: y.into(),
                lines,
                unit: true,
                guide,
                ..Chart::default()
            },
        )
    }
}

fn curve(kind: Curve, scores: &Numbers, labels: &Numbers) -> Result<Figure> {
    let name = if matches!(kind, Curve::Roc) {
        "AUROC"
    } else {
        "average precision"
    };
    Ok(kind.figure(vec![kind.line(name, judged(scores, labels)?)?]))
}

fn several(kind: Curve, curves: &Map) -> Result<Figure> {
    let lines = curves
        .iter()
        .map(|(name, value)| kind.line(name, pair(name, value)?))
        .collect::<Result<_>>()?;
    Ok(kind.figure(lines))
}

fn calibration(scores: &Numbers, labels: &Numbers, bins: usize) -> Result<Figure> {
    let (scores, labels) = judged(scores, labels)?;
    need_binary("calibration", &scores, &labels)?;
    if let Some(wrong) = scores.iter().find(|s| !(0.0..=1.0).contains(*s)) {
        bail!("value", "`scores` must be probabilities, got {wrong}"; hint: "`.sigmoid()` makes probabilities of logits");
    }
    let points: Vec<(f64, f64)> = ranking::calibration(&scores, &labels, bins)
        .into_iter()
        .map(|(predicted, seen, _)| (predicted, seen))
        .collect();
    let dots = vec![Dots {
        name: String::new(),
        points: points.clone(),
    }];
    let chart = Chart {
        x: "mean predicted probability".into(),
        y: "share of positives".into(),
        lines: vec![series("", points)],
        dots,
        unit: true,
        guide: vec![(0.0, 0.0), (1.0, 1.0)],
        mark: None,
    };
    Ok(plot::chart("calibration", chart))
}

/// Names that an option gives; none where it is not there.
pub fn named(o: &Options, key: &str) -> Result<Vec<String>> {
    Ok(o.get::<Vec<String>>(key)?.unwrap_or_default())
}

pub(in crate::bind) fn rows_of(name: &str, values: &Tensor) -> Result<Vec<Vec<f64>>> {
    let [_, width] = values.shape()[..] else {
        bail!(
            "shape",
            "`{name}` must be [rows, columns], got {}",
            shape::text(&values.shape())
        )
    };
    Ok(values
        .to_f64()?
        .chunks(width.max(1) as usize)
        .map(<[f64]>::to_vec)
        .collect())
}

fn heat(title: &str, values: &Tensor, o: &Options) -> Result<Figure> {
    let values = rows_of("values", values)?;
    let (rows, columns) = (named(o, "rows")?, named(o, "columns")?);
    for (names, n, key) in [
        (&rows, values.len(), "rows"),
        (&columns, values.first().map_or(0, Vec::len), "columns"),
    ] {
        if !names.is_empty() && names.len() != n {
            bail!("option", "option `{key}` names {} of {n}", names.len());
        }
    }
    let scale = if o.flag("diverging") {
        Scale::Diverging
    } else {
        Scale::Sequential
    };
    Ok(plot::heat(
        title,
        Heat {
            values,
            rows,
            columns,
            x: o.text("x"),
            y: o.text("y"),
            unit: o.text("unit"),
            scale,
            numbers: o.flag("numbers"),
        },
    ))
}

/// Fails on numbers that are no class; NaN labels are undefined.
fn need_classes(name: &str, values: &[f64]) -> Result<()> {
    let is_class = |v: &f64| (v.is_nan() && name == "labels") || (*v >= 0.0 && v.fract() == 0.0);
    match values.iter().position(|v| !is_class(v)) {
        Some(row) => bail!(
            "value",
            "`{name}` must be class numbers from 0, got {} in row {row}",
            values[row]
        ),
        None => Ok(()),
    }
}

fn confusion(predicted: &Numbers, labels: &Numbers, o: &Options) -> Result<Figure> {
    crate::bind::host::words::same_shape(predicted, labels)?;
    let (predicted, labels) = (predicted.0.to_f64()?, labels.0.to_f64()?);
    if o.flag("classes") {
        need_classes("predicted", &predicted)?;
        need_classes("labels", &labels)?;
    } else {
        need_binary("confusion", &predicted, &labels)?;
    }
    let threshold = o.float("threshold");
    let class = |v: &f64| {
        if o.flag("classes") {
            v.round().max(0.0) as usize
        } else {
            usize::from(*v >= threshold)
        }
    };
    let truth = |v: &f64| v.round().max(0.0) as usize;
    let n = predicted
        .iter()
        .map(class)
        .chain(labels.iter().filter(|l| l.is_finite()).map(truth))
        .max()
        .unwrap_or(1)
        + 1;
    if n > 200 {
        bail!("value", "{n} classes are more than a figure can show: 200");
    }
    let names = named(o, "names")?;
    if !names.is_empty() && names.len() < n {
        bail!(
            "option",
            "option `names` names {} of {n} classes",
            names.len()
        );
    }
    let mut values = vec![vec![0.0; n.max(2)]; n.max(2)];
    predicted
        .iter()
        .zip(&labels)
        .filter(|(_, l)| l.is_finite())
        .for_each(|(p, l)| values[truth(l)][class(p)] += 1.0);
    let heat = Heat {
        values,
        rows: names.clone(),
        columns: names,
        x: "predicted".into(),
        y: "label".into(),
        unit: "rows".into(),
        numbers: n <= 12,
        ..Heat::default()
    };
    Ok(plot::heat("confusion", heat))
}

fn lines(title: &str, columns: &Map) -> Result<Figure> {
    let one = |(name, value): (&Identifier, &Dynamic)| {
        Ok(series(name.as_str(), numbered(&column(name, value)?)))
    };
    Ok(plot::chart(
        title,
        Chart {
            lines: columns.iter().map(one).collect::<Result<_>>()?,
            ..Chart::default()
        },
    ))
}

fn curves(title: &str, columns: &Map, o: &Options) -> Result<Figure> {
    let one = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        let x: Vec<f64> = if o.flag("log_x") {
            x.into_iter().map(f64::log10).collect()
        } else {
            x
        };
        Ok(series(name.as_str(), x.into_iter().zip(y).collect()))
    };
    let lines = columns.iter().map(one).collect::<Result<_>>()?;
    let x = if o.flag("log_x") {
        format!("log10 {}", o.text("x"))
    } else {
        o.text("x")
    };
    Ok(plot::chart(
        title,
        Chart {
            x,
            y: o.text("y"),
            lines,
            ..Chart::default()
        },
    ))
}

fn scatter(title: &str, columns: &Map, o: &Options) -> Result<Figure> {
    let one = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        Ok(Dots {
            name: name.to_string(),
            points: x.into_iter().zip(y).collect(),
        })
    };
    let dots: Vec<Dots> = columns.iter().map(one).collect::<Result<_>>()?;
    let guide = if o.flag("diagonal") {
        let all = || {
            dots.iter()
                .flat_map(|own| own.points.iter().flat_map(|p| [p.0, p.1]))
                .filter(|v| v.is_finite())
        };
        let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        vec![(low, low), (high, high)]
    } else {
        Vec::new()
    };
    let figure = plot::chart(
        title,
        Chart {
            x: o.text("x"),
            y: o.text("y"),
            dots,
            guide,
            ..Chart::default()
        },
    );
    Ok(Figure {
        size: (620, 520),
        ..figure
    })
}

/// Points in the plane, coloured by a label each.
fn embedding(points: &Tensor, labels: &Dynamic, o: &Options) -> Result<Figure> {
    let rows = rows_of("points", points)?;
    if rows.first().is_some_and(|row| row.len() != 2) {
        bail!("shape", "`points` must be [n, 2], got {}", shape::text(&points.shape()); hint: "reduce them to two dimensions first");
    }
    let names: Vec<String> = match labels.read_lock::<Array>() {
        Some(items) if items.first().is_some_and(Dynamic::is_string) => {
            items.iter().map(ToString::to_string).collect()
        }
        _ => column("labels", labels)?
            .iter()
            .map(|v| format!("{v}"))
            .collect(),
    };
    if names.len() != rows.len() {
        bail!("shape", "{} labels for {} points", names.len(), rows.len());
    }
    let mut kinds: Vec<String> = names.clone();
    kinds.sort();
    kinds.dedup();
    let of = |kind: &String| {
        rows.iter()
            .zip(&names)
            .filter(|(_, name)| *name == kind)
            .map(|(row, _)| (row[0], row[1]))
            .collect()
    };
    let dots = kinds
        .iter()
        .map(|kind| Dots {
            name: kind.clone(),
            points: of(kind),
        })
        .collect();
    let figure = plot::chart(
        &o.text("title"),
        Chart {
            x: o.text("x"),
            y: o.text("y"),
            dots,
            ..Chart::default()
        },
    );
    Ok(Figure {
        size: (640, 560),
        ..figure
    })
}

fn samples(columns: &Map) -> Result<Vec<(String, Vec<f64>)>> {
    columns
        .iter()
        .map(|(name, value)| Ok((name.to_string(), column(name, value)?)))
        .collect()
}

fn boxes(title: &str, columns: &Map, o: &Options) -> Result<Figure> {
    let (groups, samples) = samples(columns)?.into_iter().unzip();
    Ok(plot::boxes(
        title,
        Boxes {
            groups,
            samples,
            violin: o.flag("violin"),
            y: o.text("y"),
        },
    ))
}

fn bars(title: &str, rows: &Array, o: &Options) -> Result<Figure> {
    let mut groups = Vec::new();
    let mut parts: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for row in rows {
        let map = row
            .read_lock::<Map>()
            .map(|map| map.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "rows must be maps #{{ group, name: value or [value, error], … }}, got {}",
                    session::describe(row)
                )
            })?;
        let Some(group) = map.get("group") else {
            return Err(fault!("value", "each row needs a `group`"));
        };
        groups.push(group.to_string());
        for (name, value) in map.iter().filter(|(name, _)| name.as_str() != "group") {
            let own = match crate::lang::value::number(value) {
                Some(height) => (height, 0.0),
                None => match column(name, value)?.as_slice() {
                    [height, error] => (*height, *error),
                    _ => {
                        return Err(fault!(
                            "type",
                            "`{name}` must be a number or [value, error], got {}",
                            session::describe(value)
                        ));
                    }
                },
            };
            match parts.iter_mut().find(|(known, _)| known == name.as_str()) {
                Some((_, values)) => values.push(own),
                None => parts.push((name.to_string(), vec![own])),
            }
        }
    }
    if parts.is_empty() || parts.iter().any(|(_, values)| values.len() != groups.len()) {
        return Err(fault!("value", "every row needs the same names"));
    }
    Ok(plot::bars(
        title,
        Bars {
            groups,
            parts,
            stacked: o.flag("stacked"),
            y: o.text("y"),
        },
    ))
}

pub(in crate::bind) fn schedule(
    own: &Schedule,
    epochs: usize,
    per_epoch: usize,
    lr: f64,
) -> Figure {
    let whole = Clock::new(epochs * per_epoch, per_epoch);
    let every = (epochs * per_epoch).div_ceil(2000).max(1);
    let points: Vec<(f64, Point)> = (0..=epochs * per_epoch)
        .step_by(every)
        .map(|step| {
            (
                step as f64 / per_epoch as f64,
                own.at(&Clock {
                    step: step as f64,
                    ..whole
                }),
            )
        })
        .collect();
    let rate = points.iter().map(|(x, p)| (*x, p.factor * lr)).collect();
    let mut charts = vec![Chart {
        x: "epoch".into(),
        y: "learning rate".into(),
        lines: vec![series("", rate)],
        ..Chart::default()
    }];
    let momentum: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|(x, p)| Some((*x, p.momentum?)))
        .collect();
    if !momentum.is_empty() {
        charts.push(Chart {
            x: "epoch".into(),
            y: "momentum".into(),
            lines: vec![series("", momentum)],
            ..Chart::default()
        });
    }
    let height = 260 * charts.len() as u32 + 40;
    Figure {
        title: own.text(),
        content: Content::Charts(charts),
        size: (720, height),
    }
}

const HISTOGRAM: &[Opt] = &[
    opt(
        "bins",
        OptKind::Int(1, 10_000),
        "40",
        "bins over the range of all samples",
    ),
    opt("x", OptKind::Text, "\"\"", "title of the horizontal axis"),
];
const X: Opt = opt("x", OptKind::Text, "\"\"", "title of the horizontal axis");
const Y: Opt = opt("y", OptKind::Text, "\"\"", "title of the vertical axis");
const CURVES: &[Opt] = &[
    X,
    Y,
    opt(
        "log_x",
        OptKind::Bool,
        "false",
        "whether the horizontal axis shows decimal logarithms",
    ),
];
const SCATTER: &[Opt] = &[
    X,
    Y,
    opt(
        "diagonal",
        OptKind::Bool,
        "false",
        "whether the line of equal values is drawn",
    ),
];
const BARS: &[Opt] = &[
    opt(
        "stacked",
        OptKind::Bool,
        "false",
        "whether parts stand upon each other",
    ),
    Y,
];
const BOXES: &[Opt] = &[
    opt(
        "violin",
        OptKind::Bool,
        "false",
        "whether densities are drawn instead of boxes",
    ),
    Y,
];
const HEAT: &[Opt] = &[
    opt(
        "rows",
        OptKind::Other("array of strings"),
        "",
        "names of the rows",
    ),
    opt(
        "columns",
        OptKind::Other("array of strings"),
        "",
        "names of the columns",
    ),
    X,
    Y,
    opt("unit", OptKind::Text, "\"\"", "what the colours mean"),
    opt(
        "diverging",
        OptKind::Bool,
        "false",
        "whether colours part at 0, which is white",
    ),
    opt(
        "numbers",
        OptKind::Bool,
        "false",
        "whether each cell shows its number",
    ),
];
const CONFUSION: &[Opt] = &[
    opt(
        "threshold",
        OptKind::Float(-INF, INF),
        "0.5",
        "prediction from which a row counts as 1",
    ),
    opt(
        "classes",
        OptKind::Bool,
        "false",
        "whether predictions are numbers of classes; else probabilities of class 1",
    ),
    opt(
        "names",
        OptKind::Other("array of strings"),
        "",
        "names of the classes",
    ),
];
const CALIBRATION: &[Opt] = &[opt(
    "bins",
    OptKind::Int(1, 1000),
    "10",
    "bins of equal width from 0 to 1",
)];
const EMBEDDING: &[Opt] = &[
    opt("title", OptKind::Text, "\"embedding\"", "the title"),
    X,
    Y,
];
const SCHEDULE: &[Opt] = &[
    opt(
        "epochs",
        OptKind::Int(1, 1_000_000),
        "100",
        "epochs of the run",
    ),
    opt(
        "steps_per_epoch",
        OptKind::Int(1, 1_000_000),
        "10",
        "steps in an epoch",
    ),
    opt(
        "lr",
        OptKind::Float(0.0, INF),
        "1",
        "the optimizer's learning rate",
    ),
];

natives! { judged_plots in "plot" {
    /// Draws a receiver operating characteristic.
    ///
    /// ```rhai
    /// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
    /// ```
    function "roc"(c, scores: Numbers, labels: Numbers) -> "figure" { curve(Curve::Roc, &scores, &labels) }

    /// Draws several receiver operating characteristics with their areas: a map of name to [scores,
    /// labels].
    ///
    /// ```rhai
    /// assert_eq(plot::rocs(#{ good: [[0.9, 0.1], [1, 0]], bad: [[0.1, 0.9], [1, 0]] }).title, "ROC");
    /// ```
    function "rocs"(c, curves: Map) -> "figure" { several(Curve::Roc, &curves) }

    /// Draws precision against recall, with the average precision.
    ///
    /// ```rhai
    /// assert_eq(plot::pr([0.9, 0.1], [1, 0]).title, "precision and recall");
    /// ```
    function "pr"(c, scores: Numbers, labels: Numbers) -> "figure" { curve(Curve::PrecisionRecall, &scores, &labels) }

    /// Draws several curves of precision against recall: a map of name to [scores, labels].
    ///
    /// ```rhai
    /// assert_eq(plot::prs(#{ good: [[0.9, 0.1], [1, 0]] }).title, "precision and recall");
    /// ```
    function "prs"(c, curves: Map) -> "figure" { several(Curve::PrecisionRecall, &curves) }

    /// Draws how often the label is 1 against the predicted probability, over bins of equal width.
    ///
    /// ```rhai
    /// assert_eq(plot::calibration([0.1, 0.8, 0.9], [0, 1, 1]).title, "calibration");
    /// ```
    /// ```rhai,fails
    /// plot::calibration([3.0], [1]);
    /// //~ must be probabilities
    /// ```
    function "calibration"(c, scores: Numbers, labels: Numbers; o = CALIBRATION) -> "figure" { calibration(&scores, &labels, o.int("bins") as usize) }

    /// Draws how many rows of each label were predicted as what.
    ///
    /// ```rhai
    /// assert_eq(plot::confusion([0.9, 0.2, 0.7], [1, 0, 0], #{ names: ["unbound", "bound"] }).title, "confusion");
    /// ```
    function "confusion"(c, predicted: Numbers, labels: Numbers; o = CONFUSION) -> "figure" { confusion(&predicted, &labels, &o) }
} }

natives! { number_plots in "plot" {
    /// Draws samples as outlines of histograms over common bins, each of area 1.
    ///
    /// ```rhai
    /// assert_eq(plot::histogram("weights", #{ a: [1.0, 2.0, 2.5], b: [0.0, 4.0] }, #{ bins: 5, x: "weight" }).title, "weights");
    /// ```
    function "histogram"(c, title: String, samples: Map; o = HISTOGRAM) -> "figure" { Ok(plot::histogram(&title, &o.text("x"), &self::samples(&samples)?, o.int("bins") as usize)) }

    /// Draws bars with errors, a group for each row: #{ group, name: value, … } or #{ group, name:
    /// [value, error], … }.
    ///
    /// ```rhai
    /// let f = plot::bars("filters", [#{ group: "10", single: [3, 1], combined: [5, 2] }, #{ group: "20", single: [6, 1], combined: [9, 2] }], #{ stacked: true, y: "filters" });
    /// assert_eq(f.title, "filters");
    /// ```
    function "bars"(c, title: String, rows: Array; o = BARS) -> "figure" { bars(&title, &rows, &o) }

    /// Draws how samples are spread: median, quartiles, and what lies beyond 1.5 times their
    /// distance; or densities.
    ///
    /// ```rhai
    /// assert_eq(plot::boxes("areas", #{ tcn: [0.8, 0.9, 0.7], lstm: [0.6, 0.8, 0.7] }, #{ y: "AUROC", violin: true }).title, "areas");
    /// ```
    function "boxes"(c, title: String, samples: Map; o = BOXES) -> "figure" { boxes(&title, &samples, &o) }

    /// Draws points: a map of name to [x, y].
    ///
    /// ```rhai
    /// assert_eq(plot::scatter("two networks", #{ factors: [[0.5, 0.7], [0.6, 0.7]] }, #{ diagonal: true, x: "linear", y: "FM" }).title, "two networks");
    /// ```
    function "scatter"(c, title: String, points: Map; o = SCATTER) -> "figure" { scatter(&title, &points, &o) }

    /// Draws points in the plane, [n, 2], coloured by their labels: an array of strings or numbers.
    ///
    /// ```rhai
    /// assert_eq(plot::embedding([[0.0, 1.0], [1.0, 0.0]], ["a", "b"]).title, "embedding");
    /// ```
    function "embedding"(c, points: Numbers, labels: Dynamic; o = EMBEDDING) -> "figure" { embedding(&points.0, &labels, &o) }

    /// Draws a matrix as coloured cells.
    ///
    /// ```rhai
    /// let f = plot::heat("overlap", [[1.0, 0.2], [0.2, 1.0]], #{ rows: ["a", "b"], columns: ["a", "b"], numbers: true });
    /// assert_eq(f.title, "overlap");
    /// ```
    function "heat"(c, title: String, values: Numbers; o = HEAT) -> "figure" { heat(&title, &values.0, &o) }

    /// Draws attention weights [queries, keys] as coloured cells, queries from above.
    ///
    /// ```rhai
    /// assert_eq(plot::attention([[0.9, 0.1], [0.4, 0.6]]).title, "attention");
    /// ```
    function "attention"(c, weights: Numbers) -> "figure" {
        let values = rows_of("weights", &weights.0)?;
        let heat = Heat { values, x: "key".into(), y: "query".into(), unit: "weight".into(), ..Heat::default() };
        Ok(plot::heat("attention", heat))
    }

    /// Draws curves through points: a map of name to [x, y].
    ///
    /// ```rhai
    /// assert_eq(plot::curves("recovery", #{ net: [[100, 1000], [0.5, 0.9]] }, #{ x: "sequences", log_x: true }).title, "recovery");
    /// ```
    function "curves"(c, title: String, columns: Map; o = CURVES) -> "figure" { curves(&title, &columns, &o) }

    /// Draws columns of numbers against their index, from 1.
    ///
    /// ```rhai
    /// assert_eq(plot::lines("loss", #{ train: [0.7, 0.5] }).title, "loss");
    /// ```
    function "lines"(c, title: String, columns: Map) -> "figure" { lines(&title, &columns) }

    /// Draws what a training run measured, epoch by epoch: losses above, metrics below.
    ///
    /// ```rhai
    /// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
    /// let run = train::fit(nn::build(nn::linear(1), [2], #{ name: "net" }), #{ train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false });
    /// assert_eq(plot::history(run).title, "net");
    /// ```
    function "history"(c, run: History) -> "figure" { Ok(history(&run)) }

    /// Draws the learning rate (and momentum, where it moves) that a schedule gives.
    ///
    /// ```rhai
    /// let f = plot::schedule(schedule::warmup(0.2).then(schedule::cosine()), #{ epochs: 50, lr: 0.001 });
    /// assert(f.title.contains("warmup"));
    /// ```
    function "schedule"(c, own: Schedule; o = SCHEDULE) -> "figure" { Ok(schedule(&own, o.int("epochs") as usize, o.int("steps_per_epoch") as usize, o.float("lr"))) }
} }

/// Columns of the terminal, where it tells.
fn columns() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(90)
}

natives! { methods in "figure" {
    /// Writes it as .svg or .png; in a run, into `figures/`.
    ///
    /// ```rhai
    /// plot::roc([0.9, 0.1], [1, 0]).save("/tmp/cistron_example.svg");
    /// ```
    method "save"(c, this: Figure, path: String) -> "nothing" { this.save(&session::place_output(&path, true)?) }

    /// Shows it: as a picture in a notebook, else printed in the terminal: curves of dots, bars of
    /// blocks, coloured letters.
    ///
    /// ```rhai
    /// plot::lines("loss", #{ train: [0.7, 0.5, 0.4] }).show();
    /// ```
    method "show"(c, this: Figure) -> "nothing" {
        if session::displayed(&Dynamic::from(this.clone())) {
            return Ok(());
        }
        let plain = terminal::show(&this, columns(), false);
        if !std::io::stdout().is_terminal() {
            plain.lines().for_each(session::print);
            return Ok(());
        }
        let colored = terminal::show(&this, columns(), true);
        plain.lines().zip(colored.lines()).for_each(|(plain, colored)| session::print_colored(plain, colored));
        Ok(())
    }

    /// Itself as plain text.
    ///
    /// ```rhai
    /// assert(plot::lines("loss", #{ train: [0.7, 0.5, 0.4] }).text.contains("train"));
    /// ```
    property "text"(c, this: Figure) -> "string" { Ok(terminal::show(&this, columns(), false)) }

    /// Itself as SVG.
    ///
    /// ```rhai
    /// assert(plot::roc([0.9, 0.1], [1, 0]).svg.contains("<svg"));
    /// ```
    property "svg"(c, this: Figure) -> "string" { this.to_svg() }

    /// Its title.
    ///
    /// ```rhai
    /// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
    /// ```
    property "title"(c, this: Figure) -> "string" { Ok(this.title.clone()) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [judged_plots(), number_plots()]
        .into_iter()
        .flatten()
        .collect()
}
