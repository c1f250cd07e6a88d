//! Nested maps of tensors, numbers and strings as one list of names.

use super::entry::{Entry, GROWTH, Note, SMALL, printable};
use super::objects::{Heap, Known, Storage, Value, refused};
use super::stored::Stored;
use crate::Tensor;
use crate::tensor::lift1;
use cistron_base::{Result, bail, fault};
use std::collections::{HashMap, HashSet};

/// Levels of nested maps and lists.
const DEEPEST: usize = 64;

/// Reads the numbers of a storage, as a tensor of one axis.
pub type Load<'a> = dyn FnMut(&Storage, Stored) -> Result<Tensor> + 'a;

/// A list in the making.
struct Flat<'a, 'b> {
    heap: &'a Heap,
    load: &'a mut Load<'b>,
    storages: HashMap<(String, Stored), Tensor>,
    entries: Vec<Entry>,
    metadata: Vec<(String, Note)>,
    names: HashSet<String>,
    /// Bytes that names, strings and values may still take.
    left: u64,
}

/// The tensors, numbers and strings below a value.
pub fn flatten(
    heap: &Heap,
    root: Value,
    size: u64,
    load: &mut Load,
) -> Result<(Vec<Entry>, Vec<(String, Note)>)> {
    let mut flat = Flat {
        heap,
        load,
        storages: HashMap::new(),
        entries: Vec::new(),
        metadata: Vec::new(),
        names: HashSet::new(),
        left: size.saturating_mul(GROWTH).saturating_add(SMALL),
    };
    // a tensor that was saved alone has no name
    let name = match root {
        Value::Tensor(_) => "tensor",
        _ => "",
    };
    flat.walk(root, name, 0)?;
    Ok((flat.entries, flat.metadata))
}

impl Flat<'_, '_> {
    fn spend(&mut self, bytes: u64) -> Result<()> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| {
            fault!(
                "file",
                "its values take more than {GROWTH} times the file's size"
            )
        })?;
        Ok(())
    }

    fn walk(&mut self, value: Value, name: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            bail!(
                "file",
                "its maps are nested more than {DEEPEST} levels deep"
            );
        }
        // a name and a note, or a look at a value
        self.spend(name.len() as u64 + 32)?;
        let below = |key: &str| match name {
            "" => key.to_string(),
            _ => format!("{name}.{key}"),
        };
        match value {
            Value::Map(i) => {
                for (key, value) in &self.heap.maps[i as usize] {
                    let key = match (key, self.heap.string(*key)) {
                        (_, Some(key)) => below(key),
                        (Value::Int(key), _) => below(&key.to_string()),
                        (other, _) => bail!(
                            "file",
                            "a key of the map `{}` is {}",
                            printable(name),
                            Heap::kind(*other)
                        ),
                    };
                    self.walk(*value, &key, depth + 1)?;
                }
            }
            Value::List(i) | Value::Tuple(i) => {
                for (k, value) in self.heap.lists[i as usize].iter().enumerate() {
                    self.walk(*value, &below(&k.to_string()), depth + 1)?;
                }
            }
            Value::Tensor(_) => {
                let (tensor, stored) = self
                    .tensor(value)
                    .map_err(|fault| fault.context(format!("tensor `{}`", printable(name))))?;
                if !self.names.insert(name.to_string()) {
                    bail!("file", "two tensors have the name `{}`", printable(name));
                }
                self.entries.push(Entry {
                    name: name.to_string(),
                    stored: stored.name(),
                    tensor,
                    is_added: false,
                });
            }
            Value::None => {}
            Value::Bool(value) => self.note(name, Note::Bool(value)),
            Value::Int(value) => self.note(name, Note::Int(value)),
            Value::Float(value) => self.note(name, Note::Float(value)),
            Value::Text(i) => {
                let text = self.heap.texts[i as usize].clone();
                self.spend(text.len() as u64)?;
                self.note(name, Note::Text(text));
            }
            Value::Known(Known::Type(stored)) => {
                self.note(name, Note::Text(stored.name().into()));
            }
            Value::Storage(_) => return Err(refused("a storage without a tensor")),
            Value::Known(_) => return Err(refused("a class as a value")),
        }
        Ok(())
    }

    fn note(&mut self, name: &str, note: Note) {
        self.metadata.push((name.to_string(), note));
    }

    /// The view of a storage that a tensor is.
    fn tensor(&mut self, value: Value) -> Result<(Tensor, Stored)> {
        let Value::Tensor(i) = value else {
            bail!("file", "it is {}", Heap::kind(value));
        };
        let view = &self.heap.views[i as usize];
        let storage = &self.heap.storages[view.storage as usize];
        let stored = view.stored.or(storage.stored).unwrap_or(Stored::U8);
        let count = match storage.stored {
            Some(of) if of == stored => storage.count,
            Some(_) => bail!("file", "its type is not that of its numbers"),
            None => storage.count / stored.bytes() as u64,
        };
        let (first, count) = match storage.part {
            None => (0, count),
            Some((first, n)) if first.checked_add(n).is_some_and(|end| end <= count) => (first, n),
            Some(_) => bail!("file", "a part of a storage ends after it"),
        };
        let numel = numel(&view.shape, &view.strides, view.offset, count)?;
        self.spend(numel.saturating_mul(stored.bytes() as u64))?;
        let key = (storage.key.clone(), stored);
        let numbers = match self.storages.get(&key) {
            Some(numbers) => numbers.clone(),
            None => {
                let numbers = (self.load)(storage, stored)?;
                self.storages.insert(key, numbers.clone());
                numbers
            }
        };
        // two references to one storage may declare different sizes
        if (numbers.numel() as u64) < first + count {
            bail!(
                "file",
                "its storage has {} numbers instead of {count}",
                numbers.numel()
            );
        }
        let offset = if numel == 0 { 0 } else { first + view.offset };
        let raw = numbers
            .0
            .f_as_strided(&view.shape, &view.strides, offset as i64);
        Ok((lift1("load", &[&numbers], raw)?, stored))
    }
}

/// The numbers of a view, all of which its storage must have.
fn numel(shape: &[i64], strides: &[i64], offset: u64, count: u64) -> Result<u64> {
    let text = || cistron_base::shape::text(shape);
    let numel = shape
        .iter()
        .try_fold(1i64, |numel, size| numel.checked_mul(*size));
    let Some(numel) = numel else {
        bail!("file", "its shape {} is out of range", text());
    };
    // an empty view of an empty storage may begin anywhere
    if numel == 0 {
        return Ok(0);
    }
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(offset, |last, (size, stride)| {
            last.checked_add((*size as u64 - 1).checked_mul(*stride as u64)?)
        });
    match last {
        Some(last) if last < count => Ok(numel as u64),
        _ => bail!(
            "file",
            "its shape {} needs more than the {count} numbers of its storage",
            text()
        ),
    }
}
