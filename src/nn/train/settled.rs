//! Layers that come first and do not learn: what they give is computed once, and the layers behind
//! them learn from that.

use super::evaluate;
use crate::Model;
use cistron_base::Result;
use cistron_base::bail;
use cistron_genome::data::{Batch, Dataset};
use cistron_torch::{Tensor, grad};

/// Bytes that outputs may take at most.
const MOST: usize = 1 << 30;

/// A network behind its frozen layers, and what these give.
pub struct Settled {
    /// The layers behind.
    pub behind: Model,
    frozen: Vec<(Tensor, Tensor)>,
    train: Tensor,
    valid: Option<Tensor>,
}

impl Settled {
    /// Passes all rows through the frozen layers that a network begins with; none where it has
    /// none, or their outputs are too large.
    pub fn of(
        model: &Model,
        train: &Dataset,
        valid: Option<&Dataset>,
        batch: usize,
    ) -> Result<Option<Settled>> {
        let rows = train.len() + valid.map_or(0, Dataset::len);
        let fits =
            |shape: &[i64]| rows.saturating_mul(4 * shape.iter().product::<i64>() as usize) <= MOST;
        let Some((before, behind)) = model.cut_settled(fits)? else {
            return Ok(None);
        };
        let given = |set: &Dataset| {
            evaluate::predict(&before, set, batch, false)?.to_device(model.device())
        };
        let (train, valid) = (given(train)?, valid.map(given).transpose()?);
        let _guard = grad::no_grad();
        let still = model
            .parameters()
            .iter()
            .filter(|(_, own)| !own.is_grad_on());
        let frozen = still
            .map(|(_, own)| Ok((own.clone(), own.copied()?)))
            .collect::<Result<_>>()?;
        Ok(Some(Settled {
            behind,
            frozen,
            train,
            valid,
        }))
    }

    /// Whether all frozen parameters are what they were.
    pub fn holds(&self) -> Result<bool> {
        let _guard = grad::no_grad();
        self.frozen
            .iter()
            .try_fold(true, |holds, (own, was)| Ok(holds && own.is_equal(was)?))
    }

    /// What the layers behind take of a batch.
    pub fn inputs(&self, batch: &Batch) -> Result<Tensor> {
        let rows: Vec<i64> = batch.index.iter().map(|row| i64::from(*row)).collect();
        self.train.take(
            0,
            &Tensor::from_i64(&rows, &[rows.len() as i64])?.to_device(self.train.device())?,
        )
    }

    /// What the network gives for every row that is watched, on the processor.
    pub fn watched(&self, batch: usize) -> Result<Tensor> {
        let Some(valid) = &self.valid else {
            bail!("internal", "no rows are watched")
        };
        evaluate::passed(&self.behind, valid, batch)
    }
}
