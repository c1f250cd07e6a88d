//! What changes when bases change: saturation mutagenesis and occlusion.

use super::baselines::{Baselines, codes_of};
use super::target::{Still, Target};
use crate::bail;
use crate::base::{Result, shape};
use crate::nn::Value;
use crate::torch::Tensor;
use std::ops::Range;

/// Of every base at every position of a stretch, the target with it there less the target as it is:
/// `[samples, 4, positions]`, 0 where it is there already; positions that hold no base change nothing.
pub fn saturation(still: &Still, x: &Tensor, target: &Target, stretch: &Range<usize>, batch: usize) -> Result<Tensor> {
    let (codes, length) = codes_of(x)?;
    if stretch.is_empty() || stretch.end > length {
        bail!("option", "positions {} to {} are not in sequences of {length} bp", stretch.start, stretch.end; hint: "`start` and `end` are 0-based, the end excluded");
    }
    let own = values(still, &codes, length, target, batch)?;
    let changes: Vec<(usize, usize, u8)> = codes
        .chunks_exact(length)
        .enumerate()
        .flat_map(|(row, bases)| {
            stretch.clone().filter(move |at| bases[*at] < 4).flat_map(move |at| (0..4).filter(move |base| *base != bases[at]).map(move |base| (row, at, base)))
        })
        .collect();
    let (rows, width) = (codes.len() / length, stretch.len());
    let mut out = vec![0f32; rows * 4 * width];
    for chunk in changes.chunks(batch.max(1)) {
        let mut changed = Vec::with_capacity(chunk.len() * length);
        for (row, at, base) in chunk {
            let from = changed.len();
            changed.extend_from_slice(&codes[row * length..][..length]);
            changed[from + at] = *base;
        }
        for ((row, at, base), value) in chunk.iter().zip(values(still, &changed, length, target, batch)?) {
            out[(row * 4 + *base as usize) * width + at - stretch.start] = (value - own[*row]) as f32;
        }
    }
    Tensor::from_f32(&out, &[rows as i64, 4, width as i64])
}

/// The target of sequences.
pub fn values(still: &Still, codes: &[u8], length: usize, target: &Target, batch: usize) -> Result<Vec<f64>> {
    let mut out = Vec::with_capacity(codes.len() / length.max(1));
    for part in codes.chunks(batch.max(1) * length.max(1)) {
        let x = Tensor::from_u8(part, &[(part.len() / length) as i64, length as i64])?;
        out.extend(still.value(&Value::One(x), target)?.to_f64()?);
    }
    Ok(out)
}

/// How much the target falls when a window is replaced by that of the baselines, for each position the mean over the windows
/// that cover it: `[samples, length]`.
pub fn occlusion(still: &Still, x: &Tensor, target: &Target, baselines: &Baselines, (width, step): (i64, i64), batch: i64) -> Result<Tensor> {
    let [rows, _, length] = x.shape()[..] else { bail!("shape", "occlusion takes [batch, channels, length], got {}", shape::text(&x.shape())) };
    if width > length {
        bail!("option", "option `width` is {width}, the input has {length} positions");
    }
    let mut starts: Vec<i64> = (0..=length - width).step_by(step as usize).collect();
    if starts.last() != Some(&(length - width)) {
        starts.push(length - width);
    }
    let mut out = vec![0f32; (rows * length) as usize];
    for row in 0..rows {
        let own = x.narrow(0, row, 1)?;
        let value = still.value(&Value::One(own.clone()), target)?.item()?;
        let others = baselines.of(&own, row)?.squeeze(Some(0))?;
        let count = others.shape()[0];
        let mut drop = vec![0.0; length as usize];
        let mut covered = vec![0.0; length as usize];
        for chunk in starts.chunks((batch / count).max(1) as usize) {
            let hidden = chunk.iter().map(|start| {
                let after = start + width;
                let whole = own.expand(&others.shape())?;
                Tensor::cat(&[whole.narrow(2, 0, *start)?, others.narrow(2, *start, width)?, whole.narrow(2, after, length - after)?], 2)
            });
            let hidden = Tensor::cat(&hidden.collect::<Result<Vec<_>>>()?, 0)?;
            let values = still.value(&Value::One(hidden), target)?.to_f64()?;
            for (start, values) in chunk.iter().zip(values.chunks(count as usize)) {
                let fall = value - values.iter().sum::<f64>() / count as f64;
                for position in *start as usize..(start + width) as usize {
                    drop[position] += fall;
                    covered[position] += 1.0;
                }
            }
        }
        for (position, (drop, covered)) in drop.iter().zip(covered).enumerate() {
            out[row as usize * length as usize + position] = (drop / f64::max(covered, 1.0)) as f32;
        }
    }
    Tensor::from_f32(&out, &[rows, length])
}
