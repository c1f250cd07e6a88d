//! Labels along the sequence: bins of a window that move, turn and change strand together with it.

use super::column::Column;
use super::labels::Reading;
use crate::seq::Track;
use crate::seq::contigs::Contigs;
use crate::seq::track::Run;
use cistron_base::{Interval, Result, Strand};
use cistron_base::{bail, fault};
use std::sync::Arc;

/// How labels are placed along the sequence of their row.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Labels of each group, which are bins from one end of a window to the other.
    pub bins: usize,
    /// The signals that the labels were read from, where they are known.
    pub source: Option<Source>,
}

/// The signals that labels were read from, base by base.
#[derive(Clone, Debug)]
pub struct Source {
    /// A channel for each group of labels, along the regions of the sequences; NaN where a base has
    /// no value.
    pub column: Column,
    /// The first base of the labelled window within the sequence, as read.
    pub offset: usize,
    /// Bases of the window.
    pub width: usize,
    /// How values become labels.
    pub reading: Reading,
}

impl Source {
    /// Appends the labels of one window's values, which a channel after the other holds.
    pub fn labels(&self, windows: &[&[f32]], bins: usize, out: &mut Vec<f32>) -> Result<()> {
        for values in windows {
            let numbers = binned(values, bins, &self.reading)?;
            out.extend(numbers.into_iter().map(|value| self.reading.label(value)));
        }
        Ok(())
    }

    /// Whether rows of another source have the layout of this one.
    pub fn is_like(&self, other: &Source) -> bool {
        let same = match (&self.column, &other.column) {
            (Column::Signal { channels: a, .. }, Column::Signal { channels: b, .. }) => {
                a.is_same(b)
            }
            _ => false,
        };
        same && (self.offset, self.width) == (other.offset, other.width)
            && self.reading == other.reading
    }
}

/// A number for each bin of values base by base; the bins are those of [`Track::bins`].
fn binned(values: &[f32], bins: usize, how: &Reading) -> Result<Vec<f64>> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, value) in values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_nan())
    {
        let at = at as i64;
        match runs.last_mut() {
            Some(last) if last.end == at && last.value == *value => last.end += 1,
            _ => runs.push(Run {
                start: at,
                end: at + 1,
                value: *value,
            }),
        }
    }
    let length = values.len() as i64;
    let contigs = Contigs::new(vec!["window".into()], vec![length]);
    let track = Track::of_runs("window".into(), contigs, vec![runs]);
    track.bins(
        &Interval::new(0, 0, length),
        bins,
        how.statistic,
        how.missing,
    )
}

/// The first base and the width of windows within regions as read, where they are the same for
/// every row.
pub fn window(regions: &[Interval], windows: &[Interval]) -> Option<(usize, usize)> {
    let within = |(region, window): (&Interval, &Interval)| -> Option<(usize, usize)> {
        let inside = region.chrom == window.chrom
            && region.start <= window.start
            && window.end <= region.end;
        let reverse = region.strand == Strand::Reverse;
        let offset = if reverse {
            region.end - window.end
        } else {
            window.start - region.start
        };
        (inside && !window.is_empty()).then_some((offset as usize, window.len() as usize))
    };
    let mut all = regions.iter().zip(windows).map(within);
    let first = all.next()??;
    (regions.len() == windows.len() && all.all(|other| other == Some(first))).then_some(first)
}

/// The label that each becomes on the reverse strand: bins run backwards, and paired groups change
/// places. None where every label keeps its place.
pub fn partners(groups: usize, bins: usize, pairs: &[(usize, usize)]) -> Option<Arc<Vec<usize>>> {
    if bins <= 1 && pairs.is_empty() {
        return None;
    }
    let partner = |group: usize| {
        let of = |(a, b): &(usize, usize)| {
            if *a == group {
                Some(*b)
            } else {
                (*b == group).then_some(*a)
            }
        };
        pairs.iter().find_map(of).unwrap_or(group)
    };
    Some(Arc::new(
        (0..groups * bins)
            .map(|i| partner(i / bins) * bins + (bins - 1 - i % bins))
            .collect(),
    ))
}

/// Puts the labels of rows on the reverse strand in the places of their partners.
pub fn orient(values: &mut [f32], partners: &[usize], regions: &[Interval]) {
    let tasks = partners.len();
    for (row, _) in regions
        .iter()
        .enumerate()
        .filter(|(_, region)| region.strand == Strand::Reverse)
    {
        let own = &mut values[row * tasks..(row + 1) * tasks];
        let before = own.to_vec();
        own.iter_mut()
            .zip(partners)
            .for_each(|(label, partner)| *label = before[*partner]);
    }
}

/// Words for the two strands.
const STRANDS: [(&str, &str); 4] = [
    ("plus", "minus"),
    ("pos", "neg"),
    ("fwd", "rev"),
    ("forward", "reverse"),
];

/// Pairs of names that differ by nothing but a word for the strand: `ctcf_plus` and `ctcf_minus`.
pub fn named_pairs(names: &[String]) -> Vec<(usize, usize)> {
    let words = |name: &str| -> Vec<String> {
        let lower = name.to_lowercase();
        lower
            .split(['_', '.', '-', ' '])
            .map(str::to_string)
            .collect()
    };
    let split: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let is_pair = |a: &[String], b: &[String]| {
        let differing: Vec<_> = a.iter().zip(b).filter(|(x, y)| x != y).collect();
        let [(x, y)] = differing[..] else {
            return false;
        };
        a.len() == b.len() && STRANDS.iter().any(|(plus, minus)| x == plus && y == minus)
    };
    let mut out = Vec::new();
    for (i, plus) in split.iter().enumerate() {
        let partners: Vec<usize> = (0..split.len())
            .filter(|j| is_pair(plus, &split[*j]))
            .collect();
        if let [minus] = partners[..] {
            out.push((i, minus));
        }
    }
    out
}

/// Pairs of groups out of pairs of their names.
pub fn pairs_of(names: &[String], pairs: &[(String, String)]) -> Result<Vec<(usize, usize)>> {
    let known = || {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let find = |name: &str| {
        let at = names.iter().position(|own| own == name);
        at.ok_or_else(|| fault!("name", "no label is called `{name}`; there are {}", known()))
    };
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (plus, minus) in pairs {
        let pair = (find(plus)?, find(minus)?);
        let used = out
            .iter()
            .flat_map(|(a, b)| [*a, *b])
            .any(|own| own == pair.0 || own == pair.1);
        if used || pair.0 == pair.1 {
            bail!(
                "option",
                "label `{plus}` or `{minus}` is in two pairs: a label has one partner on the \
                reverse strand"
            );
        }
        out.push(pair);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seq::track::{Missing, Statistic};

    #[test]
    fn bins_turn_and_strands_change_places() {
        assert_eq!(*partners(2, 3, &[]).unwrap(), [2, 1, 0, 5, 4, 3]);
        assert_eq!(*partners(2, 2, &[(0, 1)]).unwrap(), [3, 2, 1, 0]);
        assert_eq!(*partners(3, 1, &[(2, 0)]).unwrap(), [2, 1, 0]);
        assert!(partners(3, 1, &[]).is_none());
        let region = |strand| Interval {
            strand,
            ..Interval::new(0, 0, 8)
        };
        let mut values = vec![1.0, 2.0, 3.0, 4.0];
        orient(
            &mut values,
            &[1, 0],
            &[region(Strand::Forward), region(Strand::Reverse)],
        );
        assert_eq!(values, [1.0, 2.0, 4.0, 3.0]);
    }

    #[test]
    fn names_of_strands_are_recognised() {
        let of =
            |names: &[&str]| named_pairs(&names.iter().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(of(&["minus", "plus"]), [(1, 0)]);
        assert_eq!(
            of(&["ctcf_minus", "ctcf_plus", "sp1.neg", "sp1.pos"]),
            [(1, 0), (3, 2)]
        );
        assert_eq!(of(&["plus"]), []);
        assert_eq!(of(&["a_plus", "b_minus"]), []);
        assert_eq!(of(&["surplus", "surminus"]), []);
    }

    #[test]
    fn bins_of_values_are_those_of_the_track() {
        let runs = vec![
            Run {
                start: 2,
                end: 5,
                value: 1.5,
            },
            Run {
                start: 7,
                end: 8,
                value: -2.0,
            },
        ];
        let track = Track::of_runs(
            "t".into(),
            Contigs::new(vec!["c".into()], vec![11]),
            vec![runs],
        );
        let whole = Interval::new(0, 0, 11);
        let mut values = Vec::new();
        track.values_into(&whole, f32::NAN, &mut values).unwrap();
        for name in Statistic::NAMES {
            for missing in [Missing::Zero, Missing::Skip] {
                for bins in 1..=13 {
                    let how = Reading {
                        statistic: Statistic::named(name),
                        bins,
                        log1p: false,
                        missing,
                    };
                    let (own, theirs) = (
                        binned(&values, bins, &how),
                        track.bins(&whole, bins, how.statistic, missing),
                    );
                    let same = own
                        .unwrap()
                        .iter()
                        .zip(theirs.unwrap())
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{name} {missing:?} {bins}");
                }
            }
        }
    }

    #[test]
    fn windows_have_one_place_in_all_regions() {
        let region = |start, end, strand| Interval {
            strand,
            ..Interval::new(0, start, end)
        };
        let regions = [
            region(0, 10, Strand::Forward),
            region(20, 30, Strand::Reverse),
        ];
        let windows = [region(1, 5, Strand::None), region(25, 29, Strand::None)];
        assert_eq!(window(&regions, &windows), Some((1, 4)));
        assert_eq!(
            window(&regions, &[windows[0], region(24, 28, Strand::None)]),
            None
        );
        assert_eq!(window(&regions[..1], &[region(8, 12, Strand::None)]), None);
    }
}
