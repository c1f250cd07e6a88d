//! The first layers of a network that scan sequences for motifs, for mutated sequences.

use cistron_base::Result;
use cistron_nn::Module;
use cistron_nn::fuse::lookup::{Recognised, recognise_global};
use cistron_nn::kernels::lookup::Filters;
use cistron_nn::kernels::mutations::{Scan, Sizes};
use std::rc::Rc;

/// The scan of a chain's first parts, and how many they are; none where they are anything else.
pub(super) fn scan_of(parts: &[Rc<dyn Module>]) -> Result<Option<(Scan, usize)>> {
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
    let sizes = Sizes {
        filters: filters as usize,
        width: width as usize,
        pads: convolution.pads,
    };
    let weight = convolution.weight.current(false)?.to_f32()?;
    let bias = convolution
        .bias
        .as_ref()
        .map_or_else(|| Ok(vec![0.0; sizes.filters]), |bias| bias.to_f32())?;
    let filters = Filters {
        weight: &weight,
        bias: &bias,
    };
    Ok(Some((Scan::new(sizes, filters, relu, reduction), used)))
}
