//! Changed sequences, computed only where they differ: each layer of a local front sees the stretch
//! that a change reaches.

use super::target::{Still, Target};
use cistron_base::{Result, interrupt};
use cistron_nn::changed::Scan;
use cistron_nn::compose::rest;
use cistron_nn::lookup::Over;
use cistron_nn::spec::{Reach, Role};
use cistron_nn::{Mode, Module, Value};
use cistron_torch::{Device, Kind, Tensor, grad, parallel};
use std::rc::Rc;

/// One base of one sequence that becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The sequence's number.
    pub row: usize,
    /// Where.
    pub position: usize,
    /// The base before.
    pub from: u8,
    /// The base after.
    pub to: u8,
}

/// Stretches in which rows differ from the row they come from.
#[derive(Clone)]
struct Patch {
    /// Unchanged: `[rows, channels, length]`.
    whole: Tensor,
    /// Of each patch its row of `whole`.
    rows: Tensor,
    /// Where each starts.
    starts: Vec<i64>,
    /// `[patches, channels, width]`.
    values: Tensor,
}

fn whole_numbers(values: &[i64], device: Device) -> Result<Tensor> {
    Tensor::from_i64(values, &[values.len() as i64])?.to_device(device)
}

impl Patch {
    fn width(&self) -> i64 {
        self.values.shape()[2]
    }

    fn length(&self) -> i64 {
        self.whole.shape()[2]
    }

    /// Stretches of `width` from `starts` on, the patches in them, of a whole that is `around`
    /// itself and perhaps more at its ends.
    fn laid(&self, around: &Tensor, before: i64, starts: &[i64], width: i64) -> Result<Tensor> {
        let device = self.values.device();
        let plain = around.stretches(&self.rows, &whole_numbers(starts, device)?, width)?;
        let offsets: Vec<i64> = self
            .starts
            .iter()
            .zip(starts)
            .map(|(own, start)| own + before - start)
            .collect();
        let least = offsets.iter().copied().min().unwrap_or(0).min(0);
        let most = offsets
            .iter()
            .map(|offset| offset + self.width())
            .max()
            .unwrap_or(width)
            .max(width);
        if (least, most) == (0, width) {
            return plain.written(&whole_numbers(&offsets, device)?, &self.values);
        }
        // what sticks out is cut off again
        let moved: Vec<i64> = offsets.iter().map(|offset| offset - least).collect();
        plain
            .pad(&[-least, most - width], "constant", 0.0)?
            .written(&whole_numbers(&moved, device)?, &self.values)?
            .narrow(2, -least, width)
    }

    /// The whole rows.
    fn rows(&self) -> Result<Tensor> {
        self.laid(&self.whole, 0, &vec![0; self.starts.len()], self.length())
    }

    /// Through a layer of which a position reads a stretch.
    fn through(&self, module: &dyn Module, reach: Reach, mode: Mode) -> Result<Patch> {
        let whole = module
            .forward(&Value::One(self.whole.clone()), mode)?
            .one()?
            .clone();
        if reach == Reach::POINT {
            return Ok(Patch {
                whole,
                values: module.within(&self.values, mode)?,
                ..self.clone()
            });
        }
        let Reach {
            span,
            stride,
            pads: (before, after),
            fill,
        } = reach;
        let length = whole.shape()[2];
        let width = ((self.width() + span - 2) / stride + 1).min(length);
        // the first output that reads a patch, as far as all stretches are as wide
        let first = |start: &i64| {
            (start + before - span + 1 + stride - 1)
                .div_euclid(stride)
                .clamp(0, length - width)
        };
        let starts: Vec<i64> = self.starts.iter().map(first).collect();
        let around = if (before, after) == (0, 0) {
            self.whole.clone()
        } else {
            self.whole.pad(&[before, after], "constant", fill)?
        };
        let from: Vec<i64> = starts.iter().map(|start| start * stride).collect();
        let values = module.within(
            &self.laid(&around, before, &from, (width - 1) * stride + span)?,
            mode,
        )?;
        Ok(Patch {
            whole,
            rows: self.rows.clone(),
            starts,
            values,
        })
    }

    /// Both, where either differs.
    fn sum(&self, other: &Patch) -> Result<Patch> {
        let both = || self.starts.iter().zip(&other.starts);
        let ends = |(a, b): (&i64, &i64)| (a + self.width()).max(b + other.width()) - a.min(b);
        let width = both().map(ends).max().unwrap_or(1).min(self.length());
        let starts: Vec<i64> = both()
            .map(|(a, b)| *a.min(b))
            .map(|start| start.clamp(0, self.length() - width))
            .collect();
        let on = |patch: &Patch| patch.laid(&patch.whole, 0, &starts, width);
        Ok(Patch {
            whole: self.whole.add(&other.whole)?,
            rows: self.rows.clone(),
            values: on(self)?.add(&on(other)?)?,
            starts,
        })
    }

    /// The largest or the mean of whole rows.
    fn pooled(&self, over: Over) -> Result<Tensor> {
        let device = self.values.device();
        let width = self.width();
        let starts = whole_numbers(&self.starts, device)?;
        if over == Over::Mean {
            let own = self
                .values
                .sub(&self.whole.stretches(&self.rows, &starts, width)?)?
                .sum(&Some(vec![2]), false)?;
            return self
                .whole
                .sum(&Some(vec![2]), false)?
                .take(0, &self.rows)?
                .add(&own)?
                .div_number(self.length() as f64);
        }
        // the largest before each position, and from each position on
        let before = self
            .whole
            .pad(&[1, 0], "constant", f64::NEG_INFINITY)?
            .running_max(2)?;
        let behind = self
            .whole
            .pad(&[0, 1], "constant", f64::NEG_INFINITY)?
            .flip(&[2])?
            .running_max(2)?
            .flip(&[2])?;
        let ends = whole_numbers(
            &self
                .starts
                .iter()
                .map(|start| start + width)
                .collect::<Vec<_>>(),
            device,
        )?;
        let one = |of: &Tensor, at: &Tensor| of.stretches(&self.rows, at, 1)?.squeeze(Some(2));
        one(&before, &starts)?
            .maximum(&one(&behind, &ends)?)?
            .maximum(&self.values.amax(&Some(vec![2]), false)?)
    }
}

/// Through a layer, and the layers in it; none where a position may read everything.
fn through(module: &dyn Module, patch: &Patch, mode: Mode) -> Result<Option<Patch>> {
    match module.role() {
        Role::Parts(parts) => {
            let mut patch = patch.clone();
            for part in parts {
                match through(&**part, &patch, mode)? {
                    Some(next) => patch = next,
                    None => return Ok(None),
                }
            }
            Ok(Some(patch))
        }
        Role::Residual {
            body,
            shortcut,
            after,
        } => {
            let Some(added) = through(&**body, patch, mode)? else {
                return Ok(None);
            };
            let skip = match shortcut {
                Some(shortcut) => through(&**shortcut, patch, mode)?,
                None => Some(patch.clone()),
            };
            let Some(skip) = skip else { return Ok(None) };
            let sum = added.sum(&skip)?;
            match after {
                Some(after) => through(&**after, &sum, mode),
                None => Ok(Some(sum)),
            }
        }
        _ => module
            .reach()
            .filter(|_| patch.values.rank() == 3)
            .map(|reach| patch.through(module, reach, mode))
            .transpose(),
    }
}

/// Outputs that a change reaches must be fewer than this share of all for patches to be worth
/// while.
const SHARE: i64 = 2;

/// Through the layers in which a change stays local, and how many they are.
fn front(parts: &[Rc<dyn Module>], mut patch: Patch, mode: Mode) -> Result<(Patch, usize)> {
    for (done, part) in parts.iter().enumerate() {
        match through(&**part, &patch, mode)? {
            Some(next) if next.width() * SHARE <= next.length() => patch = next,
            _ => return Ok((patch, done)),
        }
    }
    Ok((patch, parts.len()))
}

/// The targets of sequences with one base changed, for each target its values; none where the
/// network's first layers read whole sequences.
///
/// - `codes`: the sequences, one after the other
/// - `batch`: rows that pass at a time through the layers behind
pub fn of_changes(
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
    still.net().within(|module, mode| {
        let Role::Parts(parts) = module.role() else {
            return Ok(None);
        };
        let windows = parts
            .iter()
            .take_while(|part| !matches!(part.role(), Role::Global(_)))
            .any(|part| part.reach().is_some_and(|r| r != Reach::POINT));
        if !windows {
            return Ok(None);
        }
        let _guard = grad::no_grad();
        let device = still.net().device();
        let mut out = vec![Vec::with_capacity(changes.len()); targets.len()];
        let mut note = |x: &Tensor, behind: &dyn Module| -> Result<()> {
            let given = behind
                .forward(&Value::One(x.clone()), mode)?
                .map(|tensor| tensor.to_kind(Kind::Float))?;
            for (target, out) in targets.iter().zip(&mut out) {
                out.extend(target.of(&given)?.to_f64()?);
            }
            Ok(())
        };
        if device == Device::CPU
            && !mode.half
            && let Some((scan, used)) = Scan::of(parts)?
        {
            let behind = rest(&parts[used..]);
            for chunk in changes.chunks(64 * batch.max(1)) {
                interrupt::check()?;
                let rows: Vec<&[Change]> = chunk.chunk_by(|a, b| a.row == b.row).collect();
                let pooled = parallel::map(rows.len(), &|i| {
                    let single: Vec<(usize, u8)> = rows[i]
                        .iter()
                        .map(|change| (change.position, change.to))
                        .collect();
                    scan.changed(&codes[rows[i][0].row * length..][..length], &single)
                })
                .concat();
                note(
                    &Tensor::from_f32(
                        &pooled,
                        &[chunk.len() as i64, (pooled.len() / chunk.len()) as i64],
                    )?,
                    &*behind,
                )?;
            }
            return Ok(Some(out));
        }
        for chunk in changes.chunks(4 * batch.max(1)) {
            interrupt::check()?;
            let (first, last) = (
                chunk.iter().map(|c| c.row).min().unwrap_or(0),
                chunk.iter().map(|c| c.row).max().unwrap_or(0),
            );
            let rows = (last + 1 - first) as i64;
            let whole = Tensor::from_u8(
                &codes[first * length..(last + 1) * length],
                &[rows, length as i64],
            )?
            .to_device(device)?
            .one_hot_codes()?;
            let bases: Vec<u8> = chunk.iter().map(|change| change.to).collect();
            let patch = Patch {
                whole,
                rows: whole_numbers(
                    &chunk
                        .iter()
                        .map(|c| (c.row - first) as i64)
                        .collect::<Vec<_>>(),
                    device,
                )?,
                starts: chunk.iter().map(|c| c.position as i64).collect(),
                values: Tensor::from_u8(&bases, &[bases.len() as i64, 1])?
                    .to_device(device)?
                    .one_hot_codes()?,
            };
            let (patch, used) = front(parts, patch, mode)?;
            if used == 0 {
                return Ok(None);
            }
            if let Some(Role::Global(over)) = parts.get(used).map(|part| part.role()) {
                note(&patch.pooled(over)?, &*rest(&parts[used + 1..]))?;
                continue;
            }
            let behind = rest(&parts[used..]);
            for start in (0..chunk.len()).step_by(batch.max(1)) {
                let n = batch.max(1).min(chunk.len() - start);
                let some = Patch {
                    whole: patch.whole.clone(),
                    rows: patch.rows.narrow(0, start as i64, n as i64)?,
                    starts: patch.starts[start..][..n].to_vec(),
                    values: patch.values.narrow(0, start as i64, n as i64)?,
                };
                note(&some.rows()?, &*behind)?;
            }
        }
        Ok(Some(out))
    })
}
