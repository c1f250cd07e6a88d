//! The tree of a module: samples are split by regulators.

use super::likelihood::Moments;
use super::{Settings, Variant};
use crate::correlation::unit;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// What trees of all modules share: regulators by samples.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Levels -1, 0, 1 of regulators, where cuts are between levels.
    pub levels: Option<Array2<i8>>,
    /// Values of regulators.
    pub values: Array2<f64>,
}

/// When a tree stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeSettings {
    /// Largest number of splits, or of levels where published.
    pub depth: usize,
    /// Mean correlation of the samples of a node from which it is a leaf.
    pub correlation: f64,
    /// Largest number of samples of a node that is a leaf.
    pub leaf_size: usize,
    /// Which of the differing rules are used.
    pub variant: Variant,
}

impl From<&Settings> for TreeSettings {
    fn from(settings: &Settings) -> Self {
        TreeSettings {
            depth: settings.depth,
            correlation: settings.correlation,
            leaf_size: settings.leaf_size,
            variant: settings.variant,
        }
    }
}

/// Where a regulator is cut; samples up to it go left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Low against middle and high.
    Low,
    /// Low and middle against high.
    High,
    /// At a value.
    Value(f64),
}

/// A split of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The regulator, as a row of the matrix of regulators.
    pub regulator: usize,
    /// Where it is cut.
    pub cut: Cut,
    /// Samples on the low side.
    pub left: Vec<usize>,
    /// Samples on the high side.
    pub right: Vec<usize>,
    /// What the split adds to the log-likelihood.
    pub gain: f64,
}

/// The tree of a module.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleTree {
    /// Splits in the order in which they were made.
    pub splits: Vec<Split>,
    /// The leaf of each sample, from 0, in order of their making.
    pub leaves: Vec<usize>,
    /// How many leaves there are.
    pub count: usize,
}

impl ModuleTree {
    fn new(splits: Vec<Split>, samples: usize) -> ModuleTree {
        let mut labels = vec![0; samples];
        for (i, split) in splits.iter().enumerate() {
            split.left.iter().for_each(|sample| labels[*sample] = 2 * i);
            split
                .right
                .iter()
                .for_each(|sample| labels[*sample] = 2 * i + 1);
        }
        let mut used = labels.clone();
        used.sort_unstable();
        used.dedup();
        let number = |label: &usize| used.binary_search(label).unwrap_or_default();
        ModuleTree {
            leaves: labels.iter().map(number).collect(),
            count: used.len(),
            splits,
        }
    }
}

/// The mean correlation of pairs of samples over genes; 1 where there are too few genes or samples
/// to tell.
fn sample_correlation(genes: ArrayView2<f64>, samples: &[usize], is_absolute: bool) -> f64 {
    let column = |sample: &usize| genes.column(*sample).to_vec();
    let varies = |column: &Vec<f64>| column.iter().any(|x| *x != column[0]);
    let columns: Vec<Vec<f64>> = samples.iter().map(column).filter(varies).collect();
    if genes.nrows() <= 2 || columns.len() <= 2 {
        return 1.0;
    }
    mean_correlation(&columns, is_absolute)
}

/// The mean correlation of all pairs of rows.
pub(super) fn mean_correlation(rows: &[Vec<f64>], is_absolute: bool) -> f64 {
    let units: Vec<Vec<f64>> = rows.iter().map(|row| unit(row)).collect();
    let n = units.len() as f64;
    if !is_absolute {
        // |Σ u|² is Σ over all pairs, with n on the diagonal
        let width = units.first().map_or(0, Vec::len);
        let sum = (0..width).map(|i| units.iter().map(|unit| unit[i]).sum::<f64>().powi(2));
        let constant = units
            .iter()
            .filter(|unit| unit.iter().all(|x| *x == 0.0))
            .count() as f64;
        return (sum.sum::<f64>() - (n - constant)) / (n * (n - 1.0));
    }
    let row = |i: usize| {
        let dot = |j: usize| {
            units[i]
                .iter()
                .zip(&units[j])
                .map(|(a, b)| a * b)
                .sum::<f64>()
        };
        (i + 1..units.len()).map(|j| dot(j).abs()).sum::<f64>()
    };
    let sum: f64 = (0..units.len())
        .into_par_iter()
        .with_min_len(64)
        .map(row)
        .sum();
    sum / (n * (n - 1.0) / 2.0)
}

/// A node that may be split.
struct Open {
    samples: Vec<usize>,
    depth: usize,
}

/// The best split found so far.
struct Best {
    node: usize,
    regulator: usize,
    cut: Cut,
    gain: f64,
}

/// The values of a node's genes, each less its mean, gene by gene.
struct Node {
    values: Vec<f64>,
    samples: usize,
    likelihood: f64,
}

impl Node {
    fn new(genes: ArrayView2<f64>, samples: &[usize], variant: Variant) -> Node {
        let mut values = Vec::with_capacity(genes.nrows() * samples.len());
        let mut likelihood = 0.0;
        for gene in genes.rows() {
            let own: Vec<f64> = samples.iter().map(|sample| gene[*sample]).collect();
            let centre = cistron_metrics::statistics::mean(&own);
            let mut moments = Moments::default();
            for x in own {
                moments.add(x - centre);
                values.push(x - centre);
            }
            likelihood += moments.likelihood(variant);
        }
        Node {
            values,
            samples: samples.len(),
            likelihood,
        }
    }

    /// What a split adds to the log-likelihood.
    fn gain(&self, is_left: &[bool], variant: Variant) -> f64 {
        let mut sum = 0.0;
        for gene in self.values.chunks_exact(self.samples) {
            let mut sides = [Moments::default(); 2];
            for (x, is_left) in gene.iter().zip(is_left) {
                sides[usize::from(*is_left)].add(*x);
            }
            sum += sides[0].likelihood(variant) + sides[1].likelihood(variant);
        }
        sum - self.likelihood
    }
}

/// The best cut of a node by a regulator: sides in the order of its samples. Of equal cuts between
/// levels the higher one is taken, of equal values the first.
fn best_cut(
    node: &Node,
    samples: &[usize],
    regulators: &Samples,
    regulator: usize,
    variant: Variant,
) -> Option<(Cut, f64)> {
    let mut best: Option<(Cut, f64)> = None;
    let mut offer = |cut: Cut, is_left: Vec<bool>, takes_equal: bool| {
        if is_left.iter().all(|left| *left) || !is_left.iter().any(|left| *left) {
            return;
        }
        let gain = node.gain(&is_left, variant);
        if best.is_none_or(|(_, best)| gain > best || (takes_equal && gain == best)) {
            best = Some((cut, gain));
        }
    };
    match &regulators.levels {
        Some(levels) => {
            let side = |most: i8| {
                samples
                    .iter()
                    .map(|sample| levels[[regulator, *sample]] <= most)
                    .collect()
            };
            offer(Cut::Low, side(-1), false);
            offer(Cut::High, side(0), true);
        }
        None => {
            let value = |sample: &usize| regulators.values[[regulator, *sample]];
            let mut seen: Vec<f64> = Vec::new();
            for cut in samples.iter().map(value) {
                if !seen.contains(&cut) {
                    seen.push(cut);
                    let side = samples.iter().map(|sample| value(sample) <= cut).collect();
                    offer(Cut::Value(cut), side, false);
                }
            }
        }
    }
    best
}

fn best_split(
    nodes: &[(Node, &Open)],
    regulators: &Samples,
    is_used: &[bool],
    variant: Variant,
) -> Option<Best> {
    let mut best: Option<Best> = None;
    for (at, (node, open)) in nodes.iter().enumerate() {
        let cuts: Vec<Option<(Cut, f64)>> = (0..is_used.len())
            .into_par_iter()
            .with_min_len(8)
            .map(|regulator| match is_used[regulator] {
                true => None,
                false => best_cut(node, &open.samples, regulators, regulator, variant),
            })
            .collect();
        for (regulator, cut) in cuts.into_iter().enumerate() {
            let Some((cut, gain)) = cut else { continue };
            if best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(Best {
                    node: at,
                    regulator,
                    cut,
                    gain,
                });
            }
        }
    }
    best
}

/// Grows the tree of the genes of a module (genes by samples).
pub fn grow(genes: ArrayView2<f64>, regulators: &Samples, settings: &TreeSettings) -> ModuleTree {
    let samples = genes.ncols();
    let count = regulators.values.nrows();
    let mut is_used = vec![false; count];
    let mut open = vec![Open {
        samples: (0..samples).collect(),
        depth: 0,
    }];
    let mut splits: Vec<Split> = Vec::new();
    let is_published = settings.variant == Variant::Published;
    while !open.is_empty() && (is_published || splits.len() < settings.depth) {
        // in the order of their first samples, as the authors' code visits them
        open.sort_by_key(|node| node.samples.first().copied());
        let nodes: Vec<(Node, &Open)> = open
            .iter()
            .map(|node| (Node::new(genes, &node.samples, settings.variant), node))
            .collect();
        let found = best_split(&nodes, regulators, &is_used, settings.variant);
        let Some(best) = found else { break };
        if settings.variant == Variant::Corrected && best.gain <= 0.0 {
            break;
        }
        is_used[best.regulator] = true;
        let node = open.remove(best.node);
        let goes_left = |sample: &usize| match (best.cut, &regulators.levels) {
            (Cut::Low, Some(levels)) => levels[[best.regulator, *sample]] < 0,
            (Cut::High, Some(levels)) => levels[[best.regulator, *sample]] <= 0,
            (Cut::Value(value), _) => regulators.values[[best.regulator, *sample]] <= value,
            _ => false,
        };
        let (left, right): (Vec<usize>, Vec<usize>) =
            node.samples.iter().partition(|s| goes_left(s));
        for side in [&left, &right] {
            let is_deep = is_published && node.depth + 1 >= settings.depth;
            if !is_deep && !is_closed(genes, side, regulators.levels.is_some(), settings) {
                open.push(Open {
                    samples: side.clone(),
                    depth: node.depth + 1,
                });
            }
        }
        let Best {
            regulator,
            cut,
            gain,
            ..
        } = best;
        splits.push(Split {
            regulator,
            cut,
            left,
            right,
            gain,
        });
    }
    ModuleTree::new(splits, samples)
}

/// Whether a child is a leaf.
fn is_closed(
    genes: ArrayView2<f64>,
    samples: &[usize],
    is_heuristic: bool,
    settings: &TreeSettings,
) -> bool {
    if samples.len() <= settings.leaf_size {
        return true;
    }
    match is_heuristic {
        true => sample_correlation(genes, samples, true) >= settings.correlation,
        false => sample_correlation(genes, samples, false) > settings.correlation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const SETTINGS: TreeSettings = TreeSettings {
        depth: 3,
        correlation: 0.9,
        leaf_size: 3,
        variant: Variant::Coded,
    };

    /// Genes follow the second regulator; the first one is noise.
    #[test]
    fn the_regulator_of_the_genes_splits_first() {
        let levels = array![[-1i8, 1, -1, 1, -1, 1, -1, 1], [-1, -1, -1, -1, 1, 1, 1, 1]];
        let noise = [0.1, -0.2, 0.15, 0.05, -0.1, 0.2, 0.0, -0.05];
        let genes = Array2::from_shape_fn((4, 8), |(gene, sample)| {
            f64::from(levels[[1, sample]]) + noise[(sample * (gene + 3)) % 8]
        });
        let values = levels.mapv(f64::from);
        let samples = Samples {
            levels: Some(levels),
            values: values.clone(),
        };
        let tree = grow(genes.view(), &samples, &SETTINGS);
        assert_eq!(
            (tree.splits[0].regulator, tree.splits[0].cut),
            (1, Cut::High)
        );
        assert_eq!(tree.splits[0].left, [0, 1, 2, 3]);
        let exhaustive = Samples {
            levels: None,
            values,
        };
        let tree = grow(genes.view(), &exhaustive, &SETTINGS);
        assert_eq!(
            (tree.splits[0].regulator, tree.splits[0].cut),
            (1, Cut::Value(-1.0))
        );
    }

    #[test]
    fn signed_and_absolute_means_of_correlations_are_those_of_pairs() {
        let rows = vec![
            vec![1.0, 2.0, 3.0],
            vec![3.0, 2.0, 1.0],
            vec![1.0, 0.0, 1.0],
        ];
        assert!((mean_correlation(&rows, false) + 1.0 / 3.0).abs() < 1e-12);
        assert!((mean_correlation(&rows, true) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn equal_genes_and_equal_regulators_end_the_tree() {
        let samples = Samples {
            levels: Some(Array2::zeros((2, 5))),
            values: Array2::zeros((2, 5)),
        };
        let tree = grow(Array2::zeros((3, 5)).view(), &samples, &SETTINGS);
        assert!(tree.splits.is_empty() && tree.count == 1);
        assert_eq!(tree.leaves, [0; 5]);
    }
}
