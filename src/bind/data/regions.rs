//! `data::…`: datasets of regions of genomes.

use crate::base::Result;
use crate::bind::args::dataset::{column, with_given_notes, with_notes};
use crate::bind::args::genome::noted;
use crate::bind::args::labels::{LabelStrands, PairOptions, labels_of, named_labels};
use crate::bind::args::numbers::number_map;
use crate::bind::types::{Data, Genomic, Places, Signal};
use crate::data::{Column, Dataset, check, regions};
use crate::lang::value::{array, mismatch};
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Track;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::sync::Arc;

/// Options of `data::regions`.
#[derive(Options)]
pub struct RegionOptions {
    /// Labels of the regions, or a map of several by name; 1 each unless given.
    labels: Option<LabelValues>,
    /// Signals along the regions, an input [tracks, length] for each name.
    tracks: Option<TrackSets>,
    /// Names of tracks that are pairs of strands, which are swapped on the reverse strand.
    #[option(default = [])]
    stranded: Vec<String>,
    /// Inputs of numbers beside the sequence.
    features: Option<Columns>,
    /// Value of bases that a track has none for.
    #[option(default = 0)]
    missing: f64,
    /// Whether track values are ln(1 + value).
    #[option(default = false)]
    log1p: bool,
    /// Regions beyond the ends of their chromosome: an error ("error"), padded with N ("pad"), or
    /// left out ("skip").
    #[option(default = "error")]
    outside: Outside,
    /// Whether sequence, tracks and labels of regions on the reverse strand are read from that
    /// strand.
    #[option(default = false)]
    use_strand: bool,
    /// Number of bins along the sequence of each group of labels, which are reversed with it; that
    /// of `label::signal` unless given.
    #[option(min = 1)]
    bins: Option<usize>,
    /// Whether a warning states how many regions are repeated, which regions that were drawn with
    /// replacement are.
    #[option(default = true)]
    warn_repeats: bool,
    /// What labels that are numbers become on the reverse strand, as in `data::from`.
    label_strands: Option<LabelStrands>,
    #[option(flatten)]
    pairs: PairOptions,
}

/// What happens to regions beyond the ends of their chromosome.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum Outside {
    /// They are an error.
    Error,
    /// They are padded with N.
    Pad,
    /// They are left out.
    Skip,
}

impl From<Outside> for regions::Outside {
    fn from(outside: Outside) -> regions::Outside {
        match outside {
            Outside::Error => regions::Outside::Error,
            Outside::Pad => regions::Outside::Pad,
            Outside::Skip => regions::Outside::Skip,
        }
    }
}

/// Labels of regions, not yet read.
pub struct LabelValues(Dynamic);

impl FromValue for LabelValues {
    fn kind() -> String {
        "map of `label::…`, a tensor [regions, …], an array, or a map of these by name".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        Ok(LabelValues(value.flatten_clone()))
    }
}

/// Tracks by name, one or several under each.
pub struct TrackSets(Vec<(String, Vec<Signal>)>);

impl FromValue for TrackSets {
    fn kind() -> String {
        "map of name to a track or an array of tracks".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let map = value
            .read_lock::<Map>()
            .ok_or_else(|| mismatch(&Self::kind(), value))?;
        let tracks = |(name, value): (&rhai::Identifier, &Dynamic)| {
            Ok((name.to_string(), tracks_of(name, value)?))
        };
        map.iter().map(tracks).collect::<Result<_>>().map(TrackSets)
    }
}

/// Columns of numbers by input name.
pub struct Columns(Vec<(String, Column)>);

impl FromValue for Columns {
    fn kind() -> String {
        "map of input name to a tensor [regions, …] or array".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let map = value
            .read_lock::<Map>()
            .ok_or_else(|| mismatch(&Self::kind(), value))?;
        let columns = map
            .iter()
            .map(|(name, value)| Ok((name.to_string(), column(name, value)?)));
        columns.collect::<Result<_>>().map(Columns)
    }
}

/// A track or an array of tracks.
fn tracks_of(name: &str, value: &Dynamic) -> Result<Vec<Signal>> {
    let wrong = |value: &Dynamic| {
        fault!(
            "type",
            "must hold a track or an array of tracks under `{name}`, got {}",
            session::describe(value)
        )
    };
    let one = |value: &Dynamic| {
        value
            .read_lock::<Signal>()
            .map(|t| t.clone())
            .ok_or_else(|| wrong(value))
    };
    match value.read_lock::<Array>() {
        Some(items) if !items.is_empty() => items.iter().map(one).collect(),
        _ => Ok(vec![one(value)?]),
    }
}

fn of_regions(genome: &Genomic, list: &Places, options: RegionOptions) -> Result<Dataset> {
    let rows = list.0.len();
    let strands = options
        .label_strands
        .map_or(Vec::new(), |strands| strands.0);
    let (labels, named) = match &options.labels {
        Some(LabelValues(labels)) => match named_labels(labels, rows, &strands)? {
            Some(named) => (None, Some(named)),
            None => (Some(labels_of(labels, rows)?), None),
        },
        None => (None, None),
    };
    if named.is_some() && (options.bins.is_some() || options.pairs.label_pairs.is_some()) {
        bail!("option", "`bins` and `label_pairs` are those of one label";
            hint: "labels of `label::signal` have both, `label_strands` states them of numbers");
    }
    let tracks = options.tracks.map_or(Vec::new(), |tracks| tracks.0);
    let tracks: Vec<(String, Vec<Arc<Track>>)> = tracks
        .into_iter()
        .map(|(name, tracks)| (name, tracks.into_iter().map(|track| track.0).collect()))
        .collect();
    let plan = regions::RegionSettings {
        genome: genome.0.clone(),
        labels,
        tracks: tracks.clone(),
        stranded: options.stranded,
        features: options.features.map_or(Vec::new(), |columns| columns.0),
        missing: options.missing as f32,
        log1p: options.log1p,
        outside: options.outside.into(),
        use_strand: options.use_strand,
        bins: options.bins,
        label_pairs: options.pairs.label_pairs.map(|pairs| pairs.0),
    };
    let use_strand = plan.use_strand;
    let set = regions::dataset(&list.0, plan)?;
    let set = match named {
        Some(named) => {
            let regions = list.0.in_genome(&genome.0)?.rows;
            set.with_region_labels(named, use_strand.then_some(regions.as_slice()))?
        }
        None => set,
    };
    let tracks = tracks.iter().flat_map(|(_, tracks)| tracks);
    tracks.for_each(|track| noted(track, &list.0));
    Ok(set)
}

/// Returns a dataset of the regions of a genome, read batch by batch.
///
/// Only the coordinates are kept in memory. Sequence, tracks and labels are read from the same
/// strand, and augmenters shift and reverse them together; `features` are not changed. Of several
/// named labels, those of `label::signal` are `[tracks, bins]` and reversed with the sequence, but
/// cannot be shifted; others have the shape of their tensor.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 1000, #{ seed: 1 })[0] });
/// let set = data::regions(g, g.windows(100), #{ labels: (0..10).map(|i| i % 2) });
/// assert_eq(set.len(), 10);
/// assert_eq(set.input().shape, [10, 4, 100]);
/// ```
/// ```rhai
/// // a profile [tracks, bins] and a number for each region
/// let g = genome::from(#{ chr1: seq::random(1, 1000, #{ seed: 1 })[0] });
/// let t = track::from_intervals(intervals::from(#{ chrom: ["chr1"], start: [0], end: [50] }));
/// let profile = label::signal(g.windows(100), t, #{ bins: 4 });
/// let set = data::regions(g, g.windows(100), #{
///     labels: #{ profile: profile, open: (0..10).map(|i| i % 2) },
/// });
/// assert_eq(set.label.profile.shape, [10, 1, 4]);
/// assert_eq(set.label.open.shape, [10, 1]);
/// ```
/// ```rhai,fails
/// let g = genome::from(#{ chr1: "ACGTACGT" });
/// data::regions(g, intervals::from(#{ chrom: ["chr1"], start: [6], end: [12] }));
/// //~ reaches out of `chr1`
/// ```
#[native(
    namespace = "data",
    returns = "dataset, input sequence [4, length] and one for each of tracks and features"
)]
pub fn regions(
    /// Genome that the sequences are read from.
    genome: &Genomic,
    /// Regions of one length; their labels and features are in the same order.
    intervals: &Places,
    options: RegionOptions,
) -> Result<Data> {
    let has_warning = options.warn_repeats;
    let set = of_regions(genome, intervals, options)?;
    Ok(match has_warning {
        true => with_notes(set),
        false => with_given_notes(set),
    })
}

/// Reports problems of regions that would affect training.
///
/// These are unknown chromosomes, regions out of bounds, of several lengths, repeated, overlapping
/// or mostly N, and regions without a value in a track.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "ACGTACGTNNNN" });
/// let found = data::check(
///     g, intervals::from(#{ chrom: ["chr1", "chr7"], start: [0, 0], end: [8, 8] })
/// );
/// assert_eq(found.unknown_chromosome, 1.0);
/// assert(found.problems[0].contains("chr7"));
/// ```
#[native(
    namespace = "data",
    returns = "map of numbers, and `problems`: array of strings"
)]
pub fn check(
    /// Genome of the regions.
    genome: &Genomic,
    /// Regions to check.
    intervals: &Places,
    /// Tracks by name.
    tracks: Option<TrackSets>,
) -> Result<Map> {
    let tracks = tracks.map_or(Vec::new(), |tracks| tracks.0);
    let first: Vec<(String, &Track)> = tracks
        .iter()
        .filter_map(|(name, tracks)| Some((name.clone(), &*tracks.first()?.0)))
        .collect();
    let report = check::check(&genome.0, &intervals.0, &first)?;
    let mut map = number_map(report.numbers);
    map.insert("problems".into(), array(report.problems).into());
    Ok(map)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![regions, check]
}
