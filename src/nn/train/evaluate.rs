//! Predictions for a dataset, and their metrics.

use super::feed;
use crate::loss::{Link, Loss};
use crate::strands::{InputKind, Strands, turned_back};
use crate::{Model, Value};
use cistron_base::bail;
use cistron_base::{Result, Values, interrupt, shape};
use cistron_genome::data::{Dataset, Input, Loader};
use cistron_metrics::{Metric, Pairs, pairs};
use cistron_torch::{Device, Kind, Tensor, grad};

/// Returns the outputs of a network for every row of a dataset, on the CPU. `both_strands` averages
/// those of the sequence and of its reverse complement, position by position if the outputs are
/// along the sequence.
pub fn predict(model: &Model, set: &Dataset, batch: usize, both_strands: bool) -> Result<Tensor> {
    let as_codes = model.reads_codes() && !both_strands;
    let rows = Loader::plain(set, batch)
        .start()
        .map(|rows| feed::inputs(&rows?, model.device(), as_codes));
    evaluating(model, rows, both_strands.then_some(set))
}

/// Returns how each input of a dataset is reverse-complemented.
pub fn strands(set: &Dataset) -> Strands {
    let kind = |input: &Input| match (input.column.is_sequence(), input.is_along, &input.partners) {
        (true, ..) => InputKind::Sequence,
        (_, _, Some(_)) => InputKind::Stranded,
        (_, true, None) => InputKind::Track,
        (_, false, None) => InputKind::Features,
    };
    match set.inputs.as_slice() {
        [one] => Strands::One(kind(one)),
        many => Strands::Many(
            many.iter()
                .map(|input| (input.name.clone(), kind(input)))
                .collect(),
        ),
    }
}

/// Returns the outputs of a network for every row of a tensor of inputs, on the CPU.
pub fn predict_inputs(model: &Model, x: &Tensor, batch: usize) -> Result<Tensor> {
    let n = x.shape().first().copied().unwrap_or(0);
    let rows = (0..n).step_by(batch).map(|from| {
        x.narrow(0, from, (n - from).min(batch as i64))
            .map(Value::One)
    });
    evaluating(model, rows, None)
}

/// Computes the outputs of a network in evaluation mode; with a dataset also those on the reverse
/// strand, and averages both.
fn evaluating(
    model: &Model,
    rows: impl Iterator<Item = Result<Value>>,
    both: Option<&Dataset>,
) -> Result<Tensor> {
    let _guard = grad::no_grad();
    let was = model.set_training(false);
    let reverse = both.map(|set| {
        let labels = set.label_partners.as_ref();
        (strands(set), labels.map(|partners| partners.as_slice()))
    });
    let one = |x: Result<Value>| {
        interrupt::check()?;
        let x = x?;
        let mut out = model.forward(&x)?.one()?.clone();
        if let Some((strands, labels)) = &reverse {
            let other = model.forward(&strands.turned(&x)?)?.one()?.clone();
            out = out.add(&turned_back(&other, *labels)?)?.mul_number(0.5)?;
        }
        out.to_device(Device::CPU)
    };
    let parts = rows.map(one).collect::<Result<Vec<_>>>();
    model.set_training(was);
    joined(&parts?)
}

/// The outputs of batches, one after another. Where batches of rows that differ in length have
/// outputs of different lengths, the shorter ones are padded with NaN.
fn joined(parts: &[Tensor]) -> Result<Tensor> {
    let shapes: Vec<Vec<i64>> = parts
        .iter()
        .map(|part| part.shape()[1..].to_vec())
        .collect();
    let Some(first) = shapes
        .first()
        .filter(|first| shapes.iter().any(|own| own != *first))
    else {
        return Tensor::cat(parts, 0);
    };
    let mut largest = first.clone();
    for own in &shapes {
        if own.len() != largest.len() {
            bail!(
                "shape",
                "outputs of batches are {} and {}",
                shape::text(first),
                shape::text(own)
            );
        }
        largest
            .iter_mut()
            .zip(own)
            .for_each(|(most, size)| *most = (*most).max(*size));
    }
    let padded = |(part, own): (&Tensor, &Vec<i64>)| {
        let sizes = own.iter().zip(&largest).rev();
        let pad: Vec<i64> = sizes.flat_map(|(size, most)| [0, most - size]).collect();
        part.pad(&pad, "constant", f64::NAN)
    };
    let parts: Vec<Tensor> = parts
        .iter()
        .zip(&shapes)
        .map(padded)
        .collect::<Result<_>>()?;
    Tensor::cat(&parts, 0)
}

/// The value of a metric.
#[derive(Clone, Debug)]
pub struct Score {
    /// Name of the metric.
    pub name: String,
    /// Value over all tasks.
    pub value: f64,
    /// Value of each task, if there are several.
    pub per_task: Vec<f64>,
}

/// The loss and metrics of a dataset.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The loss, if one was given.
    pub loss: Option<f64>,
    /// The metrics.
    pub scores: Vec<Score>,
}

/// What is computed from outputs and labels.
pub struct EvaluationSettings<'a> {
    /// Loss to compute.
    pub loss: Option<&'a Loss>,
    /// Function that turns outputs into predictions.
    pub link: Link,
    /// Metrics to compute.
    pub metrics: &'a [Metric],
}

/// Computes metrics from outputs and labels. Ranking metrics rank the outputs themselves, or the
/// log-odds of classes: probabilities that round to 1 would tie. Other metrics receive predictions,
/// computed in 64 bits. `is_mixed` states whether augmentation may have mixed the labels.
pub fn measure(
    outputs: &Tensor,
    labels: &Tensor,
    link: Link,
    metrics: &[Metric],
    is_mixed: bool,
) -> Result<Vec<Score>> {
    if metrics.is_empty() {
        return Ok(Vec::new());
    }
    let n = outputs.shape().first().copied().unwrap_or(0);
    if n != labels.shape().first().copied().unwrap_or(0) {
        bail!(
            "shape",
            "predictions {} and labels {} differ in rows",
            shape::text(&outputs.shape()),
            shape::text(&labels.shape())
        );
    }
    let columns = (outputs.numel() / n.max(1)) as usize;
    let odds = if link == Link::Softmax {
        Some(log_odds(outputs)?)
    } else {
        None
    };
    let only_ranks = link == Link::Identity || metrics.iter().all(Metric::is_ranking);
    let predictions = if only_ranks {
        None
    } else {
        Some(link.apply(&outputs.to_kind(Kind::Double)?)?.to_f64()?)
    };
    let each = |ranked: Values, labels: Values| {
        let ranked = odds.as_deref().map_or(ranked, Values::Double);
        let pairs = Pairs::new(ranked, labels, columns)
            .predicting(predictions.as_deref().map(Values::Double))
            .mixed(is_mixed);
        let scored = |metric: &Metric| {
            Ok(Score {
                name: metric.name.clone(),
                value: metric.of(&pairs)?,
                per_task: if columns > 1 {
                    metric.per_task(&pairs)?
                } else {
                    Vec::new()
                },
            })
        };
        metrics.iter().map(scored).collect()
    };
    outputs.with_values(|ranked| labels.with_values(|labels| each(ranked, labels)))??
}

/// Returns the log-odds of each class against all others; classes are the second axis.
fn log_odds(outputs: &Tensor) -> Result<Vec<f64>> {
    let rows = outputs.transpose(1, -1)?;
    let classes = rows.shape().last().copied().unwrap_or(1).max(1) as usize;
    let mut odds = Vec::with_capacity(outputs.numel() as usize);
    rows.contiguous()?
        .to_f64()?
        .chunks(classes)
        .for_each(|row| pairs::log_odds(row, &mut odds));
    Tensor::from_f64(&odds, &rows.shape())?
        .transpose(1, -1)?
        .to_f64()
}

/// Computes the loss and metrics of a network on a dataset, `batch` rows at a time.
pub fn evaluate(
    model: &Model,
    set: &Dataset,
    settings: &EvaluationSettings,
    batch: usize,
    both_strands: bool,
) -> Result<Evaluation> {
    evaluate_outputs(&predict(model, set, batch, both_strands)?, set, settings)
}

/// Computes the loss and metrics from the outputs of a network for every row of a dataset.
pub fn evaluate_outputs(
    outputs: &Tensor,
    set: &Dataset,
    settings: &EvaluationSettings,
) -> Result<Evaluation> {
    let labels = Tensor::from_f32(&set.all_labels(), &[set.len() as i64, set.tasks() as i64])?;
    let loss = match settings.loss {
        Some(loss) => {
            let _guard = grad::no_grad();
            Some(loss.of(outputs, &labels, None)?.item()?)
        }
        None => None,
    };
    let scores = measure(outputs, &labels, settings.link, settings.metrics, false)?;
    Ok(Evaluation { loss, scores })
}
