//! Properties of reports of loaded weights.

use crate::bind::types::Report;
use crate::lang::{Native, native, natives_of};
use rhai::Map;

/// The tensors that were loaded: names in the network by names in the file.
///
/// With `layout: "keras"`, names in the file are those after the conversion.
///
/// ```rhai
/// let file = "/tmp/cistron_linear.npz";
/// tensor::save_npz(file, #{ w: tensor::ones([1, 2]), bias: tensor::ones([1]) });
/// let report = nn::build(nn::linear(1), [2]).load(file, #{ map: #{ w: "weight" } });
/// assert_eq(report.matched.w, "weight");
/// ```
#[native(namespace = "loaded", form = property)]
pub fn matched(this: &Report) -> Map {
    let matched = this.0.1.matched.iter();
    matched
        .map(|(old, new)| (old.as_str().into(), new.clone().into()))
        .collect()
}

/// The names in the network without a tensor in the file.
///
/// ```rhai
/// let file = "/tmp/cistron_part.npz";
/// tensor::save_npz(file, #{ weight: tensor::ones([1, 2]) });
/// let report = nn::build(nn::linear(1), [2]).load(file, #{ strict: false });
/// assert_eq(report.missing, ["bias"]);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn missing(this: &Report) -> Vec<String> {
    this.0.1.missing.clone()
}

/// The names in the file without a place in the network.
///
/// ```rhai
/// let file = "/tmp/cistron_more.npz";
/// tensor::save_npz(file, #{ weight: tensor::ones([1, 2]), gain: tensor::ones([1]) });
/// let report = nn::build(nn::linear(1), [2]).load(file, #{ strict: false });
/// assert_eq(report.left_over, ["gain"]);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn left_over(this: &Report) -> Vec<String> {
    this.0.1.left_over.clone()
}

/// The names in the file that `only` or the function of `map` excluded.
///
/// ```rhai
/// let file = "/tmp/cistron_skipped.npz";
/// tensor::save_npz(file, #{ weight: tensor::ones([1, 2]), bias: tensor::ones([1]) });
/// let net = nn::build(nn::linear(1, #{ bias: false }), [2]);
/// assert_eq(net.load(file, #{ only: "weight" }).skipped, ["bias"]);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn skipped(this: &Report) -> Vec<String> {
    this.0.1.skipped.clone()
}

/// The names in the network whose tensor in the file has another shape.
///
/// ```rhai
/// let file = "/tmp/cistron_shape.npz";
/// tensor::save_npz(file, #{ weight: tensor::ones([1, 3]), bias: tensor::ones([1]) });
/// let report = nn::build(nn::linear(1), [2]).load(file, #{ strict: false });
/// assert_eq(report.mismatched, ["weight"]);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn mismatched(this: &Report) -> Vec<String> {
    let mismatched = this.0.1.mismatched.iter();
    mismatched.map(|(name, ..)| name.clone()).collect()
}

/// The names in the network whose values were rounded to its type, as from float64 to float32.
///
/// ```rhai
/// let file = "/tmp/cistron_double.npz";
/// let weight = tensor::from([[0.1, 0.5]], #{ kind: "float64" });
/// tensor::save_npz(file, #{ weight: weight, bias: tensor::ones([1]) });
/// let report = nn::build(nn::linear(1), [2]).load(file);
/// assert_eq(report.rounded, ["weight"]);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn rounded(this: &Report) -> Vec<String> {
    this.0.1.rounded.clone()
}

/// Whether every tensor of the file and of the network has its counterpart.
///
/// ```rhai
/// let net = nn::build(nn::linear(1), [2]);
/// net.save("/tmp/cistron_whole.safetensors");
/// assert(net.load("/tmp/cistron_whole.safetensors").is_complete);
/// ```
#[native(namespace = "loaded", form = property)]
pub fn is_complete(this: &Report) -> bool {
    this.0.1.is_complete()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        matched,
        missing,
        left_over,
        skipped,
        mismatched,
        rounded,
        is_complete,
    ]
}
