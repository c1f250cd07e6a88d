//! Writing numbers to positions that an index tensor names.

use super::tensor::lift1;
use super::{Kind, Tensor};
use cistron_base::bail;
use cistron_base::{Result, shape};

impl Tensor {
    /// Fails unless an index holds positions of an axis of this tensor.
    fn check_index(&self, name: &str, dim: i64, index: &Tensor) -> Result<()> {
        let (_, size) = self.axis(dim)?;
        if index.kind() != Kind::Int64 {
            bail!(
                "type",
                "{name}: an index must hold int64, got {}",
                index.kind().name();
                hint: "use `.int()`"
            );
        }
        if index.device().is_cuda() {
            // a look at the numbers would wait for the device, which checks them itself
            return Ok(());
        }
        if let Some(bad) = index
            .to_i64()?
            .into_iter()
            .find(|at| *at < 0 || *at >= size)
        {
            bail!(
                "value",
                "{name}: index {bad} is out of range: axis {dim} of {} holds {size}",
                shape::text(&self.shape())
            );
        }
        Ok(())
    }

    /// With the numbers of `source` at the positions of `index` along an axis.
    pub fn scatter(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        self.check_index("scatter", dim, index)?;
        if source.rank() == 0 {
            return lift1(
                "scatter",
                &[self, index],
                self.0.f_scatter_value(dim, &index.0, source.item()?),
            );
        }
        lift1(
            "scatter",
            &[self, index, source],
            self.0
                .f_scatter(dim, &index.0, &source.to_kind(self.kind())?.0),
        )
    }

    /// With `source` combined with what is at the positions of `index`: `sum`, `prod`, `mean`,
    /// `amax`, `amin`.
    pub fn scatter_reduce(
        &self,
        dim: i64,
        index: &Tensor,
        source: &Tensor,
        how: &str,
    ) -> Result<Tensor> {
        self.check_index("scatter", dim, index)?;
        let source = source.to_kind(self.kind())?;
        lift1(
            "scatter",
            &[self, index, &source],
            self.0
                .f_internal_scatter_reduce(dim, &index.0, &source.0, how, true),
        )
    }

    /// With the rows of `source` added to the rows of an axis that `index` names.
    pub fn index_add(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        self.check_index("index_add", dim, index)?;
        let source = source.to_kind(self.kind())?;
        lift1(
            "index_add",
            &[self, index, &source],
            self.0.f_index_add(dim, &index.0, &source.0),
        )
    }
}
