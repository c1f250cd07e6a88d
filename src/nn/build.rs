//! Building: walks a description, infers every shape, creates the parameters.

use super::adapt::Adapting;
use super::init::Init;
use super::summary::{Fork, Row};
use super::watch::Watched;
use super::weight::{Weight, WeightNorm};
use super::{Built, Layer, Module, Shape};
use cistron_base::bail;
use cistron_base::{Result, memory, shape};
use cistron_torch::{Device, Kind, Tensor};
use std::collections::HashMap;
use std::rc::Rc;

/// The bases that a position of an output depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptiveField {
    /// Bases from the first to the last.
    pub size: i64,
    /// Bases between neighbouring positions.
    pub stride: i64,
}

/// The state of a build.
pub struct Builder {
    device: Device,
    seed: u64,
    path: Vec<String>,
    /// Whether layers may be fused into faster ones with the same output up to rounding.
    pub fast: bool,
    /// Named parameters, in order.
    pub parameters: Vec<(String, Tensor)>,
    /// Named tensors that are not parameters: running statistics.
    pub buffers: Vec<(String, Tensor)>,
    /// Lines of the summary.
    pub rows: Vec<Row>,
    /// Layers side by side; those within others first.
    pub forks: Vec<Fork>,
    /// Lines of the summary whose input is not the output of the line above: a function of a script
    /// is between them.
    pub apart: Vec<usize>,
    /// What layers do in training only, each once.
    pub in_training: Vec<&'static str>,
    /// The receptive field up to here; none where a position depends on everything.
    pub field: Option<ReceptiveField>,
    /// Whether the next layer takes an input of the network as it is.
    pub is_input: bool,
    /// How weights are normalised.
    pub norm: Option<WeightNorm>,
    /// Weights whose use in training differs from pass to pass, so far.
    pub varying: usize,
    /// Adapters that weights get.
    pub adapting: Option<Adapting>,
    /// The weights of layers as these read them, by path.
    pub weights: Vec<(String, Weight)>,
    /// Tensors that layers use, in order; with those of a tied layer wherever it occurs.
    pub used: Vec<Used>,
    /// Layers that draw random numbers in training, so far.
    pub drawing: usize,
    /// The shape of the output of each layer, by path.
    pub shapes: HashMap<String, Shape>,
    /// The kinds of the layers that are being built, outermost first.
    kinds: Vec<String>,
    /// Parameters and buffers of another network that are taken instead of new ones, by path.
    given: HashMap<String, Tensor>,
    /// Whether tensors of another network are taken.
    pub is_copy: bool,
    tied: HashMap<*const super::spec::Described, Tied>,
    /// What a tied layer that is built again takes its parameters from.
    shared: Option<Shared>,
}

/// A tensor that a layer uses.
#[derive(Clone)]
pub enum Used {
    /// A parameter.
    Parameter(Tensor),
    /// A running statistic.
    Buffer(Tensor),
}

/// A tied layer that was built.
struct Tied {
    module: Rc<dyn Module>,
    input: Shape,
    output: Shape,
    tensors: SharedTensors,
    used: Vec<Used>,
    drawing: usize,
}

/// Parameters and buffers of a layer by their name below it.
pub type SharedTensors = Rc<HashMap<String, Tensor>>;

/// Parameters and buffers that are used again.
struct Shared {
    /// The path of the layer, with a dot at its end.
    prefix: String,
    /// The tensors by their name below the layer.
    tensors: SharedTensors,
}

/// A stable number for a text (FNV-1a).
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Fails where there is no memory for a parameter of a shape and its initial values.
fn room(name: &str, shape: &[i64]) -> Result<()> {
    let numbers = shape
        .iter()
        .try_fold(1u128, |all, n| all.checked_mul(u128::try_from(*n).ok()?));
    let bytes = numbers.and_then(|n| n.checked_mul(8)).unwrap_or(u128::MAX);
    let what = format!(
        "parameter `{name}` {}, with its first values,",
        shape::text(shape)
    );
    memory::check(bytes, &what).map_err(|fault| {
        fault.hint("pool or flatten less in front of it, or give the layer fewer outputs")
    })
}

impl Builder {
    /// Nothing built yet.
    pub fn new(seed: u64, device: Device, fast: bool) -> Builder {
        Builder {
            device,
            seed,
            fast,
            path: Vec::new(),
            parameters: Vec::new(),
            buffers: Vec::new(),
            rows: Vec::new(),
            forks: Vec::new(),
            apart: Vec::new(),
            in_training: Vec::new(),
            field: Some(ReceptiveField { size: 1, stride: 1 }),
            is_input: true,
            norm: None,
            varying: 0,
            adapting: None,
            weights: Vec::new(),
            used: Vec::new(),
            drawing: 0,
            shapes: HashMap::new(),
            kinds: Vec::new(),
            given: HashMap::new(),
            is_copy: false,
            tied: HashMap::new(),
            shared: None,
        }
    }

    /// The device of the parameters.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The path of something below the current path.
    pub fn name(&self, last: &str) -> String {
        let mut parts: Vec<&str> = self
            .path
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.push(last);
        parts.join(".")
    }

    /// The current path.
    pub fn path(&self) -> String {
        let parts = self.path.iter().filter(|part| !part.is_empty());
        parts.cloned().collect::<Vec<_>>().join(".")
    }

    /// The number of layers that contain the current one.
    pub fn nesting(&self) -> usize {
        self.path.len()
    }

    /// Runs a function below a part of the current path.
    pub fn below<T>(
        &mut self,
        part: &str,
        run: impl FnOnce(&mut Builder) -> Result<T>,
    ) -> Result<T> {
        self.path.push(part.to_string());
        let outcome = run(self);
        self.path.pop();
        outcome
    }

    /// The kind of the layer that is being built, such as `linear`.
    pub fn kind(&self) -> String {
        self.kinds.last().cloned().unwrap_or_default()
    }

    /// Takes parameters and buffers of another network by their path, instead of new ones.
    pub fn give(&mut self, tensors: impl IntoIterator<Item = (String, Tensor)>) {
        self.is_copy = true;
        self.given.extend(tensors);
    }

    /// The paths of tensors that were given and not taken.
    pub fn left_over(&self) -> Vec<String> {
        let mut names: Vec<String> = self.given.keys().cloned().collect();
        names.sort();
        names
    }

    /// The keys of the random numbers of something below the current path.
    pub fn keys(&self, last: &str) -> [u64; 3] {
        [self.seed, 0x696e_6974, hash(&self.name(last))]
    }

    /// A new parameter below the current path.
    pub fn parameter(&mut self, name: &str, shape: &[i64], init: &Init) -> Result<Tensor> {
        if let Some(own) = self.known_parameter(name, shape)? {
            return Ok(own);
        }
        room(&self.name(name), shape)?;
        let values = init.draw(shape, &self.keys(name))?;
        self.adopt(name, values)
    }

    /// The parameter of a tied layer that is built again, or one that was given.
    fn known_parameter(&mut self, name: &str, shape: &[i64]) -> Result<Option<Tensor>> {
        let full = self.name(name);
        if let Some(own) = self.used_again(&full, shape)? {
            self.used.push(Used::Parameter(own.clone()));
            return Ok(Some(own));
        }
        let Some(own) = self.taken(&full, shape)? else {
            return Ok(None);
        };
        self.parameters.push((full, own.clone()));
        self.used.push(Used::Parameter(own.clone()));
        Ok(Some(own))
    }

    /// The tensor that was given for a path.
    fn taken(&mut self, full: &str, shape: &[i64]) -> Result<Option<Tensor>> {
        match self.given.remove(full) {
            Some(own) if own.shape() != shape => bail!(
                "shape",
                "`{full}` is {} in one network and {} in the other",
                shape::text(&own.shape()),
                shape::text(shape)
            ),
            found => Ok(found),
        }
    }

    /// A parameter with given initial values.
    pub fn adopt(&mut self, name: &str, values: Tensor) -> Result<Tensor> {
        if let Some(own) = self.known_parameter(name, &values.shape())? {
            return Ok(own);
        }
        let full = self.name(name);
        if self.parameters.iter().any(|(known, _)| *known == full) {
            bail!("name", "two parameters would be called `{full}`");
        }
        let own = values
            .detach()?
            .copied()?
            .to_device(self.device)?
            .requires_grad_(true)?;
        self.parameters.push((full, own.clone()));
        self.used.push(Used::Parameter(own.clone()));
        Ok(own)
    }

    /// A tensor that is saved but not trained.
    pub fn buffer(&mut self, name: &str, shape: &[i64], value: f64, kind: Kind) -> Result<Tensor> {
        room(&self.name(name), shape)?;
        self.keep(name, Tensor::full(shape, value, kind, self.device)?)
    }

    /// A tensor with these values that is saved but not trained.
    pub fn keep(&mut self, name: &str, values: Tensor) -> Result<Tensor> {
        let (full, shape) = (self.name(name), values.shape());
        if let Some(own) = self.used_again(&full, &shape)? {
            self.used.push(Used::Buffer(own.clone()));
            return Ok(own);
        }
        let own = match self.taken(&full, &shape)? {
            Some(own) => own,
            None => values.detach()?.to_device(self.device)?,
        };
        self.buffers.push((full, own.clone()));
        self.used.push(Used::Buffer(own.clone()));
        Ok(own)
    }

    /// A tensor with given initial values that is saved but not trained.
    pub fn adopt_buffer(&mut self, name: &str, values: &Tensor) -> Result<Tensor> {
        self.keep(name, values.detach()?.copied()?)
    }

    /// Builds a layer below the current path; a fault names the script line that described it.
    pub fn child(&mut self, part: &str, layer: &Layer, input: &Shape) -> Result<Built> {
        self.path.push(part.to_string());
        let before = self.parameters.len();
        let row = self.rows.len();
        let varying = self.varying;
        let is_group = layer.0.spec.is_group();
        if !is_group {
            let text = layer.text();
            let kind = text.split('(').next().unwrap_or_default();
            self.kinds
                .push(kind.trim_start_matches("tied ").to_string());
        }
        let outcome = layer.0.spec.build(self, input);
        if !is_group {
            self.kinds.pop();
        }
        let mut built = outcome.map_err(|mut fault| {
            if fault.at.is_none() {
                fault.at = layer.0.at.clone();
            }
            fault
        })?;
        if !is_group {
            self.is_input = false;
            let what = layer.0.spec.in_training();
            let varies = layer.0.spec.varies() || self.varying > varying;
            // batch norm alone varies without drawing
            self.drawing += usize::from(varies && what != Some("batch norm"));
            self.in_training
                .extend(what.filter(|what| !self.in_training.contains(what)));
            let own: Vec<Tensor> = self.parameters[before..]
                .iter()
                .map(|(_, parameter)| parameter.clone())
                .collect();
            let count = own.iter().map(Tensor::numel).sum();
            let name = self.path();
            let parameters = (!varies).then_some(own);
            built.module = Rc::new(Watched {
                path: name.clone(),
                layer: layer.text(),
                module: built.module,
                parameters,
            });
            self.truncate_rows(row);
            self.rows.push(Row {
                name,
                layer: layer.text(),
                output: built.output.text(),
                parameters: count,
                field: self.field,
            });
        }
        if let Shape::One(shape) = &built.output
            && let Some(bad) = shape.iter().find(|n| **n < 1)
        {
            let mut fault = cistron_base::fault!(
                "shape",
                "{} of {} would give a size of {bad}",
                layer.text(),
                input.text()
            );
            fault.at = layer.0.at.clone();
            return Err(fault);
        }
        self.shapes.insert(self.name(""), built.output.clone());
        self.path.pop();
        if let Shape::One(shape) = &mut built.output {
            shape.shrink_to_fit();
        }
        Ok(built)
    }

    /// The tensor of a tied layer that is built again.
    fn used_again(&self, name: &str, sizes: &[i64]) -> Result<Option<Tensor>> {
        let Some(Shared { prefix, tensors }) = &self.shared else {
            return Ok(None);
        };
        let below = name.strip_prefix(prefix.as_str());
        match below.and_then(|below| tensors.get(below)) {
            Some(tensor) if tensor.shape() == sizes => Ok(Some(tensor.clone())),
            Some(tensor) => bail!(
                "shape",
                "tied layers must have the same parameters: `{}` would be {} and {}",
                below.unwrap_or_default(),
                shape::text(&tensor.shape()),
                shape::text(sizes)
            ),
            None => Ok(None),
        }
    }

    /// As [`Builder::child`], but a second call returns the same module; for another shape of the
    /// input, a module with the same parameters.
    pub fn shared(&mut self, layer: &Layer, input: &Shape) -> Result<Built> {
        let key = Rc::as_ptr(&layer.0);
        let Some(tied) = self.tied.get(&key) else {
            let (used, drawing) = (self.used.len(), self.drawing);
            let (built, tensors) = self.child_and_tensors(layer, input)?;
            let tied = Tied {
                module: built.module.clone(),
                input: input.clone(),
                output: built.output.clone(),
                tensors,
                used: self.used[used..].to_vec(),
                drawing: self.drawing - drawing,
            };
            self.tied.insert(key, tied);
            return Ok(built);
        };
        if tied.input == *input {
            self.used.extend(tied.used.iter().cloned());
            self.drawing += tied.drawing;
            return Ok(Built {
                module: tied.module.clone(),
                output: tied.output.clone(),
            });
        }
        let tensors = tied.tensors.clone();
        self.child_again(layer, input, tensors)
    }

    /// Builds a layer at the current path; returns its parameters and buffers as well.
    pub fn child_and_tensors(
        &mut self,
        layer: &Layer,
        input: &Shape,
    ) -> Result<(Built, SharedTensors)> {
        let prefix = self.name("");
        let (first, buffer) = (self.parameters.len(), self.buffers.len());
        let built = self.child("", layer, input)?;
        let tensors = self.parameters[first..]
            .iter()
            .chain(&self.buffers[buffer..]);
        let tensors = tensors
            .map(|(name, tensor)| (name[prefix.len()..].to_string(), tensor.clone()))
            .collect();
        Ok((built, Rc::new(tensors)))
    }

    /// Builds a layer at the current path again, with the parameters and buffers that it has.
    pub fn child_again(
        &mut self,
        layer: &Layer,
        input: &Shape,
        tensors: SharedTensors,
    ) -> Result<Built> {
        let prefix = self.name("");
        let (before, rows, apart) = (self.shared.take(), self.rows.len(), self.apart.len());
        self.shared = Some(Shared { prefix, tensors });
        let built = self.child("", layer, input);
        self.shared = before;
        self.truncate_rows(rows);
        self.apart.truncate(apart);
        built
    }

    /// Takes back lines of the summary.
    fn truncate_rows(&mut self, rows: usize) {
        self.rows.truncate(rows);
        let is_left = |part: &std::ops::Range<usize>| part.end <= rows;
        self.forks.retain(|fork| fork.parts.iter().all(is_left));
    }

    /// Puts a line above the lines from `row` on, which it is the heading of.
    pub fn head(&mut self, row: usize, heading: Row) {
        self.rows.insert(row, heading);
        let parts = self.forks.iter_mut().flat_map(|fork| &mut fork.parts);
        for part in parts.filter(|part| part.start >= row) {
            *part = part.start + 1..part.end + 1;
        }
        let apart = self.apart.iter_mut();
        apart
            .filter(|other| **other >= row)
            .for_each(|other| *other += 1);
    }

    /// Notes that layers are side by side: from the lines of the summary at which they begin to the
    /// present one.
    pub fn fork(&mut self, starts: &[usize], has_skip: bool, merge: Option<&'static str>) {
        let ends = starts.iter().skip(1).copied().chain([self.rows.len()]);
        let parts = starts.iter().zip(ends).map(|(start, end)| *start..end);
        self.forks.push(Fork {
            parts: parts.collect(),
            has_skip,
            merge,
        });
    }

    /// Widens the receptive field by a window.
    pub fn widen(&mut self, width: i64, dilation: i64, stride: i64) {
        self.field = self.field.map(|field| ReceptiveField {
            size: field.size + (width - 1) * dilation * field.stride,
            stride: field.stride * stride,
        });
    }

    /// From here on every position depends on everything.
    pub fn see_all(&mut self) {
        self.field = None;
    }
}
