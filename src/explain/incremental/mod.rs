//! Outputs of sequences with one changed base, computed only where the change reaches.
//!
//! - [`scan`]: a convolution and a global pooling, on the CPU: the windows that contain the change
//! - [`patch`]: local layers: the range of each layer's output that depends on the change

mod change;
mod local;
mod patch;
mod scan;

use super::target::{Still, Target};
use cistron_base::Result;
use cistron_nn::Value;
use cistron_torch::Tensor;

pub use change::{Change, all_changes};

/// Computes the targets of sequences with one changed base: for each target, a value per change.
///
/// Whole sequences are evaluated only where the network is not local.
pub fn of_changes(
    still: &Still,
    codes: &[u8],
    length: usize,
    changes: &[Change],
    targets: &[Target],
    batch: usize,
) -> Result<Vec<Vec<f64>>> {
    if let Some(values) = local::of_changes(still, codes, length, changes, targets, batch)? {
        return Ok(values);
    }
    let mut out = vec![Vec::with_capacity(changes.len()); targets.len()];
    for chunk in changes.chunks(batch.max(1)) {
        let mut changed = Vec::with_capacity(chunk.len() * length);
        for change in chunk {
            let start = changed.len();
            changed.extend_from_slice(&codes[change.row * length..][..length]);
            changed[start + change.position] = change.to;
        }
        let chunk_values = values(still, &changed, length, targets, batch)?;
        out.iter_mut()
            .zip(chunk_values)
            .for_each(|(out, values)| out.extend(values));
    }
    Ok(out)
}

/// Computes the targets of whole sequences: for each target, a value per sequence.
pub fn values(
    still: &Still,
    codes: &[u8],
    length: usize,
    targets: &[Target],
    batch: usize,
) -> Result<Vec<Vec<f64>>> {
    let mut out = vec![Vec::with_capacity(codes.len() / length.max(1)); targets.len()];
    for chunk in codes.chunks(batch.max(1) * length.max(1)) {
        let rows = (chunk.len() / length) as i64;
        let x = Value::One(Tensor::from_u8(chunk, &[rows, length as i64])?);
        out.iter_mut()
            .zip(still.values(&x, targets)?)
            .for_each(|(out, values)| out.extend(values));
    }
    Ok(out)
}
