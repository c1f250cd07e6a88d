//! Two lists as wholes: Jaccard index, relative distances, Fisher's test.

use super::overlap::{Pairs, Rule};
use super::sets::Report;
use super::{Intervals, by_chrom};
use cistron_base::bail;
use cistron_base::{Interval, Result};
use std::collections::BTreeMap;

/// The counts of Fisher's test: intervals of both, of the first alone, of the second alone, and of
/// neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Intervals of the first list.
    pub first: u64,
    /// Intervals of the second list.
    pub second: u64,
    /// Pairs that overlap.
    pub overlaps: u64,
    /// Intervals that the genome could hold, by the mean lengths of the two lists.
    pub possible: u64,
    /// The table of two by two.
    pub table: [[u64; 2]; 2],
}

fn total(list: &Intervals) -> i64 {
    list.rows.iter().map(|row| row.padded().len()).sum()
}

impl Intervals {
    /// Bases shared by two lists, as a share of the bases that either covers; NaN where neither
    /// covers any.
    pub fn jaccard(&self, other: &Intervals) -> Result<f64> {
        let (a, b) = (self.merge(0, false), other.merge(0, false));
        let shared = total(&a.intersect(&b, &Rule::default(), Report::Overlap, "")?);
        Ok(shared as f64 / (total(&a) + total(&b) - shared) as f64)
    }

    /// For each interval whose middle is between the middles of two of another list: its row, and
    /// its distance from the nearer as a share of the distance between the two (0 to 0.5).
    pub fn relative_distances(&self, other: &Intervals) -> Vec<(u32, f64)> {
        let (a, b) = self.together(other);
        let middle = |row: &Interval| {
            let row = row.padded();
            (row.start + row.end) / 2
        };
        let middles: Vec<Vec<i64>> = by_chrom(&b)
            .into_iter()
            .map(|rows| {
                let mut own: Vec<i64> = rows.iter().map(|i| middle(&b.rows[*i as usize])).collect();
                own.sort_unstable();
                own
            })
            .collect();
        let one = |(i, row): (usize, &Interval)| {
            let (own, at) = (&middles[row.chrom as usize], middle(row));
            let next = own.partition_point(|m| *m < at);
            if own.len() > 1 && own.get(next) == Some(&at) {
                return Some((i as u32, 0.0));
            }
            let (left, right) = (own.get(next.checked_sub(1)?)?, own.get(next)?);
            Some((
                i as u32,
                (at - left).min(right - at) as f64 / (right - left) as f64,
            ))
        };
        a.rows.iter().enumerate().filter_map(one).collect()
    }

    /// The table of Fisher's test of whether two lists overlap more than by chance, as bedtools
    /// counts it.
    pub fn fisher_counts(&self, other: &Intervals, genome: i64, rule: &Rule) -> Result<Counts> {
        if self.is_empty() || other.is_empty() {
            bail!(
                "value",
                "Fisher's test needs intervals in both lists, got {} and {}",
                self.len(),
                other.len()
            );
        }
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let mut hits = Vec::new();
        let mut overlaps = 0;
        for i in 0..a.len() {
            pairs.hits(i, &mut hits);
            overlaps += hits.len() as u64;
        }
        let (first, second) = (a.len() as u64, b.len() as u64);
        let mean = |list: &Intervals| 1.0 + total(list) as f64 / list.len() as f64;
        let alone = [
            first.saturating_sub(overlaps),
            second.saturating_sub(overlaps),
        ];
        let least = alone[0] + alone[1] + overlaps;
        let possible = least.max((genome as f64 / (mean(&a) + mean(&b))) as u64);
        let table = [[overlaps, alone[0]], [alone[1], possible - least]];
        Ok(Counts {
            first,
            second,
            overlaps,
            possible,
            table,
        })
    }
}

/// Number of relative distances in each hundredth.
pub fn hundredths(distances: &[(u32, f64)]) -> BTreeMap<i64, usize> {
    let mut out = BTreeMap::new();
    for (_, distance) in distances {
        // single precision, as bedtools
        *out.entry((*distance as f32 * 100.0).floor() as i64)
            .or_default() += 1;
    }
    out
}
