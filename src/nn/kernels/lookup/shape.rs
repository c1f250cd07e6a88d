//! Convolutions of sequence codes: their sizes, their k-mers, their filters.

use crate::kernels::{Pads, Reduction};

/// Filters in a vector.
pub const LANE: usize = 16;
/// Known bases.
pub const BASES: usize = 4;

/// One-hot k-mers under a dilated convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kmers {
    /// Bases in a k-mer.
    pub k: usize,
    /// Steps between the offsets of a window.
    pub dilation: usize,
}

impl Kmers {
    /// The longest k-mers that have keys.
    pub const LONGEST: usize = 7;

    /// Number of different k-mers.
    pub(super) fn count(self) -> usize {
        1 << (2 * self.k)
    }
}

/// A convolution of sequence codes.
#[derive(Clone, Copy, Debug)]
pub struct CodeConvolution {
    /// Filters.
    pub filters: usize,
    /// Their width.
    pub width: usize,
    /// Zeros before and after each sequence.
    pub pads: Pads,
    /// The k-mers and the dilation, where it does not convolve neighbouring single bases.
    pub kmers: Option<Kmers>,
    /// Whether max(x, 0) is applied before the pooling.
    pub relu: bool,
    /// The pooling.
    pub reduction: Reduction,
}

/// Weights and biases of a convolution.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    /// `[filters, channels, width]`
    pub weight: &'a [f32],
    /// `[filters]`
    pub bias: &'a [f32],
}
