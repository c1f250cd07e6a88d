//! `weights::…`: files of weights that PyTorch, Keras or NumPy wrote, and `model.load`.

use crate::base::Result;
use crate::bind::types::{Report, Tabled, WeightsFile};
use crate::fault;
use crate::lang::value::mismatch;
use crate::lang::{
    Callback, Choice, FromValue, IntoValue, Native, Options, native, natives_of, session,
};
use crate::nn::Model;
use crate::nn::load::{self, Loaded};
use crate::torch::Tensor;
use crate::torch::weights::names::Naming;
use crate::torch::weights::{self, Entry, Note, Weights, layout};
use rhai::{Dynamic, Map, NativeCallContext};
use std::path::Path;
use std::rc::Rc;

/// Options of `weights::open`.
#[derive(Options)]
pub struct OpenOptions {
    /// Layout of the weights: torch (left as they are) or keras (kernels, gates and names are
    /// converted to libtorch's).
    #[option(default = "torch")]
    layout: LayoutName,
}

/// Options of `model.load`.
#[derive(Options)]
pub struct LoadOptions {
    /// New names by old ones, of tensors or of layers: `#{ "features.0": "stem" }` also renames
    /// `features.0.weight`, the longest name that fits counts, and `""` removes the level. Or a
    /// function |name| that returns the new name, or `()` to skip the tensor.
    map: Option<NameMap>,
    /// Names of layers or tensors, after `strip`; others are skipped.
    only: Option<Words>,
    /// Prefixes that are removed from names, such as `"state_dict."`; of each name the first that
    /// fits.
    strip: Option<Words>,
    /// Layout of the weights: torch, or keras (kernels, gates and names are converted first).
    #[option(default = "torch")]
    layout: LayoutName,
    /// Whether tensors that are missing, left over or of another shape are an error.
    #[option(default = true)]
    strict: bool,
}

/// The names of the layouts.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum LayoutName {
    /// Libtorch's.
    Torch,
    /// Keras'.
    Keras,
}

/// New names by old ones, or a function of names.
pub enum NameMap {
    /// A map.
    Names(Map),
    /// A function.
    Function(Callback),
}

impl FromValue for NameMap {
    fn kind() -> String {
        "map of names or function |name|".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        Map::from_value(value, context)
            .map(NameMap::Names)
            .or_else(|_| Callback::from_value(value, context).map(NameMap::Function))
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// One string or several.
pub struct Words(Vec<String>);

impl FromValue for Words {
    fn kind() -> String {
        "string or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        String::from_value(value, context)
            .map(|word| Words(vec![word]))
            .or_else(|_| Vec::from_value(value, context).map(Words))
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// A path of a file, or the file.
pub enum Source {
    /// A path.
    Path(String),
    /// A file that was read.
    File(WeightsFile),
}

impl FromValue for Source {
    fn kind() -> String {
        "string or weights".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        String::from_value(value, context)
            .map(Source::Path)
            .or_else(|_| WeightsFile::from_value(value, context).map(Source::File))
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// Reads a file of weights that PyTorch, Keras, NumPy or another program wrote.
///
/// The format is recognised by the content: safetensors, PyTorch's `.pt`, `.pth` and `.ckpt`
/// (archives and the older form), Keras' `.h5`, `.weights.h5` and `.keras`, NumPy's `.npz`. Levels
/// of nested maps are separated by dots, `state_dict.net.0.weight`; numbers and strings beside the
/// tensors are in `metadata`. No code of a file runs: classes other than those of tensors are
/// refused by name.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ "stem.weight": tensor::ones([2, 3]) });
/// let file = weights::open("/tmp/cistron_weights.npz");
/// assert_eq(file.names, ["stem.weight"]);
/// assert_eq(file["stem.weight"].shape, [2, 3]);
/// ```
/// ```rhai,fails
/// weights::open("/nowhere.pt");
/// //~ `/nowhere.pt`: no such file or directory
/// ```
#[native(namespace = "weights", stand_in = stand_in)]
pub fn open(
    /// Path of the file.
    path: &str,
    options: OpenOptions,
) -> Result<WeightsFile> {
    let path = session::find_input(path)?;
    let file = weights::open(&path)?;
    let file = match options.layout {
        LayoutName::Torch => file,
        LayoutName::Keras => converted(file, &path)?,
    };
    Ok(WeightsFile(Rc::new((path, file))))
}

fn converted(file: Weights, path: &Path) -> Result<Weights> {
    let entries = layout::from_keras(&file.entries)
        .map_err(|fault| fault.context(format!("`{}`", path.display())))?;
    Ok(Weights { entries, ..file })
}

/// The file of a dry run that does not exist.
fn stand_in(path: &str, _: OpenOptions) -> Result<WeightsFile> {
    let file = Weights {
        format: "safetensors",
        entries: Vec::new(),
        metadata: Vec::new(),
    };
    Ok(WeightsFile(Rc::new((path.into(), file))))
}

/// The names of the tensors, in the order of the file.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2]) });
/// assert_eq(weights::open("/tmp/cistron_weights.npz").names, ["w"]);
/// ```
#[native(namespace = "weights", form = property)]
pub fn names(this: &WeightsFile) -> Vec<String> {
    let entries = this.0.1.entries.iter();
    entries.map(|entry| entry.name.clone()).collect()
}

/// The format of the file, such as "PyTorch archive".
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2]) });
/// assert_eq(weights::open("/tmp/cistron_weights.npz").format, "npz");
/// ```
#[native(namespace = "weights", form = property)]
pub fn format(this: &WeightsFile) -> String {
    this.0.1.format.to_string()
}

/// The numbers and strings beside the tensors, by name.
///
/// Levels are separated by dots: `file.metadata["hyper_parameters.width"]`.
///
/// ```rhai
/// nn::build(nn::linear(1), [2]).save("/tmp/cistron_metadata.safetensors");
/// assert_eq(weights::open("/tmp/cistron_metadata.safetensors").metadata.format, "pt");
/// ```
#[native(namespace = "weights", form = property)]
pub fn metadata(this: &WeightsFile) -> Map {
    let notes = this.0.1.metadata.iter();
    notes
        .map(|(name, note)| {
            let value: Dynamic = match note {
                Note::Text(text) => text.clone().into(),
                Note::Int(n) => (*n).into(),
                Note::Float(x) => (*x).into(),
                Note::Bool(flag) => (*flag).into(),
            };
            (name.as_str().into(), value)
        })
        .collect()
}

/// The number of values of all tensors.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2]) });
/// assert_eq(weights::open("/tmp/cistron_weights.npz").value_count, 2);
/// ```
#[native(namespace = "weights", form = property)]
pub fn value_count(this: &WeightsFile) -> i64 {
    this.0.1.count()
}

/// Returns a table of the tensors: name, shape, type.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2, 3]) });
/// let row = weights::open("/tmp/cistron_weights.npz").table()[0];
/// assert_eq(row, #{ name: "w", shape: "2 × 3", "type": "float32" });
/// ```
#[native(namespace = "weights", form = method)]
pub fn table(this: &WeightsFile) -> Result<Tabled> {
    crate::bind::printing::weights::listing(&this.0.1).map(|table| Tabled(Rc::new(table)))
}

/// Returns a copy of a tensor.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2]) });
/// assert_eq(weights::open("/tmp/cistron_weights.npz")["w"], [1.0, 1.0]);
/// ```
/// ```rhai,fails
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ weight: tensor::ones([2]) });
/// weights::open("/tmp/cistron_weights.npz")["wieght"];
/// //~ did you mean "weight"?
/// ```
#[native(namespace = "weights", form = index)]
pub fn index(
    this: &WeightsFile,
    /// Name of the tensor.
    name: &str,
) -> Result<Tensor> {
    let entry = this.0.1.get(name);
    entry
        .map_err(|fault| fault.context(format!("`{}`", this.0.0.display())))?
        .values()
}

/// Returns copies of all tensors by name.
///
/// ```rhai
/// tensor::save_npz("/tmp/cistron_weights.npz", #{ w: tensor::ones([2]) });
/// assert_eq(weights::open("/tmp/cistron_weights.npz").tensors().w, [1.0, 1.0]);
/// ```
#[native(namespace = "weights", form = method, returns = "map of tensors")]
pub fn tensors(this: &WeightsFile) -> Result<Map> {
    let one = |entry: &Entry| Ok((entry.name.as_str().into(), entry.values()?.into_value()));
    this.0.1.entries.iter().map(one).collect()
}

/// Reads parameters and running statistics from a file, and reports what matched.
///
/// Files of `save` need no options. Of files of other programs, `map`, `strip` and `only` state
/// which tensor belongs where, and `layout: "keras"` converts kernels, gates and names. Names are
/// converted, stripped, chosen and mapped in this order. `net.load` changes nothing where it fails.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2], #{ seed: 1 });
/// net.save("/tmp/cistron_load.safetensors");
/// let other = nn::build(nn::linear(1), [2], #{ seed: 2 });
/// other.load("/tmp/cistron_load.safetensors");
/// assert_eq(net["weight"], other["weight"]);
/// ```
/// ```rhai
/// // a dense layer of Keras, whose kernel is [inputs, outputs]
/// tensor::save_npz("/tmp/cistron_dense.npz", #{
///     "model.dense.kernel": tensor::ones([2, 1]), "model.dense.bias": tensor::ones([1]),
/// });
/// let net = nn::build(nn::chain([["out", nn::linear(1)]]), [2]);
/// let names = #{ layout: "keras", strip: "model.", map: #{ dense: "out" } };
/// let report = net.load("/tmp/cistron_dense.npz", names);
/// assert_eq(report.matched["model.dense.weight"], "out.weight");
/// ```
/// ```rhai,fails
/// let other = #{ weight: tensor::ones([1, 2]), gain: tensor::ones([1]) };
/// tensor::save_npz("/tmp/cistron_other.npz", other);
/// nn::build(nn::linear(1), [2]).load("/tmp/cistron_other.npz");
/// //~ 1 missing: `bias`; 1 left over: `gain`
/// ```
#[native(namespace = "model", form = method, dry = load_dry)]
pub fn load(
    this: &Model,
    /// Path of the file, or a file that `weights::open` read.
    source: &Source,
    options: LoadOptions,
) -> Result<Report> {
    let (path, file) = match source {
        Source::Path(path) => {
            let path = session::find_input(path)?;
            if options.is_plain() && is_safetensors(&path) {
                this.load(&path)?;
                let file = weights::open(&path)?;
                let names = file.entries.into_iter().map(|entry| entry.name);
                let loaded = load::whole(this, names)?;
                return Ok(Report(Rc::new((path, loaded))));
            }
            let file = weights::open(&path)?;
            (path, file)
        }
        Source::File(file) => (file.0.0.clone(), file.0.1.clone()),
    };
    let named = |fault: crate::base::Fault| fault.context(format!("`{}`", path.display()));
    let file = match options.layout {
        LayoutName::Torch => file,
        LayoutName::Keras => converted(file, &path)?,
    };
    let (mut naming, mut function) = (Naming::default(), None);
    naming.strip = options.strip.map_or_else(Vec::new, |words| words.0);
    naming.only = options.only.map_or_else(Vec::new, |words| words.0);
    match options.map {
        Some(NameMap::Names(map)) => naming.map = names_of(&map)?,
        Some(NameMap::Function(own)) => function = Some(own),
        None => {}
    }
    let rename = |name: &str| renamed(function.as_ref(), name);
    let (tensors, skipped) = naming.apply(file.entries, rename).map_err(named)?;
    let loaded = load::load(this, tensors, skipped, options.strict).map_err(named)?;
    Ok(Report(Rc::new((path, loaded))))
}

/// In a dry run, a file that does not exist is not missed.
fn load_dry(this: &Model, source: &Source, options: LoadOptions) -> Result<Report> {
    let path = match source {
        Source::Path(path) => session::find_input(path)?,
        Source::File(file) => file.0.0.clone(),
    };
    match path.exists() {
        true => load(this, source, options),
        false => Ok(Report(Rc::new((path, Loaded::default())))),
    }
}

impl LoadOptions {
    fn is_plain(&self) -> bool {
        self.map.is_none()
            && self.only.is_none()
            && self.strip.is_none()
            && self.strict
            && self.layout == LayoutName::Torch
    }
}

fn is_safetensors(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "safetensors")
}

fn names_of(map: &Map) -> Result<std::collections::HashMap<String, String>> {
    let one = |(old, new): (&rhai::Identifier, &Dynamic)| {
        let text = new.clone().into_string().map_err(|_| {
            fault!(
                "option",
                "option `map`: the new name of `{old}` must be a string, got {}",
                session::describe(new)
            )
        })?;
        Ok((old.to_string(), text))
    };
    map.iter().map(one).collect()
}

/// The name that a script's function returns.
fn renamed(function: Option<&Callback>, name: &str) -> Result<Option<String>> {
    let Some(function) = function else {
        return Ok(Some(name.to_string()));
    };
    let new = function.call(vec![name.to_string().into()])?;
    if new.is_unit() {
        return Ok(None);
    }
    new.clone().into_string().map(Some).map_err(|_| {
        fault!(
            "option",
            "option `map`: the function must return a string or (), returned {} for `{name}`",
            session::describe(&new)
        )
    })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        open,
        names,
        format,
        metadata,
        value_count,
        table,
        index,
        tensors,
        load,
    ]
}
