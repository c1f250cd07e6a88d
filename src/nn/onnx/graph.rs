//! The graph that is being written, with the network that it is written from.

use super::proto::{AttributeProto, FLOAT, GraphProto, INT64, NodeProto, TensorProto};
use crate::{Model, Shape};
use cistron_base::{Result, bail, fault};
use cistron_torch::Tensor;
use std::collections::{BTreeMap, HashMap};

/// A value of the graph: its name, and its shape without the batch.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The name.
    pub name: String,
    /// The shape of a sample.
    pub shape: Vec<i64>,
}

/// What layers pass on.
#[derive(Clone, Debug)]
pub enum Flow {
    /// One value.
    One(Edge),
    /// Several by name.
    Many(BTreeMap<String, Edge>),
}

impl Flow {
    /// The one value.
    pub fn one(&self) -> Result<&Edge> {
        match self {
            Flow::One(edge) => Ok(edge),
            Flow::Many(_) => bail!("shape", "a layer takes one input, got several"),
        }
    }
}

/// Settings of an operation.
#[derive(Default)]
pub struct Attributes(Vec<AttributeProto>);

impl Attributes {
    /// None.
    pub fn none() -> Attributes {
        Attributes::default()
    }

    fn with(mut self, name: &str, kind: i32, fill: impl FnOnce(&mut AttributeProto)) -> Attributes {
        let mut attribute = AttributeProto {
            name: name.to_string(),
            r#type: kind,
            ..AttributeProto::default()
        };
        fill(&mut attribute);
        self.0.push(attribute);
        self
    }

    /// With a number.
    pub fn float(self, name: &str, value: f64) -> Attributes {
        self.with(name, 1, |a| a.f = Some(value as f32))
    }

    /// With an integer.
    pub fn int(self, name: &str, value: i64) -> Attributes {
        self.with(name, 2, |a| a.i = Some(value))
    }

    /// With a text.
    pub fn text(self, name: &str, value: &str) -> Attributes {
        self.with(name, 3, |a| a.s = Some(value.as_bytes().to_vec()))
    }

    /// With numbers.
    pub fn floats(self, name: &str, values: &[f64]) -> Attributes {
        let values = values.iter().map(|value| *value as f32).collect();
        self.with(name, 6, |a| a.floats = values)
    }

    /// With integers.
    pub fn ints(self, name: &str, values: &[i64]) -> Attributes {
        self.with(name, 7, |a| a.ints = values.to_vec())
    }

    /// With texts.
    pub fn texts(self, name: &str, values: &[&str]) -> Attributes {
        let values = values.iter().map(|text| text.as_bytes().to_vec()).collect();
        self.with(name, 8, |a| a.strings = values)
    }
}

/// A graph that is being written.
pub struct Graph<'a> {
    model: &'a Model,
    /// What has been written.
    pub proto: GraphProto,
    path: Vec<String>,
    /// The path of the parameters, where it is another: of a tied layer that occurs again.
    aliases: Vec<(String, String)>,
    /// Where each tied layer occurred first.
    pub tied: HashMap<usize, String>,
    /// The names of constants that have been written.
    constants: HashMap<String, String>,
    count: usize,
}

impl<'a> Graph<'a> {
    /// An empty graph.
    pub fn new(model: &'a Model) -> Graph<'a> {
        Graph {
            model,
            proto: GraphProto {
                name: model.name().to_string(),
                ..GraphProto::default()
            },
            path: Vec::new(),
            aliases: Vec::new(),
            tied: HashMap::new(),
            constants: HashMap::new(),
            count: 0,
        }
    }

    /// The path of the current layer.
    pub fn path(&self) -> String {
        let parts = self.path.iter().filter(|part| !part.is_empty());
        parts.cloned().collect::<Vec<_>>().join(".")
    }

    /// Runs a function below a part of the current path.
    pub fn below<T>(
        &mut self,
        part: &str,
        run: impl FnOnce(&mut Graph<'a>) -> Result<T>,
    ) -> Result<T> {
        self.path.push(part.to_string());
        let outcome = run(self);
        self.path.pop();
        outcome
    }

    /// Runs a function with the parameters of another path.
    pub fn aliased<T>(
        &mut self,
        to: String,
        run: impl FnOnce(&mut Graph<'a>) -> Result<T>,
    ) -> Result<T> {
        self.aliases.push((self.path(), to));
        let outcome = run(self);
        self.aliases.pop();
        outcome
    }

    fn full(&self, name: &str) -> String {
        let path = self.path();
        let mut full = if path.is_empty() {
            name.to_string()
        } else {
            format!("{path}.{name}")
        };
        for (from, to) in self.aliases.iter().rev() {
            let below = match full.strip_prefix(from.as_str()) {
                Some(below) => below.trim_start_matches('.').to_string(),
                None => continue,
            };
            full = if to.is_empty() {
                below
            } else {
                format!("{to}.{below}")
            };
        }
        full
    }

    /// A weight of the current layer as it multiplies with it, or another parameter or buffer.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        self.model.effective(&self.full(name))?.detach()
    }

    /// Whether the current layer has a parameter.
    pub fn has(&self, name: &str) -> bool {
        self.model.get(&self.full(name)).is_ok()
    }

    /// The shape of the current layer's output.
    pub fn output_shape(&self) -> Result<&'a Shape> {
        let path = self.path();
        let key = if path.is_empty() {
            String::new()
        } else {
            format!("{path}.")
        };
        let shapes = self.model.shapes();
        let shape = shapes.get(&key).or_else(|| shapes.get(&self.full("")));
        shape.ok_or_else(|| fault!("internal", "the shape of layer `{path}` is not known"))
    }

    fn name(&mut self, what: &str) -> String {
        self.count += 1;
        let path = self.path();
        if path.is_empty() {
            format!("{what}_{}", self.count)
        } else {
            format!("{path}.{what}_{}", self.count)
        }
    }

    /// A constant of numbers; returns its name.
    pub fn floats(&mut self, values: &[f32], shape: &[i64]) -> String {
        let raw_data = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(FLOAT, shape, raw_data)
    }

    /// A constant of integers.
    pub fn ints(&mut self, values: &[i64]) -> String {
        let raw_data = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(INT64, &[values.len() as i64], raw_data)
    }

    /// A constant integer without axes.
    pub fn int(&mut self, value: i64) -> String {
        self.constant(INT64, &[], value.to_le_bytes().to_vec())
    }

    /// A constant number.
    pub fn number(&mut self, value: f64) -> String {
        self.floats(&[value as f32], &[])
    }

    fn constant(&mut self, data_type: i32, shape: &[i64], raw_data: Vec<u8>) -> String {
        let name = self.name("constant");
        self.proto.initializer.push(TensorProto {
            dims: shape.to_vec(),
            data_type,
            name: name.clone(),
            raw_data,
        });
        name
    }

    /// A parameter of the current layer, written once.
    pub fn parameter(&mut self, name: &str) -> Result<String> {
        let full = self.full(name);
        if let Some(known) = self.constants.get(&full) {
            return Ok(known.clone());
        }
        let tensor = self.tensor(name)?;
        let written = self.written(&full, &tensor)?;
        self.constants.insert(full, written.clone());
        Ok(written)
    }

    fn written(&mut self, name: &str, tensor: &Tensor) -> Result<String> {
        let values = tensor.to_f32()?;
        self.proto.initializer.push(TensorProto {
            dims: tensor.shape(),
            data_type: FLOAT,
            name: name.to_string(),
            raw_data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        });
        Ok(name.to_string())
    }

    /// A tensor of numbers as a constant.
    pub fn given(&mut self, tensor: &Tensor) -> Result<String> {
        let name = self.name("constant");
        self.written(&name, tensor)
    }

    /// An operation of one output; returns its name.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: Attributes) -> String {
        self.nodes(operator, inputs, attributes, 1).remove(0)
    }

    /// An operation of several outputs.
    pub fn nodes(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Attributes,
        outputs: usize,
    ) -> Vec<String> {
        let name = self.name(operator);
        let output: Vec<String> = (0..outputs).map(|i| format!("{name}.{i}")).collect();
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|input| input.to_string()).collect(),
            output: output.clone(),
            name,
            op_type: operator.to_string(),
            attribute: attributes.0,
        });
        output
    }

    /// A value under another name.
    pub fn called(&mut self, name: &str, value: &str) {
        self.proto.node.push(NodeProto {
            input: vec![value.to_string()],
            output: vec![name.to_string()],
            name: format!("{name}_of_{value}"),
            op_type: "Identity".into(),
            attribute: Vec::new(),
        });
    }

    /// The axes of `x` in another order.
    pub fn transposed(&mut self, x: &str, order: &[i64]) -> String {
        self.node("Transpose", &[x], Attributes::none().ints("perm", order))
    }

    /// `x` in another shape of samples.
    pub fn reshaped(&mut self, x: &str, shape: &[i64]) -> String {
        let sizes: Vec<i64> = std::iter::once(0).chain(shape.iter().copied()).collect();
        let sizes = self.ints(&sizes);
        self.node("Reshape", &[x, &sizes], Attributes::none())
    }

    /// An operation with a constant number.
    pub fn with_number(&mut self, operator: &str, x: &str, value: f64) -> String {
        let value = self.number(value);
        self.node(operator, &[x, &value], Attributes::none())
    }

    /// x Wᵀ + b on the last axis.
    pub fn linear(&mut self, x: &str, weight: &Tensor, bias: Option<&str>) -> Result<String> {
        let weight = self.given(&weight.transpose(0, 1)?.contiguous()?)?;
        let product = self.node("MatMul", &[x, &weight], Attributes::none());
        Ok(match bias {
            Some(bias) => self.node("Add", &[&product, bias], Attributes::none()),
            None => product,
        })
    }
}
