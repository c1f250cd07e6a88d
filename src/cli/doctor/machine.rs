//! The CPU, threads and memory.

use super::finding::Finding;
use crate::base::simd::{Simd, VARIABLE};
use crate::base::system;
use crate::cli::pool;
use crate::torch::contention;
use serde_json::{Map, Value};

/// Memory below which libtorch and a small training do not fit, MiB.
const LITTLE_MEMORY: u64 = 1024;

pub(super) fn examine() -> Vec<Finding> {
    vec![cpu(), threads(), memory()]
}

/// Vector instructions of the CPU that loops are compiled for or libtorch makes use of.
fn features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let all = [
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
            ("avx512bw", is_x86_feature_detected!("avx512bw")),
            ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
            (
                "avx512vpopcntdq",
                is_x86_feature_detected!("avx512vpopcntdq"),
            ),
            ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
        ];
        found.extend(all.iter().filter(|(_, has)| *has).map(|(name, _)| *name));
    }
    found
}

/// The name of the CPU, where the system states one.
fn model() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| Some(line.split_once(':')?.1.trim().to_string()))
        .unwrap_or_else(|| std::env::consts::ARCH.into())
}

fn cpu() -> Finding {
    let (model, features) = (model(), features());
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    let found = match Simd::of_environment() {
        Err(fault) => {
            let hint = fault
                .hint
                .clone()
                .unwrap_or_else(|| format!("unset {VARIABLE}"));
            Finding::fault("cpu", fault.message.clone(), hint)
        }
        Ok(simd) if simd < Simd::of_cpu() => Finding::note(
            "cpu",
            format!(
                "{model}: kernels for {} although it has {}",
                simd.name(),
                Simd::of_cpu().name()
            ),
            format!("{VARIABLE}={asked} confines them: unset it for full speed"),
        ),
        Ok(Simd::Portable) => Finding::note(
            "cpu",
            format!("{model}: kernels for every CPU"),
            "AVX2 with FMA, or AVX-512, is several times faster",
        ),
        Ok(simd) => Finding::sound("cpu", format!("{model}: kernels for {}", simd.name())),
    };
    found
        .fact("model", model)
        .fact("features", features)
        .fact("kernels", Simd::current().name())
        .fact("has_bf16", Simd::has_bf16())
        .fact(VARIABLE, asked)
}

/// The settings of the OpenMP runtime that this process has.
fn settings() -> Map<String, Value> {
    let own = contention::SETTINGS.iter().map(|(name, _)| *name);
    own.chain(["OMP_NUM_THREADS", "GOMP_CPU_AFFINITY", "MKL_NUM_THREADS"])
        .filter_map(|name| Some((name.to_string(), std::env::var(name).ok()?.into())))
        .collect()
}

fn threads() -> Finding {
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    // SAFETY: reads a number of the system
    let cpus = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }.max(1) as usize;
    let given = std::env::var("OMP_NUM_THREADS").ok();
    let needed = 2 * usable + pool::SPARE;
    let allowed = pool::allowed(needed);
    let text = format!("{usable} of {cpus} CPUs may be used");
    let found = match (&given, allowed < needed) {
        (_, true) => Finding::note(
            "threads",
            format!("{text}, but only {allowed} threads of {needed} can be started"),
            "allow more processes (`ulimit -u`, the limit of the container), or use `--threads 1`",
        ),
        (Some(n), _) => Finding::note(
            "threads",
            format!("{text}; OMP_NUM_THREADS={n} decides for operations"),
            "unset it to use all, or use `--threads N`",
        ),
        _ => Finding::sound("threads", text),
    };
    found
        .fact("usable", usable)
        .fact("cpus", cpus)
        .fact("variables", settings())
}

fn memory() -> Finding {
    let total = system::total_memory().map(|bytes| bytes >> 20);
    let free = system::free_memory().map(|bytes| bytes >> 20);
    let text = |mib: Option<u64>| mib.map_or("unknown".into(), |mib| format!("{mib} MiB"));
    let line = format!("{} free of {}", text(free), text(total));
    let found = match free {
        Some(mib) if mib < LITTLE_MEMORY => Finding::note(
            "memory",
            line,
            "trainings need more: end other programs, or raise the limit of the container",
        ),
        _ => Finding::sound("memory", line),
    };
    found.fact("free_mib", free).fact("total_mib", total)
}
