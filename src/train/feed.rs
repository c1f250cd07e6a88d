//! Batches on their way to a device.

use crate::base::Result;
use crate::data::Batch;
use crate::data::loader::Values;
use crate::nn::Value;
use crate::torch::{Device, Tensor};
use std::collections::BTreeMap;

/// The inputs of a batch as a network takes them: codes become one-hot on the device.
pub fn inputs(batch: &Batch, device: Device) -> Result<Value> {
    let n = batch.size as i64;
    let tensor = |values: &Values| match values {
        Values::Codes(codes, length) => Tensor::from_u8(codes, &[n, *length as i64])?.to_device(device)?.one_hot_codes(),
        Values::Dense(numbers, shape) => {
            let whole: Vec<i64> = std::iter::once(n).chain(shape.iter().map(|s| *s as i64)).collect();
            Tensor::from_f32(numbers, &whole)?.to_device(device)
        }
    };
    match batch.inputs.as_slice() {
        [(_, values)] => tensor(values).map(Value::One),
        many => Ok(Value::Many(many.iter().map(|(name, values)| Ok((name.clone(), tensor(values)?))).collect::<Result<BTreeMap<_, _>>>()?)),
    }
}

/// The labels of a batch, `[batch, tasks]`.
pub fn labels(batch: &Batch, device: Device) -> Result<Tensor> {
    Tensor::from_f32(&batch.labels, &[batch.size as i64, batch.tasks as i64])?.to_device(device)
}
