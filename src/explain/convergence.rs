//! Whether differences pass whole through every layer.

use super::baselines::Baselines;
use super::target::{Still, Target, replaced};
use cistron_base::Result;
use cistron_nn::Value;
use cistron_nn::watch::{self, Seen};
use cistron_torch::{Kind, Tensor, pairs};
use std::collections::BTreeMap;

/// The error of completeness of a layer: its part of the difference between inputs and baselines.
pub struct Loss {
    /// Its path in the network.
    pub path: String,
    /// What it is.
    pub layer: String,
    /// What its output contributes to the difference of the target, mean size over samples.
    pub size: f64,
    /// What is lost or invented from its output to its input, mean size over samples.
    pub error: f64,
}

/// The sum of gradient times difference of pairs, for each pair.
fn carried(g: &Tensor, x: &Tensor, pairs: i64) -> Result<Vec<f64>> {
    let x = x.detach()?;
    let rows = x.shape()[0] / 2;
    let difference = x.narrow(0, 0, rows)?.sub(&x.narrow(0, rows, rows)?)?;
    g.narrow(0, 0, rows)?
        .mul(&difference)?
        .reshape(&[pairs, -1])?
        .sum(&Some(vec![1]), false)?
        .to_f64()
}

/// Of each layer, in the order of the pass, what DeepLIFT loses there: the first baseline of each
/// sample is taken.
pub fn losses(
    still: &Still,
    x: &Value,
    target: &Target,
    baselines: &Baselines,
) -> Result<Vec<Loss>> {
    let x = x.map(|tensor| tensor.to_device(still.net().device())?.to_kind(Kind::Float))?;
    let n = x.rows();
    let baseline = replaced(
        &x,
        baselines
            .of_all(&x, 0)?
            .iter()
            .map(|tensor| tensor.select(1, 0))
            .collect::<Result<_>>()?,
    )?;
    let paired = Value::cat(&[x, baseline])?.map(|tensor| tensor.detach()?.requires_grad_(true))?;
    let (out, seen, _) = watch::watched(|| {
        let _pairs = pairs::enter(n);
        target.of(&still.net().forward(&paired)?)
    })?;
    let flows = |value: &Value| {
        value
            .tensors()
            .into_iter()
            .filter(|tensor| tensor.is_grad_on() && tensor.shape().first() == Some(&(2 * n)))
            .cloned()
            .collect()
    };
    let sides: Vec<(&Seen, Vec<Tensor>, Vec<Tensor>)> = seen
        .iter()
        .map(|seen| (seen, flows(&seen.input), flows(&seen.output)))
        .collect();
    let all: Vec<Tensor> = sides
        .iter()
        .flat_map(|(_, a, b)| a.iter().chain(b))
        .cloned()
        .collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let gradients = {
        let _pairs = pairs::enter(n);
        out.sum(&None, false)?.gradients(&all)?
    };
    let mut gradients = gradients.into_iter();
    let mut total = |tensors: &[Tensor]| -> Result<Vec<f64>> {
        let mut sums = vec![0.0; n as usize];
        for (tensor, g) in tensors.iter().zip(gradients.by_ref()) {
            if g.shape() == tensor.shape() {
                sums.iter_mut()
                    .zip(carried(&g, tensor, n)?)
                    .for_each(|(sum, own)| *sum += own);
            }
        }
        Ok(sums)
    };
    let mut found = Vec::new();
    for (seen, inputs, outputs) in &sides {
        let (into, out) = (total(inputs)?, total(outputs)?);
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            values.map(f64::abs).sum::<f64>() / n.max(1) as f64
        };
        let size = mean(&mut out.iter().copied());
        let error = if inputs.is_empty() {
            0.0
        } else {
            mean(&mut out.iter().zip(&into).map(|(a, b)| a - b))
        };
        found.push(Loss {
            path: seen.path.clone(),
            layer: seen.layer.clone(),
            size,
            error,
        });
    }
    Ok(merged(found))
}

/// Layers that occur at several positions of the network, reported once.
fn merged(found: Vec<Loss>) -> Vec<Loss> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<Loss> = Vec::new();
    for loss in found {
        match places.get(&loss.path) {
            Some(place) => {
                out[*place].size += loss.size;
                out[*place].error += loss.error;
            }
            None => {
                places.insert(loss.path.clone(), out.len());
                out.push(loss);
            }
        }
    }
    out
}

/// The layer that loses most, in words, where any loses more than a share of the difference.
pub fn culprit(losses: &[Loss], share: f64) -> Option<String> {
    let whole = losses.last().map_or(0.0, |last| last.size);
    let worst = losses
        .iter()
        .max_by(|a, b| a.error.total_cmp(&b.error))
        .filter(|worst| worst.error > share * whole)?;
    let percent = 100.0 * worst.error / whole.max(f64::MIN_POSITIVE);
    Some(format!(
        "layer `{}`, {}, loses {percent:.2} % of the difference",
        worst.path, worst.layer
    ))
}
