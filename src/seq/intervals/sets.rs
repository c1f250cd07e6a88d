//! What two lists of intervals have to do with each other: intersect, subtract, merge, complement, closest.

use super::{Field, Intervals, by_chrom};
use crate::bail;
use crate::base::{Interval, Result, Strand, StrandRule};
use coitrees::{COITree, Interval as Node, IntervalTree};

/// When two intervals count as overlapping.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Bases that they share at least.
    pub bp: i64,
    /// The share of the first that the overlap makes up at least.
    pub fraction: f64,
    /// The share of the second.
    pub other_fraction: f64,
    /// What is asked of their strands.
    pub strand: StrandRule,
}

impl Default for Rule {
    fn default() -> Self {
        Rule { bp: 1, fraction: 0.0, other_fraction: 0.0, strand: StrandRule::Any }
    }
}

impl Rule {
    fn accepts(&self, a: &Interval, b: &Interval) -> bool {
        let shared = a.overlap(b);
        shared >= self.bp.max(1)
            && shared as f64 >= self.fraction * a.len() as f64
            && shared as f64 >= self.other_fraction * b.len() as f64
            && a.strand.is_as(b.strand, self.strand)
    }
}

/// What `intersect` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The shared stretch, once for each pair.
    Overlap,
    /// The first interval, once for each pair.
    Whole,
    /// The first interval, once.
    Once,
    /// First intervals without any overlap.
    Absent,
}

/// Intervals by chromosome, for searching.
pub struct Index<'a> {
    list: &'a Intervals,
    trees: Vec<Option<COITree<u32, u32>>>,
}

impl<'a> Index<'a> {
    /// An index of a list; fails where a chromosome is longer than 2^31 bases.
    pub fn new(list: &'a Intervals) -> Result<Index<'a>> {
        if let Some(i) = list.rows.iter().position(|row| row.end > i64::from(i32::MAX) || row.start < i64::from(i32::MIN)) {
            bail!("data", "interval {i} ({}) lies beyond position 2,147,483,647", list.shown(i));
        }
        let trees = by_chrom(list)
            .into_iter()
            .map(|rows| {
                let nodes: Vec<Node<u32>> =
                    rows.iter().map(|i| (&list.rows[*i as usize], *i)).map(|(row, i)| Node::new(row.start as i32, (row.end - 1) as i32, i)).collect();
                (!nodes.is_empty()).then(|| COITree::new(&nodes))
            })
            .collect();
        Ok(Index { list, trees })
    }

    /// The rows that overlap an interval by a rule, in order.
    pub fn hits(&self, a: &Interval, rule: &Rule, out: &mut Vec<u32>) {
        out.clear();
        let Some(Some(tree)) = self.trees.get(a.chrom as usize) else { return };
        let clamp = |x: i64| x.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        tree.query(clamp(a.start), clamp(a.end - 1), |node| {
            #[allow(clippy::clone_on_copy)] // a reference or a value, by the processor's tree
            let row: u32 = node.metadata.clone();
            if rule.accepts(a, &self.list.rows[row as usize]) {
                out.push(row);
            }
        });
        out.sort_unstable();
    }
}

impl Intervals {
    /// Overlaps with another list.
    pub fn intersect(&self, other: &Intervals, rule: &Rule, report: Report) -> Result<Intervals> {
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let (mut rows, mut pieces, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for (i, row) in a.rows.iter().enumerate() {
            index.hits(row, rule, &mut hits);
            match report {
                Report::Overlap => hits.iter().for_each(|hit| {
                    let found = &b.rows[*hit as usize];
                    rows.push(i as u32);
                    pieces.push(Interval { start: row.start.max(found.start), end: row.end.min(found.end), ..*row });
                }),
                Report::Whole => rows.extend(hits.iter().map(|_| i as u32)),
                Report::Once if !hits.is_empty() => rows.push(i as u32),
                Report::Absent if hits.is_empty() => rows.push(i as u32),
                Report::Once | Report::Absent => {}
            }
        }
        let mut out = a.select(&rows);
        if report == Report::Overlap {
            out.rows = pieces;
        }
        Ok(out)
    }

    /// How many intervals of another list overlap each.
    pub fn counts(&self, other: &Intervals, rule: &Rule) -> Result<Vec<u32>> {
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let mut hits = Vec::new();
        Ok(a.rows
            .iter()
            .map(|row| {
                index.hits(row, rule, &mut hits);
                hits.len() as u32
            })
            .collect())
    }

    /// The share of each that another list covers.
    pub fn covered(&self, other: &Intervals, strand: StrandRule) -> Result<Vec<f64>> {
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let (mut hits, rule) = (Vec::new(), Rule { strand, ..Rule::default() });
        Ok(a.rows
            .iter()
            .map(|row| {
                index.hits(row, &rule, &mut hits);
                let pieces: Vec<Interval> = hits.iter().map(|hit| b.rows[*hit as usize]).collect();
                let covered: i64 = united(pieces).iter().map(|piece| piece.overlap(row)).sum();
                covered as f64 / row.len() as f64
            })
            .collect())
    }

    /// What another list leaves of each; with `whole`, an interval that is touched goes as a whole.
    pub fn subtract(&self, other: &Intervals, rule: &Rule, whole: bool) -> Result<Intervals> {
        if whole {
            return self.intersect(other, rule, Report::Absent);
        }
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let (mut rows, mut pieces, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for (i, row) in a.rows.iter().enumerate() {
            index.hits(row, rule, &mut hits);
            let mut at = row.start;
            let gone = united(hits.iter().map(|hit| b.rows[*hit as usize]).collect());
            for hole in gone.iter().chain([&Interval { start: row.end, end: row.end, ..*row }]) {
                if hole.start > at {
                    rows.push(i as u32);
                    pieces.push(Interval { start: at, end: hole.start.min(row.end), ..*row });
                }
                at = at.max(hole.end);
            }
        }
        let mut out = a.select(&rows);
        out.rows = pieces;
        Ok(out)
    }

    /// Overlapping and touching intervals, and those with at most `distance` bases between them, joined; the field
    /// `count` says how many went into each.
    pub fn merge(&self, distance: i64, by_strand: bool) -> Intervals {
        let order = self.order();
        let mut rows: Vec<Interval> = Vec::new();
        let mut counts: Vec<f64> = Vec::new();
        let mut open: std::collections::HashMap<Strand, usize> = Default::default();
        for i in order {
            let row = &self.rows[i as usize];
            let key = if by_strand { row.strand } else { Strand::None };
            let last = open.get(&key).copied().filter(|at| rows[*at].chrom == row.chrom && row.start <= rows[*at].end + distance);
            match last {
                Some(at) => {
                    rows[at].end = rows[at].end.max(row.end);
                    counts[at] += 1.0;
                }
                None => {
                    open.insert(key, rows.len());
                    rows.push(Interval { strand: key, ..*row });
                    counts.push(1.0);
                }
            }
        }
        Intervals::new(self.contigs.clone(), rows).with_field("count", Field::Number(counts))
    }

    /// What no interval covers of chromosomes that reach from and to the given coordinates.
    pub fn complement(&self, ranges: &[(i64, i64)]) -> Intervals {
        let merged = self.merge(0, false);
        let rows = by_chrom(&merged);
        let mut names: Vec<u32> = (0..self.contigs.len() as u32).collect();
        names.sort_by_key(|i| &self.contigs.names()[*i as usize]);
        let mut out = Vec::new();
        for chrom in names {
            let (mut at, end) = ranges[chrom as usize];
            for i in &rows[chrom as usize] {
                let row = &merged.rows[*i as usize];
                if row.start > at {
                    out.push(Interval::new(chrom, at, row.start.min(end)));
                }
                at = at.max(row.end);
            }
            if at < end {
                out.push(Interval::new(chrom, at, end));
            }
        }
        Intervals::new(self.contigs.clone(), out)
    }

    /// The nearest intervals of another list: for each row the rows at the smallest distance, and that distance. 0 is
    /// an overlap, 1 touches (as bedtools counts); nothing on the chromosome gives no row and -1.
    pub fn closest(&self, other: &Intervals, strand: StrandRule) -> Result<Vec<(Vec<u32>, i64)>> {
        let (a, b) = self.together(other);
        let index = Index::new(&b)?;
        let sides: Vec<Sides> = by_chrom(&b).into_iter().map(|rows| Sides::new(rows, &b)).collect();
        let rule = Rule { strand, ..Rule::default() };
        let mut hits = Vec::new();
        Ok(a.rows
            .iter()
            .map(|row| {
                index.hits(row, &rule, &mut hits);
                if !hits.is_empty() {
                    return (hits.clone(), 0);
                }
                sides[row.chrom as usize].nearest(row, &b, strand)
            })
            .collect())
    }

    /// Bases shared by two lists, as a share of the bases that either covers.
    pub fn jaccard(&self, other: &Intervals) -> Result<f64> {
        let total = |list: &Intervals| list.rows.iter().map(Interval::len).sum::<i64>() as f64;
        let (a, b) = (self.merge(0, false), other.merge(0, false));
        let shared = total(&a.intersect(&b, &Rule::default(), Report::Overlap)?);
        Ok(shared / (total(&a) + total(&b) - shared).max(1.0))
    }
}

/// Intervals of one chromosome with overlaps and touching ones joined, in order.
fn united(mut pieces: Vec<Interval>) -> Vec<Interval> {
    pieces.sort_by_key(|piece| piece.start);
    let mut out: Vec<Interval> = Vec::new();
    for piece in pieces {
        match out.last_mut() {
            Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
            _ => out.push(piece),
        }
    }
    out
}

/// The rows of a chromosome by start and by end.
struct Sides {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Sides {
    fn new(rows: Vec<u32>, list: &Intervals) -> Sides {
        let (mut starts, mut ends) = (rows.clone(), rows);
        starts.sort_by_key(|i| list.rows[*i as usize].start);
        ends.sort_by_key(|i| list.rows[*i as usize].end);
        Sides { starts, ends }
    }

    /// The nearest rows that do not overlap.
    fn nearest(&self, row: &Interval, list: &Intervals, strand: StrandRule) -> (Vec<u32>, i64) {
        let at = |i: &u32| &list.rows[*i as usize];
        let fits = |i: &&u32| row.strand.is_as(at(i).strand, strand);
        let right = self.starts.partition_point(|i| at(i).start < row.end);
        let left = self.ends.partition_point(|i| at(i).end <= row.start);
        let after = self.starts[right..].iter().find(fits).map(|i| at(i).start - row.end + 1);
        let before = self.ends[..left].iter().rev().find(fits).map(|i| row.start - at(i).end + 1);
        let Some(best) = after.into_iter().chain(before).min() else { return (Vec::new(), -1) };
        let mut found: Vec<u32> = self.starts[right..]
            .iter()
            .take_while(|i| at(i).start - row.end < best)
            .filter(fits)
            .filter(|i| at(i).start - row.end + 1 == best)
            .copied()
            .collect();
        found.extend(self.ends[..left].iter().rev().take_while(|i| row.start - at(i).end < best).filter(fits).filter(|i| row.start - at(i).end + 1 == best));
        found.sort_unstable();
        (found, best)
    }
}
