//! Loops of our own over the numbers of tensors where they lie.

use super::{Device, Kind, Tensor};
use cistron_base::{Result, Values};
use std::os::raw::c_void;

unsafe extern "C" {
    fn cistron_changed(tensor: *mut c_void);
}

impl Tensor {
    fn is_plain(&self) -> bool {
        self.device() == Device::CPU && self.kind() == Kind::Float && self.0.is_contiguous()
    }

    /// The numbers of a plain tensor (32-bit floats on the CPU, in order), read by `f`; none
    /// of any other.
    pub fn read<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Option<R> {
        if !self.is_plain() {
            return None;
        }
        // SAFETY: so many numbers lie there; nobody changes them while `f` runs, since tensors stay
        // on their thread
        Some(f(unsafe { numbers(self) }))
    }

    /// The numbers of any tensor as 32-bit floats, read by `f`; those of a plain one are not
    /// copied.
    pub fn with_f32<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
        if self.is_plain() {
            // SAFETY: as in `read`
            return Ok(f(unsafe { numbers(self) }));
        }
        Ok(f(&self.to_f32()?))
    }

    /// The numbers of any tensor with all their digits: 32-bit floats as they are, others as 64-bit
    /// floats.
    pub fn with_values<R>(&self, f: impl FnOnce(Values) -> R) -> Result<R> {
        if self.kind() == Kind::Float {
            return self.with_f32(|values| f(Values::Single(values)));
        }
        Ok(f(Values::Double(&self.to_f64()?)))
    }
}

/// Changes the numbers of tensors of one size where they lie, by those of another; does nothing and
/// returns none unless all are plain and apart in memory. Nothing may be recorded.
pub fn change<R>(
    changed: &[&Tensor],
    by: &Tensor,
    f: impl FnOnce(&mut [&mut [f32]], &[f32]) -> R,
) -> Option<R> {
    let n = by.numel() as usize;
    if !by.is_plain()
        || !changed
            .iter()
            .all(|own| own.is_plain() && own.numel() as usize == n)
    {
        return None;
    }
    let mut places: Vec<usize> = changed
        .iter()
        .copied()
        .chain([by])
        .map(|own| own.0.data_ptr() as usize)
        .collect();
    places.sort_unstable();
    if n == 0
        || places
            .windows(2)
            .any(|two| two[1] - two[0] < n * size_of::<f32>())
    {
        return None;
    }
    // SAFETY: as in `read`, and no two overlap, as was just seen
    let outcome = unsafe {
        let mut slices: Vec<&mut [f32]> = changed
            .iter()
            .map(|own| std::slice::from_raw_parts_mut(own.0.data_ptr().cast::<f32>(), n))
            .collect();
        let outcome = f(&mut slices, numbers(by));
        changed
            .iter()
            .for_each(|own| cistron_changed(own.0.as_ptr().cast_mut().cast()));
        outcome
    };
    Some(outcome)
}

/// # Safety
/// The tensor is plain, and its numbers are not changed while the slice lives.
unsafe fn numbers(tensor: &Tensor) -> &[f32] {
    let n = tensor.numel() as usize;
    if n == 0 {
        return &[];
    }
    // SAFETY: see above
    unsafe { std::slice::from_raw_parts(tensor.0.data_ptr().cast::<f32>(), n) }
}
