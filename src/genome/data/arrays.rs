//! Named arrays in a safetensors file, without torch.

use cistron_base::file::{regular, write_whole};
use cistron_base::{Fault, Result};
use cistron_base::{bail, fault};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Codes of bases, one byte each.
    Codes(Vec<u8>),
    /// 32-bit floats.
    Floats(Vec<f32>),
    /// 64-bit integers.
    Integers(Vec<i64>),
}

/// An array: its shape and its numbers, the last axis fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// As many as the product of the shape.
    pub numbers: Numbers,
}

impl Array {
    fn dtype(&self) -> Dtype {
        match self.numbers {
            Numbers::Codes(_) => Dtype::U8,
            Numbers::Floats(_) => Dtype::F32,
            Numbers::Integers(_) => Dtype::I64,
        }
    }

    /// Little-endian bytes, as the format requires.
    fn bytes(&self) -> Vec<u8> {
        match &self.numbers {
            Numbers::Codes(values) => values.clone(),
            Numbers::Floats(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Numbers::Integers(values) => values.iter().flat_map(|n| n.to_le_bytes()).collect(),
        }
    }

    fn of(view: &TensorView) -> Option<Array> {
        let bytes = view.data();
        let numbers = match view.dtype() {
            Dtype::U8 => Numbers::Codes(bytes.to_vec()),
            Dtype::F32 => {
                let (values, _) = bytes.as_chunks::<4>();
                Numbers::Floats(values.iter().map(|own| f32::from_le_bytes(*own)).collect())
            }
            Dtype::I64 => {
                let (values, _) = bytes.as_chunks::<8>();
                Numbers::Integers(values.iter().map(|own| i64::from_le_bytes(*own)).collect())
            }
            _ => return None,
        };
        Some(Array {
            shape: view.shape().to_vec(),
            numbers,
        })
    }
}

/// Writes named arrays and notes; the file is whole or absent.
///
/// # Errors
/// Where the file cannot be written.
pub fn save(path: &Path, arrays: &[(String, Array)], notes: HashMap<String, String>) -> Result<()> {
    let parts: Vec<(&str, &Array, Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| (name.as_str(), array, array.bytes()))
        .collect();
    let views = parts
        .iter()
        .map(|(name, array, bytes)| {
            TensorView::new(array.dtype(), array.shape.clone(), bytes)
                .map(|view| (*name, view))
                .map_err(|error| fault!("file", "cannot write array `{name}`: {error}"))
        })
        .collect::<Result<Vec<_>>>()?;
    let bytes = safetensors::serialize(views, Some(notes))
        .map_err(|error| fault!("file", "`{}`: {error}", path.display()))?;
    write_whole(path, &bytes)
}

/// Reads named arrays and notes.
///
/// # Errors
/// Where the file is damaged, or holds an array that is neither of bytes, nor of 32-bit floats, nor
/// of 64-bit integers.
pub fn load(path: &Path) -> Result<(HashMap<String, Array>, HashMap<String, String>)> {
    regular(path)?;
    let bytes = std::fs::read(path).map_err(|error| Fault::file(path, &error))?;
    let broken = |error: safetensors::SafeTensorError| {
        fault!(
            "file",
            "`{}` is not a whole safetensors file: {error}",
            path.display()
        )
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
    let notes = header.metadata().clone().unwrap_or_default();
    let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let mut arrays = HashMap::new();
    for (name, view) in file.tensors() {
        let Some(array) = Array::of(&view) else {
            bail!(
                "data",
                "`{}`: array `{name}` holds {:?}; a dataset has bytes, 32-bit floats and 64-bit \
                integers",
                path.display(),
                view.dtype();
                hint: "the file holds tensors, not a dataset: read it with `tensor::load`"
            );
        };
        arrays.insert(name, array);
    }
    Ok((arrays, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.safetensors");
        let arrays = [
            ("a", vec![2, 2], Numbers::Codes(vec![0, 1, 2, 255])),
            ("b", vec![3], Numbers::Floats(vec![1.5, -0.0, f32::MAX])),
            ("c", vec![1, 2], Numbers::Integers(vec![i64::MIN, 7])),
            ("d", vec![0, 4], Numbers::Floats(Vec::new())),
        ]
        .map(|(name, shape, numbers)| (name.to_string(), Array { shape, numbers }));
        let notes = HashMap::from([("format".to_string(), "x".to_string())]);
        save(&path, &arrays, notes.clone()).expect("written");
        let (read, read_notes) = load(&path).expect("read");
        assert_eq!(read, HashMap::from(arrays));
        assert_eq!(read_notes, notes);
    }
}
