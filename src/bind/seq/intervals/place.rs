//! New coordinates of intervals.

use crate::bail;
use crate::base::Result;
use crate::bind::args::intervals::places;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Genomic, Places};
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::seq::intervals::place::{Anchor, Shuffle};
use crate::seq::intervals::slide::{Naming, Sides};

/// Options of `intervals.resize`.
#[derive(Options)]
pub struct ResizeOptions {
    /// Point that keeps its position; the start and the end are those of the strand.
    #[option(default = "centre")]
    at: AnchorName,
}

/// Options of `intervals.slop`.
#[derive(Options)]
pub struct SlopOptions {
    #[option(flatten)]
    sides: SideOptions,
    #[option(flatten)]
    bounds: BoundOptions,
}

/// Options of `intervals.flank`.
#[derive(Options)]
pub struct FlankOptions {
    /// Length of the flank on the right, in bp; that on the left unless given.
    #[option(min = 0, max = MOST_BASES)]
    after: Option<f64>,
    /// Bases between an interval and its flanks.
    #[option(default = 0, min = 0)]
    gap: i64,
    #[option(flatten)]
    sides: SideOptions,
    #[option(flatten)]
    bounds: BoundOptions,
}

/// Options of `intervals.shift`.
#[derive(Options)]
pub struct ShiftOptions {
    /// Offset of intervals on the reverse strand, in bp; that of the others unless given.
    #[option(min = -MOST_BASES, max = MOST_BASES)]
    minus: Option<f64>,
    #[option(flatten)]
    bounds: BoundOptions,
}

/// The option of functions that treat the two sides of an interval differently.
#[derive(Options)]
pub struct SideOptions {
    /// Whether the side before an interval is the upstream one.
    #[option(default = false)]
    use_strand: bool,
}

/// The options of functions that move the ends of intervals.
#[derive(Options)]
pub struct BoundOptions {
    /// Whether lengths are fractions of the length of each interval: 0.5 is half of it.
    #[option(default = false)]
    percent: bool,
    /// Genome at whose ends intervals are cut; without one, coordinates may be out of bounds.
    genome: Option<Genomic>,
}

/// Options of `intervals.windows`.
#[derive(Options)]
pub struct WindowsOptions {
    /// Bases from the start of a window to the next; the size unless given.
    #[option(min = 1)]
    step: Option<i64>,
    /// Whether a shorter window at the end is kept.
    #[option(default = false)]
    rest: bool,
    #[option(flatten)]
    names: NameOptions,
}

/// How windows are named and numbered.
#[derive(Options)]
pub struct NameOptions {
    /// Field `name` of windows: that of the interval, the number of the window in it (from 1), or
    /// both (`peak_1`).
    #[option(default = "source")]
    name: NamingName,
    /// Whether windows are numbered from the end of their interval.
    #[option(default = false)]
    reverse: bool,
}

/// Options of `intervals.random_within`.
#[derive(Options)]
pub struct WithinOptions {
    /// Largest distance of the centre from the interval, in bp.
    #[option(default = 0, min = 0)]
    beyond: i64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `intervals.jitter`.
#[derive(Options)]
pub struct JitterOptions {
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `intervals.shuffle`.
#[derive(Options)]
pub struct ShuffleOptions {
    /// Ranges that must not be overlapped.
    exclude: Option<Places>,
    /// Whether each interval stays on its chromosome.
    #[option(default = false)]
    keep_chrom: bool,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The largest length and offset, in bp.
const MOST_BASES: f64 = 1e12;

/// The names of the points of an interval.
#[derive(Choice)]
pub enum AnchorName {
    /// The middle.
    Centre,
    /// The field `summit`.
    Summit,
    /// The first base on the strand.
    Start,
    /// The last base on the strand.
    End,
}

impl From<AnchorName> for Anchor {
    fn from(name: AnchorName) -> Anchor {
        match name {
            AnchorName::Centre => Anchor::Centre,
            AnchorName::Summit => Anchor::Summit,
            AnchorName::Start => Anchor::Start,
            AnchorName::End => Anchor::End,
        }
    }
}

/// The names of the ways to name windows.
#[derive(Choice)]
pub enum NamingName {
    /// By the interval.
    Source,
    /// By the number of the window.
    Number,
    /// By both.
    Both,
}

impl From<NamingName> for Naming {
    fn from(name: NamingName) -> Naming {
        match name {
            NamingName::Source => Naming::Source,
            NamingName::Number => Naming::Number,
            NamingName::Both => Naming::SourceNumber,
        }
    }
}

impl BoundOptions {
    fn sides(&self, before: f64, after: f64, by_strand: bool) -> Sides<'_> {
        Sides {
            before,
            after,
            percent: self.percent,
            by_strand,
            genome: self.genome.as_ref().map(|genome| &*genome.0),
        }
    }

    /// Fails unless lengths are finite, and integers where they are no fractions.
    fn check(&self, lengths: &[(&str, f64)]) -> Result<()> {
        let is_wrong = |x: f64| !x.is_finite() || (x.fract() != 0.0 && !self.percent);
        match lengths.iter().find(|(_, x)| is_wrong(*x)) {
            Some((name, x)) => {
                bail!("type", "`{name}` must be an integer, got {x}";
                    hint: "`#{{ percent: true }}` takes fractions of the length")
            }
            None => Ok(()),
        }
    }
}

/// Resizes every interval to one length around a point.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] });
/// assert_eq(a.resize(10).start, [105]);
/// assert_eq(a.resize(10, #{ at: "start" }).end, [110]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn resize(
    this: &Places,
    /// New length, in bp.
    #[check(min = 1)]
    length: i64,
    options: ResizeOptions,
) -> Result<Places> {
    this.0.resize(length, options.at.into()).map(places)
}

/// Extends each interval by bases before and after it.
///
/// As in bedtools, ends that cross are exchanged and at least one base is kept; `notes` states for
/// how many intervals.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120], strand: ["-"] });
/// assert_eq(a.slop(10, 5).start, [90]);
/// assert_eq(a.slop(10, 5, #{ use_strand: true }).start, [95]);
/// assert_eq(a.slop(0.5, 0.1, #{ percent: true }).lengths, [32]);
/// assert_eq(a.slop(-60, -60).notes.len(), 1);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn slop(
    this: &Places,
    /// Bases that are added on the left; negative numbers shorten the interval.
    before: f64,
    /// Bases that are added on the right; negative numbers shorten the interval.
    after: f64,
    options: SlopOptions,
) -> Result<Places> {
    let SlopOptions { sides, bounds } = options;
    bounds.check(&[("before", before), ("after", after)])?;
    let sides = bounds.sides(before, after, sides.use_strand);
    this.0.slop(&sides).map(places)
}

/// Returns the flanks on the two sides of each interval.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] });
/// assert_eq(a.flank(10, #{ gap: 5 }).start, [85, 125]);
/// assert_eq(a.flank(10, #{ after: 0 }).end, [100]);
/// assert_eq(a.flank(0.5, #{ percent: true }).lengths, [10, 10]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, up to two for each"
)]
pub fn flank(
    this: &Places,
    /// Length of a flank, in bp; 0 for none on the left where `after` is given.
    length: f64,
    options: FlankOptions,
) -> Result<Places> {
    let bounds = options.bounds;
    let after = options.after.unwrap_or(length);
    bounds.check(&[("length", length), ("after", after)])?;
    if length < 0.0 || (length == 0.0 && after == 0.0) {
        bail!("value", "`length` must be more than 0, got {length}");
    }
    let sides = bounds.sides(length, after, options.sides.use_strand);
    this.0.flank(&sides, options.gap).map(places)
}

/// Shifts each interval to the right.
///
/// ```rhai
/// let a = intervals::from(
///     #{ chrom: ["chr1", "chr1"], start: [100, 200], end: [120, 220], strand: ["+", "-"] }
/// );
/// assert_eq(a.shift(5, #{ minus: -5 }).start, [105, 195]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn shift(
    this: &Places,
    /// Offset, in bp; negative numbers shift to the left.
    bases: f64,
    options: ShiftOptions,
) -> Result<Places> {
    let ShiftOptions { minus, bounds } = options;
    let minus = minus.unwrap_or(bases);
    bounds.check(&[("bases", bases), ("minus", minus)])?;
    this.0.shift(&bounds.sides(minus, bases, true)).map(places)
}

/// Cuts each interval into windows, such as the 200 bp bins every 50 bp of DeepGRN.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [1000], name: ["peak"] });
/// assert_eq(a.windows(200, #{ step: 50 }).len(), 17);
/// assert_eq(a.windows(500, #{ name: "both" }).column("name"), ["peak_1", "peak_2"]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn windows(
    this: &Places,
    /// Length of a window, in bp.
    #[check(min = 1)]
    size: i64,
    options: WindowsOptions,
) -> Places {
    let NameOptions { name, reverse } = options.names;
    let step = options.step.unwrap_or(size);
    places(
        this.0
            .windows(size, step, options.rest, name.into(), reverse),
    )
}

/// Cuts each interval into `n` windows of one length; the last one takes the rest.
///
/// ```rhai
/// let a = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(a.tiles(3).end, [3, 6, 10]);
/// ```
#[native(
    namespace = "intervals",
    form = method,
    returns = "intervals, `n` for each"
)]
pub fn tiles(
    this: &Places,
    /// Number of windows.
    #[check(min = 1)]
    n: i64,
    options: NameOptions,
) -> Places {
    places(this.0.tiles(n, options.name.into(), options.reverse))
}

/// Shifts each interval by a random offset in either direction.
///
/// ```rhai
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [100], end: [120] }).jitter(
///     5, #{ seed: 1 }
/// ).lengths, [20]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn jitter(
    this: &Places,
    /// Largest offset, in bp.
    #[check(min = 0)]
    most: i64,
    options: JitterOptions,
) -> Places {
    places(this.0.jitter(most, options.seed.seed()))
}

/// Draws a region of one length for each interval, whose centre is within it.
///
/// The centre is uniform in the interval and `beyond` bp on either side of it. Regions keep the
/// strands of the intervals, not their fields, and may reach out of the chromosome.
///
/// ```rhai
/// let peaks = intervals::from(#{ chrom: ["chr1", "chr2"], start: [100, 0], end: [120, 1] });
/// let drawn = peaks.random_within(200, #{ beyond: 5, seed: 1 });
/// assert_eq(drawn.lengths, [200, 200]);
/// assert(drawn.start[0] >= -5 && drawn.start[0] <= 25);   // centres from 95 to 125
/// ```
#[native(namespace = "intervals", form = method)]
pub fn random_within(
    this: &Places,
    /// Length of the regions, in bp.
    #[check(min = 1)]
    length: i64,
    options: WithinOptions,
) -> Places {
    let seed = options.seed.seed();
    places(this.0.random_within(length, options.beyond, seed))
}

/// Cuts the intervals at the ends of a genome; `notes` states how many were cut.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "ACGTACGTAC" });
/// assert_eq(intervals::from(#{ chrom: ["chr1"], start: [6], end: [20] }).clip(g).end, [10]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn clip(
    this: &Places,
    /// Genome that bounds the intervals.
    genome: &Genomic,
) -> Result<Places> {
    this.0.clip(&genome.0).map(places)
}

/// Moves intervals to random positions of a genome, all equally probable.
///
/// The lengths are kept.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
/// let a = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 50], end: [10, 80] });
/// assert_eq(a.shuffle(g, #{ exclude: a, seed: 1 }).lengths, [10, 30]);
/// ```
#[native(namespace = "intervals", form = method)]
pub fn shuffle(
    this: &Places,
    /// Genome that holds the new positions.
    genome: &Genomic,
    options: ShuffleOptions,
) -> Result<Places> {
    let shuffle = Shuffle {
        exclude: options.exclude.map(|list| (*list.0).clone()),
        keep_chrom: options.keep_chrom,
        seed: options.seed.seed(),
    };
    this.0.shuffle(&genome.0, &shuffle).map(places)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        resize,
        slop,
        flank,
        shift,
        windows,
        tiles,
        jitter,
        random_within,
        clip,
        shuffle,
    ]
}
