//! Words without a namespace: parameters, reports, assertions, printing, ranges, errors.

use crate::base::{Fault, Result, memory};
use crate::bind::printing;
use crate::bind::types::{Numbers, Tabled};
use crate::lang::{Callback, FromValue, IntoValue, help, session, show};
use crate::natives;
use crate::torch::{Kind, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};

/// Numbers out of anything numeric, for comparisons; none where it is not.
fn numbers(value: &Dynamic) -> Option<Vec<f64>> {
    if let Some(x) = crate::lang::value::number(value) {
        return Some(vec![x]);
    }
    crate::bind::tensor::basic::tensor_of(value)
        .ok()?
        .to_f64()
        .ok()
}

/// Integers out of anything that holds only integers, which floats may not tell apart.
fn integers(value: &Dynamic) -> Option<Vec<i64>> {
    if let Ok(n) = value.as_int() {
        return Some(vec![n]);
    }
    let tensor = crate::bind::tensor::basic::tensor_of(value)
        .ok()
        .filter(|tensor| tensor.kind() == Kind::Int64)?;
    tensor.to_i64().ok()
}

fn shape_of(value: &Dynamic) -> Vec<i64> {
    crate::bind::tensor::basic::tensor_of(value)
        .map(|t| t.shape())
        .unwrap_or_default()
}

/// An array as a tensor of the kind of the tensor that it is compared with, so that `0.1` equals
/// its 32 bits.
fn of_kind(value: &Dynamic, other: &Dynamic) -> Dynamic {
    let kind = other
        .read_lock::<Tensor>()
        .map(|tensor| tensor.kind())
        .filter(|kind| kind.is_floating() && *kind != Kind::Double);
    let made = kind.filter(|_| value.is_array()).and_then(|kind| {
        crate::bind::tensor::basic::tensor_of(value)
            .ok()?
            .to_kind(kind)
            .ok()
    });
    made.map_or_else(|| value.clone(), IntoValue::into_value)
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
            let place = if x.len() > 1 {
                format!("value {i}: ")
            } else {
                String::new()
            };
            fault.hint(format!(
                "{place}{p:?} is not {q:?}; `assert_near` allows a difference"
            ))
        }
        _ => fault,
    }
}

/// Whether values that are not numbers are equal: those of maps and arrays one by one, others as
/// they are printed.
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

fn each(range: impl Iterator<Item = i64>, f: &Callback, keep: bool) -> Result<Array> {
    let mut out = Array::new();
    if !keep {
        // all of the items are kept
        let count = range.size_hint().1.unwrap_or(usize::MAX);
        memory::check(count as u128 * size_of::<Dynamic>() as u128, "the range")?;
    }
    for i in range {
        let value = f.call(vec![i.into()])?;
        if keep {
            if value.as_bool().map_err(|_| {
                fault!(
                    "type",
                    "the filter must give true or false, got {}",
                    session::describe(&value)
                )
            })? {
                out.push(i.into());
            }
        } else {
            out.push(value);
        }
    }
    Ok(out)
}

/// A range of whole numbers, `a..b` or `a..=b`.
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

/// As [`Range`], found by the closed form.
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

natives! { all in "" {
    /// Declares a parameter of the script, which `--set name=value` overrides.
    ///
    /// - `name`: a plain word
    /// - `initial`: the value otherwise; a given value must be of its type
    /// - `text`: what it means, for `cistron run script.rhai --help`
    ///
    /// ```rhai
    /// let epochs = param("epochs", 40, "upper bound");
    /// assert_eq(epochs, 40);
    /// ```
    function "param"(c, name: String, initial: Dynamic, text: Option<String>) -> "the value" {
        // `run --help` reads the text where it stands, without running the script
        drop(text);
        session::declare(&name, initial)
    }

    /// Records a result of the run in its `results.json`.
    ///
    /// ```rhai
    /// report("test", #{ auroc: 0.9 });
    /// ```
    function "report"(c, name: String, value: Dynamic) -> "nothing" {
        session::report(&name, value)?;
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
    function "assert"(c, condition: bool, text: Option<String>) -> "nothing" {
        if !condition {
            bail!("assertion", "assertion failed{}", text.map_or(String::new(), |t| format!(": {t}")));
        }
        Ok(())
    }

    /// Fails unless two values are the same; tensors are compared by shape and numbers.
    ///
    /// ```rhai
    /// assert_eq(tensor::zeros([2]), tensor::from([0.0, 0.0]));
    /// ```
    /// ```rhai,fails
    /// assert_eq(1 + 1, 3);
    /// //~ assertion failed: 2 is not 3
    /// ```
    function "assert_eq"(c, a: Dynamic, b: Dynamic) -> "nothing" {
        if equal(&a, &b) { Ok(()) } else { Err(unequal(&a, &b)) }
    }

    /// Fails unless two numbers, arrays or tensors agree within a tolerance (absolute, 1e-6 unless
    /// given).
    ///
    /// ```rhai
    /// assert_near(0.1 + 0.2, 0.3);
    /// assert_near(tensor::ones([2]), [1.0, 1.01], 0.1);
    /// ```
    /// ```rhai,fails
    /// assert_near(1.0, 1.1, 0.01);
    /// //~ assertion failed: 1.0 is not within 0.01 of 1.1
    /// ```
    function "assert_near"(c, a: Dynamic, b: Dynamic, tolerance: Option<f64>) -> "nothing" {
        let tolerance = tolerance.unwrap_or(1e-6);
        let (Some(x), Some(y)) = (numbers(&a), numbers(&b)) else {
            bail!("type", "assert_near compares numbers, got {} and {}", session::describe(&a), session::describe(&b))
        };
        let near = |(p, q): (&f64, &f64)| (p - q).abs() <= tolerance || (p.is_nan() && q.is_nan());
        if x.len() != y.len() || !x.iter().zip(&y).all(near) {
            bail!("assertion", "assertion failed: {} is not within {} of {}", show::quoted(&a), show::number(tolerance), show::quoted(&b));
        }
        Ok(())
    }

    /// Prints a value in one line.
    ///
    /// ```rhai
    /// print(tensor::ones([2, 2]));
    /// ```
    function "print"(c, value: Dynamic) -> "the line" {
        // the engine prints what this gives
        Ok(if value.is::<Tabled>() { show::pretty(&value) } else { show::line(&value) })
    }

    /// Shows a value as it reads best: in a notebook figures, logos and tables as such, elsewhere
    /// as text.
    ///
    /// ```rhai
    /// display(motif::from_consensus("AGATAA"));
    /// ```
    function "display"(c, value: Dynamic) -> "nothing" {
        if !session::displayed(&value) {
            session::print(&printing::text(&value, false));
        }
        Ok(())
    }

    /// Gives a value as text over several lines where that reads better.
    ///
    /// ```rhai
    /// assert(pretty(#{ a: 1 }).contains("a"));
    /// ```
    function "pretty"(c, value: Dynamic) -> "string" { Ok(show::pretty(&value)) }

    /// Returns the documentation of a function, a method, a type or a namespace; where nothing is
    /// called so, what is about the words.
    ///
    /// ```rhai
    /// assert(help("nn::conv1d").contains("filters"));
    /// assert(help("model").contains("forward"));
    /// assert(help("convolution").contains("nn::conv1d"));
    /// ```
    function "help"(c, name: Option<String>) -> "string" {
        let catalog = session::catalog();
        name.map_or_else(|| Ok(help::overview(&catalog)), |name| help::text(&catalog, &name))
    }

    /// Searches names and documentation for words.
    ///
    /// ```rhai
    /// assert(apropos("learning rate").contains("schedule"));
    /// ```
    function "apropos"(c, words: String) -> "string" { help::apropos(&session::catalog(), &words) }

    /// Writes a text to a file, in the run's folder unless the path is absolute.
    ///
    /// ```rhai
    /// save_text("/tmp/cistron_example.txt", "a table");
    /// ```
    function "save_text"(c, path: String, text: String) -> "nothing" {
        crate::base::file::write_whole(&crate::bind::tensor::file::written(&path)?, text.as_bytes())
    }

    /// Seconds since a fixed moment, for measuring.
    ///
    /// ```rhai
    /// let t = seconds();
    /// assert(seconds() >= t);
    /// ```
    function "seconds"(c) -> "number" {
        use std::sync::OnceLock;
        static START: OnceLock<std::time::Instant> = OnceLock::new();
        Ok(START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64())
    }

    /// Calls a function for each number of a range and keeps what it gives.
    ///
    /// ```rhai
    /// assert_eq((0..3).map(|i| i * i), [0, 1, 4]);
    /// ```
    method "map"(c, this: Range, f: Callback) -> "array" { each(this.0, &f, false) }

    /// Calls a function for each number of a closed range and keeps what it gives.
    ///
    /// ```rhai
    /// assert_eq((1..=3).map(|i| 2 * i), [2, 4, 6]);
    /// ```
    method "map"(c, this: ClosedRange, f: Callback) -> "array" { each(this.0, &f, false) }

    /// Keeps the numbers of a range for which a function gives true.
    ///
    /// ```rhai
    /// assert_eq((0..6).filter(|i| i % 2 == 0), [0, 2, 4]);
    /// ```
    method "filter"(c, this: Range, f: Callback) -> "array" { each(this.0, &f, true) }

    /// Keeps the numbers of a closed range for which a function gives true.
    ///
    /// ```rhai
    /// assert_eq((1..=4).filter(|i| i > 2), [3, 4]);
    /// ```
    method "filter"(c, this: ClosedRange, f: Callback) -> "array" { each(this.0, &f, true) }

    /// Applies a model, a layer function or a closure to a value: `x |> f` is `f(x)`.
    ///
    /// ```rhai
    /// assert_eq(2 |> |v| v * 3, 6);
    /// ```
    function "|>"(c, x: Dynamic, f: Dynamic) -> "what the function gives" {
        if let Some(model) = f.read_lock::<crate::nn::Model>() {
            return crate::bind::nn::layers::forward(&model, &x);
        }
        let mut f = f;
        let call = Callback::from_value(&mut f, c.context).map_err(|_| fault!("type", "`|>` needs a model or a function on its right, got {}", session::describe(&f)))?;
        call.call(vec![x])
    }
} }

natives! { errors in "error" {
    /// The class of an error that was caught: `shape`, `type`, `option`, `file`, `data`, …
    ///
    /// ```rhai
    /// try { tensor::zeros([2]) @ tensor::zeros([3]); } catch (e) { assert_eq(e.kind, "torch"); }
    /// ```
    property "kind"(c, this: Fault) -> "string" { Ok(this.kind.to_string()) }

    /// What is wrong.
    ///
    /// ```rhai
    /// try { assert(false, "no"); } catch (e) { assert(e.message.contains("no")); }
    /// ```
    property "message"(c, this: Fault) -> "string" { Ok(this.message.clone()) }

    /// What to do about it, or nothing.
    ///
    /// ```rhai
    /// try { tensor::zeros([1, 2]).reshape([3]); } catch (e) { assert_eq(e.hint, ()); }
    /// ```
    property "hint"(c, this: Fault) -> "string or ()" { Ok(this.hint.clone()) }

    /// The line it happened in.
    ///
    /// ```rhai
    /// try { assert(false); } catch (e) { assert_eq(e.line, 1); }
    /// ```
    property "line"(c, this: Fault) -> "whole number" { Ok(this.at.as_ref().map_or(0, |at| at.line as i64)) }

    /// The file it happened in.
    ///
    /// ```rhai
    /// try { assert(false); } catch (e) { assert(e.file != ""); }
    /// ```
    property "file"(c, this: Fault) -> "string" { Ok(this.at.as_ref().map_or(String::new(), |at| at.file.clone())) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    let mut list = all();
    list.extend(errors());
    for native in &mut list {
        // methods and properties stand under their type in the catalog
        if native.form == crate::lang::Form::Method {
            native.namespace = "range";
        }
        if native.name == "|>" {
            native.form = crate::lang::Form::Operator;
        }
    }
    list.extend(crate::bind::tensor::basic::shown());
    list
}

/// Numbers as a map by name.
pub fn map_of(values: impl IntoIterator<Item = (String, f64)>) -> Map {
    values
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// Checks that two sides of a comparison have one shape.
pub fn same_shape(a: &Numbers, b: &Numbers) -> Result<()> {
    let plain = |t: &Tensor| {
        t.shape()
            .into_iter()
            .filter(|n| *n != 1)
            .collect::<Vec<_>>()
    };
    if plain(&a.0) != plain(&b.0) {
        bail!(
            "shape",
            "{} and {} do not have the same shape",
            crate::base::shape::text(&a.0.shape()),
            crate::base::shape::text(&b.0.shape())
        );
    }
    Ok(())
}
