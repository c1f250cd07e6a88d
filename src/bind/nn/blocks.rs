//! `nn::…`: layers that contain other layers, and layers that scripts define.

use crate::base::Result;
use crate::bind::args::network::{into_dynamic, layer, shape_value};
use crate::lang::value::mismatch;
use crate::lang::{
    Call, Callback, Choice, FromValue, IntoValue, Native, Options, native, natives_of, session,
};
use crate::nn::compose::{self, Merge, TurnedBack};
use crate::nn::custom::Custom;
use crate::nn::strands::InputKind;
use crate::nn::{Layer, Mode, Shape, Value};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Options of `nn::residual`.
#[derive(Options)]
pub struct ResidualOptions {
    /// Layer that is applied to the input before it is added.
    shortcut: Option<Layer>,
    /// Layer that is applied to the sum.
    after: Option<Layer>,
}

/// Options of `nn::parallel`.
#[derive(Options)]
pub struct ParallelOptions {
    /// How outputs are combined: concat (along the channels), add, mean or max.
    #[option(default = "concat")]
    merge: MergeName,
}

/// Options of `nn::branches`.
#[derive(Options)]
pub struct BranchesOptions {
    /// How outputs are combined: concat (along the channels), add, mean or max.
    #[option(default = "concat")]
    merge: MergeName,
    /// Names of the inputs in the order of the branches, where `layers` is a map.
    order: Option<Vec<String>>,
}

/// Options of `nn::both_strands`.
#[derive(Options)]
pub struct BothStrandsOptions {
    /// How the two outputs are combined: mean, max, add or concat.
    #[option(default = "mean")]
    merge: MergeName,
    /// Kind of the only input: sequence (reverse complement), track (reversed), stranded (reversed,
    /// channels 0 and 1, 2 and 3, … exchanged) or features (unchanged); inferred from the shape
    /// unless given.
    input: Option<InputName>,
    /// Kind of each of several inputs, by input name.
    inputs: Option<InputKinds>,
    /// How an output [channels, positions] of the reverse strand is changed before the merge:
    /// aligned (positions reversed), stranded (also channels 0 and 1, … exchanged; also of
    /// features) or as_is.
    #[option(default = "aligned")]
    outputs: OutputName,
}

/// Options of `nn::custom`.
#[derive(Options)]
pub struct CustomOptions {
    /// Function |shape| that returns a map of parameters for an input of the shape (without the
    /// batch).
    params: Option<Callback>,
    /// Function |p, x| or |p, x, is_training| that computes the output tensor from the map of
    /// parameters and the input.
    forward: Callback,
}

/// The names of the ways to combine outputs.
#[derive(Choice)]
pub enum MergeName {
    /// Concatenation along the channels.
    Concat,
    /// Sum.
    Add,
    /// Mean.
    Mean,
    /// Maximum.
    Max,
}

impl From<MergeName> for Merge {
    fn from(name: MergeName) -> Merge {
        match name {
            MergeName::Concat => Merge::Concat,
            MergeName::Add => Merge::Add,
            MergeName::Mean => Merge::Mean,
            MergeName::Max => Merge::Max,
        }
    }
}

/// The names of the kinds of inputs.
#[derive(Choice)]
pub enum InputName {
    /// One-hot bases, which are reverse complemented.
    Sequence,
    /// Values along the sequence, which are reversed.
    Track,
    /// Tracks of both strands, which are reversed and exchanged.
    Stranded,
    /// Values without positions, which do not change.
    Features,
}

impl From<InputName> for InputKind {
    fn from(name: InputName) -> InputKind {
        match name {
            InputName::Sequence => InputKind::Sequence,
            InputName::Track => InputKind::Track,
            InputName::Stranded => InputKind::Stranded,
            InputName::Features => InputKind::Features,
        }
    }
}

/// The names of the ways to align an output of the reverse strand.
#[derive(Choice)]
pub enum OutputName {
    /// Positions are reversed.
    Aligned,
    /// Positions are reversed, channels exchanged in pairs.
    Stranded,
    /// Nothing is changed.
    AsIs,
}

impl From<OutputName> for TurnedBack {
    fn from(name: OutputName) -> TurnedBack {
        match name {
            OutputName::Aligned => TurnedBack::Aligned,
            OutputName::Stranded => TurnedBack::Stranded,
            OutputName::AsIs => TurnedBack::AsIs,
        }
    }
}

/// The kinds of several inputs, by input name.
#[derive(Default)]
pub struct InputKinds(pub BTreeMap<String, InputKind>);

impl FromValue for InputKinds {
    fn kind() -> String {
        "map of input name to one of these words".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let map = Map::from_value(value, context)?;
        let kind = |(name, mut value): (rhai::Identifier, Dynamic)| {
            let kind = InputName::from_value(&mut value, context).map_err(|mut fault| {
                fault.message = format!("`{name}` {}", fault.message);
                fault.kind = "option";
                fault
            })?;
            Ok((name.to_string(), kind.into()))
        };
        map.into_iter()
            .map(kind)
            .collect::<Result<_>>()
            .map(InputKinds)
    }
}

/// Kinds of inputs, as a map of options states them.
pub fn kinds_of(map: Option<Map>) -> Result<BTreeMap<String, InputKind>> {
    let kind = |(name, value): (rhai::Identifier, Dynamic)| {
        let word = value.clone().into_string().unwrap_or_default();
        let kind = InputKind::named(&word).ok_or_else(|| {
            fault!(
                "option",
                "option `inputs`: `{name}` must be {}, got {}",
                crate::lang::constraint::one_of(InputKind::NAMES),
                session::describe(&value)
            )
        })?;
        Ok((name.to_string(), kind))
    };
    map.unwrap_or_default().into_iter().map(kind).collect()
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

fn layer_of(value: &Dynamic, what: &str) -> Result<Layer> {
    value
        .read_lock::<Layer>()
        .map(|layer| layer.clone())
        .ok_or_else(|| {
            fault!(
                "type",
                "{what} must be a layer, got {}",
                session::describe(value)
            )
        })
}

/// The parts of a layer with their names, where pairs state them.
fn parts_of(items: &Array, whole: &str) -> Result<Vec<(Option<String>, Layer)>> {
    let mut parts: Vec<(Option<String>, Layer)> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let what = format!("part {i} of {whole}");
        let part = match item.read_lock::<Array>() {
            Some(pair) => match pair.as_slice() {
                [name, layer] => {
                    let name = name
                        .clone()
                        .into_string()
                        .map_err(|_| fault!("type", "{what}: a pair holds a name and a layer"))?;
                    if name.is_empty()
                        || name.contains('.')
                        || parts
                            .iter()
                            .any(|(known, _)| known.as_deref() == Some(&name))
                    {
                        bail!(
                            "value",
                            "{what}: `{name}` cannot be its name: names are plain and differ"
                        );
                    }
                    (Some(name), layer_of(layer, &what)?)
                }
                _ => {
                    bail!("type", "{what} must be a layer, or a pair of a name and a layer";
                        hint: "`[\"stem\", nn::conv1d(…)]`")
                }
            },
            None => (None, layer_of(item, &what)?),
        };
        parts.push(part);
    }
    Ok(parts)
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

/// A value of a map as a parameter of a custom layer.
fn parameter(layer: &str, name: &str, value: &Dynamic) -> Result<(String, Tensor)> {
    let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    let tensor = tensor.ok_or_else(|| {
        fault!(
            "type",
            "{layer}: parameter `{name}` must be a tensor, got {}",
            session::describe(value)
        )
    })?;
    Ok((name.to_string(), tensor))
}

/// The function that makes the parameters of a custom layer.
fn parameters_by(layer: String, function: Callback) -> crate::nn::custom::MakeParameters {
    Rc::new(move |shape: &Shape| {
        let value = function.call(vec![shape_value(shape)])?;
        let Some(map) = value.read_lock::<Map>() else {
            bail!(
                "type",
                "{layer}: `params` must give a map of tensors, gave {}",
                session::describe(&value)
            );
        };
        let parameters = map.iter();
        parameters
            .map(|(name, value)| parameter(&layer, name, value))
            .collect()
    })
}

/// The output of a custom layer.
fn custom_output(
    layer: &str,
    function: &Callback,
    parameters: &[(String, Tensor)],
    x: &Value,
    mode: Mode,
) -> Result<Tensor> {
    let parameters: Map = parameters
        .iter()
        .map(|(name, tensor)| (name.as_str().into(), tensor.clone().into_value()))
        .collect();
    let x = into_dynamic(x.clone());
    let mut arguments = vec![parameters.into(), x];
    if function.takes(3) {
        arguments.push(mode.training.into());
    }
    let output = function.call(arguments)?;
    let tensor = output.read_lock::<Tensor>().map(|tensor| tensor.clone());
    tensor.ok_or_else(|| {
        fault!(
            "type",
            "{layer}: `forward` must give a tensor, gave {}",
            session::describe(&output)
        )
    })
}

/// Returns a layer that applies layers one after the other.
///
/// ```rhai
/// let net = nn::build(
///     nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]), [4, 20]
/// );
/// assert_eq(net["stem.weight"].shape, [8, 4, 5]);
/// assert_eq(net["3.weight"].shape, [1, 128]);
/// ```
#[native(namespace = "nn")]
pub fn chain(
    call: &Call,
    /// Layers, or pairs of a name and a layer. The paths of parameters start with the name, or with
    /// the index from 0.
    layers: Array,
) -> Result<Layer> {
    if layers.is_empty() {
        bail!("value", "chain needs at least one layer");
    }
    let parts = parts_of(&layers, "the chain")?;
    layer(call, compose::Chain { parts })
}

/// Returns a layer that adds the output of a layer to its input.
///
/// The paths of parameters start with `body`, `shortcut` and `after`.
///
/// # Source
/// He et al. 2016
///
/// ```rhai
/// let block = nn::residual(
///     nn::conv1d(8, 3, #{ padding: "same" }), #{ shortcut: nn::conv1d(8, 1), after: nn::relu() }
/// );
/// assert_eq(nn::build(block, [4, 20]).output_shape, [8, 20]);
/// ```
/// ```rhai,fails
/// nn::build(nn::residual(nn::conv1d(8, 3)), [4, 20]);
/// //~ residual: the layer gives [8, 18], the skip [4, 20]
/// ```
#[native(namespace = "nn", returns = "layer, the shape of `body`'s output")]
pub fn residual(
    call: &Call,
    /// Layer whose output has the shape of its input, or of the output of `shortcut`.
    body: Layer,
    options: ResidualOptions,
) -> Result<Layer> {
    let residual = compose::Residual {
        layer: body,
        shortcut: options.shortcut,
        after: options.after,
    };
    layer(call, residual)
}

/// Returns a layer that applies several layers to one input and combines the outputs.
///
/// ```rhai
/// let both = nn::parallel([nn::global_max_pool(), nn::global_avg_pool()], #{ merge: "concat" });
/// assert_eq(nn::build(both, [8, 20]).output_shape, [16]);
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

/// Returns a chain of `n` layers, each of which a function returns.
///
/// ```rhai
/// let stack = nn::repeat(3, |i| nn::conv1d(8, 3, #{ padding: "same", dilation: 2 ** i }));
/// assert_eq(nn::build(stack, [4, 50]).output_shape, [8, 50]);
/// ```
#[native(namespace = "nn")]
pub fn repeat(
    call: &Call,
    /// Number of layers.
    #[check(min = 1)]
    n: i64,
    /// Function |i| that returns the layer of index i, from 0.
    make: Callback,
) -> Result<Layer> {
    let part = |i: i64| {
        let value = make.call(vec![i.into()])?;
        Ok((None, layer_of(&value, "what the function gives")?))
    };
    let parts = (0..n).map(part).collect::<Result<_>>()?;
    layer(call, compose::Chain { parts })
}

/// Returns a layer that applies a layer to both strands and combines the outputs.
///
/// The parameters are shared between the strands. An input of four channels is treated as one-hot
/// bases (A C G T) if it is the only one or is named `sequence`, other inputs [channels, length] as
/// tracks; where that is ambiguous, `input` or `inputs` has to state the kind. Outputs along the
/// sequence are merged position by position.
///
/// ```rhai
/// let net = nn::build(
///     nn::both_strands(nn::chain([nn::flatten(), nn::linear(1)])), [4, 4], #{ seed: 1 }
/// );
/// assert_near(net.forward(seq::one_hot(["AACG"])), net.forward(seq::one_hot(["CGTT"])));
/// ```
/// ```rhai
/// let along = nn::build(nn::both_strands(nn::conv1d(2, 3)), [4, 12], #{ seed: 1 });
/// let x = seq::one_hot(["AACGGGTACCAT"]);
/// assert_near(along.forward(x.flip([1, 2])), along.forward(x).flip([2]), 1e-6);
/// ```
#[native(namespace = "nn")]
pub fn both_strands(
    call: &Call,
    /// Layer that is applied to the sequence and to its reverse complement.
    body: Layer,
    options: BothStrandsOptions,
) -> Result<Layer> {
    let mut inputs = options.inputs.unwrap_or_default().0;
    if let Some(kind) = options.input {
        if !inputs.is_empty() {
            bail!("option", "options `input` and `inputs` do not go together";
                hint: "`input` is for one input, `inputs` for several");
        }
        inputs.insert(String::new(), kind.into());
    }
    let both = compose::BothStrands {
        layer: body,
        merge: options.merge.into(),
        inputs,
        outputs: options.outputs.into(),
    };
    layer(call, both)
}

/// Returns a layer that has the same parameters wherever it is used.
///
/// ```rhai
/// let same = nn::tied(nn::linear(4));
/// assert_eq(nn::build(nn::chain([same, nn::relu(), same]), [4]).parameter_count, 20);
/// ```
#[native(namespace = "nn")]
pub fn tied(
    call: &Call,
    /// Layer whose parameters are shared.
    body: Layer,
) -> Result<Layer> {
    layer(call, compose::Tied(body))
}

/// Returns a layer that a function of a script computes, with gradients.
///
/// ```rhai
/// let scale = nn::custom("scale", #{
///     params: |shape| #{ gain: init::ones([shape[0], 1]) },
///     forward: |p, x| x * p.gain,
/// });
/// let net = nn::build(scale, [4, 10]);
/// assert_eq(net.forward(tensor::ones([2, 4, 10])).shape, [2, 4, 10]);
/// ```
#[native(namespace = "nn")]
pub fn custom(
    call: &Call,
    /// Name of the layer in summaries and errors.
    name: &str,
    options: CustomOptions,
) -> Result<Layer> {
    let (shown, function) = (name.to_string(), options.forward);
    let custom = Custom {
        name: name.to_string(),
        parameters: options
            .params
            .map(|params| parameters_by(name.to_string(), params)),
        forward: Rc::new(move |parameters: &[(String, Tensor)], x: &Value, mode| {
            custom_output(&shown, &function, parameters, x, mode)
        }),
    };
    layer(call, custom)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        chain,
        residual,
        parallel,
        branches,
        repeat,
        both_strands,
        tied,
        custom,
    ]
}
