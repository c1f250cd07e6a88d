//! Histograms of probabilities.

use super::inputs::Row;
use super::profiles::Profiles;
use super::worker::{Served, predict_all};
use crate::bail;
use crate::base::Result;
use crate::base::seed::Rng;
use crate::network::score::Gold;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Bins between 0 and 1.
const BINS: usize = 50;
/// Random pairs of genes.
const RANDOM: usize = 10_000;

/// Counts of probabilities in bins of equal width from 0 to 1; the last bin includes 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// What was counted.
    pub name: String,
    /// Number of values.
    pub total: usize,
    /// Number of values in each bin.
    pub counts: Vec<usize>,
    /// Number of values that are no probability.
    pub outside: usize,
}

impl Histogram {
    /// The histogram of values.
    pub fn of(name: impl Into<String>, values: &[f64]) -> Histogram {
        let mut counts = vec![0; BINS];
        let mut outside = 0;
        for value in values {
            match (0.0..=1.0).contains(value) {
                true => counts[((value * BINS as f64) as usize).min(BINS - 1)] += 1,
                false => outside += 1,
            }
        }
        Histogram {
            name: name.into(),
            total: values.len(),
            counts,
            outside,
        }
    }
}

/// Fails where values of histograms are no probabilities, and warns where they may be sigmoids of
/// probabilities.
pub fn check(all: &[Histogram], is_sigmoid: bool) -> Result<()> {
    if let Some(wrong) = all.iter().find(|own| own.outside > 0) {
        bail!("usage", "the outputs of {} of {} are no probabilities", wrong.outside, wrong.name;
            hint: "--link sigmoid for logits; a network that returns NaN cannot be served");
    }
    // sigmoids of 0 and 1 are 0.5 and 0.731
    let bins = 0..BINS / 2;
    let high = BINS * 74 / 100..BINS;
    let is_empty = |own: &Histogram| {
        let ends = own.counts[bins.clone()]
            .iter()
            .chain(&own.counts[high.clone()]);
        ends.sum::<usize>() == 0
    };
    if is_sigmoid && all.iter().all(is_empty) {
        crate::errln!(
            "warning: all probabilities are between 0.5 and 0.74: if the outputs of the network \
             are probabilities already, state --link identity"
        );
    }
    Ok(())
}

/// The histogram of random pairs of genes with complete profiles.
pub fn random(served: &Served, profiles: &Profiles) -> Result<Histogram> {
    let complete: Vec<usize> = (0..profiles.genes().len())
        .filter(|gene| !profiles.is_incomplete(*gene))
        .collect();
    if complete.is_empty() {
        bail!(
            "data",
            "values of all genes of the expression matrix are missing"
        );
    }
    let mut rng = Rng::keyed(&[0, 0x7061_6972]);
    let gene = |rng: &mut Rng| complete[rng.below(complete.len())];
    let rows: Vec<Row> = (0..RANDOM.min(complete.len() * complete.len()))
        .map(|_| Row::Pair([gene(&mut rng), gene(&mut rng)]))
        .collect();
    let name = format!("{} random pairs of genes", rows.len());
    Ok(Histogram::of(name, &predict_all(served, &rows)?))
}

/// The histograms of the pairs of a table, as of `network::score`: one for each label.
///
/// # Errors
/// Where the table cannot be read, or has no pair of known genes.
pub fn of_table(served: &Served, profiles: &Profiles, path: &Path) -> Result<Vec<Histogram>> {
    let gold = Gold::read(path)?;
    let mut rows: BTreeMap<bool, Vec<Row>> = BTreeMap::new();
    let mut unknown = 0;
    let gene = |id: &str| {
        profiles
            .position(id)
            .filter(|gene| !profiles.is_incomplete(*gene))
    };
    for ((factor, target), label) in gold.pairs() {
        match (gene(factor), gene(target)) {
            (Some(factor), Some(target)) => {
                rows.entry(*label)
                    .or_default()
                    .push(Row::Pair([factor, target]));
            }
            _ => unknown += 1,
        }
    }
    let place = path.display();
    if rows.is_empty() {
        bail!(
            "data",
            "`{place}`: none of its pairs has two complete genes of the matrix"
        );
    }
    if unknown > 0 {
        crate::errln!("note: {unknown} pairs of `{place}` have a gene without a complete profile");
    }
    let one = |(label, rows): (&bool, &Vec<Row>)| {
        let name = format!(
            "{} reference pairs of label {}",
            rows.len(),
            i32::from(*label)
        );
        Ok(Histogram::of(name, &predict_all(served, rows)?))
    };
    rows.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_in_the_last_bin() {
        let histogram = Histogram::of("x", &[0.0, 0.019, 0.02, 0.999, 1.0, f64::NAN, 1.5]);
        assert_eq!(
            (
                histogram.counts[0],
                histogram.counts[1],
                histogram.counts[49]
            ),
            (2, 1, 2)
        );
        assert_eq!((histogram.total, histogram.outside), (7, 2));
        assert!(check(&[histogram], true).is_err());
        assert!(check(&[Histogram::of("x", &[0.6, 1.0])], true).is_ok());
    }
}
