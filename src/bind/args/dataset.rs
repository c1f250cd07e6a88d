//! Columns of datasets.

use crate::base::{Result, shape};
use crate::bind::args::sequence::codes_of;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::Data;
use crate::data::{Column, Dataset};
use crate::seq::alphabet;
use crate::{bail, fault};
use rhai::{Array, Dynamic};
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
    Ok(alphabet::decode(&set.sequences(std::iter::once(index))?.0))
}

/// A dataset as scripts hold it.
pub fn data(set: Dataset) -> Data {
    Data(Rc::new(set))
}
