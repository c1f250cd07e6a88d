//! `plot::…`: histograms, bars and boxes.

use crate::bail;
use crate::base::Result;
use crate::bind::args::figure::samples_of;
use crate::bind::args::numbers::column;
use crate::lang::{Native, Options, native, natives_of, session};
use crate::plot::{self, Bars, Boxes, Figure};
use rhai::{Array, Dynamic, Map};

/// The most figures side by side.
const MOST_PANELS: usize = 100;

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

/// Options of `plot::panels`.
#[derive(Options)]
pub struct PanelOptions {
    /// Number of figures in a row; all unless given.
    columns: Option<usize>,
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
    if parts.is_empty() {
        bail!(
            "value",
            "there are no bars: `rows` is empty, or its rows have no numbers"
        );
    }
    if parts.iter().any(|(_, values)| values.len() != groups.len()) {
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

/// Draws figures side by side.
///
/// ```rhai
/// let scores = plot::boxes("", #{ AP: [0.8, 0.9, 0.7] }, #{ violin: true });
/// let sizes = plot::boxes("", #{ sequences: [900.0, 4000.0, 2500.0] }, #{ violin: true });
/// assert_eq(plot::panels("over sets", [scores, sizes]).title, "over sets");
/// ```
#[native(namespace = "plot")]
pub fn panels(
    /// Title of the whole figure.
    title: &str,
    /// Array of figures.
    figures: &Array,
    options: PanelOptions,
) -> Result<Figure> {
    let figure = |item: &Dynamic| {
        let Some(figure) = item.read_lock::<Figure>().map(|figure| figure.clone()) else {
            bail!(
                "type",
                "`figures` must hold figures, got {}",
                session::describe(item)
            );
        };
        Ok(figure)
    };
    let figures: Vec<Figure> = figures.iter().map(figure).collect::<Result<_>>()?;
    if figures.is_empty() || figures.len() > MOST_PANELS {
        bail!(
            "value",
            "`figures` must hold 1 to {MOST_PANELS} figures, got {}",
            figures.len()
        );
    }
    let columns = options.columns.unwrap_or(figures.len());
    Ok(plot::panels(title, figures, columns))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![histogram, bars, boxes, panels,]
}
