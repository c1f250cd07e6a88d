//! Inputs, outputs, layers and precisions of networks.

use crate::base::Result;
use crate::bind::types::Rows;
use crate::bind::warnings::mode::note_mode;
use crate::lang::value::array;
use crate::lang::{Call, Choice, IntoValue, session};
use crate::nn::{Layer, Model, Shape, Spec, Value};
use crate::torch::{Precision, Tensor};
use crate::{bail, fault};
use rhai::{Dynamic, Map};

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
        return Ok(Value::One(tensor.clone()));
    }
    if let Some(rows) = x.read_lock::<Rows>() {
        return match &rows.1 {
            Some(tensors) => Ok(tensors.0.clone()),
            None => crate::train::feed::inputs(&rows.0, model.device(), model.reads_codes()),
        };
    }
    if let Some(map) = x.read_lock::<Map>() {
        let one = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let tensor = value.read_lock::<Tensor>().map(|t| t.clone());
            tensor.map(|t| (name.to_string(), t)).ok_or_else(|| {
                fault!(
                    "type",
                    "input `{name}` must be a tensor, got {}",
                    session::describe(value)
                )
            })
        };
        return map.iter().map(one).collect::<Result<_>>().map(Value::Many);
    }
    bail!("type", "`x` must be a tensor, a batch or a map of tensors, got {}", session::describe(x);
        hint: "`seq::one_hot([\"ACGT\"])` turns letters into a tensor, `net.predict(set)` takes a \
            dataset")
}

/// The outputs of a network for a tensor, a batch or a map of tensors, as a script's value.
pub fn outputs(model: &Model, x: &Dynamic) -> Result<Dynamic> {
    let x = input_of(model, x)?;
    let out = model.forward(&x)?;
    note_mode(model, &x, &out);
    Ok(into_dynamic(out))
}

/// A value of a network as a script's value: a tensor, or a map of tensors by name.
pub fn into_dynamic(value: Value) -> Dynamic {
    match value {
        Value::One(tensor) => tensor.into_value(),
        Value::Many(many) => many
            .into_iter()
            .map(|(name, tensor)| (name.into(), tensor.into_value()))
            .collect::<Map>()
            .into(),
    }
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
