//! Files of weights that other programs wrote: safetensors, PyTorch's archives and older pickles,
//! Keras' HDF5 files and archives, NumPy's npz.
//!
//! No code of a file runs: a pickle is read by a machine that knows tensors, storages, maps, lists,
//! numbers and strings, and refuses everything else by its name. What a file declares is compared
//! with its size before memory is taken.

mod entry;
mod flat;
mod keras;
mod keras_names;
pub mod layout;
pub mod names;
mod objects;
mod pickle;
mod stored;
mod torch_legacy;
mod torch_zip;
mod zipped;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Note, Weights};
pub use stored::Stored;

use crate::Tensor;
use cistron_base::{Fault, Result, bail, fault, file};
use std::io::Read;
use std::path::Path;

/// Reads a file of weights; its format is recognised by its content.
///
/// # Errors
/// The file is none of the formats, is damaged, declares more than it contains, or its pickle
/// contains something that is no tensor, map, list, number or string.
pub fn open(path: &Path) -> Result<Weights> {
    let mut start = [0u8; 64];
    let mut stream = file::open(path)?;
    let size = stream
        .metadata()
        .map_err(|error| Fault::file(path, &error))?
        .len();
    let mut n = 0;
    while n < start.len() {
        match stream.read(&mut start[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) => return Err(Fault::file(path, &error)),
        }
    }
    let start = &start[..n];
    let read = match start {
        [b'P', b'K', 3 | 5, ..] => archive(path, size),
        [0x89, b'H', b'D', b'F', ..] => keras::read(path, size),
        // its length may begin as a pickle
        [_, _, _, _, _, _, _, 0, b'{', ..] => safetensors(path),
        [0x80, ..] => torch_legacy::read(path),
        [0x93, b'N', b'U', b'M', ..] => Err(
            fault!("file", "it is one array without a name"; hint: "`tensor::load_npy` reads it"),
        ),
        _ => Err(
            fault!("file", "its content is none of: safetensors, PyTorch, Keras, npz";
                hint: "a page of a web site instead of the file looks like this"),
        ),
    };
    read.map_err(|fault| match fault.message.starts_with('`') {
        // the fault names the file already
        true if fault.message.starts_with(&format!("`{}`", path.display())) => fault,
        _ => fault.context(format!("`{}`", path.display())),
    })
}

/// Reads a zip archive: PyTorch's, Keras' or NumPy's.
fn archive(path: &Path, size: u64) -> Result<Weights> {
    let stream = file::open(path)?;
    let archive = zip::ZipArchive::new(std::io::BufReader::new(stream))
        .map_err(|error| fault!("file", "it is not a whole zip archive: {error}"))?;
    let has = |end: &str| archive.file_names().any(|name| name.ends_with(end));
    if has("data.pkl") {
        torch_zip::read(archive, size)
    } else if has(keras::INNER) {
        keras::read_archive(archive, size)
    } else if has(".npy") {
        let entries = crate::file::load_npz(path)?;
        let entry = |(name, tensor): (String, Tensor)| Entry {
            name,
            stored: tensor.kind().name(),
            tensor,
            is_added: false,
        };
        Ok(Weights {
            format: "npz",
            entries: entries.into_iter().map(entry).collect(),
            metadata: Vec::new(),
        })
    } else {
        bail!(
            "file",
            "it is a zip archive, but not one of PyTorch, Keras or NumPy"
        )
    }
}

/// Reads a safetensors file, whose types may be more than those of cistron's own files.
fn safetensors(path: &Path) -> Result<Weights> {
    use safetensors::tensor::{Dtype, SafeTensors};
    let bytes = std::fs::read(path).map_err(|error| Fault::file(path, &error))?;
    let broken = |error: safetensors::SafeTensorError| {
        fault!("file", "it is not a whole safetensors file: {error}")
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
    let mut metadata: Vec<(String, Note)> = header
        .metadata()
        .iter()
        .flatten()
        .map(|(name, text)| (name.clone(), Note::Text(text.clone())))
        .collect();
    metadata.sort_by(|a, b| a.0.cmp(&b.0));
    let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let mut entries = Vec::new();
    for (name, view) in file.tensors() {
        let stored = match view.dtype() {
            Dtype::F64 => Stored::F64,
            Dtype::F32 => Stored::F32,
            Dtype::F16 => Stored::F16,
            Dtype::BF16 => Stored::BF16,
            Dtype::I64 => Stored::I64,
            Dtype::I32 => Stored::I32,
            Dtype::I16 => Stored::I16,
            Dtype::I8 => Stored::I8,
            Dtype::U64 => Stored::U64,
            Dtype::U32 => Stored::U32,
            Dtype::U16 => Stored::U16,
            Dtype::U8 => Stored::U8,
            Dtype::BOOL => Stored::Bool,
            other => bail!(
                "file",
                "tensor `{name}` is of type {other:?}, which is not read"
            ),
        };
        let shape: Vec<i64> = view.shape().iter().map(|n| *n as i64).collect();
        let tensor = stored
            .tensor(view.data().to_vec(), false)
            .and_then(|flat| flat.reshape(&shape))
            .map_err(|fault| fault.context(format!("tensor `{name}`")))?;
        entries.push(Entry {
            name,
            stored: stored.name(),
            tensor,
            is_added: false,
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Weights {
        format: "safetensors",
        entries,
        metadata,
    })
}
