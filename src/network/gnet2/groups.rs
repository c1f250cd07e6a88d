//! The first groups of genes.

use super::tree::mean_correlation;
use super::{Settings, Start, Variant};
use crate::cluster::kmeans::{self, KMeansSettings, kmeans};
use crate::cluster::knee::knee;
use crate::trees::boosted::{BoostSettings, fit_many};
use crate::trees::{Columns, Importance};
use cistron_base::Result;
use cistron_base::seed::Rng;
use ndarray::{Array2, ArrayView2};

/// Genes that belong to no group.
pub const NONE: i64 = -1;

/// The gains of each regulator in two boosted trees that predict each gene, as shares.
pub fn gain_fractions(
    genes: ArrayView2<f64>,
    regulators: ArrayView2<f64>,
    depth: usize,
) -> Result<Array2<f64>> {
    let columns = Columns::new(regulators.t())?;
    let mut settings = BoostSettings {
        rounds: 2,
        base: Some(0.5),
        ..BoostSettings::default()
    };
    settings.growth.rate = 0.1;
    settings.growth.depth = depth;
    let targets: Vec<Vec<f64>> = genes.rows().into_iter().map(|gene| gene.to_vec()).collect();
    let models = fit_many(&columns, &targets, &settings)?;
    let mut fractions = Array2::zeros((genes.nrows(), regulators.nrows()));
    for (mut row, model) in fractions.rows_mut().into_iter().zip(&models) {
        row.iter_mut()
            .zip(model.importance(Importance::Gain))
            .for_each(|(cell, gain)| *cell = gain);
    }
    Ok(fractions)
}

/// The mean, over genes, of the mean absolute correlation within their groups.
fn within(genes: ArrayView2<f64>, labels: &[usize]) -> f64 {
    let clusters = labels.iter().max().map_or(0, |most| most + 1);
    let of = |cluster: usize| {
        let own = labels
            .iter()
            .enumerate()
            .filter(|(_, label)| **label == cluster);
        let rows: Vec<Vec<f64>> = own.map(|(gene, _)| genes.row(gene).to_vec()).collect();
        let n = rows.len() as f64;
        let varying: Vec<Vec<f64>> = rows
            .into_iter()
            .filter(|row| row.iter().any(|x| *x != row[0]))
            .collect();
        match (n as usize, varying.len()) {
            (0 | 1, _) => 0.0,
            (_, 0..=2) => n,
            _ if genes.ncols() <= 2 => n,
            _ => n * mean_correlation(&varying, true),
        }
    };
    (0..clusters).map(of).sum::<f64>() / labels.len() as f64
}

/// Groups of genes by k-means for each number of clusters.
fn clusterings(
    rows: ArrayView2<f64>,
    settings: &Settings,
    numbers: impl Iterator<Item = usize>,
    seed: u64,
) -> Result<Vec<Vec<usize>>> {
    let restarts = if settings.variant == Variant::Corrected {
        10
    } else {
        1
    };
    let one = |clusters: usize| {
        let own = KMeansSettings {
            clusters,
            start: match settings.variant {
                Variant::Corrected => kmeans::Start::PlusPlus,
                _ => kmeans::Start::Rows,
            },
            restarts,
            iterations: 100,
            seed,
        };
        kmeans(rows, &own).map(|found| found.labels)
    };
    numbers.map(one).collect()
}

/// The first group of each gene, [`NONE`] for those in none.
pub fn first(
    genes: ArrayView2<f64>,
    regulators: ArrayView2<f64>,
    settings: &Settings,
    seed: u64,
) -> Result<Vec<i64>> {
    let n = genes.nrows();
    let most = settings.groups.min(n.saturating_sub(1)).max(1);
    if most < 2 {
        return Ok(vec![0; n]);
    }
    let rows = match settings.start {
        Start::Boosting => gain_fractions(genes, regulators, settings.depth)?,
        Start::KMeans => genes.to_owned(),
    };
    if settings.variant == Variant::Coded {
        // labels of the last k alone survive; indices of values of k are taken for labels
        let labels = clusterings(rows.view(), settings, most..=most, seed)?.remove(0);
        let mut names: Vec<i64> = (0..most as i64).collect();
        Rng::keyed(&[seed, 0x6c61_6265]).shuffle(&mut names);
        let name = |label: usize| {
            if names[label] == 0 {
                NONE
            } else {
                names[label]
            }
        };
        return Ok(labels.into_iter().map(name).collect());
    }
    let all = clusterings(rows.view(), settings, 2..=most, seed)?;
    let values: Vec<f64> = all.iter().map(|labels| within(genes, labels)).collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let best = match settings.variant {
        Variant::Corrected => {
            let falling: Vec<f64> = order.iter().map(|i| values[*i]).collect();
            let kept = &order[..knee(&falling).unwrap_or(1)];
            kept.iter().copied().min().unwrap_or(0)
        }
        _ => order[0],
    };
    Ok(all[best].iter().map(|label| *label as i64).collect())
}
