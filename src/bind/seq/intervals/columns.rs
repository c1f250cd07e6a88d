//! Other lists at each interval: counts, coverage, summarised columns.

use crate::base::{Result, Table};
use crate::bind::args::intervals::{OverlapOptions, places, requests};
use crate::bind::types::{Genomic, Places, Tabled};
use crate::lang::{Native, Options, native, natives_of, session};
use crate::seq::Intervals;
use crate::seq::intervals::{coverage, many, tables};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

/// Options of `intervals.depths`.
#[derive(Options)]
pub struct DepthsOptions {
    #[option(flatten)]
    overlap: OverlapOptions,
    /// Whether each interval has separate rows, with its number in the column `row`; else all
    /// intervals are pooled.
    #[option(default = false)]
    each: bool,
}

/// Options of `intervals.cluster`.
#[derive(Options)]
pub struct ClusterOptions {
    /// Largest number of bases between two intervals of a cluster.
    #[option(default = 0)]
    distance: i64,
    /// Whether strands are clustered separately; intervals without a strand are then left out, as
    /// in bedtools.
    #[option(default = false)]
    by_strand: bool,
}

/// Options of `intervals::multi`.
#[derive(Options)]
pub struct MultiOptions {
    /// Genome whose ranges that no list covers are returned too (`bedtools multiinter -empty`).
    genome: Option<Genomic>,
}

/// The named lists of a map.
fn named(map: &Map) -> Result<Vec<(String, Intervals)>> {
    if map.is_empty() {
        bail!("value", "the map holds no list"; hint: "such as `#{{ a: peaks, b: genes }}`");
    }
    let one = |(name, value): (&rhai::Identifier, &Dynamic)| match value.read_lock::<Places>() {
        Some(list) => Ok((name.to_string(), (*list.0).clone())),
        None => Err(fault!(
            "type",
            "`{name}` must be intervals, got {}",
            session::describe(value)
        )),
    };
    map.iter().map(one).collect()
}

/// A row for each combination of values of some columns, with summaries of other columns.
fn grouped(list: &Intervals, names: &Array, columns: &Map) -> Result<Table> {
    let names: Vec<String> = names
        .iter()
        .map(|name| {
            name.clone().into_string().map_err(|_| {
                fault!(
                    "type",
                    "names of columns are strings, got {}",
                    session::describe(name)
                )
            })
        })
        .collect::<Result<_>>()?;
    list.grouped(&names, &requests(columns)?)
}

/// Counts for each interval the intervals of another list that overlap it.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
/// assert_eq(a.counts(intervals::from(#{ chrom: ["chr1"], start: [5], end: [9] })), [1, 0]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn counts(
    this: &Places,
    /// Intervals that are counted.
    other: &Places,
    options: OverlapOptions,
) -> Result<Vec<i64>> {
    let counts = this.0.counts(&other.0, &options.rule())?;
    Ok(counts.into_iter().map(i64::from).collect())
}

/// Computes the fraction of each interval that another list covers.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(a.covered(intervals::from(#{ chrom: ["chr1"], start: [5], end: [90] })), [0.5]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn covered(
    this: &Places,
    /// Intervals that cover.
    other: &Places,
    options: OverlapOptions,
) -> Result<Tensor> {
    let fractions = this.0.covered(&other.0, &options.rule())?;
    Tensor::from_f64(&fractions, &[fractions.len() as i64])
}

/// Computes for each interval how another list covers it.
///
/// The fields are `count` (overlapping intervals), `bases` (covered), `length`, `share` (covered
/// fraction) and `mean` (mean depth), as those of `bedtools coverage` and its `-mean`.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20] });
/// let row = a.coverage(b)[0];
/// assert_eq([row.count, row.bases, row.share, row.mean], [2.0, 5.0, 0.5, 0.7]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals with fields count, bases, length, share, mean"
)]
pub fn coverage(
    this: &Places,
    /// Intervals that cover.
    other: &Places,
    options: OverlapOptions,
) -> Result<Places> {
    this.0.with_coverage(&other.0, &options.rule()).map(places)
}

/// Counts the bases at each depth of coverage, as `bedtools coverage -hist`.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20] });
/// let t = a.depths(b);
/// assert_eq([t["depth"], t["bases"]], [[0, 1, 2], [5, 3, 2]]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "table of depth, bases, length and share"
)]
pub fn depths(
    this: &Places,
    /// Intervals that cover.
    other: &Places,
    options: DepthsOptions,
) -> Result<Tabled> {
    let covered = this.0.coverage(&other.0, &options.overlap.rule())?;
    let histograms = match options.each {
        true => covered
            .into_iter()
            .map(|interval| interval.depths)
            .collect(),
        false => vec![coverage::pooled(&covered)],
    };
    let table = tables::depths(&histograms, options.each)?;
    Ok(Tabled(Rc::new(table)))
}

/// Summarises columns of the intervals that overlap each, as `bedtools map`.
///
/// The operations are `sum`, `mean`, `median`, `min`, `max`, `absmin`, `absmax`, `stdev`,
/// `sstdev`, `mode`, `antimode`, `count`, `count_distinct`, `distinct`, `distinct_only`,
/// `collapse`, `first` and `last`. Each becomes a field such as `score_mean`; where nothing
/// overlaps it is NaN or ".".
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// let b = intervals::from(
///     #{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20], score: [1, 3], name: ["x", "y"] }
/// );
/// let row = a.map(b, #{ score: ["mean", "max"], name: "collapse" })[0];
/// assert_eq([row.score_mean, row.score_max, row.name_collapse], [2.0, 3.0, "x,y"]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals with a field for each column and operation"
)]
pub fn map(
    this: &Places,
    /// Intervals whose columns are summarised.
    other: &Places,
    /// Map of a column of the other list to an operation or an array of them.
    columns: &Map,
    options: OverlapOptions,
) -> Result<Places> {
    let requests = requests(columns)?;
    this.0.map(&other.0, &options.rule(), &requests).map(places)
}

/// Summarises columns of rows with equal values, as `bedtools groupby`.
///
/// The rows need not be sorted.
///
/// ```rhai
/// let a = intervals::from(
///     #{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20], score: [1, 3], name: ["x", "x"] }
/// );
/// assert_eq(a.group(["chrom", "name"], #{ score: "sum" })["score_sum"], [4.0]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "table of the columns and a column for each operation"
)]
pub fn group(
    this: &Places,
    /// Names of the columns whose values are equal within a group.
    by: &Array,
    /// Map of a column to an operation or an array of them, as for `map`.
    columns: &Map,
) -> Result<Tabled> {
    Ok(Tabled(Rc::new(grouped(&this.0, by, columns)?)))
}

/// Numbers clusters of overlapping intervals, as `bedtools cluster`.
///
/// ```rhai
/// let a = intervals::from(
///     #{ chrom: ["chr1", "chr1", "chr1"], start: [0, 5, 50], end: [10, 20, 60] }
/// );
/// assert_eq(a.cluster().column("cluster"), [1.0, 1.0, 2.0]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, sorted, with the field cluster"
)]
pub fn cluster(this: &Places, options: ClusterOptions) -> Places {
    places(this.0.cluster(options.distance, options.by_strand))
}

/// Counts the overlaps of each interval with several lists.
///
/// A second field is the fraction of the interval that a list covers. The columns are those of
/// `bedtools annotate -both`.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// let genes = intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] });
/// let row = a.annotate(#{ genes: genes })[0];
/// assert_eq([row.genes_count, row.genes_share], [1.0, 0.5]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals with fields NAME_count and NAME_share"
)]
pub fn annotate(
    this: &Places,
    /// Map of names to intervals.
    lists: &Map,
    options: OverlapOptions,
) -> Result<Places> {
    this.0.annotate(&named(lists)?, &options.rule()).map(places)
}

/// Cuts the union of several lists at all their ends, as `bedtools multiinter`.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// let b = intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] });
/// let m = intervals::multi(#{ a: a, b: b });
/// assert_eq([m.start, m.column("lists")], [[0, 5, 10], ["a", "a,b", "b"]]);
/// ```
#[native(
    namespace = "intervals",
    returns = "intervals with fields count, lists, and 0 or 1 for each list"
)]
pub fn multi(
    /// Map of names to intervals.
    lists: &Map,
    options: MultiOptions,
) -> Result<Places> {
    let whole = options.genome.map(|genome| genome.0.chromosomes());
    Ok(places(many::multi(&named(lists)?, whole.as_ref())))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        counts, covered, coverage, depths, map, group, cluster, annotate, multi,
    ]
}
