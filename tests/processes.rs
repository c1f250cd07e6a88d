//! The program as a process: what it sets in its environment, and what users decide.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Environment and name of a program that runs a script, with these variables and no others that
/// decide on OpenMP.
fn started(place: &Path, variables: &[(&str, &str)]) -> (Vec<String>, String) {
    std::fs::write(
        place.join("wait.rhai"),
        "print(\"started\"); while true { }",
    )
    .expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command
        .args(["run", "--no-run-dir", "wait.rhai"])
        .current_dir(place)
        .stdout(Stdio::piped());
    for name in ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"] {
        command.env_remove(name);
    }
    let mut child = command
        .envs(variables.iter().copied())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 7];
    child
        .stdout
        .as_mut()
        .expect("its output")
        .read_exact(&mut first)
        .expect("a first line");
    let about = |name: &str| {
        std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).expect("a process")
    };
    let (environment, name) = (about("environ"), about("comm"));
    child.kill().expect("ended");
    child.wait().expect("ended");
    (
        environment.split('\0').map(str::to_string).collect(),
        name.trim().to_string(),
    )
}

#[test]
fn the_runtime_of_threads_is_set_up_unless_users_decide() {
    let place = tempfile::tempdir().expect("a folder");
    let settings = cistron::torch::contention::SETTINGS
        .map(|setting| setting.to_str().expect("text").to_string());
    let found = |environment: &[String]| {
        let decides = |variable: &&String| {
            variable.starts_with("GOMP_SPINCOUNT=") || variable.starts_with("OMP_WAIT_POLICY=")
        };
        environment
            .iter()
            .filter(decides)
            .cloned()
            .collect::<Vec<_>>()
    };
    let (environment, name) = started(place.path(), &[("KEPT", "as it is")]);
    assert_eq!(
        (found(&environment), name.as_str()),
        (settings.to_vec(), "cistron")
    );
    assert!(environment.contains(&"KEPT=as it is".to_string()));
    assert_eq!(
        found(&started(place.path(), &[("GOMP_SPINCOUNT", "7")]).0),
        ["GOMP_SPINCOUNT=7"]
    );
    assert_eq!(
        found(&started(place.path(), &[("OMP_WAIT_POLICY", "PASSIVE")]).0),
        ["OMP_WAIT_POLICY=PASSIVE"]
    );
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
fn arguments_are_kept_when_the_program_starts_again() {
    let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .env_remove("GOMP_SPINCOUNT")
        .args(["help", "nn::conv1d"])
        .output()
        .expect("the program starts");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("conv1d"));
    // an environment without anything
    let output = Command::new(env!("CARGO_BIN_EXE_cistron"))
        .env_clear()
        .arg("--version")
        .output()
        .expect("the program starts");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).starts_with("cistron ")
    );
}
