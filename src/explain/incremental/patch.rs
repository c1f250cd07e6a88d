//! Changed ranges of the outputs of local layers.

use cistron_base::Result;
use cistron_nn::fuse::pattern::LayerPattern;
use cistron_nn::kernels::{Pads, Reduction};
use cistron_nn::spec::LocalWindow;
use cistron_nn::{Mode, Module, Value};
use cistron_torch::{Device, Tensor};
use std::rc::Rc;

/// Ranges in which changed rows differ from the rows they are derived from.
#[derive(Clone)]
pub(super) struct Patch {
    /// The unchanged rows, `[rows, channels, length]`.
    pub(super) whole: Tensor,
    /// For each patch, its row of `whole`.
    pub(super) rows: Tensor,
    /// For each patch, its first position.
    pub(super) starts: Vec<i64>,
    /// The values of the patches, `[patches, channels, width]`.
    pub(super) values: Tensor,
}

/// A tensor of row or position numbers.
pub(super) fn indices(values: &[i64], device: Device) -> Result<Tensor> {
    Tensor::from_i64(values, &[values.len() as i64])?.to_device(device)
}

impl Patch {
    fn width(&self) -> i64 {
        self.values.shape()[2]
    }

    fn length(&self) -> i64 {
        self.whole.shape()[2]
    }

    /// Cuts ranges of `width` positions from `starts` out of `around` and writes the patches into
    /// them. `around` is `whole` with `before` padded positions on the left.
    fn pasted(&self, around: &Tensor, before: i64, starts: &[i64], width: i64) -> Result<Tensor> {
        let device = self.values.device();
        let plain = around.windows_at(&self.rows, &indices(starts, device)?, width)?;
        let offsets: Vec<i64> = self
            .starts
            .iter()
            .zip(starts)
            .map(|(patch, start)| patch + before - start)
            .collect();
        let least = offsets.iter().copied().min().unwrap_or(0).min(0);
        let most = offsets
            .iter()
            .map(|offset| offset + self.width())
            .max()
            .unwrap_or(width)
            .max(width);
        if (least, most) == (0, width) {
            return plain.with_windows(&indices(&offsets, device)?, &self.values);
        }
        // positions outside of the range are cut off again
        let moved: Vec<i64> = offsets.iter().map(|offset| offset - least).collect();
        plain
            .pad(&[-least, most - width], "constant", 0.0)?
            .with_windows(&indices(&moved, device)?, &self.values)?
            .narrow(2, -least, width)
    }

    /// The changed rows, whole.
    pub(super) fn rows(&self) -> Result<Tensor> {
        self.pasted(&self.whole, 0, &vec![0; self.starts.len()], self.length())
    }

    /// Passes the patches through a layer whose positions read a window.
    fn through(&self, module: &dyn Module, window: LocalWindow, mode: Mode) -> Result<Patch> {
        let whole = module
            .forward(&Value::One(self.whole.clone()), mode)?
            .one()?
            .clone();
        if window == LocalWindow::POINT {
            return Ok(Patch {
                whole,
                values: module.forward_unpadded(&self.values, mode)?,
                ..self.clone()
            });
        }
        let LocalWindow {
            width: span,
            stride,
            pads,
            fill,
        } = window;
        let (before, after) = (pads.before as i64, pads.after as i64);
        let length = whole.shape()[2];
        let width = ((self.width() + span - 2) / stride + 1).min(length);
        // the first output that reads the patch; all ranges have one width
        let first = |start: &i64| {
            (start + before - span + 1 + stride - 1)
                .div_euclid(stride)
                .clamp(0, length - width)
        };
        let starts: Vec<i64> = self.starts.iter().map(first).collect();
        let around = if pads == Pads::NONE {
            self.whole.clone()
        } else {
            self.whole.pad(&[before, after], "constant", fill)?
        };
        let from: Vec<i64> = starts.iter().map(|start| start * stride).collect();
        let values = module.forward_unpadded(
            &self.pasted(&around, before, &from, (width - 1) * stride + span)?,
            mode,
        )?;
        Ok(Patch {
            whole,
            rows: self.rows.clone(),
            starts,
            values,
        })
    }

    /// The sum of the changed rows of two branches, over the union of their ranges.
    fn sum(&self, other: &Patch) -> Result<Patch> {
        let starts = || self.starts.iter().zip(&other.starts);
        let ends = |(a, b): (&i64, &i64)| (a + self.width()).max(b + other.width()) - a.min(b);
        let width = starts().map(ends).max().unwrap_or(1).min(self.length());
        let starts: Vec<i64> = starts()
            .map(|(a, b)| *a.min(b))
            .map(|start| start.clamp(0, self.length() - width))
            .collect();
        let on = |patch: &Patch| patch.pasted(&patch.whole, 0, &starts, width);
        Ok(Patch {
            whole: self.whole.add(&other.whole)?,
            rows: self.rows.clone(),
            values: on(self)?.add(&on(other)?)?,
            starts,
        })
    }

    /// The patches from `start` on.
    pub(super) fn narrow(&self, start: usize, count: usize) -> Result<Patch> {
        Ok(Patch {
            whole: self.whole.clone(),
            rows: self.rows.narrow(0, start as i64, count as i64)?,
            starts: self.starts[start..][..count].to_vec(),
            values: self.values.narrow(0, start as i64, count as i64)?,
        })
    }

    /// Passes the patches through the layers in which the change stays local; returns how many
    /// these are.
    pub(super) fn front(self, parts: &[Rc<dyn Module>], mode: Mode) -> Result<(Patch, usize)> {
        let mut patch = self;
        for (done, part) in parts.iter().enumerate() {
            match through(&**part, &patch, mode)? {
                Some(next) if next.width() * SHARE <= next.length() => patch = next,
                _ => return Ok((patch, done)),
            }
        }
        Ok((patch, parts.len()))
    }

    /// The maximum or the mean of the changed rows over all positions.
    pub(super) fn pooled(&self, reduction: Reduction) -> Result<Tensor> {
        let device = self.values.device();
        let width = self.width();
        let starts = indices(&self.starts, device)?;
        if reduction == Reduction::Mean {
            let change = self
                .values
                .sub(&self.whole.windows_at(&self.rows, &starts, width)?)?
                .sum(&Some(vec![2]), false)?;
            return self
                .whole
                .sum(&Some(vec![2]), false)?
                .take(0, &self.rows)?
                .add(&change)?
                .div_number(self.length() as f64);
        }
        // the maximum before each position, and from each position on
        let before = self
            .whole
            .pad(&[1, 0], "constant", f64::NEG_INFINITY)?
            .running_max(2)?;
        let after = self
            .whole
            .pad(&[0, 1], "constant", f64::NEG_INFINITY)?
            .flip(&[2])?
            .running_max(2)?
            .flip(&[2])?;
        let ends = indices(
            &self
                .starts
                .iter()
                .map(|start| start + width)
                .collect::<Vec<_>>(),
            device,
        )?;
        let one = |of: &Tensor, at: &Tensor| of.windows_at(&self.rows, at, 1)?.squeeze(Some(2));
        one(&before, &starts)?
            .maximum(&one(&after, &ends)?)?
            .maximum(&self.values.amax(&Some(vec![2]), false)?)
    }
}

/// Passes a patch through a layer and the layers inside it; none where a position may read all
/// others.
fn through(module: &dyn Module, patch: &Patch, mode: Mode) -> Result<Option<Patch>> {
    match module.pattern() {
        LayerPattern::Chain(parts) => {
            let mut patch = patch.clone();
            for part in parts {
                match through(&**part, &patch, mode)? {
                    Some(next) => patch = next,
                    None => return Ok(None),
                }
            }
            Ok(Some(patch))
        }
        LayerPattern::Residual {
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
            .local_window()
            .filter(|_| patch.values.rank() == 3)
            .map(|window| patch.through(module, window, mode))
            .transpose(),
    }
}

/// Patches are used while they cover at most 1 / `SHARE` of the positions.
const SHARE: i64 = 2;
