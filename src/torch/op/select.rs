//! Selection by masks and indices, sorting.

use crate::tensor::{lift, lift1};
use crate::{Kind, Tensor};
use cistron_base::bail;
use cistron_base::{Result, memory};

impl Tensor {
    /// `self` where the mask holds, `other` elsewhere.
    pub fn where_(&self, mask: &Tensor, other: &Tensor) -> Result<Tensor> {
        lift1(
            "where",
            &[self, mask, other],
            self.0.f_where_self(&mask.0, &other.0),
        )
    }

    /// `value` where the mask holds.
    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Result<Tensor> {
        lift1(
            "masked_fill",
            &[self, mask],
            self.0.f_masked_fill(&mask.0, value),
        )
    }

    /// The numbers where the mask holds, in one row.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        lift1(
            "masked_select",
            &[self, mask],
            self.0.f_masked_select(&mask.0),
        )
    }

    /// Picks along an axis, position by position.
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Tensor> {
        lift1(
            "gather",
            &[self, index],
            self.0.f_gather(dim, &index.0, false),
        )
    }

    /// Adds `source` at the positions of `index` along an axis.
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        lift1(
            "scatter_add",
            &[self, index, source],
            self.0.f_scatter_add(dim, &index.0, &source.0),
        )
    }

    /// Sorted values and their former positions.
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
        self.axis(dim)?;
        lift("sort", &[self], self.0.f_sort(dim, descending)).map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// The `k` largest (or smallest) values and where they are.
    pub fn topk(&self, k: i64, dim: i64, largest: bool) -> Result<(Tensor, Tensor)> {
        let (_, size) = self.axis(dim)?;
        if k < 1 || k > size {
            bail!("value", "`k` must be from 1 to {size}, got {k}");
        }
        lift("topk", &[self], self.0.f_topk(k, dim, largest, true))
            .map(|(a, b)| (Tensor(a), Tensor(b)))
    }

    /// Where the largest value is, along an axis or over all.
    pub fn argmax(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        lift1("argmax", &[self], self.0.f_argmax(dim, keepdim))
    }

    /// Where the smallest value is, along an axis or over all.
    pub fn argmin(&self, dim: Option<i64>, keepdim: bool) -> Result<Tensor> {
        lift1("argmin", &[self], self.0.f_argmin(dim, keepdim))
    }

    /// The order that sorts the axis.
    pub fn argsort(&self, dim: i64, descending: bool) -> Result<Tensor> {
        Ok(self.sort(dim, descending)?.1)
    }

    /// Indices of the numbers that are not 0, `[n, rank]`.
    pub fn nonzero(&self) -> Result<Tensor> {
        lift1("nonzero", &[self], self.0.f_nonzero())
    }

    /// Truth values as a row of ones each, `[…, classes]`.
    pub fn one_hot(&self, classes: i64) -> Result<Tensor> {
        if classes < 1 {
            bail!("value", "`classes` must be at least 1, got {classes}");
        }
        memory::elements(&[self.numel(), classes], 8)?;
        lift1(
            "one_hot",
            &[self],
            self.to_kind(Kind::Int64)?.0.f_one_hot(classes),
        )?
        .to_kind(Kind::Float)
    }

    /// Rows of a table.
    pub fn embedding(table: &Tensor, index: &Tensor, padding: i64) -> Result<Tensor> {
        lift1(
            "embedding",
            &[table, index],
            tch::Tensor::f_embedding(&table.0, &index.0, padding, false, false),
        )
    }
}
