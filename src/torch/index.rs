//! Picking parts of a tensor.

use super::tensor::lift1;
use super::{Kind, Tensor};
use crate::base::{Result, shape};
use crate::{bail, fault};

/// What an index takes along one axis.
#[derive(Clone, Debug)]
pub enum Pick {
    /// One position; negative ones count from the end. The axis disappears.
    At(i64),
    /// From a start to before an end, clamped to the axis.
    Range(i64, i64),
    /// Everything.
    All,
    /// The positions that a tensor of whole numbers names.
    Rows(Tensor),
}

impl Tensor {
    /// The size of an axis, counted from the end where negative; fails where there is none.
    pub fn axis(&self, dim: i64) -> Result<(i64, i64)> {
        let rank = self.rank() as i64;
        let at = if dim < 0 { dim + rank } else { dim };
        if at < 0 || at >= rank {
            bail!("shape", "axis {dim} is out of range for a tensor of shape {}", shape::text(&self.shape()));
        }
        Ok((at, self.shape()[at as usize]))
    }

    /// One position along an axis.
    pub fn select(&self, dim: i64, index: i64) -> Result<Tensor> {
        let (dim, size) = self.axis(dim)?;
        if index >= size || index < -size {
            bail!("value", "index {index} is out of range: axis {dim} of {} holds {size}", shape::text(&self.shape()));
        }
        lift1("select", &[self], self.0.f_select(dim, index))
    }

    /// Part of an axis, from `start` to before `end`; both are clamped, negative ones count from the end.
    pub fn slice(&self, dim: i64, start: i64, end: i64) -> Result<Tensor> {
        let (dim, _) = self.axis(dim)?;
        lift1("slice", &[self], self.0.f_slice(dim, start, end, 1))
    }

    /// `length` positions of an axis from `start`, as a view; fails where they are not all there.
    pub fn narrow(&self, dim: i64, start: i64, length: i64) -> Result<Tensor> {
        lift1("narrow", &[self], self.0.f_narrow(dim, start, length))
    }

    /// Several axes at once, from the first on.
    pub fn pick(&self, picks: &[Pick]) -> Result<Tensor> {
        if picks.len() > self.rank() {
            return Err(fault!("shape", "{} indices for a tensor of shape {}", picks.len(), shape::text(&self.shape())));
        }
        let mut out = self.clone();
        let mut dim = 0;
        for pick in picks {
            match pick {
                Pick::At(index) => out = out.select(dim, *index)?,
                Pick::Range(start, end) => {
                    out = out.slice(dim, *start, *end)?;
                    dim += 1;
                }
                Pick::All => dim += 1,
                Pick::Rows(rows) => {
                    out = out.take(dim, rows)?;
                    dim += 1;
                }
            }
        }
        Ok(out)
    }

    /// The positions of an axis that `rows` (whole numbers, or a mask of truth values) names.
    pub fn take(&self, dim: i64, rows: &Tensor) -> Result<Tensor> {
        let (dim, size) = self.axis(dim)?;
        let rows = match rows.kind() {
            Kind::Bool => {
                if rows.shape() != [size] {
                    bail!("shape", "a mask of {} cannot pick from an axis of {size}", shape::text(&rows.shape()));
                }
                lift1("nonzero", &[rows], rows.0.f_nonzero())?.reshape(&[-1])?
            }
            kind if kind.is_floating() => {
                bail!("type", "an index must hold whole numbers, got {}", kind.name(); hint: "use `.int()`")
            }
            _ => rows.to_kind(Kind::Int64)?,
        };
        let rows = rows.to_device(self.device())?;
        lift1("index_select", &[self, &rows], self.0.f_index_select(dim, &rows.0))
    }

    /// Of each of `rows` the stretch of the last axis that starts at its own of `starts`: `[rows, channels, width]`.
    pub fn stretches(&self, rows: &Tensor, starts: &Tensor, width: i64) -> Result<Tensor> {
        let seen = self.unfold(2, width, 1)?.permute(&[0, 2, 1, 3])?;
        lift1("index", &[&seen, rows, starts], seen.0.f_index(&[Some(&rows.0), Some(&starts.0)]))
    }

    /// With other stretches written over the last axis, each from its own of `starts` on.
    pub fn written(&self, starts: &Tensor, stretches: &Tensor) -> Result<Tensor> {
        let width = stretches.shape()[2];
        let along = Tensor::arange_i64(0, width, 1)?.to_device(self.device())?;
        let at = starts.reshape(&[-1, 1, 1])?.add(&along)?.expand(&stretches.shape())?;
        lift1("scatter", &[self, &at, stretches], self.0.f_scatter(2, &at.0, &stretches.0))
    }

    /// Copies `value` into this tensor's memory, broadcasting it.
    pub fn set_from(&self, value: &Tensor) -> Result<()> {
        let mut target = self.0.shallow_clone();
        super::tensor::lift("assign", &[self, value], target.f_copy_(&value.0))
    }
}
