//! Losses that are means over numbers.

use super::shared::{divisor, is_shared};
use super::types::{Loss, LossKind};
use cistron_base::{Result, bail, fault, shape};
use cistron_torch::graph::is_steady;
use cistron_torch::{Kind, Tensor};

impl Loss {
    pub(super) fn elementwise(
        &self,
        kind: &LossKind,
        outputs: &Tensor,
        labels: &Tensor,
        weights: Option<&[f64]>,
    ) -> Result<Tensor> {
        let labels = fit_shape(&self.name, outputs, labels, true)?.to_kind(outputs.kind())?;
        let undefined = labels.isnan()?;
        let holes = is_steady() || is_shared() || undefined.any(&None, false)?.item()? > 0.0;
        let labels = if holes {
            labels.masked_fill(&undefined, 0.0)?
        } else {
            labels
        };
        let mut each = match kind {
            LossKind::Bce { smoothing } => bce(outputs, &smoothed(&labels, *smoothing)?)?,
            LossKind::BceWithLogits {
                positive,
                smoothing,
            } => {
                let labels = smoothed(&labels, *smoothing)?;
                bce_with_logits(outputs, &labels, positive.as_deref())?
            }
            LossKind::Focal { alpha, gamma } => focal(outputs, &labels, *alpha, *gamma)?,
            LossKind::Log1pMse { is_log: true } => outputs.sub(&labels.log1p()?)?.square()?,
            LossKind::Log1pMse { is_log: false } => {
                outputs.log1p()?.sub(&labels.log1p()?)?.square()?
            }
            LossKind::SmoothL1(beta) => huber(&outputs.sub(&labels)?, *beta)?.div_number(*beta)?,
            LossKind::Tweedie(power) => tweedie(outputs, &labels, *power)?,
            LossKind::Mse => outputs.sub(&labels)?.square()?,
            LossKind::Mae => outputs.sub(&labels)?.abs()?,
            LossKind::Huber(delta) => huber(&outputs.sub(&labels)?, *delta)?,
            LossKind::PoissonNll(true) => outputs.exp()?.sub(&labels.mul(outputs)?)?,
            LossKind::PoissonNll(false) => {
                outputs.sub(&labels.mul(&outputs.add_number(1e-8)?.log()?)?)?
            }
            // x log x is 0 at 0
            LossKind::Kl => {
                labels.mul(&labels.clamp(1e-38, f64::INFINITY)?.log()?.sub(outputs)?)?
            }
            _ => bail!("internal", "{} is not computed number by number", self.name),
        };
        if let Some(weights) = weights {
            let [zero, one] = weights else {
                bail!(
                    "value",
                    "class weights of {} must be two numbers, of class 0 and of class 1",
                    self.name
                )
            };
            each = each.mul(&labels.mul_number(one - zero)?.add_number(*zero)?)?;
        }
        if let LossKind::Kl = kind {
            // as PyTorch's "batchmean": the divergence of a sample is the sum over its shares
            let n = outputs.shape().first().copied().unwrap_or(1).max(1);
            let each = if holes {
                each.masked_fill(&undefined, 0.0)?
            } else {
                each
            };
            return each.sum(&None, false)?.div_number(n as f64);
        }
        if !holes {
            return each.mean(&None, false);
        }
        let defined = undefined.logical_not()?.to_kind(Kind::Float)?;
        let defined = divisor(&defined.sum(&None, false)?, 1.0)?;
        each.masked_fill(&undefined, 0.0)?
            .sum(&None, false)?
            .div(&defined)
    }
}

/// Labels in the shape of the outputs; `[batch]` and `[batch, 1]` are the same. Outputs
/// `[batch, numbers]` fit labels of several axes where `is_flat`: each number has its own loss.
pub(super) fn fit_shape(
    name: &str,
    outputs: &Tensor,
    labels: &Tensor,
    is_flat: bool,
) -> Result<Tensor> {
    let (want, got) = (outputs.shape(), labels.shape());
    if want == got {
        return Ok(labels.clone());
    }
    let squeezed = |shape: &[i64]| {
        shape
            .iter()
            .copied()
            .filter(|n| *n != 1)
            .collect::<Vec<_>>()
    };
    if squeezed(&want) == squeezed(&got) {
        return labels.reshape(&want);
    }
    let is_flattened = is_flat && want.len() == 2 && got.len() > 2 && want[0] == got[0];
    if is_flattened && outputs.numel() == labels.numel() {
        return labels.reshape(&want);
    }
    Err(fault!(
        "shape",
        "{name}: outputs are {}, labels {}",
        shape::text(&want),
        shape::text(&got)
    )
    .hint(match (want.as_slice(), got.as_slice()) {
        ([a, outs], [b, tasks]) if a == b => {
            format!(
                "the network returns {outs} numbers a sample, the data has {tasks} labels: end it \
                    with `nn::linear({tasks})`"
            )
        }
        _ => "outputs and labels must have one shape".into(),
    }))
}

fn bce(p: &Tensor, y: &Tensor) -> Result<Tensor> {
    // as PyTorch: logarithms are kept above -100
    let positive = p.log()?.clamp(-100.0, f64::INFINITY)?;
    let negative = p.neg()?.log1p()?.clamp(-100.0, f64::INFINITY)?;
    let rest = y.neg()?.add_number(1.0)?;
    y.mul(&positive)?.add(&rest.mul(&negative)?)?.neg()
}

fn bce_with_logits(x: &Tensor, y: &Tensor, positive: Option<&[f64]>) -> Result<Tensor> {
    // (1 - y) x + (1 + (w - 1) y) softplus(-x), without overflow
    let rest = y.neg()?.add_number(1.0)?.mul(x)?;
    let soft = x.neg()?.relu()?.add(&x.abs()?.neg()?.exp()?.log1p()?)?;
    let Some(weights) = positive else {
        return rest.add(&soft);
    };
    let tasks = x.shape().get(1).copied().unwrap_or(1);
    if weights.len() != 1 && weights.len() as i64 != tasks {
        bail!(
            "value",
            "`pos_weight` holds {} numbers for {tasks} tasks",
            weights.len()
        );
    }
    let weights = Tensor::listed(weights, x.kind(), x.device())?;
    let scale = y.mul(&weights.sub_number(1.0)?)?.add_number(1.0)?;
    rest.add(&scale.mul(&soft)?)
}

fn huber(error: &Tensor, delta: f64) -> Result<Tensor> {
    let size = error.abs()?;
    let near = error.square()?.mul_number(0.5)?;
    let far = size.sub_number(0.5 * delta)?.mul_number(delta)?;
    near.where_(&size.le_number(delta)?, &far)
}

/// Labels between `smoothing / 2` and `1 - smoothing / 2`.
fn smoothed(labels: &Tensor, smoothing: f64) -> Result<Tensor> {
    if smoothing == 0.0 {
        return Ok(labels.clone());
    }
    labels
        .mul_number(1.0 - smoothing)?
        .add_number(0.5 * smoothing)
}

/// The cross-entropy of logits times (1 - p)^gamma, where p is the probability of the label.
fn focal(x: &Tensor, y: &Tensor, alpha: Option<f64>, gamma: f64) -> Result<Tensor> {
    let entropy = bce_with_logits(x, y, None)?;
    let p = x.sigmoid()?;
    let negative = y.neg()?.add_number(1.0)?;
    // the probability of the other label
    let wrong = p.mul(&negative)?.add(&p.neg()?.add_number(1.0)?.mul(y)?)?;
    let loss = entropy.mul(&wrong.pow_number(gamma)?)?;
    match alpha {
        Some(alpha) => {
            let weight = y
                .mul_number(alpha)?
                .add(&negative.mul_number(1.0 - alpha)?)?;
            loss.mul(&weight)
        }
        None => Ok(loss),
    }
}

/// -y m^(1 - p) / (1 - p) + m^(2 - p) / (2 - p) of means m = exp(x).
fn tweedie(x: &Tensor, y: &Tensor, power: f64) -> Result<Tensor> {
    let first = x.mul_number(1.0 - power)?.exp()?.mul(y)?;
    let second = x.mul_number(2.0 - power)?.exp()?;
    second
        .div_number(2.0 - power)?
        .sub(&first.div_number(1.0 - power)?)
}
