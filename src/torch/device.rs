//! Devices, threads, the global generator, and the allocator's settings.

use super::library;
use cistron_base::mask::Mask;
use cistron_base::{Result, say};
use cistron_base::{bail, fault};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where tensors lie and operations run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device(pub(super) tch::Device);

impl Device {
    /// The CPU.
    pub const CPU: Device = Device(tch::Device::Cpu);

    /// `auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.
    pub fn parse(name: &str) -> Result<Device> {
        let index = match name {
            "cpu" => return Ok(Device::CPU),
            "auto" if cuda_count() == 0 => return Ok(Device::CPU),
            "auto" | "cuda" => 0,
            other => match other
                .strip_prefix("cuda:")
                .and_then(|n| n.parse::<usize>().ok())
            {
                Some(index) => index,
                None => {
                    bail!(
                        "value",
                        "no device is called `{name}`";
                        hint: "one of auto, cpu, cuda, cuda:N"
                    )
                }
            },
        };
        match cuda_count() {
            0 => Err(fault!(
                "device",
                "no CUDA device is available for `{name}`";
                hint: "install torch 2.11.0 with its CUDA libraries and point CISTRON_LIBTORCH at \
                    it, or use --device cpu"
            )),
            count if index >= count => bail!(
                "device",
                "there is no device `{name}`: {count} CUDA devices were found"
            ),
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

unsafe extern "C" {
    fn cistron_tf32(on: std::os::raw::c_int) -> std::os::raw::c_int;
}

/// Sets 32-bit floats throughout: by default torch lets cuDNN round them to 19 bits.
fn full_precision() {
    // SAFETY: sets a flag of torch
    unsafe { cistron_tf32(0) };
}

/// Loads CUDA where libtorch has it; call once, before any other torch call, and after
/// [`library::load`], which reports a libtorch that cannot be loaded.
pub fn start() {
    // libtorch_cuda registers itself when it is loaded, and where it is absent nothing is lost
    if let Ok(found) = library::load() {
        library::open(found.folder.join("libtorch_cuda.so").as_os_str()).ok();
    }
    full_precision();
    keep_freed_memory();
}

/// Lets the C allocator keep what was freed: half of a small network's training step is page faults
/// otherwise.
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
    if tch::Cuda::is_available() {
        tch::Cuda::device_count().max(0) as usize
    } else {
        0
    }
}

/// How many threads an operation may use.
pub fn threads() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1)
}

/// Whether the system allows so few threads that operations keep to the thread that calls.
static IS_SHORT: AtomicBool = AtomicBool::new(false);

/// Keeps operations to the thread that calls, from now on: OpenMP ends the process where it gets no
/// thread.
pub fn keep_to_one_thread() {
    IS_SHORT.store(true, Ordering::Relaxed);
    tch::set_num_threads(1);
}

/// Sets how many threads an operation may use; one, with a note, where the system allows few.
pub fn set_threads(n: usize) {
    if n > 1 && IS_SHORT.load(Ordering::Relaxed) {
        say::line(&format!(
            "note: operations use 1 thread, not {n}: the system allows too few processes \
             (`ulimit -u`, the limit of the container)"
        ));
        return;
    }
    tch::set_num_threads(n as i32);
}

thread_local! {
    /// Where tensors are made whose device nobody named.
    static DEFAULT: Cell<Device> = const { Cell::new(Device::CPU) };
    /// Seed of dropout on the CPU, and how many masks were drawn since.
    static MASKS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// Which rows of a batch this process has.
    static ROWS: Cell<Option<RowsOf>> = const { Cell::new(None) };
}

/// Sets where constructors of scripts make tensors on this thread unless a device is named: the CPU
/// at first. `cistron test --device` runs examples on a GPU by it.
pub fn set_default(device: Device) {
    DEFAULT.set(device);
}

/// Where constructors of scripts make tensors unless a device is named.
pub fn default_device() -> Device {
    DEFAULT.get()
}

/// Replaces the seed of dropout on this thread and how many masks were drawn since; what they were.
pub fn replace_dropout(state: (u64, u64)) -> (u64, u64) {
    MASKS.replace(state)
}

/// Seeds dropout and torch's generator.
pub fn seed(seed: u64) {
    tch::manual_seed(seed as i64);
    MASKS.set((seed, 0));
}

/// Rows of a batch that several processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// The first of them.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// How many of them count: 0 of a process that has a row in place of none.
    pub counted: u64,
    /// Rows of the whole batch.
    pub whole: u64,
}

impl RowsOf {
    /// The number in the whole batch of the first of `numel` numbers, of which the rows are the
    /// outermost axis of `rows`; none where that axis is not one of rows.
    pub(super) fn first_number(self, rows: i64, numel: usize) -> Option<u64> {
        let is_of_rows = self.count > 0 && rows > 0 && (rows as u64).is_multiple_of(self.count);
        is_of_rows.then(|| self.first * (numel as u64 / self.count))
    }
}

/// What [`rows_of`] set before, which is restored when it is dropped.
pub struct RowsGuard(Option<RowsOf>);

impl Drop for RowsGuard {
    fn drop(&mut self) {
        ROWS.set(self.0);
    }
}

/// Sets which rows of a batch the tensors of this thread have, until the guard is dropped: dropout
/// masks are then those rows of the masks of the whole batch.
pub fn rows_of(rows: Option<RowsOf>) -> RowsGuard {
    RowsGuard(ROWS.replace(rows))
}

/// Which rows of a batch the tensors of this thread have.
pub fn current_rows() -> Option<RowsOf> {
    ROWS.get()
}

/// The next dropout mask of this thread: it depends on the seed and on how many were drawn before.
pub fn next_mask(p: f64) -> Mask {
    let (seed, drawn) = MASKS.get();
    MASKS.set((seed, drawn + 1));
    Mask::keyed(p, &[seed, 0x6d61_736b, drawn])
}

/// The first `n` factors of a mask.
pub(super) fn factors(mask: &Mask, n: usize) -> Vec<f32> {
    const PART: usize = 1 << 16;
    let mut out = vec![0.0; n];
    super::parallel::each_part(&mut out, PART, &|part, factors| {
        mask.fill((part * PART) as u64, factors)
    });
    out
}

/// Waits until the device has done all that was asked of it.
pub fn synchronize(device: Device) {
    if let tch::Device::Cuda(index) = device.0 {
        tch::Cuda::synchronize(index as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_follow_the_seed_and_their_number() {
        let mask = next_mask(0.25);
        let all = factors(&mask, 200_003);
        let mut own = vec![9.0; 50];
        mask.fill(70_001, &mut own);
        assert_eq!(own, all[70_001..70_051]);
        assert_ne!(factors(&next_mask(0.25), 100), all[..100]);
    }
}
