//! Ensembles of trees on tables: gradient boosting with XGBoost's numbers, random forests.

pub mod boosted;
mod columns;
pub mod forest;
mod grow;
mod labels;
mod model;

pub use columns::Columns;
pub use grow::{GrowSettings, Search};
pub use labels::Task;
pub use model::{Importance, Model, Trees};

use serde::{Deserialize, Serialize};

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The feature that is compared.
    pub feature: u32,
    /// Rows below it go left.
    pub threshold: f32,
    /// The left child; 0 of a leaf.
    pub left: u32,
    /// The right child; 0 of a leaf.
    pub right: u32,
    /// Whether rows without the feature go left.
    pub missing_left: bool,
    /// What the split gains.
    pub gain: f32,
    /// The weight of the rows.
    pub cover: f64,
    /// What is predicted at a leaf.
    pub values: Vec<f32>,
}

impl Node {
    fn leaf(cover: f64, values: Vec<f32>) -> Node {
        Node {
            feature: 0,
            threshold: 0.0,
            left: 0,
            right: 0,
            missing_left: true,
            gain: 0.0,
            cover,
            values,
        }
    }

    /// Whether nothing is compared.
    pub fn is_leaf(&self) -> bool {
        self.left == 0
    }
}

/// A tree; the first node is the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Its nodes.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The leaf of a row, whose features a function returns.
    pub fn leaf(&self, feature: impl Fn(usize) -> f32) -> &Node {
        let mut node = &self.nodes[0];
        while !node.is_leaf() {
            let x = feature(node.feature as usize);
            let is_left = if x.is_nan() {
                node.missing_left
            } else {
                x < node.threshold
            };
            node = &self.nodes[if is_left { node.left } else { node.right } as usize];
        }
        node
    }

    /// The nodes that compare a feature.
    pub fn splits(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.is_leaf())
    }

    /// Whether children follow their parents and features exist: loops would never end.
    fn is_sound(&self, features: usize, outputs: usize) -> bool {
        let n = self.nodes.len();
        let follows = |i: usize, child: u32| (child as usize) > i && (child as usize) < n;
        n > 0
            && self
                .nodes
                .iter()
                .enumerate()
                .all(|(i, node)| match node.is_leaf() {
                    true => node.values.len() == outputs,
                    false => {
                        follows(i, node.left)
                            && follows(i, node.right)
                            && (node.feature as usize) < features
                    }
                })
    }
}
