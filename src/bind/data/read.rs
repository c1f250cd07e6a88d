//! `data::…`: datasets from files, arrays and genomes.

use crate::base::{Interval, Result, Strand, shape};
use crate::bind::args::dataset::{column, no_words};
use crate::bind::args::genome::noted;
use crate::bind::args::labels::{NamePairs, RegionLabels, Signalled, labels_of};
use crate::bind::args::numbers::number_map;
use crate::bind::types::{Data, Genomic, Places, Signal};
use crate::bind::warnings::warn;
use crate::data::profile::{self, Source};
use crate::data::table::Plan;
use crate::data::{Channel, Column, Dataset, Input, Profile, check, duplicates};
use crate::lang::value::{array, mismatch};
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
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

/// Names of groups of labels: those of their first bins without the number.
fn groups(names: &[String], bins: usize) -> Vec<String> {
    let name = |name: &String| {
        if bins == 1 {
            name.clone()
        } else {
            name.strip_suffix('1').unwrap_or(name).to_string()
        }
    };
    names.iter().step_by(bins).map(name).collect()
}

/// Sets how labels behave on the reverse strand.
fn laid_out(
    set: &mut Dataset,
    bins: usize,
    pairs: &[(usize, usize)],
    source: Option<Source>,
) -> Result<()> {
    let tasks = set.tasks();
    if !tasks.is_multiple_of(bins) {
        bail!("option", "{tasks} labels are not groups of {bins} bins");
    }
    set.label_partners = profile::partners(tasks / bins, bins, pairs);
    set.profile = (bins > 1).then(|| Arc::new(Profile { bins, source }));
    Ok(())
}

/// Sets which inputs are along the sequence and which are pairs of strands.
fn declare(inputs: &mut [Input], options: &ColumnOptions, notes: &mut Vec<String>) -> Result<()> {
    let length = inputs
        .iter()
        .find(|input| input.column.is_sequence())
        .map(|input| input.column.row_shape()[0]);
    let (along, stranded) = (&options.along, &options.stranded);
    let known = |name: &String| {
        inputs
            .iter()
            .any(|input| input.name == *name && !input.column.is_sequence())
    };
    if let Some(name) = along
        .iter()
        .flatten()
        .chain(stranded)
        .find(|name| !known(name))
    {
        bail!("name", "no input of numbers is called `{name}`");
    }
    for input in inputs
        .iter_mut()
        .filter(|input| !input.column.is_sequence())
    {
        let shape = input.column.row_shape();
        let fits = shape.last().copied() == length && length.is_some();
        let is_stranded = stranded.contains(&input.name);
        let is_stated = is_stranded
            || along
                .as_ref()
                .is_some_and(|along| along.contains(&input.name));
        input.is_along = if along.is_some() {
            is_stated
        } else {
            fits || is_stated
        };
        if is_stated && !fits {
            let length = length.map_or("there is no sequence".to_string(), |length| {
                format!("the sequence has {length} positions")
            });
            bail!(
                "shape",
                "input `{}` {} is not along the sequence: {length}",
                input.name,
                shape_text(&shape)
            );
        }
        if is_stranded {
            if shape.len() != 2 || shape[0] % 2 == 1 {
                bail!(
                    "shape",
                    "stranded input `{}` must be [channels, length] with pairs of channels, got {}",
                    input.name,
                    shape_text(&shape)
                );
            }
            input.partners = Some(Arc::new((0..shape[0]).map(|i| i ^ 1).collect()));
        }
        if fits && along.is_none() && !is_stranded && shape.len() == 1 {
            notes.push(format!(
                "input `{}` has a number for each position and is taken to be along the sequence; `#{{ along: [] }}` as second argument states that it is not",
                input.name
            ));
        }
    }
    Ok(())
}

fn shape_text(sizes: &[usize]) -> String {
    shape::text(&sizes.iter().map(|n| *n as i64).collect::<Vec<_>>())
}

/// Labels by name: a column of numbers for each task.
fn label_columns(value: &Dynamic) -> Result<Vec<(String, Vec<f32>)>> {
    let parts: Vec<(String, Dynamic)> = match value.read_lock::<Map>() {
        Some(map) => map
            .iter()
            .map(|(name, values)| (name.to_string(), values.clone()))
            .collect(),
        None => vec![("label".into(), value.clone())],
    };
    let mut labels = Vec::new();
    for (label, values) in parts {
        no_words(&label, &values)?;
        let Column::Dense { values, shape } = column(&label, &values)? else {
            bail!("type", "label `{label}` must hold numbers")
        };
        let tasks: usize = shape.iter().product();
        for task in 0..tasks {
            let name = if tasks == 1 {
                label.clone()
            } else {
                format!("{label}{}", task + 1)
            };
            let column = values.iter().skip(task).step_by(tasks);
            labels.push((name, column.copied().collect()));
        }
    }
    Ok(labels)
}

fn from_columns(columns: &Map, options: &ColumnOptions) -> Result<Dataset> {
    let mut inputs = Vec::new();
    let mut labels: Vec<(String, Vec<f32>)> = Vec::new();
    for (name, value) in columns {
        if name == "label" || name == "labels" {
            labels.extend(label_columns(value)?);
        } else {
            inputs.push(Input::new(name.to_string(), column(name, value)?));
        }
    }
    // sequences first: the main input is the sequence
    inputs.sort_by_key(|input| matches!(input.column, Column::Dense { .. }));
    let rows = inputs.first().map_or(0, |input| input.column.rows());
    if let Some((name, values)) = labels.iter().find(|(_, values)| values.len() != rows) {
        bail!(
            "data",
            "label `{name}` has {} rows, the inputs have {rows}",
            values.len()
        );
    }
    let flat = (0..rows)
        .flat_map(|row| labels.iter().map(move |(_, values)| values[row]))
        .collect();
    let names = labels.iter().map(|(name, _)| name.clone()).collect();
    let mut notes = Vec::new();
    declare(&mut inputs, options, &mut notes)?;
    let mut set = Dataset::new(inputs, names, flat)?;
    let pairs = match &options.pairs.label_pairs {
        Some(NamePairs(pairs)) => {
            profile::pairs_of(&groups(&set.label_names, options.bins), pairs)?
        }
        None => Vec::new(),
    };
    laid_out(&mut set, options.bins, &pairs, None)?;
    set.notes = notes;
    Ok(set)
}

/// Rows whose labels are read again, to compare them with their signals.
const CHECKED: usize = 64;

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

/// A dataset with labels that are read from the strand that its sequences are read from.
///
/// `strands` are the regions with their strands, `places` those of the sequences as read.
fn labelled(
    genome: &Genomic,
    inputs: Vec<Input>,
    labels: RegionLabels,
    strands: &[Interval],
    places: &Arc<Vec<Interval>>,
    options: &RegionOptions,
) -> Result<Dataset> {
    let RegionLabels {
        names,
        mut values,
        signal,
    } = labels;
    let bins = match (options.bins, &signal) {
        (Some(bins), Some(signal)) if bins != signal.reading.bins => {
            bail!("option", "option `bins` is {bins}, the labels are {} bins each", signal.reading.bins; hint: "leave `bins` out: the labels of `label::signal` include their number of bins")
        }
        (Some(bins), _) => bins,
        (None, signal) => signal.as_ref().map_or(1, |signal| signal.reading.bins),
    };
    let pairs = match (&options.pairs.label_pairs, &signal) {
        (Some(NamePairs(pairs)), _) => profile::pairs_of(&groups(&names, bins), pairs)?,
        (None, Some(signal)) => signal.pairs.clone(),
        (None, None) => Vec::new(),
    };
    let partners = profile::partners(names.len() / bins, bins, &pairs);
    let mut notes = Vec::new();
    match (&signal, &partners) {
        (Some(signal), Some(partners)) => {
            if signal.use_strand {
                profile::orient(&mut values, partners, &signal.regions.0.rows);
            }
            if options.use_strand {
                profile::orient(&mut values, partners, strands);
            }
        }
        (None, Some(_))
            if options.use_strand && strands.iter().any(|row| row.strand == Strand::Reverse) =>
        {
            notes.push("labels are given as numbers: those of regions on the reverse strand are taken to be read from that strand already".to_string());
        }
        _ => {}
    }
    let mut set = Dataset::new(inputs, names, values)?;
    let source = match signal.filter(|_| bins > 1) {
        Some(signal) => source_of(genome, &signal, &pairs, places, &set.labels)?,
        None => None,
    };
    laid_out(&mut set, bins, &pairs, source)?;
    set.notes = notes;
    Ok(set)
}

/// The signals that labels were read from, along the regions of the sequences; none where the
/// labels have been changed since, or where their windows are not at one place within the regions.
fn source_of(
    genome: &Genomic,
    signal: &Signalled,
    pairs: &[(usize, usize)],
    places: &Arc<Vec<Interval>>,
    labels: &[f32],
) -> Result<Option<Source>> {
    let windows = signal.regions.0.in_genome(&genome.0)?;
    let (Some((offset, width)), Some(first)) =
        (profile::window(places, &windows.rows), places.first())
    else {
        return Ok(None);
    };
    let channels: Vec<Channel> = signal
        .tracks
        .iter()
        .map(|(_, track)| Channel::new(track.0.clone(), &genome.0, f32::NAN, false))
        .collect();
    let partners = profile::partners(channels.len(), 1, pairs);
    let column = Column::Signal {
        channels: Arc::new(channels),
        regions: places.clone(),
        length: first.len() as usize,
        partners,
    };
    let source = Source {
        column,
        offset,
        width,
        reading: signal.reading,
    };
    let tasks = signal.tasks();
    for row in (0..places.len()).step_by(places.len().div_ceil(CHECKED).max(1)) {
        let (mut values, mut again) = (Vec::new(), Vec::new());
        source.column.numbers(row, 0, &mut values)?;
        let parts: Vec<&[f32]> = values
            .chunks(first.len() as usize)
            .map(|channel| &channel[offset..offset + width])
            .collect();
        source.labels(&parts, signal.reading.bins, &mut again)?;
        let is_same = |(a, b): (&f32, &f32)| {
            (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-4 * a.abs().max(b.abs())
        };
        if !labels[row * tasks..(row + 1) * tasks]
            .iter()
            .zip(&again)
            .all(is_same)
        {
            return Ok(None);
        }
    }
    Ok(Some(source))
}

/// Regions of one length within a genome, in its numbers of chromosomes.
fn equal_regions(genome: &Genomic, list: &Places) -> Result<Vec<Interval>> {
    let rows = list.0.in_genome(&genome.0)?.rows;
    let length = rows.first().map_or(0, |row| row.len());
    if let Some(i) = rows.iter().position(|row| row.is_empty()) {
        bail!("data", "region {i} ({}) holds no base", list.0.shown(i); hint: "`.filter(|r| r.end > r.start)` leaves such out");
    }
    if rows.is_empty() {
        bail!("data", "there are no regions: the list is empty");
    }
    if let Some(i) = rows.iter().position(|row| row.len() != length) {
        bail!("data", "region {i} ({}) has {} bases, those before it have {length}", list.0.shown(i), rows[i].len(); hint: "`.resize({})` gives them one length", length.max(1));
    }
    Ok(rows)
}

/// An input of tracks along regions.
fn track_input(
    genome: &Genomic,
    list: &Places,
    places: &Arc<Vec<Interval>>,
    (name, tracks): (&str, &[Signal]),
    options: &RegionOptions,
) -> Result<Input> {
    let partners = match options.stranded.iter().any(|stranded| stranded == name) {
        true if tracks.len() % 2 == 1 => bail!(
            "option",
            "stranded tracks `{name}` come in pairs, got {}",
            tracks.len()
        ),
        true => Some(Arc::new((0..tracks.len()).map(|i| i ^ 1).collect())),
        false => None,
    };
    for track in tracks {
        // a track of another genome has none of the chromosomes
        track
            .0
            .align(&list.0)
            .map_err(|fault| fault.context(format!("track `{name}`")))?;
        noted(&track.0, &list.0);
    }
    let missing = options.missing as f32;
    let channels = tracks
        .iter()
        .map(|track| Channel::new(track.0.clone(), &genome.0, missing, options.log1p))
        .collect();
    let column = Column::Signal {
        channels: Arc::new(channels),
        regions: places.clone(),
        length: places.first().map_or(0, |row| row.len() as usize),
        partners: partners.clone(),
    };
    Ok(Input {
        partners,
        ..Input::new(name, column)
    })
}

/// The inputs of regions: sequence, tracks and features.
fn region_inputs(
    genome: &Genomic,
    list: &Places,
    places: &Arc<Vec<Interval>>,
    options: &mut RegionOptions,
) -> Result<Vec<Input>> {
    let column = Column::Genome {
        genome: genome.0.clone(),
        regions: places.clone(),
        length: places.first().map_or(0, |row| row.len() as usize),
    };
    let mut inputs = vec![Input::new("sequence", column)];
    for (name, tracks) in options.tracks.iter().flat_map(|tracks| &tracks.0) {
        inputs.push(track_input(genome, list, places, (name, tracks), options)?);
    }
    for (name, column) in options
        .features
        .take()
        .map_or(Vec::new(), |columns| columns.0)
    {
        inputs.push(Input::new(name, column));
    }
    let is_stranded = |name: &String| {
        let mut named = inputs.iter().filter(|input| input.name == *name);
        named.any(|input| input.partners.is_some())
    };
    if let Some(name) = options.stranded.iter().find(|name| !is_stranded(name)) {
        bail!(
            "name",
            "option `stranded` names `{name}`, and `tracks` has none of that name"
        );
    }
    Ok(inputs)
}

fn of_regions(genome: &Genomic, list: &Places, mut options: RegionOptions) -> Result<Dataset> {
    let strands = equal_regions(genome, list)?;
    let n = strands.len();
    let outside: Vec<u32> = (0..n as u32)
        .filter(|i| !genome.0.holds(&strands[*i as usize]))
        .collect();
    if let (Some(first), Outside::Error) = (outside.first(), options.outside) {
        return Err(genome
            .0
            .outside(&strands[*first as usize])
            .context(format!("{} of {n} regions", outside.len()))
            .hint("`#{ outside: \"skip\" }` leaves them out, `\"pad\"` fills with N"));
    }
    let mut places = strands.clone();
    if !options.use_strand {
        places.iter_mut().for_each(|row| row.strand = Strand::None);
    }
    let places = Arc::new(places);
    let inputs = region_inputs(genome, list, &places, &mut options)?;
    let mut set = match &options.labels {
        Some(LabelValues(labels)) => {
            let labels = labels_of(labels, n)?;
            labelled(genome, inputs, labels, &strands, &places, &options)?
        }
        None => Dataset::new(inputs, vec!["label".to_string()], vec![1.0; n])?,
    };
    if options.outside == Outside::Skip && !outside.is_empty() {
        let notes = std::mem::take(&mut set.notes);
        set = set.with_rows(
            (0..n as u32)
                .filter(|i| outside.binary_search(i).is_err())
                .collect(),
        );
        set.notes = notes;
        if set.is_empty() {
            bail!("data", "every region reaches out of its chromosome");
        }
        set.notes.push(format!(
            "{} of {n} regions reach out of their chromosome and are left out",
            outside.len()
        ));
    }
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
    let plan = Plan {
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
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], height: tensor::ones([2, 3]), label: [1, 0] });
/// assert_eq(set.len(), 2);
/// ```
#[native(namespace = "data")]
pub fn from(
    /// Columns by input name; `label` holds the labels, or a map of them.
    columns: &Map,
    options: ColumnOptions,
) -> Result<Data> {
    let set = from_columns(columns, &options)?;
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
/// let found = data::check(g, intervals::from(#{ chrom: ["chr1", "chr7"], start: [0, 0], end: [8, 8] }));
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
    let first: Vec<(String, &crate::seq::Track)> = tracks
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
