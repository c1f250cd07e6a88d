//! Loops over slices of numbers that layers and fused layers call. Nothing below names torch: the
//! caller reads tensors into slices and passes the threads that parts of a batch run on.
//!
//! Each module states its dispatch (which instructions are chosen, and where), its layout in
//! memory, and what its `unsafe` blocks rely on. `cargo bench -p cistron-nn` times them.

pub mod dense;
pub mod lookup;
pub mod mutations;
pub mod norm_relu;
pub mod recurrent;
pub mod stack;

/// How the numbers of several positions become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// The largest.
    Max,
}

/// Positions that are added to both ends of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pads {
    /// Before its first position.
    pub before: usize,
    /// After its last position.
    pub after: usize,
}

impl Pads {
    /// No positions.
    pub const NONE: Pads = Pads {
        before: 0,
        after: 0,
    };

    /// As many at both ends.
    pub fn even(n: usize) -> Pads {
        Pads {
            before: n,
            after: n,
        }
    }

    /// Positions at both ends together.
    pub fn total(self) -> usize {
        self.before + self.after
    }
}
