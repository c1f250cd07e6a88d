//! Networks as ONNX files (operators of version 17).
//!
//! Layers are written from their descriptions, so that fused passes have no part in it. Weights
//! with a norm or adapters are written as they multiply; dropout is left out.

mod attention;
mod graph;
mod groups;
mod layers;
mod proto;
mod recurrent;

use crate::{Model, Shape};
use cistron_base::file::write_whole;
use cistron_base::{Result, bail};
use graph::{Edge, Flow, Graph};
use prost::Message;
use proto::{
    Dimension, FLOAT, ModelProto, OperatorSet, ShapeProto, TensorType, TypeProto, ValueInfo,
};
use std::path::Path;

/// Version of the operators.
const OPERATORS: i64 = 17;
/// Version of the format.
const FORMAT: i64 = 8;
/// The largest file of protocol buffers.
const LARGEST: usize = i32::MAX as usize;

/// Writes a network.
///
/// # Errors
/// Where a layer has no counterpart: it is named.
pub fn export(model: &Model, path: &Path) -> Result<()> {
    let bytes = encoded(model)?;
    write_whole(path, &bytes)
}

/// The bytes of the file of a network.
pub fn encoded(model: &Model) -> Result<Vec<u8>> {
    let numbers: i64 = model.state().iter().map(|(_, tensor)| tensor.numel()).sum();
    if numbers as usize > LARGEST / 4 {
        bail!(
            "value",
            "`{}` has {numbers} numbers: files of ONNX hold 2 GB",
            model.name()
        );
    }
    let mut graph = Graph::new(model);
    let input = match model.input() {
        Shape::One(shape) => Flow::One(Edge {
            name: "input".into(),
            shape: shape.clone(),
        }),
        Shape::Many(many) => Flow::Many(
            many.iter()
                .map(|(name, shape)| {
                    let edge = Edge {
                        name: name.clone(),
                        shape: shape.clone(),
                    };
                    (name.clone(), edge)
                })
                .collect(),
        ),
    };
    graph.proto.input = infos(&input, |name| name.to_string());
    let output = groups::child(&mut graph, "", model.described()?, &input)?;
    // names of outputs are those of the network
    let names: Vec<(String, Edge)> = match output {
        Flow::One(edge) => vec![("output".to_string(), edge)],
        Flow::Many(many) => many.into_iter().collect(),
    };
    for (name, edge) in &names {
        let own = if graph.proto.input.iter().any(|input| input.name == *name) {
            format!("{name}_output")
        } else {
            name.clone()
        };
        graph.called(&own, &edge.name);
        graph.proto.output.push(info(&own, &edge.shape));
    }
    let file = ModelProto {
        ir_version: FORMAT,
        producer_name: "cistron".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPERATORS,
        }],
        graph: Some(graph.proto),
    };
    Ok(file.encode_to_vec())
}

fn infos(flow: &Flow, name: impl Fn(&str) -> String) -> Vec<ValueInfo> {
    match flow {
        Flow::One(edge) => vec![info(&name(&edge.name), &edge.shape)],
        Flow::Many(many) => many
            .values()
            .map(|edge| info(&name(&edge.name), &edge.shape))
            .collect(),
    }
}

/// An input or output of any number of samples.
fn info(name: &str, shape: &[i64]) -> ValueInfo {
    let batch = Dimension {
        dim_param: Some("batch".into()),
        dim_value: None,
    };
    let sizes = shape.iter().map(|size| Dimension {
        dim_value: Some(*size),
        dim_param: None,
    });
    ValueInfo {
        name: name.to_string(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorType {
                elem_type: FLOAT,
                shape: Some(ShapeProto {
                    dim: std::iter::once(batch).chain(sizes).collect(),
                }),
            }),
        }),
    }
}
