//! Growth of a boosted tree, level by level, by the gain of XGBoost (Chen & Guestrin 2016, eq. 7).

use super::{Columns, Node, Tree};
use rayon::prelude::*;

/// How splits are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// At every value.
    Exact,
    /// Between at most so many bins per feature.
    Histogram(usize),
}

/// What limits the growth of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrowSettings {
    /// Largest number of splits between root and leaf.
    pub depth: usize,
    /// Share of a leaf's optimal value that is used.
    pub rate: f64,
    /// L2 penalty of leaf values.
    pub l2: f64,
    /// L1 penalty of leaf values.
    pub l1: f64,
    /// Smallest gain of a split that is kept.
    pub gamma: f64,
    /// Smallest sum of second derivatives of a child.
    pub min_child_weight: f64,
    /// How splits are searched.
    pub search: Search,
}

/// Gains up to it are rounding (XGBoost's `kRtEps`).
const EPSILON: f32 = 1e-6;

/// No node.
const NONE: u32 = u32::MAX;

/// Sums of first and second derivatives.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    g: f64,
    h: f64,
}

impl Sums {
    fn add(&mut self, (g, h): (f32, f32)) {
        self.g += f64::from(g);
        self.h += f64::from(h);
    }

    fn without(self, other: Sums) -> Sums {
        Sums {
            g: self.g - other.g,
            h: self.h - other.h,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Split {
    gain: f32,
    feature: u32,
    threshold: f32,
    missing_left: bool,
}

/// What is accumulated along a feature in one node.
#[derive(Clone, Copy)]
struct Passed {
    sums: Sums,
    last: f32,
}

impl GrowSettings {
    fn shrunk(&self, g: f64) -> f64 {
        match g {
            g if g > self.l1 => g - self.l1,
            g if g < -self.l1 => g + self.l1,
            _ => 0.0,
        }
    }

    fn term(&self, sums: Sums) -> f64 {
        if sums.h <= 0.0 {
            return 0.0;
        }
        self.shrunk(sums.g).powi(2) / (sums.h + self.l2)
    }

    fn weight(&self, sums: Sums) -> f32 {
        if sums.h <= 0.0 || sums.h < self.min_child_weight {
            return 0.0;
        }
        (self.rate * (-self.shrunk(sums.g) / (sums.h + self.l2))) as f32
    }
}

/// A level of a tree: its open nodes, and the one that each row is in.
struct Level<'a> {
    columns: &'a Columns,
    gradients: &'a [(f32, f32)],
    settings: &'a GrowSettings,
    /// The number of the open node of each row.
    slots: &'a [u32],
    totals: &'a [Sums],
    bins: &'a Bins,
}

/// The bins of each feature, where histograms are used.
pub struct Bins(Vec<(Vec<u32>, Vec<f32>, Vec<f32>)>);

impl Bins {
    /// The bins that a search needs.
    pub fn of(columns: &Columns, search: Search) -> Bins {
        match search {
            Search::Exact => Bins(Vec::new()),
            Search::Histogram(most) => Bins(
                (0..columns.features())
                    .into_par_iter()
                    .map(|feature| columns.bins(feature, most))
                    .collect(),
            ),
        }
    }
}

impl Level<'_> {
    /// Compares a split of a node with the best one.
    fn offer(&self, best: &mut Option<Split>, total: Sums, part: Sums, split: Split) {
        let rest = total.without(part);
        let least = self.settings.min_child_weight;
        if part.h < least || rest.h < least {
            return;
        }
        let root = self.settings.term(total) as f32;
        let gain = self.settings.term(part) + self.settings.term(rest) - f64::from(root);
        let gain = gain as f32;
        if gain > best.map_or(0.0, |best| best.gain) {
            *best = Some(Split { gain, ..split });
        }
    }

    /// Every value of a feature; `is_forward` keeps rows without it on the right.
    fn exact(&self, feature: usize, is_forward: bool, best: &mut [Option<Split>]) {
        let empty = Passed {
            sums: Sums::default(),
            last: 0.0,
        };
        let mut passed = vec![empty; self.totals.len()];
        let values = self.columns.column(feature);
        let order = self.columns.order(feature);
        let split = |threshold| Split {
            gain: 0.0,
            feature: feature as u32,
            threshold,
            missing_left: !is_forward,
        };
        let mut visit = |row: u32| {
            let slot = self.slots[row as usize];
            if slot == NONE {
                return;
            }
            let (slot, value) = (slot as usize, values[row as usize]);
            let own = &mut passed[slot];
            if own.sums.h > 0.0 && value != own.last {
                let threshold = (value + own.last) * 0.5;
                self.offer(
                    &mut best[slot],
                    self.totals[slot],
                    own.sums,
                    split(threshold),
                );
            }
            own.sums.add(self.gradients[row as usize]);
            own.last = value;
        };
        match is_forward {
            true => order.iter().for_each(|row| visit(*row)),
            false => order.iter().rev().for_each(|row| visit(*row)),
        }
        // all rows with the feature on one side, those without it on the other
        for (slot, own) in passed
            .iter()
            .enumerate()
            .filter(|(_, own)| own.sums.h > 0.0)
        {
            let gap = own.last.abs() + EPSILON;
            let threshold = own.last + if is_forward { gap } else { -gap };
            self.offer(
                &mut best[slot],
                self.totals[slot],
                own.sums,
                split(threshold),
            );
        }
    }

    fn histogram(&self, feature: usize, best: &mut [Option<Split>]) {
        let (of_rank, low, high) = &self.bins.0[feature];
        let bins = low.len();
        let ranks = self.columns.ranks(feature);
        let mut sums = vec![Sums::default(); bins * self.totals.len()];
        for (row, slot) in self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| **slot != NONE)
        {
            if ranks[row] != u32::MAX {
                let bin = of_rank[ranks[row] as usize] as usize;
                sums[*slot as usize * bins + bin].add(self.gradients[row]);
            }
        }
        let has_missing = self.columns.has_missing(feature);
        for (slot, total) in self.totals.iter().enumerate() {
            let sums = &sums[slot * bins..][..bins];
            for is_forward in [false, true].into_iter().filter(|way| !way || has_missing) {
                let mut passed = Sums::default();
                for step in 0..bins {
                    let bin = if is_forward { step } else { bins - 1 - step };
                    passed.g += sums[bin].g;
                    passed.h += sums[bin].h;
                    let below = if is_forward {
                        bin as isize
                    } else {
                        bin as isize - 1
                    };
                    // beyond the ends, rows with the feature are apart from those without it
                    let threshold = match below {
                        -1 => low[0] - (low[0].abs() + EPSILON),
                        below if below as usize + 1 == bins => {
                            high[bins - 1] + (high[bins - 1].abs() + EPSILON)
                        }
                        below => (high[below as usize] + low[below as usize + 1]) * 0.5,
                    };
                    let split = Split {
                        gain: 0.0,
                        feature: feature as u32,
                        threshold,
                        missing_left: !is_forward,
                    };
                    self.offer(&mut best[slot], *total, passed, split);
                }
            }
        }
    }

    /// The best split of each open node by one feature.
    fn splits_of(&self, feature: usize) -> Vec<Option<Split>> {
        let mut best = vec![None; self.totals.len()];
        match self.settings.search {
            Search::Exact => {
                if self.columns.has_missing(feature) {
                    self.exact(feature, true, &mut best);
                }
                self.exact(feature, false, &mut best);
            }
            Search::Histogram(_) => self.histogram(feature, &mut best),
        }
        best
    }

    /// The best split of each open node; of equal ones that of the first feature.
    fn splits(&self, features: &[u32], is_parallel: bool) -> Vec<Option<Split>> {
        let better = |mut best: Vec<Option<Split>>, other: Vec<Option<Split>>| {
            for (best, other) in best.iter_mut().zip(other) {
                let gain = |split: &Option<Split>| split.map_or(0.0, |split| split.gain);
                if gain(&other) > gain(best) {
                    *best = other;
                }
            }
            best
        };
        let none = || vec![None; self.totals.len()];
        if is_parallel {
            let all: Vec<_> = features
                .par_iter()
                .map(|feature| self.splits_of(*feature as usize))
                .collect();
            return all.into_iter().fold(none(), better);
        }
        features
            .iter()
            .map(|feature| self.splits_of(*feature as usize))
            .fold(none(), better)
    }
}

/// What a tree is grown from.
pub struct Sample<'a> {
    /// The features.
    pub columns: &'a Columns,
    /// Their bins.
    pub bins: &'a Bins,
    /// First and second derivatives of the loss of each row.
    pub gradients: &'a [(f32, f32)],
    /// Which rows are used.
    pub is_used: Option<&'a [bool]>,
    /// Which features are used, in rising order.
    pub features: &'a [u32],
    /// Whether features are searched on several threads.
    pub is_parallel: bool,
}

/// Grows a tree.
pub fn grow(sample: &Sample, settings: &GrowSettings) -> Tree {
    let rows = sample.columns.rows();
    let mut nodes = vec![Node::leaf(0.0, vec![0.0])];
    let used = |row: usize| sample.is_used.is_none_or(|used| used[row]);
    let mut slots: Vec<u32> = (0..rows)
        .map(|row| if used(row) { 0 } else { NONE })
        .collect();
    // the node of each open slot
    let mut open = vec![0usize];
    for depth in 0.. {
        let mut totals = vec![Sums::default(); open.len()];
        for (row, slot) in slots.iter().enumerate().filter(|(_, slot)| **slot != NONE) {
            totals[*slot as usize].add(sample.gradients[row]);
        }
        for (node, total) in open.iter().zip(&totals) {
            nodes[*node].cover = total.h;
            nodes[*node].values = vec![settings.weight(*total)];
        }
        if depth == settings.depth || open.is_empty() {
            break;
        }
        let level = Level {
            columns: sample.columns,
            gradients: sample.gradients,
            settings,
            slots: &slots,
            totals: &totals,
            bins: sample.bins,
        };
        let splits = level.splits(sample.features, sample.is_parallel);
        let mut children = Vec::new();
        for (node, split) in open.iter().zip(&splits) {
            if let Some(split) = split.filter(|split| split.gain > EPSILON) {
                let left = nodes.len();
                children.extend([left, left + 1]);
                nodes.extend([Node::leaf(0.0, vec![0.0]), Node::leaf(0.0, vec![0.0])]);
                let own = &mut nodes[*node];
                own.feature = split.feature;
                own.threshold = split.threshold;
                own.gain = split.gain;
                own.missing_left = split.missing_left;
                (own.left, own.right) = (left as u32, left as u32 + 1);
            }
        }
        let first = children.first().copied().unwrap_or_default();
        for (row, slot) in slots
            .iter_mut()
            .enumerate()
            .filter(|(_, slot)| **slot != NONE)
        {
            let node = &nodes[open[*slot as usize]];
            if node.is_leaf() {
                *slot = NONE;
                continue;
            }
            let x = sample.columns.at(row, node.feature as usize);
            let is_left = if x.is_nan() {
                node.missing_left
            } else {
                x < node.threshold
            };
            *slot = (if is_left { node.left } else { node.right }) - first as u32;
        }
        open = children;
    }
    let mut tree = Tree { nodes };
    if settings.gamma > 0.0 {
        tree.prune(0, settings.gamma as f32);
    }
    tree
}

impl Tree {
    /// Removes splits above leaves that gain less than `least`, from the leaves up; whether the
    /// node is a leaf then. Removed nodes stay in the list and are not reached.
    fn prune(&mut self, node: usize, least: f32) -> bool {
        if self.nodes[node].is_leaf() {
            return true;
        }
        let (left, right) = (
            self.nodes[node].left as usize,
            self.nodes[node].right as usize,
        );
        let (left, right) = (self.prune(left, least), self.prune(right, least));
        if !(left && right && self.nodes[node].gain < least) {
            return false;
        }
        let own = &mut self.nodes[node];
        (own.left, own.right, own.gain) = (0, 0, 0.0);
        true
    }
}
