//! Motifs planted in simulated sequences.

/// A motif that was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its number in the pool.
    pub motif: u32,
    /// Its first base in the sequence.
    pub start: u32,
    /// Whether it is on the reverse strand.
    pub reverse: bool,
}
