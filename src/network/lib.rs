//! Gene expression: matrices, regulatory networks, clusters, ensembles of trees.
//!
//! Matrices are [`ndarray::Array2`] throughout; the crate knows neither torch nor scripts.

pub mod cluster;
pub mod correlation;
pub mod edges;
pub mod export;
pub mod expression;
pub mod gnet2;
mod gold;
pub mod infer;
pub mod pairs;
pub mod score;
pub mod simulate;
pub mod trees;

#[cfg(test)]
mod tests;

pub use edges::Edges;
pub use expression::Expression;
