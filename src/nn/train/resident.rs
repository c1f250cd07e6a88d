//! Sequences that lie on a GPU all the time: a batch tells only which rows are read, from where,
//! and on which strand.

use cistron_base::{Result, interrupt};
use cistron_genome::data::{Batch, Loader};
use cistron_genome::seq::alphabet::UNKNOWN;
use cistron_genome::seq::shuffle::Shuffler;
use cistron_torch::{Device, Tensor};

/// Bytes that may lie there at most.
const MOST: usize = 4 << 30;
/// Rows that are read between looks for an interrupt.
const STRETCH: usize = 4096;

/// The sequences of a dataset, with the margins that augmenters move into view.
pub struct Resident {
    /// `[rows, margin + length + margin]`
    codes: Tensor,
    /// The positions of a view, `[1, length]`.
    along: Tensor,
    /// Whether rows are read as they are.
    is_plain: bool,
}

impl Resident {
    /// Sends all rows of a loader's dataset to a device; none where they change in other ways than
    /// by moves and turns, from pass to pass, or where they are too many.
    pub fn of(loader: &Loader, device: Device) -> Result<Option<Resident>> {
        let set = &loader.set;
        if set.is_redrawn() || !loader.only_moves() {
            return Ok(None);
        }
        let Some(column) = set.sequence_input() else {
            return Ok(None);
        };
        let (length, margin, n) = (column.row_shape()[0], loader.margin(), set.len());
        let width = length + 2 * margin;
        if n.saturating_mul(width) > MOST {
            return Ok(None);
        }
        let (mut codes, mut shuffler) = (Vec::with_capacity(n * width), Shuffler::default());
        for row in 0..n {
            if row % STRETCH == 0 {
                interrupt::check()?;
            }
            set.push_codes(column, row, margin, 0, &mut shuffler, &mut codes)?;
        }
        let codes = Tensor::from_u8(&codes, &[n as i64, width as i64])?.to_device(device)?;
        let along = Tensor::arange_i64(0, length as i64, 1)?
            .to_device(device)?
            .reshape(&[1, -1])?;
        Ok(Some(Resident {
            codes,
            along,
            is_plain: loader.transform.is_none(),
        }))
    }

    /// The codes of a batch, `[batch, length]`, on the device.
    pub fn inputs(&self, batch: &Batch) -> Result<Tensor> {
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
        let turned = column(
            batch
                .places
                .iter()
                .map(|place| i64::from(place.turned))
                .collect(),
        )?;
        let steps = turned.mul_number(-2)?.add_number(1)?.mul(&self.along)?;
        let codes = rows.gather(1, &starts.add(&steps)?)?;
        // A and T, C and G change places; what is unknown stays so
        let swapped = codes.neg()?.add_number(3)?;
        let known = codes.lt_number(i64::from(UNKNOWN))?;
        swapped.where_(&turned.gt_number(0)?.mul(&known)?, &codes)
    }
}
