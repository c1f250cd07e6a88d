//! What passes recognise of a layer: plain data, whatever type the layer has.

use crate::kernels::{Pads, Reduction};
use crate::weight::Weight;
use cistron_base::Result;
use cistron_torch::Tensor;
use cistron_torch::recurrent::Recurrence;
use std::cell::Cell;

pub use super::modules::pattern;
pub use crate::spec::LayerPattern;

/// A convolution along the length with stride 1 and one group.
#[derive(Clone)]
pub struct Convolution {
    /// `[filters, channels, width]`
    pub weight: Weight,
    /// `[filters]`
    pub bias: Option<Tensor>,
    /// Zeros before and after.
    pub pads: Pads,
    /// Steps between the offsets of a window.
    pub dilation: usize,
}

/// A pooling of windows.
#[derive(Clone)]
pub struct Pooling {
    /// How a window becomes one number.
    pub reduction: Reduction,
    /// The window over each axis.
    pub size: Vec<i64>,
    /// Steps between windows.
    pub stride: Vec<i64>,
    /// Positions added at both ends.
    pub padding: Vec<i64>,
}

/// A batch normalisation.
#[derive(Clone)]
pub struct BatchNorm {
    /// Learned scale and shift of each channel.
    pub affine: Option<(Tensor, Tensor)>,
    /// Running means.
    pub mean: Tensor,
    /// Running variances.
    pub variance: Tensor,
    /// Number of batches in the running statistics.
    pub batches: Tensor,
    /// Added to variances.
    pub eps: f64,
    /// The share of the newest batch in the running statistics.
    pub momentum: f64,
}

thread_local! {
    /// Whether running statistics are means over batches.
    static IS_CUMULATIVE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function in which the running statistics of batch norms are means over all batches that
/// they count, with equal weights.
pub fn cumulatively<T>(run: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_CUMULATIVE.set(self.0);
        }
    }
    let _restore = Restore(IS_CUMULATIVE.replace(true));
    run()
}

impl BatchNorm {
    /// The share of a batch, which is counted already, in the running statistics.
    pub fn share(&self) -> Result<f64> {
        if IS_CUMULATIVE.get() {
            return Ok(1.0 / self.batches.item()?.max(1.0));
        }
        Ok(self.momentum)
    }

    /// Learned scale and shift.
    pub fn affine(&self) -> Option<(&Tensor, &Tensor)> {
        self.affine.as_ref().map(|(weight, bias)| (weight, bias))
    }
}

/// A recurrent layer.
#[derive(Clone)]
pub struct Recurrent {
    /// Its kind and sizes.
    pub recurrence: Recurrence,
    /// Its parameters, in PyTorch's order.
    pub parameters: Vec<Weight>,
    /// Whether it is computed by the kernel of this crate.
    pub is_fast: bool,
}
