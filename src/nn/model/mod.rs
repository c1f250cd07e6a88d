//! A built network: parameters on a device, a forward pass, files of weights.

pub mod adapters;
mod as_layer;
mod forward;
mod frozen;
mod state;

pub use as_layer::Frozen;
pub use state::save_state;

use crate::adapt::{Adapter, Plan};
use crate::loss::Links;
use crate::summary::{self, Fork, Row};
use crate::weight::Weight;
use crate::{Builder, Built, Layer, Module, Shape};
use cistron_base::{Result, bail};
use cistron_torch::{Device, Precision, Tensor};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// How a network is built.
#[derive(Clone, Debug)]
pub struct How {
    /// Seed of the initial weights.
    pub seed: u64,
    /// Its device.
    pub device: Device,
    /// Whether layers may be fused into faster ones with the same output up to rounding.
    pub fast: bool,
    /// The precision of its operations.
    pub precision: Precision,
    /// Its name.
    pub name: String,
}

/// A handle on a built network.
#[derive(Clone)]
pub struct Model(Rc<Inner>);

struct Inner {
    name: String,
    /// Its description; none for a part of another model.
    layer: Option<Layer>,
    module: Rc<dyn Module>,
    parameters: Vec<(String, Tensor)>,
    buffers: Vec<(String, Tensor)>,
    input: Shape,
    output: Shape,
    rows: Vec<Row>,
    forks: Vec<Fork>,
    apart: Vec<usize>,
    device: Device,
    training: Rc<Cell<bool>>,
    precision: Rc<Cell<Precision>>,
    /// The links of the loss that it was last trained with.
    links: RefCell<Option<Links>>,
    fast: bool,
    /// What layers do in training only.
    in_training: Vec<&'static str>,
    /// The seed of its initial weights.
    seed: u64,
    /// The shape of the output of each layer, by path.
    shapes: Rc<HashMap<String, Shape>>,
    /// The weights of its layers.
    weights: Rc<Vec<(String, Weight)>>,
    /// How its weights are adapted, and which are.
    adapters: Option<Rc<(Plan, Vec<Adapter>)>>,
    /// The network that this one was adapted or merged from.
    origin: Option<Model>,
}

impl Model {
    /// Builds a description for inputs of a shape.
    pub fn build(layer: &Layer, input: &Shape, how: &How) -> Result<Model> {
        let mut builder = Builder::new(how.seed, how.device, how.fast);
        let built = builder.child("", layer, input)?;
        Ok(Model::assemble(builder, built, layer, input, how))
    }

    /// The network of a finished build.
    fn assemble(builder: Builder, built: Built, layer: &Layer, input: &Shape, how: &How) -> Model {
        Model(Rc::new(Inner {
            name: how.name.clone(),
            module: built.module,
            parameters: builder.parameters,
            buffers: builder.buffers,
            input: input.clone(),
            output: built.output,
            rows: builder.rows,
            forks: builder.forks,
            apart: builder.apart,
            device: how.device,
            training: Rc::new(Cell::new(false)),
            precision: Rc::new(Cell::new(how.precision)),
            links: RefCell::new(None),
            fast: how.fast,
            in_training: builder.in_training,
            layer: Some(layer.clone()),
            seed: how.seed,
            shapes: Rc::new(builder.shapes),
            weights: Rc::new(builder.weights),
            adapters: None,
            origin: None,
        }))
    }

    /// What it was built from.
    ///
    /// # Errors
    /// Where it is a part of another model.
    pub fn described(&self) -> Result<&Layer> {
        match &self.0.layer {
            Some(layer) => Ok(layer),
            None => bail!("value", "`{}` is a part of another model", self.0.name),
        }
    }

    /// How it was built, with the present precision.
    pub fn how(&self) -> How {
        How {
            seed: self.0.seed,
            device: self.0.device,
            fast: self.0.fast,
            precision: self.0.precision.get(),
            name: self.0.name.clone(),
        }
    }

    /// The weights that a layer multiplies with, by the path of their parameter: of normalised and
    /// adapted ones their present value. Other parameters are returned as they are.
    ///
    /// # Errors
    /// Where there is no such parameter.
    pub fn effective(&self, path: &str) -> Result<Tensor> {
        let mut weights = self.0.weights.iter();
        match weights.find(|(name, _)| name == path) {
            Some((_, weight)) => weight.current(false),
            None => self.get(path),
        }
    }

    /// The shape of the output of each layer, by path with a dot at its end.
    pub fn shapes(&self) -> &HashMap<String, Shape> {
        &self.0.shapes
    }

    /// The links of the loss that it was last trained with; none where it was not.
    pub fn links(&self) -> Option<Links> {
        self.0.links.borrow().clone()
    }

    /// Remembers the links of the loss that it is trained with.
    pub fn set_links(&self, links: Links) {
        self.0.links.replace(Some(links));
    }

    /// What it does in training only: dropout, batch norm.
    pub fn in_training(&self) -> &[&'static str] {
        &self.0.in_training
    }

    /// Whether both are the same network.
    pub fn is(&self, other: &Model) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Its description; none for a part of another model.
    pub fn layer(&self) -> Option<&Layer> {
        self.0.layer.as_ref()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The device of its parameters.
    pub fn device(&self) -> Device {
        self.0.device
    }

    /// The shape of an input sample.
    pub fn input(&self) -> &Shape {
        &self.0.input
    }

    /// The shape of an output sample.
    pub fn output(&self) -> &Shape {
        &self.0.output
    }

    /// Named parameters, in order.
    pub fn parameters(&self) -> &[(String, Tensor)] {
        &self.0.parameters
    }

    /// Named parameters and buffers.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.0
            .parameters
            .iter()
            .chain(&self.0.buffers)
            .cloned()
            .collect()
    }

    /// Number of parameters, and how many of them are not frozen.
    pub fn count(&self) -> (i64, i64) {
        let total = self.0.parameters.iter().map(|(_, p)| p.numel()).sum();
        let trained = self
            .0
            .parameters
            .iter()
            .filter(|(_, p)| p.is_grad_on())
            .map(|(_, p)| p.numel())
            .sum();
        (total, trained)
    }

    /// Whether it is in training mode (dropout drops, norms update their statistics).
    pub fn is_training(&self) -> bool {
        self.0.training.get()
    }

    /// Sets training or evaluation mode; returns the previous mode.
    pub fn set_training(&self, on: bool) -> bool {
        self.0.training.replace(on)
    }

    /// Sets the precision of its operations; returns the previous precision.
    pub fn set_precision(&self, precision: Precision) -> Precision {
        self.0.precision.replace(precision)
    }

    /// Whether layers may be fused into faster ones.
    pub fn is_fast(&self) -> bool {
        self.0.fast
    }

    /// Its layers, in order.
    pub fn rows(&self) -> &[Row] {
        &self.0.rows
    }

    /// Layers side by side; those within others first.
    pub fn forks(&self) -> &[Fork] {
        &self.0.forks
    }

    /// Layers whose input is not the output of the layer above, by their numbers: a function of a
    /// script is between them.
    pub fn apart(&self) -> &[usize] {
        &self.0.apart
    }

    /// The table of layers, with the fused ones.
    pub fn summary(&self) -> String {
        let (total, trained) = self.count();
        let mut fusions = Vec::new();
        if !self.0.device.is_cuda() {
            self.0.module.describe_fusions(&mut fusions);
        }
        summary::table(
            &self.0.name,
            &self.0.input.text(),
            &self.0.rows,
            (total, trained),
            &fusions,
        )
    }
}

#[cfg(test)]
mod tests;
