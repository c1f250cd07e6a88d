//! Directions of measures.

use crate::lang::Choice;

/// Which values of a measure are better.
#[derive(Choice)]
pub enum Mode {
    /// Smaller ones of losses, larger ones of other measures.
    Auto,
    /// Smaller ones.
    Min,
    /// Larger ones.
    Max,
}

/// Whether larger values are better.
pub fn larger(mode: &str, name: &str) -> bool {
    match mode {
        "min" => false,
        "max" => true,
        _ => crate::train::stop::larger_is_better(name),
    }
}
