//! `track::…`: signals along a genome.

use crate::base::{Interval, Result, Strand};
use crate::bind::args::genome::{StatisticName, StrandName, noted};
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::{Genomic, Places, Signal};
use crate::bind::warnings::warn;
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Field;
use crate::seq::track::bam::{self, Counted};
use crate::seq::track::{Missing, Run, Statistic, sizes, write};
use crate::seq::{Intervals, Track};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::collections::HashMap;
use std::sync::Arc;

/// Options of `track::coverage`.
#[derive(Options)]
pub struct CoverageOptions {
    /// What each read counts at: its aligned bases, its first base, both ends of its fragment, or
    /// the whole fragment.
    #[option(default = "bases")]
    count: CountedName,
    /// Smallest mapping quality of the reads that are counted.
    #[option(default = 0, min = 0, max = 255)]
    min_quality: i64,
    /// Strand of the reads that are counted.
    #[option(default = "both")]
    strand: ReadStrand,
    /// Whether reads marked as duplicates are counted.
    #[option(default = false)]
    duplicates: bool,
    /// Offsets of the ends of reads on the forward and the reverse strand, in bp towards the 3' end
    /// of the read, such as [4, 5] for Tn5.
    #[option(default = [0, 0])]
    shift: Shift,
}

/// Options of `track::cpg_islands`.
#[derive(Options)]
pub struct CpgIslandsOptions {
    /// Length of the window around each position, in bp.
    #[option(default = 200, min = 2)]
    window: usize,
}

/// Options of `track::from_intervals`.
#[derive(Options)]
pub struct FromIntervalsOptions {
    /// Field of the intervals that holds the values; 1 unless given.
    field: Option<String>,
}

/// Options of `track::save_bigwig`.
#[derive(Options)]
pub struct SaveBigwigOptions {
    /// Lengths of the chromosomes, in bp; those of the genome of the intervals unless given.
    sizes: Option<ChromosomeSizes>,
}

/// Options of `track.values`.
#[derive(Options)]
pub struct ValuesOptions {
    /// Value of bases without a value; NaN unless given.
    missing: Option<f64>,
    /// Strand that is read; values on the reverse strand are in reverse order.
    #[option(default = "+")]
    strand: StrandName,
}

/// Options of the statistics of intervals.
#[derive(Options)]
pub struct MissingOptions {
    /// Bases without a value: excluded (an interval without any value is NaN), or 0.
    #[option(default = "skip")]
    missing: MissingName,
}

/// Options of `track.bins`.
#[derive(Options)]
pub struct BinsOptions {
    #[option(flatten)]
    shared: MissingOptions,
    /// Statistic of the values of a bin.
    #[option(default = "mean")]
    statistic: StatisticName,
}

/// What a read counts at.
#[derive(Choice)]
pub enum CountedName {
    /// Its aligned bases.
    Bases,
    /// Its first base.
    Starts,
    /// Both ends of its fragment.
    FragmentEnds,
    /// The whole fragment.
    Fragments,
}

impl From<CountedName> for Counted {
    fn from(name: CountedName) -> Counted {
        match name {
            CountedName::Bases => Counted::Bases,
            CountedName::Starts => Counted::Starts,
            CountedName::FragmentEnds => Counted::FragmentEnds,
            CountedName::Fragments => Counted::Fragments,
        }
    }
}

/// The strands whose reads are counted.
#[derive(Choice)]
pub enum ReadStrand {
    /// Both strands.
    Both,
    /// The forward strand.
    #[choice(name = "+")]
    Forward,
    /// The reverse strand.
    #[choice(name = "-")]
    Reverse,
}

impl From<ReadStrand> for Strand {
    fn from(name: ReadStrand) -> Strand {
        match name {
            ReadStrand::Both => Strand::None,
            ReadStrand::Forward => Strand::Forward,
            ReadStrand::Reverse => Strand::Reverse,
        }
    }
}

/// The value of bases without a value.
#[derive(Choice)]
pub enum MissingName {
    /// None: they are excluded.
    Skip,
    /// 0.
    Zero,
}

impl From<MissingName> for Missing {
    fn from(name: MissingName) -> Missing {
        match name {
            MissingName::Skip => Missing::Skip,
            MissingName::Zero => Missing::Zero,
        }
    }
}

/// Offsets of the ends of reads on the forward and the reverse strand.
pub struct Shift(i64, i64);

impl FromValue for Shift {
    fn kind() -> String {
        "array [forward, reverse]".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match Vec::<i64>::from_value(value, context)?.as_slice() {
            [forward, reverse] => Ok(Shift(*forward, *reverse)),
            _ => bail!(
                "option",
                "must be [forward, reverse], got {}",
                session::describe(value)
            ),
        }
    }
}

/// Lengths of chromosomes: those of a genome, or by name.
pub enum ChromosomeSizes {
    /// Of a genome.
    Genome(Genomic),
    /// By name.
    Named(HashMap<String, u32>),
}

impl FromValue for ChromosomeSizes {
    fn kind() -> String {
        "genome, or map of chromosome lengths".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(genome) = value.read_lock::<Genomic>() {
            return Ok(ChromosomeSizes::Genome(genome.clone()));
        }
        let map = Map::from_value(value, context).map_err(|_| mismatch(&Self::kind(), value))?;
        let sizes = map.iter().map(|(name, length)| {
            let length = length.as_int().map_err(|_| {
                let got = session::describe(length);
                fault!("type", "must hold integers, got {got} for `{name}`")
            })?;
            Ok((name.to_string(), length as u32))
        });
        sizes.collect::<Result<_>>().map(ChromosomeSizes::Named)
    }
}

impl ChromosomeSizes {
    /// The lengths by the chromosome names of intervals.
    fn by_names_of(self, list: &Intervals) -> HashMap<String, u32> {
        match self {
            ChromosomeSizes::Named(sizes) => sizes,
            ChromosomeSizes::Genome(genome) => sizes::of_genome(&genome.0, list),
        }
    }
}

/// A statistic of the bins of each interval.
fn summarised(
    track: &Signal,
    list: &Places,
    bins: usize,
    statistic: Statistic,
    missing: Missing,
) -> Result<Vec<f64>> {
    noted(&track.0, &list.0);
    track.0.summarise(&list.0, bins, statistic, missing)
}

/// A statistic of each interval, as a tensor [intervals].
fn statistic_of(
    track: &Signal,
    list: &Places,
    statistic: Statistic,
    missing: Missing,
) -> Result<Tensor> {
    let values = summarised(track, list, 1, statistic, missing)?;
    Tensor::from_f64(&values, &[values.len() as i64])
}

/// The ranges that a file of a signal consists of, from a row of values for each interval.
fn runs_of(list: &Places, values: &Numbers) -> Result<Vec<(String, Vec<Run>)>> {
    let values = values.0.to_f32()?;
    let n = list.0.len();
    if n == 0 || values.len() % n != 0 || values.is_empty() {
        bail!(
            "shape",
            "{} values do not fit {n} intervals: one or a row for each is needed",
            values.len()
        );
    }
    write::stretches(&list.0, &values, values.len() / n)
}

/// Opens a signal: bigWig, bedGraph or wiggle (text plain or gzipped).
///
/// The format is detected from the content. A base of bedGraph and wiggle has one value: lines that
/// overlap are an error.
///
/// ```rhai
/// let at = intervals::from(#{ chrom: ["chr1"], start: [10], end: [20] });
/// track::save_bedgraph("/tmp/cistron_example.bedGraph", at, [3.0]);
/// assert_eq(track::open("/tmp/cistron_example.bedGraph").mean(at), [3.0]);
/// ```
#[native(namespace = "track", stand_in = empty_track)]
pub fn open(
    /// Path of the file.
    path: &str,
) -> Result<Signal> {
    let track = Track::open(&session::find_input(path)?)?;
    if track.is_empty() {
        warn(&format!("{} holds no value", track.shown()));
    }
    Ok(Signal(Arc::new(track)))
}

/// The track of a dry run whose file does not exist.
fn empty_track(path: &str) -> Signal {
    let contigs = Contigs::new(vec!["chr1".into()], vec![4000]);
    let track = Track::of_runs(path.into(), contigs, vec![Vec::new()]);
    Signal(Arc::new(track))
}

/// Counts the reads of a BAM or SAM file at each base.
///
/// Unmapped, secondary, supplementary and failed reads are excluded. CRAM files are converted to
/// BAM by `samtools view -b -T genome.fa -o reads.bam reads.cram`.
///
/// ```rhai
/// try { track::coverage("/nowhere.bam"); } catch (e) { assert_eq(e.kind, "file"); }
/// ```
#[native(namespace = "track")]
pub fn coverage(
    /// Path of the file.
    path: &str,
    options: CoverageOptions,
) -> Result<Signal> {
    let Shift(forward, reverse) = options.shift;
    let plan = bam::Plan {
        counted: options.count.into(),
        min_quality: options.min_quality as u8,
        strand: options.strand.into(),
        duplicates: options.duplicates,
        shift: (forward, reverse),
    };
    let track = bam::coverage(&session::find_input(path)?, &plan)?;
    Ok(Signal(Arc::new(track)))
}

/// Returns a signal that is 1 within CpG islands, else 0.
///
/// A window of L bases around a position within an island has N(CpG)·L / ((N(C)+N(G))/2)² > 0.6 and
/// (N(C)+N(G))/L > 0.5.
///
/// # Source
/// Mocap, Chen et al. 2017; DeepGRN, eq. 2.1.
///
/// ```rhai
/// let island = ""; for i in 0..100 { island += "CG"; }
/// let g = genome::from(#{ chr1: island });
/// assert_eq(track::cpg_islands(g).mean(g.windows(200)), [1.0]);
/// ```
#[native(namespace = "track")]
pub fn cpg_islands(
    /// Genome whose sequence is read.
    genome: Genomic,
    options: CpgIslandsOptions,
) -> Signal {
    Signal(Arc::new(Track::cpg_islands(genome.0, options.window)))
}

/// Returns a signal of intervals: 1, or the value of a field; the mean where they overlap.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.values("chr1", 3, 7, #{ missing: 0 }), [0, 0, 1, 1]);
/// ```
#[native(namespace = "track")]
pub fn from_intervals(
    /// Intervals of the signal.
    intervals: &Places,
    options: FromIntervalsOptions,
) -> Result<Signal> {
    let list = &intervals.0;
    let values = match options.field {
        None => None,
        Some(field) => match list.need(&field)? {
            Field::Number(values) => Some(values.as_slice()),
            Field::Text(_) => bail!("type", "field `{field}` holds words, a signal is numbers"),
        },
    };
    Ok(Signal(Arc::new(Track::of_intervals(list, values)?)))
}

/// Writes a signal as a bedGraph file.
///
/// A row of values divides its interval evenly. Overlapping intervals are averaged; NaN is omitted.
///
/// ```rhai
/// let at = intervals::from(#{ chrom: ["chr1"], start: [0], end: [4] });
/// track::save_bedgraph("/tmp/cistron_example_b.bedGraph", at, [[1.0, 2.0]]);
/// assert_eq(track::open("/tmp/cistron_example_b.bedGraph").values("chr1", 0, 4), [1, 1, 2, 2]);
/// ```
#[native(namespace = "track")]
pub fn save_bedgraph(
    /// Path of the file.
    path: &str,
    /// Intervals of the values.
    intervals: &Places,
    /// A value for each interval, or a row of values for each, [intervals, bins].
    values: &Numbers,
) -> Result<()> {
    let runs = runs_of(intervals, values)?;
    crate::base::file::write_whole(&output_path(path)?, write::bed_graph(&runs).as_bytes())
}

/// Writes a signal as a bigWig file.
///
/// A row of values divides its interval evenly. Overlapping intervals are averaged; NaN is omitted.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 100, #{ seed: 1 })[0] });
/// track::save_bigwig("/tmp/cistron_example.bw", g.windows(50), [1.5, 2.5]);
/// assert_eq(track::open("/tmp/cistron_example.bw").mean(g.windows(25)), [1.5, 1.5, 2.5, 2.5]);
/// ```
#[native(namespace = "track")]
pub fn save_bigwig(
    /// Path of the file.
    path: &str,
    /// Intervals of the values.
    intervals: &Places,
    /// A value for each interval, or a row of values for each, [intervals, bins].
    values: &Numbers,
    options: SaveBigwigOptions,
) -> Result<()> {
    let runs = runs_of(intervals, values)?;
    let path = output_path(path)?;
    let sizes = match options.sizes {
        Some(sizes) => sizes.by_names_of(&intervals.0),
        None => sizes::known(&intervals.0),
    };
    write::big_wig(&path, runs, &sizes)
}

/// Returns the value of each base of a range.
///
/// Coordinates are 0-based and half-open.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.values("1", 8, 12, #{ missing: 0 }), [1, 1, 0, 0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [end - start]"
)]
pub fn values(
    this: &Signal,
    /// Name of the chromosome.
    chrom: &str,
    /// First base, from 0.
    start: i64,
    /// End of the range, excluded.
    end: i64,
    options: ValuesOptions,
) -> Result<Tensor> {
    let track = &this.0;
    let range = Interval {
        chrom: track.chrom(chrom)?,
        strand: options.strand.into(),
        start,
        end,
    };
    if range.is_empty() {
        bail!(
            "value",
            "{start}-{end} holds no base: coordinates are 0-based and half-open"
        );
    }
    let blank = options.missing.map_or(f32::NAN, |value| value as f32);
    let contigs = Arc::new(track.contigs.clone());
    noted(track, &Intervals::new(contigs, vec![range]));
    let mut out = Vec::new();
    track.values_into(&range, blank, &mut out)?;
    Tensor::from_f32(&out, &[out.len() as i64])
}

/// Computes the mean of each interval, over the bases that have a value.
///
/// Bases beyond the end of a chromosome, and those of chromosomes that the signal does not have,
/// have no value; a warning reports the number of such intervals.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// let at = intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] });
/// assert_eq(t.mean(at), [1.0]);
/// assert_eq(t.mean(at, #{ missing: "zero" }), [0.5]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn mean(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Mean, options.missing.into())
}

/// Returns the largest value of each interval.
///
/// ```rhai
/// let t = track::from_intervals(
///     intervals::from(#{ chrom: ["chr1"], start: [5], end: [10], h: [4.0] }), #{ field: "h" }
/// );
/// assert_eq(t.max(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [4.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn max(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Max, options.missing.into())
}

/// Returns the smallest value of each interval.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.min(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), #{ missing: "zero" }
/// ), [0.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn min(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Min, options.missing.into())
}

/// Computes the sum of the values of each interval.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.sum(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [5.0]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn sum(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    options: MissingOptions,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Sum, options.missing.into())
}

/// Computes the fraction of the bases of each interval that have a value.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.covered(intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] })), [0.5]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals] float64"
)]
pub fn covered(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
) -> Result<Tensor> {
    statistic_of(this, intervals, Statistic::Covered, Missing::Skip)
}

/// Computes a statistic of bins of each interval, whose lengths differ by at most 1 bp.
///
/// Bin `i` of `n` starts at `floor(i * length / n)`, as in pyBigWig and UCSC's tools. Where there
/// are more bins than bases, bins without a base have no value (see `missing`). Bins of intervals
/// on the reverse strand are in reverse order.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.bins(
///     intervals::from(#{ chrom: ["chr1"], start: [0], end: [10] }), 2, #{ missing: "zero" }
/// ), [[0, 1]]);
/// ```
#[native(
    namespace = "track",
    form = method,
    returns = "tensor [intervals, bins] float64"
)]
pub fn bins(
    this: &Signal,
    /// Intervals that are summarised.
    intervals: &Places,
    /// Number of bins of each interval.
    #[check(min = 1)]
    bins: i64,
    options: BinsOptions,
) -> Result<Tensor> {
    let (statistic, missing) = (options.statistic.into(), options.shared.missing.into());
    let values = summarised(this, intervals, bins as usize, statistic, missing)?;
    Tensor::from_f64(&values, &[intervals.0.len() as i64, bins])
}

/// The names of the chromosomes.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [5], end: [10] }));
/// assert_eq(t.names, ["chr1"]);
/// ```
#[native(namespace = "track", form = property)]
pub fn names(this: &Signal) -> Vec<String> {
    this.0.contigs.names().to_vec()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        open,
        coverage,
        cpg_islands,
        from_intervals,
        save_bedgraph,
        save_bigwig,
        values,
        mean,
        max,
        min,
        sum,
        covered,
        bins,
        names,
    ]
}
