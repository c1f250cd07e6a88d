//! Samples of networks, as functions that explain or evaluate networks take them.

use crate::base::Result;
use crate::bind::args::network::input_of;
use crate::bind::args::sequence::codes_of;
use crate::bind::types::Data;
use crate::data::{Batching, Loader};
use crate::explain::baselines::is_sequence;
use crate::lang::session;
use crate::nn::{Codes, Model, Shape, Value};
use crate::torch::{Device, Tensor};
use crate::{bail, fault};
use rhai::Dynamic;
use std::sync::Arc;

/// Samples as networks take them, on the CPU: one-hot sequences, or several inputs by name.
pub fn samples(net: &Model, x: &Dynamic) -> Result<Value> {
    let value = if let Some(set) = x.read_lock::<Data>() {
        let rows = match set.0.batching {
            None => 1024,
            Some(Batching::One) if set.0.len() > 1 => bail!(
                "data",
                "rows that differ in size and are not padded cannot be explained together";
                hint: "explain one row at a time, `set.take(1)`, or use `batches: \"padded\"`"
            ),
            // one batch, so that all rows have one size
            Some(_) => set.0.len(),
        };
        let batches = Loader::plain(&set.0, rows)
            .start()
            .map(|rows| crate::train::feed::inputs(&rows?, Device::CPU, false))
            .collect::<Result<Vec<_>>>()?;
        Value::cat(&batches)?
    } else if x.is_array() {
        let texts = x.clone().into_typed_array::<String>().map_err(|_| {
            fault!(
                "type",
                "sequences must be strings, got {}",
                session::describe(x)
            )
        })?;
        let (codes, length) = codes_of(&texts)?;
        Value::Codes(Codes::from_bytes(Arc::new(codes), length))
    } else {
        input_of(net, x)?
    };
    let value = value.one_hot()?.map(|tensor| {
        Codes::infer(tensor).map_or_else(|| Ok(tensor.clone()), |codes| codes.one_hot())
    })?;
    if value.rows() == 0 {
        bail!("value", "there are no samples to explain");
    }
    Ok(value)
}

/// Samples of a network of one input, sequences `[batch, 4, length]`.
pub fn sequences(net: &Model, x: &Dynamic) -> Result<Tensor> {
    let value = samples(net, x)?;
    let tensor = value.one().map_err(|_| {
        fault!(
            "shape",
            "this takes networks of one input, sequences [4, length]"
        )
    })?;
    if !is_sequence(tensor) {
        bail!(
            "shape",
            "this takes sequences [batch, 4, length], got {}",
            crate::base::shape::text(&tensor.shape())
        );
    }
    Ok(tensor.clone())
}

/// The length of the sequences that a network takes.
pub fn sequence_length(net: &Model) -> Result<usize> {
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
    Ok(length as usize)
}
