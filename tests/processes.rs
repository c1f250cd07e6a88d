//! The program as a process: what it sets in its environment, and what users decide.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Environment and name of a program that runs a script, with these variables and no others that decide on OpenMP.
fn started(place: &Path, variables: &[(&str, &str)]) -> (Vec<String>, String) {
    std::fs::write(place.join("wait.rhai"), "print(\"started\"); while true { }").expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cistron"));
    command.args(["run", "--no-run-dir", "wait.rhai"]).current_dir(place).stdout(Stdio::piped());
    for name in ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"] {
        command.env_remove(name);
    }
    let mut child = command.envs(variables.iter().copied()).spawn().expect("the program starts");
    let mut first = [0; 7];
    child.stdout.as_mut().expect("its output").read_exact(&mut first).expect("a first line");
    let about = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).expect("a process");
    let (environment, name) = (about("environ"), about("comm"));
    child.kill().expect("ended");
    child.wait().expect("ended");
    (environment.split('\0').map(str::to_string).collect(), name.trim().to_string())
}

#[test]
fn threads_that_wait_do_not_spin_for_long_unless_users_decide() {
    let place = tempfile::tempdir().expect("a folder");
    let limit = cistron::cli::openmp::SPIN_COUNT.to_str().expect("text").to_string();
    let spins = |environment: &[String]| environment.iter().filter(|variable| variable.starts_with("GOMP_SPINCOUNT=")).cloned().collect::<Vec<_>>();
    let (environment, name) = started(place.path(), &[("KEPT", "as it is")]);
    assert_eq!((spins(&environment), name.as_str()), (vec![limit], "cistron"));
    assert!(environment.contains(&"KEPT=as it is".to_string()));
    assert_eq!(spins(&started(place.path(), &[("GOMP_SPINCOUNT", "7")]).0), ["GOMP_SPINCOUNT=7"]);
    assert!(spins(&started(place.path(), &[("OMP_WAIT_POLICY", "ACTIVE")]).0).is_empty());
}

#[test]
fn arguments_are_kept_when_the_program_starts_again() {
    let output = Command::new(env!("CARGO_BIN_EXE_cistron")).env_remove("GOMP_SPINCOUNT").args(["help", "nn::conv1d"]).output().expect("the program starts");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("conv1d"));
    // an environment without anything
    let output = Command::new(env!("CARGO_BIN_EXE_cistron")).env_clear().arg("--version").output().expect("the program starts");
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).starts_with("cistron "));
}
