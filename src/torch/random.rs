//! The state of random numbers, which can be restored.

use super::device::replace_dropout;
use super::tensor::status;
use super::{Device, Tensor};
use cistron_base::Result;
use std::ffi::{c_char, c_int, c_void};

unsafe extern "C" {
    fn cistron_generator_state(index: c_int, state: *mut *mut c_void) -> *mut c_char;
    fn cistron_set_generator_state(index: c_int, state: *mut c_void) -> *mut c_char;
}

/// The state of the random numbers that operations on a device draw.
pub struct RandomState {
    index: c_int,
    generator: Tensor,
    masks: (u64, u64),
}

impl RandomState {
    /// The present state.
    pub fn of(device: Device) -> Result<RandomState> {
        let index = match device.0 {
            tch::Device::Cuda(index) => index as c_int,
            _ => -1,
        };
        let mut state = std::ptr::null_mut();
        // SAFETY: the slot is for one tensor, which is owned from here on
        let generator = unsafe {
            status(cistron_generator_state(index, &raw mut state))?;
            Tensor(tch::Tensor::from_ptr(state.cast()))
        };
        let masks = replace_dropout((0, 0));
        replace_dropout(masks);
        Ok(RandomState {
            index,
            generator,
            masks,
        })
    }

    /// Makes this the present state.
    pub fn enter(&self) -> Result<()> {
        replace_dropout(self.masks);
        // SAFETY: the tensor is alive
        unsafe {
            let state = self.generator.0.as_ptr().cast_mut().cast();
            status(cistron_set_generator_state(self.index, state))
        }
    }
}
