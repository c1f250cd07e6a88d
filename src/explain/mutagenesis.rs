//! What changes when bases change: saturation mutagenesis and occlusion.

use super::baselines::{Baselines, codes_of};
use super::incremental::{Change, all_changes, of_changes, values};
use super::target::{Still, Target};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_nn::Value;
use cistron_torch::Tensor;
use std::ops::Range;

/// Of every base at every position of a stretch, each target with it there less the target as it
/// is: `[samples, 4, positions]`, 0 where it is there already; positions that hold no base change
/// nothing.
pub fn saturation(
    still: &Still,
    x: &Tensor,
    targets: &[Target],
    stretch: &Range<usize>,
    batch: usize,
) -> Result<Vec<Tensor>> {
    let (codes, length) = codes_of(x)?;
    if stretch.is_empty() || stretch.end > length {
        bail!("option", "positions {} to {} are not in sequences of {length} bp", stretch.start, stretch.end; hint: "`start` and `end` are 0-based, the end excluded");
    }
    let own = values(still, &codes, length, targets, batch)?;
    let changes: Vec<Change> = codes
        .chunks_exact(length)
        .enumerate()
        .flat_map(|(row, bases)| all_changes(row, bases, stretch.clone()))
        .filter(|change| change.from < 4)
        .collect();
    let (rows, width) = (codes.len() / length, stretch.len());
    let changed = of_changes(still, &codes, length, &changes, targets, batch)?;
    let laid = |(own, changed): (&Vec<f64>, &Vec<f64>)| {
        let mut out = vec![0f32; rows * 4 * width];
        for (change, value) in changes.iter().zip(changed) {
            out[(change.row * 4 + change.to as usize) * width + change.position - stretch.start] =
                (value - own[change.row]) as f32;
        }
        Tensor::from_f32(&out, &[rows as i64, 4, width as i64])
    };
    own.iter().zip(&changed).map(laid).collect()
}

/// How much the target falls when a window is replaced by that of the baselines, for each position
/// the mean over the windows that cover it: `[samples, length]`.
pub fn occlusion(
    still: &Still,
    x: &Tensor,
    target: &Target,
    baselines: &Baselines,
    (width, step): (i64, i64),
    batch: i64,
) -> Result<Tensor> {
    let [rows, _, length] = x.shape()[..] else {
        bail!(
            "shape",
            "occlusion takes [batch, channels, length], got {}",
            shape::text(&x.shape())
        )
    };
    if width > length {
        bail!(
            "option",
            "option `width` is {width}, the input has {length} positions"
        );
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
                Tensor::cat(
                    &[
                        whole.narrow(2, 0, *start)?,
                        others.narrow(2, *start, width)?,
                        whole.narrow(2, after, length - after)?,
                    ],
                    2,
                )
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
