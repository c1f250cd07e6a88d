//! `nn::lora`, and the methods of models with adapters.

use crate::base::Result;
use crate::lang::value::array;
use crate::lang::{Native, Options, native, natives_of};
use crate::nn::Model;
use crate::nn::adapt::{Adapter, DEFAULT_TARGETS, Plan};
use rhai::{Array, Dynamic, Map};

/// Options of `nn::lora`.
#[derive(Options)]
pub struct LoraOptions {
    /// Rank of the update of each weight: rows of A, columns of B.
    #[option(default = 8, min = 1, max = 4096)]
    rank: i64,
    /// The update is `alpha / rank` times B A; `rank` unless given.
    #[option(above = 0)]
    alpha: Option<f64>,
    /// Weights that are adapted: paths ("head", "head.weight"), patterns of paths
    /// ("blocks.*.attention"), kinds of layers ("linear", "conv1d", "multihead_attention", "lstm")
    /// or families of kinds ("conv", "attention", "recurrent"); linear layers, convolutions and
    /// attention unless given.
    targets: Option<Vec<String>>,
    /// Probability that an input of A is set to 0 during training, of linear layers and
    /// convolutions.
    #[option(default = 0, min = 0, below = 1)]
    dropout: f64,
    /// Name in progress, checkpoints and results; that of the model with `_lora` unless given.
    name: Option<String>,
}

/// Returns a model with low-rank adapters on the weights of another.
///
/// A weight W is used as W + alpha / rank · B A; only A (random) and B (zeros) are trainable. The
/// parameters of `model` are shared and frozen, running statistics are copied. Names are those of
/// PEFT: `head.weight` has `head.lora_A.weight` and `head.lora_B.weight`. `net.adapters()` lists
/// what was adapted.
///
/// # Source
/// Hu et al. 2022
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::linear(16), nn::relu(), ["head", nn::linear(1)]]), [8]);
/// let adapted = nn::lora(net, #{ rank: 2, alpha: 4, targets: ["head"] });
/// assert_eq(adapted.adapters().map(|a| a.name), ["head.weight"]);
/// assert_eq(adapted["head.lora_A.weight"].shape, [2, 16]);
/// let x = tensor::randn([3, 8]);
/// assert_eq(adapted.forward(x), net.forward(x));
/// ```
/// ```rhai,fails
/// nn::lora(nn::build(nn::chain([["head", nn::linear(1)]]), [8]), #{ targets: ["haed"] });
/// //~ no weights match "haed"
/// ```
#[native(namespace = "nn")]
pub fn lora(
    /// Model that is adapted.
    model: &Model,
    options: LoraOptions,
) -> Result<Model> {
    let default = || DEFAULT_TARGETS.map(String::from).to_vec();
    let plan = Plan {
        rank: options.rank,
        alpha: options.alpha.unwrap_or(options.rank as f64),
        dropout: options.dropout,
        targets: options.targets.unwrap_or_else(default),
    };
    let name = options
        .name
        .unwrap_or_else(|| format!("{}_lora", model.name()));
    model.adapted(&plan, name)
}

fn adapter_map(adapter: &Adapter) -> Dynamic {
    let mut map = Map::new();
    map.insert("name".into(), adapter.name.clone().into());
    map.insert("layer".into(), adapter.kind.clone().into());
    map.insert("shape".into(), array(adapter.weight.shape()).into());
    map.insert("parameters".into(), adapter.parameters.into());
    map.into()
}

/// Returns the weights with adapters, of a model of `nn::lora`.
///
/// ```rhai
/// let net = nn::lora(nn::build(nn::linear(4), [8]), #{ rank: 2 });
/// let found = net.adapters()[0];
/// assert_eq([found.name, found.layer, found.shape], ["weight", "linear", [4, 8]]);
/// assert_eq(found.parameters, 24);
/// ```
#[native(
    namespace = "model",
    form = method,
    returns = "array of maps with `name`, `layer`, `shape` and `parameters`"
)]
pub fn adapters(this: &Model) -> Array {
    this.adapters().iter().map(adapter_map).collect()
}

/// Returns a model without adapters whose weights are W + alpha / rank · B A.
///
/// Nothing is shared with the model that was adapted, whose weights do not change.
///
/// ```rhai
/// let net = nn::lora(nn::build(nn::linear(4), [8]), #{ rank: 2 });
/// net["lora_B.weight"] = tensor::ones([4, 2]);
/// let merged = net.merge();
/// assert_eq(merged.names(), ["weight", "bias"]);
/// let x = tensor::randn([3, 8]);
/// assert_near(merged.forward(x), net.forward(x), 1e-6);
/// assert_eq(merged.unmerge().names(), net.names());
/// ```
#[native(namespace = "model", form = method)]
pub fn merge(this: &Model) -> Result<Model> {
    this.merged()
}

/// Returns the model with adapters that this one was merged from.
///
/// ```rhai,fails
/// nn::build(nn::linear(4), [8]).unmerge();
/// //~ `model` was not merged
/// ```
#[native(namespace = "model", form = method)]
pub fn unmerge(this: &Model) -> Result<Model> {
    this.unmerged()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![lora, adapters, merge, unmerge,]
}
