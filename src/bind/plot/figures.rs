//! `plot::…`: figures.

use crate::bail;
use crate::base::Result;
use crate::bind::args::figure::AxisOptions;
use crate::bind::args::tensor::Numbers;
use crate::bind::printing::figure::{history_figure, rows_of, schedule_figure};
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::optim::Schedule;
use crate::plot::{self, Figure, Heat, Scale, Theme, terminal};
use crate::torch::Tensor;
use crate::train::History;
use rhai::Dynamic;
use std::io::IsTerminal;

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
) -> Result<Figure> {
    let ScheduleOptions {
        epochs,
        steps_per_epoch,
        lr,
    } = options;
    schedule_figure(schedule, epochs, steps_per_epoch, lr)
}

/// Columns of the terminal, and of other outputs.
fn terminal_columns() -> usize {
    crate::base::screen::columns().unwrap_or(terminal::COLUMNS)
}

/// How a figure is written.
#[derive(Options)]
pub struct SaveOptions {
    /// Width and height in pixels of 1/96 inch; text and lines keep their size. The figure's own
    /// unless given.
    size: Option<Vec<i64>>,
    /// Pixels per inch of a PNG file: 192 draws two for each pixel of the size, 300 suits print.
    #[option(default = 192, min = 24, max = 2400)]
    dpi: usize,
    /// Page of the figure: light, or dark, for slides and pages with a dark background.
    #[option(default = "light")]
    theme: PageTheme,
}

/// Pages that figures are on.
#[derive(Choice, Clone, Copy)]
pub enum PageTheme {
    /// Black on white.
    Light,
    /// Light grey on dark grey.
    Dark,
}

impl From<PageTheme> for Theme {
    fn from(theme: PageTheme) -> Theme {
        match theme {
            PageTheme::Light => Theme::Light,
            PageTheme::Dark => Theme::Dark,
        }
    }
}

/// Writes the figure as .svg, .png or .pdf; in a run, into `figures/`.
///
/// ```rhai
/// let roc = plot::roc([0.9, 0.1], [1, 0]);
/// roc.save("/tmp/cistron_example.svg");
/// roc.save("/tmp/cistron_example.png", #{ size: [400, 400], dpi: 300 });
/// roc.save("/tmp/cistron_example_dark.svg", #{ theme: "dark" });
/// ```
#[native(namespace = "figure", form = method)]
pub fn save(
    this: &Figure,
    /// Path of the file, which ends in .svg, .png or .pdf.
    path: &str,
    options: SaveOptions,
) -> Result<()> {
    let path = session::place_output(path, true)?;
    let (dpi, theme) = (options.dpi as u32, options.theme.into());
    let Some(size) = options.size else {
        return this.save(&path, dpi, theme);
    };
    let (&[width, height], true) = (
        &size[..],
        size.iter().all(|side| (50..=20_000).contains(side)),
    ) else {
        bail!(
            "value",
            "`size` must be [width, height] of 50 to 20,000 pixels each, got {size:?}"
        );
    };
    this.resized((width as u32, height as u32))
        .save(&path, dpi, theme)
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
    terminal::show(this, terminal::COLUMNS, false)
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
    natives_of![heat, attention, history, schedule,]
}

/// The methods and properties of figures.
pub fn methods() -> Vec<Native> {
    natives_of![save, show, text, svg, title]
}
