//! Picking parts of a tensor.

use super::tensor::lift1;
use super::{Kind, Tensor};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};

/// The selection of an index along one axis.
#[derive(Clone, Debug)]
pub enum Pick {
    /// One position; negative ones count from the end. The axis disappears.
    At(i64),
    /// From a start to before an end, clamped to the axis.
    Range(i64, i64),
    /// Everything.
    All,
    /// The positions in an integer tensor.
    Rows(Tensor),
}

impl Tensor {
    /// The size of an axis, counted from the end where negative; fails where there is none.
    pub fn axis(&self, dim: i64) -> Result<(i64, i64)> {
        let rank = self.rank() as i64;
        let at = if dim < 0 { dim + rank } else { dim };
        if at < 0 || at >= rank {
            bail!(
                "shape",
                "axis {dim} is out of range for a tensor of shape {}",
                shape::text(&self.shape())
            );
        }
        Ok((at, self.shape()[at as usize]))
    }

    /// One position along an axis.
    pub fn select(&self, dim: i64, index: i64) -> Result<Tensor> {
        let (dim, size) = self.axis(dim)?;
        if index >= size || index < -size {
            bail!(
                "value",
                "index {index} is out of range: axis {dim} of {} holds {size}",
                shape::text(&self.shape())
            );
        }
        lift1("select", &[self], self.0.f_select(dim, index))
    }

    /// Part of an axis, from `start` to before `end`; both are clamped, negative ones count from
    /// the end.
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
        self.check_picks(picks)?;
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

    /// Fails where indices cover more axes than there are.
    pub(super) fn check_picks(&self, picks: &[Pick]) -> Result<()> {
        let axes = |pick: &Pick| match pick {
            Pick::Rows(rows) if rows.kind() == Kind::Bool => rows.rank().max(1),
            _ => 1,
        };
        let covered: usize = picks.iter().map(axes).sum();
        if covered > self.rank() {
            return Err(fault!(
                "shape",
                "indices over {covered} axes for a tensor of shape {}",
                shape::text(&self.shape())
            ));
        }
        Ok(())
    }

    /// Fails unless a mask has the sizes of the axes from `dim` on.
    pub(super) fn check_mask(&self, dim: i64, mask: &Tensor) -> Result<()> {
        let (from, sizes) = (dim as usize, self.shape());
        let wanted = sizes
            .get(from..from + mask.rank().max(1))
            .unwrap_or(&sizes[from..]);
        if mask.shape() != wanted {
            bail!(
                "shape",
                "a mask of {} cannot pick from axes of {}",
                shape::text(&mask.shape()),
                shape::text(wanted)
            );
        }
        Ok(())
    }

    /// An index along one axis as a row of 64-bit integers.
    pub(super) fn whole_rows(&self) -> Result<Tensor> {
        if self.kind().is_floating() {
            bail!(
                "type",
                "an index must hold integers, got {}",
                self.kind().name();
                hint: "use `.int()`"
            );
        }
        if self.rank() > 1 {
            bail!(
                "shape",
                "an index along one axis is one row of integers, got {}",
                shape::text(&self.shape());
                hint: "`.gather(dim, index)` picks position by position"
            );
        }
        self.to_kind(Kind::Int64)?.reshape(&[-1])
    }

    /// The positions of an axis that `rows` names: integers, or a mask, which may cover
    /// several axes from `dim` on.
    ///
    /// The axes that a mask covers become one.
    pub fn take(&self, dim: i64, rows: &Tensor) -> Result<Tensor> {
        let (dim, _) = self.axis(dim)?;
        if rows.kind() == Kind::Bool {
            self.check_mask(dim, rows)?;
            let flat = if rows.rank() > 1 {
                self.flatten(dim, dim + rows.rank() as i64 - 1)?
            } else {
                self.clone()
            };
            let rows = rows
                .to_device(self.device())?
                .reshape(&[-1])?
                .nonzero()?
                .reshape(&[-1])?;
            return lift1(
                "index_select",
                &[&flat, &rows],
                flat.0.f_index_select(dim, &rows.0),
            );
        }
        let rows = rows.whole_rows()?.to_device(self.device())?;
        lift1(
            "index_select",
            &[self, &rows],
            self.0.f_index_select(dim, &rows.0),
        )
    }

    /// For each of `rows`, the window of the last axis that begins at its entry of `starts`:
    /// `[rows, channels, width]`.
    pub fn windows_at(&self, rows: &Tensor, starts: &Tensor, width: i64) -> Result<Tensor> {
        let seen = self.unfold(2, width, 1)?.permute(&[0, 2, 1, 3])?;
        lift1(
            "index",
            &[&seen, rows, starts],
            seen.0.f_index(&[Some(&rows.0), Some(&starts.0)]),
        )
    }

    /// A copy with windows of the last axis replaced, each from its entry of `starts`.
    pub fn with_windows(&self, starts: &Tensor, windows: &Tensor) -> Result<Tensor> {
        let width = windows.shape()[2];
        let along = Tensor::arange_i64(0, width, 1)?.to_device(self.device())?;
        let at = starts
            .reshape(&[-1, 1, 1])?
            .add(&along)?
            .expand(&windows.shape())?;
        lift1(
            "scatter",
            &[self, &at, windows],
            self.0.f_scatter(2, &at.0, &windows.0),
        )
    }
}
