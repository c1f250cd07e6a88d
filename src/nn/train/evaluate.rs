//! Predictions for a dataset, and their metrics.

use super::feed;
use super::objective::Objective;
use super::ranks;
use super::settings::OutputMetrics;
use crate::loss::{BatchView, Link, Links, unknown};
use crate::strands::{InputKind, Strands, turned_back};
use crate::{Model, Shape, Value};
use cistron_base::bail;
use cistron_base::{Result, Values, interrupt, shape};
use cistron_genome::data::loader::Part;
use cistron_genome::data::{Batch, Dataset, Input, Loader};
use cistron_metrics::{Metric, Pairs, pairs};
use cistron_torch::{Device, Kind, Tensor, grad};

/// Returns the outputs of a network for every row of a dataset, on the CPU. `both_strands` averages
/// those of the sequence and of its reverse complement, position by position if the outputs are
/// along the sequence. Several processes divide the rows, and each receives all outputs.
pub fn predict(model: &Model, set: &Dataset, batch: usize, both_strands: bool) -> Result<Value> {
    let reverse = both_strands.then(|| (strands(set), set));
    if reverse
        .as_ref()
        .is_some_and(|(strands, _)| strands.is_unchanged())
    {
        bail!("value", "no input of the dataset changes on the reverse strand, so that the \
            predictions of both are the same";
            hint: "inputs of sequences do; of numbers those that are declared, as by \
            `set.strands(#{{ signal: \"track\" }})`");
    }
    let as_codes = model.reads_codes() && !both_strands;
    let loader = Loader {
        share: ranks::share(),
        ..Loader::plain(set, batch)
    };
    let rows = loader.start().map(|rows| -> Result<(Value, usize)> {
        let rows = rows?;
        let counted = rows.part.map_or(rows.size, |part| part.counted);
        Ok((feed::inputs(&rows, model.device(), as_codes)?, counted))
    });
    let own = evaluating(model, rows, reverse)?;
    ranks::in_order(&own, set.len(), loader.rows())
}

/// Returns how each input of a dataset is reverse-complemented.
pub fn strands(set: &Dataset) -> Strands {
    let kind = |input: &Input| match (input.column.is_sequence(), input.is_along, &input.partners) {
        (true, ..) => InputKind::Sequence,
        (_, is_along, Some(_)) if is_along || input.reversed_axes == 1 => InputKind::Stranded,
        (_, _, Some(_)) => InputKind::Pairs,
        (_, true, None) => InputKind::Track,
        _ if input.reversed_axes == 1 => InputKind::Track,
        _ if input.reversed_axes == 2 => InputKind::Map,
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

/// Returns the outputs of a network for every row of a tensor of inputs, on the CPU. Several
/// processes divide the rows, and each receives all outputs.
pub fn predict_inputs(model: &Model, x: &Tensor, batch: usize) -> Result<Value> {
    let n = x.shape().first().copied().unwrap_or(0);
    let rows = (0..n).step_by(batch).map(|from| -> Result<(Value, usize)> {
        let size = (n - from).min(batch as i64);
        let (part, rows) = Part::of(size as usize, ranks::share().unwrap_or((0, 1)));
        let x = x.narrow(0, from + rows.start as i64, rows.len() as i64)?;
        Ok((Value::One(x), part.counted))
    });
    let own = evaluating(model, rows, None)?;
    ranks::in_order(&own, n as usize, batch)
}

/// Computes the outputs of a network in evaluation mode for rows, of which the first ones count;
/// with a dataset also those on the reverse strand, and averages both.
fn evaluating(
    model: &Model,
    rows: impl Iterator<Item = Result<(Value, usize)>>,
    reverse: Option<(Strands, &Dataset)>,
) -> Result<Value> {
    let _guard = grad::no_grad();
    let was = model.set_training(false);
    let one = |x: Result<(Value, usize)>| {
        interrupt::check()?;
        let (x, counted) = x?;
        let mut out = model.forward(&x)?;
        if let Some((strands, set)) = &reverse {
            let other = on_forward_strand(&model.forward(&strands.turned(&x)?)?, set)?;
            out = out.zip(&other, |out, other| out.add(other)?.mul_number(0.5))?;
        }
        out.map(|tensor| {
            let rows = tensor.shape().first().copied().unwrap_or(0);
            let tensor = tensor.to_device(Device::CPU)?;
            match counted as i64 {
                counted if counted < rows => tensor.narrow(0, 0, counted),
                _ => Ok(tensor),
            }
        })
    };
    let parts = rows.map(one).collect::<Result<Vec<_>>>();
    model.set_training(was);
    joined_values(&parts?)
}

/// The outputs of batches, one after another, those of each name by themselves.
fn joined_values(parts: &[Value]) -> Result<Value> {
    let tensors = |of: &dyn Fn(&Value) -> Option<Tensor>| -> Vec<Tensor> {
        parts.iter().filter_map(of).collect()
    };
    match parts.first() {
        Some(Value::Many(many)) => many
            .keys()
            .map(|name| {
                let own = tensors(&|part| match part {
                    Value::Many(many) => many.get(name).cloned(),
                    _ => None,
                });
                Ok((name.clone(), joined(&own)?))
            })
            .collect::<Result<_>>()
            .map(Value::Many),
        _ => joined(&tensors(&|part| part.one().ok().cloned())).map(Value::One),
    }
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

/// Outputs of the reverse strand in the order of the forward strand, as the labels of a dataset
/// are.
fn on_forward_strand(outputs: &Value, set: &Dataset) -> Result<Value> {
    let partners = set.label_partners.as_ref().map(|own| own.as_slice());
    match outputs {
        Value::Many(many) => many
            .iter()
            .map(|(name, out)| {
                let own = partners.and_then(|_| set.partners_named(name).transpose());
                let own = own.transpose()?;
                Ok((name.clone(), turned_back(out, own.as_deref())?))
            })
            .collect::<Result<_>>()
            .map(Value::Many),
        one => one.map(|out| turned_back(out, partners)),
    }
}

/// The value of a metric.
#[derive(Clone, Debug)]
pub struct Score {
    /// Name of the output; empty for the only one.
    pub output: String,
    /// Name of the metric.
    pub name: String,
    /// Value over all tasks.
    pub value: f64,
    /// Value of each task, if there are several.
    pub per_task: Vec<f64>,
}

impl Score {
    /// Its name with that of the output: `counts.spearman`.
    pub fn full_name(&self) -> String {
        if self.output.is_empty() {
            self.name.clone()
        } else {
            format!("{}.{}", self.output, self.name)
        }
    }
}

/// The loss and metrics of a dataset.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The loss, if one was given.
    pub loss: Option<f64>,
    /// The losses of the heads, by output.
    pub by_head: Vec<(String, f64)>,
    /// The metrics.
    pub scores: Vec<Score>,
}

/// What is computed from outputs and labels.
pub struct EvaluationSettings<'a> {
    /// Loss to compute.
    pub loss: Option<&'a Objective>,
    /// Functions that turn outputs into predictions.
    pub links: Links,
    /// Metrics to compute.
    pub metrics: &'a [OutputMetrics],
}

/// Computes metrics from outputs and labels, those of each output by its name.
pub fn measure(
    outputs: &Value,
    labels: &Value,
    links: &Links,
    metrics: &[OutputMetrics],
    is_mixed: bool,
) -> Result<Vec<Score>> {
    let mut scores = Vec::new();
    for OutputMetrics { output, metrics } in metrics {
        let of = |value: &Value, what: &str| match value {
            Value::Many(many) => many.get(output).cloned().ok_or_else(|| {
                let known: Vec<&str> = many.keys().map(String::as_str).collect();
                unknown("the metrics name", output, &known, what)
            }),
            one => one.one().cloned(),
        };
        let (outputs, labels) = (of(outputs, "the outputs")?, of(labels, "the labels")?);
        let own = measure_one(&outputs, &labels, links.of(output), metrics, is_mixed)?;
        scores.extend(own.into_iter().map(|score| Score {
            output: output.clone(),
            ..score
        }));
    }
    Ok(scores)
}

/// Computes metrics from outputs and labels. Ranking metrics rank the outputs themselves, or the
/// log-odds of classes: probabilities that round to 1 would tie. Other metrics receive predictions,
/// computed in 64 bits. `is_mixed` states whether augmentation may have mixed the labels.
fn measure_one(
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
    if link == Link::Mean {
        let means = link.apply(outputs)?.contiguous()?;
        return measure_one(&means, labels, Link::Identity, metrics, is_mixed);
    }
    let columns = (outputs.numel() / n.max(1)) as usize;
    let length = match outputs.shape()[..] {
        [_, .., length] => length as usize,
        _ => 1,
    };
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
            .mixed(is_mixed)
            .of_length(length);
        let scored = |metric: &Metric| {
            Ok(Score {
                output: String::new(),
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
    let outputs = || predict(model, set, batch, both_strands);
    let Some(loss) = settings.loss.filter(|loss| loss.sees_batch()) else {
        return evaluate_outputs(&outputs()?, set, settings);
    };
    let scores = if settings.metrics.is_empty() {
        Vec::new()
    } else {
        let settings = EvaluationSettings {
            loss: None,
            links: settings.links.clone(),
            ..*settings
        };
        evaluate_outputs(&outputs()?, set, &settings)?.scores
    };
    Ok(Evaluation {
        loss: Some(loss_of_batches(model, set, loss, batch)?),
        by_head: Vec::new(),
        scores,
    })
}

/// The mean over rows of a loss that sees the inputs of each batch.
fn loss_of_batches(model: &Model, set: &Dataset, loss: &Objective, batch: usize) -> Result<f64> {
    let _guard = grad::no_grad();
    let was = model.set_training(false);
    let value = |rows: Result<Batch>| {
        interrupt::check()?;
        let rows = rows?;
        let x = feed::inputs(&rows, model.device(), false)?;
        let labels = feed::labels(&rows, model.device(), model.output())?;
        let view = BatchView {
            inputs: &x,
            labels: &labels,
            rows: &rows.index,
        };
        let value = loss.of(&model.forward(&x)?, &labels, Some(&view))?;
        Ok(value.total.item()? * rows.size as f64)
    };
    // such a loss may compare the rows of a batch: every process computes it from whole batches
    let sum: Result<f64> = Loader::plain(set, batch).start().map(value).sum();
    model.set_training(was);
    Ok(sum? / set.len() as f64)
}

/// Computes the loss and metrics from the outputs of a network for every row of a dataset.
pub fn evaluate_outputs(
    outputs: &Value,
    set: &Dataset,
    settings: &EvaluationSettings,
) -> Result<Evaluation> {
    let labels = labels_of(set, outputs)?;
    let (mut loss, mut by_head) = (None, Vec::new());
    if let Some(objective) = settings.loss {
        let _guard = grad::no_grad();
        let losses = objective.of(outputs, &labels, None)?;
        let (total, heads) = Objective::read(&losses)?;
        (loss, by_head) = (Some(total), heads);
    }
    let scores = measure(outputs, &labels, &settings.links, settings.metrics, false)?;
    Ok(Evaluation {
        loss,
        by_head,
        scores,
    })
}

/// All labels of a dataset as the outputs of a network are: one tensor, or one for each name.
pub fn labels_of(set: &Dataset, outputs: &Value) -> Result<Value> {
    let rows: Vec<u32> = (0..set.len() as u32).collect();
    let (labels, groups) = set.cropped(set.all_labels(), &rows);
    let tasks = labels.len() / rows.len().max(1);
    let labels = Tensor::from_f32(&labels, &[set.len() as i64, tasks as i64])?;
    match outputs {
        Value::Many(_) => feed::labels_by_name(&labels, &groups).map(Value::Many),
        _ => feed::one_label(&labels, &groups).map(Value::One),
    }
}

/// Fails where metrics are not those of the outputs of a network.
pub fn check_metrics(model: &Model, metrics: &[OutputMetrics]) -> Result<()> {
    match model.output() {
        Shape::One(_) => match metrics.iter().find(|own| !own.output.is_empty()) {
            Some(own) => {
                bail!("option", "`metrics` are a map by output (`{}`), `{}` has one output",
                    own.output, model.name();
                    hint: "pass an array, such as `metrics: [metric::pearson()]`")
            }
            None => Ok(()),
        },
        Shape::Many(outputs) => {
            let outputs: Vec<&str> = outputs.keys().map(String::as_str).collect();
            let is_unknown = |own: &&OutputMetrics| !outputs.contains(&own.output.as_str());
            match metrics.iter().find(is_unknown) {
                Some(own) if own.output.is_empty() => {
                    bail!("option", "`{}` has several outputs ({}): its metrics are a map by \
                        output",
                        model.name(), outputs.join(", ");
                        hint: "`metrics: #{{ {}: [metric::…()] }}`", outputs[0])
                }
                Some(own) => Err(unknown(
                    "the metrics name",
                    &own.output,
                    &outputs,
                    "the outputs",
                )),
                None => Ok(()),
            }
        }
    }
}
