//! `plot::…`: points and lines.

use crate::bail;
use crate::base::{Result, shape};
use crate::bind::args::figure::{AxisOptions, in_order, pair, samples_of};
use crate::bind::args::numbers::column;
use crate::bind::args::tensor::Numbers;
use crate::bind::printing::figure::{rows_of, series};
use crate::lang::{Native, Options, native, natives_of};
use crate::plot::{self, Chart, Dots, Figure, Joint, kinds};
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Identifier, Map};

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

/// Options of `plot::curves`.
#[derive(Options)]
pub struct CurveOptions {
    #[option(flatten)]
    axes: AxisOptions,
    /// Whether the horizontal axis shows decimal logarithms.
    #[option(default = false)]
    log_x: bool,
    /// Whether the vertical axis shows decimal logarithms.
    #[option(default = false)]
    log_y: bool,
    /// Whether a unit has the same length on both axes, as of coordinates.
    #[option(default = false)]
    equal: bool,
}

/// Options of `plot::lines`.
#[derive(Options)]
pub struct LineOptions {
    #[option(flatten)]
    axes: AxisOptions,
    /// Whether the vertical axis shows decimal logarithms.
    #[option(default = false)]
    log_y: bool,
}

/// Decimal logarithms of numbers along an axis, where they are wanted.
fn along((axis, is_log): (&str, bool), name: &str, values: Vec<f64>) -> Result<Vec<f64>> {
    if !is_log {
        return Ok(values);
    }
    if let Some(bad) = values.iter().find(|v| **v <= 0.0) {
        let option = if axis == "horizontal" {
            "log_x"
        } else {
            "log_y"
        };
        bail!("value", "`{name}` has {bad} on the {axis} axis, which has no logarithm";
            hint: "leave such points out, or set {option}: false");
    }
    Ok(values.into_iter().map(f64::log10).collect())
}

/// Options of `plot::joint`.
#[derive(Options)]
pub struct JointOptions {
    #[option(flatten)]
    axes: AxisOptions,
    /// Number of contours of the density.
    #[option(default = 5, min = 0, max = 50)]
    contours: usize,
}

fn dots_of(columns: &Map) -> Result<Vec<Dots>> {
    let dots = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        Ok(Dots {
            name: name.to_string(),
            points: x.into_iter().zip(y).collect(),
        })
    };
    in_order(columns).into_iter().map(dots).collect()
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

/// Draws points with contours of their density and a box plot of each coordinate.
///
/// The density is a Gaussian kernel estimate (Scott's bandwidth); contours enclose equally spaced
/// shares of its mass, with five 90, 70, 50, 30 and 10 %. Points on one line have no contours, and
/// points with a coordinate that is no number are left out.
///
/// ```rhai
/// let size = [800.0, 2000.0, 9000.0, 4000.0];
/// let f = plot::joint("AP and size", [0.71, 0.85, 0.95, 0.9], size, #{ x: "AP", y: "sequences" });
/// assert_eq(f.title, "AP and size");
/// ```
#[native(namespace = "plot")]
pub fn joint(
    /// Title of the figure.
    title: &str,
    /// Horizontal coordinates.
    x: Dynamic,
    /// Vertical coordinates, as many.
    y: Dynamic,
    options: JointOptions,
) -> Result<Figure> {
    let (x, y) = (column("x", &x)?, column("y", &y)?);
    if x.len() != y.len() {
        bail!(
            "shape",
            "`x` and `y` hold {} and {} numbers",
            x.len(),
            y.len()
        );
    }
    let joint = Joint {
        x: options.axes.x,
        y: options.axes.y,
        points: x.into_iter().zip(y).collect(),
        contours: options.contours,
    };
    Ok(plot::joint(title, joint))
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
    let AxisOptions { x, y } = options.axes;
    let line = |(name, value): (&Identifier, &Dynamic)| {
        let (x, y) = pair(name, value)?;
        let x = along(("horizontal", options.log_x), name, x)?;
        let y = along(("vertical", options.log_y), name, y)?;
        let points = x.into_iter().zip(y).collect();
        Ok(series(name.as_str(), points))
    };
    let lines = in_order(columns)
        .into_iter()
        .map(line)
        .collect::<Result<_>>()?;
    let chart = Chart {
        x,
        y,
        lines,
        equal: options.equal,
        log_x: options.log_x,
        log_y: options.log_y,
        ..Chart::default()
    };
    let figure = plot::chart(title, chart);
    Ok(match options.equal {
        true => Figure {
            size: (640, 620),
            ..figure
        },
        false => figure,
    })
}

/// Draws columns of numbers against their index, from 1.
///
/// ```rhai
/// assert_eq(plot::lines("loss", #{ train: [0.7, 0.5] }).title, "loss");
/// plot::lines("loss", #{ train: [7.0, 0.05] }, #{ x: "epoch", y: "loss", log_y: true });
/// ```
/// ```rhai,fails
/// plot::lines("loss", #{ train: [0.7, 0.0] }, #{ log_y: true });
/// //~ `train` has 0 on the vertical axis, which has no logarithm
/// ```
#[native(namespace = "plot")]
pub fn lines(
    /// Title of the figure.
    title: &str,
    /// Map of name to numbers.
    columns: &Map,
    options: LineOptions,
) -> Result<Figure> {
    let AxisOptions { x, y } = options.axes;
    let samples = samples_of(columns)?.into_iter();
    let line = |(name, values): (String, Vec<f64>)| {
        let values = along(("vertical", options.log_y), &name, values)?;
        Ok(series(name, kinds::numbered(&values)))
    };
    let chart = Chart {
        x,
        y,
        lines: samples.map(line).collect::<Result<_>>()?,
        log_y: options.log_y,
        ..Chart::default()
    };
    Ok(plot::chart(title, chart))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![scatter, joint, embedding, curves, lines,]
}
