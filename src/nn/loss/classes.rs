//! The cross-entropy of classes.

use super::shared::divisor;
use cistron_base::{Result, bail, shape};
use cistron_torch::graph::is_steady;
use cistron_torch::{Kind, Tensor};

/// Settings of a cross-entropy.
pub(super) struct Settings<'a> {
    /// How much each class weighs.
    pub weights: Option<&'a [f64]>,
    /// The number of an undefined label.
    pub ignored: i64,
    /// Share of a label that is spread over all classes.
    pub smoothing: f64,
}

/// The cross-entropy of class logits.
pub(super) fn cross_entropy(
    outputs: &Tensor,
    labels: &Tensor,
    settings: &Settings,
) -> Result<Tensor> {
    let Settings {
        weights,
        ignored,
        smoothing,
    } = *settings;
    let classes = outputs.shape().get(1).copied().unwrap_or(0);
    if outputs.rank() < 2 || classes < 2 {
        bail!(
            "shape",
            "cross_entropy takes outputs [batch, classes, …], got {}",
            shape::text(&outputs.shape());
            hint: "one output a sample is a task for `loss::bce_with_logits()`"
        );
    }
    let mut target_shape = outputs.shape();
    target_shape.remove(1);
    if labels.numel() != target_shape.iter().product::<i64>() {
        bail!(
            "shape",
            "cross_entropy: outputs {} need class numbers {}, got {}",
            shape::text(&outputs.shape()),
            shape::text(&target_shape),
            shape::text(&labels.shape())
        );
    }
    let labels = labels.reshape(&target_shape)?;
    let mut undefined = labels.eq_number(ignored as f64)?;
    if labels.kind().is_floating() {
        undefined = undefined.maximum(&labels.isnan()?)?;
    }
    let known = labels.masked_fill(&undefined, 0.0)?;
    let index = known.to_kind(Kind::Int64)?;
    if !is_steady() {
        let wrong = index
            .lt_number(0)?
            .maximum(&index.ge_number(classes)?)?
            .maximum(&known.ne(&index)?)?;
        if wrong.any(&None, false)?.item()? > 0.0 {
            known
                .to_f64()?
                .into_iter()
                .try_for_each(|label| within(label, classes))?;
        }
    }
    let shares = outputs.log_softmax(1)?;
    let own = shares
        .gather(1, &index.unsqueeze(1)?)?
        .squeeze(Some(1))?
        .neg()?;
    let defined = undefined.logical_not()?.to_kind(outputs.kind())?;
    let mut weight = defined.clone();
    let mut table = None;
    if let Some(weights) = weights {
        if weights.len() as i64 != classes {
            bail!(
                "value",
                "{} class weights for {classes} classes",
                weights.len()
            );
        }
        let weights = Tensor::listed(weights, outputs.kind(), outputs.device())?;
        weight = weight.mul(
            &weights
                .take(0, &index.reshape(&[-1])?)?
                .reshape(&target_shape)?,
        )?;
        table = Some(weights);
    }
    let total = divisor(&weight.sum(&None, false)?, 1e-12)?;
    let loss = own.mul(&weight)?.sum(&None, false)?.div(&total)?;
    if smoothing == 0.0 {
        return Ok(loss);
    }
    // a share of each label is spread over all classes, each with its weight
    let mut all = shares.neg()?;
    if let Some(table) = table {
        let mut shape = vec![1; outputs.rank()];
        shape[1] = classes;
        all = all.mul(&table.reshape(&shape)?)?;
    }
    let all = all.sum(&Some(vec![1]), false)?.mul(&defined)?;
    let spread = all.sum(&None, false)?.div(&total)?;
    loss.mul_number(1.0 - smoothing)?
        .add(&spread.mul_number(smoothing / classes as f64)?)
}

/// Fails unless there is a class of this number.
pub(super) fn within(label: f64, classes: i64) -> Result<()> {
    if label < 0.0 {
        bail!(
            "value",
            "cross_entropy: class number {label} with {classes} classes";
            hint: "classes count from 0; `ignore_index: {label}` leaves such rows out, as NaN does"
        );
    }
    if label.fract() != 0.0 {
        bail!(
            "value",
            "cross_entropy: label {label} is no class number";
            hint: "labels are integers from 0; for shares of classes use `loss::kl()`"
        );
    }
    if label >= classes as f64 {
        bail!(
            "value",
            "cross_entropy: class number {label} with {classes} classes";
            hint: "classes count from 0"
        );
    }
    Ok(())
}
