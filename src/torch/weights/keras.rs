//! Keras' files: HDF5 (`.h5`) of Keras 2 and 3, archives (`.keras`) of Keras 3.

use super::entry::{Entry, GROWTH, Note, SMALL, Weights, printable};
use super::keras_names::{Layers, classic_name, numbered_name};
use super::stored::Stored;
use super::zipped::entry;
use crate::Tensor;
use cistron_base::{Fault, Result, bail, fault, interrupt, panic};
use hdf5_pure::{AttrValue, Dataset, Datatype, DatatypeByteOrder, File, Group};
use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek};
use std::path::Path;

/// The file of weights within an archive.
pub const INNER: &str = "model.weights.h5";
/// Levels of groups.
const DEEPEST: usize = 24;
/// Groups and datasets of one file.
const MOST: usize = 100_000;

/// Reads an HDF5 file.
pub fn read(path: &Path, size: u64) -> Result<Weights> {
    let bytes = std::fs::read(path).map_err(|error| Fault::file(path, &error))?;
    weights(bytes, "Keras HDF5", size, None)
}

/// Reads an archive of a file of `size` bytes.
pub fn read_archive<R: Read + Seek>(mut archive: zip::ZipArchive<R>, size: u64) -> Result<Weights> {
    let mut left = size.saturating_mul(GROWTH).saturating_add(SMALL);
    let has_config = archive.file_names().any(|name| name == "config.json");
    let config = match has_config {
        true => Some(entry(&mut archive, "config.json", &mut left)?),
        false => None,
    };
    let inner = entry(&mut archive, INNER, &mut left)?;
    let config = config.map(|config| String::from_utf8_lossy(&config).into_owned());
    weights(inner, "Keras archive", size, config)
}

/// The weights of HDF5 bytes.
fn weights(
    bytes: Vec<u8>,
    format: &'static str,
    size: u64,
    config: Option<String>,
) -> Result<Weights> {
    // the library's own checks are not complete: on damaged files it may panic
    let read = panic::guarded(|| {
        let file = File::from_bytes(bytes).map_err(broken)?;
        Walk::new(size).file(&file, format, config)
    });
    read.unwrap_or_else(|_| Err(fault!("file", "it is not a whole HDF5 file")))
}

fn broken(error: hdf5_pure::Error) -> Fault {
    fault!("file", "it is not a whole HDF5 file: {error}")
}

/// A pass over the groups of a file.
struct Walk {
    layers: Layers,
    entries: Vec<Entry>,
    names: HashSet<String>,
    seen: usize,
    left: u64,
}

impl Walk {
    fn new(size: u64) -> Walk {
        Walk {
            layers: Layers::default(),
            entries: Vec::new(),
            names: HashSet::new(),
            seen: 0,
            left: size.saturating_mul(GROWTH).saturating_add(SMALL),
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<()> {
        interrupt::check()?;
        self.seen += 1;
        match (self.left.checked_sub(bytes), self.seen <= MOST) {
            (Some(left), true) => self.left = left,
            _ => bail!("file", "it declares more than its size allows"),
        }
        Ok(())
    }

    fn file(
        mut self,
        file: &File,
        format: &'static str,
        config: Option<String>,
    ) -> Result<Weights> {
        let root = file.root();
        let notes = attributes(&root)?;
        let text = |name: &str| notes.get(name).and_then(AttrValue::as_str);
        let config = config.or_else(|| text("model_config").map(str::to_string));
        self.layers = config.as_deref().map(Layers::of_config).unwrap_or_default();
        let mut metadata: Vec<(String, Note)> = ["keras_version", "backend"]
            .iter()
            .filter_map(|name| Some((name.to_string(), Note::Text(text(name)?.to_string()))))
            .collect();
        metadata.extend(config.map(|config| ("model_config".to_string(), Note::Text(config))));
        let groups = members(&root)?;
        let base = match groups.contains_key("model_weights") {
            true => root.group("model_weights").map_err(broken)?,
            false => root,
        };
        let groups = members(&base)?;
        // groups are listed by name, layers in the order of the network
        let order = attributes(&base)?;
        let order: Vec<String> = order
            .get("layer_names")
            .and_then(AttrValue::as_strings)
            .map_or_else(Vec::new, <[String]>::to_vec);
        let mut names: Vec<&String> = groups.keys().collect();
        let place = |name: &str| order.iter().position(|known| known == name);
        names.sort_by_key(|name| (place(name).unwrap_or(usize::MAX), *name));
        if groups.contains_key("layers") || groups.contains_key("_layer_checkpoint_dependencies") {
            self.numbered(&base, &mut Vec::new(), &mut Vec::new())?;
        } else {
            for name in names {
                self.classic(&groups[name], name, &mut Vec::new())?;
            }
        }
        if self.entries.is_empty() {
            bail!("file", "it has no weights of Keras";
                hint: "`model.save(\"net.keras\")` writes a network with its weights");
        }
        Ok(Weights {
            format,
            entries: self.entries,
            metadata,
        })
    }

    /// The datasets of a layer of Keras 2, whose names are those of the weights.
    fn classic(&mut self, group: &Group, layer: &str, path: &mut Vec<String>) -> Result<()> {
        if path.len() > DEEPEST {
            bail!(
                "file",
                "its groups are nested more than {DEEPEST} levels deep"
            );
        }
        let mut inner: Vec<(String, Dataset)> = group.iter_datasets().map_err(broken)?.collect();
        // as Keras orders them: kernels before biases, moving averages last
        inner.sort_by_key(|(name, _)| (rank(name), name.clone()));
        for (name, data) in inner {
            path.push(name);
            let name = classic_name(layer, path, &self.layers);
            path.pop();
            self.push(name, &data)?;
        }
        let mut groups: Vec<(String, Group)> = group.iter_groups().map_err(broken)?.collect();
        // forward_… before backward_…
        groups.sort_by_key(|(name, _)| (name.starts_with("backward"), name.clone()));
        for (name, group) in groups {
            self.spend(64)?;
            path.push(name);
            self.classic(&group, layer, path)?;
            path.pop();
        }
        Ok(())
    }

    /// The datasets of Keras 3, `…/vars/0`, which have numbers instead of names.
    fn numbered(
        &mut self,
        group: &Group,
        path: &mut Vec<String>,
        names: &mut Vec<String>,
    ) -> Result<()> {
        if path.len() > DEEPEST {
            bail!(
                "file",
                "its groups are nested more than {DEEPEST} levels deep"
            );
        }
        let groups = members(group)?;
        let named = path.last().is_some_and(|last| !is_container(last));
        if let Some(vars) = groups.get("vars") {
            let own = attributes(vars)?;
            if let Some(name) = own.get("name").and_then(AttrValue::as_str)
                && named
                && let Some(last) = names.last_mut()
            {
                *last = name.to_string();
            }
            let mut data: Vec<(usize, Dataset)> = vars
                .iter_datasets()
                .map_err(broken)?
                .filter_map(|(name, data)| Some((name.parse().ok()?, data)))
                .collect();
            data.sort_by_key(|(i, _)| *i);
            let count = data.len();
            let class = path.last().cloned().unwrap_or_default();
            for (i, data) in data {
                let name = numbered_name(names, &class, i, count, &self.layers);
                self.push(name, &data)?;
            }
        }
        let mut inner: Vec<&String> = groups.keys().filter(|name| *name != "vars").collect();
        inner.sort_by_key(|name| (name.starts_with("backward"), self.layers.place(name), *name));
        for name in inner {
            // the state of training is not part of the network
            if path.is_empty() && name.contains("optimizer") {
                continue;
            }
            self.spend(64)?;
            let is_name = !is_container(name);
            path.push(name.clone());
            if is_name {
                names.push(name.clone());
            }
            self.numbered(&groups[name], path, names)?;
            path.pop();
            if is_name {
                names.pop();
            }
        }
        Ok(())
    }

    fn push(&mut self, name: String, data: &Dataset) -> Result<()> {
        let (tensor, stored) = self
            .tensor(data)
            .map_err(|fault| fault.context(format!("weight `{}`", printable(&name))))?;
        if !self.names.insert(name.clone()) {
            bail!("file", "two weights have the name `{}`", printable(&name));
        }
        self.entries.push(Entry {
            name,
            stored: stored.name(),
            tensor,
            is_added: false,
        });
        Ok(())
    }

    fn tensor(&mut self, data: &Dataset) -> Result<(Tensor, Stored)> {
        let kind = data.datatype().map_err(broken)?;
        let (stored, is_big) =
            stored_of(&kind).ok_or_else(|| fault!("file", "its type {kind:?} is not read"))?;
        let shape = data.shape().map_err(broken)?;
        let bytes = shape
            .iter()
            .try_fold(stored.bytes() as u64, |bytes, n| bytes.checked_mul(*n));
        self.spend(bytes.unwrap_or(u64::MAX))?;
        let shape: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
        let flat = stored.tensor(data.read_raw().map_err(broken)?, is_big)?;
        Ok((flat.reshape(&shape)?, stored))
    }
}

/// Groups that hold layers and are none.
fn is_container(name: &str) -> bool {
    matches!(name, "layers" | "_layer_checkpoint_dependencies" | "vars")
}

/// The place of a weight among those of a layer.
fn rank(name: &str) -> usize {
    const ORDER: [&str; 9] = [
        "depthwise_kernel",
        "pointwise_kernel",
        "kernel",
        "recurrent_kernel",
        "gamma",
        "beta",
        "bias",
        "moving_mean",
        "moving_variance",
    ];
    let plain = name.split(':').next().unwrap_or(name);
    let place = ORDER.iter().position(|known| *known == plain);
    place.unwrap_or(ORDER.len())
}

fn members(group: &Group) -> Result<HashMap<String, Group>> {
    let groups = group.iter_groups().map_err(broken)?;
    Ok(groups.collect())
}

fn attributes(group: &Group) -> Result<HashMap<String, AttrValue>> {
    group.attrs().map_err(broken)
}

/// The type of the numbers of a dataset, and whether their bytes are in big-endian order.
fn stored_of(kind: &Datatype) -> Option<(Stored, bool)> {
    let is_big = |order: &DatatypeByteOrder| match order {
        DatatypeByteOrder::LittleEndian => Some(false),
        DatatypeByteOrder::BigEndian => Some(true),
        DatatypeByteOrder::Vax => None,
    };
    match kind {
        Datatype::FloatingPoint {
            size,
            byte_order,
            layout,
        } => {
            let stored = match (size, layout.mantissa_size) {
                (8, 52) => Stored::F64,
                (4, 23) => Stored::F32,
                (2, 10) => Stored::F16,
                (2, 7) => Stored::BF16,
                _ => return None,
            };
            Some((stored, is_big(byte_order)?))
        }
        Datatype::FixedPoint {
            size,
            byte_order,
            layout,
        } => {
            let stored = match (size, layout.signed) {
                (8, true) => Stored::I64,
                (4, true) => Stored::I32,
                (2, true) => Stored::I16,
                (1, true) => Stored::I8,
                (8, false) => Stored::U64,
                (4, false) => Stored::U32,
                (2, false) => Stored::U16,
                (1, false) => Stored::U8,
                _ => return None,
            };
            Some((stored, is_big(byte_order)?))
        }
        // NumPy's booleans
        Datatype::Enumeration {
            size: 1, members, ..
        } if members.len() == 2 => Some((Stored::Bool, false)),
        _ => None,
    }
}
