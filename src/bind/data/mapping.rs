//! `dataset.map`: inputs that a function of the script computes.

use crate::base::Result;
use crate::bind::args::dataset::{data, row_of, rows_of};
use crate::bind::types::Data;
use crate::data::columns::Computed;
use crate::lang::{Callback, Native, Options, native, natives_of, session};
use crate::seq::alphabets::Alphabet;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeMap;

/// Options of `dataset.map`.
#[derive(Options)]
pub struct MapOptions {
    /// Largest size of what the function returns for all rows, in GB.
    #[option(default = 4, above = 0)]
    limit: f64,
}

/// Bytes of a number of an input.
const NUMBER: f64 = 4.0;

/// The size of a value as an input, in bytes.
fn size_of(value: &Dynamic) -> f64 {
    if let Some(tensor) = value.read_lock::<crate::torch::Tensor>() {
        return NUMBER * tensor.numel() as f64;
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return text.len() as f64;
    }
    match value.read_lock::<Array>() {
        Some(items) => items.iter().map(size_of).sum(),
        None => NUMBER,
    }
}

/// Adds the entries of a row; returns their size.
fn append(columns: &mut BTreeMap<String, Array>, map: &Map, row: usize) -> Result<f64> {
    let mut size = 0.0;
    for (name, value) in map {
        let known = columns.entry(name.to_string()).or_default();
        if known.len() != row {
            bail!(
                "data",
                "the function of `map` returns `{name}` for some rows only"
            );
        }
        size += size_of(value);
        known.push(value.clone());
    }
    Ok(size)
}

/// Values of each entry that the function returns, row by row.
fn computed(set: &Data, change: &Callback, limit: f64) -> Result<BTreeMap<String, Array>> {
    let mut columns: BTreeMap<String, Array> = BTreeMap::new();
    let mut size = 0.0;
    for row in 0..set.0.len() {
        let answer = change.call(vec![row_of(&set.0, row, true)?.into()])?;
        let Some(map) = answer.read_lock::<Map>() else {
            bail!("type", "the function of `map` must return a map of inputs, got {}",
                session::describe(&answer);
                hint: "`|row| #{{ gc: seq::gc_content(row.sequence) }}`");
        };
        size += append(&mut columns, &map, row)?;
        if let Some((name, _)) = columns.iter().find(|(_, values)| values.len() != row + 1) {
            bail!(
                "data",
                "the function of `map` returns no `{name}` for row {row}"
            );
        }
        if size > limit * 1e9 {
            bail!("memory", "what the function of `map` returns needs more than {limit} GB: \
                row {row} of {} exceeds the limit", set.0.len();
                hint: "return less for each row, or raise `limit`");
        }
    }
    Ok(columns)
}

/// Returns a dataset with inputs that a function computes from each row.
///
/// The function is called once per row, in order, and its results are held in memory, at most
/// `limit` GB of them. Entries of its map that are numbers, arrays, tensors or strings replace the
/// input of that name or are added; `()` removes it. Other inputs, labels and names do not change.
/// Where the entries of rows differ in size, batches are padded as those of `data::ragged`.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT"], label: [1, 0] });
/// let more = set.map(|row| #{ length: row.sequence.len() });
/// assert_eq(more.input("length"), [[4.0], [4.0]]);
/// ```
/// ```rhai,fails
/// data::from(#{ sequence: ["ACGT"], label: [1] }).map(|row| 3);
/// //~ must return a map of inputs, got integer 3
/// ```
#[native(namespace = "dataset", form = method, name = "map", dry = map_of_few)]
pub fn map(
    this: &Data,
    /// Function |row| of a map with the inputs by name (sequences as strings, others as tensors),
    /// `label` (an array of numbers), `name` (where there is one) and `index` (from 0), which
    /// returns a map of inputs; entries `label`, `name` and `index` are left out.
    change: Callback,
    options: MapOptions,
) -> Result<Data> {
    let mut columns = Vec::new();
    for (name, values) in computed(this, &change, options.limit)? {
        if ["label", "name", "index"].contains(&name.as_str()) {
            continue;
        }
        let units = values.iter().filter(|value| value.is_unit()).count();
        if units > 0 && units < values.len() {
            return Err(fault!(
                "data",
                "the function of `map` returns () as `{name}` of some rows"
            ));
        }
        let column = match units {
            0 => Computed::Rows(rows_of(&name, &values, alphabet_of(this, &name))?),
            _ => Computed::Removed,
        };
        columns.push((name, column));
    }
    this.0.with_columns(columns).map(data)
}

/// The alphabet of an input, where it exists.
fn alphabet_of(set: &Data, name: &str) -> Alphabet {
    let input = set.0.inputs.iter().find(|input| input.name == name);
    input
        .and_then(|input| input.column.alphabet())
        .unwrap_or_default()
}

/// In a dry run the function is called on a few rows.
fn map_of_few(this: &Data, change: Callback, options: MapOptions) -> Result<Data> {
    map(&data(this.0.few()), change, options)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![map]
}
