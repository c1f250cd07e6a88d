//! Outputs before and after a region is shuffled, of all combinations of inputs, and of random
//! sequences.

use super::target::{Still, Target};
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt, memory, shape};
use cistron_base::{bail, fault};
use cistron_genome::seq::shuffle::Shuffler;
use cistron_nn::{Model, Value};
use cistron_torch::{Device, Tensor, grad};
use std::collections::BTreeMap;

/// A region that is shuffled.
pub struct Region {
    /// Its positions.
    pub range: (usize, usize),
    /// The k-lets whose counts are kept.
    pub k: usize,
    /// Shuffles of each sequence.
    pub copies: usize,
    /// Equal seeds draw equal shuffles.
    pub seed: u64,
}

impl Region {
    /// Sequences of `codes`, each followed by its other shuffles.
    pub fn shuffled(&self, codes: &[u8], length: usize) -> Vec<u8> {
        let mut shuffler = Shuffler::default();
        let mut out = Vec::with_capacity(codes.len() * self.copies);
        for (row, own) in codes.chunks_exact(length.max(1)).enumerate() {
            for copy in 0..self.copies {
                let from = out.len();
                out.extend_from_slice(own);
                let mut rng = Rng::keyed(&[self.seed, 0x7368_7566, row as u64, copy as u64]);
                shuffler.shuffle(
                    &mut out[from + self.range.0..from + self.range.1],
                    self.k,
                    &mut rng,
                );
            }
        }
        out
    }
}

/// The outputs of a network, `batch` rows at a time, on the CPU.
fn outputs(
    net: &Model,
    rows: i64,
    batch: i64,
    input: impl Fn(i64, i64) -> Result<Value>,
) -> Result<Tensor> {
    let _still = Still::of(net)?;
    let _guard = grad::no_grad();
    let one = |from: i64| {
        interrupt::check()?;
        let x = input(from, batch.min(rows - from))?.map(|x| x.to_device(net.device()))?;
        net.forward(&x)?.one()?.to_device(Device::CPU)
    };
    Tensor::cat(
        &(0..rows)
            .step_by(batch as usize)
            .map(one)
            .collect::<Result<Vec<_>>>()?,
        0,
    )
}

/// Outputs before `[samples, …]` and after `[samples, copies, …]` a region of sequences is
/// shuffled.
pub fn ablated(
    net: &Model,
    codes: &[u8],
    length: usize,
    region: &Region,
    batch: i64,
) -> Result<(Tensor, Tensor)> {
    let samples = (codes.len() / length.max(1)) as i64;
    memory::elements(&[codes.len() as i64, region.copies as i64], 1)?;
    let of = |codes: &[u8]| {
        outputs(net, (codes.len() / length) as i64, batch, |from, rows| {
            let own = &codes[from as usize * length..][..rows as usize * length];
            Tensor::from_u8(own, &[rows, length as i64])?
                .one_hot_codes()
                .map(Value::One)
        })
    };
    let (before, after) = (of(codes)?, of(&region.shuffled(codes, length))?);
    let rest = before.shape()[1..].to_vec();
    Ok((
        before,
        after.reshape(&[&[samples, region.copies as i64], &rest[..]].concat())?,
    ))
}

/// Outputs of all combinations of rows of several inputs, an axis for each input in the order of
/// their names.
pub fn product(net: &Model, inputs: &BTreeMap<String, Tensor>, batch: i64) -> Result<Tensor> {
    let counts: Vec<i64> = inputs
        .values()
        .map(|input| input.shape().first().copied().unwrap_or(0))
        .collect();
    let total = counts
        .iter()
        .try_fold(1i64, |total, count| total.checked_mul(*count));
    let total = total.ok_or_else(|| {
        fault!(
            "shape",
            "there are too many combinations of {} rows",
            shape::text(&counts)
        )
    })?;
    if total == 0 {
        bail!(
            "value",
            "an input has no rows: there are {} rows",
            shape::text(&counts)
        );
    }
    let out = outputs(net, total, batch, |from, rows| {
        let mut step = total;
        let mut parts = BTreeMap::new();
        for ((name, input), count) in inputs.iter().zip(&counts) {
            step /= count;
            let index: Vec<i64> = (from..from + rows).map(|row| row / step % count).collect();
            parts.insert(
                name.clone(),
                input.take(
                    0,
                    &Tensor::from_i64(&index, &[rows])?.to_device(input.device())?,
                )?,
            );
        }
        Ok(Value::Many(parts))
    })?;
    let rest = out.shape()[1..].to_vec();
    out.reshape(&[counts, rest].concat())
}

/// The sequences (codes) with the largest target among `n` random ones, the largest first.
pub fn screened(
    net: &Model,
    target: &Target,
    n: i64,
    length: usize,
    best: usize,
    batch: i64,
    seed: u64,
) -> Result<Vec<(Vec<u8>, f64)>> {
    let still = Still::of(net)?;
    let mut kept: Vec<(Vec<u8>, f64)> = Vec::new();
    for from in (0..n).step_by(batch as usize) {
        let rows = batch.min(n - from);
        let draw = |row: i64| {
            let mut rng = Rng::keyed(&[seed, 0x7363_7265, row as u64]);
            (0..length).map(move |_| rng.below(4) as u8)
        };
        let codes: Vec<u8> = (from..from + rows).flat_map(draw).collect();
        let x = Tensor::from_u8(&codes, &[rows, length as i64])?
            .one_hot_codes()?
            .to_device(net.device())?;
        let values = still.value(&Value::One(x), target)?.to_f64()?;
        if let Some(row) = values.iter().position(|value| value.is_nan()) {
            bail!(
                "value",
                "the output of random sequence {} is not a number",
                from + row as i64
            );
        }
        kept.extend(
            values
                .into_iter()
                .enumerate()
                .map(|(i, value)| (codes[i * length..][..length].to_vec(), value)),
        );
        // of equal values the first drawn are kept
        kept.sort_by(|a, b| b.1.total_cmp(&a.1));
        kept.truncate(best);
    }
    Ok(kept)
}
