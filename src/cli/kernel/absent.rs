//! `cistron kernel` in a build without the feature `kernel`.

use super::exit::fail;
use crate::base::Fault;
use clap::Subcommand;

/// What can be done with the kernel: nothing.
#[derive(Subcommand)]
pub enum KernelCommand {
    /// Any subcommand.
    #[command(external_subcommand)]
    Any(Vec<String>),
}

impl KernelCommand {
    /// Whether scripts run.
    pub fn serves(&self) -> bool {
        false
    }
}

/// States that this build has no kernel; the exit code.
pub fn kernel(_: &KernelCommand) -> u8 {
    let fault = Fault::new("usage", "this build of cistron has no Jupyter kernel");
    fail(
        &fault.hint(
            "build it with the feature `kernel`, which is on by default: `cargo build --release`",
        ),
        false,
    )
}
