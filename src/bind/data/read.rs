//! `data::…`: datasets from files and arrays.

use crate::bail;
use crate::base::Result;
use crate::bind::args::dataset::{column, no_words, with_notes};
use crate::bind::args::labels::{LabelStrands, PairOptions};
use crate::bind::types::Data;
use crate::bind::warnings::warn;
use crate::data::columns::{self, Layout, NamedLabel};
use crate::data::table::TableColumns;
use crate::data::{Column, Dataset, Input};
use crate::lang::value::mismatch;
use crate::lang::{FromValue, Native, Options, native, natives_of, session};
use rhai::{Dynamic, Map, NativeCallContext};
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
/// Labels keep their shape: `[rows, 2, 1000]` are `[batch, 2, 1000]` in training. A map holds
/// several named labels, which are those of the outputs of the same names where a model has
/// several; for a model of one output they are side by side. `label_strands` states what labels
/// become on the reverse strand. Where that matters and is not stated, augmenters that reverse
/// rows are refused, and so are those that move bases under a label along the sequence.
///
/// ```rhai
/// let set = data::from(
///     #{ sequence: ["ACGT", "TTTT"], height: tensor::ones([2, 3]), label: [1, 0] }
/// );
/// assert_eq(set.len(), 2);
/// ```
/// ```rhai
/// let labels = #{ profile: tensor::ones([2, 2, 4]), counts: tensor::ones([2, 2]) };
/// let strands = #{ profile: "stranded", counts: "stranded" };
/// let set = data::from(
///     #{ sequence: ["ACGT", "TTTT"], labels: labels }, #{ label_strands: strands }
/// );
/// assert_eq(set.label.profile.shape, [2, 2, 4]);
/// ```
#[native(namespace = "data")]
pub fn from(
    /// Columns by input name; `label` or `labels` holds the labels, or a map of them by name.
    columns: &Map,
    options: ColumnOptions,
) -> Result<Data> {
    let set = from_columns(columns, options)?;
    let notes = set.notes.iter();
    notes.for_each(|note| warn(note));
    Ok(Data(Rc::new(set)))
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
    natives_of![table, fasta, from, load]
}
