//! Attention of one input to another.

use crate::layers::linear;
use crate::watch;
use crate::weight::Weight;
use crate::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use cistron_base::Result;
use cistron_base::{bail, fault, shape};
use cistron_torch::Tensor;
use cistron_torch::attention::Attention;
use std::collections::BTreeMap;

/// Attention with several heads, whose queries come from one input and whose keys and values come
/// from another (Vaswani et al. 2017). Parameters have the names of PyTorch's MultiheadAttention.
pub struct CrossAttention {
    /// Heads; they share the channels of the queries.
    pub heads: i64,
    /// The input of the queries, [channels, length].
    pub query: String,
    /// The input of keys and values, [context channels, context length].
    pub context: String,
    /// Chance of a zero among the attention weights during training.
    pub dropout: f64,
}

/// The projections of queries, keys and values.
enum Projections {
    /// One matrix, where both inputs have the same channels.
    Joined(Weight),
    /// Three.
    Separate([Weight; 3]),
}

struct Attending {
    projections: Projections,
    bias: Tensor,
    out_weight: Weight,
    out_bias: Tensor,
    heads: i64,
    query: String,
    context: String,
    dropout: f64,
}

fn named<'a, T>(inputs: &'a BTreeMap<String, T>, name: &str) -> Result<&'a T> {
    inputs.get(name).ok_or_else(|| {
        let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
        fault!(
            "shape",
            "cross_attention: there is no input `{name}`, the inputs are {}",
            names.join(", ")
        )
    })
}

impl Module for Attending {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let Value::Many(inputs) = x else {
            bail!("shape", "cross_attention takes two inputs, got one")
        };
        let query = named(inputs, &self.query)?.transpose(1, 2)?;
        let context = named(inputs, &self.context)?.transpose(1, 2)?;
        let channels = query.shape()[2];
        let weights = match &self.projections {
            Projections::Joined(weight) => weight.current(mode.training)?.chunk(3, 0)?,
            Projections::Separate(weights) => weights
                .iter()
                .map(|weight| weight.current(mode.training))
                .collect::<Result<_>>()?,
        };
        let project = |i: i64, x: &Tensor| {
            let bias = self.bias.narrow(0, i * channels, channels)?;
            linear::apply(x, &weights[i as usize], Some(&bias))
        };
        let split = |t: Tensor| {
            let (batch, length) = (t.shape()[0], t.shape()[1]);
            t.reshape(&[batch, length, self.heads, channels / self.heads])?
                .transpose(1, 2)
        };
        let (q, k, v) = (
            split(project(0, &query)?)?,
            split(project(1, &context)?)?,
            split(project(2, &context)?)?,
        );
        let attention = Attention {
            dropout: if mode.training { self.dropout } else { 0.0 },
            ..Attention::default()
        };
        watch::note_weights(|| attention.weights(&q, &k))?;
        let mixed = attention.apply(&q, &k, &v)?.transpose(1, 2)?;
        let joined = mixed.reshape(&query.shape())?;
        let out_weight = self.out_weight.current(mode.training)?;
        linear::apply(&joined, &out_weight, Some(&self.out_bias))?
            .transpose(1, 2)
            .map(Value::One)
    }
}

impl Spec for CrossAttention {
    fn text(&self) -> String {
        format!("cross_attention({})", self.heads)
    }

    fn varies(&self) -> bool {
        self.dropout > 0.0
    }

    fn in_training(&self) -> Option<&'static str> {
        (self.dropout > 0.0).then_some("dropout")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let Shape::Many(inputs) = input else {
            bail!("shape", "cross_attention takes two inputs, `{}` and `{}`, got {}", self.query,
                self.context, input.text();
                hint: "`nn::build(layer, #{{ {}: [channels, length], {}: [channels, length] }})`",
                self.query, self.context)
        };
        let mut sizes = Vec::new();
        for name in [&self.query, &self.context] {
            match named(inputs, name)?[..] {
                [channels, length] => sizes.push((channels, length)),
                ref other => bail!(
                    "shape",
                    "cross_attention: input `{name}` must be [channels, length], got {}",
                    shape::text(other)
                ),
            }
        }
        let ((channels, length), (context, _)) = (sizes[0], sizes[1]);
        if channels % self.heads != 0 {
            bail!(
                "shape",
                "cross_attention: {} heads must divide {channels} channels",
                self.heads
            );
        }
        let projections = if channels == context {
            let shape = [3 * channels, channels];
            let weight = builder.weight("in_proj_weight", &shape, &Init::XavierUniform)?;
            Projections::Joined(weight)
        } else {
            let mut weight = |name: &str, inputs: i64| {
                builder.weight(name, &[channels, inputs], &Init::XavierUniform)
            };
            Projections::Separate([
                weight("q_proj_weight", channels)?,
                weight("k_proj_weight", context)?,
                weight("v_proj_weight", context)?,
            ])
        };
        let zero = Init::Constant(0.0);
        let bound = Init::Uniform(1.0 / (channels as f64).sqrt());
        let module = Attending {
            projections,
            bias: builder.parameter("in_proj_bias", &[3 * channels], &zero)?,
            out_weight: builder.weight("out_proj.weight", &[channels, channels], &bound)?,
            out_bias: builder.parameter("out_proj.bias", &[channels], &zero)?,
            heads: self.heads,
            query: self.query.clone(),
            context: self.context.clone(),
            dropout: self.dropout,
        };
        builder.see_all();
        Built::one(module, vec![channels, length])
    }
}
