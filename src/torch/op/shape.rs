//! Shapes: views, copies, joining and cutting.

use crate::Tensor;
use crate::tensor::{lift, lift1};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};

impl Tensor {
    /// A copy with separate memory; gradients flow through.
    pub fn copied(&self) -> Result<Tensor> {
        Tensor::stack(std::slice::from_ref(self), 0)?.select(0, 0)
    }

    /// Whether both hold the same numbers in the same shape.
    pub fn is_equal(&self, other: &Tensor) -> Result<bool> {
        lift("equal", &[self, other], self.0.f_equal(&other.0))
    }

    /// The same numbers in another shape; one size may be -1.
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        lift1("reshape", &[self], self.0.f_reshape(shape)).map_err(|fault| {
            if fault.message.contains("invalid for input of size") {
                cistron_base::fault!(
                    "shape",
                    "cannot reshape {} ({} numbers) to {}",
                    shape::text(&self.shape()),
                    self.numel(),
                    shape::text(shape)
                )
            } else {
                fault
            }
        })
    }

    /// Another handle on the same numbers, which has a gradient of its own.
    pub fn view(&self) -> Result<Tensor> {
        lift1("view", &[self], self.0.f_view_as(&self.0))
    }

    /// The same view with the axes in another order.
    pub fn permute(&self, dims: &[i64]) -> Result<Tensor> {
        lift1("permute", &[self], self.0.f_permute(dims))
    }

    /// Two axes swapped.
    pub fn transpose(&self, a: i64, b: i64) -> Result<Tensor> {
        self.axis(a)?;
        self.axis(b)?;
        lift1("transpose", &[self], self.0.f_transpose(a, b))
    }

    /// A new axis of size 1.
    pub fn unsqueeze(&self, dim: i64) -> Result<Tensor> {
        lift1("unsqueeze", &[self], self.0.f_unsqueeze(dim))
    }

    /// Without an axis of size 1, or without all of them.
    pub fn squeeze(&self, dim: Option<i64>) -> Result<Tensor> {
        match dim {
            Some(dim) => {
                self.axis(dim)?;
                lift1("squeeze", &[self], self.0.f_squeeze_dim(dim))
            }
            None => lift1("squeeze", &[self], self.0.f_squeeze()),
        }
    }

    /// Axes `start` to `end` (included) joined into one.
    pub fn flatten(&self, start: i64, end: i64) -> Result<Tensor> {
        lift1("flatten", &[self], self.0.f_flatten(start, end))
    }

    /// Repeated views along axes of size 1.
    pub fn expand(&self, shape: &[i64]) -> Result<Tensor> {
        lift1("expand", &[self], self.0.f_expand(shape, false))
    }

    /// Copies side by side.
    pub fn repeat(&self, times: &[i64]) -> Result<Tensor> {
        memory::elements(&[times, &[self.numel()]].concat(), self.kind().bytes())?;
        lift1("repeat", &[self], self.0.f_repeat(times))
    }

    /// Reversed along axes.
    pub fn flip(&self, dims: &[i64]) -> Result<Tensor> {
        for dim in dims {
            self.axis(*dim)?;
        }
        lift1("flip", &[self], self.0.f_flip(dims))
    }

    /// Moved along an axis, what falls out coming in at the other end.
    pub fn roll(&self, shift: i64, dim: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("roll", &[self], self.0.f_roll(shift, dim))
    }

    /// Sliding windows along an axis; they become the last axis.
    pub fn unfold(&self, dim: i64, size: i64, step: i64) -> Result<Tensor> {
        self.axis(dim)?;
        lift1("unfold", &[self], self.0.f_unfold(dim, size, step))
    }

    /// Padded: `[before, after]` of the last axis, then of the one before it, …
    pub fn pad(&self, pad: &[i64], mode: &str, value: f64) -> Result<Tensor> {
        let sides: Vec<i64> = pad
            .chunks(2)
            .map(|sides| sides.iter().fold(0i64, |sum, n| sum.saturating_add(*n)))
            .rev()
            .collect();
        let mut sizes = self.shape();
        let first = sizes.len().saturating_sub(sides.len());
        sizes[first..]
            .iter_mut()
            .zip(&sides)
            .for_each(|(size, more)| *size = size.saturating_add(*more));
        memory::elements(&sizes, self.kind().bytes())?;
        let value = (mode == "constant").then_some(value);
        lift1("pad", &[self], self.0.f_pad(pad, mode, value))
    }

    /// Joined along an existing axis.
    pub fn cat(parts: &[Tensor], dim: i64) -> Result<Tensor> {
        if parts.is_empty() {
            bail!("value", "cat needs at least one tensor");
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "cat",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_cat(&raw, dim),
        )
    }

    /// Joined along a new axis.
    pub fn stack(parts: &[Tensor], dim: i64) -> Result<Tensor> {
        if parts.is_empty() {
            bail!("value", "stack needs at least one tensor");
        }
        let raw: Vec<&tch::Tensor> = parts.iter().map(|part| &part.0).collect();
        lift1(
            "stack",
            &parts.iter().collect::<Vec<_>>(),
            tch::Tensor::f_stack(&raw, dim),
        )
    }

    /// Pieces of `size` along an axis, the last one smaller where it does not divide.
    pub fn split(&self, size: i64, dim: i64) -> Result<Vec<Tensor>> {
        self.axis(dim)?;
        if size < 1 {
            bail!(
                "value",
                "the size of a piece must be at least 1, got {size}"
            );
        }
        Ok(lift("split", &[self], self.0.f_split(size, dim))?
            .into_iter()
            .map(Tensor)
            .collect())
    }

    /// `n` pieces along an axis.
    pub fn chunk(&self, n: i64, dim: i64) -> Result<Vec<Tensor>> {
        self.axis(dim)?;
        if n < 1 {
            bail!("value", "the number of pieces must be at least 1, got {n}");
        }
        Ok(lift("chunk", &[self], self.0.f_chunk(n, dim))?
            .into_iter()
            .map(Tensor)
            .collect())
    }

    /// Whether this is `[batch, channels, length]` with the channels side by side in memory.
    pub fn is_channels_last(&self) -> bool {
        if self.rank() != 3 {
            return false;
        }
        let (shape, stride) = (self.0.size(), self.0.stride());
        shape[1] > 1
            && shape[2] > 1
            && stride[1] == 1
            && stride[2] == shape[1]
            && stride[0] == shape[1] * shape[2]
    }
}
