//! Columns of datasets.

use crate::base::{Result, shape};
use crate::bind::args::sequence::codes_of;
use crate::bind::args::tensor::tensor_of;
use crate::bind::types::Data;
use crate::data::{Column, Dataset};
use crate::seq::alphabet;
use crate::torch::Tensor;
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map};
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

/// A column of a value of each row: strings of bases, numbers, arrays or tensors of one shape.
pub fn rows_column(name: &str, values: &[Dynamic]) -> Result<Column> {
    if values.iter().all(Dynamic::is_string) {
        return column(name, &values.to_vec().into());
    }
    let (mut numbers, mut shape) = (Vec::new(), None);
    for (row, value) in values.iter().enumerate() {
        let tensor = tensor_of(value);
        let tensor = tensor.map_err(|fault| fault.context(format!("`{name}` of row {row}")))?;
        let sizes = tensor.shape();
        let first = shape.get_or_insert_with(|| sizes.clone());
        if *first != sizes {
            bail!(
                "shape",
                "`{name}` of row {row} is {}, of row 0 {}",
                crate::base::shape::text(&sizes),
                crate::base::shape::text(first)
            );
        }
        numbers.extend(tensor.to_f32()?);
    }
    let sizes = shape.unwrap_or_default();
    let shape = match sizes.is_empty() {
        true => vec![1],
        false => sizes.iter().map(|n| *n as usize).collect(),
    };
    Ok(Column::Dense {
        values: Arc::new(numbers),
        shape,
    })
}

/// A row as functions of a script see it: its label, index, name and sequence, and, where `is_whole`,
/// its other inputs too.
pub fn row_of(set: &Dataset, index: usize, is_whole: bool) -> Result<Map> {
    let mut labels = Vec::new();
    set.push_labels(index, &mut labels);
    let labels: Array = labels
        .iter()
        .map(|label| f64::from(*label).into())
        .collect();
    let mut map = Map::from([
        ("label".into(), labels.into()),
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
        } else {
            let sizes: Vec<i64> = input.column.row_shape().iter().map(|n| *n as i64).collect();
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
    Ok(alphabet::decode(&set.sequences(std::iter::once(index))?.0))
}

/// A dataset as scripts hold it.
pub fn data(set: Dataset) -> Data {
    Data(Rc::new(set))
}
