//! Fourier transforms; complex numbers are pairs of real and imaginary part along a last axis of 2.

use super::tensor::{lift, lift1};
use super::{Kind, Tensor};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};

/// A transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Of real numbers; the half of the frequencies that determines the other.
    RealForward,
    /// From half of the frequencies back to real numbers.
    RealBackward,
    /// Of complex numbers.
    Forward,
    /// Of frequencies back to complex numbers.
    Backward,
}

impl Tensor {
    /// A transform along an axis (of complex numbers not counting the pairs), cut or padded with
    /// zeros to `n` first.
    pub fn fourier(
        &self,
        transform: Transform,
        dim: i64,
        n: Option<i64>,
        norm: &str,
    ) -> Result<Tensor> {
        if let Some(n) = n {
            if n < 1 {
                bail!("value", "`n` must be at least 1, got {n}");
            }
            memory::elements(&[self.numel(), n], 16)?;
        }
        let plain = if matches!(self.kind(), Kind::Float | Kind::Double) {
            self.clone()
        } else {
            self.to_kind(Kind::Float)?
        };
        let is_complex = transform != Transform::RealForward;
        if is_complex && (self.rank() < 2 || self.shape()[self.rank() - 1] != 2) {
            bail!(
                "shape",
                "complex numbers are pairs […, 2] of real and imaginary part, got {}",
                shape::text(&self.shape());
                hint: "`.rfft()` takes real numbers; `tensor::stack([re, im], -1)` makes pairs"
            );
        }
        let given = if is_complex {
            lift(
                "complex",
                &[self],
                plain.contiguous()?.0.f_view_as_complex(),
            )?
        } else {
            plain.0
        };
        let rank = given.dim() as i64;
        if dim >= rank || dim < -rank {
            bail!("shape", "axis {dim} is out of range for {} axes", rank);
        }
        let found = match transform {
            Transform::RealForward => given.f_fft_rfft(n, dim, norm),
            Transform::RealBackward => given.f_fft_irfft(n, dim, norm),
            Transform::Forward => given.f_fft_fft(n, dim, norm),
            Transform::Backward => given.f_fft_ifft(n, dim, norm),
        };
        let found = lift("fft", &[self], found)?;
        if transform == Transform::RealBackward {
            return Ok(Tensor(found));
        }
        lift1("fft", &[self], found.f_view_as_real())
    }
}
