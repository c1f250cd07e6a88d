//! `cistron doctor`.

use std::path::Path;
use std::process::Command;

/// Output and exit code of `doctor` in a folder, with variables of the environment.
fn doctor(folder: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .arg("doctor")
        .args(arguments)
        .current_dir(folder)
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    let (text, error, code) = crate::said(&output);
    assert!(error.is_empty(), "{error}");
    (text, code)
}

fn findings(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_sound_installation_has_no_fault() {
    let place = tempfile::tempdir().expect("a folder");
    let (text, code) = doctor(place.path(), &[], &[]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("libtorch    2.11.0") && text.contains("no fault was found"),
        "{text}"
    );
    let (text, code) = doctor(place.path(), &["--json"], &[]);
    let found = findings(&text);
    assert_eq!((code, &found["is_sound"]), (0, &true.into()));
    let all = &found["findings"];
    for subject in [
        "program", "libtorch", "cuda", "cpu", "threads", "memory", "runs", "stdlib",
    ] {
        assert!(all[subject]["text"].is_string(), "{subject}: {all}");
    }
    assert_eq!(all["libtorch"]["loads"], true);
    let simd = cistron::base::simd::Simd::current().name();
    assert_eq!(all["cpu"]["kernels"], simd);
    let modules = cistron::lang::stdlib::paths().len();
    assert_eq!(all["stdlib"]["modules"], modules);
    assert!(std::fs::read_dir(place.path()).expect("a folder").count() == 0);
}

#[test]
fn each_fault_has_a_hint_and_ends_with_1() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let subject = |name: &str, variables: &[(&str, &Path)], arguments: &[&str]| {
        let (text, code) = doctor(folder, &[&["--json"], arguments].concat(), variables);
        let found = findings(&text);
        assert_eq!((code, &found["is_sound"]), (1, &false.into()), "{text}");
        let finding = found["findings"][name].clone();
        assert_eq!(finding["state"], "fault", "{name}: {text}");
        assert!(
            finding["hint"].as_str().is_some_and(|hint| hint.len() > 10),
            "{text}"
        );
        finding
    };
    // no libtorch, one of another version, one that is damaged
    let missing = subject(
        "libtorch",
        &[("CISTRON_LIBTORCH", Path::new("/no/torch"))],
        &[],
    );
    assert!(
        missing["text"]
            .as_str()
            .is_some_and(|text| text.contains("/no/torch"))
    );
    let lib = folder.join("torch/lib");
    std::fs::create_dir_all(&lib).expect("a folder");
    std::fs::write(lib.join("libtorch_cpu.so"), "no library").expect("written");
    let torch = folder.join("torch");
    std::fs::write(torch.join("version.py"), "__version__ = '2.9.0+cu130'").expect("written");
    let older = subject("libtorch", &[("CISTRON_LIBTORCH", &torch)], &[]);
    assert_eq!(
        (&older["version"], &older["loads"]),
        (&"2.9.0+cu130".into(), &false.into())
    );
    std::fs::remove_file(torch.join("version.py")).expect("removed");
    let damaged = subject("libtorch", &[("CISTRON_LIBTORCH", &torch)], &[]);
    let text = damaged["text"].as_str().expect("text");
    assert!(text.contains("cannot be loaded"), "{text}");
    // a standard library that is elsewhere, a folder of runs that is a file
    subject("stdlib", &[("CISTRON_STDLIB", folder)], &[]);
    std::fs::write(folder.join("file"), "").expect("written");
    subject("runs", &[], &["--run-dir", "file/runs"]);
    let (text, code) = doctor(folder, &["--run-dir", "file/runs"], &[]);
    assert!(
        code == 1 && text.contains("fault runs") && text.contains("hint: work in"),
        "{text}"
    );
    assert!(text.ends_with("1 fault was found\n"), "{text}");
}
