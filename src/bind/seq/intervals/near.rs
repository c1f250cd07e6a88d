//! What lies nearest, and how two lists lie to each other.

use super::{COUNT, STRAND, give, rule};
use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::data::label::strand_rule;
use crate::bind::seq::genome::{Genomic, Places};
use crate::bind::types::Tabled;
use crate::lang::Options;
use crate::lang::options::{Opt, OptKind, opt};
use crate::metrics::statistics::Alternative;
use crate::metrics::statistics::counts::fisher;
use crate::natives;
use crate::seq::Intervals;
use crate::seq::intervals::closest::{Search, Sign, Ties};
use crate::seq::intervals::{Field, compare};
use rhai::Map;
use std::rc::Rc;

const CLOSEST: &[Opt] = &[
    STRAND,
    opt(
        "ties",
        OptKind::Choice(&["all", "first", "last"]),
        "\"all\"",
        "which of several at the same distance are returned",
    ),
    opt(
        "k",
        OptKind::Int(1, 1 << 31),
        "1",
        "how many are returned at least, where there are so many",
    ),
    opt(
        "sign",
        OptKind::Choice(&["none", "reference", "first", "second"]),
        "\"none\"",
        "whether upstream distances are negative, and whose strand defines upstream: the reference's, the first interval's or the second's (`bedtools closest -D ref`, `a`, `b`)",
    ),
    opt(
        "skip_overlaps",
        OptKind::Bool,
        "false",
        "whether overlapping intervals are passed over (`-io`)",
    ),
    opt(
        "skip_upstream",
        OptKind::Bool,
        "false",
        "whether what lies upstream is passed over (`-iu`)",
    ),
    opt(
        "skip_downstream",
        OptKind::Bool,
        "false",
        "whether what lies downstream is passed over (`-id`)",
    ),
];
const RELDIST: &[Opt] = &[opt(
    "each",
    OptKind::Bool,
    "false",
    "whether each interval has its row; else their shares by hundredths are returned",
)];

/// Each interval with what is closest to it: rows are repeated where several are as close.
fn closest(list: &Intervals, other: &Intervals, o: &Options) -> Result<Places> {
    let search = Search {
        strand: strand_rule(&o.text("strand")),
        k: o.int("k") as usize,
        ties: match o.text("ties").as_str() {
            "first" => Ties::First,
            "last" => Ties::Last,
            _ => Ties::All,
        },
        sign: match o.text("sign").as_str() {
            "first" => Sign::First,
            "second" => Sign::Second,
            _ => Sign::Reference,
        },
        skip_overlaps: o.flag("skip_overlaps"),
        skip_upstream: o.flag("skip_upstream"),
        skip_downstream: o.flag("skip_downstream"),
    };
    let is_signed = o.text("sign") != "none";
    let (mut rows, mut hits, mut distances) = (Vec::new(), Vec::new(), Vec::new());
    for (i, found) in list.closest(other, &search)?.into_iter().enumerate() {
        if found.is_empty() {
            rows.push(i as u32);
            hits.push(None);
            distances.push(-1.0);
        }
        for (hit, distance) in found {
            rows.push(i as u32);
            hits.push(Some(hit));
            distances.push(if is_signed { distance } else { distance.abs() } as f64);
        }
    }
    let index = hits.iter().map(|hit| hit.map_or(-1.0, f64::from)).collect();
    let out = list.select(&rows).beside(other, &hits, "closest_")?;
    give(
        out.with_field("closest_index", Field::Number(index))
            .with_field("distance", Field::Number(distances)),
    )
}

fn relative(list: &Intervals, other: &Intervals, each: bool) -> Result<Tabled> {
    let found = list.relative_distances(other);
    if each {
        let rows = Cells::Whole(found.iter().map(|(row, _)| i64::from(*row)).collect());
        let distances = Cells::Number(found.iter().map(|(_, distance)| *distance).collect());
        return Ok(Tabled(Rc::new(Table::new(vec![
            ("row".into(), rows),
            ("distance".into(), distances),
        ])?)));
    }
    let (total, counts) = (found.len(), compare::hundredths(&found));
    let columns = vec![
        (
            "distance".into(),
            Cells::Number(counts.keys().map(|k| *k as f64 / 100.0).collect()),
        ),
        (
            "count".into(),
            Cells::Whole(counts.values().map(|n| *n as i64).collect()),
        ),
        (
            "total".into(),
            Cells::Whole(vec![total as i64; counts.len()]),
        ),
        (
            "share".into(),
            Cells::Number(counts.values().map(|n| *n as f64 / total as f64).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn exact(list: &Intervals, other: &Intervals, genome: &Genomic, o: &Options) -> Result<Map> {
    let counts = list.fisher_counts(other, genome.0.total(), &rule(o))?;
    let p = |alternative| fisher(counts.table, alternative);
    let two = p(Alternative::TwoSided)?;
    let whole = |n: u64| rhai::Dynamic::from(n as i64);
    Ok(Map::from([
        ("left".into(), p(Alternative::Less)?.p_value.into()),
        ("right".into(), p(Alternative::Greater)?.p_value.into()),
        ("p_value".into(), two.p_value.into()),
        ("ratio".into(), two.statistic.into()),
        ("overlaps".into(), whole(counts.overlaps)),
        ("possible".into(), whole(counts.possible)),
        (
            "table".into(),
            rhai::Dynamic::from(
                counts
                    .table
                    .map(|row| rhai::Dynamic::from(row.map(whole).to_vec()))
                    .to_vec(),
            ),
        ),
    ]))
}

natives! { natives in "intervals" {
    /// Finds what is closest in another list. Distances count as bedtools does: 0 overlaps, 1
    /// touches; index -1 is nothing on the chromosome.
    ///
    /// The columns of the other list are added as `closest_chrom`, `closest_start`, `closest_name`
    /// and so on.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [20], end: [30] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 45], end: [10, 50] });
    /// let found = a.closest(b)[0];
    /// assert_eq([found.closest_index, found.distance], [0.0, 11.0]);
    /// assert_eq(a.closest(b, #{ k: 2, sign: "reference" }).column("distance"), [-11.0, 16.0]);
    /// assert_eq(a.closest(b, #{ skip_upstream: true })[0].closest_start, 45.0);
    /// ```
    method "closest"(c, this: Places, other: Places; o = CLOSEST) -> "intervals with fields closest_chrom, closest_start, closest_end, closest_index, distance and those of the other list" { closest(&this.0, &other.0, &o) }

    /// Computes the bases from each interval to the one before it, as `bedtools spacing`.
    ///
    /// The field `spacing` is -1 for an overlap, 0 where they touch, and NaN for the first of a
    /// chromosome.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 15], end: [10, 20] });
    /// assert_eq(a.spacing()[1].spacing, 5.0);
    /// ```
    method "spacing"(c, this: Places) -> "intervals, sorted, with the field spacing" { give(this.0.spacing()) }

    /// Computes the bases that two lists share, as a share of those that either covers; NaN where
    /// neither covers any.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.jaccard(intervals::from(#{ chrom: ["chr1"], start: [5], end: [15] })), 5.0 / 15.0);
    /// ```
    method "jaccard"(c, this: Places, other: Places) -> "number from 0 to 1" { this.0.jaccard(&other.0) }

    /// Computes how far each lies between its two neighbours of another list, as
    /// `bedtools reldist`.
    ///
    /// 0 is at a neighbour, 0.5 in the middle between two; unrelated lists have all distances
    /// equally often. Intervals that have no neighbour on one side are left out.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [24], end: [26] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 99], end: [1, 101] });
    /// assert_eq(a.reldist(b)["distance"], [0.25]);
    /// ```
    method "reldist"(c, this: Places, other: Places; o = RELDIST) -> "table of distance, count, total and share" { relative(&this.0, &other.0, o.flag("each")) }

    /// Tests whether two lists overlap more or less often than by chance (Fisher), as
    /// `bedtools fisher`.
    ///
    /// The number of intervals that the genome could hold is estimated from the mean lengths of
    /// both lists.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1", "chr1"], start: [30, 100, 200], end: [40, 120, 220] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [30, 110], end: [35, 125] });
    /// let test = a.fisher(b, g);
    /// assert_eq(test.overlaps, 2);
    /// assert(test.right < 0.05);
    /// ```
    method "fisher"(c, this: Places, other: Places, genome: Genomic; o = COUNT) -> "map of left, right, p_value, ratio, overlaps, possible and table" { exact(&this.0, &other.0, &genome, &o) }
} }
