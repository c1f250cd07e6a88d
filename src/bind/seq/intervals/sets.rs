//! Operations of two lists: intersection, difference, union, complement.

use crate::bail;
use crate::base::Result;
use crate::bind::args::genome::StrandCondition;
use crate::bind::args::intervals::{OverlapOptions, SharedOptions, places, requests};
use crate::bind::types::{Genomic, Places};
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::seq::Intervals;
use crate::seq::intervals::sets::Report;
use rhai::Map;

/// Options of `intervals.intersect`.
#[derive(Options)]
pub struct IntersectOptions {
    #[option(flatten)]
    overlap: OverlapOptions,
    /// What is returned: the shared range of each pair; the whole first interval for each pair; the
    /// whole first interval once; the intervals without any overlap; or the whole first interval
    /// for each pair and those without any overlap.
    #[option(default = "overlap")]
    report: ReportName,
    /// Prefix of the names of the columns of the second list, which are added with `overlap`, the
    /// number of shared bases; "other_" where the report is "all".
    prefix: Option<String>,
}

/// Options of `intervals.subtract`.
#[derive(Options)]
pub struct SubtractOptions {
    #[option(flatten)]
    shared: SharedOptions,
    /// Relation of the strands; an interval without a strand is neither the same nor opposite.
    #[option(default = "any")]
    strand: StrandCondition,
    /// Whether an interval with an overlap is left out as a whole.
    #[option(default = false)]
    whole: bool,
}

/// Options of `intervals.merge` and `intervals.union`.
#[derive(Options)]
pub struct MergeOptions {
    /// Largest number of bases between two intervals that are joined; -1 requires one shared base.
    #[option(default = 0)]
    distance: i64,
    /// Whether strands are joined separately; intervals without a strand are then left out, as in
    /// bedtools.
    #[option(default = false)]
    by_strand: bool,
    /// Map of a column to an operation or an array of them, which summarise the joined intervals,
    /// as for `map`.
    columns: Option<Map>,
}

/// The names of the reports of `intersect`.
#[derive(Choice, Clone, Copy)]
pub enum ReportName {
    /// The shared range of each pair.
    Overlap,
    /// The first interval of each pair.
    Whole,
    /// The first interval once.
    Once,
    /// The intervals without any overlap.
    Absent,
    /// The first interval of each pair, and those without any overlap.
    All,
}

impl From<ReportName> for Report {
    fn from(name: ReportName) -> Report {
        match name {
            ReportName::Overlap => Report::Overlap,
            ReportName::Whole => Report::Whole,
            ReportName::Once => Report::Once,
            ReportName::Absent => Report::Absent,
            ReportName::All => Report::All,
        }
    }
}

/// The prefix of the columns of the second list, which some reports do not have.
fn prefix_of(report: ReportName, prefix: Option<String>) -> Result<String> {
    let prefix = prefix.unwrap_or_default();
    match report {
        ReportName::All if prefix.is_empty() => Ok("other_".into()),
        ReportName::Once | ReportName::Absent if !prefix.is_empty() => {
            bail!("option", "`prefix` does nothing where the report is \"{}\"", report.as_str();
                hint: "`report: \"whole\"` returns each pair")
        }
        _ => Ok(prefix),
    }
}

fn merged(list: &Intervals, options: &MergeOptions) -> Result<Places> {
    let requests = options.columns.as_ref().map(requests).transpose()?;
    list.merge_with(
        options.distance,
        options.by_strand,
        &requests.unwrap_or_default(),
    )
    .map(places)
}

/// Returns the overlaps of two lists.
///
/// With `prefix` each pair has the columns of the two lists, as in `bedtools intersect -wo`;
/// `report: "all"` also returns intervals without any overlap (`-wao`), whose other columns are
/// ".", -1 or NaN. An interval without bases counts as the two bases around it, as in bedtools.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
/// let b = intervals::from(#{ chrom: ["1"], start: [5], end: [20], name: ["gene"] });
/// assert_eq(a.intersect(b).start, [5]);
/// assert_eq(a.intersect(b, #{ report: "absent" }).start, [50]);
/// let pair = a.intersect(b, #{ report: "whole", prefix: "b_" })[0];
/// assert_eq([pair.start, pair.b_start, pair.overlap], [0, 5.0, 5.0]);
/// assert_eq(a.intersect(b, #{ report: "all" }).column("other_name"), ["gene", "."]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals with the fields of the first, of both with `prefix`"
)]
pub fn intersect(
    this: &Places,
    /// Second list.
    other: &Places,
    options: IntersectOptions,
) -> Result<Places> {
    let prefix = prefix_of(options.report, options.prefix)?;
    let (rule, report) = (options.overlap.rule(), options.report.into());
    this.0
        .intersect(&other.0, &rule, report, &prefix)
        .map(places)
}

/// Returns the intervals that do not overlap another list, such as a blacklist.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
/// assert_eq(a.exclude(intervals::from(#{ chrom: ["chr1"], start: [55], end: [56] })).start, [0]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn exclude(
    this: &Places,
    /// Intervals that must not be overlapped.
    other: &Places,
    options: OverlapOptions,
) -> Result<Places> {
    this.0
        .intersect(&other.0, &options.rule(), Report::Absent, "")
        .map(places)
}

/// Removes the ranges that another list covers from each interval.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(a.subtract(intervals::from(#{ chrom: ["chr1"], start: [3], end: [5] })).end, [3, 10]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn subtract(
    this: &Places,
    /// Intervals whose ranges are removed.
    other: &Places,
    options: SubtractOptions,
) -> Result<Places> {
    let rule = options.shared.rule(options.strand, false);
    this.0.subtract(&other.0, &rule, options.whole).map(places)
}

/// Joins overlapping and touching intervals; `count` is the number of joined ones.
///
/// ```rhai
/// let a = intervals::from(
///     #{ chrom: ["chr1", "chr1"], start: [0, 8], end: [10, 20], score: [1, 3] }
/// );
/// assert_eq(a.merge()[0].count, 2.0);
/// assert_eq(a.merge(#{ columns: #{ score: "mean" } })[0].score_mean, 2.0);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, sorted, with the field count"
)]
pub fn merge(this: &Places, options: MergeOptions) -> Result<Places> {
    merged(&this.0, &options)
}

/// Concatenates two lists and joins overlapping and touching intervals.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(a.union(intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] })).end, [20]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, sorted, with the field count"
)]
pub fn union(
    this: &Places,
    /// Second list.
    other: &Places,
    options: MergeOptions,
) -> Result<Places> {
    merged(&this.0.concat(&other.0), &options)
}

/// Returns the ranges that no interval covers.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "ACGTACGTAC" });
/// assert_eq(
///     intervals::from(#{ chrom: ["chr1"], start: [2], end: [4] }).complement(g).start, [0, 4]
/// );
/// ```
#[native(namespace = "intervals", form = method, returns = "intervals, sorted")]
pub fn complement(
    this: &Places,
    /// Genome; needed unless the list was read with the lengths of its chromosomes.
    genome: Option<Genomic>,
) -> Result<Places> {
    let genome = genome.as_ref().map(|genome| &*genome.0);
    this.0.uncovered(genome).map(places)
}

/// Returns a row for each block of BED12 rows, such as the exons of transcripts.
///
/// ```rhai
/// let gene = intervals::from(#{
///     chrom: ["chr1"], start: [100], end: [200], block_sizes: ["10,20"], block_starts: ["0,80"]
/// });
/// assert_eq(gene.blocks().start, [100, 180]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn blocks(this: &Places) -> Result<Places> {
    this.0.exploded().map(places)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        intersect, exclude, subtract, merge, union, complement, blocks,
    ]
}
