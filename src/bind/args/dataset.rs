//! Columns of datasets.

use crate::base::{Result, shape};
use crate::bind::args::network::into_dynamic;
use crate::bind::args::sequence::codes_of;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::Data;
use crate::bind::warnings::warn;
use crate::data::ragged::RowValues;
use crate::data::{Column, Dataset, Ragged, duplicates};
use crate::seq::alphabet;
use crate::seq::alphabets::Alphabet;
use crate::torch::Tensor;
use crate::train::feed;
use crate::{bail, fault};
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::rc::Rc;
use std::sync::Arc;

/// A column of strings or numbers.
pub fn column(name: &str, value: &Dynamic) -> Result<Column> {
    if let Some(items) = value.read_lock::<Array>()
        && items.first().is_some_and(Dynamic::is_string)
    {
        let texts: Vec<String> = items
            .iter()
            .map(|item| {
                item.clone()
                    .into_string()
                    .map_err(|_| fault!("type", "column `{name}` mixes strings and other values"))
            })
            .collect::<Result<_>>()?;
        let (codes, length) =
            codes_of(&texts).map_err(|fault| fault.context(format!("column `{name}`")))?;
        return Ok(Column::Sequence {
            codes: Arc::new(codes),
            length,
        });
    }
    let tensor = tensor_of(value).map_err(|fault| fault.context(format!("column `{name}`")))?;
    let sizes: Vec<usize> = tensor.shape().iter().map(|n| *n as usize).collect();
    let Some((_, rest)) = sizes.split_first() else {
        bail!(
            "shape",
            "column `{name}` must have a row for each sample, got {}",
            shape::text(&tensor.shape())
        )
    };
    let row = if rest.is_empty() {
        vec![1]
    } else {
        rest.to_vec()
    };
    Ok(Column::Dense {
        values: Arc::new(tensor.to_f32()?),
        shape: row,
    })
}

/// Values of each row: strings of an alphabet, numbers, arrays or tensors, which may differ in
/// size.
pub fn rows_of(name: &str, values: &[Dynamic], alphabet: Alphabet) -> Result<Ragged> {
    let at = |row: usize| format!("`{name}` of row {row}");
    let mut shapes = Vec::new();
    if values.first().is_some_and(Dynamic::is_string) {
        let mut codes = Vec::new();
        for (row, value) in values.iter().enumerate() {
            let Some(text) = value.read_lock::<ImmutableString>() else {
                bail!("type", "{} must be a string as in row 0", at(row));
            };
            let own = alphabet
                .codes(&text)
                .map_err(|fault| fault.context(at(row)))?;
            shapes.push(vec![own.len()]);
            codes.extend(own);
        }
        let values = match alphabet.is_bases() {
            true => RowValues::Bases(codes),
            false => RowValues::Letters(codes, alphabet),
        };
        return Ragged::new(values, &shapes).map_err(|fault| fault.context(format!("`{name}`")));
    }
    let mut numbers = Vec::new();
    for (row, value) in values.iter().enumerate() {
        let tensor = tensor_of(value).map_err(|fault| fault.context(at(row)))?;
        let sizes = tensor.shape();
        shapes.push(match sizes.is_empty() {
            true => vec![1],
            false => sizes.iter().map(|n| *n as usize).collect(),
        });
        numbers.extend(tensor.to_f32()?);
    }
    let rows = Ragged::new(RowValues::Numbers(numbers), &shapes);
    rows.map_err(|fault| fault.context(format!("`{name}`")))
}

/// A row as functions of a script see it: its label, index, name and sequence, and its other inputs
/// too, if `is_whole` is set.
pub fn row_of(set: &Dataset, index: usize, is_whole: bool) -> Result<Map> {
    let mut labels = Vec::new();
    set.push_labels(index, &mut labels);
    let label = if set.label_groups.iter().any(|group| group.shape.len() > 1) {
        let labels = Tensor::from_f32(&labels, &[1, labels.len() as i64])?;
        let labels = feed::labels_in_shape(&labels, &set.label_groups)?;
        into_dynamic(labels.map(|label| label.select(0, 0))?)?
    } else {
        let labels = labels.iter().map(|label| f64::from(*label).into());
        labels.collect::<Array>().into()
    };
    let mut map = Map::from([
        ("label".into(), label),
        ("index".into(), (index as i64).into()),
    ]);
    for input in &set.inputs {
        let is_sequence = input.column.is_sequence();
        if !is_sequence && !is_whole {
            continue;
        }
        let (codes, values) = set.gather(&input.column, std::iter::once(index))?;
        let value = if is_sequence {
            alphabet::decode(&codes).into()
        } else if let Some(alphabet) = input.column.alphabet() {
            alphabet.decode(&codes).into()
        } else {
            let sizes = set.size_of(&input.column, index);
            let sizes: Vec<i64> = sizes.iter().map(|n| *n as i64).collect();
            Dynamic::from(Tensor::from_f32(&values, &sizes)?)
        };
        map.insert(input.name.as_str().into(), value);
    }
    if let Some(name) = set.name(index) {
        map.insert("name".into(), name.into());
    }
    Ok(map)
}

/// Fails on labels that are strings.
pub fn no_words(name: &str, value: &Dynamic) -> Result<()> {
    let word = value.read_lock::<Array>().and_then(|items| {
        items
            .iter()
            .find(|item| item.is_string())
            .map(ToString::to_string)
    });
    match word {
        Some(word) => Err(
            fault!("type", "labels are numbers, `{name}` holds strings such as \"{word}\"";
            hint: "number the classes from 0: `words.map(|word| [\"{word}\", …].index_of(word))`"),
        ),
        None => Ok(()),
    }
}

/// The sequence of a row, as letters.
pub fn row_sequence(set: &Dataset, index: usize) -> Result<String> {
    let Some(column) = set.sequence_input() else {
        bail!("data", "the dataset has no sequences")
    };
    Ok(alphabet::decode(
        &set.gather(column, std::iter::once(index))?.0,
    ))
}

/// A dataset as scripts hold it.
pub fn data(set: Dataset) -> Data {
    Data(Rc::new(set))
}

/// Adds a note on repeated sequences and prints all notes of a dataset.
pub fn with_notes(mut set: Dataset) -> Data {
    let repeated = duplicates::within(&set);
    if repeated > 0 {
        set.notes.push(format!(
            "{repeated} of {} sequences repeat an earlier one, on either strand",
            set.len()
        ));
    }
    with_given_notes(set)
}

/// Prints the notes of a dataset.
pub fn with_given_notes(set: Dataset) -> Data {
    set.notes.iter().for_each(|note| warn(note));
    Data(Rc::new(set))
}
