//! One list: its rows, columns and order.

use super::give;
use crate::base::{Interval, Result, shape};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::seq::genome::Places;
use crate::bind::tensor::file::written;
use crate::lang::options::{Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, FromValue, session};
use crate::seq::Intervals;
use crate::seq::intervals::{Field, Order};
use crate::{fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;

const SEED: &[Opt] = &[SEEDED];
const SORT: &[Opt] = &[
    opt(
        "by",
        OptKind::Choice(&["position", "size", "chrom_size", "score", "chrom_score"]),
        "\"position\"",
        "chromosome name and start, the length, the field `score`, or one of both within each chromosome",
    ),
    opt(
        "descending",
        OptKind::Bool,
        "false",
        "whether the largest come first; chromosomes stay in order",
    ),
];

/// Stand-ins for files that are not there have no fields of their own: a check ends there, and
/// blames nobody.
fn unless_stand_in(mut fault: crate::base::Fault) -> crate::base::Fault {
    if session::is_dry() && session::is_guessed() {
        fault.kind = "file";
    }
    fault
}

fn field_value(field: &Field, row: usize) -> Dynamic {
    match field {
        Field::Text(values) => values[row].to_string().into(),
        Field::Number(values) => values[row].into(),
    }
}

fn row(list: &Intervals, i: i64) -> Result<Map> {
    let at = shape::index(i, list.len(), "intervals")?;
    let own = &list.rows[at];
    let mut map = Map::from([
        ("chrom".into(), list.chrom(at).to_string().into()),
        ("start".into(), own.start.into()),
        ("end".into(), own.end.into()),
        ("strand".into(), own.strand.letter().to_string().into()),
    ]);
    map.extend(
        list.fields
            .iter()
            .map(|(name, field)| (name.into(), field_value(field, at))),
    );
    Ok(map)
}

fn column(list: &Intervals, name: &str) -> Result<Array> {
    Ok(match name {
        "chrom" => (0..list.len())
            .map(|i| list.chrom(i).to_string().into())
            .collect(),
        "start" => list.rows.iter().map(|row| row.start.into()).collect(),
        "end" => list.rows.iter().map(|row| row.end.into()).collect(),
        "strand" => list
            .rows
            .iter()
            .map(|row| row.strand.letter().to_string().into())
            .collect(),
        _ => {
            let field = list.need(name).map_err(unless_stand_in)?;
            (0..list.len()).map(|i| field_value(field, i)).collect()
        }
    })
}

fn filter(list: &Intervals, keep: &Callback) -> Result<Places> {
    let mut kept = Vec::new();
    for i in 0..list.len() {
        let answer = keep.call(vec![row(list, i as i64)?.into()])?;
        if answer.as_bool().map_err(|_| {
            fault!(
                "type",
                "the filter must give true or false, got {}",
                session::describe(&answer)
            )
        })? {
            kept.push(i as u32);
        }
    }
    give(list.select(&kept))
}

/// Chromosomes by any of their names: one or several.
fn on(
    list: &Intervals,
    names: &Dynamic,
    c: &rhai::NativeCallContext,
    is_kept: bool,
) -> Result<Places> {
    let names = if names.is_string() {
        vec![names.to_string()]
    } else {
        Vec::<String>::from_value(&mut names.clone(), c)
            .map_err(|fault| fault.context("`chrom`"))?
    };
    let (out, absent) = list.on(&names, is_kept);
    if out.is_empty() && is_kept && !absent.is_empty() && !list.is_empty() {
        out.notes
            .iter()
            .for_each(|note| crate::bind::train::fit::warn(note));
    }
    give(out)
}

fn save(list: &Intervals, path: &str) -> Result<()> {
    let plain = path.trim_end_matches(".gz");
    let text = if plain.to_ascii_lowercase().ends_with(".narrowpeak") {
        list.to_narrow_peak()
    } else {
        list.to_bed()
    };
    let path = written(path)?;
    if path.extension().is_some_and(|e| e == "gz") {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let bytes = encoder
            .write_all(text.as_bytes())
            .and_then(|()| encoder.finish())
            .map_err(|error| crate::base::Fault::file(&path, &error))?;
        return crate::base::file::write_whole(&path, &bytes);
    }
    crate::base::file::write_whole(&path, text.as_bytes())
}

natives! { natives in "intervals" {
    /// How many there are.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).len(), 1);
    /// ```
    method "len"(c, this: Places) -> "whole number" { Ok(this.0.len() as i64) }

    /// One of them, from 0; negative numbers count from the end.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })[0].end, 10);
    /// ```
    index "index"(c, this: Places, i: i64) -> "map of chrom, start, end, strand and fields" { row(&this.0, i) }

    /// The chromosomes.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).chrom, ["chr1"]);
    /// ```
    property "chrom"(c, this: Places) -> "array of strings" { column(&this.0, "chrom") }

    /// The first bases.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).start, [0]);
    /// ```
    property "start"(c, this: Places) -> "array of whole numbers" { column(&this.0, "start") }

    /// One past the last bases.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).end, [10]);
    /// ```
    property "end"(c, this: Places) -> "array of whole numbers" { column(&this.0, "end") }

    /// The strands.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], strand: ["-"] }).strand, ["-"]);
    /// ```
    property "strand"(c, this: Places) -> "array of \"+\", \"-\" or \".\"" { column(&this.0, "strand") }

    /// How many bases each has.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).lengths, [10]);
    /// ```
    property "lengths"(c, this: Places) -> "array of whole numbers" { Ok(array(this.0.rows.iter().map(Interval::len))) }

    /// The names of the fields.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], score: [1.0] }).fields, ["score"]);
    /// ```
    property "fields"(c, this: Places) -> "array of strings" { Ok(array(this.0.fields.iter().map(|(name, _)| name.clone()))) }

    /// What making them had to say.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).notes, []);
    /// ```
    property "notes"(c, this: Places) -> "array of strings" { Ok(array(this.0.notes.clone())) }

    /// The values of a field.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10], score: [1.5] }).column("score"), [1.5]);
    /// ```
    method "column"(c, this: Places, name: String) -> "array" { column(&this.0, &name) }

    /// Sorts by chromosome name, start and end, or by length or score.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr2", "chr1"], start: [0, 5], end: [10, 10], score: [1, 2] });
    /// assert_eq(a.sort().chrom, ["chr1", "chr2"]);
    /// assert_eq(a.sort(#{ by: "size", descending: true }).lengths, [10, 5]);
    /// assert_eq(a.sort(#{ by: "score" }).column("score"), [1.0, 2.0]);
    /// ```
    method "sort"(c, this: Places; o = SORT) -> "intervals" {
        let key = match o.text("by").as_str() {
            "size" => Order::Size,
            "chrom_size" => Order::ChromSize,
            "score" => Order::Score,
            "chrom_score" => Order::ChromScore,
            _ => Order::Position,
        };
        give(this.0.sorted_by(key, o.flag("descending"))?)
    }

    /// Keeps the intervals for which a function of one gives true.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10] });
    /// assert_eq(list.filter(|row| row.start > 2).len(), 1);
    /// ```
    method "filter"(c, this: Places, keep: Callback) -> "intervals" { filter(&this.0, &keep) }

    /// Keeps the intervals of one or several chromosomes; `notes` lists chromosomes that the list
    /// does not have.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] }).on("2").len(), 1);
    /// ```
    method "on"(c, this: Places, chrom: Dynamic) -> "intervals" { on(&this.0, &chrom, c.context, true) }

    /// Leaves out the intervals of one or several chromosomes.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 10] }).not_on("chr2").chrom, ["chr1"]);
    /// ```
    method "not_on"(c, this: Places, chrom: Dynamic) -> "intervals" { on(&this.0, &chrom, c.context, false) }

    /// Makes a list for each value of a field.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10], tf: ["MYC", "MAX"] });
    /// assert_eq(list.by("tf").MAX.start, [5]);
    /// ```
    method "by"(c, this: Places, name: String) -> "map of intervals" {
        Ok(this.0.by_field(&name).map_err(unless_stand_in)?.into_iter().map(|(value, list)| (value.into(), Dynamic::from(Places(Rc::new(list))))).collect::<Map>())
    }

    /// Puts another list behind this one.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(list.concat(list).len(), 2);
    /// ```
    method "concat"(c, this: Places, other: Places) -> "intervals" { give(this.0.concat(&other.0)) }

    /// Draws `n` of them without replacement.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10] });
    /// assert_eq(list.sample(1, #{ seed: 3 }).len(), 1);
    /// ```
    method "sample"(c, this: Places, n: i64; o = SEED) -> "intervals" { give(this.0.sample(n.max(0) as usize, seed(&o))?) }

    /// Writes BED (with a line of column names where there are more than six), or narrowPeak by the
    /// path's ending; `.gz` compresses.
    ///
    /// ```rhai
    /// intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).save("/tmp/cistron_example_save.bed");
    /// ```
    method "save"(c, this: Places, path: String) -> "nothing" { save(&this.0, &path) }
} }
