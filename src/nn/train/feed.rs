//! Batches as tensors on a device.

use crate::{Codes, Shape, Value};
use cistron_base::Result;
use cistron_base::seed::Rng;
use cistron_genome::data::loader::{Blend, Part, Values};
use cistron_genome::data::{Batch, LabelGroup};
use cistron_torch::{Device, Tensor};
use std::collections::BTreeMap;

/// Returns the inputs of a batch for a network: one-hot on the device, or codes if the network
/// reads codes and the batch has nothing else.
pub fn inputs(batch: &Batch, device: Device, reads_codes: bool) -> Result<Value> {
    let n = batch.size as i64;
    if let Some((whole, part)) = of_mixed(batch) {
        let rows = |x: &Tensor| x.narrow(0, part.first as i64, n);
        return inputs(whole, device, reads_codes)?.map(rows);
    }
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

/// Returns the labels of a batch for the outputs of a network: one tensor, or one for each group of
/// labels.
pub fn labels(batch: &Batch, device: Device, output: &Shape) -> Result<Value> {
    let y = flat_labels(batch, device)?;
    match output {
        Shape::One(_) => one_label(&y, &batch.label_groups).map(Value::One),
        Shape::Many(_) => labels_by_name(&y, &batch.label_groups).map(Value::Many),
    }
}

/// The batch whose rows are mixed before a process takes its part, and that part.
fn of_mixed(batch: &Batch) -> Option<(&Batch, Part)> {
    Some((batch.mixed.as_deref()?, batch.part?))
}

/// Returns the labels of a batch, `[batch, tasks]`.
pub fn flat_labels(batch: &Batch, device: Device) -> Result<Tensor> {
    if let Some((whole, part)) = of_mixed(batch) {
        return flat_labels(whole, device)?.narrow(0, part.first as i64, batch.size as i64);
    }
    let y = Tensor::from_f32(&batch.labels, &[batch.size as i64, batch.tasks as i64])?
        .to_device(device)?;
    Mix::of(batch, device)?
        .iter()
        .try_fold(y, |y, mix| mix.apply(&y))
}

/// Labels `[rows, tasks]` as those of one output: in the shape of the group where there is one,
/// otherwise side by side.
pub fn one_label(labels: &Tensor, groups: &[LabelGroup]) -> Result<Tensor> {
    match groups {
        [group] if group.shape.len() != 1 => shaped(labels, group),
        _ => Ok(labels.clone()),
    }
}

/// Labels `[rows, tasks]` as a script sees them: as one tensor unless there are several and one of
/// them has several axes.
pub fn labels_in_shape(labels: &Tensor, groups: &[LabelGroup]) -> Result<Value> {
    if groups.len() > 1 && groups.iter().any(|group| group.shape.len() > 1) {
        labels_by_name(labels, groups).map(Value::Many)
    } else {
        one_label(labels, groups).map(Value::One)
    }
}

/// Labels `[rows, tasks]` as one tensor for each group.
pub fn labels_by_name(labels: &Tensor, groups: &[LabelGroup]) -> Result<BTreeMap<String, Tensor>> {
    let mut start = 0;
    let mut out = BTreeMap::new();
    for group in groups {
        let size = group.size() as i64;
        let own = labels.narrow(1, start, size)?;
        out.insert(group.name.clone(), shaped(&own, group)?);
        start += size;
    }
    Ok(out)
}

/// Labels of a group in its shape.
fn shaped(labels: &Tensor, group: &LabelGroup) -> Result<Tensor> {
    let rows = labels.shape().first().copied().unwrap_or(0);
    let shape: Vec<i64> = std::iter::once(rows)
        .chain(group.shape.iter().map(|n| *n as i64))
        .collect();
    labels.reshape(&shape)
}

/// Returns the labels of a group of a batch, row after row.
pub fn labels_named(batch: &Batch, name: &str) -> Option<Vec<f32>> {
    let range = LabelGroup::range(&batch.label_groups, name)?;
    let rows = batch.labels.chunks(batch.tasks.max(1));
    Some(rows.flat_map(|row| row[range.clone()].to_vec()).collect())
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
