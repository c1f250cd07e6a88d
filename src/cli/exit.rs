//! Exit codes, and faults as the output of a command.

use crate::base::{Fault, say};
use crate::lang::diagnostics;
use std::io::IsTerminal;

/// The error of a script.
pub const ERROR: u8 = 1;
/// Wrong usage.
pub const USAGE: u8 = 2;
/// A failed test or check.
pub const FAILED: u8 = 3;
/// An interrupt.
pub const INTERRUPTED: u8 = 130;

/// The exit code of a fault.
pub fn code(fault: &Fault) -> u8 {
    match fault.kind {
        "interrupted" => INTERRUPTED,
        "usage" => USAGE,
        _ => ERROR,
    }
}

/// Prints a fault as text or as JSON, and returns its exit code.
pub fn fail(fault: &Fault, json: bool) -> u8 {
    if json {
        crate::outln!("{}", diagnostics::json(fault));
    } else {
        say::error(&diagnostics::render(fault, std::io::stderr().is_terminal()));
    }
    code(fault)
}
