//! Inputs, outputs, layers and precisions of networks.

use crate::base::Result;
use crate::bind::types::Rows;
use crate::bind::warnings::mode::note_mode;
use crate::convert::{choose_or, kind_of_choice};
use crate::lang::value::array;
use crate::lang::{Call, Callback, Choice, FromValue, IntoValue, session};
use crate::nn::compose::{Merge, MergeBy};
use crate::nn::{Layer, Model, Shape, Spec, Value};
use crate::torch::{Precision, Tensor};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::rc::Rc;

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

/// How the outputs of layers side by side are combined, as a script writes it.
pub enum MergeArgument {
    /// A name.
    Name(MergeName),
    /// A function |outputs|.
    Function(Callback),
}

impl FromValue for MergeArgument {
    fn kind() -> String {
        kind_of_choice::<MergeName>() + ", or a function |outputs|"
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(MergeArgument::Function);
        }
        let name = choose_or(value, &Self::kind());
        name.map(MergeArgument::Name)
    }
}

impl From<MergeArgument> for MergeBy {
    fn from(argument: MergeArgument) -> MergeBy {
        let function = match argument {
            MergeArgument::Name(name) => return MergeBy::Rule(name.into()),
            MergeArgument::Function(function) => function,
        };
        MergeBy::Function(Rc::new(move |outputs: &[Tensor]| {
            let outputs: Array = outputs.iter().map(|own| own.clone().into_value()).collect();
            let merged = function.call(vec![outputs.into()])?;
            tensors_of(&merged, "the output of `merge`")
        }))
    }
}

/// The names of the precisions.
#[derive(Choice)]
pub enum PrecisionName {
    /// 32-bit floats.
    F32,
    /// Bfloat16 in convolutions and matrix products.
    Bf16,
    /// 19-bit operands in products, on GPUs.
    Tf32,
}

impl From<PrecisionName> for Precision {
    fn from(name: PrecisionName) -> Precision {
        match name {
            PrecisionName::F32 => Precision::Full,
            PrecisionName::Bf16 => Precision::Bf16,
            PrecisionName::Tf32 => Precision::Tf32,
        }
    }
}

/// The inputs of a network, read from a tensor, a batch or a map of tensors.
pub fn input_of(model: &Model, x: &Dynamic) -> Result<Value> {
    if let Some(tensor) = x.read_lock::<Tensor>() {
        return Ok(Value::infer(tensor.clone()));
    }
    if let Some(rows) = x.read_lock::<Rows>() {
        return match &rows.1 {
            Some(tensors) => Ok(tensors.0.clone()),
            None => crate::train::feed::inputs(&rows.0, model.device(), model.reads_codes()),
        };
    }
    if x.is_map() {
        return tensors_of(x, "`x`");
    }
    bail!("type", "`x` must be a tensor, a batch or a map of tensors, got {}", session::describe(x);
        hint: "`seq::one_hot([\"ACGT\"])` turns letters into a tensor, `net.predict(set)` takes a \
            dataset")
}

/// The tensors in a value: one, or several by name; `what` names the value in errors.
pub fn tensors_of(value: &Dynamic, what: &str) -> Result<Value> {
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return Ok(Value::One(tensor.clone()));
    }
    let Some(map) = value.read_lock::<Map>() else {
        bail!(
            "type",
            "{what} must be a tensor or a map of tensors, got {}",
            session::describe(value)
        );
    };
    if map.is_empty() {
        bail!(
            "type",
            "{what} must be a tensor or a map of tensors, got an empty map"
        );
    }
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let tensor = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
        tensor
            .map(|tensor| (name.to_string(), tensor))
            .ok_or_else(|| {
                fault!(
                    "type",
                    "{what}: `{name}` must be a tensor, got {}",
                    session::describe(value)
                )
            })
    };
    map.iter().map(one).collect::<Result<_>>().map(Value::Many)
}

/// The outputs of a network for a tensor, a batch or a map of tensors, as a script's value.
pub fn outputs(model: &Model, x: &Dynamic) -> Result<Dynamic> {
    let x = input_of(model, x)?;
    let out = model.forward(&x)?;
    note_mode(model, &x, &out);
    into_dynamic(out)
}

/// A value of a network as a script's value: a tensor, or a map of tensors by name.
pub fn into_dynamic(value: Value) -> Result<Dynamic> {
    Ok(match value {
        Value::One(tensor) => tensor.into_value(),
        Value::Codes(codes) => codes.tensor()?.into_value(),
        Value::Many(many) => many
            .into_iter()
            .map(|(name, tensor)| (name.into(), tensor.into_value()))
            .collect::<Map>()
            .into(),
    })
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

/// Describes a layer with its position in the script.
pub fn layer(call: &Call, spec: impl Spec + 'static) -> Result<Layer> {
    let deepest = crate::nn::spec::DEEPEST;
    if spec.depth() >= deepest {
        bail!("value", "layers are nested more than {deepest} deep";
            hint: "one `nn::chain` takes any number of layers: collect them in an array first, or \
                use `nn::repeat(n, |i| …)`");
    }
    Ok(Layer::new(spec, Some(call.place())))
}
