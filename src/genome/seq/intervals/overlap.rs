//! Which intervals of two lists overlap, by a rule.

use super::blocks::{self, Blocks};
use super::{Intervals, by_chrom};
use cistron_base::bail;
use cistron_base::{Interval, Result, StrandRule};
use coitrees::{COITree, Interval as Node, IntervalTree};

/// When two intervals count as overlapping. An interval without bases counts as the two bases
/// around it, as in bedtools.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Bases that they share at least.
    pub bp: i64,
    /// The share of the first that the overlap makes up at least.
    pub fraction: f64,
    /// The share of the second.
    pub other_fraction: f64,
    /// Whether one of the two shares is enough.
    pub either: bool,
    /// Whether only the blocks of BED12 rows count.
    pub split: bool,
    /// Which strands match.
    pub strand: StrandRule,
}

impl Default for Rule {
    fn default() -> Self {
        let strand = StrandRule::Any;
        Rule {
            bp: 1,
            fraction: 0.0,
            other_fraction: 0.0,
            either: false,
            split: false,
            strand,
        }
    }
}

impl Rule {
    /// Any overlap, by strand.
    pub fn of_strand(strand: StrandRule) -> Rule {
        Rule {
            strand,
            ..Rule::default()
        }
    }

    fn is_enough(&self, shared: i64, length: i64, other: i64) -> bool {
        let first = shared as f64 / length as f64 >= self.fraction;
        let second = shared as f64 / other as f64 >= self.other_fraction;
        shared >= self.bp.max(1)
            && if self.either {
                first || second
            } else {
                first && second
            }
    }

    fn accepts(&self, a: &Interval, b: &Interval) -> bool {
        let (x, y) = (a.padded(), b.padded());
        self.is_enough(x.overlap(&y), x.len(), y.len()) && a.strand.is_as(b.strand, self.strand)
    }
}

/// Intervals by chromosome, for searching.
pub struct Index<'a> {
    list: &'a Intervals,
    trees: Vec<Option<COITree<u32, u32>>>,
}

impl<'a> Index<'a> {
    /// An index of a list; fails where a chromosome is longer than 2^31 bases.
    pub fn new(list: &'a Intervals) -> Result<Index<'a>> {
        let limits = i64::from(i32::MIN)..i64::from(i32::MAX);
        let beyond =
            |row: &Interval| !limits.contains(&(row.start - 1)) || !limits.contains(&row.end);
        if let Some(i) = list.rows.iter().position(beyond) {
            bail!(
                "data",
                "interval {i} ({}) is beyond position 2,147,483,647",
                list.region_text(i)
            );
        }
        let node = |i: &u32| {
            let row = list.rows[*i as usize].padded();
            Node::new(row.start as i32, (row.end - 1) as i32, *i)
        };
        let tree = |rows: Vec<u32>| {
            let nodes: Vec<Node<u32>> = rows.iter().map(node).collect();
            (!nodes.is_empty()).then(|| COITree::new(&nodes))
        };
        let trees = by_chrom(list).into_iter().map(tree).collect();
        Ok(Index { list, trees })
    }

    /// The rows that overlap an interval by a rule, in order.
    pub fn hits(&self, a: &Interval, rule: &Rule, out: &mut Vec<u32>) {
        out.clear();
        let Some(Some(tree)) = self.trees.get(a.chrom as usize) else {
            return;
        };
        let clamp = |x: i64| x.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let range = a.padded();
        tree.query(clamp(range.start), clamp(range.end - 1), |node| {
            #[allow(clippy::clone_on_copy)] // a reference or a value, depending on the CPU's tree
            let row: u32 = node.metadata.clone();
            if rule.accepts(a, &self.list.rows[row as usize]) {
                out.push(row);
            }
        });
        out.sort_unstable();
    }
}

/// Overlaps between the rows of two lists that count the same chromosomes.
pub struct Pairs<'a> {
    a: &'a Intervals,
    b: &'a Intervals,
    index: Index<'a>,
    rule: Rule,
    /// The blocks of both lists, where only they count.
    blocks: Option<(Blocks, Blocks)>,
}

impl<'a> Pairs<'a> {
    /// An index of the second list, to be searched with rows of the first.
    pub fn new(a: &'a Intervals, b: &'a Intervals, rule: &Rule) -> Result<Pairs<'a>> {
        let blocks = match rule.split {
            true => Some((blocks::of(a)?, blocks::of(b)?)),
            false => None,
        };
        Ok(Pairs {
            a,
            b,
            index: Index::new(b)?,
            rule: *rule,
            blocks,
        })
    }

    /// The rows of the second list that overlap a row of the first, in order.
    pub fn hits(&self, row: usize, out: &mut Vec<u32>) {
        let Some((own, other)) = &self.blocks else {
            return self.index.hits(&self.a.rows[row], &self.rule, out);
        };
        self.index
            .hits(&self.a.rows[row], &Rule::of_strand(self.rule.strand), out);
        let length = blocks::length(&own[row]);
        out.retain(|hit| {
            let other = &other[*hit as usize];
            let shared = blocks::length(&blocks::shared(&own[row], other));
            self.rule.is_enough(shared, length, blocks::length(other))
        });
    }

    /// The ranges that a row shares with a hit: one, or one for each pair of blocks.
    pub fn pieces(&self, row: usize, hit: u32) -> Vec<(i64, i64)> {
        if let Some((own, other)) = &self.blocks {
            return blocks::shared(&own[row], &other[hit as usize]);
        }
        let (a, b) = (
            self.a.rows[row].padded(),
            self.b.rows[hit as usize].padded(),
        );
        vec![(a.start.max(b.start), a.end.min(b.end))]
    }

    /// Bases that a row shares with a hit; intervals without bases share none.
    pub fn bases(&self, row: usize, hit: u32) -> i64 {
        match &self.blocks {
            Some(_) => blocks::length(&self.pieces(row, hit)),
            None => self.a.rows[row].overlap(&self.b.rows[hit as usize]).max(0),
        }
    }
}
