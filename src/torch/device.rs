//! Devices, threads, the global generator, and the allocator's settings.

use crate::base::Result;
use crate::base::seed::Rng;
use crate::{bail, fault};
use std::cell::Cell;

/// Where tensors lie and operations run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device(pub(super) tch::Device);

impl Device {
    /// The processor.
    pub const CPU: Device = Device(tch::Device::Cpu);

    /// `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.
    pub fn parse(name: &str) -> Result<Device> {
        let index = match name {
            "cpu" => return Ok(Device::CPU),
            "auto" if cuda_count() == 0 => return Ok(Device::CPU),
            "auto" | "cuda" => 0,
            other => match other.strip_prefix("cuda:").and_then(|n| n.parse::<usize>().ok()) {
                Some(index) => index,
                None => bail!("value", "no device is called `{name}`"; hint: "one of auto, cpu, cuda, cuda:N"),
            },
        };
        match cuda_count() {
            0 => Err(fault!("device", "no CUDA device is available for `{name}`";
                hint: "install torch 2.11.0 with its CUDA libraries and point CISTRON_LIBTORCH at it, or use --device cpu")),
            count if index >= count => bail!("device", "there is no device `{name}`: {count} CUDA devices were found"),
            _ => Ok(Device(tch::Device::Cuda(index))),
        }
    }

    /// `cpu` or `cuda:N`.
    pub fn name(self) -> String {
        match self.0 {
            tch::Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_string(),
        }
    }

    /// Whether this is a GPU.
    pub fn is_cuda(self) -> bool {
        matches!(self.0, tch::Device::Cuda(_))
    }
}

/// Loads CUDA where torch has it; call once, before any other torch call.
pub fn start() {
    // the program links libtorch_cpu only: libtorch_cuda registers itself when it is loaded, and where it is absent nothing is lost
    // SAFETY: a constant, NUL-terminated name; loading runs torch's own initialisers
    unsafe {
        libc::dlopen(c"libtorch_cuda.so".as_ptr(), libc::RTLD_LAZY | libc::RTLD_GLOBAL);
    }
    keep_freed_memory();
}

/// Lets the C allocator keep what was freed: half of a small network's training step is page faults otherwise.
fn keep_freed_memory() {
    // SAFETY: mallopt only sets thresholds
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}

/// The number of CUDA devices.
pub fn cuda_count() -> usize {
    if tch::Cuda::is_available() { tch::Cuda::device_count().max(0) as usize } else { 0 }
}

/// Sets how many threads an operation may use.
pub fn set_threads(n: usize) {
    tch::set_num_threads(n as i32);
}

thread_local! {
    /// Seed of dropout on the processor, and how many masks were drawn since.
    static MASKS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Seeds dropout and torch's generator.
pub fn seed(seed: u64) {
    tch::manual_seed(seed as i64);
    MASKS.set((seed, 0));
}

/// `n` factors: 0 with chance `p` (to 1 in 65,536), else what keeps the mean.
pub(super) fn dropout_mask(n: usize, p: f64) -> Vec<f32> {
    let (seed, drawn) = MASKS.get();
    MASKS.set((seed, drawn + 1));
    let mut rng = Rng::keyed(&[seed, 0x6d61_736b, drawn]);
    let dropped = (p * 65_536.0).round() as u64;
    let kept = (1.0 / (1.0 - p)) as f32;
    let mut mask = Vec::with_capacity(n + 3);
    while mask.len() < n {
        let bits = rng.next_u64();
        mask.extend([bits & 0xffff, bits >> 16 & 0xffff, bits >> 32 & 0xffff, bits >> 48].map(|draw| if draw < dropped { 0.0 } else { kept }));
    }
    mask.truncate(n);
    mask
}

/// Waits until the device has done all that was asked of it.
pub fn synchronize(device: Device) {
    if let tch::Device::Cuda(index) = device.0 {
        tch::Cuda::synchronize(index as i64);
    }
}
