//! Predictions of a dataset, and how good they are.

use super::feed;
use crate::bail;
use crate::base::{Result, interrupt, shape};
use crate::data::{Dataset, Input, Loader};
use crate::metrics::Metric;
use crate::metrics::measure::Pairs;
use crate::nn::loss::{Link, Loss};
use crate::nn::strands::{InputKind, Strands, turned_back};
use crate::nn::{Model, Value};
use crate::torch::{Device, Tensor, grad};

/// What a network gives for every row of a dataset, on the processor; `both_strands` averages the two strands, position by
/// position where outputs are along the sequence.
pub fn predict(model: &Model, set: &Dataset, batch: usize, both_strands: bool) -> Result<Tensor> {
    let as_codes = model.reads_codes() && !both_strands;
    let rows = Loader::plain(set, batch).start().map(|rows| feed::inputs(&rows?, model.device(), as_codes));
    evaluating(model, rows, both_strands.then_some(set))
}

/// What the inputs of a dataset become on the reverse strand, as a network takes them.
pub fn strands(set: &Dataset) -> Strands {
    let kind = |input: &Input| match (input.column.is_sequence(), input.is_along, &input.partners) {
        (true, ..) => InputKind::Sequence,
        (_, _, Some(_)) => InputKind::Stranded,
        (_, true, None) => InputKind::Track,
        (_, false, None) => InputKind::Features,
    };
    match set.inputs.as_slice() {
        [one] => Strands::One(kind(one)),
        many => Strands::Many(many.iter().map(|input| (input.name.clone(), kind(input))).collect()),
    }
}

/// What a network gives for every row of inputs as it takes them, on the processor.
pub fn passed(model: &Model, x: &Tensor, batch: usize) -> Result<Tensor> {
    let n = x.shape().first().copied().unwrap_or(0);
    let rows = (0..n).step_by(batch).map(|from| x.narrow(0, from, (n - from).min(batch as i64)).map(Value::One));
    evaluating(model, rows, None)
}

/// Passes rows through a network; of a dataset also on the reverse strand, what comes from there turned back.
fn evaluating(model: &Model, rows: impl Iterator<Item = Result<Value>>, both: Option<&Dataset>) -> Result<Tensor> {
    let _guard = grad::no_grad();
    let was = model.set_training(false);
    let one = |x: Result<Value>| {
        interrupt::check()?;
        let x = x?;
        let mut out = model.forward(&x)?.one()?.clone();
        if let Some(set) = both {
            let other = model.forward(&strands(set).turned(&x)?)?.one()?.clone();
            let labels = set.label_partners.as_ref().map(|partners| partners.as_slice());
            out = out.add(&turned_back(&other, labels)?)?.mul_number(0.5)?;
        }
        out.to_device(Device::CPU)
    };
    let parts = rows.map(one).collect::<Result<Vec<_>>>();
    model.set_training(was);
    Tensor::cat(&parts?, 0)
}

/// Measured values by name; of several tasks also each task's.
pub type Scores = Vec<(String, f64, Vec<f64>)>;

/// Measures outputs against labels; metrics see predictions (probabilities where the link says so).
pub fn measure(outputs: &Tensor, labels: &Tensor, link: Link, metrics: &[Metric]) -> Result<Scores> {
    if metrics.is_empty() {
        return Ok(Vec::new());
    }
    let predictions = link.apply(outputs)?;
    let n = predictions.shape().first().copied().unwrap_or(0);
    if n != labels.shape().first().copied().unwrap_or(0) {
        bail!("shape", "predictions {} and labels {} differ in rows", shape::text(&predictions.shape()), shape::text(&labels.shape()));
    }
    let columns = (predictions.numel() / n.max(1)) as usize;
    let each = |pairs: &Pairs| {
        let scored = |metric: &Metric| Ok((metric.name.clone(), metric.of(pairs)?, if columns > 1 { metric.per_task(pairs)? } else { Vec::new() }));
        metrics.iter().map(scored).collect()
    };
    predictions.with_f32(|scores| labels.with_f32(|labels| each(&Pairs::new(scores, labels, columns))))??
}

/// Predicts and measures a dataset; the loss too where there is one.
pub fn evaluate(
    model: &Model,
    set: &Dataset,
    loss: Option<&Loss>,
    link: Link,
    metrics: &[Metric],
    batch: usize,
    both_strands: bool,
) -> Result<(Option<f64>, Scores)> {
    judge(&predict(model, set, batch, both_strands)?, set, loss, link, metrics)
}

/// Measures what a network gave for every row of a dataset.
pub fn judge(outputs: &Tensor, set: &Dataset, loss: Option<&Loss>, link: Link, metrics: &[Metric]) -> Result<(Option<f64>, Scores)> {
    let labels = Tensor::from_f32(&set.all_labels(), &[set.len() as i64, set.tasks() as i64])?;
    let value = match loss {
        Some(loss) => {
            let _guard = grad::no_grad();
            Some(loss.of(outputs, &labels, None)?.item()?)
        }
        None => None,
    };
    Ok((value, measure(outputs, &labels, link, metrics)?))
}
