//! Fewer bits inside operations, by choice.

use super::Device;
use cistron_base::say;
use cistron_base::simd::Simd;
use std::cell::Cell;
use std::os::raw::c_int;
use std::sync::Once;

/// How many bits operations work with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats throughout.
    #[default]
    Full,
    /// Convolutions and products of matrices in bfloat16, sums and norms in 32 bits, parameters as
    /// they are.
    Bf16,
    /// As 32-bit floats, but products round their operands to 19 bits (on GPUs that know how).
    Tf32,
}

unsafe extern "C" {
    fn cistron_autocast(cuda: c_int, on: c_int) -> c_int;
    fn cistron_tf32(on: c_int) -> c_int;
}

thread_local! {
    /// The precision that this thread has entered.
    static ENTERED: Cell<Precision> = const { Cell::new(Precision::Full) };
}

impl Precision {
    /// The precision that this thread has entered.
    pub fn current() -> Precision {
        ENTERED.get()
    }

    /// The precision that operations on a device have: 32 bits in place of bfloat16 on a CPU that
    /// does not compute in it, which is reported once.
    pub fn on(self, device: Device) -> Precision {
        if self != Precision::Bf16 || device.is_cuda() || Simd::has_bf16() {
            return self;
        }
        static REPORTED: Once = Once::new();
        REPORTED.call_once(|| {
            say::line(
                "amp \"bf16\": this CPU has no instructions for bfloat16, in which networks would \
                 be slower; they compute with 32-bit floats",
            );
        });
        Precision::Full
    }

    /// Operations on a device work like this until the guard is dropped.
    pub fn enter(self, device: Device) -> Guard {
        let cuda = c_int::from(device.is_cuda());
        let outer = ENTERED.replace(self);
        // SAFETY: both set flags of torch and give those before
        let flag = unsafe {
            match self {
                Precision::Full => None,
                Precision::Bf16 => Some((self, cistron_autocast(cuda, 1))),
                Precision::Tf32 => Some((self, cistron_tf32(1))),
            }
        };
        Guard(flag, cuda, outer)
    }
}

/// Puts the precision before back.
pub struct Guard(Option<(Precision, c_int)>, c_int, Precision);

impl Drop for Guard {
    fn drop(&mut self) {
        ENTERED.set(self.2);
        // SAFETY: as above
        unsafe {
            match self.0 {
                Some((Precision::Bf16, before)) => cistron_autocast(self.1, before),
                Some((_, before)) => cistron_tf32(before),
                None => 0,
            };
        }
    }
}
