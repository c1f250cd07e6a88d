//! k-means: k-means++ or random rows, Lloyd's iterations, then single moves (Hartigan & Wong 1979).

use super::{check, squared};
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// How the first centres are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With probabilities in proportion to the squared distance from those before, the best of
    /// 2 + ln k candidates each (Arthur & Vassilvitskii 2007).
    PlusPlus,
    /// Different rows, all equally likely.
    Rows,
}

/// How k-means is run.
#[derive(Clone, Copy, Debug)]
pub struct KMeansSettings {
    /// Number of clusters.
    pub clusters: usize,
    /// How the first centres are chosen.
    pub start: Start,
    /// Number of runs, of which the best is returned.
    pub restarts: usize,
    /// Largest number of iterations.
    pub iterations: usize,
    /// Seed of the first centres.
    pub seed: u64,
}

/// Clusters by k-means.
#[derive(Clone, Debug)]
pub struct KMeans {
    /// The cluster of each row, in order of the first row of each.
    pub labels: Vec<usize>,
    /// Centres, clusters by columns.
    pub centres: Array2<f64>,
    /// Sum of squared distances from the centres.
    pub inertia: f64,
    /// Whether no row moved in the last iteration.
    pub is_converged: bool,
}

/// The rows in one piece of memory.
struct Rows {
    values: Vec<f64>,
    width: usize,
}

impl Rows {
    fn new(rows: ArrayView2<f64>) -> Rows {
        Rows {
            values: rows.iter().copied().collect(),
            width: rows.ncols(),
        }
    }

    fn len(&self) -> usize {
        self.values.len() / self.width
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.width..][..self.width]
    }
}

/// One of the numbers below the length, with probabilities in proportion to weights.
fn weighted(weights: &[f64], rng: &mut Rng) -> usize {
    let total: f64 = weights.iter().sum();
    let mut left = rng.uniform() * total;
    for (i, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return i;
        }
    }
    weights
        .iter()
        .rposition(|weight| *weight > 0.0)
        .unwrap_or(0)
}

fn plus_plus(rows: &Rows, clusters: usize, rng: &mut Rng) -> Vec<usize> {
    let n = rows.len();
    let mut chosen = vec![rng.below(n)];
    let mut nearest: Vec<f64> = (0..n)
        .map(|i| squared(rows.row(i), rows.row(chosen[0])))
        .collect();
    let candidates = 2 + (clusters as f64).ln() as usize;
    // no row is left that differs from all centres once all distances are 0
    while chosen.len() < clusters && nearest.iter().any(|distance| *distance > 0.0) {
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..candidates {
            let row = weighted(&nearest, rng);
            let closer = |(i, d): (usize, &f64)| d.min(squared(rows.row(i), rows.row(row)));
            let own: Vec<f64> = nearest.iter().enumerate().map(closer).collect();
            let sum = own.iter().sum();
            if best.as_ref().is_none_or(|best| sum < best.0) {
                best = Some((sum, row, own));
            }
        }
        let Some((_, row, own)) = best else { break };
        chosen.push(row);
        nearest = own;
    }
    chosen
}

/// Different rows in random order; fewer where there are not enough.
fn distinct(rows: &Rows, clusters: usize, rng: &mut Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for row in rng.permutation(rows.len()) {
        let row = row as usize;
        if chosen.iter().all(|known| rows.row(*known) != rows.row(row)) {
            chosen.push(row);
        }
        if chosen.len() == clusters {
            break;
        }
    }
    chosen
}

/// Clusters that change.
struct State<'a> {
    rows: &'a Rows,
    labels: Vec<usize>,
    centres: Vec<f64>,
    counts: Vec<usize>,
}

impl State<'_> {
    fn centre(&self, cluster: usize) -> &[f64] {
        &self.centres[cluster * self.rows.width..][..self.rows.width]
    }

    fn nearest(&self, row: usize) -> usize {
        let own = self.rows.row(row);
        let mut best = (f64::INFINITY, 0);
        for cluster in 0..self.counts.len() {
            let distance = squared(own, self.centre(cluster));
            if distance < best.0 {
                best = (distance, cluster);
            }
        }
        best.1
    }

    fn update_centres(&mut self) {
        let width = self.rows.width;
        self.centres.fill(0.0);
        self.counts.fill(0);
        for (row, label) in self.labels.iter().enumerate() {
            self.counts[*label] += 1;
            let centre = &mut self.centres[label * width..][..width];
            centre
                .iter_mut()
                .zip(self.rows.row(row))
                .for_each(|(sum, x)| *sum += x);
        }
        for (cluster, count) in self.counts.iter().enumerate() {
            let centre = &mut self.centres[cluster * width..][..width];
            centre
                .iter_mut()
                .for_each(|sum| *sum /= (*count).max(1) as f64);
        }
    }

    /// Moves the row that is farthest from its centre to each cluster without rows, if it differs
    /// from the centre.
    fn fill_empty(&mut self) {
        while let Some(empty) = self.counts.iter().position(|count| *count == 0) {
            let distance = |row: usize| match self.counts[self.labels[row]] {
                0 | 1 => -1.0,
                _ => squared(self.rows.row(row), self.centre(self.labels[row])),
            };
            let far = (0..self.rows.len()).max_by(|a, b| distance(*a).total_cmp(&distance(*b)));
            let Some(far) = far.filter(|row| distance(*row) > 0.0) else {
                return;
            };
            self.labels[far] = empty;
            self.update_centres();
        }
    }

    /// Whether a row changed its cluster.
    fn assign(&mut self) -> bool {
        let next: Vec<usize> = (0..self.rows.len())
            .into_par_iter()
            .with_min_len(256)
            .map(|i| self.nearest(i))
            .collect();
        let is_changed = next != self.labels;
        self.labels = next;
        self.update_centres();
        self.fill_empty();
        is_changed
    }

    /// Moves rows one at a time where that lowers the sum of squares; whether one moved.
    fn transfer(&mut self) -> bool {
        let mut is_changed = false;
        for row in 0..self.rows.len() {
            let from = self.labels[row];
            let count = self.counts[from] as f64;
            if count < 2.0 {
                continue;
            }
            let own = self.rows.row(row);
            let loss = squared(own, self.centre(from)) * count / (count - 1.0);
            let mut best = (loss * (1.0 - 1e-12), from);
            for cluster in (0..self.counts.len()).filter(|cluster| *cluster != from) {
                let count = self.counts[cluster] as f64;
                let cost = squared(own, self.centre(cluster)) * count / (count + 1.0);
                if cost < best.0 {
                    best = (cost, cluster);
                }
            }
            if best.1 != from {
                self.shift(row, from, best.1);
                is_changed = true;
            }
        }
        is_changed
    }

    fn shift(&mut self, row: usize, from: usize, to: usize) {
        let width = self.rows.width;
        let (a, b) = (self.counts[from] as f64, self.counts[to] as f64);
        for (i, x) in self.rows.row(row).iter().enumerate() {
            let centre = &mut self.centres[from * width + i];
            *centre = (*centre * a - x) / (a - 1.0);
            let centre = &mut self.centres[to * width + i];
            *centre = (*centre * b + x) / (b + 1.0);
        }
        self.counts[from] -= 1;
        self.counts[to] += 1;
        self.labels[row] = to;
    }
}

fn run(rows: &Rows, settings: &KMeansSettings, restart: usize) -> KMeans {
    let mut rng = Rng::keyed(&[settings.seed, restart as u64, 0x6b6d]);
    let chosen = match settings.start {
        Start::PlusPlus => plus_plus(rows, settings.clusters, &mut rng),
        Start::Rows => distinct(rows, settings.clusters, &mut rng),
    };
    let centres = chosen
        .iter()
        .flat_map(|row| rows.row(*row).to_vec())
        .collect();
    let mut state = State {
        rows,
        labels: vec![usize::MAX; rows.len()],
        centres,
        counts: vec![0; chosen.len()],
    };
    let mut is_converged = false;
    for _ in 0..settings.iterations {
        if !state.assign() && !state.transfer() {
            is_converged = true;
            break;
        }
    }
    // sums of single moves are rounded
    state.update_centres();
    let clusters = state.counts.len();
    let mut order: Vec<usize> = Vec::new();
    for label in &state.labels {
        if !order.contains(label) {
            order.push(*label);
        }
    }
    let mut numbers = vec![0; clusters];
    order
        .iter()
        .enumerate()
        .for_each(|(number, label)| numbers[*label] = number);
    let inertia = (0..rows.len())
        .map(|i| squared(rows.row(i), state.centre(state.labels[i])))
        .sum();
    let centres = Array2::from_shape_fn((order.len(), rows.width), |(cluster, column)| {
        state.centre(order[cluster])[column]
    });
    KMeans {
        labels: state.labels.iter().map(|label| numbers[*label]).collect(),
        centres,
        inertia,
        is_converged,
    }
}

/// Clusters rows by k-means; the best of several runs. Fewer clusters are returned where fewer rows
/// differ.
pub fn kmeans(rows: ArrayView2<f64>, settings: &KMeansSettings) -> Result<KMeans> {
    check(rows)?;
    if settings.clusters == 0 || settings.clusters > rows.nrows() {
        bail!(
            "value",
            "the number of clusters must be from 1 to the number of rows ({}), got {}",
            rows.nrows(),
            settings.clusters
        );
    }
    let rows = Rows::new(rows);
    let mut best: Option<KMeans> = None;
    for restart in 0..settings.restarts.max(1) {
        interrupt::check()?;
        let own = run(&rows, settings, restart);
        if best.as_ref().is_none_or(|best| own.inertia < best.inertia) {
            best = Some(own);
        }
    }
    match best {
        Some(best) => Ok(best),
        None => bail!("internal", "k-means ran at least once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn settings(clusters: usize) -> KMeansSettings {
        KMeansSettings {
            clusters,
            start: Start::PlusPlus,
            restarts: 5,
            iterations: 300,
            seed: 1,
        }
    }

    #[test]
    fn groups_that_are_apart_are_found() {
        let rows = array![
            [0.0, 0.0],
            [0.0, 1.0],
            [10.0, 10.0],
            [10.0, 11.0],
            [0.0, 0.5]
        ];
        for start in [Start::PlusPlus, Start::Rows] {
            let found = kmeans(
                rows.view(),
                &KMeansSettings {
                    start,
                    ..settings(2)
                },
            )
            .expect("clusters");
            assert_eq!(found.labels, [0, 0, 1, 1, 0]);
            assert_eq!(found.centres, array![[0.0, 0.5], [10.0, 10.5]]);
            assert!((found.inertia - 1.0).abs() < 1e-12 && found.is_converged);
        }
    }

    /// No single move lowers the sum of squares, whatever the rows.
    #[test]
    fn no_move_improves_the_result() {
        for case in 0..200 {
            let mut rng = Rng::keyed(&[case]);
            let (n, width, clusters) = (3 + rng.below(30), 1 + rng.below(3), 1 + rng.below(3));
            let rows = Array2::from_shape_fn((n, width), |_| rng.below(8) as f64);
            let own = KMeansSettings {
                restarts: 1,
                seed: case,
                ..settings(clusters)
            };
            let found = kmeans(rows.view(), &own).expect("clusters");
            let inertia = |labels: &[usize]| {
                let mut sum = 0.0;
                for cluster in 0..clusters {
                    let own: Vec<usize> = (0..n).filter(|i| labels[*i] == cluster).collect();
                    for column in 0..width {
                        let x: Vec<f64> = own.iter().map(|i| rows[[*i, column]]).collect();
                        if !x.is_empty() {
                            sum += cistron_metrics::statistics::squares(&x);
                        }
                    }
                }
                sum
            };
            let reached = inertia(&found.labels);
            assert!((reached - found.inertia).abs() < 1e-9 * (1.0 + reached));
            for row in 0..n {
                for cluster in 0..clusters {
                    let mut labels = found.labels.clone();
                    labels[row] = cluster;
                    assert!(
                        inertia(&labels) >= reached - 1e-9 * (1.0 + reached),
                        "case {case}"
                    );
                }
            }
        }
    }

    /// Clusters of equal rows were returned, more than there are different rows.
    #[test]
    fn there_are_no_more_clusters_than_different_rows() {
        let rows = array![[1.0], [1.0], [1.0], [5.0]];
        for seed in 0..20 {
            for start in [Start::PlusPlus, Start::Rows] {
                let own = KMeansSettings {
                    start,
                    seed,
                    ..settings(3)
                };
                let found = kmeans(rows.view(), &own).expect("clusters");
                assert_eq!(found.labels, [0, 0, 0, 1]);
                assert_eq!(found.centres, array![[1.0], [5.0]]);
                assert!(found.is_converged && found.inertia == 0.0);
            }
        }
        let mut rng = Rng::keyed(&[3]);
        for case in 0..200 {
            let rows = Array2::from_shape_fn((12, 1), |_| rng.below(5) as f64);
            let mut different: Vec<f64> = rows.iter().copied().collect();
            different.sort_by(f64::total_cmp);
            different.dedup();
            let own = KMeansSettings {
                seed: case,
                restarts: 1,
                ..settings(6)
            };
            let found = kmeans(rows.view(), &own).expect("clusters");
            assert_eq!(found.centres.nrows(), different.len(), "case {case}");
            assert_eq!(found.inertia, 0.0, "case {case}");
        }
    }

    #[test]
    fn degenerate_rows_are_clustered_or_refused() {
        let equal = Array2::from_elem((5, 2), 3.0);
        let found = kmeans(equal.view(), &settings(3)).expect("clusters");
        assert_eq!(found.inertia, 0.0);
        assert!(kmeans(equal.view(), &settings(6)).is_err());
        assert!(kmeans(equal.view(), &settings(0)).is_err());
        assert!(kmeans(array![[f64::NAN]].view(), &settings(1)).is_err());
        assert!(kmeans(Array2::zeros((0, 2)).view(), &settings(1)).is_err());
        let large = kmeans(array![[1.0], [1e200]].view(), &settings(1)).expect_err("too large");
        assert!(
            large.message.contains("row 1, column 0 is 1e200"),
            "{large}"
        );
    }
}
