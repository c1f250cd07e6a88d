//! What files of weights contain: named tensors, and numbers and strings beside them.

use crate::Tensor;
use cistron_base::{Result, fault};

/// How many times its size the values of a file may take in memory, at most.
pub const GROWTH: u64 = 16;
/// Bytes that the values of any file may take.
pub const SMALL: u64 = 1 << 20;

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

    /// The number of values of all tensors of the file, without those that a conversion added.
    pub fn count(&self) -> i64 {
        let own = self.entries.iter().filter(|entry| !entry.is_added);
        own.map(|entry| entry.tensor.numel()).sum()
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
pub fn printable(name: &str) -> String {
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
