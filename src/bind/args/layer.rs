//! Initialisers, sizes and padding of layers.

use crate::base::Result;
use crate::bind::args::network::shape_value;
use crate::lang::native::at_least;
use crate::lang::value::{Ints, array};
use crate::lang::{Callback, FromValue, Options, session};
use crate::nn::custom::MakeParameters;
use crate::nn::{Init, Layer, Shape, conv, init};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// The initialiser of the weights of a layer; none is PyTorch's default.
pub struct InitRule(pub Option<Init>);

impl FromValue for InitRule {
    fn kind() -> String {
        "name of an initialiser or a function |shape| tensor".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Ok(name) = value.clone().into_string() else {
            let function = Callback::from_value(value, context)?;
            return Ok(InitRule(Some(custom_init(function))));
        };
        if init::NAMES.contains(&name.as_str()) {
            return Ok(InitRule(Init::named(&name)));
        }
        let hint = match crate::base::near::nearest(&name, init::NAMES) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", init::NAMES.join(", ")),
        };
        Err(fault!("option", "no initialiser is called \"{name}\"").hint(hint))
    }
}

/// The initialiser that a function of a script computes.
pub fn custom_init(function: Callback) -> Init {
    Init::Custom(Rc::new(move |shape| {
        let value = function.call(vec![array(shape.to_vec()).into()])?;
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor.ok_or_else(|| {
            fault!(
                "type",
                "the initialiser must give a tensor, gave {}",
                session::describe(&value)
            )
        })
    }))
}

/// The function of a script that creates the parameters or buffers of a layer for a shape; `role`
/// is the option that names it.
pub fn tensors_by(layer: String, role: &'static str, function: Callback) -> MakeParameters {
    Rc::new(move |shape: &Shape| {
        let value = function.call(vec![shape_value(shape)])?;
        let Some(map) = value.read_lock::<Map>() else {
            bail!(
                "type",
                "{layer}: `{role}` must return a map of tensors, returned {}",
                session::describe(&value)
            );
        };
        let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
            let tensor = tensor.ok_or_else(|| {
                fault!(
                    "type",
                    "{layer}: `{name}` of `{role}` must be a tensor, got {}",
                    session::describe(value)
                )
            })?;
            Ok((name.to_string(), tensor))
        };
        map.iter().map(one).collect()
    })
}

/// The padding of a convolution.
pub enum PaddingRule {
    /// This many zeros at both ends.
    Zeros(i64),
    /// As many zeros as preserve the length at stride 1.
    Same,
    /// The zeros of `Same`, all of them at the start.
    Causal,
}

impl PaddingRule {
    /// The padding of all axes.
    pub fn over(&self, axes: usize) -> conv::Padding {
        match self {
            PaddingRule::Zeros(zeros) => conv::Padding::Fixed(vec![*zeros; axes]),
            PaddingRule::Same => conv::Padding::Same,
            PaddingRule::Causal => conv::Padding::Causal,
        }
    }
}

impl FromValue for PaddingRule {
    fn kind() -> String {
        "integer, \"same\", \"valid\" or \"causal\"".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        match (value.as_int(), value.clone().into_string().as_deref()) {
            (Ok(zeros), _) if zeros >= 0 => Ok(PaddingRule::Zeros(zeros)),
            (_, Ok("same")) => Ok(PaddingRule::Same),
            (_, Ok("valid")) => Ok(PaddingRule::Zeros(0)),
            (_, Ok("causal")) => Ok(PaddingRule::Causal),
            _ => bail!(
                "option",
                "must be an integer of at least 0, \"same\", \"valid\" or \"causal\", got {}",
                session::describe(value)
            ),
        }
    }
}

/// How the windows of a convolution are placed.
#[derive(Options)]
pub struct WindowOptions {
    /// Step between windows, in positions.
    #[option(default = 1, min = 1)]
    pub stride: i64,
    /// Zeros at both ends: a number of positions, "valid" (none), "same" (as many as preserve the
    /// length at stride 1) or "causal" (the same number, all of them at the start).
    #[option(default = 0)]
    pub padding: PaddingRule,
    /// Step between the positions of a window.
    #[option(default = 1, min = 1)]
    pub dilation: i64,
}

/// Fails unless each number is at least 1.
pub fn all_positive(name: &str, values: &[i64]) -> Result<()> {
    at_least(name, values.iter().copied().min().unwrap_or(0), 1)
}

/// One number for all axes, or one for each.
pub fn spread(values: Ints, axes: usize) -> Result<Vec<i64>> {
    match values.0.len() {
        1 => Ok(vec![values.0[0]; axes]),
        n if n == axes => Ok(values.0),
        n => bail!("value", "expected 1 or {axes} numbers, got {n}"),
    }
}

/// The layer that a value is; `what` names it in errors.
pub fn layer_of(value: &Dynamic, what: &str) -> Result<Layer> {
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
pub fn parts_of(items: &Array, whole: &str) -> Result<Vec<(Option<String>, Layer)>> {
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
