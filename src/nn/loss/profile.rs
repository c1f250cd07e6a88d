//! Losses of rows and profiles: likelihoods of counts along the last axis, and of several outputs
//! that describe one label.

use super::elementwise::fit_shape;
use super::shared::{divisor, is_shared};
use super::types::{Loss, LossKind};
use cistron_base::{Result, bail, shape};
use cistron_torch::Tensor;
use cistron_torch::graph::is_steady;

/// What Borzoi adds to rates and counts.
const EPSILON: f64 = 1e-7;
/// Smallest variance, as in PyTorch.
const LEAST_VARIANCE: f64 = 1e-6;

impl Loss {
    /// The mean of a loss that is computed from rows.
    pub(super) fn of_rows(&self, outputs: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let name = &self.name;
        if let LossKind::GaussianNll = self.kind {
            return gaussian(name, outputs, labels);
        }
        let labels = fit_shape(name, outputs, labels, false)?.to_kind(outputs.kind())?;
        if outputs.rank() < 2 {
            bail!(
                "shape",
                "{name} takes outputs [batch, …, numbers], got {}",
                shape::text(&outputs.shape())
            );
        }
        let (outputs, labels) = match self.kind {
            LossKind::MultinomialNll { joint: true } => {
                (outputs.flatten(1, -1)?, labels.flatten(1, -1)?)
            }
            _ => (outputs.clone(), labels),
        };
        let undefined = labels.isnan()?;
        let holes = is_steady() || is_shared() || undefined.any(&None, false)?.item()? > 0.0;
        let known = if holes {
            labels.masked_fill(&undefined, 0.0)?
        } else {
            labels
        };
        let rows = match &self.kind {
            LossKind::MultinomialNll { .. } => multinomial(&outputs, &known)?,
            LossKind::PoissonMultinomial {
                total_weight,
                is_log,
                rescale,
            } => {
                let rates = if *is_log { outputs.exp()? } else { outputs };
                let scale = if *rescale {
                    2.0 / (1.0 + total_weight)
                } else {
                    1.0
                };
                poisson_multinomial(&rates, &known, *total_weight)?.mul_number(scale)?
            }
            LossKind::CosineMseLog {
                max_weight,
                multiplier,
            } => cosine_mse_log(&outputs, &known, *max_weight, *multiplier)?,
            _ => bail!("internal", "{name} is not computed from rows"),
        };
        if !holes {
            return rows.mean(&None, false);
        }
        // a row with an undefined number has no part in the loss
        let defined = undefined
            .to_kind(rows.kind())?
            .sum(&Some(vec![-1]), false)?
            .eq_number(0.0)?;
        let count = divisor(&defined.to_kind(rows.kind())?.sum(&None, false)?, 1.0)?;
        rows.masked_fill(&defined.logical_not()?, 0.0)?
            .sum(&None, false)?
            .div(&count)
    }
}

fn last() -> Option<Vec<i64>> {
    Some(vec![-1])
}

fn multinomial(logits: &Tensor, counts: &Tensor) -> Result<Tensor> {
    let ways = counts
        .sum(&last(), false)?
        .add_number(1.0)?
        .lgamma()?
        .sub(&counts.add_number(1.0)?.lgamma()?.sum(&last(), false)?)?;
    let chosen = counts.mul(&logits.log_softmax(-1)?)?.sum(&last(), false)?;
    ways.add(&chosen)?.neg()
}

/// (s' - s ln s') w / L - sum(y ln(y' / s')) / L of rates y' with their sum s'.
fn poisson_multinomial(rates: &Tensor, counts: &Tensor, total_weight: f64) -> Result<Tensor> {
    let length = counts.shape().last().copied().unwrap_or(1) as f64;
    let (rates, counts) = (rates.add_number(EPSILON)?, counts.add_number(EPSILON)?);
    let total = rates.sum(&last(), true)?;
    let observed = counts.sum(&last(), false)?;
    let log_total = total.log()?;
    let shares = rates.log()?.sub(&log_total)?;
    let specific = counts.mul(&shares)?.sum(&last(), false)?;
    let poisson = total
        .squeeze(Some(-1))?
        .sub(&observed.mul(&log_total.squeeze(Some(-1))?)?)?;
    poisson
        .mul_number(total_weight)?
        .sub(&specific)?
        .div_number(length)
}

/// The squared error of logarithms, and the negative cosine similarity of each row times the
/// squared error between 1 and `max_weight`.
fn cosine_mse_log(
    outputs: &Tensor,
    labels: &Tensor,
    max_weight: f64,
    multiplier: f64,
) -> Result<Tensor> {
    let signed = |x: &Tensor| -> Result<Tensor> {
        let positive = x
            .clamp(0.0, f64::INFINITY)?
            .mul_number(multiplier)?
            .log1p()?;
        let negative = x
            .clamp(f64::NEG_INFINITY, 0.0)?
            .mul_number(-multiplier)?
            .log1p()?;
        positive.sub(&negative)
    };
    let error = signed(outputs)?
        .sub(&labels.mul_number(multiplier)?.log1p()?)?
        .square()?
        .mean(&None, false)?;
    let weight = error
        .clamp(1.0, f64::INFINITY)?
        .clamp(f64::NEG_INFINITY, max_weight)?;
    let unit = |x: &Tensor| -> Result<Tensor> {
        let size = x.square()?.sum(&last(), true)?.sqrt()?;
        x.div(&size.clamp(1e-12, f64::INFINITY)?)
    };
    let similarity = unit(outputs)?.mul(&unit(labels)?)?.sum(&last(), false)?;
    error.sub(&weight.mul(&similarity)?)
}

/// (s + (y - m)² exp(-s)) / 2 of means m and logarithms s of variances, which are halves of axis 1.
fn gaussian(name: &str, outputs: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let size = outputs.shape().get(1).copied().unwrap_or(0);
    if outputs.rank() < 2 || size % 2 == 1 || size == 0 {
        bail!(
            "shape",
            "{name} takes outputs [batch, 2 * tasks, …], means and logarithms of variances, got {}",
            shape::text(&outputs.shape())
        );
    }
    let mean = outputs.narrow(1, 0, size / 2)?;
    let log_variance = outputs
        .narrow(1, size / 2, size / 2)?
        .clamp(LEAST_VARIANCE.ln(), f64::INFINITY)?;
    let labels = fit_shape(name, &mean, labels, false)?.to_kind(mean.kind())?;
    let undefined = labels.isnan()?;
    let holes = is_steady() || is_shared() || undefined.any(&None, false)?.item()? > 0.0;
    let known = if holes {
        labels.masked_fill(&undefined, 0.0)?
    } else {
        labels
    };
    let each = mean
        .sub(&known)?
        .square()?
        .mul(&log_variance.neg()?.exp()?)?
        .add(&log_variance)?
        .mul_number(0.5)?;
    if !holes {
        return each.mean(&None, false);
    }
    let defined = undefined.logical_not()?.to_kind(each.kind())?;
    let defined = divisor(&defined.sum(&None, false)?, 1.0)?;
    each.masked_fill(&undefined, 0.0)?
        .sum(&None, false)?
        .div(&defined)
}
