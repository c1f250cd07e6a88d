//! Modules as figures show them: the order of samples and genes, the nodes of trees.

use super::learn::Gnet2;
use super::tree::{ModuleTree, Split};
use crate::cluster::hierarchical::{Dendrogram, Distance, Linkage, hierarchical};
use cistron_base::{Result, shape};
use ndarray::{Array2, Axis};

/// A node of a module's tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// The samples in it.
    pub samples: Vec<usize>,
    /// The split of the node, with the numbers of the nodes of the low and of the high side.
    pub split: Option<(&'a Split, usize, usize)>,
}

/// A module in the order in which it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Rows of the genes in the matrix, by a dendrogram (Ward).
    pub genes: Vec<usize>,
    /// Samples by leaf, those of a leaf by their mean expression.
    pub samples: Vec<usize>,
    /// Columns at which another leaf starts.
    pub cuts: Vec<usize>,
    /// Merges of the genes: the middle (in rows) and height of both clusters, and of the merge;
    /// heights from 0 to 1.
    pub merges: Vec<[(f64, f64); 3]>,
    /// Rows of the regulators in the matrix, in the order of their splits.
    pub regulators: Vec<usize>,
    /// z-scores over all samples, in these orders: regulators, then genes.
    pub z_scores: Array2<f64>,
}

impl ModuleTree {
    /// The nodes; node 0 has all samples.
    pub fn nodes(&self) -> Vec<Node<'_>> {
        let samples = self.leaves.len();
        let mut nodes = vec![Node {
            samples: (0..samples).collect(),
            split: None,
        }];
        let mut node_of = vec![0; samples];
        for split in &self.splits {
            let Some(first) = split.left.first().or(split.right.first()) else {
                continue;
            };
            let (parent, low) = (node_of[*first], nodes.len());
            for (side, child) in [(&split.left, low), (&split.right, low + 1)] {
                side.iter().for_each(|sample| node_of[*sample] = child);
                nodes.push(Node {
                    samples: side.clone(),
                    split: None,
                });
            }
            nodes[parent].split = Some((split, low, low + 1));
        }
        nodes
    }
}

/// The leaves from left to right.
fn leaves(nodes: &[Node]) -> Vec<usize> {
    let (mut open, mut found) = (vec![0], Vec::new());
    while let Some(node) = open.pop() {
        match nodes[node].split {
            Some((_, low, high)) => open.extend([high, low]),
            None => found.push(node),
        }
    }
    found
}

/// The middles and heights of the clusters of a dendrogram, whose rows are drawn in its order.
fn merges(tree: &Dendrogram) -> Vec<[(f64, f64); 3]> {
    let mut middle = vec![(0.0, 0.0); tree.rows];
    for (place, row) in tree.order().into_iter().enumerate() {
        middle[row].0 = place as f64;
    }
    let most = tree.merges.last().map_or(1.0, |merge| merge.height);
    let most = if most > 0.0 { most } else { 1.0 };
    let mut found = Vec::new();
    for merge in &tree.merges {
        let (a, b) = (middle[merge.first], middle[merge.second]);
        let own = ((a.0 + b.0) / 2.0, merge.height / most);
        found.push([a, b, own]);
        middle.push(own);
    }
    found
}

impl Gnet2 {
    /// A module in the order in which it is drawn.
    pub fn view(&self, module: i64) -> Result<View> {
        let module = &self.modules[shape::index(module, self.modules.len(), "modules")?];
        let z = self.matrix.z_scores();
        let genes = z.values().select(Axis(0), &module.genes);
        let (order, merges) = match module.genes.len() {
            0 | 1 => ((0..module.genes.len()).collect(), Vec::new()),
            _ => {
                let tree = hierarchical(genes.view(), Linkage::Ward, Distance::Euclidean)?;
                (tree.order(), merges(&tree))
            }
        };
        let nodes = module.tree.nodes();
        let mean = |sample: &usize| genes.column(*sample).mean().unwrap_or(0.0);
        let (mut samples, mut cuts) = (Vec::new(), Vec::new());
        for leaf in leaves(&nodes) {
            let mut own = nodes[leaf].samples.clone();
            own.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
            if !samples.is_empty() {
                cuts.push(samples.len());
            }
            samples.extend(own);
        }
        let genes: Vec<usize> = order.iter().map(|i| module.genes[*i]).collect();
        let splits = module.tree.splits.iter();
        let regulators: Vec<usize> = splits.map(|split| split.regulator).collect();
        let rows = [&regulators[..], &genes[..]].concat();
        let z_scores = z.values().select(Axis(0), &rows).select(Axis(1), &samples);
        Ok(View {
            genes,
            samples,
            cuts,
            merges,
            regulators,
            z_scores,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cut, Settings, Variant, learn};
    use super::*;
    use crate::simulate::{NetworkSettings, Topology, simulate};

    #[test]
    fn nodes_are_those_of_the_splits() {
        let split = |left: &[usize], right: &[usize]| Split {
            regulator: 0,
            cut: Cut::Low,
            left: left.to_vec(),
            right: right.to_vec(),
            gain: 1.0,
        };
        let tree = ModuleTree {
            splits: vec![split(&[1, 3], &[0, 2, 4]), split(&[4], &[0, 2])],
            leaves: vec![2, 0, 2, 0, 1],
            count: 3,
        };
        let nodes = tree.nodes();
        let samples: Vec<&[usize]> = nodes.iter().map(|node| &node.samples[..]).collect();
        let expected: [&[usize]; 5] = [&[0, 1, 2, 3, 4], &[1, 3], &[0, 2, 4], &[4], &[0, 2]];
        assert_eq!(samples, expected);
        assert_eq!(leaves(&nodes), [1, 3, 4]);
        assert!(
            nodes[2]
                .split
                .is_some_and(|(_, low, high)| (low, high) == (3, 4))
        );
    }

    #[test]
    fn every_sample_and_gene_is_drawn_once() {
        let simulated = simulate(&NetworkSettings {
            genes: 60,
            regulators: 8,
            samples: 40,
            topology: Topology::ScaleFree,
            indegree: 2,
            depth: 0.2,
            repressors: 0.3,
            complex: 0.3,
            hill: 4.0,
            modules: 4,
            knockouts: 0,
            biological: 0.1,
            experimental: 0.1,
            seed: 3,
        })
        .expect("a simulation");
        let regulators: Vec<usize> = (0..8).collect();
        let settings = Settings::new(Variant::Corrected);
        let found = learn(&simulated.matrix, &regulators, &settings, 1).expect("modules");
        assert!(!found.modules.is_empty());
        for i in 0..found.modules.len() {
            let view = found.view(i as i64).expect("a view");
            let mut samples = view.samples.clone();
            samples.sort_unstable();
            assert_eq!(samples, (0..40).collect::<Vec<_>>());
            let (mut drawn, mut genes) = (view.genes.clone(), found.modules[i].genes.clone());
            drawn.sort_unstable();
            genes.sort_unstable();
            assert_eq!(drawn, genes);
            assert_eq!(view.cuts.len() + 1, found.modules[i].tree.count);
            assert_eq!(view.merges.len() + 1, genes.len());
            let rows = view.regulators.len() + genes.len();
            assert_eq!(view.z_scores.dim(), (rows, 40));
            // the last merge has all genes
            assert_eq!(view.merges.last().map(|merge| merge[2].1), Some(1.0));
        }
        assert!(found.view(99).is_err());
    }
}
