//! `plot::…`: figures.

use crate::base::{Result, Values, shape};
use crate::bind::args::numbers::column;
use crate::bind::args::tensor::{Numbers, same_shape};
use crate::bind::printing::figure::{history_figure, rows_of, schedule_figure, series};
use crate::lang::{Native, Options, native, natives_of, session};
use crate::metrics::confusion::{self, Predicted};
use crate::metrics::curve::Curve;
use crate::metrics::{Pairs, ranking};
use crate::optim::Schedule;
use crate::plot::kinds::{self, Areas};
use crate::plot::{self, Bars, Boxes, Chart, Dots, Figure, Heat, Scale, terminal};
use crate::torch::Tensor;
use crate::train::History;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Identifier, Map};
use std::io::IsTerminal;

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

/// Titles of the axes.
#[derive(Options)]
pub struct AxisOptions {
    /// Title of the horizontal axis.
    #[option(default = "")]
    x: String,
    /// Title of the vertical axis.
    #[option(default = "")]
    y: String,
}

/// Options of `plot::histogram`.
#[derive(Options)]
pub struct HistogramOptions {
    /// Number of bins over the range of all samples.
    #[option(default = 40, min = 1, max = 10_000)]
    bins: usize,
    /// Title of the horizontal axis.
    #[option(default = "")]
    x: String,
}

/// Options of `plot::bars`.
#[derive(Options)]
pub struct BarOptions {
    /// Whether the bars of a group are stacked.
    #[option(default = false)]
    stacked: bool,
    /// Title of the vertical axis.
    #[option(default = "")]
    y: String,
}

/// Options of `plot::boxes`.
#[derive(Options)]
pub struct BoxOptions {
    /// Whether densities are drawn instead of boxes.
    #[option(default = false)]
    violin: bool,
    /// Title of the vertical axis.
    #[option(default = "")]
    y: String,
}

/// Options of `plot::scatter`.
#[derive(Options)]
pub struct ScatterOptions {
    #[option(flatten)]
    axes: AxisOptions,
    /// Whether the line of equal values is drawn.
    #[option(default = false)]
    diagonal: bool,
}

/// Options of `plot::embedding`.
#[derive(Options)]
pub struct EmbeddingOptions {
    /// Title of the figure.
    #[option(default = "embedding")]
    title: String,
    #[option(flatten)]
    axes: AxisOptions,
}

/// Options of `plot::heat`.
#[derive(Options)]
pub struct HeatOptions {
    /// Names of the rows.
    #[option(default = [])]
    rows: Vec<String>,
    /// Names of the columns.
    #[option(default = [])]
    columns: Vec<String>,
    #[option(flatten)]
    axes: AxisOptions,
    /// Quantity or unit that the colours show.
    #[option(default = "")]
    unit: String,
    /// Whether the colour scale diverges from white at 0.
    #[option(default = false)]
    diverging: bool,
    /// Whether each cell shows its number.
    #[option(default = false)]
    numbers: bool,
}

/// Options of `plot::curves`.
#[derive(Options)]
pub struct CurveOptions {
    #[option(flatten)]
    axes: AxisOptions,
    /// Whether the horizontal axis shows decimal logarithms.
    #[option(default = false)]
    log_x: bool,
}

/// Options of `plot::schedule`.
#[derive(Options)]
pub struct ScheduleOptions {
    /// Number of epochs of the run.
    #[option(default = 100, min = 1, max = 1_000_000)]
    epochs: usize,
    /// Number of steps per epoch.
    #[option(default = 10, min = 1, max = 1_000_000)]
    steps_per_epoch: usize,
    /// Learning rate of the optimizer.
    #[option(default = 1, min = 0)]
    lr: f64,
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

/// Scores and labels of one shape.
fn scored(scores: &Numbers, labels: &Numbers) -> Result<(Vec<f64>, Vec<f64>)> {
    same_shape(scores, labels)?;
    Ok((scores.0.to_f64()?, labels.0.to_f64()?))
}

/// A curve with its name in the legend.
type Line = (String, f64, Vec<(f64, f64)>);

fn line(kind: Curve, name: &str, scores: &[f64], labels: &[f64]) -> Result<Line> {
    let traced = kind.trace(name, scores, labels)?;
    Ok((name.into(), traced.area, traced.points))
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
    let lines = curves.iter().map(one).collect::<Result<_>>()?;
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

fn heat_figure(title: &str, values: &Tensor, options: HeatOptions) -> Result<Figure> {
    let values = rows_of("values", values)?;
    let width = values.first().map_or(0, Vec::len);
    for (names, n, key) in [
        (&options.rows, values.len(), "rows"),
        (&options.columns, width, "columns"),
    ] {
        if !names.is_empty() && names.len() != n {
            bail!("option", "option `{key}` names {} of {n}", names.len());
        }
    }
    let heat = Heat {
        values,
        rows: options.rows,
        columns: options.columns,
        x: options.axes.x,
        y: options.axes.y,
        unit: options.unit,
        scale: match options.diverging {
            true => Scale::Diverging,
            false => Scale::Sequential,
        },
        numbers: options.numbers,
    };
    Ok(plot::heat(title, heat))
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

fn dots_of(columns: &Map) -> Result<Vec<Dots>> {
    let dots = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        Ok(Dots {
            name: name.to_string(),
            points: x.into_iter().zip(y).collect(),
        })
    };
    columns.iter().map(dots).collect()
}

/// Points in the plane, coloured by a label each.
fn embedding_figure(
    points: &Tensor,
    labels: &Dynamic,
    options: EmbeddingOptions,
) -> Result<Figure> {
    let rows = rows_of("points", points)?;
    if rows.first().is_some_and(|row| row.len() != 2) {
        bail!("shape", "`points` must be [n, 2], got {}", shape::text(&points.shape());
            hint: "reduce them to two dimensions first");
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
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (row[0], row[1])).collect();
    let dots = kinds::by_label(&points, &names);
    let figure = plot::chart(
        &options.title,
        Chart {
            x: options.axes.x,
            y: options.axes.y,
            dots,
            ..Chart::default()
        },
    );
    Ok(Figure {
        size: (640, 560),
        ..figure
    })
}

fn samples_of(columns: &Map) -> Result<Vec<(String, Vec<f64>)>> {
    columns
        .iter()
        .map(|(name, value)| Ok((name.to_string(), column(name, value)?)))
        .collect()
}

/// The height and the error of a bar.
fn bar(name: &str, value: &Dynamic) -> Result<(f64, f64)> {
    if let Some(height) = crate::lang::value::number(value) {
        return Ok((height, 0.0));
    }
    let [height, error] = column(name, value)?[..] else {
        bail!(
            "type",
            "`{name}` must be a number or [value, error], got {}",
            session::describe(value)
        );
    };
    Ok((height, error))
}

fn bars_figure(title: &str, rows: &Array, options: BarOptions) -> Result<Figure> {
    let mut groups = Vec::new();
    let mut parts: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for row in rows {
        let Some(map) = row.read_lock::<Map>().map(|map| map.clone()) else {
            bail!(
                "type",
                "rows must be maps #{{ group, name: value or [value, error], … }}, got {}",
                session::describe(row)
            );
        };
        let Some(group) = map.get("group") else {
            bail!("value", "each row needs a `group`");
        };
        groups.push(group.to_string());
        for (name, value) in map.iter().filter(|(name, _)| name.as_str() != "group") {
            let bar = bar(name, value)?;
            match parts.iter_mut().find(|(known, _)| known == name.as_str()) {
                Some((_, values)) => values.push(bar),
                None => parts.push((name.to_string(), vec![bar])),
            }
        }
    }
    if parts.is_empty() || parts.iter().any(|(_, values)| values.len() != groups.len()) {
        bail!("value", "every row needs the same names");
    }
    let bars = Bars {
        groups,
        parts,
        stacked: options.stacked,
        y: options.y,
    };
    Ok(plot::bars(title, bars))
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

/// Draws samples as outlines of histograms over common bins, each of area 1.
///
/// ```rhai
/// assert_eq(plot::histogram(
///     "weights", #{ a: [1.0, 2.0, 2.5], b: [0.0, 4.0] }, #{ bins: 5, x: "weight" }
/// ).title, "weights");
/// ```
#[native(namespace = "plot")]
pub fn histogram(
    /// Title of the figure.
    title: &str,
    /// Map of name to numbers.
    samples: &Map,
    options: HistogramOptions,
) -> Result<Figure> {
    let samples = samples_of(samples)?;
    Ok(plot::histogram(title, &options.x, &samples, options.bins))
}

/// Draws groups of bars, with errors where they are given.
///
/// ```rhai
/// let f = plot::bars("filters", [#{ group: "10", single: [3, 1], combined: [5, 2] }, #{
///     group: "20", single: [6, 1], combined: [9, 2]
/// }], #{ stacked: true, y: "filters" });
/// assert_eq(f.title, "filters");
/// ```
#[native(namespace = "plot")]
pub fn bars(
    /// Title of the figure.
    title: &str,
    /// Groups, each a map `#{ group, name: value, … }` or `#{ group, name: [value, error], … }`.
    rows: &Array,
    options: BarOptions,
) -> Result<Figure> {
    bars_figure(title, rows, options)
}

/// Draws the distributions of samples as box plots or violins.
///
/// Boxes show the median and the quartiles; whiskers are at most 1.5 interquartile ranges long,
/// and values beyond them are drawn as points.
///
/// ```rhai
/// assert_eq(plot::boxes(
///     "areas", #{ tcn: [0.8, 0.9, 0.7], lstm: [0.6, 0.8, 0.7] }, #{ y: "AUROC", violin: true }
/// ).title, "areas");
/// ```
#[native(namespace = "plot")]
pub fn boxes(
    /// Title of the figure.
    title: &str,
    /// Map of name to numbers.
    samples: &Map,
    options: BoxOptions,
) -> Result<Figure> {
    let (groups, samples) = samples_of(samples)?.into_iter().unzip();
    let boxes = Boxes {
        groups,
        samples,
        violin: options.violin,
        y: options.y,
    };
    Ok(plot::boxes(title, boxes))
}

/// Draws sets of points, in a colour each.
///
/// ```rhai
/// assert_eq(plot::scatter("two networks", #{ factors: [[0.5, 0.7], [0.6, 0.7]] }, #{
///     diagonal: true, x: "linear", y: "FM"
/// }).title, "two networks");
/// ```
#[native(namespace = "plot")]
pub fn scatter(
    /// Title of the figure.
    title: &str,
    /// Map of name to [x, y].
    points: &Map,
    options: ScatterOptions,
) -> Result<Figure> {
    let dots = dots_of(points)?;
    let guide = match options.diagonal {
        true => kinds::diagonal(&dots),
        false => Vec::new(),
    };
    let chart = Chart {
        x: options.axes.x,
        y: options.axes.y,
        dots,
        guide,
        ..Chart::default()
    };
    Ok(Figure {
        size: (620, 520),
        ..plot::chart(title, chart)
    })
}

/// Draws points in the plane, coloured by their labels.
///
/// ```rhai
/// assert_eq(plot::embedding([[0.0, 1.0], [1.0, 0.0]], ["a", "b"]).title, "embedding");
/// ```
#[native(namespace = "plot")]
pub fn embedding(
    /// Coordinates, [points, 2].
    points: &Numbers,
    /// Label of each point: an array of strings, or numbers.
    labels: Dynamic,
    options: EmbeddingOptions,
) -> Result<Figure> {
    embedding_figure(&points.0, &labels, options)
}

/// Draws a matrix as coloured cells.
///
/// ```rhai
/// let f = plot::heat("overlap", [[1.0, 0.2], [0.2, 1.0]], #{
///     rows: ["a", "b"], columns: ["a", "b"], numbers: true
/// });
/// assert_eq(f.title, "overlap");
/// ```
#[native(namespace = "plot")]
pub fn heat(
    /// Title of the figure.
    title: &str,
    /// Matrix, [rows, columns].
    values: &Numbers,
    options: HeatOptions,
) -> Result<Figure> {
    heat_figure(title, &values.0, options)
}

/// Draws attention weights as coloured cells, a row for each query.
///
/// ```rhai
/// assert_eq(plot::attention([[0.9, 0.1], [0.4, 0.6]]).title, "attention");
/// ```
#[native(namespace = "plot")]
pub fn attention(
    /// Attention weights, [queries, keys].
    weights: &Numbers,
) -> Result<Figure> {
    let heat = Heat {
        values: rows_of("weights", &weights.0)?,
        x: "key".into(),
        y: "query".into(),
        unit: "weight".into(),
        ..Heat::default()
    };
    Ok(plot::heat("attention", heat))
}

/// Draws curves through points.
///
/// ```rhai
/// assert_eq(plot::curves(
///     "recovery", #{ net: [[100, 1000], [0.5, 0.9]] }, #{ x: "sequences", log_x: true }
/// ).title, "recovery");
/// ```
#[native(namespace = "plot")]
pub fn curves(
    /// Title of the figure.
    title: &str,
    /// Map of name to [x, y].
    columns: &Map,
    options: CurveOptions,
) -> Result<Figure> {
    let AxisOptions { mut x, y } = options.axes;
    let scale = match options.log_x {
        true => f64::log10,
        false => std::convert::identity::<f64>,
    };
    if options.log_x {
        x = format!("log10 {x}");
    }
    let line = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        let points = x.into_iter().map(scale).zip(y).collect();
        Ok(series(name.as_str(), points))
    };
    let lines = columns.iter().map(line).collect::<Result<_>>()?;
    let chart = Chart {
        x,
        y,
        lines,
        ..Chart::default()
    };
    Ok(plot::chart(title, chart))
}

/// Draws columns of numbers against their index, from 1.
///
/// ```rhai
/// assert_eq(plot::lines("loss", #{ train: [0.7, 0.5] }).title, "loss");
/// ```
#[native(namespace = "plot")]
pub fn lines(
    /// Title of the figure.
    title: &str,
    /// Map of name to numbers.
    columns: &Map,
) -> Result<Figure> {
    let samples = samples_of(columns)?.into_iter();
    let chart = Chart {
        lines: samples
            .map(|(name, values)| series(name, kinds::numbered(&values)))
            .collect(),
        ..Chart::default()
    };
    Ok(plot::chart(title, chart))
}

/// Draws the losses and metrics of a training run by epoch.
///
/// ```rhai
/// let set = data::from(#{ x: tensor::ones([4, 2]), label: tensor::ones([4, 1]) });
/// let run = train::fit(nn::build(nn::linear(1), [2], #{ name: "net" }), #{
///     train: set, loss: loss::mse(), optimizer: optim::sgd(), epochs: 2, progress: false
/// });
/// assert_eq(plot::history(run).title, "net");
/// ```
#[native(namespace = "plot")]
pub fn history(
    /// History that `train::fit` returns.
    run: &History,
) -> Figure {
    history_figure(run)
}

/// Draws the learning rate of a schedule by epoch, and the momentum where it changes.
///
/// ```rhai
/// let f = plot::schedule(
///     schedule::warmup(0.2).then(schedule::cosine()), #{ epochs: 50, lr: 0.001 }
/// );
/// assert(f.title.contains("warmup"));
/// ```
#[native(namespace = "plot")]
pub fn schedule(
    /// Schedule of the learning rate.
    schedule: &Schedule,
    options: ScheduleOptions,
) -> Figure {
    let ScheduleOptions {
        epochs,
        steps_per_epoch,
        lr,
    } = options;
    schedule_figure(schedule, epochs, steps_per_epoch, lr)
}

/// Columns of the terminal, from `COLUMNS` where it is set.
fn terminal_columns() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(90)
}

/// Writes the figure as .svg or .png; in a run, into `figures/`.
///
/// ```rhai
/// plot::roc([0.9, 0.1], [1, 0]).save("/tmp/cistron_example.svg");
/// ```
#[native(namespace = "figure", form = method)]
pub fn save(
    this: &Figure,
    /// Path of the file, which ends in .svg or .png.
    path: &str,
) -> Result<()> {
    this.save(&session::place_output(path, true)?)
}

/// Shows the figure: as an image in a notebook, else as text in the terminal.
///
/// ```rhai
/// plot::lines("loss", #{ train: [0.7, 0.5, 0.4] }).show();
/// ```
#[native(namespace = "figure", form = method)]
pub fn show(this: &Figure) {
    let shown = Dynamic::from(this.clone());
    if session::displayed(&shown) {
        return;
    }
    let plain = terminal::show(this, terminal_columns(), false);
    if !std::io::stdout().is_terminal() {
        plain.lines().for_each(session::print);
        return;
    }
    let colored = terminal::show(this, terminal_columns(), true);
    let lines = plain.lines().zip(colored.lines());
    lines.for_each(|(plain, colored)| session::print_colored(plain, colored));
}

/// The figure as plain text, as `show` prints it.
///
/// ```rhai
/// assert(plot::lines("loss", #{ train: [0.7, 0.5, 0.4] }).text.contains("train"));
/// ```
#[native(namespace = "figure", form = property)]
pub fn text(this: &Figure) -> String {
    terminal::show(this, terminal_columns(), false)
}

/// The figure as SVG.
///
/// ```rhai
/// assert(plot::roc([0.9, 0.1], [1, 0]).svg.contains("<svg"));
/// ```
#[native(namespace = "figure", form = property)]
pub fn svg(this: &Figure) -> Result<String> {
    this.to_svg()
}

/// The title of the figure.
///
/// ```rhai
/// assert_eq(plot::roc([0.9, 0.1], [1, 0]).title, "ROC");
/// ```
#[native(namespace = "figure", form = property)]
pub fn title(this: &Figure) -> String {
    this.title.clone()
}

/// The native functions of `plot` that are declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        roc,
        rocs,
        pr,
        prs,
        calibration,
        confusion,
        histogram,
        bars,
        boxes,
        scatter,
        embedding,
        heat,
        attention,
        curves,
        lines,
        history,
        schedule,
    ]
}

/// The methods and properties of figures.
pub fn methods() -> Vec<Native> {
    natives_of![save, show, text, svg, title]
}
