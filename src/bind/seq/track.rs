//! `track::…`: signals along a genome.

use crate::base::{Interval, Result, Strand};
use crate::bind::seq::genome::{Genomic, Places, Signal};
use crate::bind::tensor::file::written;
use crate::bind::types::Numbers;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Options, session};
use crate::seq::intervals::Field;
use crate::seq::track::bam::{self, Counted};
use crate::seq::track::{Missing, Statistic, write};
use crate::seq::{Intervals, Track};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::Map;
use std::collections::HashMap;
use std::sync::Arc;

const COVERAGE: &[Opt] = &[
    opt(
        "count",
        OptKind::Choice(Counted::NAMES),
        "\"bases\"",
        "what of a read is counted: the bases it aligns to, its first base, both ends of its fragment, the whole fragment",
    ),
    opt(
        "min_quality",
        OptKind::Int(0, 255),
        "0",
        "reads that are mapped with less quality are left out",
    ),
    opt(
        "strand",
        OptKind::Choice(&["both", "+", "-"]),
        "\"both\"",
        "which reads count",
    ),
    opt(
        "duplicates",
        OptKind::Bool,
        "false",
        "whether reads marked as duplicates count",
    ),
    opt(
        "shift",
        OptKind::Other("array [forward, reverse]"),
        "[0, 0]",
        "bases that ends are moved inwards, such as [4, 5] for Tn5",
    ),
];
const CPG: &[Opt] = &[opt(
    "window",
    OptKind::Int(2, MANY),
    "200",
    "bases of the window around each position",
)];
const INTERVALS: &[Opt] = &[opt(
    "field",
    OptKind::Text,
    "",
    "the field that holds the values; 1 unless given",
)];
const VALUES: &[Opt] = &[
    opt(
        "missing",
        OptKind::Other("number, or () for NaN"),
        "()",
        "the value of bases that have none",
    ),
    opt(
        "strand",
        OptKind::Choice(&["+", "-"]),
        "\"+\"",
        "the strand that is read",
    ),
];
const MISSING: &[Opt] = &[opt(
    "missing",
    OptKind::Choice(&["skip", "zero"]),
    "\"skip\"",
    "bases without a value: left out (an interval without any is NaN), or 0",
)];
const BINS: &[Opt] = &[
    MISSING[0],
    opt(
        "statistic",
        OptKind::Choice(Statistic::NAMES),
        "\"mean\"",
        "what the values of a bin are made into",
    ),
];
const SAVE: &[Opt] = &[opt(
    "sizes",
    OptKind::Other("genome, or map of chromosome lengths"),
    "",
    "lengths of the chromosomes; where the intervals are a genome's, its own",
)];

fn open(path: &str) -> Result<Signal> {
    match Track::open(&session::find_input(path)?) {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            Ok(Signal(Arc::new(Track::of_runs(
                path.into(),
                crate::seq::contigs::Contigs::new(vec!["chr1".into()], vec![4000]),
                vec![Vec::new()],
            ))))
        }
        other => {
            let track = other?;
            if track.is_empty() {
                crate::bind::train::fit::warn(&format!("{} holds no value", track.shown()));
            }
            Ok(Signal(Arc::new(track)))
        }
    }
}

fn coverage(path: &str, o: &Options) -> Result<Signal> {
    let shift = match o.get::<Vec<i64>>("shift")?.as_deref() {
        None => (0, 0),
        Some([forward, reverse]) => (*forward, *reverse),
        Some(_) => bail!("option", "`shift` must be [forward, reverse]"),
    };
    let strand = Strand::parse(&o.text("strand")).unwrap_or_default();
    let plan = bam::Plan {
        counted: Counted::named(&o.text("count")),
        min_quality: o.int("min_quality") as u8,
        strand,
        duplicates: o.flag("duplicates"),
        shift,
    };
    Ok(Signal(Arc::new(bam::coverage(
        &session::find_input(path)?,
        &plan,
    )?)))
}

fn of_intervals(list: &Places, o: &Options) -> Result<Signal> {
    let field = if o.has("field") {
        Some(list.0.need(&o.text("field"))?)
    } else {
        None
    };
    let values = match field {
        None => None,
        Some(Field::Number(values)) => Some(values.as_slice()),
        Some(Field::Text(_)) => bail!(
            "type",
            "field `{}` holds words, a signal is numbers",
            o.text("field")
        ),
    };
    Ok(Signal(Arc::new(Track::of_intervals(&list.0, values)?)))
}

/// Reports intervals where the signal cannot have a value.
pub fn noted(track: &Track, list: &Intervals) {
    track
        .notes(list)
        .iter()
        .for_each(|note| crate::bind::train::fit::warn(note));
}

fn values(track: &Track, chrom: &str, start: i64, end: i64, o: &Options) -> Result<Tensor> {
    let strand = Strand::parse(&o.text("strand")).unwrap_or_default();
    let place = Interval {
        chrom: track.chrom(chrom)?,
        strand,
        start,
        end,
    };
    if place.is_empty() {
        bail!(
            "value",
            "{start}-{end} holds no base: coordinates are 0-based and half-open"
        );
    }
    let blank = o.get::<f64>("missing")?.map_or(f32::NAN, |x| x as f32);
    let contigs = Arc::new(track.contigs.clone());
    noted(track, &Intervals::new(contigs, vec![place]));
    let mut out = Vec::new();
    track.values_into(&place, blank, &mut out)?;
    Tensor::from_f32(&out, &[out.len() as i64])
}

fn numbers(
    track: &Signal,
    list: &Places,
    bins: usize,
    statistic: Statistic,
    o: &Options,
) -> Result<Vec<f64>> {
    let missing = if o.text("missing") == "zero" {
        Missing::Zero
    } else {
        Missing::Skip
    };
    noted(&track.0, &list.0);
    track.0.summarise(&list.0, bins, statistic, missing)
}

fn one(track: &Signal, list: &Places, statistic: Statistic, o: &Options) -> Result<Tensor> {
    let values = numbers(track, list, 1, statistic, o)?;
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// Values in rows for each interval, and how many stand in a row.
fn rows_of(list: &Places, values: &Numbers) -> Result<(Vec<f32>, usize)> {
    let own = values.0.to_f32()?;
    let n = list.0.len();
    if n == 0 || own.len() % n != 0 || own.is_empty() {
        bail!(
            "shape",
            "{} values do not fit {n} intervals: one or a row for each is needed",
            own.len()
        );
    }
    let bins = own.len() / n;
    Ok((own, bins))
}

fn sizes_of(list: &Places, o: &Options) -> Result<HashMap<String, u32>> {
    let of = |names: &[String], lengths: &[i64]| {
        names
            .iter()
            .zip(lengths)
            .filter(|(_, n)| **n > 0)
            .map(|(name, n)| (name.clone(), *n as u32))
            .collect()
    };
    match o.raw("sizes") {
        None => Ok(of(list.0.contigs.names(), list.0.contigs.lengths())),
        Some(value) => {
            if let Some(genome) = value.read_lock::<Genomic>() {
                let ends: Vec<i64> = (0..genome.0.contigs.len() as u32)
                    .map(|chrom| genome.0.range(chrom).1)
                    .collect();
                // by the names of the intervals
                let names = list.0.contigs.names();
                let found = genome.0.contigs.find_all(names);
                let pairs = names.iter().zip(found);
                return Ok(pairs
                    .filter_map(|(name, chrom)| Some((name.clone(), ends[chrom? as usize] as u32)))
                    .collect());
            }
            o.need::<Map>("sizes")?
                .iter()
                .map(|(name, value)| {
                    Ok((
                        name.to_string(),
                        value
                            .as_int()
                            .map_err(|_| fault!("type", "`sizes.{name}` must be a whole number"))?
                            as u32,
                    ))
                })
                .collect()
        }
    }
}

natives! { made in "track" {
    /// Opens a signal: bigWig, bedGraph or wiggle (text plain or gzipped).
    ///
    /// The format is detected by content. A base of bedGraph and wiggle has one value: lines that
    /// overlap are an error.
    ///
    /// ```rhai
    /// let at = intervals::from(#{ chrom: ["chr1"], start: [10], end: [20] });
    /// track::save_bedgraph("/tmp/cistron_example.bedGraph", at, [3.0]);
    /// assert_eq(track::open("/tmp/cistron_example.bedGraph").mean(at), [3.0]);
    /// ```
    function "open"(c, path: String) -> "track" { open(&path) }

    /// Counts the reads of a BAM or SAM file at each base. Unmapped, secondary, supplementary and
    /// failed reads are left out.
    ///
    /// CRAM is not read: `samtools view -b -T genome.fa -o reads.bam reads.cram` makes a BAM file.
    ///
    /// ```rhai
    /// try { track::coverage("/nowhere.bam"); } catch (e) { assert_eq(e.kind, "file"); }
    /// ```
    function "coverage"(c, path: String; o = COVERAGE) -> "track" { coverage(&path, &o) }

    /// Makes a signal that is 1 within CpG islands, else 0: a window of L bases around the position
    /// has N(CpG)·L / ((N(C)+N(G))/2)² > 0.6 and (N(C)+N(G))/L > 0.5 (Mocap, Chen et al. 2017;
    /// DeepGRN, eq. 2.1).
    ///
    /// ```rhai
    /// let island = ""; for i in 0..100 { island += "CG"; }
    /// let g = genome::from(#{ chr1: island });
    /// assert_eq(track::cpg_islands(g).mean(g.windows(200)), [1.0]);
    /// ```
    function "cpg_islands"(c, genome: Genomic; o = CPG) -> "track" { Ok(Signal(Arc::new(Track::cpg_islands(genome.0, o.int("window") as usize)))) }

    /// Makes a signal of intervals: 1 (or a field's value) where they lie; where they overlap, the
    /// mean.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.values("chr1", 3, 7, #{ missing: 0 }), [0, 0, 1, 1]);
    /// ```
    function "from_intervals"(c, intervals: Places; o = INTERVALS) -> "track" { of_intervals(&intervals, &o) }

    /// Writes a signal as bedGraph: a value for each interval, or a row of values that share it out
    /// evenly. Overlapping intervals are averaged; NaN is left out.
    ///
    /// ```rhai
    /// let at = intervals::from(#{ chrom: ["chr1"], start: [0], end: [4] });
    /// track::save_bedgraph("/tmp/cistron_example_b.bedGraph", at, [[1.0, 2.0]]);
    /// assert_eq(track::open("/tmp/cistron_example_b.bedGraph").values("chr1", 0, 4), [1, 1, 2, 2]);
    /// ```
    function "save_bedgraph"(c, path: String, intervals: Places, values: Numbers) -> "nothing" {
        let (own, bins) = rows_of(&intervals, &values)?;
        crate::base::file::write_whole(&written(&path)?, write::bed_graph(&write::stretches(&intervals.0, &own, bins)?).as_bytes())
    }

    /// Writes a signal as bigWig, as `track::save_bedgraph` does.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 100, #{ seed: 1 })[0] });
    /// track::save_bigwig("/tmp/cistron_example.bw", g.windows(50), [1.5, 2.5]);
    /// assert_eq(track::open("/tmp/cistron_example.bw").mean(g.windows(25)), [1.5, 1.5, 2.5, 2.5]);
    /// ```
    function "save_bigwig"(c, path: String, intervals: Places, values: Numbers; o = SAVE) -> "nothing" {
        let (own, bins) = rows_of(&intervals, &values)?;
        write::big_wig(&written(&path)?, write::stretches(&intervals.0, &own, bins)?, &sizes_of(&intervals, &o)?)
    }
} }

natives! { methods in "track" {
    /// The value of each base of a stretch; NaN where there is none, unless told otherwise.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.values("1", 8, 12, #{ missing: 0 }), [1, 1, 0, 0]);
    /// ```
    method "values"(c, this: Signal, chrom: String, start: i64, end: i64; o = VALUES) -> "tensor [end - start]" { values(&this.0, &chrom, start, end, &o) }

    /// The mean of each interval, over the bases that have a value.
    ///
    /// Bases beyond the end of a chromosome, and those of chromosomes that the signal does not
    /// have, have no value; a warning counts such intervals.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// let at = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(t.mean(at), [1.0]);
    /// assert_eq(t.mean(at, #{ missing: "zero" }), [0.5]);
    /// ```
    method "mean"(c, this: Signal, intervals: Places; o = MISSING) -> "tensor [intervals] float64" { one(&this, &intervals, Statistic::Mean, &o) }

    /// The largest value of each interval.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10], h: [4.0] }), #{ field: "h" });
    /// assert_eq(t.max(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [4.0]);
    /// ```
    method "max"(c, this: Signal, intervals: Places; o = MISSING) -> "tensor [intervals] float64" { one(&this, &intervals, Statistic::Max, &o) }

    /// The smallest value of each interval.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.min(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), #{ missing: "zero" }), [0.0]);
    /// ```
    method "min"(c, this: Signal, intervals: Places; o = MISSING) -> "tensor [intervals] float64" { one(&this, &intervals, Statistic::Min, &o) }

    /// The sum of each interval's values.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.sum(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [5.0]);
    /// ```
    method "sum"(c, this: Signal, intervals: Places; o = MISSING) -> "tensor [intervals] float64" { one(&this, &intervals, Statistic::Sum, &o) }

    /// The share of each interval that has a value.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.covered(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [0.5]);
    /// ```
    method "covered"(c, this: Signal, intervals: Places) -> "tensor [intervals] float64" {
        noted(&this.0, &intervals.0);
        let values = this.0.summarise(&intervals.0, 1, Statistic::Covered, Missing::Skip)?;
        Tensor::from_f64(&values, &[values.len() as i64])
    }

    /// Numbers for parts of each interval, which differ by at most one base.
    ///
    /// Part `i` of `n` starts at `floor(i * length / n)`, as in pyBigWig and UCSC's tools. Where
    /// there are more parts than bases, parts without a base have no value (`missing` says what
    /// that is). Parts of intervals on the reverse strand come in reverse order.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.bins(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), 2, #{ missing: "zero" }), [[0, 1]]);
    /// ```
    method "bins"(c, this: Signal, intervals: Places, bins: i64; o = BINS) -> "tensor [intervals, bins] float64" {
        crate::bind::nn::layers::positive(&[("bins", bins)])?;
        let values = numbers(&this, &intervals, bins as usize, Statistic::named(&o.text("statistic")), &o)?;
        Tensor::from_f64(&values, &[intervals.0.len() as i64, bins])
    }

    /// The names of its chromosomes.
    ///
    /// ```rhai
    /// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
    /// assert_eq(t.names, ["chr1"]);
    /// ```
    property "names"(c, this: Signal) -> "array of strings" { Ok(array(this.0.contigs.names().to_vec())) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), methods()].into_iter().flatten().collect()
}
