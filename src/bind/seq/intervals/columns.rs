//! Other lists at each interval: counts, coverage, summarised columns.

use super::{COUNT, OVERLAP, give, rule};
use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::seq::genome::Places;
use crate::bind::types::Tabled;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Options, session};
use crate::seq::Intervals;
use crate::seq::intervals::columns::{Operation, Request, summed};
use crate::seq::intervals::{Field, coverage, many};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

const DEPTHS: &[Opt] = &[
    OVERLAP[0],
    OVERLAP[1],
    OVERLAP[2],
    OVERLAP[3],
    OVERLAP[4],
    OVERLAP[5],
    opt(
        "each",
        OptKind::Bool,
        "false",
        "whether each interval has rows of its own, with its number in the column `row`; else all are pooled",
    ),
];
const CLUSTER: &[Opt] = &[
    opt(
        "distance",
        OptKind::Int(-MANY, MANY),
        "0",
        "intervals with at most so many bases between them are one cluster",
    ),
    opt(
        "by_strand",
        OptKind::Bool,
        "false",
        "whether strands are apart; intervals without a strand are left out then, as in bedtools",
    ),
];
const MULTI: &[Opt] = &[opt(
    "genome",
    OptKind::Other("genome"),
    "",
    "with a genome, what no list covers is returned too (`bedtools multiinter -empty`)",
)];

/// A map of columns and one or several operations:
/// `#{ score: "mean", name: ["distinct", "count"] }`.
pub fn requests(map: &Map) -> Result<Vec<Request>> {
    let mut out = Vec::new();
    for (name, value) in map {
        let words = match value.clone().into_array() {
            Ok(items) => items,
            Err(_) => vec![value.clone()],
        };
        for word in words {
            let word = word.clone().into_string().map_err(|_| {
                fault!("type", "the operation of column `{name}` must be a string or an array of strings, got {}", session::describe(&word))
                    .hint("such as `#{ score: \"mean\", name: [\"distinct\", \"count\"] }`")
            })?;
            out.push((
                name.to_string(),
                Operation::named(&word)
                    .map_err(|fault| fault.context(format!("column `{name}`")))?,
            ));
        }
    }
    Ok(out)
}

/// Named lists of intervals.
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

fn group(list: &Intervals, names: &Array, columns: &Map) -> Result<Tabled> {
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
    let (first, groups) = list.groups(&names)?;
    let keys = list.select(&first);
    let mut fields = names
        .iter()
        .map(|name| Ok((name.clone(), keys.column(name)?)))
        .collect::<Result<Vec<_>>>()?;
    fields.extend(summed(list, &groups, &requests(columns)?)?);
    let cells = |field: Field| match field {
        Field::Text(words) => Cells::Text(words.into_iter().map(String::from).collect()),
        Field::Number(numbers) => Cells::Number(numbers),
    };
    Ok(Tabled(Rc::new(Table::new(
        fields
            .into_iter()
            .map(|(name, field)| (name, cells(field)))
            .collect(),
    )?)))
}

fn depths(list: &Intervals, other: &Intervals, o: &Options) -> Result<Tabled> {
    let covered = list.coverage(other, &rule(o))?;
    let histograms: Vec<coverage::Histogram> = match o.flag("each") {
        true => covered.into_iter().map(|c| c.depths).collect(),
        false => vec![coverage::pooled(&covered)],
    };
    let (mut rows, mut depths, mut bases, mut lengths) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, histogram) in histograms.iter().enumerate() {
        let length: i64 = histogram.values().sum();
        for (depth, n) in histogram {
            rows.push(row as i64);
            depths.push(*depth);
            bases.push(*n);
            lengths.push(length);
        }
    }
    let shares = bases
        .iter()
        .zip(&lengths)
        .map(|(n, length)| *n as f64 / *length as f64)
        .collect();
    let mut columns = vec![
        ("depth".to_string(), Cells::Whole(depths)),
        ("bases".to_string(), Cells::Whole(bases)),
        ("length".to_string(), Cells::Whole(lengths)),
        ("share".to_string(), Cells::Number(shares)),
    ];
    if o.flag("each") {
        columns.insert(0, ("row".to_string(), Cells::Whole(rows)));
    }
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

natives! { natives in "intervals" {
    /// Counts for each how many of another list overlap it.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
    /// assert_eq(a.counts(intervals::from(#{ chrom: ["chr1"], start: [5], end: [9] })), [1, 0]);
    /// ```
    method "counts"(c, this: Places, other: Places; o = COUNT) -> "array of whole numbers" { Ok(array(this.0.counts(&other.0, &rule(&o))?.into_iter().map(i64::from))) }

    /// Computes the share of each that another list covers.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.covered(intervals::from(#{ chrom: ["chr1"], start: [5], end: [90] })), [0.5]);
    /// ```
    method "covered"(c, this: Places, other: Places; o = COUNT) -> "tensor [intervals] float64" {
        let shares = this.0.covered(&other.0, &rule(&o))?;
        Tensor::from_f64(&shares, &[shares.len() as i64])
    }

    /// Counts for each what overlaps it, the bases covered, and their mean depth.
    ///
    /// The fields are `count`, `bases`, `length`, `share` and `mean`, as `bedtools coverage` and
    /// its `-mean`.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20] });
    /// let row = a.coverage(b)[0];
    /// assert_eq([row.count, row.bases, row.share, row.mean], [2.0, 5.0, 0.5, 0.7]);
    /// ```
    method "coverage"(c, this: Places, other: Places; o = COUNT) -> "intervals with fields count, bases, length, share, mean" { give(this.0.with_coverage(&other.0, &rule(&o))?) }

    /// Counts the bases at each depth of coverage, as `bedtools coverage -hist`.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20] });
    /// let t = a.depths(b);
    /// assert_eq([t["depth"], t["bases"]], [[0, 1, 2], [5, 3, 2]]);
    /// ```
    method "depths"(c, this: Places, other: Places; o = DEPTHS) -> "table of depth, bases, length and share" { depths(&this.0, &other.0, &o) }

    /// Summarises columns of what overlaps each, as `bedtools map`.
    ///
    /// `columns` maps a column of the other list to one or several operations: `sum`, `mean`,
    /// `median`, `min`, `max`, `absmin`, `absmax`, `stdev`, `sstdev`, `mode`, `antimode`, `count`,
    /// `count_distinct`, `distinct`, `distinct_only`, `collapse`, `first` or `last`. Each becomes a
    /// field such as `score_mean`; where nothing overlaps it is NaN or ".".
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20], score: [1, 3], name: ["x", "y"] });
    /// let row = a.map(b, #{ score: ["mean", "max"], name: "collapse" })[0];
    /// assert_eq([row.score_mean, row.score_max, row.name_collapse], [2.0, 3.0, "x,y"]);
    /// ```
    method "map"(c, this: Places, other: Places, columns: Map; o = COUNT) -> "intervals with a field for each column and operation" { give(this.0.map(&other.0, &rule(&o), &requests(&columns)?)?) }

    /// Summarises columns of the rows that are alike in some columns, as `bedtools groupby`; rows
    /// need not be sorted.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [5, 8], end: [20, 20], score: [1, 3], name: ["x", "x"] });
    /// assert_eq(a.group(["chrom", "name"], #{ score: "sum" })["score_sum"], [4.0]);
    /// ```
    method "group"(c, this: Places, by: Array, columns: Map) -> "table of the columns and a column for each operation" { group(&this.0, &by, &columns) }

    /// Numbers groups of overlapping intervals, as `bedtools cluster`.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1", "chr1"], start: [0, 5, 50], end: [10, 20, 60] });
    /// assert_eq(a.cluster().column("cluster"), [1.0, 1.0, 2.0]);
    /// ```
    method "cluster"(c, this: Places; o = CLUSTER) -> "intervals, sorted, with the field cluster" { give(this.0.cluster(o.int("distance"), o.flag("by_strand"))) }

    /// Counts for each what overlaps it of several lists, and the share that each covers, as
    /// `bedtools annotate -both`.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let genes = intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] });
    /// let row = a.annotate(#{ genes: genes })[0];
    /// assert_eq([row.genes_count, row.genes_share], [1.0, 0.5]);
    /// ```
    method "annotate"(c, this: Places, lists: Map; o = COUNT) -> "intervals with fields NAME_count and NAME_share" { give(this.0.annotate(&named(&lists)?, &rule(&o))?) }

    /// Cuts what several lists cover wherever one of them begins or ends, as `bedtools multiinter`.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let b = intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] });
    /// let m = intervals::multi(#{ a: a, b: b });
    /// assert_eq([m.start, m.column("lists")], [[0, 5, 10], ["a", "a,b", "b"]]);
    /// ```
    function "multi"(c, lists: Map; o = MULTI) -> "intervals with fields count, lists, and 0 or 1 for each list" {
        let whole = o.get::<crate::bind::seq::genome::Genomic>("genome")?.map(|genome| genome.0.chromosomes());
        give(many::multi(&named(&lists)?, whole.as_ref()))
    }
} }
