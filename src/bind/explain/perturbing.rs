//! `explain::…`: outputs of changed sequences, of combinations of inputs, of random sequences.

use crate::base::Result;
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::explain::attribution::{AGAINST, BATCH, POSITION, sequences};
use crate::bind::explain::probing::{LABEL, one_target};
use crate::explain::baselines::codes_of;
use crate::explain::perturb::{Region, ablated, product, screened};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{IntoValue, Options, session};
use crate::nn::{Model, Shape};
use crate::seq::{alphabet, edit};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};

const ABLATE: &[Opt] = &[
    opt(
        "copies",
        OptKind::Int(1, MANY),
        "20",
        "shuffles of each sequence",
    ),
    opt(
        "k",
        OptKind::Int(1, 20),
        "1",
        "the k-lets of the region whose counts are kept",
    ),
    SEEDED,
    BATCH,
];
const PRODUCT: &[Opt] = &[BATCH];
const SCREEN: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    opt(
        "best",
        OptKind::Int(1, MANY),
        "1",
        "sequences that are kept",
    ),
    SEEDED,
    BATCH,
];

fn ablate(net: &Model, x: &Dynamic, (start, end): (i64, i64), o: &Options) -> Result<Map> {
    let (codes, length) = codes_of(&sequences(net, x)?)?;
    let range = edit::range(start, end, length)?;
    let region = Region {
        range,
        k: o.int("k") as usize,
        copies: o.int("copies") as usize,
        seed: seed(o),
    };
    let (before, after) = ablated(net, &codes, length, &region, o.int("batch"))?;
    Ok([("before", before), ("after", after)]
        .into_iter()
        .map(|(name, tensor)| (name.into(), tensor.into_value()))
        .collect())
}

fn combined(net: &Model, inputs: &Map, o: &Options) -> Result<Tensor> {
    let Shape::Many(shapes) = net.input() else {
        bail!("shape", "this takes networks of several inputs"; hint: "`net.forward(x)` serves one input")
    };
    let mut parts = std::collections::BTreeMap::new();
    for name in shapes.keys() {
        let value = inputs
            .get(name.as_str())
            .ok_or_else(|| fault!("shape", "the input `{name}` is missing"))?;
        let tensor = crate::bind::tensor::basic::tensor_of(value)
            .map_err(|fault| fault.context(format!("`{name}`")))?;
        parts.insert(name.clone(), tensor);
    }
    if let Some(extra) = inputs
        .keys()
        .find(|name| !shapes.contains_key(name.as_str()))
    {
        bail!("shape", "the network has no input `{extra}`"; hint: "it has {}", shapes.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    product(net, &parts, o.int("batch"))
}

fn screen(net: &Model, n: i64, o: &Options) -> Result<Map> {
    crate::bind::nn::layers::positive(&[("n", n)])?;
    let Shape::One(shape) = net.input() else {
        bail!(
            "shape",
            "this takes networks of one input, sequences [4, length]"
        )
    };
    let [4, length] = shape[..] else {
        bail!(
            "shape",
            "this takes networks of sequences [4, length], this one takes {}",
            crate::base::shape::text(shape)
        )
    };
    if session::is_dry() {
        return Ok(Map::new());
    }
    let target = one_target(net, o)?;
    let found = screened(
        net,
        &target,
        n,
        length as usize,
        o.int("best") as usize,
        o.int("batch"),
        seed(o),
    )?;
    let texts: Array = found
        .iter()
        .map(|(codes, _)| alphabet::decode(codes).into())
        .collect();
    let values: Array = found.iter().map(|(_, value)| (*value).into()).collect();
    Ok([("sequences", texts), ("values", values)]
        .into_iter()
        .map(|(name, list)| (name.into(), list.into()))
        .collect())
}

natives! { perturbed in "explain" {
    /// Returns a network's outputs before and after a region of sequences is shuffled: what the
    /// region contributes.
    ///
    /// - `start`, `end`: the region, from `start` to before `end`
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(2)]), [4, 20], #{ seed: 1 });
    /// let found = explain::ablate(net, seq::one_hot(seq::random(3, 20, #{ seed: 1 })), 5, 15, #{ copies: 4, seed: 1 });
    /// assert_eq(found.before.shape, [3, 2]);
    /// assert_eq(found.after.shape, [3, 4, 2]);
    /// ```
    function "ablate"(c, net: Model, x: Dynamic, start: i64, end: i64; o = ABLATE) -> "map: before [samples, …], after [samples, copies, …]" { ablate(&net, &x, (start, end), &o) }

    /// Returns a network's outputs for all combinations of the rows of its inputs.
    ///
    /// - `inputs`: a map of tensors, one for each input, each with rows of its own
    ///
    /// The axes of the result are the inputs in alphabetical order, then those of the output.
    ///
    /// ```rhai
    /// let layer = nn::chain([nn::branches(#{ a: nn::linear(2), b: nn::linear(1) }), nn::relu()]);
    /// let net = nn::build(layer, #{ a: [5], b: [2] }, #{ seed: 1 });
    /// assert_eq(explain::product(net, #{ a: tensor::randn([4, 5]), b: tensor::randn([6, 2]) }).shape, [4, 6, 3]);
    /// ```
    function "product"(c, net: Model, inputs: Map; o = PRODUCT) -> "tensor [rows of each input, …]" { combined(&net, &inputs, &o) }

    /// Draws `n` random sequences and keeps the ones with the largest output.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(4, 6), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{ seed: 1 });
    /// let found = explain::screen(net, 50, #{ best: 3, seed: 1 });
    /// assert_eq(found.sequences.len(), 3);
    /// assert(found.values[0] >= found.values[1]);
    /// ```
    function "screen"(c, net: Model, n: i64; o = SCREEN) -> "map: sequences, values, the largest first" { screen(&net, n, &o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    perturbed()
}
