//! How another list covers each interval: counts, bases, depths.

use super::overlap::{Pairs, Rule};
use super::sets::united;
use super::{Field, Intervals};
use cistron_base::Result;
use std::collections::BTreeMap;

/// Bases at each depth.
pub type Histogram = BTreeMap<i64, i64>;

/// How one interval is covered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Covered {
    /// Intervals that overlap it.
    pub count: usize,
    /// Bases at each depth, 0 too.
    pub depths: Histogram,
}

impl Covered {
    /// Bases of the interval.
    pub fn length(&self) -> i64 {
        self.depths.values().sum()
    }

    /// Bases that are covered.
    pub fn bases(&self) -> i64 {
        self.depths
            .iter()
            .filter(|(depth, _)| **depth > 0)
            .map(|(_, n)| n)
            .sum()
    }

    fn mean(&self) -> f64 {
        self.depths.iter().map(|(depth, n)| depth * n).sum::<i64>() as f64 / self.length() as f64
    }
}

/// Bases at each depth of a range.
fn depths((start, end): (i64, i64), pieces: &[(i64, i64)]) -> Histogram {
    let mut steps: Vec<(i64, i64)> = pieces
        .iter()
        .flat_map(|(from, to)| [(*from, 1), (*to, -1)])
        .collect();
    steps.push((end, 0));
    steps.sort_unstable();
    let (mut at, mut depth, mut out) = (start, 0, Histogram::new());
    for (to, step) in steps {
        if to > at {
            *out.entry(depth).or_default() += to - at;
            at = to;
        }
        depth += step;
    }
    out
}

impl Intervals {
    /// How another list covers each. Only the blocks of BED12 rows count where the rule requires
    /// it; the length stays that of the whole interval, and each pair of blocks counts.
    pub fn coverage(&self, other: &Intervals, rule: &Rule) -> Result<Vec<Covered>> {
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let mut hits = Vec::new();
        let one = |i: usize| {
            pairs.hits(i, &mut hits);
            let pieces: Vec<(i64, i64)> =
                hits.iter().flat_map(|hit| pairs.pieces(i, *hit)).collect();
            let range = a.rows[i].padded();
            Covered {
                count: pieces.len(),
                depths: depths((range.start, range.end), &pieces),
            }
        };
        Ok((0..a.len()).map(one).collect())
    }

    /// The list with the fields `count`, `bases`, `length`, `share` and `mean`.
    pub fn with_coverage(&self, other: &Intervals, rule: &Rule) -> Result<Intervals> {
        let covered = self.coverage(other, rule)?;
        let field =
            |get: &dyn Fn(&Covered) -> f64| Field::Number(covered.iter().map(get).collect());
        Ok(self
            .select(&(0..self.len() as u32).collect::<Vec<_>>())
            .with_field("count", field(&|c| c.count as f64))
            .with_field("bases", field(&|c| c.bases() as f64))
            .with_field("length", field(&|c| c.length() as f64))
            .with_field("share", field(&|c| c.bases() as f64 / c.length() as f64))
            .with_field("mean", field(&Covered::mean)))
    }

    /// The share of each that another list covers.
    pub fn covered(&self, other: &Intervals, rule: &Rule) -> Result<Vec<f64>> {
        let (a, b) = self.together(other);
        let pairs = Pairs::new(&a, &b, rule)?;
        let mut hits = Vec::new();
        let one = |i: usize| {
            pairs.hits(i, &mut hits);
            let pieces = united(hits.iter().flat_map(|hit| pairs.pieces(i, *hit)).collect());
            pieces.iter().map(|(start, end)| end - start).sum::<i64>() as f64
                / a.rows[i].padded().len() as f64
        };
        Ok((0..a.len()).map(one).collect())
    }
}

/// Bases at each depth, over all intervals.
pub fn pooled(covered: &[Covered]) -> Histogram {
    let mut out = Histogram::new();
    for (depth, n) in covered.iter().flat_map(|c| &c.depths) {
        *out.entry(*depth).or_default() += n;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_counted_base_by_base() {
        assert_eq!(
            depths((0, 10), &[(0, 4), (2, 6)]),
            Histogram::from([(0, 4), (1, 4), (2, 2)])
        );
        assert_eq!(depths((5, 8), &[]), Histogram::from([(0, 3)]));
        assert_eq!(depths((5, 8), &[(5, 8)]), Histogram::from([(1, 3)]));
    }
}
