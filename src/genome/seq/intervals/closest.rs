//! The nearest intervals of another list.

use super::overlap::{Index, Rule};
use super::{Intervals, by_chrom};
use cistron_base::{Interval, Result, Strand, StrandRule};

/// Which of several at the same distance are returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// All of them.
    #[default]
    All,
    /// The first; upstream comes before downstream.
    First,
    /// The last; downstream comes after upstream.
    Last,
}

/// Whose strand defines upstream and downstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// The reference: upstream is left.
    #[default]
    Reference,
    /// The first interval's.
    First,
    /// The second interval's.
    Second,
}

/// Which neighbours are searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Which strands match.
    pub strand: StrandRule,
    /// How many are wanted; ties may return more.
    pub k: usize,
    /// Which of several at the same distance are returned.
    pub ties: Ties,
    /// Whose strand defines upstream.
    pub sign: Sign,
    /// Whether overlapping intervals are skipped.
    pub skip_overlaps: bool,
    /// Whether upstream intervals are skipped.
    pub skip_upstream: bool,
    /// Whether downstream intervals are skipped.
    pub skip_downstream: bool,
}

impl Default for Search {
    fn default() -> Self {
        Search {
            strand: StrandRule::Any,
            k: 1,
            ties: Ties::All,
            sign: Sign::Reference,
            skip_overlaps: false,
            skip_upstream: false,
            skip_downstream: false,
        }
    }
}

/// Rows at one distance.
type Level = (i64, Vec<u32>);

impl Search {
    /// Whether an interval to the right of another is upstream of it.
    fn is_right_upstream(&self, a: &Interval, b: &Interval) -> bool {
        match self.sign {
            Sign::Reference => false,
            Sign::First => a.strand == Strand::Reverse,
            Sign::Second => b.strand == Strand::Forward,
        }
    }

    /// Of the hits, nearest first, those that are wanted with their distances; upstream is
    /// negative.
    fn choose(&self, overlaps: &[u32], up: &[Level], down: &[Level]) -> Vec<(u32, i64)> {
        let mut out = Vec::new();
        let mut used = 0;
        let mut take = |rows: &[u32], distance: i64| {
            let rows = match self.ties {
                Ties::All => rows,
                Ties::First => &rows[..rows.len().min(1)],
                Ties::Last => &rows[rows.len().saturating_sub(1)..],
            };
            out.extend(rows.iter().map(|row| (*row, distance)));
            rows.len()
        };
        if !overlaps.is_empty() {
            used += take(overlaps, 0);
        }
        let (mut up, mut down) = (up.iter().peekable(), down.iter().peekable());
        while used < self.k {
            let of = |side: Option<&&Level>| side.map_or(i64::MAX, |level| level.0);
            let (before, after) = (of(up.peek()), of(down.peek()));
            if before == i64::MAX && after == i64::MAX {
                break;
            }
            if before <= after
                && let Some((distance, rows)) = up.next()
                && (before < after || self.ties != Ties::Last)
            {
                used += take(rows, -distance);
            }
            if after <= before
                && let Some((distance, rows)) = down.next()
                && (after < before || self.ties != Ties::First)
            {
                used += take(rows, *distance);
            }
        }
        out
    }
}

impl Intervals {
    /// The nearest intervals of another list: for each row, rows and distances, nearest first. 0 is
    /// an overlap, 1 touches (as bedtools counts), negative distances lie upstream.
    pub fn closest(&self, other: &Intervals, search: &Search) -> Result<Vec<Vec<(u32, i64)>>> {
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let sides: Vec<Sides> = by_chrom(&b)
            .into_iter()
            .map(|rows| Sides::new(rows, &b))
            .collect();
        let rule = Rule::of_strand(search.strand);
        let mut hits = Vec::new();
        let nearest = |row: &Interval| {
            hits.clear();
            if !search.skip_overlaps {
                index.hits(row, &rule, &mut hits);
            }
            if !hits.is_empty() && search.k <= 1 {
                return search.choose(&hits, &[], &[]);
            }
            let (up, down) = sides[row.chrom as usize].around(row, &b, search);
            search.choose(&hits, &up, &down)
        };
        Ok(a.rows.iter().map(nearest).collect())
    }
}

/// The rows of a chromosome by start and by end.
struct Sides {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Sides {
    fn new(rows: Vec<u32>, list: &Intervals) -> Sides {
        let (mut starts, mut ends) = (rows.clone(), rows);
        starts.sort_by_key(|i| list.rows[*i as usize].padded().start);
        ends.sort_by_key(|i| list.rows[*i as usize].padded().end);
        Sides { starts, ends }
    }

    /// Rows upstream and downstream that do not overlap, by distance.
    fn around(
        &self,
        row: &Interval,
        list: &Intervals,
        search: &Search,
    ) -> (Vec<Level>, Vec<Level>) {
        let own = row.padded();
        let at = |i: &u32| list.rows[*i as usize].padded();
        let right = self.starts.partition_point(|i| at(i).start < own.end);
        let left = self.ends.partition_point(|i| at(i).end <= own.start);
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let after = self.starts[right..]
            .iter()
            .map(|i| (*i, at(i).start - own.end + 1, true));
        let before = self.ends[..left]
            .iter()
            .rev()
            .map(|i| (*i, own.start - at(i).end + 1, false));
        self.gather(after, row, list, search, (&mut up, &mut down));
        self.gather(before, row, list, search, (&mut up, &mut down));
        for levels in [&mut up, &mut down] {
            levels.sort_by_key(|(distance, _): &Level| *distance);
            levels.dedup_by(|next, first| {
                let same = next.0 == first.0;
                if same {
                    first.1.append(&mut next.1);
                }
                same
            });
            levels.iter_mut().for_each(|(_, rows)| rows.sort_unstable());
        }
        (up, down)
    }

    /// Sorts rows of one side, nearest first, into upstream and downstream until as many distances
    /// as wanted are found.
    fn gather(
        &self,
        rows: impl Iterator<Item = (u32, i64, bool)>,
        row: &Interval,
        list: &Intervals,
        search: &Search,
        (up, down): (&mut Vec<Level>, &mut Vec<Level>),
    ) {
        let (mut distances, mut last) = (0, -1);
        for (i, distance, is_right) in rows {
            let other = &list.rows[i as usize];
            let is_up = search.is_right_upstream(row, other) == is_right;
            let skipped = if is_up {
                search.skip_upstream
            } else {
                search.skip_downstream
            };
            if skipped || !row.strand.is_as(other.strand, search.strand) {
                continue;
            }
            if distance != last {
                if distances == search.k {
                    return;
                }
                (distances, last) = (distances + 1, distance);
            }
            let levels = if is_up { &mut *up } else { &mut *down };
            match levels.last_mut() {
                Some((own, rows)) if *own == distance => rows.push(i),
                _ => levels.push((distance, vec![i])),
            }
        }
    }
}
