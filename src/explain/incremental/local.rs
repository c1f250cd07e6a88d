//! Evaluation of changes in networks whose first layers read windows.

use super::change::Change;
use super::patch::{Patch, indices};
use super::scan::scan_of;
use crate::target::{Still, Target};
use cistron_base::{Result, interrupt};
use cistron_nn::compose::rest;
use cistron_nn::fuse::pattern::LayerPattern;
use cistron_nn::kernels::mutations::{Mutation, Scan};
use cistron_nn::spec::LocalWindow;
use cistron_nn::{Mode, Module, Value};
use cistron_torch::{Device, Kind, Tensor, grad, parallel};
use std::rc::Rc;

/// The sequences that are changed.
#[derive(Clone, Copy)]
struct Sequences<'a> {
    /// Codes of all sequences, row after row.
    codes: &'a [u8],
    length: usize,
}

/// The layers after those that are evaluated incrementally, and the values of their outputs.
struct Readout<'a> {
    targets: &'a [Target],
    mode: Mode,
    /// For each target, the values so far.
    values: Vec<Vec<f64>>,
}

impl Readout<'_> {
    /// Passes `x` through the remaining layers and appends the value of each target.
    fn add(&mut self, x: &Tensor, remaining: &dyn Module) -> Result<()> {
        let output = remaining
            .forward(&Value::One(x.clone()), self.mode)?
            .map(|tensor| tensor.to_kind(Kind::Float))?;
        for (target, values) in self.targets.iter().zip(&mut self.values) {
            values.extend(target.of(&output)?.to_f64()?);
        }
        Ok(())
    }
}

/// Computes the targets of sequences with one changed base: for each target, a value per change;
/// none where the network's first layers read whole sequences.
///
/// - `codes`: the sequences, row after row
/// - `batch`: number of rows that pass through the remaining layers at a time
pub(super) fn of_changes(
    still: &Still,
    codes: &[u8],
    length: usize,
    changes: &[Change],
    targets: &[Target],
    batch: usize,
) -> Result<Option<Vec<Vec<f64>>>> {
    if !still.net().is_fast() || changes.is_empty() {
        return Ok(None);
    }
    let sequences = Sequences { codes, length };
    let batch = batch.max(1);
    still.net().within(|module, mode| {
        let LayerPattern::Chain(parts) = module.pattern() else {
            return Ok(None);
        };
        if !reads_windows(parts) {
            return Ok(None);
        }
        let _guard = grad::no_grad();
        let device = still.net().device();
        let mut readout = Readout {
            targets,
            mode,
            values: vec![Vec::with_capacity(changes.len()); targets.len()],
        };
        if device == Device::CPU
            && !mode.half
            && let Some((scan, used)) = scan_of(parts)?
        {
            let remaining = rest(&parts[used..]);
            for chunk in changes.chunks(64 * batch) {
                interrupt::check()?;
                readout.add(&pooled(&scan, sequences, chunk)?, &*remaining)?;
            }
            return Ok(Some(readout.values));
        }
        for chunk in changes.chunks(4 * batch) {
            interrupt::check()?;
            let patch = one_hot_patch(sequences, chunk, device)?;
            let (patch, used) = patch.front(parts, mode)?;
            if used == 0 {
                return Ok(None);
            }
            if let Some(LayerPattern::GlobalPool(reduction)) =
                parts.get(used).map(|part| part.pattern())
            {
                readout.add(&patch.pooled(reduction)?, &*rest(&parts[used + 1..]))?;
                continue;
            }
            let remaining = rest(&parts[used..]);
            for start in (0..chunk.len()).step_by(batch) {
                let count = batch.min(chunk.len() - start);
                readout.add(&patch.narrow(start, count)?.rows()?, &*remaining)?;
            }
        }
        Ok(Some(readout.values))
    })
}

/// Whether a layer before the first global pooling reads a window of several positions.
fn reads_windows(parts: &[Rc<dyn Module>]) -> bool {
    parts
        .iter()
        .take_while(|part| !matches!(part.pattern(), LayerPattern::GlobalPool(_)))
        .filter_map(|part| part.local_window())
        .any(|window| window != LocalWindow::POINT)
}

/// The pooled output of the scan for each change, `[changes, filters]`.
fn pooled(scan: &Scan, sequences: Sequences, changes: &[Change]) -> Result<Tensor> {
    let rows: Vec<&[Change]> = changes.chunk_by(|a, b| a.row == b.row).collect();
    let values = parallel::map(rows.len(), &|i| {
        let mutations: Vec<Mutation> = rows[i]
            .iter()
            .map(|change| Mutation {
                position: change.position,
                base: change.to,
            })
            .collect();
        let start = rows[i][0].row * sequences.length;
        scan.mutated(&sequences.codes[start..][..sequences.length], &mutations)
    })
    .concat();
    let filters = values.len() / changes.len();
    Tensor::from_f32(&values, &[changes.len() as i64, filters as i64])
}

/// The changes as patches of one-hot sequences.
fn one_hot_patch(sequences: Sequences, changes: &[Change], device: Device) -> Result<Patch> {
    let Sequences { codes, length } = sequences;
    let first = changes.iter().map(|change| change.row).min().unwrap_or(0);
    let last = changes.iter().map(|change| change.row).max().unwrap_or(0);
    let rows = (last + 1 - first) as i64;
    let whole = Tensor::from_u8(
        &codes[first * length..(last + 1) * length],
        &[rows, length as i64],
    )?
    .to_device(device)?
    .one_hot_codes()?;
    let bases: Vec<u8> = changes.iter().map(|change| change.to).collect();
    let row = |change: &Change| (change.row - first) as i64;
    Ok(Patch {
        whole,
        rows: indices(&changes.iter().map(row).collect::<Vec<_>>(), device)?,
        starts: changes
            .iter()
            .map(|change| change.position as i64)
            .collect(),
        values: Tensor::from_u8(&bases, &[bases.len() as i64, 1])?
            .to_device(device)?
            .one_hot_codes()?,
    })
}
