//! The values that an epoch records: loss and metrics of training and validation rows.

use super::evaluate::{self, EvaluationSettings, Score};
use super::settings::FitSettings;
use super::source::BatchSource;
use super::step::StepOutput;
use cistron_base::Result;
use cistron_torch::{Device, Tensor};
use serde_json::{Value, json};

/// Sums over the batches of an epoch. Without validation rows, metrics are computed from the
/// outputs of the training batches, which are collected here.
pub struct EpochSums {
    loss: f64,
    rows: usize,
    keeps_outputs: bool,
    outputs: Vec<Tensor>,
    labels: Vec<f32>,
}

impl EpochSums {
    /// Starts an epoch.
    pub fn new(settings: &FitSettings) -> EpochSums {
        EpochSums {
            loss: 0.0,
            rows: 0,
            keeps_outputs: settings.valid.is_none() && !settings.metrics.is_empty(),
            outputs: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Adds a batch of `rows` rows.
    pub fn add(&mut self, step: &StepOutput, rows: usize) -> Result<()> {
        self.loss += step.loss * rows as f64;
        self.rows += rows;
        if self.keeps_outputs {
            self.outputs
                .push(step.outputs.detach()?.to_device(Device::CPU)?);
            self.labels.extend(step.labels.to_f32()?);
        }
        Ok(())
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
    pub fn export(&self) -> Result<(Value, Vec<(String, Tensor)>)> {
        let value = json!({
            "loss": self.loss.to_bits(), "rows": self.rows, "keeps_outputs": self.keeps_outputs,
        });
        let mut tensors = Vec::new();
        if !self.outputs.is_empty() {
            let labels = Tensor::from_f32(&self.labels, &[self.labels.len() as i64])?;
            tensors.push(("outputs".to_string(), Tensor::cat(&self.outputs, 0)?));
            tensors.push(("labels".into(), labels));
        }
        Ok((value, tensors))
    }

    /// Restores what [`EpochSums::export`] returned; `None` if it is damaged.
    pub fn import(value: &Value, tensors: &[(String, Tensor)]) -> Option<EpochSums> {
        let named = |wanted: &str| {
            let found = tensors.iter().find(|(name, _)| name == wanted);
            found.map(|(_, tensor)| tensor.clone())
        };
        Some(EpochSums {
            loss: f64::from_bits(value["loss"].as_u64()?),
            rows: value["rows"].as_u64()? as usize,
            keeps_outputs: value["keeps_outputs"].as_bool()?,
            outputs: named("outputs").into_iter().collect(),
            labels: named("labels").map_or(Some(Vec::new()), |labels| labels.to_f32().ok())?,
        })
    }

    /// Returns the loss and metrics of the training rows, by name.
    pub fn values(&self, settings: &FitSettings) -> Result<Vec<(String, f64)>> {
        let mut values = vec![("train.loss".to_string(), self.mean_loss())];
        if self.keeps_outputs {
            let shape = [self.rows as i64, settings.train.tasks() as i64];
            let is_mixed = settings.augment.is_some() || settings.on_inputs.is_some();
            let scores = evaluate::measure(
                &Tensor::cat(&self.outputs, 0)?,
                &Tensor::from_f32(&self.labels, &shape)?,
                settings.loss.link,
                &settings.metrics,
                is_mixed,
            )?;
            values.extend(named("train", scores));
        }
        Ok(values)
    }
}

/// Returns the loss and metrics of the validation rows, by name.
pub fn values(settings: &FitSettings, source: &dyn BatchSource) -> Result<Vec<(String, f64)>> {
    let Some(valid) = &settings.valid else {
        return Ok(Vec::new());
    };
    let outputs = source.validation_outputs(valid, settings.batch.max(256))?;
    let evaluation = evaluate::evaluate_outputs(
        &outputs,
        valid,
        &EvaluationSettings {
            loss: Some(&settings.loss),
            link: settings.loss.link,
            metrics: &settings.metrics,
        },
    )?;
    let mut values: Vec<(String, f64)> = Vec::new();
    values.extend(evaluation.loss.map(|loss| ("valid.loss".into(), loss)));
    values.extend(named("valid", evaluation.scores));
    Ok(values)
}

fn named(side: &str, scores: Vec<Score>) -> impl Iterator<Item = (String, f64)> {
    scores
        .into_iter()
        .map(move |score| (format!("{side}.{}", score.name), score.value))
}
