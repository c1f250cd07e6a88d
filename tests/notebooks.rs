//! The language in Jupyter: the kernel under Jupyter's own tests, and the course as notebooks.

use crate::{cistron, python, root, said};
use std::path::Path;
use std::process::Command;

/// Installs the kernel for tests below a folder; the folder that Jupyter is to look in.
fn installed(place: &Path) -> std::path::PathBuf {
    let (out, err, code) = said(&cistron(place, &["kernel", "install", "--prefix", "jupyter", "--device", "cpu", "--threads", "1"]));
    assert!(code == 0 && out.trim().ends_with("jupyter/share/jupyter/kernels/cistron"), "{out}{err}");
    place.join("jupyter/share/jupyter")
}

#[test]
fn a_kernel_is_installed_and_removed() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = installed(place.path()).join("kernels/cistron");
    let spec: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(folder.join("kernel.json")).expect("a file")).expect("JSON");
    assert_eq!((spec["language"].as_str(), spec["interrupt_mode"].as_str()), (Some("rhai"), Some("message")));
    assert!(spec["argv"].as_array().is_some_and(|argv| argv.iter().any(|word| word == "{connection_file}")) && folder.join("logo-svg.svg").exists());
    let (_, err, code) = said(&cistron(place.path(), &["kernel", "install", "--prefix", "jupyter", "--name", "a b"]));
    assert!(code == 2 && err.contains("--name a b"), "{err}");
    // what another program put there stays
    let other = folder.parent().expect("a folder").join("python3");
    std::fs::create_dir_all(&other).expect("made");
    std::fs::write(other.join("kernel.json"), r#"{"argv": ["python"], "display_name": "Python", "language": "python"}"#).expect("written");
    let (_, err, code) = said(&cistron(place.path(), &["kernel", "remove", "--prefix", "jupyter", "--name", "python3"]));
    assert!(code == 2 && err.contains("a kernel of python"), "{err}");
    assert_eq!(said(&cistron(place.path(), &["kernel", "remove", "--prefix", "jupyter"])).2, 0);
    assert!(!folder.exists() && other.exists());
    std::fs::write(place.path().join("c.json"), "{").expect("written");
    let (_, err, code) = said(&cistron(place.path(), &["kernel", "start", "-f", "c.json"]));
    assert!(code == 1 && err.contains("`c.json` is no connection file"), "{err}");
}

#[test]
fn the_kernel_passes_jupyters_own_tests() {
    let Some(python) = python("jupyter_kernel_test") else { return };
    let place = tempfile::tempdir().expect("a folder");
    let jupyter = installed(place.path());
    let mut command = Command::new(python);
    command.arg(root().join("tests/oracles/kernel.py")).env("JUPYTER_PATH", &jupyter).env("OMP_NUM_THREADS", "1").current_dir(place.path());
    let (out, err, code) = said(&command.output().expect("Python runs"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("OK") && err.contains("Ran 2"), "{err}");
}

#[test]
fn the_course_runs_as_notebooks() {
    let Some(python) = python("nbconvert") else { return };
    let place = tempfile::tempdir().expect("a folder");
    let jupyter = installed(place.path());
    let mut names = Vec::new();
    for lesson in crate::course::lessons() {
        let name = lesson.with_extension("ipynb").file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(said(&cistron(place.path(), &["notebook", &lesson.display().to_string(), "-o", &name])).2, 0);
        names.push(name);
    }
    let mut command = Command::new(python);
    command.args(["-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", "done"]).args(&names);
    command.env("JUPYTER_PATH", &jupyter).env("OMP_NUM_THREADS", "1").current_dir(place.path());
    let (_, err, code) = said(&command.output().expect("Python runs"));
    assert_eq!(code, 0, "{err}");
    for name in names {
        let notebook: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(place.path().join("done").join(&name)).expect("a notebook")).expect("JSON");
        let outputs: Vec<&serde_json::Value> =
            notebook["cells"].as_array().into_iter().flatten().flat_map(|cell| cell["outputs"].as_array().into_iter().flatten()).collect();
        assert!(!outputs.is_empty() && outputs.iter().all(|output| output["output_type"] != "error"), "{name}");
    }
}
