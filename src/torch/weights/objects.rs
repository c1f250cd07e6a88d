//! What a pickle of PyTorch can contain: values in lists without owners, so that deep nesting and
//! shared values need no recursion, and the few classes and functions that are known.

use super::entry::printable;
use super::stored::Stored;
use cistron_base::{Result, bail, fault};

/// A value of a pickle; containers are indices into [`Heap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Text(u32),
    /// A list.
    List(u32),
    /// A tuple.
    Tuple(u32),
    /// A dictionary, ordered or not.
    Map(u32),
    /// A storage: numbers of one type, elsewhere in the file.
    Storage(u32),
    /// A tensor: a view of a storage.
    Tensor(u32),
    /// A class or function.
    Known(Known),
}

/// The classes and functions that pickles may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// `collections.OrderedDict`
    OrderedMap,
    /// `torch._utils._rebuild_tensor` and its later versions, by number.
    Rebuild(u8),
    /// `torch._utils._rebuild_parameter`
    Parameter,
    /// A class of storages; without a type, of bytes.
    Storage(Option<Stored>),
    /// A type of numbers, `torch.float32`.
    Type(Stored),
    /// `torch.Size`
    Size,
    /// `torch.device`
    Device,
}

/// A storage as a pickle refers to it.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The type of its numbers; bytes where there is none.
    pub stored: Option<Stored>,
    /// Its name in the file.
    pub key: String,
    /// The numbers that it has.
    pub count: u64,
    /// The first number and the count of the part that is meant, in older files.
    pub part: Option<(u64, u64)>,
}

/// A tensor as a pickle describes it.
#[derive(Clone, Debug)]
pub struct View {
    /// The index of its storage.
    pub storage: u32,
    /// The type of its numbers, where the storage has none.
    pub stored: Option<Stored>,
    /// The first number.
    pub offset: u64,
    /// Its shape.
    pub shape: Vec<i64>,
    /// Numbers from one index to the next, axis by axis.
    pub strides: Vec<i64>,
}

/// The containers of a pickle.
#[derive(Default)]
pub struct Heap {
    /// Strings.
    pub texts: Vec<String>,
    /// Lists and tuples.
    pub lists: Vec<Vec<Value>>,
    /// Dictionaries.
    pub maps: Vec<Vec<(Value, Value)>>,
    /// Storages.
    pub storages: Vec<Storage>,
    /// Tensors.
    pub views: Vec<View>,
}

const ADVICE: &str =
    "in PyTorch, save the parameters alone: `torch.save(model.state_dict(), \"weights.pt\")`";

/// The fault of something that is not read.
pub fn refused(what: &str) -> cistron_base::Fault {
    fault!(
        "file",
        "it contains {}, not only tensors, maps, lists, numbers and strings",
        printable(what);
        hint: "{ADVICE}"
    )
}

/// The class or function of a module, where it is known.
pub fn known(module: &str, name: &str) -> Result<Value> {
    let found = match (module, name) {
        ("collections", "OrderedDict") => Some(Known::OrderedMap),
        ("torch._utils", "_rebuild_tensor") => Some(Known::Rebuild(1)),
        ("torch._utils", "_rebuild_tensor_v2") => Some(Known::Rebuild(2)),
        ("torch._utils", "_rebuild_tensor_v3") => Some(Known::Rebuild(3)),
        ("torch._utils", "_rebuild_parameter") => Some(Known::Parameter),
        ("torch.storage", "UntypedStorage") => Some(Known::Storage(None)),
        ("torch", "Size") => Some(Known::Size),
        ("torch", "device") => Some(Known::Device),
        ("torch" | "torch.cuda", class) if class.ends_with("Storage") => {
            Stored::of_storage(class).map(|stored| Known::Storage(Some(stored)))
        }
        ("torch", name) => Stored::named(name).map(Known::Type),
        _ => None,
    };
    found
        .map(Value::Known)
        .ok_or_else(|| refused(&format!("`{module}.{name}`")))
}

/// What an instruction that is refused builds.
pub fn refused_instruction(code: u8) -> &'static str {
    match code {
        b'i' | b'o' | 0x81 | 0x92 => "an object of a class",
        b'B' | b'C' | 0x8e | 0x96 => "bytes",
        0x97 | 0x98 => "a buffer",
        0x8f..=0x91 => "a set",
        b'S' => "a string in quotes",
        b'P' => "a reference by text",
        0x82..=0x84 => "an extension",
        _ => "an unknown instruction",
    }
}

impl Heap {
    /// Adds a string.
    pub fn text(&mut self, text: String) -> Value {
        self.texts.push(text);
        Value::Text(self.texts.len() as u32 - 1)
    }

    /// Adds a list.
    pub fn list(&mut self, items: Vec<Value>) -> Value {
        self.lists.push(items);
        Value::List(self.lists.len() as u32 - 1)
    }

    /// Adds a tuple.
    pub fn tuple(&mut self, items: Vec<Value>) -> Value {
        self.lists.push(items);
        Value::Tuple(self.lists.len() as u32 - 1)
    }

    /// Adds a dictionary.
    pub fn map(&mut self, items: Vec<(Value, Value)>) -> Value {
        self.maps.push(items);
        Value::Map(self.maps.len() as u32 - 1)
    }

    /// The items of a list or tuple.
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::List(i) | Value::Tuple(i) => self.lists.get(i as usize).map(Vec::as_slice),
            _ => None,
        }
    }

    /// A string.
    pub fn string(&self, value: Value) -> Option<&str> {
        match value {
            Value::Text(i) => self.texts.get(i as usize).map(String::as_str),
            _ => None,
        }
    }

    /// What a value is, in a message.
    pub fn kind(value: Value) -> &'static str {
        match value {
            Value::None => "None",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Map(_) => "a map",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
            Value::Known(_) => "a class",
        }
    }

    fn sizes(&self, value: Value) -> Result<Vec<i64>> {
        let items = self.items(value);
        let items = items
            .ok_or_else(|| fault!("file", "the shape of a tensor is {}", Self::kind(value)))?;
        if items.len() > 64 {
            bail!("file", "a tensor has {} axes", items.len());
        }
        let size = |item: &Value| match item {
            Value::Int(n) if *n >= 0 => Ok(*n),
            Value::Int(n) => Err(fault!("file", "a size or stride of a tensor is {n}")),
            other => Err(fault!(
                "file",
                "a size of a tensor is {}",
                Self::kind(*other)
            )),
        };
        items.iter().map(size).collect()
    }

    /// The storage that a persistent id describes:
    /// `("storage", class, key, location, count[, part])`.
    pub fn storage(&mut self, id: Value) -> Result<Value> {
        let wrong = || fault!("file", "a reference to numbers is not one of PyTorch");
        let items = self.items(id).ok_or_else(wrong)?;
        let (head, part) = match items.len() {
            5 => (items, Value::None),
            6 => (&items[..5], items[5]),
            _ => return Err(wrong()),
        };
        let (Value::Known(Known::Storage(stored)), Value::Int(count)) = (head[1], head[4]) else {
            return Err(wrong());
        };
        let key = match head[2] {
            Value::Int(key) => key.to_string(),
            key => self.string(key).ok_or_else(wrong)?.to_string(),
        };
        if self.string(head[0]) != Some("storage") || count < 0 {
            return Err(wrong());
        }
        let part = match (part, self.items(part)) {
            (Value::None, _) => None,
            (_, Some([_, Value::Int(first), Value::Int(n)])) if *first >= 0 && *n >= 0 => {
                Some((*first as u64, *n as u64))
            }
            _ => return Err(wrong()),
        };
        self.storages.push(Storage {
            stored,
            key,
            count: count as u64,
            part,
        });
        Ok(Value::Storage(self.storages.len() as u32 - 1))
    }

    /// The result of a call of a known class or function.
    pub fn reduce(&mut self, function: Value, arguments: Value) -> Result<Value> {
        let Value::Known(function) = function else {
            bail!("file", "the pickle calls {}", Self::kind(function));
        };
        let arguments = match arguments {
            Value::Tuple(_) => self.items(arguments).unwrap_or_default(),
            other => bail!("file", "the arguments of a call are {}", Self::kind(other)),
        };
        let wrong = || {
            fault!(
                "file",
                "the arguments of {function:?} are not those of PyTorch"
            )
        };
        match (function, arguments) {
            (Known::OrderedMap, []) => Ok(self.map(Vec::new())),
            (Known::OrderedMap, [pairs]) => {
                let pair = |pair: &Value| match self.items(*pair) {
                    Some([key, value]) => Ok((*key, *value)),
                    _ => Err(wrong()),
                };
                let pairs = self.items(*pairs).ok_or_else(wrong)?;
                let pairs = pairs.iter().map(pair).collect::<Result<_>>()?;
                Ok(self.map(pairs))
            }
            (
                Known::Rebuild(version),
                [
                    Value::Storage(storage),
                    Value::Int(offset),
                    shape,
                    strides,
                    rest @ ..,
                ],
            ) if *offset >= 0 => {
                let stored = match (version, rest) {
                    (1, []) | (2, [_, _] | [_, _, _]) => None,
                    (3, [_, _, Value::Known(Known::Type(stored)), ..]) => Some(*stored),
                    _ => return Err(wrong()),
                };
                let view = View {
                    storage: *storage,
                    stored,
                    offset: *offset as u64,
                    shape: self.sizes(*shape)?,
                    strides: self.sizes(*strides)?,
                };
                if view.shape.len() != view.strides.len() {
                    return Err(wrong());
                }
                self.views.push(view);
                Ok(Value::Tensor(self.views.len() as u32 - 1))
            }
            (Known::Parameter, [tensor @ Value::Tensor(_), _, _]) => Ok(*tensor),
            (Known::Size, [sizes]) if self.items(*sizes).is_some() => Ok(*sizes),
            (Known::Device, [name]) if self.string(*name).is_some() => Ok(*name),
            (Known::Device, [name, Value::Int(index)]) => {
                let name = self.string(*name).ok_or_else(wrong)?;
                let text = format!("{name}:{index}");
                Ok(self.text(text))
            }
            _ => Err(wrong()),
        }
    }
}
