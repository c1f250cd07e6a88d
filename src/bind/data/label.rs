//! `label::…`: labels of regions, from peaks and from signals.

use crate::base::Result;
use crate::bind::args::genome::{StatisticName, StrandCondition, noted};
use crate::bind::args::labels::{MissingRule, NamePairs, NamedTracks};
use crate::bind::types::Places;
use crate::bind::warnings::say;
use crate::data::label_table::{self, Wanted};
use crate::data::labels::{self, Joint, Labels, Reading};
use crate::data::profile;
use crate::data::regions::signal_labels;
use crate::lang::value::{array, mismatch};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::seq::Intervals;
use crate::seq::intervals::overlap::Rule;
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// Options of `label::peaks`.
#[derive(Options)]
pub struct PeaksOptions {
    /// Smallest overlap of peak and region, in bp.
    #[option(default = 1, min = 1)]
    bp: i64,
    /// Smallest fraction of the region that the peak covers.
    #[option(default = 0, min = 0, max = 1)]
    fraction: f64,
    /// Smallest fraction of the peak that is within the region.
    #[option(default = 0, min = 0, max = 1)]
    peak_fraction: f64,
    /// Condition on the strands of peak and region.
    #[option(default = "any")]
    strand: StrandCondition,
    /// Relaxed peaks: labels of regions that overlap only these are undefined (NaN).
    ambiguous: Option<PeakSets>,
}

/// Options of `label::joint`.
#[derive(Options)]
pub struct JointOptions {
    /// Length of each region, around the middle of the joined peaks, in bp.
    #[option(default = 1000, min = 1)]
    length: i64,
    /// Largest distance of peaks that are joined, in bp; -1 requires an overlap of 1 bp.
    #[option(default = 0)]
    distance: i64,
    /// Smallest number of sets with a peak in a region.
    #[option(default = 1, min = 1)]
    at_least: usize,
}

/// Options of `label::signal`.
#[derive(Options)]
pub struct SignalOptions {
    /// Statistic of the values in a region or bin.
    #[option(default = "mean")]
    statistic: StatisticName,
    /// Number of bins of equal width, from left to right, with a label each (a profile).
    #[option(default = 1, min = 1)]
    bins: usize,
    /// Tracks of the two strands, [plus, minus], whose labels are swapped on the reverse strand;
    /// recognised by name unless given (plus and minus, pos and neg, fwd and rev, forward and
    /// reverse).
    pairs: Option<NamePairs>,
    /// Whether labels of regions on the reverse strand are read from that strand: bins from right
    /// to left, pairs swapped.
    #[option(default = false)]
    use_strand: bool,
    /// Whether labels are ln(1 + value); values of -1 and less are an error.
    #[option(default = false)]
    log1p: bool,
    /// Value of bases that a track has none for: 0 ("zero"), or none ("skip"; a region without
    /// any value is undefined).
    #[option(default = "zero")]
    missing: MissingRule,
}

/// Options of `label::read`.
#[derive(Options)]
pub struct ReadOptions {
    /// Word of bound regions, label 1.
    #[option(default = "B")]
    bound: String,
    /// Word of unbound regions, label 0.
    #[option(default = "U")]
    unbound: String,
    /// Word of ambiguous regions, whose label is undefined (NaN).
    #[option(default = "A")]
    ambiguous: String,
    /// Names of the columns that are read, in their order; all of them unless given.
    columns: Option<Vec<String>>,
    /// Names of the chromosomes that are read; all of them unless given.
    chroms: Option<Vec<String>>,
}

/// Sets of peaks by name.
pub struct PeakSets(Vec<(String, Intervals)>);

impl FromValue for PeakSets {
    fn kind() -> String {
        "map of name to intervals".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let map = value
            .read_lock::<Map>()
            .ok_or_else(|| mismatch(&Self::kind(), value))?;
        if map.is_empty() {
            bail!("value", "must hold at least one set of intervals by name");
        }
        let set = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let list = value.read_lock::<Places>().map(|list| (*list.0).clone());
            let list = list.ok_or_else(|| {
                fault!(
                    "type",
                    "must hold intervals under `{name}`, got {}",
                    session::describe(value)
                )
            })?;
            Ok((name.to_string(), list))
        };
        map.iter().map(set).collect::<Result<_>>().map(PeakSets)
    }
}

/// Names and values, [regions, tasks], as a script's map.
fn labels_map(labels: Labels, rows: usize) -> Result<Map> {
    let tasks = labels.names.len() as i64;
    let values = labels.values.as_slice().unwrap_or_default();
    let values = Tensor::from_f32(values, &[rows as i64, tasks])?;
    Ok(Map::from([
        ("names".into(), array(labels.names).into()),
        ("values".into(), values.into_value()),
    ]))
}

/// Regions with their labels, as a script's map.
fn regions_map(regions: Intervals, labels: Labels) -> Result<Map> {
    let mut map = labels_map(labels, regions.len())?;
    map.insert("regions".into(), Places(Rc::new(regions)).into_value());
    Ok(map)
}

/// Pairs of tracks as indices, given or recognised by their names.
fn pairs_of(names: &[String], pairs: Option<NamePairs>) -> Result<Vec<(usize, usize)>> {
    if let Some(NamePairs(pairs)) = pairs {
        return profile::pairs_of(names, &pairs);
    }
    let pairs = profile::named_pairs(names);
    if !pairs.is_empty() {
        let shown: Vec<String> = pairs
            .iter()
            .map(|(plus, minus)| format!("`{}` and `{}`", names[*plus], names[*minus]))
            .collect();
        say(&format!(
            "note: {} are taken for the two strands: their labels change places on the reverse \
             strand; `pairs: []` keeps them in place",
            shown.join(", ")
        ));
    }
    Ok(pairs)
}

/// Labels regions by sets of peaks: 1 where a peak of the set overlaps, else 0.
///
/// Labels of regions that only an ambiguous peak overlaps are undefined (NaN).
///
/// ```rhai
/// let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
/// let regions = intervals::from(#{ chrom: ["chr1", "chr1"], start: [0, 100], end: [50, 150] });
/// let found = label::peaks(regions, #{ ctcf: at.call(40, 60), sp1: at.call(120, 130) });
/// assert_eq(found.names, ["ctcf", "sp1"]);
/// assert_eq(found.values, [[1, 0], [0, 1]]);
/// ```
#[native(
    namespace = "label",
    returns = "map of names and values: tensor [regions, sets]"
)]
pub fn peaks(
    /// Regions to label.
    regions: &Places,
    /// Sets of peaks by name.
    peaks: PeakSets,
    options: PeaksOptions,
) -> Result<Map> {
    let rule = Rule {
        bp: options.bp,
        fraction: options.fraction,
        other_fraction: options.peak_fraction,
        strand: options.strand.into(),
        ..Rule::default()
    };
    let ambiguous = options.ambiguous.map_or(Vec::new(), |sets| sets.0);
    let labels = labels::by_peaks(&regions.0, &peaks.0, &rule, &ambiguous)?;
    labels_map(labels, regions.0.len())
}

/// Reads a table of regions and their labels in letters, as those of the DREAM challenge.
///
/// The first line names the columns: chromosome, start and stop, then a column for each cell type,
/// separated by tabs; the file may be gzipped. Bound regions are labelled 1, unbound ones 0, and
/// labels of ambiguous ones are undefined (NaN).
///
/// ```rhai
/// let text = "chr\tstart\tstop\tA549\tK562\nchr10\t600\t800\tU\tB\nchr10\t650\t850\tA\tB\n";
/// save_text("/tmp/cistron_example_labels.tsv", text);
/// let found = label::read("/tmp/cistron_example_labels.tsv");
/// assert_eq(found.names, ["A549", "K562"]);
/// assert_eq(found.regions.start, [600, 650]);
/// assert_eq(found.values[[0..2, 1]], [1, 1]);
/// assert(found.values[[1, 0]].isnan().item());
/// ```
#[native(
    namespace = "label",
    stand_in = invented_labels,
    returns = "map of regions, names and values: tensor [regions, columns]"
)]
pub fn read(
    /// Path of the file.
    path: &str,
    options: ReadOptions,
) -> Result<Map> {
    let wanted = Wanted {
        bound: options.bound,
        unbound: options.unbound,
        ambiguous: options.ambiguous,
        columns: options.columns,
        chroms: options.chroms,
    };
    let (regions, labels) = label_table::read(&session::find_input(path)?, &wanted)?;
    regions_map(regions, labels)
}

/// The labels of a dry run whose file does not exist.
fn invented_labels(_path: &str, options: ReadOptions) -> Result<Map> {
    let names = options.columns.unwrap_or_else(|| vec!["cell".into()]);
    let (regions, labels) = label_table::invented(names);
    regions_map(regions, labels)
}

/// Returns labelled regions of one length around the joined peaks of several sets.
///
/// Overlapping peaks are joined; a region is centred on the middle of each and labelled 1 for
/// every set with a peak in it.
///
/// ```rhai
/// let at = |s, e| intervals::from(#{ chrom: ["chr1"], start: [s], end: [e] });
/// let found = label::joint(#{ myc: at.call(100, 120), max: at.call(110, 130) }, #{ length: 50 });
/// assert_eq(found.regions.start, [90]);
/// assert_eq(found.values, [[1, 1]]);
/// ```
#[native(
    namespace = "label",
    returns = "map of regions, names and values: tensor [regions, sets]"
)]
pub fn joint(
    /// Sets of peaks by name.
    peaks: PeakSets,
    options: JointOptions,
) -> Result<Map> {
    let how = Joint {
        length: options.length,
        distance: options.distance,
        at_least: options.at_least,
    };
    let (regions, labels) = labels::joint(&peaks.0, &how)?;
    regions_map(regions, labels)
}

/// Labels regions by tracks: a number for each track, or a profile of bins.
///
/// Bins are from left to right along the chromosome on either strand, unless `use_strand` is true.
/// Passed as `labels` of `data::regions`, labels follow the sequence: they are read from the
/// strand of the sequence, reversed by `augment::reverse_complement`, and read again from the
/// tracks where an augmenter moves bases.
///
/// ```rhai
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [0], end: [50] }));
/// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100] });
/// assert_eq(label::signal(regions, t).values, [[0.5]]);
/// assert_eq(label::signal(regions, t, #{ bins: 4, statistic: "sum" }).values, [[25, 25, 0, 0]]);
/// ```
#[native(
    namespace = "label",
    returns = "map of names, values: tensor [regions, tracks * bins], and their source: regions, \
        tracks, how"
)]
pub fn signal(
    /// Regions to label.
    regions: &Places,
    /// Track, or map of name to track.
    tracks: NamedTracks,
    options: SignalOptions,
) -> Result<Map> {
    let named: Vec<(String, &crate::seq::Track)> = tracks
        .tracks
        .iter()
        .map(|(name, track)| (name.clone(), &*track.0))
        .collect();
    let names: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    let pairs = pairs_of(&names, options.pairs)?;
    for (_, track) in &named {
        noted(track, &regions.0);
    }
    let reading = Reading {
        statistic: options.statistic.into(),
        bins: options.bins,
        log1p: options.log1p,
        missing: options.missing.into(),
    };
    let labels = signal_labels(&regions.0, &named, &reading, &pairs, options.use_strand)?;
    let pairs: rhai::Array = pairs
        .iter()
        .map(|(plus, minus)| array([names[*plus].clone(), names[*minus].clone()]).into())
        .collect();
    let how = Map::from([
        ("statistic".into(), options.statistic.into_value()),
        ("bins".into(), (options.bins as i64).into()),
        ("log1p".into(), options.log1p.into()),
        ("missing".into(), options.missing.into_value()),
        ("pairs".into(), pairs.into()),
        ("use_strand".into(), options.use_strand.into()),
    ]);
    let mut map = labels_map(labels, regions.0.len())?;
    map.insert("regions".into(), regions.clone().into_value());
    map.insert("tracks".into(), tracks.value);
    map.insert("how".into(), how.into());
    Ok(map)
}

/// Returns a numeric field of the regions as a label.
///
/// ```rhai
/// let regions = intervals::from(#{ chrom: ["chr1"], start: [0], end: [100], height: [2.5] });
/// assert_eq(label::field(regions, "height").values, [[2.5]]);
/// ```
#[native(
    namespace = "label",
    returns = "map of names and values: tensor [regions, 1]"
)]
pub fn field(
    /// Regions to label.
    regions: &Places,
    /// Name of the field.
    name: &str,
) -> Result<Map> {
    labels_map(labels::by_field(&regions.0, name)?, regions.0.len())
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![peaks, read, joint, signal, field]
}
