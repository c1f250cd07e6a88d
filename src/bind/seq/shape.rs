//! `seq::shape_table`: DNA shape of sequences by k-mers.

use crate::base::Result;
use crate::bind::args::path::output_path;
use crate::bind::args::sequence::{Sequences, codes_of};
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::{Data, Shapes};
use crate::data::{matrix, shape_source};
use crate::lang::value::{array, mismatch};
use crate::lang::{FromValue, Native, Options, native, natives_of, session};
use crate::seq::shape::{Feature, ShapeTable, ShapeTrack, track};
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};
use std::rc::Rc;

/// Options of `table.shape`.
#[derive(Options)]
pub struct ShapeOptions {
    /// Value of k-mers that the table does not have, among them those with unknown bases; an error
    /// unless given.
    missing: Option<f64>,
}

/// Sequences as codes of one length: strings, a dataset, or a file.
pub struct SequenceSource {
    codes: Vec<u8>,
    length: usize,
}

impl FromValue for SequenceSource {
    fn kind() -> String {
        "path of a FASTA file or table, array of strings, or dataset".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(set) = value.read_lock::<Data>() {
            let (codes, length) = set.0.sequences(0..set.0.len())?;
            return Ok(SequenceSource { codes, length });
        }
        let (codes, length) = if value.is_string() {
            let path = value.clone().into_string().unwrap_or_default();
            shape_source::sequences(&session::find_input(&path)?)?
        } else {
            let texts = Sequences::from_value(value, context);
            codes_of(&texts.map_err(|_| mismatch(&Self::kind(), value))?.0)?
        };
        Ok(SequenceSource { codes, length })
    }
}

/// Tracks by name, each `[sequences, positions]`.
pub struct ShapeTracks(Vec<(String, ShapeTrack)>);

impl FromValue for ShapeTracks {
    fn kind() -> String {
        "map of name to the path of a table of numbers, or to a tensor [sequences, positions]"
            .into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let map = value
            .read_lock::<Map>()
            .ok_or_else(|| mismatch(&Self::kind(), value))?;
        let track = |(name, value): (&rhai::Identifier, &Dynamic)| {
            let track =
                track_of(value).map_err(|fault| fault.context(format!("track `{name}`")))?;
            Ok((name.to_string(), track))
        };
        map.iter()
            .map(track)
            .collect::<Result<_>>()
            .map(ShapeTracks)
    }
}

fn track_of(value: &Dynamic) -> Result<ShapeTrack> {
    if value.is_string() {
        let path = value.clone().into_string().unwrap_or_default();
        return matrix::read(&session::find_input(&path)?);
    }
    let tensor = tensor_of(value)?;
    let [rows, width] = tensor.shape()[..] else {
        let found = crate::base::shape::text(&tensor.shape());
        bail!("shape", "must be [sequences, positions], got {found}");
    };
    track(rows as usize, width as usize, tensor.to_f32()?)
}

/// Derives a table of DNA shape from sequences and tracks of their shape, or reads a saved one.
///
/// A track `[sequences, length]` has values of base pairs, which pentamers determine (minor groove
/// width, propeller twist, electrostatic potential); a track `[sequences, length - 1]` has values
/// of steps, which hexamers determine (roll, helix twist), beside the ends of a sequence its first
/// or last pentamer. The first and last two base pairs, and the first and last step, have no
/// value: the tracks must have one number there, which shapes repeat. K-mers that are in no
/// sequence take the value of their reverse complement where all others agree with theirs.
/// `table.report` states k-mers never seen and values that disagree.
///
/// # Source
/// Zhou et al. (2013), Nucleic Acids Research 41, W56: DNAshape.
///
/// ```rhai
/// let sequences = ["ACGTTGCA", "TTTTGGCC"];
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0], [0.0, 0.0, 3.9, 4.2, 5.3, 5.6, 0.0, 0.0]];
/// let table = seq::shape_table(sequences, #{ MGW: mgw });
/// assert_near(table.shape(["ACGTTGCA"])[0][0], mgw[0]);
/// assert_eq(table.report.MGW.conflicts, 0);
/// ```
#[native(namespace = "seq")]
pub fn shape_table(
    /// Sequences of one length: path of a FASTA file or of a table, array of strings, or dataset;
    /// without tracks the path of a file that `table.save` wrote.
    sequences: &Dynamic,
    /// Tracks by name: paths of tables of numbers, or tensors [sequences, positions].
    tracks: Option<ShapeTracks>,
) -> Result<Shapes> {
    derived(sequences, tracks).map(|table| Shapes(Rc::new(table)))
}

/// Returns the shape of sequences, an input [features, length] of each.
///
/// The value of a step is that from a position to the next; the last position repeats that of
/// ends.
///
/// ```rhai
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]];
/// let table = seq::shape_table(["ACGTTGCA"], #{ MGW: mgw });
/// assert_eq(table.shape(["ACGTT", "GTTGC"]).shape, [2, 1, 5]);
/// assert_eq(table.shape(["NCGTT"], #{ missing: -1.0 })[0][0][2], -1.0);
/// ```
/// ```rhai,fails
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]];
/// seq::shape_table(["ACGTTGCA"], #{ MGW: mgw }).shape(["AAAAA"]);
/// //~ `MGW` has no value for AAAAA at position 2
/// ```
#[native(
    namespace = "shape_table",
    form = method,
    returns = "tensor [sequences, features, length]"
)]
pub fn shape(
    this: &Shapes,
    /// Sequences of one length: array of strings, path of a file, or dataset.
    sequences: SequenceSource,
    options: ShapeOptions,
) -> Result<Tensor> {
    let SequenceSource { codes, length } = sequences;
    let missing = options.missing.map(|value| value as f32);
    let values = this.0.shape(&codes, length, missing)?;
    let rows = codes.len() / length.max(1);
    let sizes = [rows, this.0.features.len(), length].map(|n| n as i64);
    Tensor::from_f32(&values, &sizes)
}

/// The names of the features, in the order of the channels.
///
/// ```rhai
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]];
/// assert_eq(seq::shape_table(["ACGTTGCA"], #{ MGW: mgw }).names, ["MGW"]);
/// ```
#[native(namespace = "shape_table", form = property)]
pub fn names(this: &Shapes) -> Vec<String> {
    let features = this.0.features.iter();
    features.map(|feature| feature.name.clone()).collect()
}

/// What was found when the table was derived, for each feature.
///
/// Entries are `k`, `kmers` (their number, with those of the ends), `seen` in the sequences,
/// `from_reverse` (known from the reverse complement alone), `unseen` (the first without a value),
/// `conflicts` (k-mers with several values, of which the first is kept), `largest_conflict` (the
/// largest difference), `conflicting` (the first of them) and `end` (the value of ends).
///
/// ```rhai
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]];
/// let found = seq::shape_table(["ACGTTGCA"], #{ MGW: mgw }).report.MGW;
/// assert_eq([found.k, found.kmers, found.seen], [5, 1024, 4]);
/// ```
#[native(namespace = "shape_table", form = property, returns = "map by feature")]
pub fn report(this: &Shapes) -> Map {
    let features = this.0.features.iter();
    features
        .map(|feature| (feature.name.as_str().into(), findings(feature).into()))
        .collect()
}

fn findings(feature: &Feature) -> Map {
    let found = &feature.findings;
    let count = |n: usize| Dynamic::from(n as i64);
    Map::from([
        ("k".into(), count(feature.k())),
        ("kmers".into(), count(found.kmers)),
        ("seen".into(), count(found.seen)),
        ("from_reverse".into(), count(found.from_reverse)),
        ("unseen".into(), array(found.unseen.clone()).into()),
        ("conflicts".into(), count(found.conflicts)),
        (
            "largest_conflict".into(),
            f64::from(found.largest_conflict).into(),
        ),
        (
            "conflicting".into(),
            array(found.conflicting.clone()).into(),
        ),
        ("end".into(), f64::from(feature.end).into()),
    ])
}

/// Writes the table as text: feature, place, k-mer and value, separated by tabs.
///
/// ```rhai
/// let mgw = [[0.0, 0.0, 5.1, 4.9, 4.9, 5.1, 0.0, 0.0]];
/// seq::shape_table(["ACGTTGCA"], #{ MGW: mgw }).save("/tmp/cistron_example_shape.tsv");
/// assert_eq(seq::shape_table("/tmp/cistron_example_shape.tsv").names, ["MGW"]);
/// ```
#[native(namespace = "shape_table", form = method)]
pub fn save(
    this: &Shapes,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    this.0.save(&output_path(path)?)
}

fn derived(sequences: &Dynamic, tracks: Option<ShapeTracks>) -> Result<ShapeTable> {
    let Some(ShapeTracks(tracks)) = tracks else {
        let path = sequences.clone().into_string();
        let path = path.map_err(|_| {
            fault!("type", "without tracks, `sequences` must be the path of a saved table";
                hint: "`seq::shape_table(sequences, #{{ MGW: \"MGW.csv\" }})`")
        })?;
        return ShapeTable::open(&session::find_input(&path)?);
    };
    let (codes, length) = if let Some(set) = sequences.read_lock::<Data>() {
        set.0.sequences(0..set.0.len())?
    } else if sequences.is_string() {
        let path = sequences.clone().into_string().unwrap_or_default();
        shape_source::sequences(&session::find_input(&path)?)?
    } else {
        let texts = sequences.clone().into_typed_array::<String>();
        codes_of(&texts.map_err(|_| mismatch(&SequenceSource::kind(), sequences))?)?
    };
    ShapeTable::derive(&codes, length, &tracks)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![shape_table, shape, names, report, save]
}
