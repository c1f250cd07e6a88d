//! What a GPU computes is what a CPU computes: the scripts of `scripts/gpu-check`. Where there is no
//! GPU these tests say so and check nothing but the script itself.

use crate::training::TWO_WAYS;
use crate::{root, run};
use std::process::Command;

fn is_there() -> bool {
    cistron::torch::device::start();
    let found = cistron::torch::device::cuda_count() > 0;
    if !found {
        eprintln!("there is no GPU here: not checked");
    }
    found
}

fn held(script: &str) {
    if is_there() {
        run(script).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
fn networks_give_on_a_gpu_what_they_give_on_a_cpu() {
    held(include_str!("../scripts/gpu/agree.rhai"));
}

#[test]
fn recorded_steps_are_the_usual_steps_on_a_gpu() {
    held(TWO_WAYS);
}

#[test]
fn a_gpu_draws_new_masks_in_each_recorded_step_and_works_with_fewer_bits() {
    held(include_str!("../scripts/gpu/masks.rhai"));
}

/// Runs `scripts/gpu-check` with this build; its output, and the JSON that it wrote.
fn checked(arguments: &[&str]) -> (String, serde_json::Value) {
    let place = tempfile::tempdir().expect("a folder");
    let out = place.path().join("found.json");
    let output = Command::new("python3")
        .arg(root().join("scripts/gpu-check"))
        .args(["--program", env!("CARGO_BIN_EXE_cistron"), "--out"])
        .arg(&out)
        .args(arguments)
        .env("OMP_NUM_THREADS", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(place.path())
        .output()
        .expect("python3 runs");
    let (text, error, code) = crate::said(&output);
    assert_eq!(code, 0, "{text}{error}");
    let json = std::fs::read(&out).expect("the JSON");
    let found: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let page = place.path().join("gpu.md");
    let report = Command::new("python3")
        .arg(root().join("scripts/gpu-check"))
        .arg("--report")
        .args([&out, &page])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status();
    assert!(report.expect("python3 runs").success());
    (std::fs::read_to_string(page).expect("the page"), found)
}

/// The quick parts; CONTRIBUTING.md names the command that runs all of them.
#[test]
fn gpu_check_runs_without_a_gpu() {
    let (page, found) = checked(&["--dry", "--only", "machine,resume,memory,nccl"]);
    let parts = found["parts"].as_object().expect("parts");
    for (name, part) in parts {
        let is_good = part["state"] == "done" || part["state"] == "skipped";
        assert!(is_good, "{name}: {part}");
    }
    assert_eq!(parts["resume"]["is_same_bits"], true);
    assert_eq!(parts["resume"]["ended_with"], 130);
    assert!(
        page.contains("a dry run") || page.contains("A dry run"),
        "{page}"
    );
    assert!(
        page.contains("the same bits") && page.contains("| resume | done |"),
        "{page}"
    );
}
