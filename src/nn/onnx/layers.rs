//! Convolutions, linear layers, norms, pools, activations, and layers that move numbers.

use super::graph::{Attributes, Edge, Flow, Graph};
use crate::Shape;
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv, Transposed};
use crate::layers::dropout::Dropout;
use crate::layers::gate::{ChannelMaxout, RmsNorm, SqueezeExcite};
use crate::layers::linear::{Embedding, Linear, Maxout};
use crate::layers::norm::{Norm, Over};
use crate::layers::pool::{Adaptive, Global, LastPosition, Pool};
use crate::layers::reshape::{Flatten, Permute, Reshape};
use crate::layers::resize::{Crop, Interpolation, Pairs, Upsample};
use cistron_base::{Result, bail};
use std::any::Any;

const NONE: fn() -> Attributes = Attributes::none;

/// Writes a layer; returns the name of its output, none where it is another kind of layer.
pub fn write(graph: &mut Graph, spec: &dyn Any, x: &Flow) -> Result<Option<String>> {
    let Flow::One(x) = x else { return Ok(None) };
    if let Some(conv) = spec.downcast_ref::<Conv>() {
        return convolution(graph, conv, x).map(Some);
    }
    if let Some(conv) = spec.downcast_ref::<Transposed>() {
        return transposed(graph, conv, x).map(Some);
    }
    if spec.is::<Linear>() {
        let bias = biased(graph)?;
        let weight = graph.tensor("weight")?;
        return graph.linear(&x.name, &weight, bias.as_deref()).map(Some);
    }
    if let Some(maxout) = spec.downcast_ref::<Maxout>() {
        let (bias, weight) = (graph.parameter("bias")?, graph.tensor("weight")?);
        let all = graph.linear(&x.name, &weight, Some(&bias))?;
        let mut split = x.shape.clone();
        split.pop();
        split.extend([maxout.features, maxout.pieces]);
        let split = graph.reshaped(&all, &split);
        return Ok(Some(reduced(graph, "ReduceMax", &split, &[-1], false)));
    }
    if spec.is::<Embedding>() {
        let weight = graph.parameter("weight")?;
        let index = graph.node("Cast", &[&x.name], NONE().int("to", 7));
        return Ok(Some(graph.node("Gather", &[&weight, &index], NONE())));
    }
    if let Some(norm) = spec.downcast_ref::<Norm>() {
        return normalised(graph, norm, x).map(Some);
    }
    if let Some(norm) = spec.downcast_ref::<RmsNorm>() {
        let squares = graph.node("Mul", &[&x.name, &x.name], NONE());
        let mean = reduced(graph, "ReduceMean", &squares, &[1], true);
        let mean = graph.with_number("Add", &mean, norm.eps);
        let root = graph.node("Sqrt", &[&mean], NONE());
        let divided = graph.node("Div", &[&x.name, &root], NONE());
        let weight = along_channels(graph, "weight", x)?;
        return Ok(Some(graph.node("Mul", &[&divided, &weight], NONE())));
    }
    if let Some(layer) = spec.downcast_ref::<SqueezeExcite>() {
        return squeezed(graph, layer, x).map(Some);
    }
    if let Some(maxout) = spec.downcast_ref::<ChannelMaxout>() {
        let mut split = vec![x.shape[0] / maxout.pieces, maxout.pieces];
        split.extend(&x.shape[1..]);
        let split = graph.reshaped(&x.name, &split);
        return Ok(Some(reduced(graph, "ReduceMax", &split, &[2], false)));
    }
    if let Some(pool) = spec.downcast_ref::<Pool>() {
        let pads = [pool.padding.clone(), pool.padding.clone()].concat();
        let attributes = NONE()
            .ints("kernel_shape", &pool.size)
            .ints("strides", &pool.stride)
            .ints("pads", &pads);
        return Ok(Some(if pool.max {
            graph.node("MaxPool", &[&x.name], attributes)
        } else {
            let attributes = attributes.int("count_include_pad", 1);
            graph.node("AveragePool", &[&x.name], attributes)
        }));
    }
    if let Some(pool) = spec.downcast_ref::<Adaptive>() {
        let length = x.shape[1];
        if length % pool.size != 0 {
            bail!(
                "value",
                "layer `{}`: {length} positions in {} windows of different sizes cannot be \
                 exported to ONNX",
                graph.path(),
                pool.size
            );
        }
        let size = [length / pool.size];
        let attributes = NONE().ints("kernel_shape", &size).ints("strides", &size);
        let operator = if pool.max { "MaxPool" } else { "AveragePool" };
        return Ok(Some(graph.node(operator, &[&x.name], attributes)));
    }
    if let Some(pool) = spec.downcast_ref::<Global>() {
        let axes: Vec<i64> = (2..=x.shape.len() as i64).collect();
        let operator = if pool.max { "ReduceMax" } else { "ReduceMean" };
        return Ok(Some(reduced(graph, operator, &x.name, &axes, false)));
    }
    if spec.is::<LastPosition>() {
        let last = graph.int(x.shape[1] - 1);
        let attributes = NONE().int("axis", 2);
        return Ok(Some(graph.node("Gather", &[&x.name, &last], attributes)));
    }
    if let Some(activation) = spec.downcast_ref::<Activation>() {
        return Ok(Some(activated(graph, *activation, &x.name)));
    }
    moved(graph, spec, x)
}

/// Layers that move numbers, or do nothing in evaluation.
fn moved(graph: &mut Graph, spec: &dyn Any, x: &Edge) -> Result<Option<String>> {
    if spec.is::<Dropout>() {
        return Ok(Some(graph.node("Identity", &[&x.name], NONE())));
    }
    if spec.is::<Flatten>() {
        let total = x.shape.iter().product();
        return Ok(Some(graph.reshaped(&x.name, &[total])));
    }
    if let Some(Permute(axes)) = spec.downcast_ref::<Permute>() {
        let order: Vec<i64> = std::iter::once(0).chain(axes.iter().copied()).collect();
        return Ok(Some(graph.transposed(&x.name, &order)));
    }
    if spec.is::<Reshape>() {
        let Shape::One(shape) = graph.output_shape()? else {
            return Ok(None);
        };
        return Ok(Some(graph.reshaped(&x.name, shape)));
    }
    if spec.is::<Crop>() {
        let Shape::One(shape) = graph.output_shape()? else {
            return Ok(None);
        };
        let kept = shape[1];
        let start = match spec.downcast_ref::<Crop>() {
            Some(Crop::Ends { before, .. }) => *before,
            _ => (x.shape[1] - kept).div_euclid(2),
        };
        let bounds = [
            graph.ints(&[start]),
            graph.ints(&[start + kept]),
            graph.ints(&[2]),
        ];
        let inputs = [&x.name, &bounds[0], &bounds[1], &bounds[2]];
        return Ok(Some(graph.node(
            "Slice",
            &inputs.map(String::as_str),
            NONE(),
        )));
    }
    if let Some(upsample) = spec.downcast_ref::<Upsample>() {
        let mut scales = vec![1.0, 1.0];
        scales.extend(x.shape[1..].iter().map(|_| upsample.factor as f32));
        let scales = graph.floats(&scales, &[scales.len() as i64]);
        let attributes = match upsample.mode {
            Interpolation::Nearest => NONE()
                .text("mode", "nearest")
                .text("coordinate_transformation_mode", "asymmetric")
                .text("nearest_mode", "floor"),
            Interpolation::Linear => NONE()
                .text("mode", "linear")
                .text("coordinate_transformation_mode", "half_pixel"),
        };
        return Ok(Some(graph.node(
            "Resize",
            &[&x.name, "", &scales],
            attributes,
        )));
    }
    if spec.is::<Pairs>() {
        let (channels, length) = (x.shape[0], x.shape[1]);
        let size = graph.ints(&[1, channels, length, length]);
        let mut tiles = Vec::new();
        for axis in [3, 2] {
            let axis = graph.ints(&[axis]);
            let wide = graph.node("Unsqueeze", &[&x.name, &axis], NONE());
            tiles.push(graph.node("Expand", &[&wide, &size], NONE()));
        }
        let tiles = [tiles[0].as_str(), tiles[1].as_str()];
        return Ok(Some(graph.node("Concat", &tiles, NONE().int("axis", 1))));
    }
    Ok(None)
}

fn biased(graph: &mut Graph) -> Result<Option<String>> {
    if graph.has("bias") {
        graph.parameter("bias").map(Some)
    } else {
        Ok(None)
    }
}

/// A reduction of axes.
pub fn reduced(graph: &mut Graph, operator: &str, x: &str, axes: &[i64], keeps: bool) -> String {
    let attributes = NONE().ints("axes", axes).int("keepdims", i64::from(keeps));
    graph.node(operator, &[x], attributes)
}

fn convolution(graph: &mut Graph, conv: &Conv, x: &Edge) -> Result<String> {
    let groups = if conv.groups == 0 {
        x.shape[0]
    } else {
        conv.groups
    };
    let pads = conv.pads();
    let before = pads.iter().map(|pad| pad.before as i64);
    let pads: Vec<i64> = before
        .chain(pads.iter().map(|pad| pad.after as i64))
        .collect();
    let attributes = NONE()
        .ints("kernel_shape", &conv.width)
        .ints("strides", &conv.stride)
        .ints("dilations", &conv.dilation)
        .ints("pads", &pads)
        .int("group", groups);
    let weight = graph.parameter("weight")?;
    let bias = biased(graph)?;
    let mut inputs = vec![x.name.as_str(), weight.as_str()];
    inputs.extend(bias.as_deref());
    Ok(graph.node("Conv", &inputs, attributes))
}

fn transposed(graph: &mut Graph, conv: &Transposed, x: &Edge) -> Result<String> {
    let attributes = NONE()
        .ints("kernel_shape", &[conv.width])
        .ints("strides", &[conv.stride])
        .ints("dilations", &[conv.dilation])
        .ints("pads", &[conv.padding, conv.padding])
        .ints("output_padding", &[conv.output_padding]);
    let weight = graph.parameter("weight")?;
    let bias = biased(graph)?;
    let mut inputs = vec![x.name.as_str(), weight.as_str()];
    inputs.extend(bias.as_deref());
    Ok(graph.node("ConvTranspose", &inputs, attributes))
}

/// A parameter of channels, in the shape that is multiplied with a sample.
fn along_channels(graph: &mut Graph, name: &str, x: &Edge) -> Result<String> {
    let mut shape = vec![1; x.shape.len()];
    shape[0] = x.shape[0];
    let tensor = graph.tensor(name)?.reshape(&shape)?;
    graph.given(&tensor)
}

fn normalised(graph: &mut Graph, norm: &Norm, x: &Edge) -> Result<String> {
    let channels = x.shape[0];
    let count = match norm.over {
        Over::Group(groups) => groups,
        _ => channels,
    };
    let is_own = norm.affine && matches!(norm.over, Over::Batch | Over::Layer | Over::Instance);
    let (scale, shift) = if is_own {
        (graph.parameter("weight")?, graph.parameter("bias")?)
    } else {
        (
            graph.floats(&vec![1.0; count as usize], &[count]),
            graph.floats(&vec![0.0; count as usize], &[count]),
        )
    };
    let epsilon = NONE().float("epsilon", norm.eps);
    Ok(match norm.over {
        Over::Batch => {
            let mean = graph.parameter("running_mean")?;
            let variance = graph.parameter("running_var")?;
            let inputs = [&x.name, &scale, &shift, &mean, &variance];
            graph.node("BatchNormalization", &inputs.map(String::as_str), epsilon)
        }
        Over::Instance => {
            let inputs = [x.name.as_str(), &scale, &shift];
            graph.node("InstanceNormalization", &inputs, epsilon)
        }
        Over::Group(groups) => {
            let total: i64 = x.shape.iter().product();
            let grouped = graph.reshaped(&x.name, &[groups, total / groups]);
            let inputs = [grouped.as_str(), &scale, &shift];
            let normed = graph.node("InstanceNormalization", &inputs, epsilon);
            let normed = graph.reshaped(&normed, &x.shape);
            if !norm.affine {
                return Ok(normed);
            }
            let weight = along_channels(graph, "weight", x)?;
            let bias = along_channels(graph, "bias", x)?;
            let scaled = graph.node("Mul", &[&normed, &weight], NONE());
            graph.node("Add", &[&scaled, &bias], NONE())
        }
        Over::Layer => {
            let axes = x.shape.len() as i64;
            let mut order: Vec<i64> = (0..=axes).collect();
            order.swap(1, axes as usize);
            let is_flat = axes == 1;
            let last = if is_flat {
                x.name.clone()
            } else {
                graph.transposed(&x.name, &order)
            };
            let attributes = epsilon.int("axis", -1);
            let inputs = [last.as_str(), &scale, &shift];
            let normed = graph.node("LayerNormalization", &inputs, attributes);
            if is_flat {
                normed
            } else {
                graph.transposed(&normed, &order)
            }
        }
    })
}

fn squeezed(graph: &mut Graph, layer: &SqueezeExcite, x: &Edge) -> Result<String> {
    let axes: Vec<i64> = (2..=x.shape.len() as i64).collect();
    let means = reduced(graph, "ReduceMean", &x.name, &axes, false);
    let bias = graph.parameter("fc1.bias")?;
    let weight = graph.tensor("fc1.weight")?;
    let hidden = graph.linear(&means, &weight, Some(&bias))?;
    let hidden = activated(graph, layer.activation, &hidden);
    let bias = graph.parameter("fc2.bias")?;
    let weight = graph.tensor("fc2.weight")?;
    let gate = graph.linear(&hidden, &weight, Some(&bias))?;
    let gate = graph.node("Sigmoid", &[&gate], NONE());
    let mut shape = vec![1; x.shape.len()];
    shape[0] = x.shape[0];
    let gate = graph.reshaped(&gate, &shape);
    Ok(graph.node("Mul", &[&x.name, &gate], NONE()))
}

/// An activation of `x`.
pub fn activated(graph: &mut Graph, activation: Activation, x: &str) -> String {
    let (operator, attributes) = match activation {
        Activation::Relu => ("Relu", NONE()),
        Activation::LeakyRelu(slope) => ("LeakyRelu", NONE().float("alpha", slope)),
        Activation::Elu(alpha) => ("Elu", NONE().float("alpha", alpha)),
        Activation::Sigmoid => ("Sigmoid", NONE()),
        Activation::Tanh => ("Tanh", NONE()),
        Activation::Exp => ("Exp", NONE()),
        Activation::Softplus => ("Softplus", NONE()),
        Activation::Softmax(axis) => ("Softmax", NONE().int("axis", axis)),
        Activation::LogSoftmax(axis) => ("LogSoftmax", NONE().int("axis", axis)),
        Activation::Silu => {
            let gate = graph.node("Sigmoid", &[x], NONE());
            return graph.node("Mul", &[x, &gate], NONE());
        }
        Activation::Gelu => {
            let scaled = graph.with_number("Mul", x, std::f64::consts::FRAC_1_SQRT_2);
            let erf = graph.node("Erf", &[&scaled], NONE());
            let gate = graph.with_number("Add", &erf, 1.0);
            let half = graph.with_number("Mul", x, 0.5);
            return graph.node("Mul", &[&half, &gate], NONE());
        }
    };
    graph.node(operator, &[x], attributes)
}
