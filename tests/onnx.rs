//! ONNX files against ONNX Runtime.

use crate::{cistron, python, root, said};
use std::process::Command;

#[test]
fn exported_networks_compute_the_same_in_onnx_runtime() {
    let Some(python) = python("onnxruntime, numpy") else {
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    let script = root().join("tests/oracles/onnx_cases.rhai");
    let output = cistron(
        place.path(),
        &["run", &script.display().to_string(), "--no-run-dir"],
    );
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{out}{err}");
    let count: usize = out.trim().parse().expect("the number of networks");
    let output = Command::new(python)
        .arg(root().join("tests/oracles/onnx_check.py"))
        .arg(place.path())
        .output()
        .expect("Python runs");
    let (out, err, code) = said(&output);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains(&format!("{count} passed, 0 failed")), "{out}");
}
