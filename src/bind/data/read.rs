//! `data::…`: datasets from files, arrays and genomes.

use crate::base::Result;
use crate::bind::args::dataset::{column, no_words};
use crate::bind::args::genome::noted;
use crate::bind::args::labels::{LabelStrands, NamePairs, labels_of};
use crate::bind::args::numbers::number_map;
use crate::bind::types::{Data, Genomic, Places, Signal};
use crate::bind::warnings::warn;
use crate::data::columns::{self, Layout, NamedLabel};
use crate::data::table::TableColumns;
use crate::data::{Column, Dataset, Input, check, duplicates, regions};
use crate::lang::value::{array, mismatch};
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::Track;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::rc::Rc;
use std::sync::Arc;

/// Options of `data::table`.
#[derive(Options)]
pub struct TableOptions {
    /// Columns of the sequences; without a header, numbers from 1.
    sequence: Option<SequenceColumns>,
    /// Columns of the labels.
    label: Option<LabelColumns>,
    /// Column of a name for each row.
    name: Option<String>,
    /// Length that sequences are cropped or padded to, around their middle, in bp; without it all
    /// must have one length.
    #[option(min = 1)]
    length: Option<usize>,
}

/// Options of `data::fasta`.
#[derive(Options)]
pub struct FastaOptions {
    /// Length that sequences are cropped or padded to, around their middle, in bp.
    #[option(min = 1)]
    length: Option<usize>,
}

/// Options of `data::from`.
#[derive(Options)]
pub struct ColumnOptions {
    /// Inputs of numbers along the sequence, which are shifted and reversed with it, as an array
    /// of names; those whose last axis has the length of the sequence unless given.
    along: Option<Vec<String>>,
    /// Names of inputs [channels, length] whose neighbouring channels are the two strands of a
    /// signal, which are swapped on the reverse strand.
    #[option(default = [])]
    stranded: Vec<String>,
    /// Number of bins along the sequence of each group of labels, which are reversed with it.
    #[option(default = 1, min = 1)]
    bins: usize,
    /// What labels become where a row is reverse-complemented, by label name: "track" (the last
    /// axis is along the sequence and is reversed), "stranded" ([channels] or [channels, length]
    /// with pairs of strands, which are exchanged; the length is reversed) or "features"
    /// (unchanged). One word if there is one label.
    label_strands: Option<LabelStrands>,
    #[option(flatten)]
    pairs: PairOptions,
}

/// Options of `data::regions`.
#[derive(Options)]
pub struct RegionOptions {
    /// Labels of the regions; 1 each unless given.
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
    #[option(flatten)]
    pairs: PairOptions,
}

/// The option of labels of two strands.
#[derive(Options)]
pub struct PairOptions {
    /// Labels of the two strands, [plus, minus], which are swapped on the reverse strand; groups
    /// of bins are named without their number.
    label_pairs: Option<NamePairs>,
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

/// A column of a table as scripts write it: its name, or its number from 1.
fn column_name(value: &Dynamic) -> Option<String> {
    (value.is_string() || value.is_int()).then(|| value.to_string())
}

/// Columns of sequences by input name.
pub struct SequenceColumns(Vec<(String, String)>);

impl FromValue for SequenceColumns {
    fn kind() -> String {
        "column name, or a map of input name to column name".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(column) = column_name(value) {
            return Ok(SequenceColumns(vec![("sequence".into(), column)]));
        }
        let map = value
            .read_lock::<Map>()
            .ok_or_else(|| mismatch(&Self::kind(), value))?;
        let columns = map
            .iter()
            .map(|(name, column)| (name.to_string(), column.to_string()));
        Ok(SequenceColumns(columns.collect()))
    }
}

/// Columns of labels.
pub struct LabelColumns(Vec<String>);

impl FromValue for LabelColumns {
    fn kind() -> String {
        "column name or array of them".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match column_name(value) {
            Some(column) => Ok(LabelColumns(vec![column])),
            None => Vec::from_value(value, context).map(LabelColumns),
        }
    }
}

/// Labels of regions, not yet read.
pub struct LabelValues(Dynamic);

impl FromValue for LabelValues {
    fn kind() -> String {
        "map of `label::…`, a tensor [regions, tasks] or an array".into()
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

/// Adds a note on repeated sequences and prints all notes of a dataset.
fn with_notes(mut set: Dataset) -> Data {
    let repeated = duplicates::within(&set);
    if repeated > 0 {
        set.notes.push(format!(
            "{repeated} of {} sequences repeat an earlier one, on either strand",
            set.len()
        ));
    }
    set.notes.iter().for_each(|note| warn(note));
    Data(Rc::new(set))
}

/// A few rows in place of a file that does not exist, for dry runs.
fn invented(labels: Vec<String>) -> Result<Data> {
    let codes = (0..8 * 101).map(|i| (i * 7 % 4) as u8).collect();
    let column = Column::Sequence {
        codes: Arc::new(codes),
        length: 101,
    };
    let names = match labels.is_empty() {
        true => vec!["label".to_string()],
        false => labels,
    };
    let values = (0..8 * names.len()).map(|i| (i % 2) as f32).collect();
    let inputs = vec![Input::new("sequence", column)];
    Ok(Data(Rc::new(Dataset::new(inputs, names, values)?)))
}

fn invented_table(_: &str, options: TableOptions) -> Result<Data> {
    invented(options.label.map_or(Vec::new(), |columns| columns.0))
}

fn invented_fasta(_: &str, _: Option<String>, _: FastaOptions) -> Result<Data> {
    invented(Vec::new())
}

/// Labels by name.
fn label_columns(value: &Dynamic) -> Result<Vec<NamedLabel>> {
    let parts: Vec<(String, Dynamic)> = match value.read_lock::<Map>() {
        Some(map) => map
            .iter()
            .map(|(name, values)| (name.to_string(), values.clone()))
            .collect(),
        None => vec![("label".into(), value.clone())],
    };
    let mut labels = Vec::new();
    for (name, values) in parts {
        no_words(&name, &values)?;
        let Column::Dense { values, shape } = column(&name, &values)? else {
            bail!("type", "label `{name}` must hold numbers")
        };
        labels.push(NamedLabel {
            name,
            shape,
            values,
        });
    }
    Ok(labels)
}

fn from_columns(given: &Map, options: ColumnOptions) -> Result<Dataset> {
    let mut inputs = Vec::new();
    let mut labels: Vec<NamedLabel> = Vec::new();
    for (name, value) in given {
        if name == "label" || name == "labels" {
            labels.extend(label_columns(value)?);
        } else {
            inputs.push(Input::new(name.to_string(), column(name, value)?));
        }
    }
    let layout = Layout {
        along: options.along,
        stranded: options.stranded,
        bins: options.bins,
        label_strands: options
            .label_strands
            .map_or(Vec::new(), |strands| strands.0),
        label_pairs: options
            .pairs
            .label_pairs
            .map_or(Vec::new(), |pairs| pairs.0),
    };
    columns::dataset(inputs, &labels, &layout)
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
    let labels = options.labels.as_ref();
    let labels = labels.map(|LabelValues(labels)| labels_of(labels, list.0.len()));
    let tracks = options.tracks.map_or(Vec::new(), |tracks| tracks.0);
    let tracks: Vec<(String, Vec<Arc<Track>>)> = tracks
        .into_iter()
        .map(|(name, tracks)| (name, tracks.into_iter().map(|track| track.0).collect()))
        .collect();
    let plan = regions::RegionSettings {
        genome: genome.0.clone(),
        labels: labels.transpose()?,
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
    let set = regions::dataset(&list.0, plan)?;
    let tracks = tracks.iter().flat_map(|(_, tracks)| tracks);
    tracks.for_each(|track| noted(track, &list.0));
    Ok(set)
}

/// Reads a table of sequences and labels: TSV, CSV or blanks, plain or gzipped.
///
/// The DeepBind form (FoldID EventID seq Bound), the Zeng form (>chr:a-b SEQ label) and rows of
/// SEQ label need no options.
///
/// ```rhai
/// try { data::table("/nowhere.tsv"); } catch (e) { assert_eq(e.kind, "file"); }
/// ```
#[native(namespace = "data", stand_in = invented_table)]
pub fn table(
    /// Path of the table.
    path: &str,
    options: TableOptions,
) -> Result<Data> {
    let plan = TableColumns {
        sequences: options.sequence.map_or(Vec::new(), |columns| columns.0),
        labels: options.label.map_or(Vec::new(), |columns| columns.0),
        name: options.name,
        length: options.length,
    };
    crate::data::table::read(&session::find_input(path)?, &plan).map(with_notes)
}

/// Reads positives and negatives from FASTA files, plain or gzipped.
///
/// Without negatives, `dataset.with_shuffles` adds them.
///
/// ```rhai
/// try { data::fasta("/nowhere.fa"); } catch (e) { assert_eq(e.kind, "file"); }
/// ```
#[native(
    namespace = "data",
    stand_in = invented_fasta,
    returns = "dataset, label 1 for positives, 0 for negatives"
)]
pub fn fasta(
    /// Path of the file of positives.
    positives: &str,
    /// Path of the file of negatives.
    negatives: Option<String>,
    options: FastaOptions,
) -> Result<Data> {
    let positives = session::find_input(positives)?;
    let negatives = negatives
        .map(|path| session::find_input(&path))
        .transpose()?;
    crate::data::table::from_fasta(&positives, negatives.as_deref(), options.length).map(with_notes)
}

/// Returns a dataset of the columns of a map.
///
/// Arrays of strings are sequences, tensors and arrays of numbers are inputs of numbers. Inputs
/// along the sequence (those whose last axis has its length, or those that `along` names) and
/// labels of `bins` are shifted and reversed with it.
///
/// ```rhai
/// let set = data::from(
///     #{ sequence: ["ACGT", "TTTT"], height: tensor::ones([2, 3]), label: [1, 0] }
/// );
/// assert_eq(set.len(), 2);
/// ```
#[native(namespace = "data")]
pub fn from(
    /// Columns by input name; `label` holds the labels, or a map of them.
    columns: &Map,
    options: ColumnOptions,
) -> Result<Data> {
    let set = from_columns(columns, options)?;
    let notes = set.notes.iter();
    notes.for_each(|note| warn(note));
    Ok(Data(Rc::new(set)))
}

/// Returns a dataset of the regions of a genome, read batch by batch.
///
/// Only the coordinates are kept in memory. Sequence, tracks and labels are read from the same
/// strand, and augmenters shift and reverse them together; `features` are not changed.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 1000, #{ seed: 1 })[0] });
/// let set = data::regions(g, g.windows(100), #{ labels: (0..10).map(|i| i % 2) });
/// assert_eq(set.len(), 10);
/// assert_eq(set.input().shape, [10, 4, 100]);
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
    of_regions(genome, intervals, options).map(with_notes)
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

/// Reads a dataset that `dataset.save` wrote.
///
/// ```rhai
/// data::from(#{ sequence: ["ACGT"], label: [1] }).save("/tmp/cistron_example_set.safetensors");
/// assert_eq(data::load("/tmp/cistron_example_set.safetensors").len(), 1);
/// ```
#[native(namespace = "data")]
pub fn load(
    /// Path of the safetensors file.
    path: &str,
) -> Result<Data> {
    let set = crate::data::save::load(&session::find_input(path)?)?;
    Ok(Data(Rc::new(set)))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![table, fasta, from, regions, check, load]
}
