//! Caches the outputs of a frozen prefix so that only the trainable layers run in each epoch.

use super::evaluate;
use super::source::BatchSource;
use crate::{Model, Value};
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::data::{Batch, Dataset};
use cistron_torch::{Tensor, grad};

/// Largest size of the cached outputs, in bytes.
const MAX_BYTES: usize = 1 << 30;

/// The outputs of the frozen layers that a network begins with, and the layers after them.
pub struct FrozenPrefix {
    /// The layers after the prefix.
    rest: Model,
    /// Frozen parameters, each with a copy of its values.
    frozen: Vec<FrozenParameter>,
    train: Tensor,
    valid: Option<Tensor>,
}

struct FrozenParameter {
    parameter: Tensor,
    copy: Tensor,
}

impl FrozenPrefix {
    /// Computes the outputs of the frozen layers for all rows, `batch` rows at a time. Returns
    /// `None` if the network begins with no frozen layers or the outputs are too large.
    pub fn new(
        model: &Model,
        train: &Dataset,
        valid: Option<&Dataset>,
        batch: usize,
    ) -> Result<Option<FrozenPrefix>> {
        let rows = train.len() + valid.map_or(0, Dataset::len);
        let fits = |shape: &[i64]| {
            rows.saturating_mul(4 * shape.iter().product::<i64>() as usize) <= MAX_BYTES
        };
        let Some((prefix, rest)) = model.cut_settled(fits)? else {
            return Ok(None);
        };
        let outputs = |set: &Dataset| {
            let outputs = evaluate::predict(&prefix, set, batch, false)?;
            outputs.one()?.to_device(model.device())
        };
        let (train, valid) = (outputs(train)?, valid.map(outputs).transpose()?);
        let _guard = grad::no_grad();
        let frozen = model
            .parameters()
            .iter()
            .filter(|(_, parameter)| !parameter.is_grad_on())
            .map(|(_, parameter)| {
                Ok(FrozenParameter {
                    parameter: parameter.clone(),
                    copy: parameter.copied()?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Some(FrozenPrefix {
            rest,
            frozen,
            train,
            valid,
        }))
    }

    /// Whether no frozen parameter has changed since the outputs were computed.
    pub fn is_current(&self) -> Result<bool> {
        let _guard = grad::no_grad();
        self.frozen.iter().try_fold(true, |is_current, frozen| {
            Ok(is_current && frozen.parameter.is_equal(&frozen.copy)?)
        })
    }
}

impl BatchSource for FrozenPrefix {
    fn model(&self) -> &Model {
        &self.rest
    }

    fn inputs(&self, batch: &Batch, _as_codes: bool) -> Result<Value> {
        let rows: Vec<i64> = batch.index.iter().map(|row| i64::from(*row)).collect();
        let rows = Tensor::from_i64(&rows, &[rows.len() as i64])?.to_device(self.train.device())?;
        self.train.take(0, &rows).map(Value::One)
    }

    fn validation_outputs(&self, _valid: &Dataset, rows: usize) -> Result<Value> {
        let Some(valid) = &self.valid else {
            bail!("internal", "there are no validation rows")
        };
        evaluate::predict_inputs(&self.rest, valid, rows)
    }
}
