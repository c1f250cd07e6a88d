//! What two lists share, and what one leaves of the other.

use super::{COUNT, OVERLAP, columns, give, rule};
use crate::base::Result;
use crate::bind::seq::genome::{Genomic, Places};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::seq::Intervals;
use crate::seq::intervals::sets::Report;
use crate::{bail, natives};

const INTERSECT: &[Opt] = &[
    OVERLAP[0],
    OVERLAP[1],
    OVERLAP[2],
    OVERLAP[3],
    OVERLAP[4],
    OVERLAP[5],
    opt(
        "report",
        OptKind::Choice(&["overlap", "whole", "once", "absent", "all"]),
        "\"overlap\"",
        "the shared range of each pair; the whole interval for each pair; the whole interval once; the intervals without any overlap; or the whole interval for each pair and those without any",
    ),
    opt(
        "prefix",
        OptKind::Text,
        "",
        "the columns of the second list are added under names with this prefix, and `overlap`, the shared bases; `other_` where the report is \"all\"",
    ),
];
const SUBTRACT: &[Opt] = &[
    OVERLAP[0],
    OVERLAP[1],
    OVERLAP[2],
    OVERLAP[3],
    OVERLAP[5],
    opt(
        "whole",
        OptKind::Bool,
        "false",
        "whether an interval that is touched goes as a whole",
    ),
];
const MERGE: &[Opt] = &[
    opt(
        "distance",
        OptKind::Int(-MANY, MANY),
        "0",
        "intervals with at most so many bases between them are joined; -1 wants one shared base",
    ),
    opt(
        "by_strand",
        OptKind::Bool,
        "false",
        "whether strands are joined apart; intervals without a strand are left out then, as in bedtools",
    ),
    opt(
        "columns",
        OptKind::Other("map of columns and operations"),
        "",
        "what is made of the columns of what is joined, as for `map`",
    ),
];

fn intersect(list: &Intervals, other: &Intervals, o: &crate::lang::Options) -> Result<Places> {
    let report = match o.text("report").as_str() {
        "whole" => Report::Whole,
        "once" => Report::Once,
        "absent" => Report::Absent,
        "all" => Report::All,
        _ => Report::Overlap,
    };
    let mut prefix = o.text("prefix");
    match report {
        Report::All if prefix.is_empty() => prefix = "other_".into(),
        Report::Once | Report::Absent if !prefix.is_empty() => {
            bail!("option", "`prefix` does nothing where the report is \"{}\"", o.text("report"); hint: "`report: \"whole\"` returns each pair")
        }
        _ => {}
    }
    give(list.intersect(other, &rule(o), report, &prefix)?)
}

fn merge(list: &Intervals, o: &crate::lang::Options) -> Result<Places> {
    let requests = o
        .get::<rhai::Map>("columns")?
        .map(|map| columns::requests(&map))
        .transpose()?
        .unwrap_or_default();
    give(list.merge_with(o.int("distance"), o.flag("by_strand"), &requests)?)
}

fn sizes(list: &Intervals, genome: Option<&Genomic>) -> Result<(Intervals, Vec<(i64, i64)>)> {
    if let Some(genome) = genome {
        let own = list.in_genome(&genome.0)?;
        return Ok((
            own,
            (0..genome.0.contigs.len() as u32)
                .map(|chrom| genome.0.range(chrom))
                .collect(),
        ));
    }
    if list.contigs.lengths().contains(&0) {
        bail!("value", "the lengths of the chromosomes are not known"; hint: "give the genome: `.complement(genome)`");
    }
    Ok((
        list.clone(),
        list.contigs.lengths().iter().map(|n| (0, *n)).collect(),
    ))
}

natives! { natives in "intervals" {
    /// Returns what two lists share.
    ///
    /// With `prefix` each pair has the columns of both lists, as `bedtools intersect -wo`;
    /// `report: "all"` keeps intervals without any overlap too (`-wao`): their other columns are
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
    method "intersect"(c, this: Places, other: Places; o = INTERSECT) -> "intervals with the fields of the first, of both with `prefix`" { intersect(&this.0, &other.0, &o) }

    /// Leaves out the intervals that touch another list, such as a blacklist.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
    /// assert_eq(a.exclude(intervals::from(#{ chrom: ["chr1"], start: [55], end: [56] })).start, [0]);
    /// ```
    method "exclude"(c, this: Places, other: Places; o = COUNT) -> "intervals" { give(this.0.intersect(&other.0, &rule(&o), Report::Absent, "")?) }

    /// Takes what another list covers out of each.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.subtract(intervals::from(#{ chrom: ["chr1"], start: [3], end: [5] })).end, [3, 10]);
    /// ```
    method "subtract"(c, this: Places, other: Places; o = SUBTRACT) -> "intervals" { give(this.0.subtract(&other.0, &rule(&o), o.flag("whole"))?) }

    /// Joins overlapping and touching intervals; `count` is the number that went into each.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 8], end: [10, 20], score: [1, 3] });
    /// assert_eq(a.merge()[0].count, 2.0);
    /// assert_eq(a.merge(#{ columns: #{ score: "mean" } })[0].score_mean, 2.0);
    /// ```
    method "merge"(c, this: Places; o = MERGE) -> "intervals, sorted, with the field count" { merge(&this.0, &o) }

    /// Joins two lists and what overlaps in them.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.union(intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] })).end, [20]);
    /// ```
    method "union"(c, this: Places, other: Places; o = MERGE) -> "intervals, sorted, with the field count" { merge(&this.0.concat(&other.0), &o) }

    /// Returns what no interval covers.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "ACGTACGTAC" });
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [2], end: [4] }).complement(g).start, [0, 4]);
    /// ```
    method "complement"(c, this: Places, genome: Option<Genomic>) -> "intervals, sorted" { let (own, ranges) = sizes(&this.0, genome.as_ref())?; give(own.complement(&ranges)) }

    /// Makes a row for each block of BED12 rows, such as the exons of transcripts.
    ///
    /// ```rhai
    /// let gene = intervals::from(#{ chrom: ["chr1"], start: [100], end: [200], block_sizes: ["10,20"], block_starts: ["0,80"] });
    /// assert_eq(gene.blocks().start, [100, 180]);
    /// ```
    method "blocks"(c, this: Places) -> "intervals" { give(this.0.exploded()?) }
} }
