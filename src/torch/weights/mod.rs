//! Files of weights that other programs wrote: safetensors, PyTorch's archives and older pickles,
//! Keras' HDF5 files and archives, NumPy's npz.
//!
//! No code of a file runs: a pickle is read by a machine that knows tensors, storages, maps, lists,
//! numbers and strings, and refuses everything else by its name. What a file declares is compared
//! with its size before memory is taken.

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

pub use stored::Stored;

use crate::Tensor;
use cistron_base::{Fault, Result, bail, fault, file};
use std::io::Read;
use std::path::Path;

/// How many times its size the values of a file may take in memory, at most.
const GROWTH: u64 = 16;
/// Bytes that the values of any file may take.
const SMALL: u64 = 1 << 20;

/// A named tensor of a file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name; levels of nested maps are separated by dots.
    pub name: String,
    /// PyTorch's name of the type that the file stores.
    pub stored: &'static str,
    /// Its values, which may share memory with those of another entry.
    pub tensor: Tensor,
    /// Whether a conversion of layouts added it.
    pub is_added: bool,
}

/// A number or a string beside the tensors.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A string.
    Text(String),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
}

/// What a file of weights contains.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The format, such as `PyTorch archive`.
    pub format: &'static str,
    /// The tensors, in the order of the file.
    pub entries: Vec<Entry>,
    /// Numbers and strings by name, in the order of the file.
    pub metadata: Vec<(String, Note)>,
}

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
            fault!("file", "its content is none of: safetensors, PyTorch, Keras, npz"; hint: "a file that downloads incompletely, or a page instead of the file, looks like this"),
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
        let entries = super::file::load_npz(path)?;
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

impl Weights {
    /// The entry of a name.
    pub fn get(&self, name: &str) -> Result<&Entry> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.name == name) {
            return Ok(entry);
        }
        let fault = fault!("name", "there is no tensor `{name}`");
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        Err(match cistron_base::near::nearest(name, names.clone()) {
            Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
            None => fault.hint(format!(
                "it has {}",
                names.take(12).collect::<Vec<_>>().join(", ")
            )),
        })
    }

    /// The number of values of all tensors.
    pub fn count(&self) -> i64 {
        self.entries.iter().map(|entry| entry.tensor.numel()).sum()
    }
}

impl Entry {
    /// A copy of the values that shares no memory with other entries.
    pub fn values(&self) -> Result<Tensor> {
        cistron_base::memory::elements(&self.tensor.shape(), self.tensor.kind().bytes())?;
        self.tensor.contiguous()?.copied()
    }
}

/// A name of a file as a message shows it: without control characters, and not too long.
fn shown(name: &str) -> String {
    let text: String = name
        .chars()
        .take(120)
        .flat_map(char::escape_debug)
        .collect();
    match name.chars().nth(120) {
        Some(_) => text + "…",
        None => text,
    }
}
