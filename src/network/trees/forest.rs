//! Random forests (Breiman 2001), by the rules of scikit-learn.

use super::labels::check_labels;
use super::{Columns, Model, Node, Task, Tree, Trees};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use rayon::prelude::*;

/// How a forest is grown.
#[derive(Clone, Debug)]
pub struct ForestSettings {
    /// Number of trees.
    pub trees: usize,
    /// Number of features that are compared at each node.
    pub features: usize,
    /// Largest number of splits between root and leaf.
    pub depth: usize,
    /// Smallest number of rows of a leaf.
    pub min_leaf: usize,
    /// Whether each tree is grown from rows drawn with replacement.
    pub bootstrap: bool,
    /// Seed of the choice of rows and features.
    pub seed: u64,
}

impl Default for ForestSettings {
    fn default() -> Self {
        ForestSettings {
            trees: 500,
            features: 1,
            depth: usize::MAX,
            min_leaf: 1,
            bootstrap: true,
            seed: 0,
        }
    }
}

/// Labels of rows as vectors of one length; classes are 0 and 1 for each class.
struct Labels {
    width: usize,
    values: Vec<f64>,
}

impl Labels {
    fn new(task: Task, labels: &[f64]) -> Labels {
        let width = match task {
            Task::Regression => 1,
            Task::Classes(classes) => classes,
        };
        if task == Task::Regression {
            return Labels {
                width,
                values: labels.to_vec(),
            };
        }
        let mut values = vec![0.0; width * labels.len()];
        for (row, label) in labels.iter().enumerate() {
            values[row * width + *label as usize] = 1.0;
        }
        Labels { width, values }
    }

    fn of(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }
}

/// Weighted sums of labels over rows.
#[derive(Clone)]
struct Sums {
    weight: f64,
    labels: Vec<f64>,
}

impl Sums {
    fn zero(width: usize) -> Sums {
        Sums {
            weight: 0.0,
            labels: vec![0.0; width],
        }
    }

    fn add(&mut self, weight: f64, labels: &[f64]) {
        self.weight += weight;
        for (sum, label) in self.labels.iter_mut().zip(labels) {
            *sum += weight * label;
        }
    }

    /// Σ sums² / weight: what a split increases.
    fn score(&self) -> f64 {
        self.labels.iter().map(|sum| sum * sum).sum::<f64>() / self.weight
    }

    fn without(&self, other: &Sums) -> Sums {
        let labels = self
            .labels
            .iter()
            .zip(&other.labels)
            .map(|(a, b)| a - b)
            .collect();
        Sums {
            weight: self.weight - other.weight,
            labels,
        }
    }
}

struct Grower<'a> {
    columns: &'a Columns,
    labels: &'a Labels,
    settings: &'a ForestSettings,
    weights: Vec<f64>,
    rng: Rng,
    features: Vec<u32>,
    keys: Vec<u64>,
}

struct Best {
    score: f64,
    feature: u32,
    threshold: f32,
}

impl Grower<'_> {
    /// Compares the splits of rows by a feature; whether it has two values there.
    fn offer(&mut self, rows: &[u32], total: &Sums, feature: u32, best: &mut Option<Best>) -> bool {
        let ranks = self.columns.ranks(feature as usize);
        self.keys.clear();
        self.keys.extend(
            rows.iter()
                .map(|row| u64::from(ranks[*row as usize]) << 32 | u64::from(*row)),
        );
        self.keys.sort_unstable();
        let rank = |key: u64| key >> 32;
        let n = self.keys.len();
        if rank(self.keys[0]) == rank(self.keys[n - 1]) {
            return false;
        }
        let column = self.columns.column(feature as usize);
        let mut left = Sums::zero(self.labels.width);
        for (i, key) in self.keys[..n - 1].iter().enumerate() {
            let row = *key as u32 as usize;
            left.add(self.weights[row], self.labels.of(row));
            let least = self.settings.min_leaf;
            if rank(*key) == rank(self.keys[i + 1]) || i + 1 < least || n - i - 1 < least {
                continue;
            }
            let score = left.score() + total.without(&left).score();
            if best.as_ref().is_none_or(|best| score > best.score) {
                let (low, high) = (column[row], column[self.keys[i + 1] as u32 as usize]);
                // rows below the threshold go left, so that the middle may be the upper value
                let middle = low / 2.0 + high / 2.0;
                let threshold = if middle > low { middle } else { high };
                *best = Some(Best {
                    score,
                    feature,
                    threshold,
                });
            }
        }
        true
    }

    /// The best split among features drawn at random; more are drawn while all are constant.
    fn split(&mut self, rows: &[u32], total: &Sums) -> Option<Best> {
        let mut best = None;
        let (mut drawn, mut is_found) = (0, false);
        let n = self.features.len();
        while drawn < n && (drawn < self.settings.features || !is_found) {
            let other = drawn + self.rng.below(n - drawn);
            self.features.swap(drawn, other);
            let feature = self.features[drawn];
            drawn += 1;
            is_found |= self.offer(rows, total, feature, &mut best);
        }
        best
    }

    fn grow(&mut self, mut rows: Vec<u32>) -> Tree {
        let width = self.labels.width;
        let mut nodes = vec![Node::leaf(0.0, Vec::new())];
        // node, its range of rows, its depth
        let mut open = vec![(0usize, 0usize, rows.len(), 0usize)];
        while let Some((node, start, end, depth)) = open.pop() {
            let mut total = Sums::zero(width);
            let first = self.labels.of(rows[start] as usize);
            let mut is_pure = true;
            for row in &rows[start..end] {
                let own = self.labels.of(*row as usize);
                is_pure &= own == first;
                total.add(self.weights[*row as usize], own);
            }
            nodes[node].cover = total.weight;
            nodes[node].values = total
                .labels
                .iter()
                .map(|sum| (sum / total.weight) as f32)
                .collect();
            let is_open = !is_pure
                && depth < self.settings.depth
                && end - start >= 2 * self.settings.min_leaf;
            let found = if is_open {
                self.split(&rows[start..end], &total)
            } else {
                None
            };
            let Some(best) = found else { continue };
            let column = self.columns.column(best.feature as usize);
            let goes_left = |row: &u32| column[*row as usize] < best.threshold;
            let part = &mut rows[start..end];
            part.sort_by_key(|row| !goes_left(row));
            let middle = start + part.iter().filter(|row| goes_left(row)).count();
            let left = nodes.len();
            nodes.extend([Node::leaf(0.0, Vec::new()), Node::leaf(0.0, Vec::new())]);
            let own = &mut nodes[node];
            own.feature = best.feature;
            own.threshold = best.threshold;
            own.gain = (best.score - total.score()) as f32;
            (own.left, own.right) = (left as u32, left as u32 + 1);
            open.push((left + 1, middle, end, depth + 1));
            open.push((left, start, middle, depth + 1));
        }
        for node in nodes.iter_mut().filter(|node| !node.is_leaf()) {
            node.values = Vec::new();
        }
        Tree { nodes }
    }
}

/// How often each row is drawn for a tree.
fn weights(rows: usize, settings: &ForestSettings, tree: usize) -> Vec<f64> {
    if !settings.bootstrap {
        return vec![1.0; rows];
    }
    let mut rng = Rng::keyed(&[settings.seed, tree as u64, 1]);
    let mut weights = vec![0.0; rows];
    for _ in 0..rows {
        weights[rng.below(rows)] += 1.0;
    }
    weights
}

fn grow_tree(columns: &Columns, labels: &Labels, settings: &ForestSettings, tree: usize) -> Tree {
    let weights = weights(columns.rows(), settings, tree);
    let rows = (0..columns.rows() as u32)
        .filter(|row| weights[*row as usize] > 0.0)
        .collect();
    let mut grower = Grower {
        columns,
        labels,
        settings,
        weights,
        rng: Rng::keyed(&[settings.seed, tree as u64, 2]),
        features: (0..columns.features() as u32).collect(),
        keys: Vec::new(),
    };
    grower.grow(rows)
}

fn check(columns: &Columns) -> Result<()> {
    match (0..columns.features()).find(|feature| columns.has_missing(*feature)) {
        None => Ok(()),
        Some(feature) => bail!(
            "value",
            "feature {feature} is missing in some rows";
            hint: "forests need complete features; `trees::boosted` learns where missing ones go"
        ),
    }
}

/// Grows a forest.
pub fn fit(
    columns: &Columns,
    labels: &[f64],
    task: Task,
    settings: &ForestSettings,
) -> Result<Model> {
    check(columns)?;
    check_labels(task, labels, columns.rows())?;
    let labels = Labels::new(task, labels);
    let trees: Vec<Tree> = (0..settings.trees)
        .into_par_iter()
        .map(|tree| {
            interrupt::check()?;
            Ok(grow_tree(columns, &labels, settings, tree))
        })
        .collect::<Result<_>>()?;
    Ok(Model {
        task,
        features: columns.features(),
        trees: Trees::Forest { trees },
        names: Vec::new(),
    })
}

/// Mean decrease of the variance by each feature, over the trees of a forest that is not kept.
pub fn importance(
    columns: &Columns,
    labels: &[f64],
    settings: &ForestSettings,
) -> Result<Vec<f64>> {
    check_labels(Task::Regression, labels, columns.rows())?;
    let labels = Labels::new(Task::Regression, labels);
    let mut sums = vec![0.0; columns.features()];
    for tree in 0..settings.trees {
        interrupt::check()?;
        for node in grow_tree(columns, &labels, settings, tree).splits() {
            sums[node.feature as usize] += f64::from(node.gain);
        }
    }
    let scale = (columns.rows() * settings.trees) as f64;
    sums.iter_mut().for_each(|sum| *sum /= scale);
    Ok(sums)
}
