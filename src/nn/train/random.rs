//! Random numbers of the device.

use cistron_base::seed::Rng;
use cistron_torch::device;

/// Seeds the random numbers of the device, such as those of dropout.
pub fn seed_device(keys: &[u64]) {
    device::seed(Rng::keyed(keys).next_u64() >> 1);
}
