//! What passes recognise of a layer: plain data, whatever type the layer has.

use crate::kernels::{Pads, Reduction};
use crate::{Module, weight::Weight};
use cistron_torch::Tensor;
use cistron_torch::recurrent::Recurrence;
use std::rc::Rc;

/// A layer as passes see it.
pub enum LayerPattern<'a> {
    /// Layers one after another, which may take part in the chain around them.
    Chain(&'a [Rc<dyn Module>]),
    /// Layers with a skip.
    Residual {
        /// What is added to the skip.
        body: &'a Rc<dyn Module>,
        /// The layer on the skip.
        shortcut: Option<&'a Rc<dyn Module>>,
        /// The layer after the sum.
        after: Option<&'a Rc<dyn Module>>,
    },
    /// One-hot sequences become one-hot k-mers of so many bases.
    Kmers(usize),
    /// A convolution along the length with stride 1.
    Convolution(&'a Convolution),
    /// max(x, 0), element by element.
    Relu,
    /// Each channel normalised over batch and positions.
    BatchNorm(&'a BatchNorm),
    /// A pooling of windows.
    Pool(&'a Pooling),
    /// A pooling over all positions.
    GlobalPool(Reduction),
    /// The last position alone.
    LastPosition,
    /// LSTM or GRU of which every position is read.
    Recurrent(&'a Recurrent),
    /// Single numbers are zeroed with this probability.
    Dropout(f64),
    /// None of these.
    Other,
}

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

impl BatchNorm {
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
    pub parameters: Vec<Tensor>,
    /// Whether it is computed by the kernel of this crate.
    pub is_fast: bool,
}

/// The pattern of part `i`, [`LayerPattern::Other`] beyond the end.
pub fn pattern(parts: &[Rc<dyn Module>], i: usize) -> LayerPattern<'_> {
    parts
        .get(i)
        .map_or(LayerPattern::Other, |part| part.pattern())
}
