//! The values that an epoch records: loss and metrics of training and validation rows.

use super::evaluate::{self, Evaluation, EvaluationSettings, Score};
use super::objective::Objective;
use super::settings::FitSettings;
use super::source::BatchSource;
use super::step::StepOutput;
use crate::Value;
use cistron_base::Result;
use cistron_torch::{Device, Tensor};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Sums over the batches of an epoch. Without validation rows, metrics are computed from the
/// outputs of the training batches, which are collected here.
pub struct EpochSums {
    loss: f64,
    rows: usize,
    /// Sums of further values, each with the number of rows that had it.
    parts: Vec<(String, f64, usize)>,
    keeps_outputs: bool,
    outputs: Vec<Value>,
    labels: Vec<Value>,
}

impl EpochSums {
    /// Starts an epoch.
    pub fn new(settings: &FitSettings) -> EpochSums {
        EpochSums {
            loss: 0.0,
            rows: 0,
            parts: Vec::new(),
            keeps_outputs: settings.valid.is_none() && !settings.metrics.is_empty(),
            outputs: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Starts a pass over the validation rows.
    pub fn of_validation(settings: &FitSettings) -> EpochSums {
        EpochSums {
            keeps_outputs: !settings.metrics.is_empty(),
            ..EpochSums::new(settings)
        }
    }

    /// Adds a batch of `rows` rows.
    pub fn add(&mut self, step: &StepOutput, rows: usize) -> Result<()> {
        self.loss += step.loss * rows as f64;
        self.rows += rows;
        for (name, value) in &step.parts {
            let sum = value * rows as f64;
            match self.parts.iter_mut().find(|(known, ..)| known == name) {
                Some(own) => (own.1, own.2) = (own.1 + sum, own.2 + rows),
                None => self.parts.push((name.clone(), sum, rows)),
            }
        }
        if let (true, Some(scored)) = (self.keeps_outputs, &step.scored) {
            let on_host =
                |value: &Value| value.map(|tensor| tensor.detach()?.to_device(Device::CPU));
            self.outputs.push(on_host(&scored.outputs)?);
            self.labels.push(on_host(&scored.labels)?);
        }
        Ok(())
    }

    /// Whether the outputs of batches are collected.
    pub fn keeps_outputs(&self) -> bool {
        self.keeps_outputs
    }

    /// Number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Mean loss of the rows so far.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.rows as f64
    }

    /// Returns the sums as JSON, and the outputs and labels as tensors.
    pub fn export(&self) -> Result<(Json, Vec<(String, Tensor)>)> {
        let part = |(name, sum, rows): &(String, f64, usize)| json!([name, sum.to_bits(), rows]);
        let value = json!({
            "loss": self.loss.to_bits(), "rows": self.rows, "keeps_outputs": self.keeps_outputs,
            "parts": self.parts.iter().map(part).collect::<Vec<_>>(),
        });
        let mut tensors = Vec::new();
        if !self.outputs.is_empty() {
            tensors.extend(named_tensors("outputs", Value::cat(&self.outputs)?));
            tensors.extend(named_tensors("labels", Value::cat(&self.labels)?));
        }
        Ok((value, tensors))
    }

    /// Restores what [`EpochSums::export`] returned; `None` if it is damaged.
    pub fn import(value: &Json, tensors: &[(String, Tensor)]) -> Option<EpochSums> {
        let part = |part: &Json| {
            let (name, sum) = (part[0].as_str()?, f64::from_bits(part[1].as_u64()?));
            Some((name.to_string(), sum, part[2].as_u64()? as usize))
        };
        let parts = value["parts"].as_array().map(Vec::as_slice);
        Some(EpochSums {
            loss: f64::from_bits(value["loss"].as_u64()?),
            rows: value["rows"].as_u64()? as usize,
            parts: parts
                .unwrap_or_default()
                .iter()
                .map(part)
                .collect::<Option<_>>()?,
            keeps_outputs: value["keeps_outputs"].as_bool()?,
            outputs: value_named("outputs", tensors).into_iter().collect(),
            labels: value_named("labels", tensors).into_iter().collect(),
        })
    }

    /// Returns the loss and metrics of the training rows, by name.
    pub fn values(
        &self,
        settings: &FitSettings,
        objective: &Objective,
    ) -> Result<Vec<(String, f64)>> {
        let is_mixed = settings.augment.is_some() || settings.on_inputs.is_some();
        self.values_of("train", settings, objective, is_mixed)
    }

    /// Returns the loss and metrics of rows of a side, `train` or `valid`, by name. `is_mixed`
    /// states whether augmentation may have mixed the labels.
    pub fn values_of(
        &self,
        side: &str,
        settings: &FitSettings,
        objective: &Objective,
        is_mixed: bool,
    ) -> Result<Vec<(String, f64)>> {
        let mut values = vec![(format!("{side}.loss"), self.mean_loss())];
        let parts = self.parts.iter();
        values.extend(parts.map(|(name, sum, n)| (format!("{side}.{name}"), sum / *n as f64)));
        if self.keeps_outputs && !self.outputs.is_empty() {
            let scores = evaluate::measure(
                &Value::cat(&self.outputs)?,
                &Value::cat(&self.labels)?,
                &objective.links(),
                &settings.metrics,
                is_mixed,
            )?;
            values.extend(named(side, scores));
        }
        Ok(values)
    }
}

/// The tensors of a value under a name: `outputs`, or `outputs/profile` of several.
fn named_tensors(name: &str, value: Value) -> Vec<(String, Tensor)> {
    match value {
        Value::Many(many) => many
            .into_iter()
            .map(|(key, tensor)| (format!("{name}/{key}"), tensor))
            .collect(),
        one => one
            .tensors()
            .into_iter()
            .map(|tensor| (name.to_string(), tensor.clone()))
            .collect(),
    }
}

/// The value that [`named_tensors`] has listed.
fn value_named(name: &str, tensors: &[(String, Tensor)]) -> Option<Value> {
    if let Some((_, one)) = tensors.iter().find(|(known, _)| known == name) {
        return Some(Value::One(one.clone()));
    }
    let key = |known: &str| {
        known
            .strip_prefix(name)?
            .strip_prefix('/')
            .map(str::to_string)
    };
    let many: BTreeMap<String, Tensor> = tensors
        .iter()
        .filter_map(|(known, tensor)| Some((key(known)?, tensor.clone())))
        .collect();
    (!many.is_empty()).then_some(Value::Many(many))
}

/// Returns the loss and metrics of the validation rows, by name.
pub fn values(
    settings: &FitSettings,
    source: &dyn BatchSource,
    objective: &Objective,
) -> Result<Vec<(String, f64)>> {
    let Some(valid) = &settings.valid else {
        return Ok(Vec::new());
    };
    let evaluation = EvaluationSettings {
        loss: Some(objective),
        links: objective.links(),
        metrics: &settings.metrics,
    };
    let Evaluation {
        loss,
        by_head,
        scores,
    } = if objective.sees_batch() {
        evaluate::evaluate(source.model(), valid, &evaluation, settings.batch, false)?
    } else {
        let outputs = source.validation_outputs(valid, settings.batch.max(256))?;
        evaluate::evaluate_outputs(&outputs, valid, &evaluation)?
    };
    let mut values: Vec<(String, f64)> = Vec::new();
    values.extend(loss.map(|loss| ("valid.loss".into(), loss)));
    let head = |(name, value)| (format!("valid.loss.{name}"), value);
    values.extend(by_head.into_iter().map(head));
    values.extend(named("valid", scores));
    Ok(values)
}

fn named(side: &str, scores: Vec<Score>) -> impl Iterator<Item = (String, f64)> {
    scores
        .into_iter()
        .map(move |score| (format!("{side}.{}", score.full_name()), score.value))
}
