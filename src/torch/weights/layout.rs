//! Weights in Keras' layout as libtorch stores them.
//!
//! | Keras | libtorch |
//! |---|---|
//! | convolution `kernel` [width, in, out] | `weight` [out, in, width] |
//! | transposed convolution `kernel` [width, out, in] | `weight` [in, out, width] |
//! | `depthwise_kernel` [width, in, multiplier] | `weight` [in × multiplier, 1, width] |
//! | dense `kernel` [in, out] | `weight` [out, in] |
//! | LSTM `kernel`, gates i f c o, one bias | `weight_ih_l0`, gates i f g o, second bias 0 |
//! | GRU `kernel`, gates z r h, two biases | `weight_ih_l0`, gates r z n, two biases |
//! | GRU of `reset_after=False`, one bias | as above, and `bias_l0` |
//! | `gamma`, `beta` | `weight`, `bias` |
//! | `moving_mean`, `moving_variance` | `running_mean`, `running_var` |
//! | `embeddings` | `weight` |

use super::entry::{Entry, printable};
use crate::Tensor;
use cistron_base::{Result, bail};
use std::collections::HashMap;

/// Weights in Keras' layout as libtorch stores them, under its names. What has no counterpart
/// keeps its name and values.
///
/// # Errors
/// A recurrent layer has gates that libtorch cannot compute.
pub fn from_keras(entries: &[Entry]) -> Result<Vec<Entry>> {
    // `layer/kernel:0` of other files is `layer.kernel`
    let plain: Vec<Entry> = entries
        .iter()
        .map(|entry| {
            let name = entry.name.replace('/', ".");
            let name = name.split(':').next().unwrap_or_default().to_string();
            Entry {
                name,
                ..entry.clone()
            }
        })
        .collect();
    let mut layers: Vec<(&str, Vec<(&str, &Entry)>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for entry in &plain {
        let (layer, part) = entry.name.rsplit_once('.').unwrap_or(("", &entry.name));
        let place = *places.entry(layer).or_insert_with(|| {
            layers.push((layer, Vec::new()));
            layers.len() - 1
        });
        layers[place].1.push((part, entry));
    }
    let mut out = Vec::new();
    for (layer, parts) in &layers {
        let of = |name: &str| {
            parts
                .iter()
                .find(|(part, _)| *part == name)
                .map(|(_, entry)| *entry)
        };
        let converted = match (of("recurrent_kernel"), of("pointwise_kernel")) {
            (Some(recurrent), _) => recurrent_layer(layer, parts, recurrent),
            (_, Some(_)) => separable(layer, parts),
            _ => parts
                .iter()
                .map(|(part, entry)| simple(layer, part, entry))
                .collect(),
        };
        out.extend(
            converted.map_err(|fault| fault.context(format!("layer `{}`", printable(layer))))?,
        );
    }
    Ok(out)
}

fn named(layer: &str, part: &str) -> String {
    match layer {
        "" => part.to_string(),
        _ => format!("{layer}.{part}"),
    }
}

fn simple(layer: &str, part: &str, entry: &Entry) -> Result<Entry> {
    let (part, tensor) = match part {
        "kernel" => ("weight", kernel(&entry.tensor)?),
        "depthwise_kernel" => ("weight", depthwise(&entry.tensor)?),
        "gamma" | "embeddings" => ("weight", entry.tensor.clone()),
        "beta" => ("bias", entry.tensor.clone()),
        "moving_mean" => ("running_mean", entry.tensor.clone()),
        "moving_variance" => ("running_var", entry.tensor.clone()),
        part => (part, entry.tensor.clone()),
    };
    Ok(Entry {
        name: named(layer, part),
        tensor,
        ..entry.clone()
    })
}

/// The axes of a kernel in reverse order, positions in theirs: [width…, in, out] to
/// [out, in, width…].
fn kernel(tensor: &Tensor) -> Result<Tensor> {
    let n = tensor.shape().len() as i64;
    match n {
        0 | 1 => Ok(tensor.clone()),
        _ => {
            let axes: Vec<i64> = [n - 1, n - 2].into_iter().chain(0..n - 2).collect();
            tensor.permute(&axes)
        }
    }
}

/// [width…, in, multiplier] to [in × multiplier, 1, width…].
fn depthwise(tensor: &Tensor) -> Result<Tensor> {
    let shape = tensor.shape();
    let n = shape.len();
    if n < 3 {
        bail!(
            "shape",
            "a depthwise kernel of shape {} is not one of Keras",
            cistron_base::shape::text(&shape)
        );
    }
    let axes: Vec<i64> = [n as i64 - 2, n as i64 - 1]
        .into_iter()
        .chain(0..n as i64 - 2)
        .collect();
    let mut out = vec![shape[n - 2] * shape[n - 1], 1];
    out.extend(&shape[..n - 2]);
    tensor.permute(&axes)?.contiguous()?.reshape(&out)
}

fn separable(layer: &str, parts: &[(&str, &Entry)]) -> Result<Vec<Entry>> {
    let mut out = Vec::new();
    for (part, entry) in parts {
        match *part {
            "depthwise_kernel" => out.push(simple(&named(layer, "depthwise"), part, entry)?),
            "pointwise_kernel" => out.push(simple(&named(layer, "pointwise"), "kernel", entry)?),
            "bias" => {
                // Keras has one bias, after the second convolution
                let depth = parts.iter().find(|(part, _)| *part == "depthwise_kernel");
                if let Some((_, depth)) = depth {
                    let channels = depthwise(&depth.tensor)?.shape()[0];
                    out.push(added(named(layer, "depthwise.bias"), &[channels], entry)?);
                }
                out.push(simple(&named(layer, "pointwise"), part, entry)?);
            }
            _ => out.push(simple(layer, part, entry)?),
        }
    }
    Ok(out)
}

/// Zeros that libtorch's layer has in addition.
fn added(name: String, shape: &[i64], like: &Entry) -> Result<Entry> {
    Ok(Entry {
        name,
        stored: like.stored,
        tensor: Tensor::zeros(shape)?.to_kind(like.tensor.kind())?,
        is_added: true,
    })
}

/// The name of a recurrent layer and of its direction: `rnn.backward_lstm.lstm_cell` is
/// (`rnn`, `_reverse`).
fn direction(layer: &str) -> (String, &'static str) {
    let mut parts: Vec<&str> = layer.split('.').collect();
    let plain = |part: &str| {
        part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
            .to_string()
    };
    if parts.len() > 1
        && parts
            .last()
            .is_some_and(|last| plain(last).ends_with("cell"))
    {
        parts.pop();
    }
    let is_way = |part: &str, way: &str| {
        part == way
            || part
                .strip_prefix(way)
                .is_some_and(|rest| rest.starts_with('_'))
    };
    let mut end = "";
    if parts.len() > 1 {
        let last = parts[parts.len() - 1];
        if is_way(last, "forward") || is_way(last, "backward") {
            if is_way(last, "backward") {
                end = "_reverse";
            }
            parts.pop();
        }
    }
    (parts.join("."), end)
}

fn recurrent_layer(layer: &str, parts: &[(&str, &Entry)], recurrent: &Entry) -> Result<Vec<Entry>> {
    let shape = recurrent.tensor.shape();
    let [hidden, width] = shape[..] else {
        bail!("shape", "its recurrent kernel has {} axes", shape.len());
    };
    let gates = match width.checked_div(hidden) {
        Some(gates @ (1 | 3 | 4)) if gates * hidden == width => gates,
        _ => bail!(
            "shape",
            "its recurrent kernel of shape {} is none of an LSTM or GRU",
            cistron_base::shape::text(&shape)
        ),
    };
    // [.., gates × hidden] with the gates in libtorch's order: z r h become r z n
    let ordered = |tensor: &Tensor| -> Result<Tensor> {
        if gates != 3 {
            return Ok(tensor.clone());
        }
        let axis = tensor.shape().len() as i64 - 1;
        if tensor.shape().last() != Some(&width) {
            bail!(
                "shape",
                "a weight of shape {} does not have {width} columns",
                cistron_base::shape::text(&tensor.shape())
            );
        }
        let gate = |i: i64| tensor.narrow(axis, i * hidden, hidden);
        Tensor::cat(&[gate(1)?, gate(0)?, gate(2)?], axis)
    };
    let (name, end) = direction(layer);
    let target = |part: &str| named(&name, &format!("{part}_l0{end}"));
    let mut out = Vec::new();
    let mut push = |name: String, tensor: Tensor, entry: &Entry| {
        out.push(Entry {
            name,
            tensor,
            ..entry.clone()
        });
    };
    for (part, entry) in parts {
        match *part {
            "kernel" => push(
                target("weight_ih"),
                kernel(&ordered(&entry.tensor)?)?,
                entry,
            ),
            "recurrent_kernel" => push(
                target("weight_hh"),
                kernel(&ordered(&entry.tensor)?)?,
                entry,
            ),
            "bias" => match (gates, entry.tensor.shape().as_slice()) {
                (3, [2, n]) if *n == width => {
                    let bias = ordered(&entry.tensor)?;
                    push(target("bias_ih"), bias.select(0, 0)?, entry);
                    push(target("bias_hh"), bias.select(0, 1)?, entry);
                }
                // of `reset_after=False`: a name of its own, so that it fits no other GRU
                (3, [n]) if *n == width => push(target("bias"), ordered(&entry.tensor)?, entry),
                (_, [n]) if *n == width => {
                    push(target("bias_ih"), entry.tensor.clone(), entry);
                    let zeros = added(target("bias_hh"), &[width], entry)?;
                    push(zeros.name.clone(), zeros.tensor.clone(), &zeros);
                }
                (_, shape) => bail!(
                    "shape",
                    "its bias has the shape {}",
                    cistron_base::shape::text(shape)
                ),
            },
            part => push(named(&name, part), entry.tensor.clone(), entry),
        }
    }
    Ok(out)
}
