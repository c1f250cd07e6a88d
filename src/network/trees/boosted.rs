//! Gradient boosting of trees with XGBoost's splits, gains and predictions.

use super::grow::{Bins, Sample, grow};
use super::labels::check_labels;
use super::{Columns, GrowSettings, Model, Search, Task, Tree, Trees};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use rayon::prelude::*;

/// How trees are boosted.
#[derive(Clone, Debug)]
pub struct BoostSettings {
    /// Number of rounds: trees, or trees for each class.
    pub rounds: usize,
    /// How each tree grows.
    pub growth: GrowSettings,
    /// Share of the rows that each tree is grown from.
    pub rows: f64,
    /// Share of the features that each tree is grown from.
    pub features: f64,
    /// What all rows are predicted before the first tree; that of the labels unless given.
    pub base: Option<f64>,
    /// Seed of the choice of rows and features.
    pub seed: u64,
}

impl Default for BoostSettings {
    fn default() -> Self {
        BoostSettings {
            rounds: 100,
            growth: GrowSettings {
                depth: 6,
                rate: 0.3,
                l2: 1.0,
                l1: 0.0,
                gamma: 0.0,
                min_child_weight: 1.0,
                search: Search::Exact,
            },
            rows: 1.0,
            features: 1.0,
            base: None,
            seed: 0,
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// First and second derivatives of the loss of an output.
fn gradients(task: Task, margins: &[Vec<f32>], labels: &[f64], output: usize) -> Vec<(f32, f32)> {
    const LEAST: f32 = 1e-16;
    let own = &margins[output];
    let of = |row: usize| match task {
        Task::Regression => (own[row] - labels[row] as f32, 1.0),
        Task::Classes(2) => {
            let p = sigmoid(own[row]);
            (p - labels[row] as f32, (p * (1.0 - p)).max(LEAST))
        }
        Task::Classes(_) => {
            let most = margins.iter().map(|all| all[row]).fold(f32::MIN, f32::max);
            let sum: f32 = margins.iter().map(|all| (all[row] - most).exp()).sum();
            let p = (own[row] - most).exp() / sum;
            let is_label = labels[row] as usize == output;
            (
                p - f32::from(u8::from(is_label)),
                (2.0 * p * (1.0 - p)).max(LEAST),
            )
        }
    };
    (0..labels.len()).map(of).collect()
}

/// What all rows are predicted before the first tree, as a margin.
fn base_margins(task: Task, labels: &[f64], base: Option<f64>) -> Result<Vec<f32>> {
    let n = labels.len() as f64;
    Ok(match (task, base) {
        (Task::Regression, Some(base)) => vec![base as f32],
        (Task::Regression, None) => vec![(labels.iter().sum::<f64>() / n) as f32],
        (Task::Classes(2), base) => {
            let share = base.unwrap_or_else(|| labels.iter().sum::<f64>() / n);
            if !(share > 0.0 && share < 1.0) {
                bail!("value", "the base of two classes must be between 0 and 1, got {share}";
                    hint: "labels of one class only leave nothing to learn");
            }
            vec![(share / (1.0 - share)).ln() as f32]
        }
        (Task::Classes(classes), Some(base)) => vec![base as f32; classes],
        (Task::Classes(classes), None) => centred_log_shares(classes, labels),
    })
}

/// The logarithms of the shares of classes, less their mean.
fn centred_log_shares(classes: usize, labels: &[f64]) -> Vec<f32> {
    let share = |class: usize| {
        let count = labels
            .iter()
            .filter(|label| **label as usize == class)
            .count();
        (count as f64 / labels.len() as f64).max(1e-16).ln()
    };
    let logarithms: Vec<f64> = (0..classes).map(share).collect();
    let mean = logarithms.iter().sum::<f64>() / classes as f64;
    logarithms.iter().map(|x| (x - mean) as f32).collect()
}

/// Rows or features that a tree uses.
fn drawn(n: usize, share: f64, keys: &[u64]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    if share < 1.0 {
        Rng::keyed(keys).shuffle(&mut all);
        all.truncate(((n as f64 * share) as usize).max(1));
        all.sort_unstable();
    }
    all
}

/// Boosts trees for one target.
pub fn fit(
    columns: &Columns,
    labels: &[f64],
    task: Task,
    settings: &BoostSettings,
) -> Result<Model> {
    let bins = Bins::of(columns, settings.growth.search);
    // small tables are grown faster on one thread
    let is_parallel = columns.rows() * columns.features() > 1 << 15;
    fit_with(columns, &bins, labels, task, settings, is_parallel)
}

fn fit_with(
    columns: &Columns,
    bins: &Bins,
    labels: &[f64],
    task: Task,
    settings: &BoostSettings,
    is_parallel: bool,
) -> Result<Model> {
    check_labels(task, labels, columns.rows())?;
    let base = base_margins(task, labels, settings.base)?;
    if let (Some(given), Some(_)) = (settings.base, base.iter().find(|base| !base.is_finite())) {
        bail!(
            "option",
            "`base` must be a number of single precision, got {given:e}"
        );
    }
    let rows = columns.rows();
    let mut margins: Vec<Vec<f32>> = base.iter().map(|base| vec![*base; rows]).collect();
    let mut trees: Vec<Tree> = Vec::new();
    for round in 0..settings.rounds {
        interrupt::check()?;
        let all: Vec<Vec<(f32, f32)>> = (0..base.len())
            .map(|output| gradients(task, &margins, labels, output))
            .collect();
        for (output, gradients) in all.iter().enumerate() {
            let keys = [settings.seed, round as u64, output as u64];
            let features = drawn(
                columns.features(),
                settings.features,
                &[&keys[..], &[1]].concat(),
            );
            let features: Vec<u32> = features.into_iter().map(|feature| feature as u32).collect();
            let mut is_used = vec![settings.rows >= 1.0; rows];
            if settings.rows < 1.0 {
                for row in drawn(rows, settings.rows, &[&keys[..], &[2]].concat()) {
                    is_used[row] = true;
                }
            }
            let sample = Sample {
                columns,
                bins,
                gradients,
                is_used: (settings.rows < 1.0).then_some(&is_used[..]),
                features: &features,
                is_parallel,
            };
            let tree = grow(&sample, &settings.growth);
            for (row, margin) in margins[output].iter_mut().enumerate() {
                *margin += tree.leaf(|feature| columns.at(row, feature)).values[0];
            }
            trees.push(tree);
        }
    }
    Ok(Model {
        task,
        features: columns.features(),
        trees: Trees::Boosted { base, trees },
        names: Vec::new(),
    })
}

/// Boosts trees for many targets of one table; features are sorted once, targets share the cores.
pub fn fit_many(
    columns: &Columns,
    targets: &[Vec<f64>],
    settings: &BoostSettings,
) -> Result<Vec<Model>> {
    let bins = Bins::of(columns, settings.growth.search);
    let one =
        |labels: &Vec<f64>| fit_with(columns, &bins, labels, Task::Regression, settings, false);
    targets.par_iter().map(one).collect()
}
