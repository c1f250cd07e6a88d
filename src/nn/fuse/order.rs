//! The order of layers that passes rely on.

use super::modules::Modules;
use super::pattern::{LayerPattern, Pooling};
use crate::kernels::Reduction;

/// The layers of chains inside a chain become part of it.
pub fn flattened(modules: Modules) -> Modules {
    let mut flat = Vec::with_capacity(modules.len());
    for module in modules {
        match module.pattern() {
            LayerPattern::Chain(parts) => flat.extend(parts.iter().cloned()),
            _ => flat.push(module),
        }
    }
    flat
}

/// A ReLU before a max pooling comes after it: the largest of a window is the same either way, and
/// a third or less of the numbers is left.
pub fn relu_after_max_pool(mut modules: Modules) -> Modules {
    for i in 1..modules.len() {
        if let (
            LayerPattern::Relu,
            LayerPattern::Pool(Pooling {
                reduction: Reduction::Max,
                ..
            }),
        ) = (modules[i - 1].pattern(), modules[i].pattern())
        {
            modules.swap(i - 1, i);
        }
    }
    modules
}
