//! Writing into parts of a tensor: what `t[…] = value` sets.

use super::index::Pick;
use super::tensor::{lift, lift1};
use super::{Kind, Tensor, grad};
use cistron_base::bail;
use cistron_base::{Result, shape};

/// Axes of a view that are indexed by tensors of integers, one tensor for each axis.
struct Group {
    first: i64,
    indices: Vec<Tensor>,
}

impl Tensor {
    /// Whether both are the same view of the same memory.
    pub fn is_same_view(&self, other: &Tensor) -> bool {
        self.0.data_ptr() == other.0.data_ptr()
            && self.shape() == other.shape()
            && self.0.stride() == other.0.stride()
            && self.kind() == other.kind()
    }

    /// Copies `value` into this tensor's memory, broadcasting it.
    pub fn set_from(&self, value: &Tensor) -> Result<()> {
        if self.is_same_view(value) {
            return Ok(());
        }
        let mut target = self.0.shallow_clone();
        lift("assign", &[self, value], target.f_copy_(&value.0))
    }

    /// Copies `value` to the picked positions, broadcasting it.
    pub fn assign(&self, picks: &[Pick], value: &Tensor) -> Result<()> {
        self.check_picks(picks)?;
        let (mut view, mut dim, mut groups) = (self.clone(), 0, Vec::new());
        for pick in picks {
            match pick {
                Pick::At(index) => view = view.select(dim, *index)?,
                Pick::Range(start, end) => {
                    view = view.slice(dim, *start, *end)?;
                    dim += 1;
                }
                Pick::All => dim += 1,
                Pick::Rows(rows) => {
                    let indices = view.row_indices(dim, rows)?;
                    let axes = indices.len() as i64;
                    groups.push(Group {
                        first: dim,
                        indices,
                    });
                    dim += axes;
                }
            }
        }
        if groups.is_empty() {
            view.set_from(value)
        } else {
            view.put(&groups, value)
        }
    }

    /// The positions that `rows` names from axis `dim` on, one tensor for each axis that it covers.
    fn row_indices(&self, dim: i64, rows: &Tensor) -> Result<Vec<Tensor>> {
        let (_, size) = self.axis(dim)?;
        if rows.kind() == Kind::Bool {
            self.check_mask(dim, rows)?;
            let found = rows.to_device(self.device())?.nonzero()?;
            return (0..rows.rank() as i64)
                .map(|axis| found.select(1, axis))
                .collect();
        }
        let rows = rows.whole_rows()?.to_device(self.device())?;
        let flat = rows.to_i64()?;
        if let Some(bad) = flat.iter().find(|row| **row >= size || **row < -size) {
            bail!(
                "value",
                "index {bad} is out of range: axis {dim} of {} holds {size}",
                shape::text(&self.shape())
            );
        }
        Ok(vec![rows])
    }

    /// `index_put_`, each group of axes on its own: the picked positions are all combinations of
    /// the groups' rows.
    fn put(&self, groups: &[Group], value: &Tensor) -> Result<()> {
        let (rank, old) = (self.rank() as i64, self.shape());
        let indexed = |dim: i64| {
            groups.iter().find(|group| {
                (group.first..group.first + group.indices.len() as i64).contains(&dim)
            })
        };
        // the shape that `value` broadcasts to: each group is one axis
        let (mut picked, mut of_groups, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for dim in 0..rank {
            match indexed(dim) {
                Some(group) if group.first == dim => {
                    of_groups.push(picked.len() as i64);
                    picked.push(group.indices[0].numel());
                }
                Some(_) => {}
                None => {
                    others.push(picked.len() as i64);
                    picked.push(old[dim as usize]);
                }
            }
        }
        let value = value
            .to_kind(self.kind())?
            .to_device(self.device())?
            .expand(&picked)?;
        let value = value.permute(&[of_groups, others].concat())?;
        let first = (0..rank).filter(|dim| indexed(*dim).is_some());
        let rest = (0..rank).filter(|dim| indexed(*dim).is_none());
        let target = self.permute(&first.chain(rest).collect::<Vec<_>>())?;
        let mut indices = Vec::new();
        for (i, group) in groups.iter().enumerate() {
            let mut along = vec![1; groups.len()];
            along[i] = -1;
            for index in &group.indices {
                indices.push(index.reshape(&along)?);
            }
        }
        let indices: Vec<Option<&tch::Tensor>> =
            indices.iter().map(|index| Some(&index.0)).collect();
        let mut target = target.0;
        lift(
            "assign",
            &[self, &value],
            target.f_index_put_(&indices, &value.0, false).map(drop),
        )
    }

    /// Copies `value` over this parameter without recording a gradient; nothing where it already is
    /// that memory.
    pub fn overwrite(&self, value: &Tensor) -> Result<()> {
        let _guard = grad::no_grad();
        self.set_from(value)
    }
    /// Copies `value` over these numbers, unseen by the gradient graph: a later `backward` does not
    /// take them as changed.
    pub fn replace_unseen(&self, value: &Tensor) -> Result<()> {
        let _guard = grad::no_grad();
        let mut data = lift1("data", &[self], self.0.f_data())?;
        let copied = data.0.f_copy_(&value.0);
        lift("copy", &[self, value], copied)
    }

    /// Whether both handles are of one tensor.
    pub fn is_same(&self, other: &Tensor) -> bool {
        // SAFETY: reads the pointer that each handle holds
        unsafe { *(self.0.as_ptr().cast::<*const u8>()) == *(other.0.as_ptr().cast::<*const u8>()) }
    }
}
