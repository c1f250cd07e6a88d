//! `nn::…`: layers that contain other layers.

use crate::bail;
use crate::base::Result;
use crate::bind::args::layer::{layer_of, parts_of};
use crate::bind::args::network::{MergeName, layer};
use crate::lang::{Call, Callback, Choice, FromValue, Native, Options, native, natives_of};
use crate::nn::Layer;
use crate::nn::compose::{self, TurnedBack};
use crate::nn::strands::InputKind;
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::collections::BTreeMap;

/// Options of `nn::residual`.
#[derive(Options)]
pub struct ResidualOptions {
    /// Layer that is applied to the input before it is added.
    shortcut: Option<Layer>,
    /// Layer that is applied to the sum.
    after: Option<Layer>,
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
    /// Values of pairs of positions, which are reversed along both axes.
    Map,
    /// Values of both strands without positions, which are exchanged.
    Pairs,
}

impl From<InputName> for InputKind {
    fn from(name: InputName) -> InputKind {
        match name {
            InputName::Sequence => InputKind::Sequence,
            InputName::Track => InputKind::Track,
            InputName::Stranded => InputKind::Stranded,
            InputName::Features => InputKind::Features,
            InputName::Map => InputKind::Map,
            InputName::Pairs => InputKind::Pairs,
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
/// //~ residual: the layer returns [8, 18], the skip [4, 20]
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
        Ok((None, layer_of(&value, "what the function returns")?))
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

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![chain, residual, repeat, both_strands, tied,]
}
