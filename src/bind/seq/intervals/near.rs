//! Closest intervals, and measures of the similarity of two lists.

use crate::base::{Result, Table};
use crate::bind::args::genome::StrandCondition;
use crate::bind::args::intervals::{OverlapOptions, places};
use crate::bind::types::{Genomic, Places, Tabled};
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::metrics::statistics::{Alternative, counts as count_tests};
use crate::seq::Intervals;
use crate::seq::intervals::closest::{Search, Sign, Ties};
use crate::seq::intervals::tables;
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// Options of `intervals.closest`.
#[derive(Options)]
pub struct ClosestOptions {
    /// Relation of the strands; an interval without a strand is neither the same nor opposite.
    #[option(default = "any")]
    strand: StrandCondition,
    /// Which of several intervals at the same distance are returned.
    #[option(default = "all")]
    ties: TiesName,
    /// Smallest number of intervals that are returned, where the chromosome has so many.
    #[option(default = 1, min = 1, max = MOST_NEIGHBOURS)]
    k: usize,
    /// Whose strand defines upstream, where distances are negative: that of the reference, the
    /// first or the second interval (`bedtools closest -D ref`, `a`, `b`); "none" is unsigned.
    #[option(default = "none")]
    sign: SignName,
    /// Whether overlapping intervals are skipped (`-io`).
    #[option(default = false)]
    skip_overlaps: bool,
    /// Whether upstream intervals are skipped (`-iu`).
    #[option(default = false)]
    skip_upstream: bool,
    /// Whether downstream intervals are skipped (`-id`).
    #[option(default = false)]
    skip_downstream: bool,
}

/// Options of `intervals.reldist`.
#[derive(Options)]
pub struct ReldistOptions {
    /// Whether each interval has a row; else their fractions by hundredths are returned.
    #[option(default = false)]
    each: bool,
}

/// The largest `k` of `closest`.
const MOST_NEIGHBOURS: i64 = 1 << 31;

/// The names of the treatments of equal distances.
#[derive(Choice)]
pub enum TiesName {
    /// All are returned.
    All,
    /// The first is returned.
    First,
    /// The last is returned.
    Last,
}

impl From<TiesName> for Ties {
    fn from(name: TiesName) -> Ties {
        match name {
            TiesName::All => Ties::All,
            TiesName::First => Ties::First,
            TiesName::Last => Ties::Last,
        }
    }
}

/// The names of the signs of distances.
#[derive(Choice)]
pub enum SignName {
    /// Distances are absolute.
    None,
    /// Upstream of the reference is negative.
    Reference,
    /// Upstream of the first interval is negative.
    First,
    /// Upstream of the second interval is negative.
    Second,
}

impl SignName {
    /// The sign; none where distances are absolute.
    fn sign(&self) -> Option<Sign> {
        match self {
            SignName::None => None,
            SignName::Reference => Some(Sign::Reference),
            SignName::First => Some(Sign::First),
            SignName::Second => Some(Sign::Second),
        }
    }
}

/// A table of relative distances: a row for each interval, or counts by hundredths.
fn relative_distances(list: &Intervals, other: &Intervals, each: bool) -> Result<Table> {
    let distances = list.relative_distances(other);
    match each {
        true => tables::relative_distances(&distances),
        false => tables::distance_histogram(&distances),
    }
}

/// Finds the closest intervals of another list.
///
/// Distances are those of bedtools: 0 for overlaps, 1 for touching intervals. Where the chromosome
/// has no other interval, `closest_index` is -1. The columns of the other list are added as
/// `closest_chrom`, `closest_start`, `closest_name` and so on.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [20], end: [30] });
/// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 45], end: [10, 50] });
/// let found = a.closest(b)[0];
/// assert_eq([found.closest_index, found.distance], [0.0, 11.0]);
/// assert_eq(a.closest(b, #{ k: 2, sign: "reference" }).column("distance"), [-11.0, 16.0]);
/// assert_eq(a.closest(b, #{ skip_upstream: true })[0].closest_start, 45.0);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals with fields closest_chrom, closest_start, closest_end, closest_index, \
        distance and those of the other list"
)]
pub fn closest(
    this: &Places,
    /// Intervals that are searched.
    other: &Places,
    options: ClosestOptions,
) -> Result<Places> {
    let sign = options.sign.sign();
    let search = Search {
        strand: options.strand.into(),
        k: options.k,
        ties: options.ties.into(),
        sign: sign.unwrap_or_default(),
        skip_overlaps: options.skip_overlaps,
        skip_upstream: options.skip_upstream,
        skip_downstream: options.skip_downstream,
    };
    this.0
        .with_closest(&other.0, &search, sign.is_some())
        .map(places)
}

/// Computes the bases from each interval to the preceding one (`bedtools spacing`).
///
/// The field `spacing` is -1 for an overlap, 0 where they touch, and NaN for the first of a
/// chromosome.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 15], end: [10, 20] });
/// assert_eq(a.spacing()[1].spacing, 5.0);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, sorted, with the field spacing"
)]
pub fn spacing(this: &Places) -> Places {
    places(this.0.spacing())
}

/// Computes the Jaccard index of the bases of two lists.
///
/// It is the number of shared bases over that of the bases that either list covers; NaN where
/// neither list covers any base.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(a.jaccard(intervals::from(#{ chrom: ["chr1"], start: [5], end: [15] })), 5.0 / 15.0);
/// ```
#[native(namespace = "intervals", form = method, returns = "number from 0 to 1")]
pub fn jaccard(
    this: &Places,
    /// Intervals that are compared.
    other: &Places,
) -> Result<f64> {
    this.0.jaccard(&other.0)
}

/// Computes the relative distance to the two neighbours in another list.
///
/// As in `bedtools reldist`, 0 is at a neighbour and 0.5 in the middle between two; unrelated lists
/// have a uniform distribution of distances. Intervals that have no neighbour on one side are left
/// out.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [24], end: [26] });
/// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 99], end: [1, 101] });
/// assert_eq(a.reldist(b)["distance"], [0.25]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "table of distance, count, total and share"
)]
pub fn reldist(
    this: &Places,
    /// Intervals whose neighbours are searched.
    other: &Places,
    options: ReldistOptions,
) -> Result<Tabled> {
    let table = relative_distances(&this.0, &other.0, options.each)?;
    Ok(Tabled(Rc::new(table)))
}

/// Tests whether two lists overlap more or less often than by chance (Fisher).
///
/// As in `bedtools fisher`, the number of intervals that the genome could hold is estimated from
/// the mean lengths of the two lists.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
/// let a = intervals::from(
///     #{ chrom: ["chr1", "chr1", "chr1"], start: [30, 100, 200], end: [40, 120, 220] }
/// );
/// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [30, 110], end: [35, 125] });
/// let test = a.fisher(b, g);
/// assert_eq(test.overlaps, 2);
/// assert(test.right < 0.05);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "map of left, right, p_value, ratio, overlaps, possible and table"
)]
pub fn fisher(
    this: &Places,
    /// Intervals that are compared.
    other: &Places,
    /// Genome whose total length limits the number of possible intervals.
    genome: &Genomic,
    options: OverlapOptions,
) -> Result<Map> {
    let counts = this
        .0
        .fisher_counts(&other.0, genome.0.total(), &options.rule())?;
    let p = |alternative| count_tests::fisher(counts.table, alternative);
    let two = p(Alternative::TwoSided)?;
    let whole = |n: u64| Dynamic::from(n as i64);
    Ok(Map::from([
        ("left".into(), p(Alternative::Less)?.p_value.into()),
        ("right".into(), p(Alternative::Greater)?.p_value.into()),
        ("p_value".into(), two.p_value.into()),
        ("ratio".into(), two.statistic.into()),
        ("overlaps".into(), whole(counts.overlaps)),
        ("possible".into(), whole(counts.possible)),
        (
            "table".into(),
            Dynamic::from(
                counts
                    .table
                    .map(|row| Dynamic::from(row.map(whole).to_vec()))
                    .to_vec(),
            ),
        ),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![closest, spacing, jaccard, reldist, fisher]
}
