//! Attention, positions, and pools that are weighted by the input.

use super::graph::{Attributes, Edge, Flow, Graph};
use crate::layers::attention::{MultiHead, Positions, ScaledDot, sinusoids};
use crate::layers::attention_pool::{AttentionPool, SoftmaxPool};
use crate::layers::cross_attention::CrossAttention;
use crate::layers::positional::{Offsets, offset_indices, rotary_angles};
use cistron_base::{Result, bail};
use cistron_torch::{Device, Tensor};
use std::any::Any;

const NONE: fn() -> Attributes = Attributes::none;

/// Writes a layer; returns the name of its output, none where it is another kind of layer.
pub fn write(graph: &mut Graph, spec: &dyn Any, x: &Flow) -> Result<Option<String>> {
    if let Some(cross) = spec.downcast_ref::<CrossAttention>() {
        return crossed(graph, cross, x).map(Some);
    }
    let Flow::One(x) = x else { return Ok(None) };
    if let Some(heads) = spec.downcast_ref::<MultiHead>() {
        return multi_head(graph, heads, x).map(Some);
    }
    if spec.is::<ScaledDot>() {
        let last = graph.transposed(&x.name, &[0, 2, 1]);
        let mut parts = Vec::new();
        for name in ["query", "key", "value"] {
            let bias = format!("{name}.bias");
            let bias = if graph.has(&bias) {
                Some(graph.parameter(&bias)?)
            } else {
                None
            };
            let weight = graph.tensor(&format!("{name}.weight"))?;
            parts.push((
                graph.linear(&last, &weight, bias.as_deref())?,
                weight.shape()[0],
            ));
        }
        let scale = 1.0 / (parts[0].1 as f64).sqrt();
        let names = [&parts[0].0, &parts[1].0, &parts[2].0].map(String::as_str);
        let mixed = attended(graph, names, scale, &[0, 2, 1], None);
        return Ok(Some(graph.transposed(&mixed, &[0, 2, 1])));
    }
    if let Some(positions) = spec.downcast_ref::<Positions>() {
        let table = if positions.learned {
            graph.tensor("weight")?
        } else {
            sinusoids(x.shape[1], x.shape[0])?
        };
        let table = graph.given(&table.transpose(0, 1)?.contiguous()?)?;
        return Ok(Some(graph.node("Add", &[&x.name, &table], NONE())));
    }
    if let Some(pool) = spec.downcast_ref::<SoftmaxPool>() {
        return softmax_pool(graph, pool, x).map(Some);
    }
    if spec.is::<AttentionPool>() {
        let weight = graph.tensor("weight")?;
        let heads = weight.shape()[0];
        let last = graph.transposed(&x.name, &[0, 2, 1]);
        let scores = graph.linear(&last, &weight, None)?;
        let scores = graph.transposed(&scores, &[0, 2, 1]);
        let weights = graph.node("Softmax", &[&scores], NONE().int("axis", -1));
        let mixed = graph.node("MatMul", &[&weights, &last], NONE());
        return Ok(Some(graph.reshaped(&mixed, &[heads * x.shape[0]])));
    }
    Ok(None)
}

/// softmax(scale q kᵀ + mask) v, with the order of axes that transposes keys.
fn attended(
    graph: &mut Graph,
    [q, k, v]: [&str; 3],
    scale: f64,
    transposed: &[i64],
    mask: Option<&str>,
) -> String {
    let keys = graph.transposed(k, transposed);
    let scores = graph.node("MatMul", &[q, &keys], NONE());
    let mut scores = graph.with_number("Mul", &scores, scale);
    if let Some(mask) = mask {
        scores = graph.node("Add", &[&scores, mask], NONE());
    }
    let weights = graph.node("Softmax", &[&scores], NONE().int("axis", -1));
    graph.node("MatMul", &[&weights, v], NONE())
}

/// `[batch, length, channels]` as `[batch, heads, length, features]`.
fn split(graph: &mut Graph, x: &str, length: i64, heads: i64, features: i64) -> String {
    let split = graph.reshaped(x, &[length, heads, features]);
    graph.transposed(&split, &[0, 2, 1, 3])
}

/// `[batch, heads, length, features]` through the output projection, `[batch, channels, length]`.
fn joined(graph: &mut Graph, mixed: &str, length: i64, channels: i64) -> Result<String> {
    let mixed = graph.transposed(mixed, &[0, 2, 1, 3]);
    let mixed = graph.reshaped(&mixed, &[length, channels]);
    let bias = graph.parameter("out_proj.bias")?;
    let weight = graph.tensor("out_proj.weight")?;
    let out = graph.linear(&mixed, &weight, Some(&bias))?;
    Ok(graph.transposed(&out, &[0, 2, 1]))
}

/// Queries or keys, rotated by the angles of their positions.
fn rotated(graph: &mut Graph, x: &str, length: i64, features: i64) -> Result<String> {
    let (cosines, sines) = rotary_angles(length, features, Device::CPU)?;
    let (cosines, sines) = (graph.given(&cosines)?, graph.given(&sines)?);
    let half = graph.ints(&[features / 2, features / 2]);
    let halves = graph.nodes("Split", &[x, &half], NONE().int("axis", 3), 2);
    let negative = graph.node("Neg", &[&halves[1]], NONE());
    let turned = [negative.as_str(), halves[0].as_str()];
    let turned = graph.node("Concat", &turned, NONE().int("axis", 3));
    let first = graph.node("Mul", &[x, &cosines], NONE());
    let second = graph.node("Mul", &[&turned, &sines], NONE());
    Ok(graph.node("Add", &[&first, &second], NONE()))
}

/// What is added to scores; none where nothing is.
fn mask(graph: &mut Graph, layer: &MultiHead, length: i64) -> Result<Option<String>> {
    let mut mask: Option<Tensor> = None;
    if let Offsets::Bias { largest } = layer.offsets {
        let indices = offset_indices(length, largest, Device::CPU)?;
        let bias = graph.tensor("relative_bias")?.to_device(Device::CPU)?;
        let scores = bias.take(1, &indices)?;
        mask = Some(scores.reshape(&[1, layer.heads, length, length])?);
    }
    if layer.causal {
        let later: Vec<f32> = (0..length * length)
            .map(|i| {
                if i % length > i / length {
                    f32::NEG_INFINITY
                } else {
                    0.0
                }
            })
            .collect();
        let later = Tensor::from_f32(&later, &[1, 1, length, length])?;
        mask = Some(mask.map_or(Ok(later.clone()), |mask| mask.add(&later))?);
    }
    mask.map(|mask| graph.given(&mask.contiguous()?))
        .transpose()
}

fn multi_head(graph: &mut Graph, layer: &MultiHead, x: &Edge) -> Result<String> {
    let (channels, length, heads) = (x.shape[0], x.shape[1], layer.heads);
    let features = channels / heads;
    let last = graph.transposed(&x.name, &[0, 2, 1]);
    let bias = graph.parameter("in_proj_bias")?;
    let weight = graph.tensor("in_proj_weight")?;
    let all = graph.linear(&last, &weight, Some(&bias))?;
    let sizes = graph.ints(&[channels; 3]);
    let parts = graph.nodes("Split", &[&all, &sizes], NONE().int("axis", 2), 3);
    let mut parts = parts
        .iter()
        .map(|part| split(graph, part, length, heads, features))
        .collect::<Vec<_>>();
    if layer.offsets == Offsets::Rotary {
        for part in &mut parts[..2] {
            *part = rotated(graph, part, length, features)?;
        }
    }
    let mask = mask(graph, layer, length)?;
    let scale = 1.0 / (features as f64).sqrt();
    let names = [&parts[0], &parts[1], &parts[2]].map(String::as_str);
    let mixed = attended(graph, names, scale, &[0, 1, 3, 2], mask.as_deref());
    joined(graph, &mixed, length, channels)
}

fn crossed(graph: &mut Graph, layer: &CrossAttention, x: &Flow) -> Result<String> {
    let Flow::Many(inputs) = x else {
        bail!("shape", "cross_attention takes two inputs, got one")
    };
    let (Some(query), Some(context)) = (inputs.get(&layer.query), inputs.get(&layer.context))
    else {
        bail!("shape", "cross_attention: an input is missing")
    };
    let (channels, length) = (query.shape[0], query.shape[1]);
    let (heads, features) = (layer.heads, channels / layer.heads);
    let weights = if graph.has("q_proj_weight") {
        ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
            .iter()
            .map(|name| graph.tensor(name))
            .collect::<Result<Vec<_>>>()?
    } else {
        graph.tensor("in_proj_weight")?.chunk(3, 0)?
    };
    let biases = graph.tensor("in_proj_bias")?.chunk(3, 0)?;
    let mut parts = Vec::new();
    for (i, input) in [query, context, context].into_iter().enumerate() {
        let last = graph.transposed(&input.name, &[0, 2, 1]);
        let bias = graph.given(&biases[i])?;
        let projected = graph.linear(&last, &weights[i], Some(&bias))?;
        parts.push(split(graph, &projected, input.shape[1], heads, features));
    }
    let scale = 1.0 / (features as f64).sqrt();
    let names = [&parts[0], &parts[1], &parts[2]].map(String::as_str);
    let mixed = attended(graph, names, scale, &[0, 1, 3, 2], None);
    joined(graph, &mixed, length, channels)
}

fn softmax_pool(graph: &mut Graph, pool: &SoftmaxPool, x: &Edge) -> Result<String> {
    let (channels, length, size) = (x.shape[0], x.shape[1], pool.size);
    let windows = (length + size - 1) / size;
    let missing = windows * size - length;
    let weight = graph.tensor("weight")?;
    let outputs = weight.shape()[0];
    let last = graph.transposed(&x.name, &[0, 2, 1]);
    let scores = graph.linear(&last, &weight, None)?;
    let scores = graph.transposed(&scores, &[0, 2, 1]);
    let padded = |graph: &mut Graph, x: &str, value: f64| {
        if missing == 0 {
            return x.to_string();
        }
        let pads = graph.ints(&[0, 0, 0, 0, 0, missing]);
        let value = graph.number(value);
        graph.node("Pad", &[x, &pads, &value], NONE())
    };
    let scores = padded(graph, &scores, f64::NEG_INFINITY);
    let values = padded(graph, &x.name, 0.0);
    let scores = graph.reshaped(&scores, &[outputs, windows, size]);
    let weights = graph.node("Softmax", &[&scores], NONE().int("axis", -1));
    let values = graph.reshaped(&values, &[channels, windows, size]);
    let weighted = graph.node("Mul", &[&values, &weights], NONE());
    let axis = graph.ints(&[3]);
    let attributes = NONE().int("keepdims", 0);
    Ok(graph.node("ReduceSum", &[&weighted, &axis], attributes))
}
