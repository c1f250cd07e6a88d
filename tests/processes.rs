//! The program as a process: what it sets in its environment, and what users decide.

use std::path::Path;
use std::process::Command;

/// The variables of OpenMP that the program works with, where it is started with these variables
/// and no others that decide on OpenMP.
fn openmp(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command.args(["doctor", "--json"]);
    for name in ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"] {
        command.env_remove(name);
    }
    let output = command
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let variables = found["findings"]["threads"]["variables"].as_object();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_string();
    variables
        .expect("variables")
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

#[test]
fn the_runtime_of_threads_is_set_up_unless_users_decide() {
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    let settings = cistron::torch::contention::SETTINGS.map(|(name, value)| pair(name, value));
    assert_eq!(openmp(&[("KEPT", "as it is")]), settings);
    for (name, value) in [("GOMP_SPINCOUNT", "7"), ("OMP_WAIT_POLICY", "PASSIVE")] {
        assert_eq!(openmp(&[(name, value)]), [pair(name, value)]);
    }
}

/// Libraries that a command of the program and its children load, and its output.
fn loaded(place: &Path, arguments: &[&str]) -> (String, std::process::Output) {
    let log = place.join("log");
    let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .args(arguments)
        .current_dir(place)
        .env("LD_DEBUG", "files")
        .env("LD_DEBUG_OUTPUT", &log)
        .output()
        .expect("the program starts");
    let mut text = String::new();
    for entry in std::fs::read_dir(place).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("log.") {
            text += &std::fs::read_to_string(entry.path()).expect("the loader's log");
            std::fs::remove_file(entry.path()).expect("removed");
        }
    }
    (text, output)
}

/// Commands that do not compute: libtorch takes some tenths of a second to load.
#[test]
fn commands_without_tensors_do_not_load_libtorch() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let script =
        "let net = nn::build(nn::conv1d(8, 5), [4, 50]);\nreport(\"n\", net.parameters());";
    std::fs::write(folder.join("s.rhai"), script).expect("written");
    let (text, output) = loaded(folder, &["run", "s.rhai"]);
    assert!(output.status.success() && text.contains("libtorch_cpu.so"));
    let commands: [&[&str]; 9] = [
        &["--version"],
        &["--help"],
        &["help"],
        &["help", "nn::conv1d"],
        &["help", "std/layers/tcn"],
        &["check", "--syntax", "s.rhai"],
        &["runs", "list"],
        &["kernel", "install", "--prefix", "."],
        &["notebook", "s.rhai", "-o", "s.ipynb"],
    ];
    for arguments in commands {
        let (text, output) = loaded(folder, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert!(text.contains("libc.so.6"), "{arguments:?}: {text}");
        let torch: Vec<&str> = text.lines().filter(|line| line.contains("torch")).collect();
        assert!(torch.is_empty(), "{arguments:?}: {torch:?}");
    }
}

#[test]
fn a_missing_libtorch_is_reported_by_commands_that_need_it() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("s.rhai"), "print(1);").expect("written");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
            .args(arguments)
            .current_dir(place.path())
            .env("CISTRON_LIBTORCH", "/no/torch")
            .output();
        crate::said(&output.expect("the program starts"))
    };
    let (_, error, code) = run(&["run", "s.rhai"]);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("CISTRON_LIBTORCH=/no/torch: there is no libtorch_cpu.so")
            && error.contains("hint: let it name the `torch` folder of an installed torch 2.11.0"),
        "{error}"
    );
    assert!(!place.path().join("runs").exists());
    assert_eq!(run(&["help", "nn::conv1d"]).2, 0);
}

/// Threads of a training beside as many busy threads as there are CPUs, and of one that is left
/// alone, by name.
#[test]
fn beside_other_work_a_team_that_sleeps_is_held() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 || !Path::new("/proc/self/schedstat").exists() {
        eprintln!("SKIPPED: it takes two CPUs, and a system that tells how long threads wait");
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(
        place.path().join("work.rhai"),
        "let x = tensor::ones([400, 400]); let t = seconds(); while seconds() < t + 20.0 { x = (x * 0.5).matmul(x) * 0.001 + 0.001; }",
    )
    .expect("written");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let is_held = std::thread::scope(|scope| {
        for _ in 0..2 * cores {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
        command
            .args(["run", "--no-run-dir", "--device", "cpu", "work.rhai"])
            .current_dir(place.path());
        for name in ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().expect("the program starts");
        let names = || {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id()))
                .into_iter()
                .flatten()
                .flatten();
            tasks
                .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
                .any(|name| name.trim() == "sleepers")
        };
        let began = std::time::Instant::now();
        let mut is_held = false;
        while !is_held && began.elapsed().as_secs() < 120 {
            std::thread::sleep(std::time::Duration::from_millis(50));
            is_held = names();
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        child.kill().expect("ended");
        child.wait().expect("ended");
        is_held
    });
    assert!(is_held);
}

#[test]
fn the_program_starts_without_an_environment() {
    let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .env_clear()
        .arg("--version")
        .output()
        .expect("the program starts");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).starts_with("cistron ")
    );
}
