//! GNET2: modules of genes with trees of regulators (Chen et al. 2020), as published, as its
//! authors' code computes it, and corrected.

pub mod coherence;
mod edges;
mod groups;
mod learn;
mod likelihood;
mod tree;
mod view;

pub use edges::edges;
pub use groups::gain_fractions;
pub use learn::{Gnet2, Module, learn};
pub use likelihood::in_leaves;
pub use tree::{Cut, ModuleTree, Samples, Split, TreeSettings, grow};
pub use view::{Node, View};

/// Which of the differing rules are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Those of the text.
    Published,
    /// Those of the authors' code, with its errors.
    Coded,
    /// Those of the code without its errors.
    Corrected,
}

/// How genes are grouped first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// By the regulators that boosted trees predict them from.
    Boosting,
    /// By their expression.
    KMeans,
}

/// How modules are learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Which of the differing rules are used.
    pub variant: Variant,
    /// How genes are grouped first.
    pub start: Start,
    /// Largest number of groups at first.
    pub groups: usize,
    /// Largest number of splits of a tree (published: of levels).
    pub depth: usize,
    /// Mean correlation of the samples of a node from which it is a leaf.
    pub correlation: f64,
    /// Largest number of samples of a node that is a leaf.
    pub leaf_size: usize,
    /// Smallest number of genes of a module.
    pub genes: usize,
    /// Largest number of iterations.
    pub iterations: usize,
    /// Whether cuts are between three levels of a regulator, instead of at any value.
    pub is_heuristic: bool,
    /// Share of the genes above which a module is split.
    pub largest: f64,
    /// Number of runs on samples drawn with replacement whose edge scores are averaged; 0 is one
    /// run on all samples.
    pub bootstraps: usize,
}

impl Settings {
    /// The defaults of the authors' code.
    pub fn new(variant: Variant) -> Settings {
        Settings {
            variant,
            start: Start::Boosting,
            groups: 4,
            depth: 3,
            correlation: 0.9,
            leaf_size: if variant == Variant::Published { 2 } else { 3 },
            genes: 2,
            iterations: 5,
            is_heuristic: true,
            largest: 0.5,
            bootstraps: 0,
        }
    }
}
