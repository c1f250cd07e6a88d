//! libtorch and GPUs. libtorch is loaded in a child process: a damaged library may end the process
//! that loads it.

use super::finding::Finding;
use crate::base::Result;
use crate::fault;
use crate::torch::{Device, Tensor, device, library};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) fn examine() -> Vec<Finding> {
    let found = match library::find() {
        Ok(found) => found,
        Err(fault) => {
            let hint = fault.hint.clone().unwrap_or_default();
            return vec![
                Finding::fault("libtorch", fault.message.clone(), hint).fact("folder", ()),
            ];
        }
    };
    let version = found.version.clone().unwrap_or_else(|| "?".into());
    let place = format!(
        "{version} in {} ({})",
        found.folder.display(),
        found.source.name()
    );
    let facts = |finding: Finding| {
        finding
            .fact("folder", found.folder.display().to_string())
            .fact("version", found.version.clone())
            .fact("source", found.source.name())
    };
    match asked() {
        Err(fault) => {
            let hint = fault.hint.clone().unwrap_or_else(|| {
                format!(
                    "install torch {} again, or let {} name another folder of it",
                    library::WANTED,
                    library::VARIABLE
                )
            });
            let text = format!("{place}: {}", fault.message);
            vec![facts(Finding::fault("libtorch", text, hint)).fact("loads", false)]
        }
        Ok(answer) => {
            let sound = Finding::sound("libtorch", place)
                .fact("loads", true)
                .fact("seconds", answer["seconds"].clone())
                .fact("instructions", answer["instructions"].clone());
            vec![facts(sound), cuda(&answer, &found.folder)]
        }
    }
}

/// What a child process found that loaded libtorch.
fn asked() -> Result<Value> {
    let program = std::env::current_exe().map_err(|error| fault!("file", "{error}"))?;
    let output = Command::new(program)
        .args(["doctor", "--probe"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| fault!("system", "the program cannot be started again: {error}"))?;
    if let Ok(answer) = serde_json::from_slice::<Value>(&output.stdout) {
        return match answer["fault"].as_str() {
            Some(message) => {
                let fault = fault!("torch", "{message}");
                Err(match answer["hint"].as_str() {
                    Some(hint) => fault.hint(hint),
                    None => fault,
                })
            }
            None => Ok(answer),
        };
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let last = error.lines().last().unwrap_or("no output");
    Err(match output.status.signal() {
        Some(signal) => fault!("torch", "loading it was ended by signal {signal}: {last}"),
        None => fault!("torch", "loading it failed: {last}"),
    })
}

/// GPUs of the machine, whether libtorch can use them or not.
fn has_gpu() -> bool {
    Path::new("/dev/nvidia0").exists() || Path::new("/proc/driver/nvidia/version").exists()
}

fn cuda(answer: &Value, folder: &Path) -> Finding {
    let count = answer["cuda"].as_u64().unwrap_or(0);
    let has_library = folder.join("libtorch_cuda.so").exists();
    let wrong = answer["cuda_fault"].as_str();
    let found = match (count, has_gpu(), has_library, wrong) {
        (1.., _, _, Some(wrong)) => Finding::fault(
            "cuda",
            format!("{count} found, but an operation failed: {wrong}"),
            "compare the driver (`nvidia-smi`) with the CUDA version of this libtorch",
        ),
        (1, ..) => Finding::sound("cuda", "1 device, which computes"),
        (2.., ..) => Finding::sound("cuda", format!("{count} devices, which compute")),
        (0, true, false, _) => Finding::fault(
            "cuda",
            "this machine has a GPU, but this libtorch is for CPUs",
            format!(
                "install torch {} with CUDA and let {} name its folder `torch`",
                library::WANTED,
                library::VARIABLE
            ),
        ),
        (0, true, true, _) => Finding::fault(
            "cuda",
            "this machine has a GPU, and libtorch has CUDA, but finds no device",
            "see whether `nvidia-smi` lists it, and whether CUDA_VISIBLE_DEVICES hides it; the \
             driver must be as recent as the CUDA version of this libtorch",
        ),
        (0, false, _, _) => Finding::sound("cuda", "no GPU: networks run on the CPU"),
    };
    found
        .fact("devices", count)
        .fact("has_library", has_library)
}

/// Loads libtorch, computes on each device and prints what was found.
pub(super) fn probe() -> u8 {
    let started = std::time::Instant::now();
    if let Err(fault) = library::load() {
        crate::outln!("{}", json!({ "fault": fault.message, "hint": fault.hint }));
        return 0;
    }
    let seconds = started.elapsed().as_secs_f64();
    device::start();
    let outcome = computed(Device::CPU);
    if let Err(fault) = outcome {
        crate::outln!("{}", json!({ "fault": fault.message, "hint": fault.hint }));
        return 0;
    }
    let count = device::cuda_count();
    let wrong = (0..count)
        .map(|i| Device::parse(&format!("cuda:{i}")).and_then(computed))
        .find_map(Result::err);
    crate::outln!(
        "{}",
        json!({
            "seconds": seconds,
            "cuda": count,
            "cuda_fault": wrong.map(|fault| fault.message.clone()),
            "instructions": std::env::var("ATEN_CPU_CAPABILITY").ok(),
        })
    );
    0
}

/// A small product on a device, which must be right.
fn computed(device: Device) -> Result<()> {
    let x = Tensor::from_f32(&[1.0, 2.0, 3.0, 4.0], &[2, 2])?.to_device(device)?;
    let product = x.matmul(&x)?.to_device(Device::CPU)?.to_f32()?;
    if product != [7.0, 10.0, 15.0, 22.0] {
        return Err(fault!(
            "torch",
            "a product on {} is wrong: {product:?}",
            device.name()
        ));
    }
    Ok(())
}
