//! How the sample groups of modules agree with conditions.

use super::Gnet2;
use crate::cluster::agreement::{adjusted_rand, ordinal_divergence};
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt};
use rayon::prelude::*;
use std::collections::HashMap;

/// The agreement of a module with conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coherence {
    /// Adjusted Rand index, or divergence.
    pub value: f64,
    /// Share of random labels that agree better.
    pub p_value: f64,
    /// Of divergences the negative z-score among the modules (the paper's score); else NaN.
    pub score: f64,
}

/// Labels drawn with replacement from the distinct ones.
fn drawn(distinct: usize, samples: usize, keys: &[u64]) -> Vec<usize> {
    let mut rng = Rng::keyed(keys);
    (0..samples).map(|_| rng.below(distinct)).collect()
}

/// The share of draws for which a condition holds.
fn share(draws: usize, holds: &(dyn Fn(usize) -> bool + Sync)) -> Result<f64> {
    const PART: usize = 1024;
    let mut count = 0;
    for start in (0..draws).step_by(PART) {
        interrupt::check()?;
        let part = start..draws.min(start + PART);
        count += part.into_par_iter().filter(|draw| holds(*draw)).count();
    }
    Ok(count as f64 / draws.max(1) as f64)
}

/// The number of each distinct label, in order of their first samples.
fn numbered(labels: &[String]) -> Vec<usize> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let number = |label| {
        let next = seen.len();
        *seen.entry(label).or_insert(next)
    };
    labels.iter().map(String::as_str).map(number).collect()
}

/// Ranks of distinct numbers from 0.
fn dense(values: &[f64]) -> Vec<usize> {
    let mut distinct = values.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    values
        .iter()
        .map(|x| distinct.partition_point(|y| y < x))
        .collect()
}

impl Gnet2 {
    /// The agreement of each module's leaves with unordered labels: adjusted Rand index, and the
    /// share of `relabellings` with a greater one.
    pub fn categories(
        &self,
        labels: &[String],
        relabellings: usize,
        seed: u64,
    ) -> Result<Vec<Coherence>> {
        let labels = &numbered(labels)[..];
        let distinct = 1 + labels.iter().max().copied().unwrap_or_default();
        let one = |(i, module): (usize, &super::Module)| {
            let value = adjusted_rand(&module.tree.leaves, labels)?;
            let is_better = |draw: usize| {
                let random = drawn(distinct, labels.len(), &[seed, i as u64, draw as u64]);
                adjusted_rand(&module.tree.leaves, &random).is_ok_and(|other| other > value)
            };
            let p_value = share(relabellings, &is_better)?;
            Ok(Coherence {
                value,
                p_value,
                score: f64::NAN,
            })
        };
        self.modules.iter().enumerate().map(one).collect()
    }

    /// The agreement of each module's leaves with ordered labels: divergence, and the share of
    /// `relabellings` with a smaller one.
    pub fn order(&self, labels: &[f64], relabellings: usize, seed: u64) -> Result<Vec<Coherence>> {
        let ranks = dense(labels);
        let distinct = 1 + ranks.iter().max().copied().unwrap_or_default();
        let numbers = |x: &[usize]| x.iter().map(|x| *x as f64).collect::<Vec<f64>>();
        let ranks = numbers(&ranks);
        let one = |(i, module): (usize, &super::Module)| {
            let leaves = numbers(&module.tree.leaves);
            let value = ordinal_divergence(&ranks, &leaves)?;
            let is_smaller = |draw: usize| {
                let random = drawn(distinct, labels.len(), &[seed, i as u64, draw as u64]);
                ordinal_divergence(&numbers(&random), &leaves).is_ok_and(|other| other < value)
            };
            let p_value = share(relabellings, &is_smaller)?;
            Ok(Coherence {
                value,
                p_value,
                score: f64::NAN,
            })
        };
        let mut all: Vec<Coherence> = self
            .modules
            .iter()
            .enumerate()
            .map(one)
            .collect::<Result<_>>()?;
        let values: Vec<f64> = all.iter().map(|own| own.value).collect();
        let mean = cistron_metrics::statistics::mean(&values);
        let spread = cistron_metrics::statistics::variance(&values).sqrt();
        all.iter_mut()
            .for_each(|own| own.score = (mean - own.value) / spread);
        Ok(all)
    }
}
