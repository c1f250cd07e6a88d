//! Layers made of layers.

use super::graph::{Attributes, Edge, Flow, Graph};
use super::{attention, layers, recurrent};
use crate::layers::checkpointed::Checkpointed;
use crate::layers::compose::{
    BothStrands, Branches, Chain, Merge, MergeBy, Parallel, Residual, Tied, TurnedBack,
};
use crate::layers::conv::Separable;
use crate::layers::ensemble::{Average, Ensemble};
use crate::layers::parametrized::Normalised;
use crate::layers::reshape::Identity;
use crate::layers::resize::{Align, Skip};
use crate::model::Frozen;
use crate::spec::Spec;
use crate::strands::{InputKind, Strands};
use crate::{Layer, Shape};
use cistron_base::{Result, bail, fault};
use std::any::Any;
use std::rc::Rc;

/// Writes a layer below a part of the current path.
pub fn child(graph: &mut Graph, part: &str, layer: &Layer, x: &Flow) -> Result<Flow> {
    graph.below(part, |graph| {
        let spec: &dyn Spec = &*layer.0.spec;
        let any: &dyn Any = spec;
        if let Some(flow) = write(graph, any, x)? {
            return Ok(flow);
        }
        let written = match layers::write(graph, any, x)? {
            Some(name) => Some(name),
            None => match attention::write(graph, any, x)? {
                Some(name) => Some(name),
                None => recurrent::write(graph, any, x)?,
            },
        };
        let Some(name) = written else {
            let path = graph.path();
            let place = if path.is_empty() {
                String::new()
            } else {
                format!(" `{path}`")
            };
            let fault = fault!(
                "value",
                "layer{place} {} cannot be exported to ONNX",
                layer.text()
            );
            let mut fault = fault.hint("functions of scripts have no counterpart there");
            fault.at = layer.0.at.clone();
            return Err(fault);
        };
        match graph.output_shape()? {
            Shape::One(shape) => Ok(Flow::One(Edge {
                name,
                shape: shape.clone(),
            })),
            Shape::Many(_) => bail!("internal", "a layer of several outputs"),
        }
    })
}

/// Writes a layer that consists of others; none where it does not.
fn write(graph: &mut Graph, spec: &dyn Any, x: &Flow) -> Result<Option<Flow>> {
    if let Some(chain) = spec.downcast_ref::<Chain>() {
        let mut x = x.clone();
        for (i, (name, layer)) in chain.parts.iter().enumerate() {
            let name = name.clone().unwrap_or_else(|| i.to_string());
            x = child(graph, &name, layer, &x)?;
        }
        return Ok(Some(x));
    }
    if spec.is::<Identity>() {
        return Ok(Some(x.clone()));
    }
    if let Some(separable) = spec.downcast_ref::<Separable>() {
        let channels = x.one()?.shape[0];
        let [first, second] = separable.parts(channels);
        let between = child(graph, "depthwise", &first, x)?;
        return child(graph, "pointwise", &second, &between).map(Some);
    }
    let inner = [
        spec.downcast_ref::<Checkpointed>().map(|layer| &layer.0),
        spec.downcast_ref::<Normalised>().map(|layer| &layer.layer),
        spec.downcast_ref::<Frozen>().map(Frozen::layer),
    ];
    if let Some(inner) = inner.into_iter().flatten().next() {
        return child(graph, "", inner, x).map(Some);
    }
    if let Some(Tied(layer)) = spec.downcast_ref::<Tied>() {
        let key = Rc::as_ptr(&layer.0) as usize;
        let path = graph.path();
        return match graph.tied.get(&key).cloned() {
            Some(first) => graph.aliased(first, |graph| child(graph, "", layer, x)),
            None => {
                graph.tied.insert(key, path);
                child(graph, "", layer, x)
            }
        }
        .map(Some);
    }
    if let Some(residual) = spec.downcast_ref::<Residual>() {
        let body = child(graph, "body", &residual.layer, x)?;
        let skip = match &residual.shortcut {
            Some(layer) => child(graph, "shortcut", layer, x)?,
            None => x.clone(),
        };
        let sum = merged(graph, Merge::Add, &[body, skip])?;
        return match &residual.after {
            Some(layer) => child(graph, "after", layer, &sum).map(Some),
            None => Ok(Some(sum)),
        };
    }
    if let Some(parallel) = spec.downcast_ref::<Parallel>() {
        let parts = parallel.parts.iter().enumerate();
        let parts = parts
            .map(|(i, layer)| child(graph, &i.to_string(), layer, x))
            .collect::<Result<Vec<_>>>()?;
        return merged(graph, rule(graph, &parallel.merge)?, &parts).map(Some);
    }
    if let Some(branches) = spec.downcast_ref::<Branches>() {
        let Flow::Many(inputs) = x else {
            bail!("shape", "branches take several named inputs")
        };
        let mut parts = Vec::new();
        for (name, layer) in &branches.parts {
            let own = inputs.get(name).cloned();
            let own = own.ok_or_else(|| fault!("shape", "there is no input called `{name}`"))?;
            parts.push(child(graph, name, layer, &Flow::One(own))?);
        }
        return merged(graph, rule(graph, &branches.merge)?, &parts).map(Some);
    }
    if let Some(both) = spec.downcast_ref::<BothStrands>() {
        return on_both_strands(graph, both, x).map(Some);
    }
    if let Some(skip) = spec.downcast_ref::<Skip>() {
        return skipped(graph, skip, x).map(Some);
    }
    if let Some(ensemble) = spec.downcast_ref::<Ensemble>() {
        let mut parts = Vec::new();
        for (i, member) in ensemble.members.iter().enumerate() {
            let layer = member.described()?;
            parts.push(child(graph, &i.to_string(), layer, x)?);
        }
        return averaged(graph, ensemble.average, &parts).map(Some);
    }
    Ok(None)
}

fn rule(graph: &Graph, merge: &MergeBy) -> Result<Merge> {
    match merge {
        MergeBy::Rule(rule) => Ok(*rule),
        MergeBy::Function(_) => bail!(
            "value",
            "the function that merges outputs at `{}` cannot be exported to ONNX",
            graph.path()
        ),
    }
}

/// Combines outputs.
fn merged(graph: &mut Graph, merge: Merge, parts: &[Flow]) -> Result<Flow> {
    let edges = parts.iter().map(Flow::one).collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = edges.iter().map(|edge| edge.name.as_str()).collect();
    let none = Attributes::none;
    let name = match merge {
        Merge::Concat => graph.node("Concat", &names, none().int("axis", 1)),
        Merge::Add => graph.node("Sum", &names, none()),
        Merge::Mean => graph.node("Mean", &names, none()),
        Merge::Max => graph.node("Max", &names, none()),
    };
    let mut shape = edges[0].shape.clone();
    if merge == Merge::Concat {
        shape[0] = edges.iter().map(|edge| edge.shape[0]).sum();
    }
    Ok(Flow::One(Edge { name, shape }))
}

/// A value with axes in reverse order.
fn flipped(graph: &mut Graph, x: &str, axes: &[i64]) -> String {
    let [starts, ends, steps] =
        [-1, i64::MIN + 1, -1].map(|value| graph.ints(&vec![value; axes.len()]));
    let axes = graph.ints(axes);
    let inputs = [x, &starts, &ends, &axes, &steps];
    graph.node("Slice", &inputs, Attributes::none())
}

/// A value with the channels of each pair exchanged.
fn exchanged(graph: &mut Graph, x: &str, channels: i64) -> String {
    let order: Vec<i64> = (0..channels).map(|channel| channel ^ 1).collect();
    let order = graph.ints(&order);
    graph.node("Gather", &[x, &order], Attributes::none().int("axis", 1))
}

/// An input on the reverse strand.
fn reversed(graph: &mut Graph, kind: InputKind, x: &Edge) -> Edge {
    let last = x.shape.len() as i64;
    let name = match kind {
        InputKind::Sequence => flipped(graph, &x.name, &[1, 2]),
        InputKind::Track => flipped(graph, &x.name, &[last]),
        InputKind::Stranded => {
            let track = flipped(graph, &x.name, &[2]);
            exchanged(graph, &track, x.shape[0])
        }
        InputKind::Features => x.name.clone(),
        InputKind::Map => flipped(graph, &x.name, &[last - 1, last]),
        InputKind::Pairs => exchanged(graph, &x.name, x.shape[0]),
    };
    Edge {
        name,
        shape: x.shape.clone(),
    }
}

fn on_both_strands(graph: &mut Graph, both: &BothStrands, x: &Flow) -> Result<Flow> {
    let shape = match x {
        Flow::One(edge) => Shape::One(edge.shape.clone()),
        Flow::Many(many) => Shape::Many(
            many.iter()
                .map(|(name, edge)| (name.clone(), edge.shape.clone()))
                .collect(),
        ),
    };
    // the build has accepted the kinds of inputs
    let strands = Strands::of(&shape, &both.inputs, true)?;
    let turned = match (&strands, x) {
        (Strands::One(kind), Flow::One(edge)) => Flow::One(reversed(graph, *kind, edge)),
        (Strands::Many(kinds), Flow::Many(many)) => Flow::Many(
            many.iter()
                .map(|(name, edge)| (name.clone(), reversed(graph, kinds[name], edge)))
                .collect(),
        ),
        _ => bail!("internal", "inputs and their kinds differ"),
    };
    let forward = child(graph, "", &both.layer, x)?;
    let reverse = child(graph, "", &both.layer, &turned)?;
    let mut own = reverse.one()?.clone();
    if both.outputs != TurnedBack::AsIs {
        let last = own.shape.len() as i64;
        if last > 1 {
            own.name = flipped(graph, &own.name, &[last]);
        }
        if both.outputs == TurnedBack::Stranded {
            own.name = exchanged(graph, &own.name, own.shape[0]);
        }
    }
    merged(graph, both.merge, &[forward, Flow::One(own)])
}

/// `[channels, length]` brought to another length.
fn resized(graph: &mut Graph, x: &Edge, target: i64) -> Edge {
    let length = x.shape[1];
    let difference = target - length;
    let none = Attributes::none;
    let name = if difference == 0 {
        x.name.clone()
    } else if difference > 0 {
        let before = difference / 2;
        let pads = graph.ints(&[0, 0, before, 0, 0, difference - before]);
        graph.node("Pad", &[&x.name, &pads], none())
    } else {
        let start = (-difference).div_euclid(2);
        let bounds = [
            graph.ints(&[start]),
            graph.ints(&[start + target]),
            graph.ints(&[2]),
        ];
        let inputs = [&x.name, &bounds[0], &bounds[1], &bounds[2]];
        graph.node("Slice", &inputs.map(String::as_str), none())
    };
    Edge {
        name,
        shape: vec![x.shape[0], target],
    }
}

fn skipped(graph: &mut Graph, skip: &Skip, x: &Flow) -> Result<Flow> {
    let body = child(graph, "body", &skip.body, x)?;
    let (mut first, mut second) = (x.one()?.clone(), body.one()?.clone());
    let target = match skip.align {
        Align::Exact => None,
        Align::Crop => Some(first.shape[1].min(second.shape[1])),
        Align::Pad => Some(first.shape[1].max(second.shape[1])),
    };
    if let Some(target) = target {
        first = resized(graph, &first, target);
        second = resized(graph, &second, target);
    }
    merged(graph, skip.merge, &[Flow::One(first), Flow::One(second)])
}

/// The average of members' outputs.
fn averaged(graph: &mut Graph, average: Average, parts: &[Flow]) -> Result<Flow> {
    let edges = parts.iter().map(Flow::one).collect::<Result<Vec<_>>>()?;
    let shape = edges[0].shape.clone();
    let names: Vec<String> = edges.iter().map(|edge| edge.name.clone()).collect();
    let none = Attributes::none;
    let mean = |graph: &mut Graph, parts: Vec<String>| {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        graph.node("Mean", &parts, none())
    };
    let log = |graph: &mut Graph, p: String| {
        let (low, high) = (graph.number(1e-12), graph.number(1.0));
        let clipped = graph.node("Clip", &[&p, &low, &high], none());
        graph.node("Log", &[&clipped], none())
    };
    let name = match average {
        Average::Outputs => mean(graph, names),
        Average::Softmax => {
            let each = names
                .iter()
                .map(|x| graph.node("Softmax", &[x], none().int("axis", 1)))
                .collect();
            let mean = mean(graph, each);
            log(graph, mean)
        }
        Average::Sigmoid => {
            let yes = names
                .iter()
                .map(|x| graph.node("Sigmoid", &[x], none()))
                .collect();
            let yes = mean(graph, yes);
            let yes = log(graph, yes);
            let no = names
                .iter()
                .map(|x| {
                    let negative = graph.node("Neg", &[x], none());
                    graph.node("Sigmoid", &[&negative], none())
                })
                .collect();
            let no = mean(graph, no);
            let no = log(graph, no);
            graph.node("Sub", &[&yes, &no], none())
        }
    };
    Ok(Flow::One(Edge { name, shape }))
}
