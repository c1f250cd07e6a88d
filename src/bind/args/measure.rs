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

impl Mode {
    /// Whether larger values of a measure are better.
    pub fn is_larger_better(&self, name: &str) -> bool {
        match self {
            Mode::Auto => crate::train::stop::larger_is_better(name),
            Mode::Min => false,
            Mode::Max => true,
        }
    }
}
