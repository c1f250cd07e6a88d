//! LSTM and GRU.

use super::graph::{Attributes, Flow, Graph};
use crate::layers::recurrent::Recurrent;
use cistron_base::Result;
use cistron_torch::Tensor;
use std::any::Any;

const NONE: fn() -> Attributes = Attributes::none;

/// Gates in the order of ONNX: input, output, forget, cell (LSTM); update, reset, new (GRU).
fn ordered(tensor: &Tensor, is_lstm: bool) -> Result<Tensor> {
    let order: &[usize] = if is_lstm { &[0, 3, 1, 2] } else { &[1, 0, 2] };
    let gates = tensor.chunk(order.len() as i64, 0)?;
    let gates: Vec<Tensor> = order.iter().map(|i| gates[*i].clone()).collect();
    Tensor::cat(&gates, 0)
}

/// Writes a layer; returns the name of its output, none where it is another kind of layer.
pub fn write(graph: &mut Graph, spec: &dyn Any, x: &Flow) -> Result<Option<String>> {
    let (Some(layer), Flow::One(x)) = (spec.downcast_ref::<Recurrent>(), x) else {
        return Ok(None);
    };
    let (how, variant) = (&layer.how, &layer.variant);
    let (hidden, directions) = (how.hidden, how.directions());
    let length = x.shape[1];
    let mut x = x.name.clone();
    for number in 0..how.layers {
        let is_last = layer.last && number + 1 == how.layers;
        let (mut weights, mut recurrent, mut biases) = (Vec::new(), Vec::new(), Vec::new());
        for direction in 0..directions {
            let end = format!("l{number}{}", if direction == 1 { "_reverse" } else { "" });
            let own = |graph: &Graph, part: &str| {
                ordered(&graph.tensor(&format!("{part}_{end}"))?, how.is_lstm)
            };
            weights.push(own(graph, "weight_ih")?);
            recurrent.push(own(graph, "weight_hh")?);
            let first = if variant.reset_after {
                "bias_ih"
            } else {
                "bias"
            };
            let first = own(graph, first)?;
            let second = if graph.has(&format!("bias_hh_{end}")) {
                own(graph, "bias_hh")?
            } else {
                first.zeros_like()?
            };
            biases.push(Tensor::cat(&[first, second], 0)?);
        }
        let stacked = |graph: &mut Graph, parts: &[Tensor]| {
            let stacked = Tensor::stack(parts, 0)?;
            graph.given(&stacked)
        };
        let inputs = [
            // [length, batch, channels]
            graph.transposed(&x, &[2, 0, 1]),
            stacked(graph, &weights)?,
            stacked(graph, &recurrent)?,
            stacked(graph, &biases)?,
        ];
        let mut attributes = NONE().int("hidden_size", hidden);
        if directions == 2 {
            attributes = attributes.text("direction", "bidirectional");
        }
        if !how.is_lstm {
            attributes = attributes.int("linear_before_reset", i64::from(variant.reset_after));
        }
        if let Some((slope, offset)) = variant.gate.line() {
            let one: &[&str] = if how.is_lstm {
                &["HardSigmoid", "Tanh", "Tanh"]
            } else {
                &["HardSigmoid", "Tanh"]
            };
            attributes = attributes
                .texts("activations", &one.repeat(directions as usize))
                .floats("activation_alpha", &vec![slope; directions as usize])
                .floats("activation_beta", &vec![offset; directions as usize]);
        }
        let operator = if how.is_lstm { "LSTM" } else { "GRU" };
        let inputs = [&inputs[0], &inputs[1], &inputs[2], &inputs[3]].map(String::as_str);
        let outputs = graph.nodes(operator, &inputs, attributes, 2);
        x = if is_last {
            // [directions, batch, hidden]
            let state = graph.transposed(&outputs[1], &[1, 0, 2]);
            graph.reshaped(&state, &[directions * hidden])
        } else {
            // [length, directions, batch, hidden]
            let states = graph.transposed(&outputs[0], &[2, 1, 3, 0]);
            graph.reshaped(&states, &[directions * hidden, length])
        };
    }
    Ok(Some(x))
}
