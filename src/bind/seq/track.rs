//! `track::…`: signals along a genome.

use crate::base::{Result, Strand};
use crate::bind::args::genome::CpgRuleOptions;
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::{Genomic, Places, Signal};
use crate::bind::warnings::warn;
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::contigs::Contigs;
use crate::seq::intervals::Field;
use crate::seq::track::bam::{self, Counted};
use crate::seq::track::{Run, sizes, write};
use crate::seq::{Intervals, Track};
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
    #[option(flatten)]
    rule: CpgRuleOptions,
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
    write::runs(&list.0, &values, values.len() / n)
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
        warn(&format!("{} holds no value", track.path_text()));
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
    let plan = bam::CountOptions {
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
    let rule = options.rule.rule.into();
    Signal(Arc::new(Track::cpg_islands(genome.0, options.window, rule)))
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
        names,
    ]
}
