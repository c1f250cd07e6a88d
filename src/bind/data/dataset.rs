//! Methods of datasets.

use crate::bail;
use crate::base::Result;
use crate::bind::args::dataset::{row_of, row_sequence};
use crate::bind::args::network::into_dynamic;
use crate::bind::args::path::output_path;
use crate::bind::types::{Data, Places};
use crate::data::duplicates;
use crate::lang::{Native, native, natives_of};
use crate::torch::Tensor;
use crate::train::feed;
use rhai::{Dynamic, Map};
use std::rc::Rc;

fn values_of(set: &Data, name: Option<&str>) -> Result<Tensor> {
    let names = || set.0.inputs.iter().map(|input| input.name.as_str());
    let wanted = name.unwrap_or(&set.0.inputs[0].name);
    let Some(input) = set.0.inputs.iter().find(|input| input.name == wanted) else {
        bail!(
            "name",
            "the dataset has no input `{wanted}`; it has {}",
            names().collect::<Vec<_>>().join(", ")
        );
    };
    if set.0.batching.is_some()
        && let crate::data::Column::Ragged(_) = &input.column
    {
        bail!("data", "the rows of `{wanted}` differ in size";
            hint: "read them in batches, or one by one with `set.row(index)`");
    }
    let (codes, values) = set.0.gather(&input.column, 0..set.0.len())?;
    let whole: Vec<i64> = std::iter::once(set.0.len() as i64)
        .chain(input.column.row_shape().iter().map(|n| *n as i64))
        .collect();
    if let Some(alphabet) = input.column.alphabet() {
        Tensor::from_u8(&codes, &whole)?.one_hot_letters(alphabet.letters().len() as i64)
    } else if input.column.is_sequence() {
        Tensor::from_u8(&codes, &whole)?.one_hot_codes()
    } else {
        Tensor::from_f32(&values, &whole)
    }
}

/// Returns the number of rows, including shuffles.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.len(), 4);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn len(this: &Data) -> i64 {
    this.0.len() as i64
}

/// Returns a row: its inputs by name, label, index and name.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], x: [[1, 2], [3, 4]], label: [1, 0] });
/// assert_eq(set.row(1).sequence, "TTTT");
/// assert_eq(set.row(1).x, [3.0, 4.0]);
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "map: sequences as strings, other inputs as tensors, `label`, `index`, `name`"
)]
pub fn row(
    this: &Data,
    /// Index of the row, from 0.
    #[check(min = 0)]
    index: i64,
) -> Result<Map> {
    if index as usize >= this.0.len() {
        bail!(
            "index",
            "there is no row {index}: the dataset has {}",
            this.0.len()
        );
    }
    row_of(&this.0, index as usize, true)
}

/// The labels; undefined ones are NaN.
///
/// One label has its shape, several of one number each are side by side, and several of which one
/// has several axes are a map.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.label.shape, [4, 1]);
/// ```
#[native(
    namespace = "dataset",
    form = property,
    returns = "tensor [rows, tasks] or [rows, …], or a map by label name"
)]
pub fn label(this: &Data) -> Result<Dynamic> {
    let sizes = [this.0.len() as i64, this.0.tasks() as i64];
    let labels = Tensor::from_f32(&this.0.all_labels(), &sizes)?;
    into_dynamic(feed::labels_in_shape(&labels, &this.0.label_groups)?)
}

/// The names of the labels, one for each task.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.label_names, ["label"]);
/// ```
#[native(namespace = "dataset", form = property)]
pub fn label_names(this: &Data) -> Vec<String> {
    this.0.label_names.clone()
}

/// The fraction of positives of each task.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.positives, [0.5]);
/// ```
#[native(
    namespace = "dataset",
    form = property,
    returns = "array of numbers, one for each task"
)]
pub fn positives(this: &Data) -> Vec<f64> {
    this.0.positives()
}

/// The names of the rows, where the source has them; of regions their coordinates.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.names, ());
/// ```
#[native(
    namespace = "dataset",
    form = property,
    returns = "array of strings, or ()"
)]
pub fn names(this: &Data) -> Option<Vec<String>> {
    this.0.name(0)?;
    let names = (0..this.0.len()).filter_map(|row| this.0.name(row));
    Some(names.collect())
}

/// The notes of the functions that read it, such as on repeated sequences.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.notes, []);
/// ```
#[native(namespace = "dataset", form = property)]
pub fn notes(this: &Data) -> Vec<String> {
    this.0.notes.clone()
}

/// Returns all values of an input.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.input().shape, [4, 4, 4]);
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "tensor [rows, …], one-hot for sequences"
)]
pub fn input(
    this: &Data,
    /// Name of the input; the first unless given.
    name: Option<String>,
) -> Result<Tensor> {
    values_of(this, name.as_deref())
}

/// Returns the sequences as strings.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.sequences()[1], "TTTT");
/// ```
#[native(namespace = "dataset", form = method)]
pub fn sequences(this: &Data) -> Result<Vec<String>> {
    let rows = 0..this.0.len();
    rows.map(|row| row_sequence(&this.0, row)).collect()
}

/// The regions of the rows, where they are cut from a genome.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "ACGTACGTAC" });
/// assert_eq(data::regions(g, g.windows(5)).regions.len(), 2);
/// ```
#[native(namespace = "dataset", form = property, returns = "intervals, or ()")]
pub fn regions(this: &Data) -> Option<Places> {
    this.0.regions().map(|regions| Places(Rc::new(regions)))
}

/// Writes the dataset as one safetensors file.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// set.save("/tmp/cistron_example_save.safetensors");
/// ```
#[native(namespace = "dataset", form = method)]
pub fn save(
    this: &Data,
    /// Path of the file.
    path: &str,
) -> Result<()> {
    crate::data::save::save(&this.0, &output_path(path)?)
}

/// Counts the rows that repeat an earlier sequence, on either strand.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["AACG", "CGTT"], label: [1, 0] });
/// assert_eq(set.duplicates(), 1);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn duplicates(this: &Data) -> i64 {
    duplicates::within(&this.0) as i64
}

/// Counts the rows of another dataset with a sequence of this one, on either strand.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.overlap(set), 4);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn overlap(
    this: &Data,
    /// Dataset whose rows are counted.
    other: &Data,
) -> i64 {
    duplicates::overlap(&this.0, &other.0) as i64
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        len,
        row,
        label,
        label_names,
        positives,
        names,
        notes,
        input,
        sequences,
        regions,
        save,
        duplicates,
        overlap,
    ]
}
