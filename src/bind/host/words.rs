//! Functions without a namespace: parameters, reports, assertions, printing, ranges, errors.

use crate::base::{Fault, Result, memory};
use crate::bind::args::network::outputs;
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::tensor_of;
use crate::bind::printing;
use crate::bind::types::Tabled;
use crate::lang::{
    Call, Callback, FromValue, IntoValue, Native, help, native, natives_of, session, show,
};
use crate::torch::{Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::sync::OnceLock;
use std::time::Instant;

/// The numbers of a numeric value, for comparisons; none where it is not numeric.
fn numbers(value: &Dynamic) -> Option<Vec<f64>> {
    if let Some(x) = crate::lang::value::number(value) {
        return Some(vec![x]);
    }
    tensor_of(value).ok()?.to_f64().ok()
}

/// The integers of a value that holds only integers: large ones are not distinct as floats.
fn integers(value: &Dynamic) -> Option<Vec<i64>> {
    if let Ok(n) = value.as_int() {
        return Some(vec![n]);
    }
    let tensor = tensor_of(value)
        .ok()
        .filter(|tensor| tensor.kind() == Kind::Int64)?;
    tensor.to_i64().ok()
}

fn shape_of(value: &Dynamic) -> Vec<i64> {
    tensor_of(value).map(|t| t.shape()).unwrap_or_default()
}

/// An array as a tensor of the kind of the tensor that it is compared with, so that `0.1` equals
/// its 32 bits.
fn of_kind(value: &Dynamic, other: &Dynamic) -> Dynamic {
    let kind = other
        .read_lock::<Tensor>()
        .map(|tensor| tensor.kind())
        .filter(|kind| kind.is_floating() && *kind != Kind::Double);
    let converted = kind
        .filter(|_| value.is_array())
        .and_then(|kind| tensor_of(value).ok()?.to_kind(kind).ok());
    converted.map_or_else(|| value.clone(), IntoValue::into_value)
}

fn equal(a: &Dynamic, b: &Dynamic) -> bool {
    let tensors = a.is::<Tensor>() || b.is::<Tensor>();
    let (a, b) = (&of_kind(a, b), &of_kind(b, a));
    if let (Some(x), Some(y)) = (integers(a), integers(b)) {
        return x == y && (a.is_array() == b.is_array() || tensors) && shape_of(a) == shape_of(b);
    }
    match (numbers(a), numbers(b)) {
        (Some(x), Some(y)) if tensors => x == y && shape_of(a) == shape_of(b),
        (Some(x), Some(y)) if a.is_array() == b.is_array() => x == y && shape_of(a) == shape_of(b),
        _ => alike(a, b),
    }
}

/// The fault of values that are not equal; numbers that differ in digits that are not printed are
/// stated in full.
fn unequal(a: &Dynamic, b: &Dynamic) -> Fault {
    let fault = fault!(
        "assertion",
        "assertion failed: {} is not {}",
        show::quoted(a),
        show::quoted(b)
    );
    let (Some(x), Some(y)) = (numbers(a), numbers(b)) else {
        return fault;
    };
    match x.iter().zip(&y).enumerate().find(|(_, (x, y))| x != y) {
        Some((i, (p, q))) if x.len() == y.len() && (p - q).abs() < 1e-3 * p.abs().max(q.abs()) => {
            let prefix = if x.len() > 1 {
                format!("value {i}: ")
            } else {
                String::new()
            };
            fault.hint(format!(
                "{prefix}{p:?} is not {q:?}; `assert_near` allows a difference"
            ))
        }
        _ => fault,
    }
}

/// Whether values that are not numbers are equal: maps and arrays item by item, others by type and
/// printed form.
fn alike(a: &Dynamic, b: &Dynamic) -> bool {
    let nan = |value: &Dynamic| value.as_float().is_ok_and(f64::is_nan);
    let equal = |a: &Dynamic, b: &Dynamic| equal(a, b) || (nan(a) && nan(b));
    if let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) {
        return a.len() == b.len()
            && a.iter()
                .all(|(key, value)| b.get(key).is_some_and(|other| equal(value, other)));
    }
    if let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) {
        return a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b));
    }
    show::quoted(a) == show::quoted(b) && a.type_id() == b.type_id()
}

/// The results of a function for each integer of a range.
fn mapped(range: std::ops::Range<i64>, f: &Callback) -> Result<Array> {
    let count = range.size_hint().1.unwrap_or(usize::MAX);
    memory::check(count as u128 * size_of::<Dynamic>() as u128, "the range")?;
    range.map(|i| f.call(vec![i.into()])).collect()
}

/// The integers of a range for which a function returns true.
fn filtered(range: std::ops::Range<i64>, f: &Callback) -> Result<Vec<i64>> {
    let mut kept = Vec::new();
    for i in range {
        let answer = f.call(vec![i.into()])?;
        let is_kept = answer.as_bool().map_err(|_| {
            fault!(
                "type",
                "the filter must return a boolean, got {}",
                session::describe(&answer)
            )
        })?;
        if is_kept {
            kept.push(i);
        }
    }
    Ok(kept)
}

/// A range of integers, `a..b` or `a..=b`.
#[derive(Clone)]
pub struct Range(std::ops::Range<i64>);

impl FromValue for Range {
    fn kind() -> String {
        "range".into()
    }
    fn from_value(value: &mut Dynamic, _: &rhai::NativeCallContext) -> Result<Self> {
        let open = value.read_lock::<std::ops::Range<i64>>().map(|r| r.clone());
        let closed = || {
            value
                .read_lock::<std::ops::RangeInclusive<i64>>()
                .map(|r| *r.start()..r.end().saturating_add(1))
        };
        open.or_else(closed)
            .map(Range)
            .ok_or_else(|| crate::lang::value::mismatch("range", value))
    }
    fn receiver() -> std::any::TypeId {
        std::any::TypeId::of::<std::ops::Range<i64>>()
    }
}

/// A range of integers, registered for the closed form `a..=b`.
#[derive(Clone)]
pub struct ClosedRange(std::ops::Range<i64>);

impl FromValue for ClosedRange {
    fn kind() -> String {
        "range".into()
    }
    fn from_value(value: &mut Dynamic, context: &rhai::NativeCallContext) -> Result<Self> {
        Range::from_value(value, context).map(|range| ClosedRange(range.0))
    }
    fn receiver() -> std::any::TypeId {
        std::any::TypeId::of::<std::ops::RangeInclusive<i64>>()
    }
}

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

/// Records a result of the run in its `results.json`.
///
/// ```rhai
/// report("test", #{ auroc: 0.9 });
/// ```
#[native(namespace = "")]
pub fn report(
    /// Name of the result.
    name: &str,
    /// Number, string, array, map or tensor.
    value: Dynamic,
) -> Result<()> {
    session::report(name, value)?;
    Ok(())
}

/// Fails unless a condition holds.
///
/// ```rhai
/// assert(1 < 2, "numbers are in order");
/// ```
/// ```rhai,fails
/// assert(2 < 1, "numbers are in order");
/// //~ assertion failed: numbers are in order
/// ```
#[native(namespace = "")]
pub fn assert(
    /// Condition that must be true.
    condition: bool,
    /// Text that is added to the error message.
    text: Option<String>,
) -> Result<()> {
    if !condition {
        let reason = text.map_or(String::new(), |text| format!(": {text}"));
        bail!("assertion", "assertion failed{reason}");
    }
    Ok(())
}

/// Fails unless two values are equal; tensors are compared by shape and numbers.
///
/// ```rhai
/// assert_eq(tensor::zeros([2]), tensor::from([0.0, 0.0]));
/// ```
/// ```rhai,fails
/// assert_eq(1 + 1, 3);
/// //~ assertion failed: 2 is not 3
/// ```
#[native(namespace = "")]
pub fn assert_eq(
    /// First value.
    a: Dynamic,
    /// Second value.
    b: Dynamic,
) -> Result<()> {
    if equal(&a, &b) {
        Ok(())
    } else {
        Err(unequal(&a, &b))
    }
}

/// Fails unless two numbers, arrays or tensors agree within a tolerance.
///
/// ```rhai
/// assert_near(0.1 + 0.2, 0.3);
/// assert_near(tensor::ones([2]), [1.0, 1.01], 0.1);
/// ```
/// ```rhai,fails
/// assert_near(1.0, 1.1, 0.01);
/// //~ assertion failed: 1.0 is not within 0.01 of 1.1
/// ```
#[native(namespace = "")]
pub fn assert_near(
    /// Number, array or tensor.
    a: Dynamic,
    /// Number, array or tensor with as many numbers.
    b: Dynamic,
    /// Largest absolute difference of two numbers; NaN agrees with NaN.
    #[default(1e-6)]
    tolerance: f64,
) -> Result<()> {
    let (Some(x), Some(y)) = (numbers(&a), numbers(&b)) else {
        bail!(
            "type",
            "assert_near compares numbers, got {} and {}",
            session::describe(&a),
            session::describe(&b)
        )
    };
    let is_near = |(p, q): (&f64, &f64)| (p - q).abs() <= tolerance || (p.is_nan() && q.is_nan());
    if x.len() != y.len() || !x.iter().zip(&y).all(is_near) {
        bail!(
            "assertion",
            "assertion failed: {} is not within {} of {}",
            show::quoted(&a),
            show::number(tolerance),
            show::quoted(&b)
        );
    }
    Ok(())
}

/// Prints a value in one line.
///
/// ```rhai
/// print(tensor::ones([2, 2]));
/// ```
#[native(namespace = "", returns = "the line")]
pub fn print(
    /// Value of any type; tables are printed over several lines.
    value: Dynamic,
) -> String {
    // the engine prints the text that is returned here
    if value.is::<Tabled>() {
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

/// Calls a function for each integer of a range and returns the results.
///
/// ```rhai
/// assert_eq((0..3).map(|i| i * i), [0, 1, 4]);
/// ```
#[native(namespace = "range", form = method)]
pub fn map(
    this: Range,
    /// Function |i| of an integer.
    f: Callback,
) -> Result<Array> {
    mapped(this.0, &f)
}

/// Calls a function for each integer of a closed range and returns the results.
///
/// ```rhai
/// assert_eq((1..=3).map(|i| 2 * i), [2, 4, 6]);
/// ```
#[native(namespace = "range", form = method, name = "map")]
pub fn map_closed(
    this: ClosedRange,
    /// Function |i| of an integer.
    f: Callback,
) -> Result<Array> {
    mapped(this.0, &f)
}

/// Returns the integers of a range for which a function returns true.
///
/// ```rhai
/// assert_eq((0..6).filter(|i| i % 2 == 0), [0, 2, 4]);
/// ```
#[native(namespace = "range", form = method)]
pub fn filter(
    this: Range,
    /// Function |i| of an integer that returns a boolean.
    f: Callback,
) -> Result<Vec<i64>> {
    filtered(this.0, &f)
}

/// Returns the integers of a closed range for which a function returns true.
///
/// ```rhai
/// assert_eq((1..=4).filter(|i| i > 2), [3, 4]);
/// ```
#[native(namespace = "range", form = method, name = "filter")]
pub fn filter_closed(
    this: ClosedRange,
    /// Function |i| of an integer that returns a boolean.
    f: Callback,
) -> Result<Vec<i64>> {
    filtered(this.0, &f)
}

/// Applies a model, a layer function or a closure to a value: `x |> f` is `f(x)`.
///
/// ```rhai
/// assert_eq(2 |> |v| v * 3, 6);
/// ```
#[native(
    namespace = "",
    form = operator,
    name = "|>",
    returns = "the result of the function"
)]
pub fn pipe(call: &Call, x: Dynamic, f: Dynamic) -> Result<Dynamic> {
    if let Some(model) = f.read_lock::<crate::nn::Model>() {
        return outputs(&model, &x);
    }
    let mut f = f;
    let function = Callback::from_value(&mut f, call.context).map_err(|_| {
        fault!(
            "type",
            "`|>` needs a model or a function on its right, got {}",
            session::describe(&f)
        )
    })?;
    function.call(vec![x])
}

/// The kind of a caught error: `shape`, `type`, `option`, `file` and others.
///
/// ```rhai
/// try { tensor::zeros([2]) @ tensor::zeros([3]); } catch (e) { assert_eq(e.kind, "torch"); }
/// ```
#[native(namespace = "error", form = property)]
pub fn kind(this: &Fault) -> String {
    this.kind.to_string()
}

/// The message: what is wrong.
///
/// ```rhai
/// try { assert(false, "no"); } catch (e) { assert(e.message.contains("no")); }
/// ```
#[native(namespace = "error", form = property)]
pub fn message(this: &Fault) -> String {
    this.message.clone()
}

/// The hint: how to correct the error; unit where there is none.
///
/// ```rhai
/// try { tensor::zeros([1, 2]).reshape([3]); } catch (e) { assert_eq(e.hint, ()); }
/// ```
#[native(namespace = "error", form = property)]
pub fn hint(this: &Fault) -> Option<String> {
    this.hint.clone()
}

/// The line of the script where the error occurred, from 1; 0 where it is unknown.
///
/// ```rhai
/// try { assert(false); } catch (e) { assert_eq(e.line, 1); }
/// ```
#[native(namespace = "error", form = property)]
pub fn line(this: &Fault) -> i64 {
    this.at.as_ref().map_or(0, |at| at.line as i64)
}

/// The file where the error occurred; empty where it is unknown.
///
/// ```rhai
/// try { assert(false); } catch (e) { assert(e.file != ""); }
/// ```
#[native(namespace = "error", form = property)]
pub fn file(this: &Fault) -> String {
    this.at.as_ref().map_or(String::new(), |at| at.file.clone())
}

/// The native functions declared here, and those that print tensors.
pub fn natives() -> Vec<Native> {
    natives_of![
        param,
        report,
        assert,
        assert_eq,
        assert_near,
        print,
        display,
        pretty,
        help,
        apropos,
        save_text,
        seconds,
        map,
        map_closed,
        filter,
        filter_closed,
        pipe,
        kind,
        message,
        hint,
        line,
        file,
    ]
}
