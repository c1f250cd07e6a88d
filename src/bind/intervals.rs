//! `intervals::…`: stretches of chromosomes.

use super::data::{SEEDED, seed};
use super::genome::{Genomic, Places};
use super::label::strand_rule;
use super::tensor_file::written;
use crate::base::{Interval, Result, Strand, shape};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, FromValue, Options, session};
use crate::seq::Intervals;
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Field;
use crate::seq::intervals::place::{Anchor, Shuffle};
use crate::seq::intervals::read::{self, Format, Plan, Policy, Unsorted};
use crate::seq::intervals::sets::{Report, Rule};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

const READ: &[Opt] = &[
    opt("format", OptKind::Choice(Format::NAMES), "", "the format; found by the file's name and content unless given"),
    opt(
        "invalid",
        OptKind::Choice(&["error", "skip", "clip"]),
        "\"error\"",
        "rows that cannot be used (inverted, empty, no whole numbers, out of bounds, unknown chromosome): the file is refused with all of them counted, they are left out and counted, or those that reach out of a chromosome are cut at its end",
    ),
    opt(
        "unsorted",
        OptKind::Choice(&["note", "sort", "error"]),
        "\"note\"",
        "a file whose rows are not in order: told (nothing here depends on it), sorted, or refused",
    ),
    opt("genome", OptKind::Other("genome"), "", "the genome that the rows must lie in; without one, bounds and chromosomes are not looked at"),
];
const OVERLAP: [Opt; 4] = [
    opt("bp", OptKind::Int(1, MANY), "1", "bases that two intervals share at least"),
    opt("fraction", OptKind::Float(0.0, 1.0), "0", "share of the first interval that is covered at least"),
    opt("other_fraction", OptKind::Float(0.0, 1.0), "0", "share of the second interval that is covered at least"),
    opt("strand", OptKind::Choice(&["any", "same", "opposite"]), "\"any\"", "what is asked of their strands"),
];
const INTERSECT: &[Opt] = &[
    OVERLAP[0],
    OVERLAP[1],
    OVERLAP[2],
    OVERLAP[3],
    opt(
        "report",
        OptKind::Choice(&["overlap", "whole", "once", "absent"]),
        "\"overlap\"",
        "the shared stretch of each pair; the whole interval for each pair; the whole interval once; or the intervals without any overlap",
    ),
];
const COUNT: &[Opt] = &[OVERLAP[0], OVERLAP[1], OVERLAP[2], OVERLAP[3]];
const SUBTRACT: &[Opt] =
    &[OVERLAP[0], OVERLAP[1], OVERLAP[2], OVERLAP[3], opt("whole", OptKind::Bool, "false", "whether an interval that is touched goes as a whole")];
const STRAND: &[Opt] = &[OVERLAP[3]];
const MERGE: &[Opt] = &[
    opt("distance", OptKind::Int(-MANY, MANY), "0", "intervals with at most so many bases between them are joined; -1 wants one shared base"),
    opt("by_strand", OptKind::Bool, "false", "whether strands are joined apart"),
];
const CLOSEST: &[Opt] = &[OVERLAP[3], opt("ties", OptKind::Choice(&["all", "first"]), "\"all\"", "which of several at the same distance are given")];
const RESIZE: &[Opt] =
    &[opt("at", OptKind::Choice(&["centre", "summit", "start", "end"]), "\"centre\"", "the point that stays: start and end are those of the strand")];
const SLOP: &[Opt] = &[opt("use_strand", OptKind::Bool, "false", "whether before means upstream")];
const FLANK: &[Opt] = &[opt("gap", OptKind::Int(0, MANY), "0", "bases left between an interval and its flanks")];
const WINDOWS: &[Opt] = &[
    opt("step", OptKind::Int(1, MANY), "", "bases from one start to the next; the size unless given"),
    opt("rest", OptKind::Bool, "false", "whether a shorter window at the end is kept"),
];
const SEED: &[Opt] = &[SEEDED];
const SHUFFLE: &[Opt] = &[
    opt("exclude", OptKind::Other("intervals"), "", "where none may lie"),
    opt("keep_chrom", OptKind::Bool, "false", "whether each stays on its chromosome"),
    SEEDED,
];

fn give(list: Intervals) -> Result<Places> {
    Ok(Places(Rc::new(list)))
}

fn rule(o: &Options) -> Rule {
    Rule { bp: o.int("bp"), fraction: o.float("fraction"), other_fraction: o.float("other_fraction"), strand: strand_rule(&o.text("strand")) }
}

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
    let plan = Plan { format: Format::named(&o.text("format")), policy, unsorted, genome: genome.as_ref().map(|g| &*g.0) };
    match read::read(&session::find_input(path)?, &plan) {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            let contigs = Arc::new(Contigs::new(vec!["chr1".into()], vec![0]));
            let rows: Vec<Interval> = (0..8).map(|i| Interval::new(0, 1500 + 100 * i, 1550 + 100 * i)).collect();
            let summits = rows.iter().map(|row| row.middle() as f64).collect();
            give(Intervals::new(contigs, rows).with_field("summit", Field::Number(summits)))
        }
        other => {
            let list = other?;
            list.notes.iter().for_each(|note| super::train::warn(note));
            give(list)
        }
    }
}

/// Stand-ins for files that are not there have no fields of their own: a check ends there, and blames nobody.
fn unless_stand_in(mut fault: crate::base::Fault) -> crate::base::Fault {
    if session::is_dry() && session::is_guessed() {
        fault.kind = "file";
    }
    fault
}

/// A column of a map of columns.
fn of_column<T: FromValue>(columns: &Map, name: &str, c: &rhai::NativeCallContext) -> Result<Option<T>> {
    let Some(value) = columns.get(name) else { return Ok(None) };
    T::from_value(&mut value.clone(), c).map(Some).map_err(|fault| fault.context(format!("column `{name}`")))
}

fn from_columns(columns: &Map, c: &rhai::NativeCallContext) -> Result<Places> {
    let need = |name: &str| fault!("value", "the map must hold `chrom`, `start` and `end`, `{name}` is not there");
    let chroms: Vec<String> = of_column(columns, "chrom", c)?.ok_or_else(|| need("chrom"))?;
    let starts: Vec<i64> = of_column(columns, "start", c)?.ok_or_else(|| need("start"))?;
    let ends: Vec<i64> = of_column(columns, "end", c)?.ok_or_else(|| need("end"))?;
    let strands: Option<Vec<String>> = of_column(columns, "strand", c)?;
    let n = chroms.len();
    let same = |name: &str, len: usize| if len == n { Ok(()) } else { Err(fault!("value", "column `{name}` has {len} values, `chrom` has {n}")) };
    same("start", starts.len())?;
    same("end", ends.len())?;
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut rows = Vec::with_capacity(n);
    for i in 0..n {
        if starts[i] >= ends[i] {
            bail!("value", "interval {i} ({}:{}-{}) holds no base: coordinates are 0-based and half-open", chroms[i], starts[i], ends[i]);
        }
        let chrom = *known.entry(chroms[i].clone()).or_insert_with(|| {
            names.push(chroms[i].clone());
            names.len() as u32 - 1
        });
        let strand = match &strands {
            Some(all) => {
                all.get(i).and_then(|s| Strand::parse(s)).ok_or_else(|| fault!("value", "the strand of interval {i} must be \"+\", \"-\" or \".\""))?
            }
            None => Strand::None,
        };
        rows.push(Interval { chrom, strand, start: starts[i], end: ends[i] });
    }
    let lengths = vec![0; names.len()];
    let mut list = Intervals::new(Arc::new(Contigs::new(names, lengths)), rows);
    for (name, value) in columns.iter().filter(|(name, _)| !["chrom", "start", "end", "strand"].contains(&name.as_str())) {
        let field = match (of_column::<Vec<f64>>(columns, name, c), of_column::<Vec<String>>(columns, name, c)) {
            (Ok(Some(numbers)), _) => Field::Number(numbers),
            (_, Ok(Some(words))) => Field::Text(words.into_iter().map(String::into_boxed_str).collect()),
            _ => bail!("type", "column `{name}` must be an array of numbers or of strings, got {}", session::describe(value)),
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
    map.extend(list.fields.iter().map(|(name, field)| (name.into(), field_value(field, at))));
    Ok(map)
}

fn column(list: &Intervals, name: &str) -> Result<Array> {
    Ok(match name {
        "chrom" => (0..list.len()).map(|i| list.chrom(i).to_string().into()).collect(),
        "start" => list.rows.iter().map(|row| row.start.into()).collect(),
        "end" => list.rows.iter().map(|row| row.end.into()).collect(),
        "strand" => list.rows.iter().map(|row| row.strand.letter().to_string().into()).collect(),
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
        if answer.as_bool().map_err(|_| fault!("type", "the filter must give true or false, got {}", session::describe(&answer)))? {
            kept.push(i as u32);
        }
    }
    give(list.select(&kept))
}

/// Chromosomes by any of their names: one or several.
fn on(list: &Intervals, names: &Dynamic, c: &rhai::NativeCallContext, is_kept: bool) -> Result<Places> {
    let names =
        if names.is_string() { vec![names.to_string()] } else { Vec::<String>::from_value(&mut names.clone(), c).map_err(|fault| fault.context("`chrom`"))? };
    let numbers: Vec<Option<u32>> = names.iter().map(|name| list.contigs.find(name)).collect();
    if let (Some(i), true) = (numbers.iter().position(Option::is_none), is_kept) {
        return Err(list.contigs.missing(&names[i], "the list"));
    }
    give(list.keep(|_, row| numbers.contains(&Some(row.chrom)) == is_kept))
}

/// Each interval with what is closest to it: rows are repeated where several are as close.
fn closest(list: &Intervals, other: &Intervals, o: &Options) -> Result<Places> {
    let found = list.closest(other, strand_rule(&o.text("strand")))?;
    let first = o.text("ties") == "first";
    let (mut rows, mut index, mut distances) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (hits, distance)) in found.into_iter().enumerate() {
        let hits = if first { hits.into_iter().take(1).collect() } else { hits };
        let own: Vec<f64> = if hits.is_empty() { vec![-1.0] } else { hits.into_iter().map(f64::from).collect() };
        for hit in own {
            rows.push(i as u32);
            index.push(hit);
            distances.push(distance as f64);
        }
    }
    let of = |get: &dyn Fn(usize) -> String| {
        Field::Text(index.iter().map(|hit| if *hit < 0.0 { ".".into() } else { get(*hit as usize).into_boxed_str() }).collect())
    };
    let position = |get: &dyn Fn(&Interval) -> i64| {
        Field::Number(index.iter().map(|hit| if *hit < 0.0 { -1.0 } else { get(&other.rows[*hit as usize]) as f64 }).collect())
    };
    let out = list
        .select(&rows)
        .with_field("closest_chrom", of(&|hit| other.chrom(hit).to_string()))
        .with_field("closest_start", position(&|row| row.start))
        .with_field("closest_end", position(&|row| row.end))
        .with_field("closest_index", Field::Number(index.clone()))
        .with_field("distance", Field::Number(distances));
    give(out)
}

fn anchor(name: &str) -> Anchor {
    match name {
        "summit" => Anchor::Summit,
        "start" => Anchor::Start,
        "end" => Anchor::End,
        _ => Anchor::Centre,
    }
}

fn sizes(list: &Intervals, genome: Option<&Genomic>) -> Result<(Intervals, Vec<(i64, i64)>)> {
    if let Some(genome) = genome {
        let own = list.in_genome(&genome.0)?;
        return Ok((own, (0..genome.0.contigs.len() as u32).map(|chrom| genome.0.range(chrom)).collect()));
    }
    if list.contigs.lengths().contains(&0) {
        bail!("value", "the lengths of the chromosomes are not known"; hint: "give the genome: `.complement(genome)`");
    }
    Ok((list.clone(), list.contigs.lengths().iter().map(|n| (0, *n)).collect()))
}

fn save(list: &Intervals, path: &str) -> Result<()> {
    let plain = path.trim_end_matches(".gz");
    let text = if plain.to_ascii_lowercase().ends_with(".narrowpeak") { list.to_narrow_peak() } else { list.to_bed() };
    let path = written(path)?;
    if path.extension().is_some_and(|e| e == "gz") {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).map_err(|error| crate::base::Fault::file(&path, &error))?;
        return crate::base::file::write_whole(&path, &bytes);
    }
    crate::base::file::write_whole(&path, text.as_bytes())
}

natives! { made in "intervals" {
    /// Reads BED (3 to 12 columns and more), narrowPeak, broadPeak, GTF, GFF, VCF or bigBed, plain or gzipped.
    ///
    /// Coordinates become 0-based and half-open. Columns beyond the third are fields: `name`, `score`, `signal`, `p`, `q`,
    /// `summit` (an absolute position), those that a `#chrom start end …` line names, or `column4` and so on. GTF and GFF
    /// give `feature`, `gene_id`, `gene_name` …, VCF `reference` and `alternate`. The order of the file is kept.
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
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr2"], start: [0, 5], end: [10, 8], score: [1.5, 2.5] });
    /// assert_eq(list[1].score, 2.5);
    /// ```
    /// ```rhai,fails
    /// intervals::from(#{ chrom: ["chr1"], start: [10], end: [10] });
    /// //~ interval 0 (chr1:10-10) holds no base
    /// ```
    function "from"(c, columns: Map) -> "intervals" { from_columns(&columns, c.context) }
} }

natives! { one in "intervals" {
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

    /// Sorts by chromosome name, start and end.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr2", "chr1"], start: [0, 5], end: [10, 10] }).sort().chrom, ["chr1", "chr2"]);
    /// ```
    method "sort"(c, this: Places) -> "intervals" { give(this.0.sorted()) }

    /// Keeps the intervals for which a function of one gives true.
    ///
    /// ```rhai
    /// let list = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 5], end: [10, 10] });
    /// assert_eq(list.filter(|row| row.start > 2).len(), 1);
    /// ```
    method "filter"(c, this: Places, keep: Callback) -> "intervals" { filter(&this.0, &keep) }

    /// Keeps the intervals of one or several chromosomes.
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

    /// Writes BED (with a line of column names where there are more than six), or narrowPeak by the path's ending; `.gz` compresses.
    ///
    /// ```rhai
    /// intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }).save("/tmp/cistron_example_save.bed");
    /// ```
    method "save"(c, this: Places, path: String) -> "nothing" { save(&this.0, &path) }
} }

natives! { sets in "intervals" {
    /// Gives what two lists share.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
    /// let b = intervals::from(#{ chrom: ["1"], start: [5], end: [20] });
    /// assert_eq(a.intersect(b).start, [5]);
    /// assert_eq(a.intersect(b, #{ report: "absent" }).start, [50]);
    /// ```
    method "intersect"(c, this: Places, other: Places; o = INTERSECT) -> "intervals with the fields of the first" {
        let report = match o.text("report").as_str() {
            "whole" => Report::Whole,
            "once" => Report::Once,
            "absent" => Report::Absent,
            _ => Report::Overlap,
        };
        give(this.0.intersect(&other.0, &rule(&o), report)?)
    }

    /// Leaves out the intervals that touch another list, such as a blacklist.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 60] });
    /// assert_eq(a.exclude(intervals::from(#{ chrom: ["chr1"], start: [55], end: [56] })).start, [0]);
    /// ```
    method "exclude"(c, this: Places, other: Places; o = COUNT) -> "intervals" { give(this.0.intersect(&other.0, &rule(&o), Report::Absent)?) }

    /// Takes what another list covers out of each.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.subtract(intervals::from(#{ chrom: ["chr1"], start: [3], end: [5] })).end, [3, 10]);
    /// ```
    method "subtract"(c, this: Places, other: Places; o = SUBTRACT) -> "intervals" { give(this.0.subtract(&other.0, &rule(&o), o.flag("whole"))?) }

    /// Joins overlapping and touching intervals; `count` says how many went into each.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 8], end: [10, 20] });
    /// assert_eq(a.merge()[0].count, 2.0);
    /// ```
    method "merge"(c, this: Places; o = MERGE) -> "intervals, sorted, with the field count" { give(this.0.merge(o.int("distance"), o.flag("by_strand"))) }

    /// Joins two lists and what overlaps in them.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.union(intervals::from(#{ chrom: ["chr1"], start: [5], end: [20] })).end, [20]);
    /// ```
    method "union"(c, this: Places, other: Places; o = MERGE) -> "intervals, sorted, with the field count" { give(this.0.concat(&other.0).merge(o.int("distance"), o.flag("by_strand"))) }

    /// Gives what no interval covers.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "ACGTACGTAC" });
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [2], end: [4] }).complement(g).start, [0, 4]);
    /// ```
    method "complement"(c, this: Places, genome: Option<Genomic>) -> "intervals, sorted" { let (own, ranges) = sizes(&this.0, genome.as_ref())?; give(own.complement(&ranges)) }

    /// Finds what is closest in another list. Distances count as bedtools does: 0 overlaps, 1 touches, -1 is nothing on the chromosome.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// let b = intervals::from(#{ chrom: ["chr1", "chr1"], start: [15, 40], end: [20, 50] });
    /// let found = a.closest(b)[0];
    /// assert_eq([found.closest_index, found.distance], [0.0, 6.0]);
    /// ```
    method "closest"(c, this: Places, other: Places; o = CLOSEST) -> "intervals with fields closest_chrom, closest_start, closest_end, closest_index and distance" { closest(&this.0, &other.0, &o) }

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
    method "covered"(c, this: Places, other: Places; o = STRAND) -> "tensor [intervals] float64" {
        let shares = this.0.covered(&other.0, strand_rule(&o.text("strand")))?;
        Tensor::from_f64(&shares, &[shares.len() as i64])
    }

    /// Computes the bases that two lists share, as a share of those that either covers.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.jaccard(intervals::from(#{ chrom: ["chr1"], start: [5], end: [15] })), 5.0 / 15.0);
    /// ```
    method "jaccard"(c, this: Places, other: Places) -> "number from 0 to 1" { this.0.jaccard(&other.0) }
} }

natives! { placed in "intervals" {
    /// Gives every interval one length around its centre, its summit, its start or its end.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] });
    /// assert_eq(a.resize(10).start, [105]);
    /// assert_eq(a.resize(10, #{ at: "start" }).end, [110]);
    /// ```
    method "resize"(c, this: Places, length: i64; o = RESIZE) -> "intervals" {
        super::nn::positive(&[("length", length)])?;
        give(this.0.resize(length, anchor(&o.text("at")))?)
    }

    /// Adds bases before and after each; negative numbers take away.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] }).slop(10, 5).lengths, [35]);
    /// ```
    method "slop"(c, this: Places, before: i64, after: i64; o = SLOP) -> "intervals" { give(this.0.slop(before, after, o.flag("use_strand"))) }

    /// Gives the stretches on both sides of each.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] }).flank(10, #{ gap: 5 }).start, [85, 125]);
    /// ```
    method "flank"(c, this: Places, length: i64; o = FLANK) -> "intervals, two for each" { super::nn::positive(&[("length", length)])?; give(this.0.flank(length, o.int("gap"))) }

    /// Cuts each into windows, such as DeepGRN's 200 bp bins every 50 bp.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [0], end: [1000] }).windows(200, #{ step: 50 }).len(), 17);
    /// ```
    method "windows"(c, this: Places, size: i64; o = WINDOWS) -> "intervals" { super::nn::positive(&[("size", size)])?; give(this.0.windows(size, o.maybe_int("step").unwrap_or(size), o.flag("rest"))) }

    /// Moves each by up to `most` bases either way.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] }).jitter(5, #{ seed: 1 }).lengths, [20]);
    /// ```
    method "jitter"(c, this: Places, most: i64; o = SEED) -> "intervals" { crate::lang::native::at_least("most", most, 0)?; give(this.0.jitter(most, seed(&o))) }

    /// Cuts off what lies outside a genome.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "ACGTACGTAC" });
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [6], end: [20] }).clip(g).end, [10]);
    /// ```
    method "clip"(c, this: Places, genome: Genomic) -> "intervals" { give(this.0.clip(&genome.0)?) }

    /// Puts intervals of the same lengths at random places of a genome, each as likely.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 80] });
    /// assert_eq(a.shuffle(g, #{ exclude: a, seed: 1 }).lengths, [10, 30]);
    /// ```
    method "shuffle"(c, this: Places, genome: Genomic; o = SHUFFLE) -> "intervals" {
        let how = Shuffle { exclude: o.get::<Places>("exclude")?.map(|list| (*list.0).clone()), keep_chrom: o.flag("keep_chrom"), seed: seed(&o) };
        give(this.0.shuffle(&genome.0, &how)?)
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), one(), sets(), placed()].into_iter().flatten().collect()
}
