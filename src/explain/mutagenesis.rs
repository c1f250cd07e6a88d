//! Effects of changes of a sequence: saturation mutagenesis and occlusion.

use super::baselines::{Baselines, codes_of};
use super::incremental::{Change, all_changes, of_changes, values};
use super::target::{Share, Still, Target};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_nn::Value;
use cistron_torch::Tensor;
use ndarray::{Array1, Array2, Array3, s};
use std::ops::Range;

/// The change of each target when a base is substituted, for every base at every position of a
/// range: `[samples, 4, positions]`. It is 0 for the present base and at positions without a base.
pub fn saturation(
    still: &Still,
    x: &Tensor,
    targets: &[Target],
    range: &Range<usize>,
    batch: usize,
) -> Result<Vec<Tensor>> {
    let share = Share::of(x.shape().first().copied().unwrap_or(0));
    let (codes, length) = codes_of(&share.part(x)?)?;
    if range.is_empty() || range.end > length {
        bail!(
            "option",
            "positions {} to {} are not in sequences of {length} bp",
            range.start,
            range.end;
            hint: "`start` and `end` are 0-based, the end excluded"
        );
    }
    let unchanged = values(still, &codes, length, targets, batch)?;
    let changes: Vec<Change> = codes
        .chunks_exact(length)
        .enumerate()
        .flat_map(|(row, bases)| all_changes(row, bases, range.clone()))
        .filter(|change| change.from < 4)
        .collect();
    let (rows, width) = (codes.len() / length, range.len());
    let changed = of_changes(still, &codes, length, &changes, targets, batch)?;
    let effects = |(unchanged, changed): (&Vec<f64>, &Vec<f64>)| {
        let mut out = Array3::<f32>::zeros((rows, 4, width));
        for (change, value) in changes.iter().zip(changed) {
            let position = change.position - range.start;
            out[[change.row, usize::from(change.to), position]] =
                (value - unchanged[change.row]) as f32;
        }
        share.joined(&Tensor::from_array(&out)?)
    };
    unchanged.iter().zip(&changed).map(effects).collect()
}

/// The decrease of the target when a window is replaced by that of the baselines, for each position
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
    let share = Share::of(rows);
    let own = share.rows.clone();
    let mut out = Array2::<f32>::zeros(((own.end - own.start) as usize, length as usize));
    for row in own.clone() {
        let sample = x.narrow(0, row, 1)?;
        let value = still.value(&Value::One(sample.clone()), target)?.item()?;
        let others = baselines.of(&sample, row)?.squeeze(Some(0))?;
        let count = others.shape()[0];
        let mut decrease = Array1::<f64>::zeros(length as usize);
        let mut windows = Array1::<f64>::zeros(length as usize);
        for chunk in starts.chunks((batch / count).max(1) as usize) {
            let hidden = chunk.iter().map(|start| {
                let after = start + width;
                let whole = sample.expand(&others.shape())?;
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
                let mean = values.iter().sum::<f64>() / count as f64;
                let window = s![*start as usize..(start + width) as usize];
                decrease
                    .slice_mut(window)
                    .map_inplace(|sum| *sum += value - mean);
                windows.slice_mut(window).map_inplace(|n| *n += 1.0);
            }
        }
        let mean = decrease / windows.mapv(|n| n.max(1.0));
        let mut filled = out.row_mut((row - own.start) as usize);
        filled.assign(&mean.mapv(|x| x as f32));
    }
    share.joined(&Tensor::from_array(&out)?)
}
