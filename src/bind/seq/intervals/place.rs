//! New places for intervals.

use super::give;
use crate::base::Result;
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::nn::layers::positive;
use crate::bind::seq::genome::{Genomic, Places};
use crate::lang::Options;
use crate::lang::native::at_least;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::natives;
use crate::seq::intervals::place::{Anchor, Shuffle};
use crate::seq::intervals::slide::{Naming, Sides};

const RESIZE: &[Opt] = &[opt(
    "at",
    OptKind::Choice(&["centre", "summit", "start", "end"]),
    "\"centre\"",
    "the point that stays: start and end are those of the strand",
)];
const GENOME: Opt = opt(
    "genome",
    OptKind::Other("genome"),
    "",
    "the genome at whose ends intervals are cut; without one, coordinates may lie outside",
);
const PERCENT: Opt = opt(
    "percent",
    OptKind::Bool,
    "false",
    "whether numbers are shares of each interval's length: 0.5 is half of it",
);
const BY_STRAND: Opt = opt(
    "use_strand",
    OptKind::Bool,
    "false",
    "whether before is upstream",
);
const SLOP: &[Opt] = &[BY_STRAND, PERCENT, GENOME];
const FLANK: &[Opt] = &[
    opt(
        "after",
        OptKind::Float(0.0, 1e12),
        "",
        "bases of the flank on the right; as on the left unless given",
    ),
    opt(
        "gap",
        OptKind::Int(0, MANY),
        "0",
        "bases left between an interval and its flanks",
    ),
    BY_STRAND,
    PERCENT,
    GENOME,
];
const SHIFT: &[Opt] = &[
    opt(
        "minus",
        OptKind::Float(-1e12, 1e12),
        "",
        "bases that intervals on the reverse strand move; as others unless given",
    ),
    PERCENT,
    GENOME,
];
const NAME: Opt = opt(
    "name",
    OptKind::Choice(&["source", "number", "both"]),
    "\"source\"",
    "the field `name` of windows: that of the interval, the window's number in it (from 1), or both (`peak_1`)",
);
const REVERSE: Opt = opt(
    "reverse",
    OptKind::Bool,
    "false",
    "whether windows are numbered from the end of their interval",
);
const WINDOWS: &[Opt] = &[
    opt(
        "step",
        OptKind::Int(1, MANY),
        "",
        "bases from one start to the next; the size unless given",
    ),
    opt(
        "rest",
        OptKind::Bool,
        "false",
        "whether a shorter window at the end is kept",
    ),
    NAME,
    REVERSE,
];
const TILES: &[Opt] = &[NAME, REVERSE];
const SEED: &[Opt] = &[SEEDED];
const SHUFFLE: &[Opt] = &[
    opt(
        "exclude",
        OptKind::Other("intervals"),
        "",
        "where none may lie",
    ),
    opt(
        "keep_chrom",
        OptKind::Bool,
        "false",
        "whether each stays on its chromosome",
    ),
    SEEDED,
];

fn anchor(name: &str) -> Anchor {
    match name {
        "summit" => Anchor::Summit,
        "start" => Anchor::Start,
        "end" => Anchor::End,
        _ => Anchor::Centre,
    }
}

fn sides<'a>(before: f64, after: f64, o: &Options, genome: &'a Option<Genomic>) -> Sides<'a> {
    let by_strand = o.flag("use_strand");
    Sides {
        before,
        after,
        percent: o.flag("percent"),
        by_strand,
        genome: genome.as_ref().map(|g| &*g.0),
    }
}

/// Bases are whole unless they are shares.
fn whole(o: &Options, values: &[(&str, f64)]) -> Result<()> {
    match values
        .iter()
        .find(|(_, x)| !x.is_finite() || (x.fract() != 0.0 && !o.flag("percent")))
    {
        Some((name, x)) => {
            crate::bail!("type", "`{name}` must be an integer, got {x}"; hint: "`#{{ percent: true }}` takes shares of the length")
        }
        None => Ok(()),
    }
}

fn naming(o: &Options) -> Naming {
    match o.text("name").as_str() {
        "number" => Naming::Number,
        "both" => Naming::SourceNumber,
        _ => Naming::Source,
    }
}

natives! { natives in "intervals" {
    /// Gives every interval one length around its centre, its summit, its start or its end.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] });
    /// assert_eq(a.resize(10).start, [105]);
    /// assert_eq(a.resize(10, #{ at: "start" }).end, [110]);
    /// ```
    method "resize"(c, this: Places, length: i64; o = RESIZE) -> "intervals" {
        positive(&[("length", length)])?;
        give(this.0.resize(length, anchor(&o.text("at")))?)
    }

    /// Adds bases before and after each; negative numbers take away.
    ///
    /// As in bedtools, ends that cross are exchanged and at least one base is left; `notes` states
    /// for how many intervals.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120], strand: ["-"] });
    /// assert_eq(a.slop(10, 5).start, [90]);
    /// assert_eq(a.slop(10, 5, #{ use_strand: true }).start, [95]);
    /// assert_eq(a.slop(0.5, 0.1, #{ percent: true }).lengths, [32]);
    /// assert_eq(a.slop(-60, -60).notes.len(), 1);
    /// ```
    method "slop"(c, this: Places, before: f64, after: f64; o = SLOP) -> "intervals" {
        whole(&o, &[("before", before), ("after", after)])?;
        let genome = o.get::<Genomic>("genome")?;
        give(this.0.slop(&sides(before, after, &o, &genome))?)
    }

    /// Returns the ranges on both sides of each.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] });
    /// assert_eq(a.flank(10, #{ gap: 5 }).start, [85, 125]);
    /// assert_eq(a.flank(10, #{ after: 0 }).end, [100]);
    /// assert_eq(a.flank(0.5, #{ percent: true }).lengths, [10, 10]);
    /// ```
    method "flank"(c, this: Places, length: f64; o = FLANK) -> "intervals, up to two for each" {
        let after = o.maybe_float("after").unwrap_or(length);
        whole(&o, &[("length", length), ("after", after)])?;
        if length < 0.0 || (length == 0.0 && after == 0.0) {
            crate::bail!("value", "`length` must be more than 0, got {length}");
        }
        let genome = o.get::<Genomic>("genome")?;
        give(this.0.flank(&sides(length, after, &o, &genome), o.int("gap"))?)
    }

    /// Moves each to the right; negative numbers move to the left.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [100, 200], end: [120, 220], strand: ["+", "-"] });
    /// assert_eq(a.shift(5, #{ minus: -5 }).start, [105, 195]);
    /// ```
    method "shift"(c, this: Places, bases: f64; o = SHIFT) -> "intervals" {
        let minus = o.maybe_float("minus").unwrap_or(bases);
        whole(&o, &[("bases", bases), ("minus", minus)])?;
        let genome = o.get::<Genomic>("genome")?;
        let percent = o.flag("percent");
        let by = Sides { before: minus, after: bases, percent, by_strand: true, genome: genome.as_ref().map(|g| &*g.0) };
        give(this.0.shift(&by)?)
    }

    /// Cuts each into windows, such as DeepGRN's 200 bp bins every 50 bp.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [1000], name: ["peak"] });
    /// assert_eq(a.windows(200, #{ step: 50 }).len(), 17);
    /// assert_eq(a.windows(500, #{ name: "both" }).column("name"), ["peak_1", "peak_2"]);
    /// ```
    method "windows"(c, this: Places, size: i64; o = WINDOWS) -> "intervals" {
        positive(&[("size", size)])?;
        let step = o.maybe_int("step").unwrap_or(size);
        give(this.0.windows(size, step, o.flag("rest"), naming(&o), o.flag("reverse")))
    }

    /// Cuts each into `n` windows of one length; the last one takes the rest.
    ///
    /// ```rhai
    /// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
    /// assert_eq(a.tiles(3).end, [3, 6, 10]);
    /// ```
    method "tiles"(c, this: Places, n: i64; o = TILES) -> "intervals, `n` for each" {
        positive(&[("n", n)])?;
        give(this.0.tiles(n, naming(&o), o.flag("reverse")))
    }

    /// Moves each by up to `most` bases either way.
    ///
    /// ```rhai
    /// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] }).jitter(5, #{ seed: 1 }).lengths, [20]);
    /// ```
    method "jitter"(c, this: Places, most: i64; o = SEED) -> "intervals" { at_least("most", most, 0)?; give(this.0.jitter(most, seed(&o))) }

    /// Cuts off what lies outside a genome; `notes` states for how many intervals.
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
