//! Training sequences stored on the GPU: a batch names only which rows are read, from which offset
//! and on which strand.

use super::source::BatchSource;
use crate::{Codes, Model, Value};
use cistron_base::{Result, interrupt};
use cistron_genome::data::{Batch, Loader};
use cistron_genome::seq::alphabet::UNKNOWN;
use cistron_genome::seq::shuffle::Shuffler;
use cistron_torch::Tensor;

/// Largest size of the cache, in bytes.
const MAX_BYTES: usize = 4 << 30;
/// Rows that are read between checks for an interrupt.
const ROWS_PER_CHECK: usize = 4096;

/// The sequences of a dataset on the device, with the margins that augmenters shift into view.
pub struct DeviceCache {
    model: Model,
    /// `[rows, margin + length + margin]`
    codes: Tensor,
    /// Offsets of an input, `[1, length]`.
    offsets: Tensor,
    /// Whether rows are read without augmentation.
    is_plain: bool,
}

impl DeviceCache {
    /// Copies all rows of a loader's dataset to the device of the model. Returns `None` if the
    /// sequences change between epochs other than by shifts and reverse complements, or if they
    /// are too many.
    pub fn new(model: &Model, loader: &Loader) -> Result<Option<DeviceCache>> {
        let set = &loader.set;
        if set.is_redrawn() || !loader.only_moves() {
            return Ok(None);
        }
        let Some(column) = set.sequence_input() else {
            return Ok(None);
        };
        let (length, margin, n) = (column.row_shape()[0], loader.margin(), set.len());
        let width = length + 2 * margin;
        if n.saturating_mul(width) > MAX_BYTES {
            return Ok(None);
        }
        let (mut codes, mut shuffler) = (Vec::with_capacity(n * width), Shuffler::default());
        for row in 0..n {
            if row % ROWS_PER_CHECK == 0 {
                interrupt::check()?;
            }
            set.push_codes(column, row, margin, 0, &mut shuffler, &mut codes)?;
        }
        let device = model.device();
        let codes = Tensor::from_u8(&codes, &[n as i64, width as i64])?.to_device(device)?;
        let offsets = Tensor::arange_i64(0, length as i64, 1)?
            .to_device(device)?
            .reshape(&[1, -1])?;
        Ok(Some(DeviceCache {
            model: model.clone(),
            codes,
            offsets,
            is_plain: loader.transform.is_none(),
        }))
    }

    /// Returns the codes of a batch, `[batch, length]`.
    fn codes(&self, batch: &Batch) -> Result<Tensor> {
        let device = self.codes.device();
        let column = |values: Vec<i64>| {
            Tensor::from_i64(&values, &[batch.size as i64, 1])?.to_device(device)
        };
        let rows = column(batch.index.iter().map(|row| i64::from(*row)).collect())?;
        let rows = self.codes.take(0, &rows.reshape(&[-1])?)?;
        if self.is_plain {
            return Ok(rows);
        }
        let starts = column(batch.places.iter().map(|place| place.start).collect())?;
        let is_reverse = column(
            batch
                .places
                .iter()
                .map(|place| i64::from(place.turned))
                .collect(),
        )?;
        // 1 on the forward strand, -1 on the reverse strand
        let steps = is_reverse
            .mul_number(-2)?
            .add_number(1)?
            .mul(&self.offsets)?;
        let codes = rows.gather(1, &starts.add(&steps)?)?;
        // 3 - code is the complement; the code of an unknown base stays
        let complement = codes.neg()?.add_number(3)?;
        let is_known = codes.lt_number(i64::from(UNKNOWN))?;
        complement.where_(&is_reverse.gt_number(0)?.mul(&is_known)?, &codes)
    }
}

impl BatchSource for DeviceCache {
    fn model(&self) -> &Model {
        &self.model
    }

    fn inputs(&self, batch: &Batch, _as_codes: bool) -> Result<Value> {
        Codes::from_tensor(self.codes(batch)?).map(Value::Codes)
    }
}
