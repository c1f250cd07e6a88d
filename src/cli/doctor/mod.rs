//! `cistron doctor`: what was found on this machine, and what to do about each fault.

mod finding;
mod machine;
mod places;
mod torch;

use super::exit::ERROR;
use clap::Args;
use finding::{Finding, State};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// The arguments of `doctor`.
#[derive(Args)]
pub struct DoctorArguments {
    /// Print findings as JSON
    #[arg(long)]
    json: bool,
    /// The folder of runs
    #[arg(long, default_value = "runs", value_name = "DIR")]
    run_dir: PathBuf,
    /// Load libtorch, compute, and print what was found: the child process of this command
    #[arg(long, hide = true)]
    probe: bool,
}

/// Runs the command and returns its exit code: 1 where something is broken.
pub fn doctor(arguments: &DoctorArguments) -> u8 {
    if arguments.probe {
        return torch::probe();
    }
    let mut findings = vec![program()];
    findings.extend(torch::examine());
    findings.extend(machine::examine());
    findings.extend(places::examine(&arguments.run_dir));
    let faults = findings
        .iter()
        .filter(|finding| finding.state == State::Fault)
        .count();
    if arguments.json {
        let all: Map<String, Value> = findings.iter().map(Finding::json).collect();
        crate::outln!("{}", json!({ "is_sound": faults == 0, "findings": all }));
    } else {
        findings
            .iter()
            .for_each(|finding| crate::outln!("{}", finding.text()));
        crate::outln!("");
        crate::outln!(
            "{}",
            match faults {
                0 => "no fault was found".to_string(),
                1 => "1 fault was found".to_string(),
                n => format!("{n} faults were found"),
            }
        );
    }
    if faults == 0 { 0 } else { ERROR }
}

/// The program itself.
fn program() -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let path = std::env::current_exe().unwrap_or_default();
    let has_kernel = cfg!(feature = "kernel");
    let without = if has_kernel {
        ""
    } else {
        ", without the Jupyter kernel"
    };
    Finding::sound(
        "program",
        format!("cistron {version}{without} at {}", path.display()),
    )
    .fact("version", version)
    .fact("path", path.display().to_string())
    .fact("has_kernel", has_kernel)
}
