//! Batches as tensors on a device.

use crate::{Codes, Value};
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_genome::data::Batch;
use cistron_genome::data::loader::{Blend, Values};
use cistron_torch::{Device, Tensor};
use std::collections::BTreeMap;

/// Returns the inputs of a batch for a network: one-hot on the device, or codes if the network
/// reads codes and the batch has nothing else.
pub fn inputs(batch: &Batch, device: Device, reads_codes: bool) -> Result<Value> {
    let n = batch.size as i64;
    if let ([(_, Values::Codes(codes, length))], true, true) = (
        batch.inputs.as_slice(),
        reads_codes,
        batch.blends.is_empty(),
    ) {
        return Ok(Value::Codes(Codes::from_bytes(codes.clone(), *length)));
    }
    let mixed = Mix::of(batch, device)?;
    let tensor = |(_, values): &(String, Values)| -> Result<Tensor> {
        let (mut x, is_sequence) = match values {
            Values::Codes(codes, length) => (
                Tensor::from_u8(codes, &[n, *length as i64])?
                    .to_device(device)?
                    .one_hot_codes()?,
                true,
            ),
            Values::Letters(codes, length, letters) => (
                Tensor::from_u8(codes, &[n, *length as i64])?
                    .to_device(device)?
                    .one_hot_letters(*letters as i64)?,
                true,
            ),
            Values::Dense(numbers, shape) => {
                let whole: Vec<i64> = std::iter::once(n)
                    .chain(shape.iter().map(|s| *s as i64))
                    .collect();
                (Tensor::from_f32(numbers, &whole)?.to_device(device)?, false)
            }
        };
        for (i, blend) in batch.blends.iter().enumerate() {
            x = match blend {
                Blend::Noise(deviation) if is_sequence => {
                    x.add(&noise(&x, *deviation, batch.key ^ i as u64)?.to_device(device)?)?
                }
                Blend::Noise(_) => x,
                Blend::Mixup(_) => mixed
                    .iter()
                    .filter(|mix| mix.blend == i)
                    .try_fold(x, |x, mix| mix.apply(&x))?,
            };
        }
        Ok(x)
    };
    match batch.inputs.as_slice() {
        [one] => tensor(one).map(Value::One),
        many => Ok(Value::Many(
            many.iter()
                .map(|input| Ok((input.0.clone(), tensor(input)?)))
                .collect::<Result<BTreeMap<_, _>>>()?,
        )),
    }
}

/// Returns the labels of a batch, `[batch, tasks]`.
pub fn labels(batch: &Batch, device: Device) -> Result<Tensor> {
    let y = Tensor::from_f32(&batch.labels, &[batch.size as i64, batch.tasks as i64])?
        .to_device(device)?;
    Mix::of(batch, device)?
        .iter()
        .try_fold(y, |y, mix| mix.apply(&y))
}

/// Returns normal noise that depends only on the key.
fn noise(like: &Tensor, deviation: f64, key: u64) -> Result<Tensor> {
    let mut rng = Rng::keyed(&[key, 0x6e6f_6973]);
    let values: Vec<f32> = (0..like.numel())
        .map(|_| (rng.normal() * deviation) as f32)
        .collect();
    Tensor::from_f32(&values, &like.shape())
}

/// The partner of each row of a batch in mixup, and the weight of the row itself.
struct Mix {
    /// Index among the blends of the batch.
    blend: usize,
    partners: Tensor,
    shares: Tensor,
}

impl Mix {
    /// Returns the mixes of a batch.
    fn of(batch: &Batch, device: Device) -> Result<Vec<Mix>> {
        let mut mixes = Vec::new();
        for (i, blend) in batch.blends.iter().enumerate() {
            let Blend::Mixup(shape) = blend else { continue };
            let mut rng = Rng::keyed(&[batch.key, 0x6d69_7875, i as u64]);
            let partners: Vec<i64> = rng
                .permutation(batch.size)
                .into_iter()
                .map(i64::from)
                .collect();
            let shares: Vec<f32> = (0..batch.size).map(|_| rng.beta(*shape) as f32).collect();
            let n = batch.size as i64;
            mixes.push(Mix {
                blend: i,
                partners: Tensor::from_i64(&partners, &[n])?.to_device(device)?,
                shares: Tensor::from_f32(&shares, &[n])?.to_device(device)?,
            });
        }
        Ok(mixes)
    }

    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let mut shape = vec![1; x.rank()];
        shape[0] = -1;
        let share = self.shares.reshape(&shape)?;
        let partner = x.take(0, &self.partners)?;
        // a label that is NaN makes both NaN
        partner.add(&x.sub(&partner)?.mul(&share)?)
    }
}
