//! The steps of a stack.

use crate::kernels::Pads;
use crate::kernels::dense::padded;

/// A convolution, and the operations after it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Filters.
    pub filters: usize,
    /// Channels of its input.
    pub channels: usize,
    /// Positions of the window.
    pub width: usize,
    /// Zeros before and after the input.
    pub pads: Pads,
    /// Steps between the offsets of the window.
    pub dilation: usize,
    /// The output that it reads; 0 is the input of the stack.
    pub from: usize,
    /// The output that it writes.
    pub to: usize,
    /// Whether max(x, 0) is applied to the convolution.
    pub relu: bool,
    /// The output that is added after that and after the dropout.
    pub skip: Option<usize>,
    /// Whether max(x, 0) is applied to the sum.
    pub relu_of_sum: bool,
}

impl Step {
    /// Channels of its output in memory.
    pub(super) fn columns(&self) -> usize {
        padded(self.filters)
    }
}
