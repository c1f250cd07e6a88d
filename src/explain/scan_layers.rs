//! The first layers of a network that scan sequences for motifs, as numbers.

use cistron_base::Result;
use cistron_nn::Module;
use cistron_nn::fuse::lookup::{Recognised, recognise_global};
use cistron_nn::kernels::{Pads, Reduction};
use cistron_torch::Kind;
use std::rc::Rc;

/// A convolution of sequences, possibly a ReLU, and a pooling over all positions.
pub struct ScanLayers {
    /// Filters.
    pub filters: usize,
    /// Their width.
    pub width: usize,
    /// Zeros before and after each sequence.
    pub pads: Pads,
    /// `[filters, 4, width]`
    pub weight: Vec<f32>,
    /// The kind of the weights in the network.
    pub kind: Kind,
    /// `[filters]`
    pub bias: Vec<f32>,
    /// Whether max(x, 0) is applied before the pooling.
    pub relu: bool,
    /// The pooling.
    pub reduction: Reduction,
    /// How many parts these are.
    pub used: usize,
}

impl ScanLayers {
    /// Those of a chain's first parts; none where they are anything else.
    pub fn of(parts: &[Rc<dyn Module>]) -> Result<Option<ScanLayers>> {
        let Some(Recognised {
            convolution,
            relu,
            reduction,
            used,
            ..
        }) = recognise_global(parts)
        else {
            return Ok(None);
        };
        let [filters, 4, width] = convolution.weight.shape()[..] else {
            return Ok(None);
        };
        if convolution.dilation != 1 {
            return Ok(None);
        }
        let bias = match &convolution.bias {
            Some(bias) => bias.to_f32()?,
            None => vec![0.0; filters as usize],
        };
        Ok(Some(ScanLayers {
            filters: filters as usize,
            width: width as usize,
            pads: convolution.pads,
            weight: convolution.weight.current(false)?.to_f32()?,
            kind: convolution.weight.parameter().kind(),
            bias,
            relu,
            reduction,
            used,
        }))
    }
}
