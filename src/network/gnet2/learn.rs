//! Modules by iteration: trees from groups of genes, groups of genes from trees.

use super::groups::{self, NONE};
use super::likelihood::in_leaves;
use super::tree::{ModuleTree, Samples, TreeSettings, grow, mean_correlation};
use super::{Settings, Variant};
use crate::cluster::kmeans::{KMeansSettings, Start, kmeans};
use crate::cluster::levels::levels;
use crate::expression::Expression;
use cistron_base::{Result, bail, interrupt};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Variances up to it count as none.
const LEAST_VARIANCE: f64 = 1e-4;

/// A module: genes that follow one tree of regulators.
#[derive(Clone, Debug)]
pub struct Module {
    /// Rows of the genes in the matrix.
    pub genes: Vec<usize>,
    /// The tree; its regulators are rows of the matrix.
    pub tree: ModuleTree,
    /// Mean correlation of pairs of genes (the authors' code).
    pub score: f64,
    /// Mean correlation of the samples of each leaf, weighed by their number (eq. 3.18).
    pub leaf_score: f64,
}

/// Modules with what they were learned from.
#[derive(Clone, Debug)]
pub struct Gnet2 {
    /// The matrix.
    pub matrix: Expression,
    /// Rows of the regulators that were used.
    pub regulators: Vec<usize>,
    /// Rows of the genes that were used.
    pub genes: Vec<usize>,
    /// The modules.
    pub modules: Vec<Module>,
    /// How many iterations there were.
    pub iterations: usize,
    /// Whether groups did not change in the last one.
    pub is_converged: bool,
    /// How modules were learned.
    pub settings: Settings,
    /// What was dropped, in sentences.
    pub notes: Vec<String>,
}

/// What an iteration needs.
struct Learner<'a> {
    genes: Array2<f64>,
    regulators: Array2<f64>,
    samples: Samples,
    settings: &'a Settings,
    seed: u64,
}

/// The level -1, 0 or 1 of each sample.
fn levels_of(values: &[f64], settings: &Settings, seed: u64) -> Result<Vec<i8>> {
    if settings.variant != Variant::Coded {
        let found = levels(values, 3);
        // two levels are low and high
        let top = found.iter().max().copied().unwrap_or_default();
        let level = |level: usize| match level {
            0 => -1,
            own if own == top => 1,
            _ => 0,
        };
        return Ok(found.into_iter().map(level).collect());
    }
    let rows = ArrayView2::from_shape((values.len(), 1), values);
    let Ok(rows) = rows else {
        bail!("internal", "values are one column")
    };
    let own = KMeansSettings {
        clusters: 3.min(values.len()),
        start: Start::Rows,
        restarts: 1,
        iterations: 100,
        seed,
    };
    let found = kmeans(rows, &own)?;
    let mut order: Vec<usize> = (0..found.centres.nrows()).collect();
    order.sort_by(|a, b| found.centres[[*a, 0]].total_cmp(&found.centres[[*b, 0]]));
    let level = |label: usize| match order.iter().position(|own| *own == label) {
        Some(0) => -1,
        Some(2) => 1,
        _ => 0,
    };
    Ok(found.labels.into_iter().map(level).collect())
}

impl Samples {
    fn new(regulators: &Array2<f64>, settings: &Settings, seed: u64) -> Result<Samples> {
        let mut all = Array2::zeros(regulators.dim());
        if settings.is_heuristic {
            for (i, row) in regulators.rows().into_iter().enumerate() {
                let own = levels_of(&row.to_vec(), settings, seed ^ i as u64)?;
                all.row_mut(i)
                    .iter_mut()
                    .zip(own)
                    .for_each(|(cell, level)| *cell = level);
            }
        }
        Ok(Samples {
            levels: settings.is_heuristic.then_some(all),
            values: regulators.clone(),
        })
    }
}

/// Groups in the order of their first genes, with their genes.
fn by_group(labels: &[i64]) -> Vec<(i64, Vec<usize>)> {
    let mut groups: Vec<(i64, Vec<usize>)> = Vec::new();
    let mut at = BTreeMap::new();
    for (gene, label) in labels
        .iter()
        .enumerate()
        .filter(|(_, label)| **label != NONE)
    {
        let group = *at.entry(*label).or_insert_with(|| {
            groups.push((*label, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(gene);
    }
    groups
}

/// Ranks of labels from 0.
fn renumbered(labels: &[i64]) -> Vec<i64> {
    let mut values = labels.to_vec();
    values.sort_unstable();
    values.dedup();
    let rank = |label: &i64| values.binary_search(label).unwrap_or_default() as i64;
    labels.iter().map(rank).collect()
}

impl Learner<'_> {
    fn rows(&self, genes: &[usize]) -> Array2<f64> {
        self.genes.select(Axis(0), genes)
    }

    /// A tree for each group that is large enough.
    fn trees(&self, labels: &[i64]) -> Vec<ModuleTree> {
        let settings = TreeSettings::from(self.settings);
        let mut trees = Vec::new();
        let mut rows = 0;
        for (label, genes) in by_group(labels) {
            rows = rows.max(label + 1);
            if genes.len() < self.settings.genes {
                continue;
            }
            let tree = grow(self.rows(&genes).view(), &self.samples, &settings);
            // the authors' code drops trees of one split, which R reduces to a vector
            let least = if self.settings.variant == Variant::Coded {
                2
            } else {
                1
            };
            if tree.splits.len() >= least {
                trees.push(tree);
            }
        }
        if self.settings.variant == Variant::Coded && (trees.len() as i64) < rows {
            // rows of the authors' table without a tree: all samples in one leaf
            let samples = self.genes.ncols();
            trees.push(ModuleTree {
                splits: Vec::new(),
                leaves: vec![0; samples],
                count: 1,
            });
        }
        trees
    }

    /// The most likely tree of each gene.
    fn assigned(&self, trees: &[ModuleTree]) -> Vec<i64> {
        let one = |gene: usize| {
            let values = self.genes.row(gene).to_vec();
            let mut best = (f64::NEG_INFINITY, NONE);
            for (i, tree) in trees.iter().enumerate() {
                let own = in_leaves(&values, &tree.leaves, tree.count, self.settings.variant);
                if own > best.0 {
                    best = (own, i as i64);
                }
            }
            best.1
        };
        (0..self.genes.nrows())
            .into_par_iter()
            .with_min_len(16)
            .map(one)
            .collect()
    }

    /// Clusters the genes of the largest module again where it has too large a share of all.
    fn with_largest_split(&self, labels: Vec<i64>, iteration: usize) -> Result<Vec<i64>> {
        let groups = by_group(&labels);
        let mut largest: Option<&(i64, Vec<usize>)> = None;
        for group in &groups {
            let key = |group: &(i64, Vec<usize>)| (group.1.len(), -group.0);
            if largest.is_none_or(|best| key(group) > key(best)) {
                largest = Some(group);
            }
        }
        let Some((_, genes)) = largest else {
            return Ok(labels);
        };
        let bound = (labels.len() as f64 * self.settings.largest).round_ties_even();
        if genes.len() as f64 <= bound {
            return Ok(labels);
        }
        let seed = self.seed ^ ((iteration as u64 + 1) << 32);
        let rows = self.rows(genes);
        let parts = groups::first(rows.view(), self.regulators.view(), self.settings, seed)?;
        let most = labels.iter().max().copied().unwrap_or_default();
        let mut labels = labels;
        for (gene, part) in genes.iter().zip(parts) {
            labels[*gene] = if part == NONE { NONE } else { part + most + 1 };
        }
        // genes without a group become one here, and so do those of groups that are too small
        let is_coded = self.settings.variant == Variant::Coded;
        if is_coded {
            labels = renumbered(&labels);
        }
        for (_, genes) in by_group(&labels) {
            if genes.len() <= self.settings.genes {
                genes.iter().for_each(|gene| labels[*gene] = NONE);
            }
        }
        if is_coded {
            return Ok(renumbered(&labels));
        }
        let has_none = labels.contains(&NONE);
        let ranks = renumbered(&labels).into_iter();
        Ok(ranks.map(|rank| rank - i64::from(has_none)).collect())
    }
}

fn module_of(learner: &Learner, genes: &[usize], tree: &ModuleTree) -> (f64, f64) {
    let rows = learner.rows(genes);
    let all: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
    let score = if all.len() > 1 {
        mean_correlation(&all, false)
    } else {
        0.0
    };
    let n = learner.genes.ncols() as f64;
    let leaf = |leaf: usize| {
        let own = tree
            .leaves
            .iter()
            .enumerate()
            .filter(|(_, of)| **of == leaf);
        let columns: Vec<Vec<f64>> = own
            .map(|(sample, _)| rows.column(sample).to_vec())
            .collect();
        let share = columns.len() as f64 / n;
        if columns.len() > 1 {
            share * mean_correlation(&columns, false)
        } else {
            0.0
        }
    };
    (score, (0..tree.count).map(leaf).sum())
}

/// Rows whose variance is large enough, and how many others there are.
fn varying(matrix: &Expression, rows: &[usize]) -> (Vec<usize>, usize) {
    let variances = matrix.variances();
    let kept: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|row| variances[*row] > LEAST_VARIANCE)
        .collect();
    let dropped = rows.len() - kept.len();
    (kept, dropped)
}

/// Learns modules of the genes that are no regulators.
pub fn learn(
    matrix: &Expression,
    regulators: &[usize],
    settings: &Settings,
    seed: u64,
) -> Result<Gnet2> {
    matrix.need_complete("GNET2", 4)?;
    let mut is_regulator = vec![false; matrix.genes().len()];
    regulators.iter().for_each(|row| is_regulator[*row] = true);
    let others: Vec<usize> = (0..is_regulator.len())
        .filter(|row| !is_regulator[*row])
        .collect();
    let (regulators, dropped_regulators) = varying(matrix, regulators);
    let (rows, dropped_genes) = varying(matrix, &others);
    if regulators.is_empty() || rows.len() < 2 {
        bail!(
            "data",
            "GNET2 needs a regulator and two other genes with a variance above {LEAST_VARIANCE}, \
                got {} and {}",
            regulators.len(),
            rows.len();
            hint: "option `regulators` names the regulators; all other genes are their targets"
        );
    }
    let mut notes = Vec::new();
    let dropped = dropped_genes + dropped_regulators;
    if dropped > 0 {
        notes.push(format!(
            "{dropped_genes} genes and {dropped_regulators} regulators with a variance of at most \
                {LEAST_VARIANCE} were dropped"
        ));
    }
    let regulator_values = matrix.values().select(Axis(0), &regulators);
    let learner = Learner {
        genes: matrix.values().select(Axis(0), &rows),
        samples: Samples::new(&regulator_values, settings, seed)?,
        regulators: regulator_values,
        settings,
        seed,
    };
    let (modules, iterations, is_converged) = iterate(&learner)?;
    let modules = modules
        .into_iter()
        .map(|(genes, mut tree)| {
            let (score, leaf_score) = module_of(&learner, &genes, &tree);
            tree.splits
                .iter_mut()
                .for_each(|split| split.regulator = regulators[split.regulator]);
            let genes = genes.iter().map(|gene| rows[*gene]).collect();
            Module {
                genes,
                tree,
                score,
                leaf_score,
            }
        })
        .collect();
    Ok(Gnet2 {
        matrix: matrix.clone(),
        regulators,
        genes: rows,
        modules,
        iterations,
        is_converged,
        settings: *settings,
        notes,
    })
}

/// Modules as genes with a tree, the number of iterations, and whether groups stayed.
fn iterate(learner: &Learner) -> Result<(Vec<(Vec<usize>, ModuleTree)>, usize, bool)> {
    let settings = learner.settings;
    let mut labels = groups::first(
        learner.genes.view(),
        learner.regulators.view(),
        settings,
        learner.seed,
    )?;
    let (mut iterations, mut is_converged) = (0, false);
    while iterations < settings.iterations && !is_converged {
        interrupt::check()?;
        let next = learner.assigned(&learner.trees(&labels));
        let next = learner.with_largest_split(next, iterations)?;
        iterations += 1;
        is_converged = next == labels;
        labels = next;
    }
    let trees = learner.trees(&labels);
    let labels = learner.assigned(&trees);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); trees.len()];
    for (gene, label) in labels
        .iter()
        .enumerate()
        .filter(|(_, label)| **label != NONE)
    {
        members[*label as usize].push(gene);
    }
    let modules = members.into_iter().zip(trees);
    let modules = modules
        .filter(|(genes, tree)| genes.len() >= settings.genes && !tree.splits.is_empty())
        .collect();
    Ok((modules, iterations, is_converged))
}
