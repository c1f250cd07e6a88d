//! Layers seen from within: activations, Grad-CAM, attention weights.

use super::target::{Still, Target, in_batches};
use cistron_base::{Result, near, shape};
use cistron_base::{bail, fault};
use cistron_nn::Value;
use cistron_nn::watch::{self, Seen, Weights};
use cistron_torch::{Kind, Tensor, grad};

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
/// their mean gradient, summed, negative sums 0: `[samples, positions]`.
pub fn grad_cam(
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
        if layer.rank() != 3 || !layer.is_grad_on() {
            bail!(
                "shape",
                "Grad-CAM needs a layer with an output [channels, positions]; that of `{path}` is \
                {}",
                shape::text(&layer.shape()[1..])
            );
        }
        let g = out
            .sum(&None, false)?
            .gradients(std::slice::from_ref(&layer))?
            .remove(0);
        let weights = g.mean(&Some(vec![2]), true)?;
        layer
            .detach()?
            .mul(&weights)?
            .sum(&Some(vec![1]), false)?
            .relu()
            .map(Value::One)
    })?;
    all.one().cloned()
}

/// Attention weights of every layer that has them.
pub fn attention(still: &Still, x: &Value) -> Result<Vec<Weights>> {
    let _guard = grad::no_grad();
    let ((), _, weights) = watch::watched(|| still.net().forward(x).map(drop))?;
    if weights.is_empty() {
        bail!(
            "value",
            "`{}` has no attention layer",
            still.net().name();
            hint: "nn::attention and nn::multihead_attention have weights"
        );
    }
    Ok(weights)
}
