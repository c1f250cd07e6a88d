//! Functions without a namespace: parameters, reports, printing, help.

use crate::base::Result;
use crate::bind::args::path::output_path;
use crate::bind::printing;
use crate::bind::types::{ModelCard, Tabled};
use crate::lang::{Native, help, native, natives_of, session, show};
use crate::plot::Figure;
use rhai::{Dynamic, Map};
use std::sync::OnceLock;
use std::time::Instant;

/// Declares a parameter of the script, which `--set name=value` overrides.
///
/// Numbers, booleans and strings are written as they are. An array is JSON (`--set n='[10, 20]'`)
/// or, where the elements of the default are scalars of one type, words between commas
/// (`--set n=10,20`); nothing after `=` is the empty array. A map is JSON, and replaces the whole
/// default. Elements must be of the type that the default's elements share; integers are converted
/// where these are floats.
///
/// ```rhai
/// let epochs = param("epochs", 40, "upper bound");
/// let factors = param("factors", ["CTCF", "GATA1"], "names of the factors");
/// assert_eq([epochs, factors.len()], [40, 2]);
/// ```
#[native(namespace = "", returns = "the value")]
pub fn param(
    /// Name of the parameter: a plain word.
    name: &str,
    /// Value unless `--set` states another of its type: number, boolean, string, array or map.
    initial: Dynamic,
    /// Meaning of the parameter, for `cistron run script.rhai --help`.
    text: Option<String>,
) -> Result<Dynamic> {
    // `run --help` reads the text from the script without running it
    drop(text);
    session::declare(name, initial)
}

/// A map in which figures are replaced by the paths that they were saved to, in the folder of the
/// run.
fn with_saved_figures(name: &str, value: Dynamic) -> Result<Dynamic> {
    if session::settings().run_dir.is_none() || session::is_dry() {
        return Ok(value);
    }
    let Some(mut map) = value.read_lock::<Map>().map(|map| map.clone()) else {
        return Ok(value);
    };
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    for (key, own) in map.iter_mut().filter(|(_, own)| own.is::<Figure>()) {
        let file: String = format!("{name}_{key}").chars().map(plain).collect();
        let path = session::place_output(&format!("{file}.svg"), true)?;
        crate::base::file::make_folders(crate::base::file::folder_of(&path))?;
        if let Some(figure) = own.read_lock::<Figure>() {
            figure.save(&path, crate::plot::raster::DPI, crate::plot::Theme::Light)?;
        }
        *own = format!("figures/{file}.svg").into();
    }
    Ok(map.into())
}

/// Records a result of the run in its `results.json`.
///
/// Tables are stored as arrays of their rows. Figures that a map holds are saved in the folder
/// `figures` of the run. Results of `data::audit`, `stats::compare` and `model.card` have a section
/// of their own in `report.html`.
///
/// ```rhai
/// report("test", #{ auroc: 0.9 });
/// ```
#[native(namespace = "")]
pub fn report(
    /// Name of the result.
    name: &str,
    /// Number, string, array, map, table, model card or tensor.
    value: Dynamic,
) -> Result<()> {
    session::report(name, with_saved_figures(name, value)?)?;
    Ok(())
}

/// Prints a value in one line.
///
/// ```rhai
/// print(tensor::ones([2, 2]));
/// ```
#[native(namespace = "", returns = "the line")]
pub fn print(
    /// Value of any type; tables and model cards are printed over several lines.
    value: Dynamic,
) -> String {
    // the engine prints the text that is returned here
    if value.is::<Tabled>() || value.is::<ModelCard>() {
        show::pretty(&value)
    } else {
        show::line(&value)
    }
}

/// Displays a value: figures, logos and tables in a notebook, text elsewhere.
///
/// ```rhai
/// display(motif::from_consensus("AGATAA"));
/// ```
#[native(namespace = "")]
pub fn display(
    /// Value of any type.
    value: Dynamic,
) {
    if !session::displayed(&value) {
        session::print(&printing::text(&value, false));
    }
}

/// Returns a value as text, over several lines for types that have such a form.
///
/// ```rhai
/// assert(pretty(#{ a: 1 }).contains("a"));
/// ```
#[native(namespace = "")]
pub fn pretty(
    /// Value of any type.
    value: Dynamic,
) -> String {
    show::pretty(&value)
}

/// Returns the documentation of a function, a method, a type or a namespace.
///
/// Where nothing has the name, it searches the documentation for the words.
///
/// ```rhai
/// assert(help("nn::conv1d").contains("filters"));
/// assert(help("model").contains("forward"));
/// assert(help("convolution").contains("nn::conv1d"));
/// ```
#[native(namespace = "")]
pub fn help(
    /// Name such as "nn::conv1d", or words; an overview of all namespaces unless given.
    name: Option<String>,
) -> Result<String> {
    let catalog = session::catalog();
    name.map_or_else(
        || Ok(help::overview(&catalog)),
        |name| help::text(&catalog, &name),
    )
}

/// Searches names and documentation for words.
///
/// ```rhai
/// assert(apropos("learning rate").contains("schedule"));
/// ```
#[native(namespace = "")]
pub fn apropos(
    /// Words, separated by spaces.
    words: &str,
) -> Result<String> {
    help::apropos(&session::catalog(), words)
}

/// Writes a text to a file.
///
/// ```rhai
/// save_text("/tmp/cistron_example.txt", "a table");
/// ```
#[native(namespace = "")]
pub fn save_text(
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
    /// Content of the file.
    text: &str,
) -> Result<()> {
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// Returns the seconds since the first call, to measure durations.
///
/// ```rhai
/// let t = seconds();
/// assert(seconds() >= t);
/// ```
#[native(namespace = "")]
pub fn seconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// The native functions declared here, and those that print tensors.
pub fn natives() -> Vec<Native> {
    natives_of![
        param, report, print, display, pretty, help, apropos, save_text, seconds
    ]
}
