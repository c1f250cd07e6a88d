//! `data::ragged`: rows that differ in length or size.

use crate::bail;
use crate::base::Result;
use crate::bind::args::dataset::{column, data, no_words, rows_of};
use crate::bind::args::sequence::AlphabetName;
use crate::bind::types::Data;
use crate::data::ragged::RowValues;
use crate::data::{Batching, Column, Dataset, Ragged};
use crate::lang::value::mismatch;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use rhai::{Array, Dynamic, Map, NativeCallContext};

/// Options of `data::ragged`.
#[derive(Options)]
pub struct RaggedOptions {
    /// Batches of one row each ("one"), of rows that are padded to the largest of them ("padded"),
    /// or of padded rows of similar size ("bucketed").
    #[option(default = "padded")]
    batches: BatchingName,
    /// Alphabet of the sequences: "dna", "rna" or "protein", or a map of these by input name.
    #[option(default = "dna")]
    alphabet: Alphabets,
}

/// How rows become batches.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum BatchingName {
    /// Each row is a batch.
    One,
    /// Rows are padded to the largest of their batch.
    Padded,
    /// The same, with rows of similar size in a training batch.
    Bucketed,
}

impl From<BatchingName> for Batching {
    fn from(name: BatchingName) -> Batching {
        match name {
            BatchingName::One => Batching::One,
            BatchingName::Padded => Batching::Padded,
            BatchingName::Bucketed => Batching::Bucketed,
        }
    }
}

/// The alphabet of sequences: of all inputs, or by name.
pub struct Alphabets(Vec<(String, AlphabetName)>);

impl FromValue for Alphabets {
    fn kind() -> String {
        "\"dna\", \"rna\" or \"protein\", or a map of these by input name".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let Some(map) = value.read_lock::<Map>().map(|map| map.clone()) else {
            let name = AlphabetName::from_value(value, context);
            let name = name.map_err(|_| mismatch(&Self::kind(), value))?;
            return Ok(Alphabets(vec![(String::new(), name)]));
        };
        let named = map.into_iter().map(|(name, mut value)| {
            Ok((
                name.to_string(),
                AlphabetName::from_value(&mut value, context)?,
            ))
        });
        named.collect::<Result<_>>().map(Alphabets)
    }
}

impl Alphabets {
    fn of(&self, name: &str) -> AlphabetName {
        let own = self.0.iter().find(|(own, _)| own.is_empty() || own == name);
        own.map_or(AlphabetName::Dna, |(_, alphabet)| *alphabet)
    }
}

/// Labels by name, a value of each row.
fn labels_of(value: &Dynamic) -> Result<Vec<(String, Ragged)>> {
    let named: Vec<(String, Dynamic)> = match value.read_lock::<Map>() {
        Some(map) => map
            .iter()
            .map(|(name, own)| (name.to_string(), own.clone()))
            .collect(),
        None => vec![("label".into(), value.clone())],
    };
    let label = |(name, values): (String, Dynamic)| {
        no_words(&name, &values)?;
        let rows = match values.read_lock::<Array>() {
            Some(rows) => rows_of(&name, &rows, AlphabetName::Dna.into())?,
            None => even_rows(&name, &values)?,
        };
        Ok((name, rows))
    };
    named.into_iter().map(label).collect()
}

/// Rows of one shape, from a tensor.
fn even_rows(name: &str, values: &Dynamic) -> Result<Ragged> {
    let Column::Dense { values, shape } = column(name, values)? else {
        bail!("type", "label `{name}` must hold numbers")
    };
    let rows = values.len() / shape.iter().product::<usize>().max(1);
    Ragged::new(RowValues::Numbers(values.to_vec()), &vec![shape; rows])
}

/// Returns a dataset of rows that differ in length or size.
///
/// Proteins with maps `[length, length]`, windows of several lengths, sets of genes: rows of an
/// input have the same number of axes, and any size along each. Batches of several rows are padded
/// at the end of each axis, sequences with unknown letters (zeros one-hot), numbers with 0, and
/// have an input `mask` `[1, length]`, which is 1 where a row has values and 0 where it is padded.
/// Where inputs differ in length within a row, each has its own, `mask_NAME`. `predict` pads
/// outputs that differ in length with NaN.
///
/// Labels may differ in size as well, such as a value of each residue or of each pair of them:
/// those of a batch are as large as the largest of its rows, and undefined (NaN) beyond a row.
///
/// Rows of "bucketed" batches are sorted by size within windows of 64 batches of the random order;
/// the order of the batches is random again. Predictions keep the order of the rows.
///
/// ```rhai
/// let set = data::ragged(#{ sequence: ["ACGTAC", "GG", "TTT"], label: [1, 0, 1] });
/// for b in set.batches(3, #{ order: "kept" }) {
///     assert_eq(b.x.sequence.shape, [3, 4, 6]);
///     assert_eq(b.x.mask.sum().item(), 11.0);
/// }
/// let one = data::ragged(
///     #{ x: [tensor::ones([2, 5]), tensor::ones([2, 3])], label: [1, 0] }, #{ batches: "one" }
/// );
/// for b in one.batches(1, #{ order: "kept" }) { assert_eq(b.x.shape[1], 2); }
/// ```
#[native(namespace = "data")]
pub fn ragged(
    /// Rows by input name, each an array of strings, of arrays of numbers or of tensors; `label`
    /// holds the labels of the rows, or a map of them.
    columns: &Map,
    options: RaggedOptions,
) -> Result<Data> {
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for (name, value) in columns {
        if name == "label" || name == "labels" {
            labels.extend(labels_of(value)?);
            continue;
        }
        let Some(rows) = value.read_lock::<Array>() else {
            bail!(
                "type",
                "input `{name}` must be an array with a value for each row, got {}",
                session::describe(value)
            );
        };
        let alphabet = options.alphabet.of(name).into();
        inputs.push((name.to_string(), rows_of(name, &rows, alphabet)?));
    }
    let set = Dataset::ragged(inputs, Vec::new(), Vec::new(), options.batches.into())?;
    match labels.is_empty() {
        true => Ok(data(set)),
        false => set.with_labels(&labels).map(data),
    }
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![ragged]
}
