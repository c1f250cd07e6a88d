//! `cistron serve` in a build without the feature `serve`.

use crate::base::Fault;
use crate::cli::exit::fail;
use clap::Args;

/// Arguments of the command, which are not read.
#[derive(Args)]
pub struct ServeArguments {
    /// Any argument
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    any: Vec<String>,
}

/// States that this build has no server; the exit code.
pub fn serve(arguments: &ServeArguments) -> u8 {
    let given = arguments.any.join(" ");
    let fault = Fault::new(
        "usage",
        format!("serve {given}: this build of cistron has no server"),
    );
    fail(
        &fault.hint(
            "build it with the feature `serve`, which is on by default: `cargo build --release`",
        ),
        false,
    )
}
