//! Intervals of files and of columns.

use super::give;
use crate::base::{Interval, Result, Strand};
use crate::bind::seq::genome::{Genomic, Places};
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::{FromValue, Options, session};
use crate::seq::Intervals;
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Field;
use crate::seq::intervals::read::{self, Format, Plan, Policy, Unsorted};
use crate::{bail, fault, natives};
use rhai::Map;
use std::collections::HashMap;
use std::sync::Arc;

const READ: &[Opt] = &[
    opt(
        "format",
        OptKind::Choice(Format::NAMES),
        "",
        "the format; found by the file's name and content unless given",
    ),
    opt(
        "invalid",
        OptKind::Choice(&["error", "skip", "clip"]),
        "\"error\"",
        "rows that cannot be used (inverted, no whole numbers, out of bounds, unknown chromosome): the file is refused with all of them counted, they are left out and counted, or those that reach out of a chromosome are cut at its end",
    ),
    opt(
        "unsorted",
        OptKind::Choice(&["note", "sort", "error"]),
        "\"note\"",
        "a file whose rows are not in order: told (nothing here depends on it), sorted, or refused",
    ),
    opt(
        "genome",
        OptKind::Other("genome"),
        "",
        "the genome that must hold the rows; without one, bounds and chromosomes are not looked at",
    ),
];
/// In a check, a file that is not there is stood in for by a few intervals.
fn read(path: &str, o: &Options) -> Result<Places> {
    let genome = o.get::<Genomic>("genome")?;
    let policy = match o.text("invalid").as_str() {
        "skip" => Policy::Skip,
        "clip" => Policy::Clip,
        _ => Policy::Refuse,
    };
    let unsorted = match o.text("unsorted").as_str() {
        "sort" => Unsorted::Sort,
        "error" => Unsorted::Refuse,
        _ => Unsorted::Note,
    };
    let plan = Plan {
        format: Format::named(&o.text("format")),
        policy,
        unsorted,
        genome: genome.as_ref().map(|g| &*g.0),
    };
    match read::read(&session::find_input(path)?, &plan) {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![0]));
            let rows: Vec<Interval> = (0..8)
                .map(|i| Interval::new(0, 1500 + 100 * i, 1550 + 100 * i))
                .collect();
            let summits = rows.iter().map(|row| row.middle() as f64).collect();
            give(Intervals::new(contigs, rows).with_field("summit", Field::Number(summits)))
        }
        other => {
            let list = other?;
            list.notes
                .iter()
                .for_each(|note| crate::bind::train::fit::warn(note));
            give(list)
        }
    }
}

/// A column of a map of columns.
fn of_column<T: FromValue>(
    columns: &Map,
    name: &str,
    c: &rhai::NativeCallContext,
) -> Result<Option<T>> {
    let Some(value) = columns.get(name) else {
        return Ok(None);
    };
    T::from_value(&mut value.clone(), c)
        .map(Some)
        .map_err(|fault| fault.context(format!("column `{name}`")))
}

fn from_columns(columns: &Map, c: &rhai::NativeCallContext) -> Result<Places> {
    let need = |name: &str| {
        fault!(
            "value",
            "the map must hold `chrom`, `start` and `end`, `{name}` is not there"
        )
    };
    let chroms: Vec<String> = of_column(columns, "chrom", c)?.ok_or_else(|| need("chrom"))?;
    let starts: Vec<i64> = of_column(columns, "start", c)?.ok_or_else(|| need("start"))?;
    let ends: Vec<i64> = of_column(columns, "end", c)?.ok_or_else(|| need("end"))?;
    let strands: Option<Vec<String>> = of_column(columns, "strand", c)?;
    let n = chroms.len();
    let same = |name: &str, len: usize| {
        if len == n {
            Ok(())
        } else {
            Err(fault!(
                "value",
                "column `{name}` has {len} values, `chrom` has {n}"
            ))
        }
    };
    same("start", starts.len())?;
    same("end", ends.len())?;
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut rows = Vec::with_capacity(n);
    for i in 0..n {
        if starts[i] > ends[i] {
            bail!(
                "value",
                "interval {i} ({}:{}-{}) ends before it starts: coordinates are 0-based and half-open",
                chroms[i],
                starts[i],
                ends[i]
            );
        }
        let chrom = *known.entry(chroms[i].clone()).or_insert_with(|| {
            names.push(chroms[i].clone());
            names.len() as u32 - 1
        });
        let strand = match &strands {
            Some(all) => all.get(i).and_then(|s| Strand::parse(s)).ok_or_else(|| {
                fault!(
                    "value",
                    "the strand of interval {i} must be \"+\", \"-\" or \".\""
                )
            })?,
            None => Strand::None,
        };
        rows.push(Interval {
            chrom,
            strand,
            start: starts[i],
            end: ends[i],
        });
    }
    let lengths = vec![0; names.len()];
    let mut list = Intervals::new(Arc::new(Contigs::new(names, lengths)), rows);
    for (name, value) in columns
        .iter()
        .filter(|(name, _)| !["chrom", "start", "end", "strand"].contains(&name.as_str()))
    {
        let field = match (
            of_column::<Vec<f64>>(columns, name, c),
            of_column::<Vec<String>>(columns, name, c),
        ) {
            (Ok(Some(numbers)), _) => Field::Number(numbers),
            (_, Ok(Some(words))) => {
                Field::Text(words.into_iter().map(String::into_boxed_str).collect())
            }
            _ => bail!(
                "type",
                "column `{name}` must be an array of numbers or of strings, got {}",
                session::describe(value)
            ),
        };
        let len = match &field {
            Field::Number(v) => v.len(),
            Field::Text(v) => v.len(),
        };
        same(name, len)?;
        list = list.with_field(name, field);
    }
    give(list)
}

natives! { natives in "intervals" {
    /// Reads BED (3 to 12 columns and more), narrowPeak, broadPeak, GTF, GFF, VCF or bigBed, plain
    /// or gzipped.
    ///
    /// Coordinates become 0-based and half-open. Columns beyond the third are fields: `name`,
    /// `score`, `signal`, `p`, `q`, `summit` (an absolute position), those that a
    /// `#chrom start end …` line names, or `column4` and so on. GTF and GFF give `feature`,
    /// `gene_id`, `gene_name` …, VCF `reference` and `alternate`. The order of the file is kept. A
    /// file without rows is an empty list; rows whose start is their end are kept; symbolic alleles
    /// such as `<DEL>` reach to their `END`.
    ///
    /// ```rhai
    /// intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }).save("/tmp/cistron_example.bed");
    /// assert_eq(intervals::read("/tmp/cistron_example.bed")[0].end, 10);
    /// ```
    /// ```rhai,fails
    /// intervals::read("/nowhere.bed");
    /// //~ `/nowhere.bed`: no such file or directory
    /// ```
    function "read"(c, path: String; o = READ) -> "intervals" { read(&path, &o) }

    /// Makes intervals of columns: `chrom`, `start`, `end`, perhaps `strand`, and any fields.
    ///
    /// An interval whose start is its end holds no base: it is the place between two, such as that
    /// of an insertion.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 8], score: [1.5, 2.5] });
    /// assert_eq(list[1].score, 2.5);
    /// ```
    /// ```rhai,fails
    /// intervals::from(#{ chrom: ["chr1"], start: [10], end: [5] });
    /// //~ interval 0 (chr1:10-5) ends before it starts
    /// ```
    function "from"(c, columns: Map) -> "intervals" { from_columns(&columns, c.context) }
} }
