//! Devices, threads, the global generator, and the allocator's settings.

use cistron_base::seed::Rng;
use cistron_base::{Result, say};
use cistron_base::{bail, fault};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

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
            other => match other
                .strip_prefix("cuda:")
                .and_then(|n| n.parse::<usize>().ok())
            {
                Some(index) => index,
                None => {
                    bail!("value", "no device is called `{name}`"; hint: "one of auto, cpu, cuda, cuda:N")
                }
            },
        };
        match cuda_count() {
            0 => Err(fault!("device", "no CUDA device is available for `{name}`";
                hint: "install torch 2.11.0 with its CUDA libraries and point CISTRON_LIBTORCH at it, or use --device cpu")),
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

/// Loads CUDA where torch has it; call once, before any other torch call.
pub fn start() {
    // the program links libtorch_cpu only: libtorch_cuda registers itself when it is loaded, and
    // where it is absent nothing is lost SAFETY: a constant, NUL-terminated name; loading runs
    // torch's own initialisers
    unsafe {
        libc::dlopen(
            c"libtorch_cuda.so".as_ptr(),
            libc::RTLD_LAZY | libc::RTLD_GLOBAL,
        );
    }
    full_precision();
    keep_freed_memory();
}

/// Fails where the libtorch that was loaded is of another version than the one that the program is
/// built for.
pub fn check_version() -> Result<()> {
    const WANTED: &str = "2.11.0";
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let path = maps.lines().find_map(|line| {
        line.split_whitespace()
            .last()
            .filter(|path| path.ends_with("/libtorch_cpu.so"))
    });
    let Some(home) = path.and_then(|path| std::path::Path::new(path).parent()?.parent()) else {
        return Ok(());
    };
    let text = ["build-version", "version.py"]
        .iter()
        .find_map(|name| std::fs::read_to_string(home.join(name)).ok())
        .unwrap_or_default();
    let digits = |c: char| !(c.is_ascii_digit() || c == '.');
    let found = text
        .split(digits)
        .find(|word| word.split('.').filter(|part| !part.is_empty()).count() == 3);
    match found {
        Some(found) if found != WANTED => Err(
            fault!("torch", "libtorch {found} was loaded from {}, {WANTED} is needed", home.display();
            hint: "unset LD_LIBRARY_PATH, or let it name the `lib` folder of torch {WANTED}"),
        ),
        _ => Ok(()),
    }
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
    /// Seed of dropout on the processor, and how many masks were drawn since.
    static MASKS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
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

/// The factors of a dropout: 0 with a chance (to 1 in 65,536), else what keeps the mean. A factor
/// depends on the seed, on how many masks were drawn before, and on its number alone.
#[derive(Clone, Debug)]
pub struct Mask {
    rng: Rng,
    dropped: u64,
    kept: f32,
}

impl Mask {
    /// The next mask of this thread.
    pub fn draw(p: f64) -> Mask {
        let (seed, drawn) = MASKS.get();
        MASKS.set((seed, drawn + 1));
        Mask {
            rng: Rng::keyed(&[seed, 0x6d61_736b, drawn]),
            dropped: (p * 65_536.0).round() as u64,
            kept: (1.0 / (1.0 - p)) as f32,
        }
    }

    /// What numbers that are kept are multiplied with.
    pub fn kept(&self) -> f32 {
        self.kept
    }

    #[inline(always)]
    fn factor(&self, bits: u64) -> f32 {
        if bits & 0xffff < self.dropped {
            0.0
        } else {
            self.kept
        }
    }

    /// The factors from number `first` on.
    #[inline(always)]
    pub fn fill(&self, first: u64, out: &mut [f32]) {
        let single = |i: u64| self.factor(self.rng.peek(i / 4) >> (16 * (i % 4)));
        let head = ((4 - first % 4) % 4).min(out.len() as u64);
        let (start, rest) = out.split_at_mut(head as usize);
        start
            .iter_mut()
            .zip(first..)
            .for_each(|(factor, i)| *factor = single(i));
        let mut fours = rest.chunks_exact_mut(4);
        let mut at = (first + head) / 4;
        for four in &mut fours {
            let bits = self.rng.peek(at);
            at += 1;
            for (lane, factor) in four.iter_mut().enumerate() {
                *factor = self.factor(bits >> (16 * lane));
            }
        }
        fours
            .into_remainder()
            .iter_mut()
            .zip(4 * at..)
            .for_each(|(factor, i)| *factor = single(i));
    }

    /// `n` factors.
    pub(super) fn factors(&self, n: usize) -> Vec<f32> {
        const STRETCH: usize = 1 << 16;
        let mut out = vec![0.0; n];
        super::parallel::each_part(&mut out, STRETCH, &|part, factors| {
            self.fill((part * STRETCH) as u64, factors)
        });
        out
    }
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
    fn a_factor_depends_on_its_number_alone() {
        let mask = Mask::draw(0.25);
        let all = mask.factors(200_003);
        let dropped = all.iter().filter(|factor| **factor == 0.0).count() as f64 / all.len() as f64;
        assert!((dropped - 0.25).abs() < 0.005, "{dropped}");
        for (first, n) in [(0, 9), (1, 2), (3, 1), (70_001, 50), (4, 4), (199_999, 4)] {
            let mut own = vec![9.0; n];
            mask.fill(first as u64, &mut own);
            assert_eq!(own, all[first..first + n]);
        }
        assert_ne!(Mask::draw(0.25).factors(100), all[..100]);
    }
}
