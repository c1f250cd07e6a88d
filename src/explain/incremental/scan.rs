//! The first layers of a network that scan sequences for motifs, for mutated sequences.

use crate::scan_layers::ScanLayers;
use cistron_base::Result;
use cistron_nn::Module;
use cistron_nn::kernels::lookup::Filters;
use cistron_nn::kernels::mutations::{Scan, Sizes};
use std::rc::Rc;

/// The scan of a chain's first parts, and how many they are; none where they are anything else.
pub(super) fn scan_of(parts: &[Rc<dyn Module>]) -> Result<Option<(Scan, usize)>> {
    let Some(own) = ScanLayers::of(parts)? else {
        return Ok(None);
    };
    let sizes = Sizes {
        filters: own.filters,
        width: own.width,
        pads: own.pads,
    };
    let filters = Filters {
        weight: &own.weight,
        bias: &own.bias,
    };
    let scan = Scan::new(sizes, filters, own.relu, own.reduction);
    Ok(Some((scan, own.used)))
}
