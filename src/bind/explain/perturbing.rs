//! `explain::…`: outputs of changed sequences, of combinations of inputs, of random sequences.

use crate::base::Result;
use crate::bind::args::explain::{BatchOptions, OneLabelOptions};
use crate::bind::args::samples::{sequence_length, sequences};
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::tensor::tensor_of;
use crate::explain::baselines::codes_of;
use crate::explain::perturb::{self, Region};
use crate::lang::value::array;
use crate::lang::{IntoValue, Native, Options, native, natives_of};
use crate::nn::{Model, Shape};
use crate::seq::{alphabet, edit};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;

/// Options of `explain::ablate`.
#[derive(Options)]
pub struct AblateOptions {
    /// Number of shuffles of each sequence.
    #[option(default = 20, min = 1)]
    copies: usize,
    /// Length of the k-mers of the region whose counts are preserved.
    #[option(default = 1, min = 1, max = 20)]
    k: usize,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::screen`.
#[derive(Options)]
pub struct ScreenOptions {
    #[option(flatten)]
    label: OneLabelOptions,
    /// Number of sequences that are kept.
    #[option(default = 1, min = 1)]
    best: usize,
    #[option(flatten)]
    seed: SeedOptions,
    #[option(flatten)]
    batch: BatchOptions,
}

/// The tensors of a network's inputs; each must be there, and no other.
fn inputs_of(net: &Model, inputs: &Map) -> Result<BTreeMap<String, Tensor>> {
    let Shape::Many(shapes) = net.input() else {
        bail!("shape", "this takes networks of several inputs";
            hint: "`net.forward(x)` serves one input")
    };
    let mut tensors = BTreeMap::new();
    for name in shapes.keys() {
        let value = inputs
            .get(name.as_str())
            .ok_or_else(|| fault!("shape", "the input `{name}` is missing"))?;
        let tensor = tensor_of(value).map_err(|fault| fault.context(format!("`{name}`")))?;
        tensors.insert(name.clone(), tensor);
    }
    let is_extra = |name: &&rhai::Identifier| !shapes.contains_key(name.as_str());
    if let Some(extra) = inputs.keys().find(is_extra) {
        bail!("shape", "the network has no input `{extra}`";
            hint: "it has {}", shapes.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    Ok(tensors)
}

/// Computes the outputs before and after a region of the sequences is shuffled.
///
/// The difference is the contribution of the region.
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(2)]), [4, 20], #{ seed: 1 });
/// let x = seq::one_hot(seq::random(3, 20, #{ seed: 1 }));
/// let outputs = explain::ablate(net, x, 5, 15, #{ copies: 4, seed: 1 });
/// assert_eq(outputs.before.shape, [3, 2]);
/// assert_eq(outputs.after.shape, [3, 4, 2]);
/// ```
#[native(
    namespace = "explain",
    returns = "map: before [batch, …], after [batch, copies, …]"
)]
pub fn ablate(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Sequences: a tensor (one-hot or codes), an array of strings, a batch or a dataset.
    x: &Dynamic,
    /// First position of the region, from 0.
    start: i64,
    /// End of the region, exclusive.
    end: i64,
    options: AblateOptions,
) -> Result<Map> {
    let (codes, length) = codes_of(&sequences(net, x)?)?;
    let region = Region {
        range: edit::range(start, end, length)?,
        k: options.k,
        copies: options.copies,
        seed: options.seed.seed(),
    };
    let (before, after) = perturb::ablated(net, &codes, length, &region, options.batch.batch)?;
    Ok(Map::from([
        ("before".into(), before.into_value()),
        ("after".into(), after.into_value()),
    ]))
}

/// Computes the outputs for all combinations of the rows of several inputs.
///
/// The axes of the result are the inputs in alphabetical order, then those of the output.
///
/// ```rhai
/// let layer = nn::chain([nn::branches(#{ a: nn::linear(2), b: nn::linear(1) }), nn::relu()]);
/// let net = nn::build(layer, #{ a: [5], b: [2] }, #{ seed: 1 });
/// let inputs = #{ a: tensor::randn([4, 5]), b: tensor::randn([6, 2]) };
/// assert_eq(explain::product(net, inputs).shape, [4, 6, 3]);
/// ```
#[native(namespace = "explain", returns = "tensor [rows of each input, …]")]
pub fn product(
    /// Network of several inputs.
    net: &Model,
    /// Map of tensors, one for each input; their numbers of rows may differ.
    inputs: &Map,
    options: BatchOptions,
) -> Result<Tensor> {
    perturb::product(net, &inputs_of(net, inputs)?, options.batch)
}

/// Draws random sequences and returns those with the largest output.
///
/// ```rhai
/// let layer = nn::chain([nn::conv1d(4, 6), nn::global_max_pool(), nn::linear(1)]);
/// let net = nn::build(layer, [4, 30], #{ seed: 1 });
/// let best = explain::screen(net, 50, #{ best: 3, seed: 1 });
/// assert_eq(best.sequences.len(), 3);
/// assert(best.values[0] >= best.values[1]);
/// ```
#[native(
    namespace = "explain",
    returns = "map: sequences, values, the largest first",
    dry = no_sequences
)]
pub fn screen(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Number of sequences that are drawn.
    #[check(min = 1)]
    n: i64,
    options: ScreenOptions,
) -> Result<Map> {
    let length = sequence_length(net)?;
    let target = options.label.target(net)?;
    let (best, batch) = (options.best, options.batch.batch);
    let best = perturb::screened(net, &target, n, length, best, batch, options.seed.seed())?;
    let texts = array(best.iter().map(|(codes, _)| alphabet::decode(codes)));
    let values = array(best.iter().map(|(_, value)| *value));
    Ok(Map::from([
        ("sequences".into(), texts.into()),
        ("values".into(), values.into()),
    ]))
}

/// The result of `explain::screen` in a dry run.
fn no_sequences(net: &Model, _: i64, _: ScreenOptions) -> Result<Map> {
    sequence_length(net).map(|_| Map::new())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![ablate, product, screen]
}
