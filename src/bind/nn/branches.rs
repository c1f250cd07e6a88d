//! `nn::…`: layers side by side.

use crate::base::Result;
use crate::bind::args::layer::{layer_of, parts_of};
use crate::bind::args::network::{MergeArgument, layer};
use crate::lang::value::mismatch;
use crate::lang::{Call, FromValue, Native, Options, native, natives_of};
use crate::nn::{Layer, compose};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// Options of `nn::parallel`.
#[derive(Options)]
pub struct ParallelOptions {
    /// How outputs are combined: concat (along the channels), add, mean or max, or a function
    /// |outputs| of their array that returns a tensor or a map of tensors.
    #[option(default = "concat")]
    merge: MergeArgument,
}

/// Options of `nn::branches`.
#[derive(Options)]
pub struct BranchesOptions {
    /// How outputs are combined: concat (along the channels), add, mean or max, or a function
    /// |outputs| of their array that returns a tensor or a map of tensors.
    #[option(default = "concat")]
    merge: MergeArgument,
    /// Names of the inputs in the order of the branches, where `layers` is a map.
    order: Option<Vec<String>>,
}

/// The branches of several inputs as a script writes them.
pub enum Branches {
    /// A map of layers by input name.
    Named(Map),
    /// Pairs of an input name and a layer.
    Pairs(Array),
}

impl FromValue for Branches {
    fn kind() -> String {
        "map of input name to layer, or an array of pairs".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        Map::from_value(value, context)
            .map(Branches::Named)
            .or_else(|_| Array::from_value(value, context).map(Branches::Pairs))
            .map_err(|_| mismatch(&Self::kind(), value))
    }
}

/// The layers of branches with the names of their inputs.
fn branches_of(layers: &Branches) -> Result<Vec<(String, Layer)>> {
    match layers {
        Branches::Named(map) => {
            let branch = |(name, value): (&rhai::Identifier, &Dynamic)| {
                let layer = layer_of(value, &format!("branch `{name}`"))?;
                Ok((name.to_string(), layer))
            };
            map.iter().map(branch).collect()
        }
        Branches::Pairs(items) => {
            let branch = |(i, (name, layer)): (usize, (Option<String>, Layer))| {
                let name = name.ok_or_else(|| {
                    fault!("type", "branch {i} is a layer without the name of its input";
                        hint: "`[\"sequence\", nn::conv1d(…)]`")
                })?;
                Ok((name, layer))
            };
            let parts = parts_of(items, "the branches")?.into_iter().enumerate();
            parts.map(branch).collect()
        }
    }
}

/// Sorts branches into an order of their names.
fn sort_branches(branches: &mut [(String, Layer)], order: &[String]) -> Result<()> {
    let index = |name: &String| order.iter().position(|listed| listed == name);
    let is_repeated = |(i, name): (usize, &String)| order[..i].contains(name);
    if order.len() != branches.len()
        || order.iter().enumerate().any(is_repeated)
        || branches.iter().any(|(name, _)| index(name).is_none())
    {
        let names: Vec<_> = branches
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        bail!(
            "option",
            "option `order` must name every branch once: {}",
            names.join(", ")
        );
    }
    branches.sort_by_key(|(name, _)| index(name));
    Ok(())
}

fn layers_of(items: &Array, what: &str) -> Result<Vec<Layer>> {
    if items.is_empty() {
        bail!("value", "{what} needs at least one layer");
    }
    items
        .iter()
        .enumerate()
        .map(|(i, item)| layer_of(item, &format!("part {i}")))
        .collect()
}

/// Returns a layer that applies several layers to one input and combines the outputs.
///
/// ```rhai
/// let both = nn::parallel([nn::global_max_pool(), nn::global_avg_pool()], #{ merge: "concat" });
/// assert_eq(nn::build(both, [8, 20]).output_shape, [16]);
/// let spread = nn::parallel([nn::global_max_pool(), nn::global_avg_pool()], #{
///     merge: |outputs| outputs[0] - outputs[1],
/// });
/// assert_eq(nn::build(spread, [8, 20]).output_shape, [8]);
/// ```
#[native(namespace = "nn")]
pub fn parallel(
    call: &Call,
    /// Layers.
    layers: Array,
    options: ParallelOptions,
) -> Result<Layer> {
    let parts = layers_of(&layers, "parallel")?;
    let merge = options.merge.into();
    layer(call, compose::Parallel { parts, merge })
}

/// Returns a layer that applies a separate layer to each input and combines the outputs.
///
/// ```rhai
/// let two = nn::branches(#{ sequence: nn::conv1d(8, 3), shape: nn::conv1d(2, 3) });
/// let net = nn::build(two, #{ sequence: [4, 20], shape: [5, 20] });
/// assert_eq(net.output_shape, [10, 18]);
/// ```
/// ```rhai
/// let two = nn::branches([["shape", nn::linear(1)], ["charge", nn::linear(2)]]);
/// let net = nn::build(two, #{ shape: [5], charge: [3] }, #{ seed: 1 });
/// // the first value of the output comes from `shape`
/// assert_eq(net.names()[0], "shape.weight");
/// ```
#[native(namespace = "nn", returns = "layer of several inputs")]
pub fn branches(
    call: &Call,
    /// Pairs of an input name and its layer, `[["sequence", …], ["shape", …]]`, whose order is that
    /// of the outputs; or a map of layers by input name, whose order is alphabetical unless `order`
    /// states another. The summary lists the branches in their order.
    layers: &Branches,
    options: BranchesOptions,
) -> Result<Layer> {
    let mut parts = branches_of(layers)?;
    if parts.is_empty() {
        bail!("value", "branches needs at least one layer");
    }
    if let Some(order) = options.order {
        sort_branches(&mut parts, &order)?;
    }
    let merge = options.merge.into();
    layer(call, compose::Branches { parts, merge })
}

/// Returns a layer that passes one input through several layers, with an output for each.
///
/// The output is a map. `train::fit` takes the losses, metrics and labels of such a model as maps
/// with the same keys; see `loss::heads`.
///
/// # Shapes
/// one input to a map of outputs, in the shapes that the layers return
///
/// ```rhai
/// let heads = nn::heads(#{ profile: nn::conv1d(2, 1), counts: nn::chain([
///     nn::global_avg_pool(), nn::linear(2)
/// ]) });
/// let net = nn::build(nn::chain([nn::conv1d(8, 5), heads]), [4, 54]);
/// assert_eq(net.output_shape, #{ profile: [2, 50], counts: [2] });
/// assert_eq(net.forward(tensor::zeros([3, 4, 54])).counts.shape, [3, 2]);
/// ```
#[native(namespace = "nn", returns = "layer of several outputs")]
pub fn heads(
    call: &Call,
    /// Layers by the names of their outputs, at least one.
    layers: Map,
) -> Result<Layer> {
    let head = |(name, value): (&rhai::Identifier, &Dynamic)| {
        if name.is_empty() || name.contains('.') {
            bail!("name", "a head cannot be called `{name}`");
        }
        Ok((
            name.to_string(),
            layer_of(value, &format!("head `{name}`"))?,
        ))
    };
    let parts = layers.iter().map(head).collect::<Result<Vec<_>>>()?;
    if parts.is_empty() {
        bail!("value", "heads needs at least one layer");
    }
    layer(call, compose::Heads { parts })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![parallel, branches, heads]
}
