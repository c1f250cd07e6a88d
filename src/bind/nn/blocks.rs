//! `nn::…`: layers made of layers, custom layers, building.

use crate::base::Result;
use crate::bind::nn::layers::layer;
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, IntoValue, Options, session};
use crate::nn::compose::{self, Merge, TurnedBack};
use crate::nn::custom::Custom;
use crate::nn::strands::InputKind;
use crate::nn::{How, Layer, Mode, Model, Shape, Value};
use crate::torch::{Device, Precision, Tensor};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeMap;
use std::rc::Rc;

const RESIDUAL: &[Opt] = &[
    opt(
        "shortcut",
        OptKind::Other("layer"),
        "",
        "what the input goes through before it is added",
    ),
    opt(
        "after",
        OptKind::Other("layer"),
        "",
        "what the sum goes through",
    ),
];

const MERGE: &[Opt] = &[opt(
    "merge",
    OptKind::Choice(Merge::NAMES),
    "\"concat\"",
    "how outputs become one: concat (along the channels), add, mean, max",
)];

const BRANCHES: &[Opt] = &[
    opt(
        "merge",
        OptKind::Choice(Merge::NAMES),
        "\"concat\"",
        "how outputs become one: concat (along the channels), add, mean, max",
    ),
    opt(
        "order",
        OptKind::Other("array of input names"),
        "",
        "the order of the branches, where `layers` is a map",
    ),
];

const STRANDS: &[Opt] = &[
    opt(
        "merge",
        OptKind::Choice(Merge::NAMES),
        "\"mean\"",
        "how the two outputs become one: mean, max, add, concat",
    ),
    opt(
        "input",
        OptKind::Choice(InputKind::NAMES),
        "",
        "what the one input is: sequence (reverse complement), track (read backwards), stranded (read backwards, channels 0 and 1, 2 and 3, … exchanged), features (the same); told by its shape unless given",
    ),
    opt(
        "inputs",
        OptKind::Other("map of input name to one of these words"),
        "",
        "what each of several inputs is",
    ),
    opt(
        "outputs",
        OptKind::Choice(TurnedBack::NAMES),
        "\"aligned\"",
        "how an output [channels, positions] of the reverse strand is turned back before the merge: aligned (positions backwards), stranded (channels 0 and 1, … exchanged too; features too), as_is",
    ),
];

/// Kinds of inputs, as a map of options states them.
pub fn kinds_of(map: Option<Map>) -> Result<BTreeMap<String, InputKind>> {
    let kind = |(name, value): (rhai::Identifier, Dynamic)| {
        let word = value.clone().into_string().unwrap_or_default();
        let found = InputKind::named(&word);
        let words = || {
            InputKind::NAMES
                .iter()
                .map(|word| format!("\"{word}\""))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let found = found.ok_or_else(|| {
            fault!(
                "option",
                "option `inputs`: `{name}` must be one of {}, got {}",
                words(),
                session::describe(&value)
            )
        })?;
        Ok((name.to_string(), found))
    };
    map.unwrap_or_default().into_iter().map(kind).collect()
}

const CUSTOM: &[Opt] = &[
    opt(
        "params",
        OptKind::Other("function |shape| map of tensors"),
        "",
        "makes the parameters for an input's shape (without the batch)",
    ),
    opt(
        "forward",
        OptKind::Other("function |p, x| tensor"),
        "",
        "computes the output from parameters and input; a third parameter tells whether it trains",
    ),
];

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

/// Parts of a layer: layers, or pairs of a name and a layer.
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
                    bail!("type", "{what} must be a layer, or a pair of a name and a layer"; hint: "`[\"stem\", nn::conv1d(…)]`")
                }
            },
            None => (None, layer_of(item, &what)?),
        };
        parts.push(part);
    }
    Ok(parts)
}

/// The branches of a map or of pairs, in order.
fn branches_of(value: &Dynamic, order: Option<Vec<String>>) -> Result<Vec<(String, Layer)>> {
    let mut parts: Vec<(String, Layer)> = if let Some(map) = value.read_lock::<Map>() {
        map.iter()
            .map(|(name, value)| {
                Ok((
                    name.to_string(),
                    layer_of(value, &format!("branch `{name}`"))?,
                ))
            })
            .collect::<Result<_>>()?
    } else if let Some(items) = value.read_lock::<Array>() {
        let pair = |(i, (name, layer)): (usize, (Option<String>, Layer))| {
            let name = name.ok_or_else(|| fault!("type", "branch {i} is a layer without the name of its input"; hint: "`[\"sequence\", nn::conv1d(…)]`"))?;
            Ok((name, layer))
        };
        parts_of(&items, "the branches")?
            .into_iter()
            .enumerate()
            .map(pair)
            .collect::<Result<_>>()?
    } else {
        bail!(
            "type",
            "`layers` must be a map of input name to layer, or an array of pairs, got {}",
            session::describe(value)
        );
    };
    if parts.is_empty() {
        bail!("value", "branches needs at least one layer");
    }
    if let Some(order) = order {
        let place = |name: &String| order.iter().position(|own| own == name);
        let repeated = order
            .iter()
            .enumerate()
            .any(|(i, name)| order[..i].contains(name));
        if repeated
            || order.len() != parts.len()
            || parts.iter().any(|(name, _)| place(name).is_none())
        {
            let names = parts
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect::<Vec<_>>()
                .join(", ");
            bail!(
                "option",
                "option `order` must name every branch once: {names}"
            );
        }
        parts.sort_by_key(|(name, _)| place(name));
    }
    Ok(parts)
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

/// A shape as a script reads it.
pub fn shape_value(shape: &Shape) -> Dynamic {
    match shape {
        Shape::One(one) => array(one.clone()).into(),
        Shape::Many(many) => many
            .iter()
            .map(|(name, one)| (name.as_str().into(), array(one.clone()).into()))
            .collect::<Map>()
            .into(),
    }
}

fn custom(name: &str, o: &Options) -> Result<Custom> {
    let forward: Callback = o.need("forward")?;
    let parameters = o.get::<Callback>("params")?.map(|make| {
        let name = name.to_string();
        let make = move |shape: &Shape| -> Result<Vec<(String, Tensor)>> {
            let made = make.call(vec![shape_value(shape)])?;
            let map = made.read_lock::<Map>().map(|m| m.clone()).ok_or_else(|| {
                fault!(
                    "type",
                    "{name}: `params` must give a map of tensors, gave {}",
                    session::describe(&made)
                )
            })?;
            map.into_iter()
                .map(|(key, value)| {
                    let tensor = value.read_lock::<Tensor>().map(|t| t.clone());
                    tensor.map(|t| (key.to_string(), t)).ok_or_else(|| {
                        fault!(
                            "type",
                            "{name}: parameter `{key}` must be a tensor, got {}",
                            session::describe(&value)
                        )
                    })
                })
                .collect()
        };
        Rc::new(make) as crate::nn::custom::MakeParameters
    });
    let shown = name.to_string();
    let forward = move |parameters: &[(String, Tensor)], x: &Value, mode: Mode| -> Result<Tensor> {
        let p: Map = parameters
            .iter()
            .map(|(name, t)| (name.as_str().into(), t.clone().into_value()))
            .collect();
        let mut args = vec![p.into(), crate::bind::nn::layers::into_dynamic(x.clone())];
        if forward.takes(3) {
            args.push(mode.training.into());
        }
        let made = forward.call(args)?;
        made.read_lock::<Tensor>()
            .map(|t| t.clone())
            .ok_or_else(|| {
                fault!(
                    "type",
                    "{shown}: `forward` must give a tensor, gave {}",
                    session::describe(&made)
                )
            })
    };
    Ok(Custom {
        name: name.to_string(),
        parameters,
        forward: Rc::new(forward),
    })
}

/// Builds a model by the options of `nn::build`.
pub fn build_model(layer: &Layer, shape: &Shape, o: &Options) -> Result<Model> {
    let settings = session::settings();
    let seed = o
        .maybe_int("seed")
        .map_or(settings.seed, |seed| seed as u64);
    let device = Device::parse(&if o.has("device") {
        o.text("device")
    } else {
        settings.device
    })?;
    Model::build(
        layer,
        shape,
        &How {
            seed,
            device,
            fast: o.flag("fast"),
            precision: Precision::named(&o.text("amp")),
            name: o.text("name"),
        },
    )
}

natives! { natives in "nn" {
    /// Puts layers one after the other.
    ///
    /// - `layers`: layers, or pairs of a name and a layer; a part is named by its number or its
    ///   name
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]), [4, 20]);
    /// assert_eq(net["stem.weight"].shape, [8, 4, 5]);
    /// assert_eq(net["3.weight"].shape, [1, 128]);
    /// ```
    function "chain"(c, layers: Array) -> "layer" {
        if layers.is_empty() { bail!("value", "chain needs at least one layer"); }
        layer(c, compose::Chain { parts: parts_of(&layers, "the chain")? })
    }

    /// Adds a layer's output to its input (He et al. 2016).
    ///
    /// Parameters stand below `body`, `shortcut` and `after`.
    ///
    /// ```rhai
    /// let block = nn::residual(nn::conv1d(8, 3, #{ padding: "same" }), #{ shortcut: nn::conv1d(8, 1), after: nn::relu() });
    /// assert_eq(nn::build(block, [4, 20]).output_shape, [8, 20]);
    /// ```
    /// ```rhai,fails
    /// nn::build(nn::residual(nn::conv1d(8, 3)), [4, 20]);
    /// //~ residual: the layer gives [8, 18], the skip [4, 20]
    /// ```
    function "residual"(c, body: Layer; o = RESIDUAL) -> "layer, the shape of `body`'s output" {
        layer(c, compose::Residual { layer: body, shortcut: o.get("shortcut")?, after: o.get("after")? })
    }

    /// Sends one input through several layers and merges what they give.
    ///
    /// ```rhai
    /// let both = nn::parallel([nn::global_max_pool(), nn::global_avg_pool()], #{ merge: "concat" });
    /// assert_eq(nn::build(both, [8, 20]).output_shape, [16]);
    /// ```
    function "parallel"(c, layers: Array; o = MERGE) -> "layer" {
        layer(c, compose::Parallel { parts: layers_of(&layers, "parallel")?, merge: Merge::named(&o.text("merge")) })
    }

    /// Sends each named input through a separate layer and merges the outputs, in the order of
    /// `layers`.
    ///
    /// - `layers`: pairs of an input's name and its layer, `[["sequence", …], ["shape", …]]`; of a
    ///   map, whose keys have no order, the names are in alphabetical order unless `order` states
    ///   one. The summary lists the branches in their order.
    ///
    /// ```rhai
    /// let two = nn::branches(#{ sequence: nn::conv1d(8, 3), shape: nn::conv1d(2, 3) });
    /// let net = nn::build(two, #{ sequence: [4, 20], shape: [5, 20] });
    /// assert_eq(net.output_shape, [10, 18]);
    /// ```
    /// ```rhai
    /// let two = nn::branches([["shape", nn::linear(1)], ["charge", nn::linear(2)]]);
    /// let net = nn::build(two, #{ shape: [5], charge: [3] }, #{ seed: 1 });
    /// assert_eq(net.names()[0], "shape.weight");     // the first number of the output comes from `shape`
    /// ```
    function "branches"(c, layers: Dynamic; o = BRANCHES) -> "layer of several inputs" {
        layer(c, compose::Branches { parts: branches_of(&layers, o.get("order")?)?, merge: Merge::named(&o.text("merge")) })
    }

    /// Makes `n` layers with a function of their number and puts them one after the other.
    ///
    /// ```rhai
    /// let stack = nn::repeat(3, |i| nn::conv1d(8, 3, #{ padding: "same", dilation: 2 ** i }));
    /// assert_eq(nn::build(stack, [4, 50]).output_shape, [8, 50]);
    /// ```
    function "repeat"(c, n: i64, make: Callback) -> "layer" {
        crate::lang::native::at_least("n", n, 1)?;
        let parts = (0..n).map(|i| Ok((None, layer_of(&make.call(vec![i.into()])?, "what the function gives")?))).collect::<Result<_>>()?;
        layer(c, compose::Chain { parts })
    }

    /// Applies one layer to the sequence and to its reverse complement, with the same parameters,
    /// and merges.
    ///
    /// An input of four channels that is alone, or is called `sequence`, is taken for one-hot bases
    /// (A C G T), others [channels, length] for tracks; where that leaves a doubt, `input` or
    /// `inputs` has to say what they are. Outputs along the sequence are merged position by
    /// position.
    ///
    /// ```rhai
    /// let net = nn::build(nn::both_strands(nn::chain([nn::flatten(), nn::linear(1)])), [4, 4], #{ seed: 1 });
    /// assert_near(net.forward(seq::one_hot(["AACG"])), net.forward(seq::one_hot(["CGTT"])));
    /// ```
    /// ```rhai
    /// let along = nn::build(nn::both_strands(nn::conv1d(2, 3)), [4, 12], #{ seed: 1 });
    /// let x = seq::one_hot(["AACGGGTACCAT"]);
    /// assert_near(along.forward(x.flip([1, 2])), along.forward(x).flip([2]), 1e-6);
    /// ```
    function "both_strands"(c, body: Layer; o = STRANDS) -> "layer" {
        let mut inputs = kinds_of(o.get("inputs")?)?;
        if let Some(kind) = InputKind::named(&o.text("input")) {
            if !inputs.is_empty() { bail!("option", "options `input` and `inputs` do not go together"; hint: "`input` is for one input, `inputs` for several"); }
            inputs.insert(String::new(), kind);
        }
        let (merge, outputs) = (Merge::named(&o.text("merge")), TurnedBack::named(&o.text("outputs")));
        layer(c, compose::BothStrands { layer: body, merge, inputs, outputs })
    }

    /// Makes a description share one set of parameters wherever it stands.
    ///
    /// ```rhai
    /// let same = nn::tied(nn::linear(4));
    /// assert_eq(nn::build(nn::chain([same, nn::relu(), same]), [4]).parameter_count, 20);
    /// ```
    function "tied"(c, body: Layer) -> "layer" { layer(c, compose::Tied(body)) }

    /// Makes a layer out of tensor operations, with gradients.
    ///
    /// ```rhai
    /// let scale = nn::custom("scale", #{
    ///     params: |shape| #{ gain: init::ones([shape[0], 1]) },
    ///     forward: |p, x| x * p.gain,
    /// });
    /// let net = nn::build(scale, [4, 10]);
    /// assert_eq(net.forward(tensor::ones([2, 4, 10])).shape, [2, 4, 10]);
    /// ```
    function "custom"(c, name: String; o = CUSTOM) -> "layer" { layer(c, custom(&name, &o)?) }
} }
