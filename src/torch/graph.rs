//! Work on a GPU that is recorded once and done again, without telling the device each operation
//! again.
//!
//! What is recorded finds its inputs where they lay then, and its numbers as they were then:
//! whatever changes from time to time has to lie in a tensor that is written to before (see
//! [`Number`]), and nothing may be read back meanwhile.

use super::tensor::{lift1, message_of};
use super::{Device, Tensor};
use cistron_base::{Result, panic};
use cistron_base::{bail, fault};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

unsafe extern "C" {
    fn cistron_stream_enter(index: c_int, before: *mut i64) -> *mut c_char;
    fn cistron_stream_leave(index: c_int, before: *const i64) -> *mut c_char;
    fn cistron_record_begin(index: c_int, out: *mut *mut c_void) -> *mut c_char;
    fn cistron_record_end(recorded: *mut c_void) -> *mut c_char;
    fn cistron_recorded_again(recorded: *mut c_void) -> *mut c_char;
    fn cistron_recorded_drop(recorded: *mut c_void);
}

/// The result of a call that returns null, or a message.
fn status(doing: &str, message: *mut c_char) -> Result<()> {
    // SAFETY: null, or a string of strdup that nobody else has
    match unsafe { message_of(message) } {
        None => Ok(()),
        Some(text) => bail!(
            "torch",
            "{doing}: {}",
            text.lines().next().unwrap_or_default()
        ),
    }
}

fn index(device: Device) -> Option<c_int> {
    match device.0 {
        tch::Device::Cuda(index) => Some(index as c_int),
        _ => None,
    }
}

/// While it lives, work of this thread goes to a stream of its own, as recording asks for; nothing
/// changes on the CPU.
pub struct Stream(Option<(c_int, [i64; 3])>);

impl Stream {
    /// Waits for all work and changes over.
    pub fn enter(device: Device) -> Result<Stream> {
        let Some(index) = index(device) else {
            return Ok(Stream(None));
        };
        let mut before = [0; 3];
        // SAFETY: there is room for three numbers
        status("stream", unsafe {
            cistron_stream_enter(index, before.as_mut_ptr())
        })?;
        Ok(Stream(Some((index, before))))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some((index, before)) = self.0 {
            // SAFETY: what `enter` was given; a device that fails here has reported it before
            status("stream", unsafe {
                cistron_stream_leave(index, before.as_ptr())
            })
            .ok();
        }
    }
}

thread_local! {
    static STEADY: Cell<bool> = const { Cell::new(false) };
    static EVERYWHERE: Cell<bool> = const { Cell::new(false) };
}

/// Has this thread do on a processor too, operation by operation, what would be recorded on a GPU:
/// a test of everything but the recording.
pub fn everywhere(on: bool) {
    EVERYWHERE.set(on);
}

/// Whether steps on a device are to be such that they could be recorded.
pub fn is_for(device: Device) -> bool {
    device.is_cuda() || EVERYWHERE.get()
}

/// Whether operations now have to be the same each time, whatever the numbers are: nothing may be
/// read back to decide.
pub fn is_steady() -> bool {
    STEADY.get()
}

/// Does something in the way that can be recorded.
pub fn steadily<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            STEADY.set(self.0);
        }
    }
    let _back = Back(STEADY.replace(true));
    f()
}

/// The captured operations.
pub struct Recorded(*mut c_void);

impl Recorded {
    /// Captures the operations of `f` without running them; for tensors of `f` that are
    /// kept, their place is what counts.
    pub fn of<T>(device: Device, f: impl FnOnce() -> Result<T>) -> Result<(Recorded, T)> {
        let Some(index) = index(device) else {
            bail!("device", "only the work of a GPU can be recorded")
        };
        let mut place = null_mut();
        // SAFETY: there is room for a pointer
        status("recording", unsafe {
            cistron_record_begin(index, &raw mut place)
        })?;
        let recorded = Recorded(place);
        let made = panic::guarded(|| steadily(f))
            .unwrap_or_else(|_| Err(fault!("internal", "recording panicked: {}", panic::last())));
        // SAFETY: a recording that has begun ends, whatever became of it
        let ended = status("recording", unsafe { cistron_record_end(recorded.0) });
        let made = made?;
        ended?;
        Ok((recorded, made))
    }

    /// Does it all again, on numbers that lie there now.
    pub fn again(&self) -> Result<()> {
        // SAFETY: made by `of`, dropped by `drop` alone
        status("recorded step", unsafe { cistron_recorded_again(self.0) })
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        // SAFETY: made by `of`, dropped once
        unsafe { cistron_recorded_drop(self.0) }
    }
}

/// A number that an operation works with.
#[derive(Clone, Debug)]
pub enum Number {
    /// As it is.
    Here(f64),
    /// Its value in a tensor without axes when the operation runs.
    There(Tensor),
}

impl Number {
    /// The number, where it is known.
    pub fn here(&self) -> Option<f64> {
        match self {
            Number::Here(number) => Some(*number),
            Number::There(_) => None,
        }
    }
}

impl Tensor {
    /// Multiplies in place.
    pub fn scale_(&self, by: &Number) -> Result<()> {
        match by {
            Number::Here(number) => self.mul_number_(*number),
            Number::There(number) => self.mul_(number),
        }
    }

    /// Multiplied.
    pub fn scaled(&self, by: &Number) -> Result<Tensor> {
        match by {
            Number::Here(1.0) => Ok(self.clone()),
            Number::Here(number) => self.mul_number(*number),
            Number::There(number) => self.mul(number),
        }
    }

    /// The number at a fraction of the way to another: this one at 0, the other at 1.
    pub fn lerp(&self, other: &Tensor, at: &Number) -> Result<Tensor> {
        let operands = [self, other];
        match at {
            Number::Here(at) => lift1("lerp", &operands, self.0.f_lerp(&other.0, *at)),
            Number::There(at) => lift1("lerp", &operands, self.0.f_lerp_tensor(&other.0, &at.0)),
        }
    }

    /// Adds `by` times another in place.
    pub fn add_times_(&self, other: &Tensor, by: &Number) -> Result<()> {
        match by {
            Number::Here(number) => self.add_scaled_(other, *number),
            Number::There(number) => self.add_(&other.mul(number)?),
        }
    }
}
