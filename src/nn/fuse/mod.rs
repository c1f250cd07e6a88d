//! Fused layers: several layers of a chain, computed in one pass.
//!
//! When a chain is built, each [`Pass`] of [`PASSES`] rewrites it, in the order of the table. A
//! pass recognises layers by their [`pattern::LayerPattern`] and replaces them with a module that
//! computes the same numbers up to rounding. The module keeps the layers as they were described for
//! the cases that it does not compute (a GPU, half precision, inputs that are not codes).

mod last_state;
pub mod lookup;
mod modules;
mod norm_relu;
mod order;
pub mod pattern;
mod stack;

pub use modules::Modules;

/// When a pass is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To every chain: the layers are the same, in another order.
    Always,
    /// To chains built with `fast: true`.
    Fast,
}

/// A rewriting of a chain.
pub struct Pass {
    /// A short name.
    pub name: &'static str,
    /// When it is applied.
    pub stage: Stage,
    /// Why it comes at this place in the order.
    pub reason: &'static str,
    /// The rewriting.
    pub apply: fn(Modules) -> Modules,
}

/// All passes, in the order in which they are applied.
pub const PASSES: &[Pass] = &[
    Pass {
        name: "inner chains",
        stage: Stage::Always,
        reason: "first: the other passes see the layers of inner chains next to those around them",
        apply: order::flattened,
    },
    Pass {
        name: "relu after max pool",
        stage: Stage::Always,
        reason: "precedes all fusions: they recognise a ReLU on either side of a pooling by the \
                 order that this pass makes",
        apply: order::relu_after_max_pool,
    },
    Pass {
        name: "lookup, pooled over all positions",
        stage: Stage::Fast,
        reason: "precedes the stack, which would take the first convolution but cannot pool: a \
                 lookup with its pooling writes no activations",
        apply: lookup::pooled_over_all,
    },
    Pass {
        name: "last state",
        stage: Stage::Fast,
        reason: "anywhere among the fast passes: no other takes a recurrent layer or the reading \
                 of a last position after one",
        apply: last_state::joined,
    },
    Pass {
        name: "stack",
        stage: Stage::Fast,
        reason: "precedes the lookup of single positions: a stack reads codes itself, and keeps \
                 the first convolution's output in the cache",
        apply: stack::joined,
    },
    Pass {
        name: "lookup of positions or windows",
        stage: Stage::Fast,
        reason: "follows the stack: takes a first convolution that no other pass took",
        apply: lookup::of_windows,
    },
    Pass {
        name: "batch norm with relu",
        stage: Stage::Fast,
        reason: "last: a ReLU after a convolution belongs to the passes above",
        apply: norm_relu::joined,
    },
];

/// A chain after all passes of a stage.
pub fn apply(stage: Stage, modules: Modules) -> Modules {
    PASSES
        .iter()
        .filter(|pass| pass.stage == stage)
        .fold(modules, |modules, pass| (pass.apply)(modules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn passes_have_names_of_their_own_and_run_before_the_fast_ones() {
        let names: HashSet<&str> = PASSES.iter().map(|pass| pass.name).collect();
        assert_eq!(names.len(), PASSES.len());
        assert!(PASSES.is_sorted_by_key(|pass| pass.stage == Stage::Fast));
        assert!(PASSES.iter().all(|pass| !pass.reason.is_empty()));
    }
}
