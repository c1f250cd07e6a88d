//! Layers seen from within: activations, Grad-CAM, attention weights.

use super::target::{Still, Target, in_batches};
use cistron_base::{Result, interrupt, near, shape};
use cistron_base::{bail, fault};
use cistron_nn::Value;
use cistron_nn::watch::{self, Seen, Weights};
use cistron_torch::{Device, Kind, Tensor, grad};
use std::collections::BTreeMap;

fn find(mut seen: Vec<Seen>, path: &str) -> Result<Tensor> {
    match seen.iter().rposition(|seen| seen.path == path) {
        Some(i) => seen.swap_remove(i).output.one().cloned(),
        None => {
            let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
            let fault = fault!("name", "there is no layer `{path}`");
            Err(match near::nearest(path, paths.iter().copied()) {
                Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
                None => fault.hint(format!("there are {}", paths.join(", "))),
            })
        }
    }
}

/// The outputs of a layer for samples.
pub fn activations(still: &Still, x: &Value, path: &str, batch: i64) -> Result<Tensor> {
    let all = in_batches(x, batch, |_, x| {
        let _guard = grad::no_grad();
        let ((), seen, _) = watch::watched(|| still.net().forward(x).map(drop))?;
        find(seen, path).map(Value::One)
    })?;
    all.one().cloned()
}

/// Where a layer's channels speak for the target (Selvaraju et al. 2017): channels weighted by
/// their mean gradient and summed: `[samples, positions]`, of images `[samples, rows, columns]`.
/// With `is_clipped` negative sums are 0.
pub fn grad_cam(
    still: &Still,
    x: &Value,
    path: &str,
    target: &Target,
    is_clipped: bool,
    batch: i64,
) -> Result<Tensor> {
    let map = weighted_channels(still, x, path, target, batch)?.sum(&Some(vec![1]), false)?;
    match is_clipped {
        true => map.relu(),
        false => Ok(map),
    }
}

/// The mean over a layer's channels, each weighted by its mean gradient: Grad-CAM with negative
/// values. `[samples, positions]`, of a layer in two dimensions `[samples, rows, columns]`.
pub fn activation_map(
    still: &Still,
    x: &Value,
    path: &str,
    target: &Target,
    batch: i64,
) -> Result<Tensor> {
    weighted_channels(still, x, path, target, batch)?.mean(&Some(vec![1]), false)
}

/// The layers of a pass over samples, with the shapes of their outputs, `[channels, …]`, of those
/// that have one output.
pub fn layers(still: &Still, x: &Value) -> Result<Vec<(String, Vec<i64>)>> {
    let _guard = grad::no_grad();
    let ((), seen, _) = watch::watched(|| still.net().forward(x).map(drop))?;
    let shape = |seen: Seen| Some((seen.path, seen.output.one().ok()?.shape()[1..].to_vec()));
    Ok(seen.into_iter().filter_map(shape).collect())
}

/// The channels of a layer, each times the mean over its positions of the gradient of the target.
/// Positions have one dimension or two.
fn weighted_channels(
    still: &Still,
    x: &Value,
    path: &str,
    target: &Target,
    batch: i64,
) -> Result<Tensor> {
    let all = in_batches(x, batch, |_, x| {
        let x = x.map(|tensor| {
            tensor
                .to_device(still.net().device())?
                .to_kind(Kind::Float)?
                .copied()?
                .detach()?
                .requires_grad_(true)
        })?;
        let (out, seen, _) = watch::watched(|| target.of(&still.net().forward(&x)?))?;
        let layer = find(seen, path)?;
        if !(3..=4).contains(&layer.rank()) || !layer.is_grad_on() {
            bail!(
                "shape",
                "Grad-CAM needs a layer with an output [channels, positions] or [channels, rows, \
                columns]; that of `{path}` is {}",
                shape::text(&layer.shape()[1..])
            );
        }
        let g = out
            .sum(&None, false)?
            .gradients(std::slice::from_ref(&layer))?
            .remove(0);
        let positions = (2..layer.rank() as i64).collect();
        let weights = g.mean(&Some(positions), true)?;
        layer.detach()?.mul(&weights).map(Value::One)
    })?;
    all.one().cloned()
}

/// Attention weights of every layer that has them, in the order of the pass: of a layer that runs
/// several times, such as for both strands, the second is `path#2`.
pub fn attention(still: &Still, x: &Value, batch: i64) -> Result<Vec<Weights>> {
    let _guard = grad::no_grad();
    let rows = x.rows();
    let mut parts: Vec<(String, Vec<Tensor>)> = Vec::new();
    for start in (0..rows).step_by(batch.max(1) as usize) {
        interrupt::check()?;
        let n = batch.max(1).min(rows - start);
        let own = x.map(|tensor| tensor.narrow(0, start, n)?.to_device(still.net().device()))?;
        let ((), _, weights) = watch::watched(|| still.net().forward(&own).map(drop))?;
        if start > 0 && weights.len() != parts.len() {
            bail!(
                "value",
                "{} layers have attention weights for some rows, {} for others",
                parts.len(),
                weights.len()
            );
        }
        for (i, (path, weights)) in weights.into_iter().enumerate() {
            let weights = by_row(&weights.to_device(Device::CPU)?, n)?;
            match parts.get_mut(i) {
                Some((_, all)) => all.push(weights),
                None => parts.push((path, vec![weights])),
            }
        }
    }
    if parts.is_empty() {
        bail!(
            "value",
            "`{}` has no attention layer",
            still.net().name();
            hint: "nn::attention and nn::multihead_attention have weights, and layers of a script \
                that compute `softmax` or call `nn::mark_attention`"
        );
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let joined = parts.into_iter().map(|(path, parts)| {
        let path = if path.is_empty() {
            "network".into()
        } else {
            path
        };
        let times = seen.entry(path.clone()).or_default();
        *times += 1;
        let name = if *times == 1 {
            path
        } else {
            format!("{path}#{times}")
        };
        Ok((name, joined(&parts)?))
    });
    joined.collect()
}

/// Weights `[passes * rows, …]` as `[passes, rows, …]`: layers may read both strands in one pass.
fn by_row(weights: &Tensor, rows: i64) -> Result<Tensor> {
    let sizes = weights.shape();
    let first = sizes.first().copied().unwrap_or(0);
    let passes = if rows > 0 && first % rows == 0 {
        first / rows
    } else {
        1
    };
    let sizes = [
        &[passes, first / passes.max(1)],
        sizes.get(1..).unwrap_or_default(),
    ]
    .concat();
    weights.reshape(&sizes)
}

/// The weights of all batches, `[passes * rows, …]`.
fn joined(parts: &[Tensor]) -> Result<Tensor> {
    let all = Tensor::cat(parts, 1)?;
    let sizes = all.shape();
    all.reshape(&[&[sizes[0] * sizes[1]], &sizes[2..]].concat())
}
