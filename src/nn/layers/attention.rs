//! Attention over positions, and encodings of position.

use crate::layers::linear;
use crate::layers::positional::{OfLength, Offsets, offset_indices, rotary_angles, rotated};
use crate::spec::Function;
use crate::watch;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::Result;
use cistron_base::bail;
use cistron_torch::Tensor;
use cistron_torch::attention::Attention;

/// Self-attention with several heads (Vaswani et al. 2017) on `[channels, length]`; names are
/// PyTorch's.
pub struct MultiHead {
    /// Number of heads, which share the channels.
    pub heads: i64,
    /// Probability that an attention weight is zeroed in training.
    pub dropout: f64,
    /// Whether a position attends only to itself and those before it.
    pub causal: bool,
    /// How the offset between a query and a key is used.
    pub offsets: Offsets,
}

impl Spec for MultiHead {
    fn text(&self) -> String {
        format!("multihead_attention({})", self.heads)
    }

    fn varies(&self) -> bool {
        self.dropout > 0.0
    }

    fn in_training(&self) -> Option<&'static str> {
        (self.dropout > 0.0).then_some("dropout")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("multihead_attention")?;
        let heads = self.heads;
        if channels % heads != 0 {
            bail!(
                "shape",
                "multihead_attention: {heads} heads must divide {channels} channels"
            );
        }
        let in_weight = builder.weight(
            "in_proj_weight",
            &[3 * channels, channels],
            &Init::XavierUniform,
        )?;
        let in_bias = builder.parameter("in_proj_bias", &[3 * channels], &Init::Constant(0.0))?;
        let bound = Init::Uniform(1.0 / (channels as f64).sqrt());
        let out_weight = builder.weight("out_proj.weight", &[channels, channels], &bound)?;
        let out_bias = builder.parameter("out_proj.bias", &[channels], &Init::Constant(0.0))?;
        let features = channels / heads;
        let device = builder.device();
        let angles = match self.offsets {
            Offsets::Rotary => {
                let angles = OfLength::default();
                angles.get(length, || rotary_angles(length, features, device))?;
                Some(angles)
            }
            _ => None,
        };
        let bias_of_offsets = match self.offsets {
            Offsets::Bias { largest } => {
                let shape = [heads, largest.saturating_mul(2).saturating_add(1)];
                let bias = builder.parameter("relative_bias", &shape, &Init::Constant(0.0))?;
                Some((largest, bias, OfLength::default()))
            }
            _ => None,
        };
        builder.see_all();
        let (dropout, causal) = (self.dropout, self.causal);
        let module = Function(move |x: &Tensor, mode: Mode| {
            let x = x.transpose(1, 2)?; // [batch, length, channels]
            let (batch, length) = (x.shape()[0], x.shape()[1]);
            let in_weight = in_weight.current(mode.training)?;
            let out_weight = out_weight.current(mode.training)?;
            let all = linear::apply(&x, &in_weight, Some(&in_bias))?.chunk(3, -1)?;
            let split = |t: &Tensor| {
                t.reshape(&[batch, length, heads, channels / heads])?
                    .transpose(1, 2)
            }; // [batch, heads, length, features]
            let dropout = if mode.training { dropout } else { 0.0 };
            let (mut q, mut k, v) = (split(&all[0])?, split(&all[1])?, split(&all[2])?);
            if let Some(angles) = &angles {
                let angles = angles.get(length, || rotary_angles(length, features, x.device()))?;
                (q, k) = (rotated(&q, &angles)?, rotated(&k, &angles)?);
            }
            let mask = match &bias_of_offsets {
                Some((largest, bias, indices)) => {
                    let indices =
                        indices.get(length, || offset_indices(length, *largest, x.device()))?;
                    let scores = bias.take(1, &indices)?;
                    Some(scores.reshape(&[1, heads, length, length])?)
                }
                None => None,
            };
            let how = Attention {
                mask,
                causal,
                dropout,
                ..Attention::default()
            };
            watch::note_weights(|| how.weights(&q, &k))?;
            let mixed = how.apply(&q, &k, &v)?;
            let joined = mixed.transpose(1, 2)?.reshape(&[batch, length, channels])?;
            linear::apply(&joined, &out_weight, Some(&out_bias))?.transpose(1, 2)
        });
        Built::one(module, vec![channels, length])
    }
}

/// One head with separate sizes of queries, keys and values; no output projection.
pub struct ScaledDot {
    /// Features of queries and keys.
    pub keys: i64,
    /// Features of values and of the output.
    pub values: i64,
    /// Whether the projections have biases.
    pub bias: bool,
}

impl Spec for ScaledDot {
    fn text(&self) -> String {
        format!("attention({}, {})", self.keys, self.values)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("attention")?;
        let bound = Init::Uniform(1.0 / (channels as f64).sqrt());
        let mut parts = Vec::new();
        for (name, size) in [
            ("query", self.keys),
            ("key", self.keys),
            ("value", self.values),
        ] {
            let weight = builder.weight(&format!("{name}.weight"), &[size, channels], &bound)?;
            let bias = if self.bias {
                Some(builder.parameter(&format!("{name}.bias"), &[size], &bound)?)
            } else {
                None
            };
            parts.push((weight, bias));
        }
        builder.see_all();
        let module = Function(move |x: &Tensor, mode: Mode| {
            let x = x.transpose(1, 2)?;
            let projected = parts
                .iter()
                .map(|(weight, bias)| {
                    linear::apply(&x, &weight.current(mode.training)?, bias.as_ref())
                })
                .collect::<Result<Vec<_>>>()?;
            watch::note_weights(|| Attention::default().weights(&projected[0], &projected[1]))?;
            Attention::default()
                .apply(&projected[0], &projected[1], &projected[2])?
                .transpose(1, 2)
        });
        Built::one(module, vec![self.values, length])
    }
}

/// Adds an encoding of each position.
pub struct Positions {
    /// Learned; else sines and cosines (Vaswani et al. 2017).
    pub learned: bool,
}

impl Spec for Positions {
    fn text(&self) -> String {
        format!(
            "positions({})",
            if self.learned {
                "learned"
            } else {
                "sinusoidal"
            }
        )
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("positions")?;
        let table = if self.learned {
            builder.parameter("weight", &[length, channels], &Init::Normal(0.02))?
        } else {
            sinusoids(length, channels)?.to_device(builder.device())?
        };
        let module = Function(move |x: &Tensor, _| {
            let n = x.shape()[2];
            if n > table.shape()[0] {
                bail!(
                    "shape",
                    "positions were made for {} positions, the input has {n}",
                    table.shape()[0]
                );
            }
            x.add(&table.narrow(0, 0, n)?.transpose(0, 1)?)
        });
        Built::one(module, vec![channels, length])
    }
}

/// `[length, channels]`: sines in even channels, cosines in odd ones, wavelengths from 2π to
/// 10,000·2π.
pub fn sinusoids(length: i64, channels: i64) -> Result<Tensor> {
    let value = |position: i64, channel: i64| {
        let angle =
            position as f64 / 10_000f64.powf((channel - channel % 2) as f64 / channels as f64);
        if channel % 2 == 0 {
            angle.sin() as f32
        } else {
            angle.cos() as f32
        }
    };
    let values: Vec<f32> = (0..length)
        .flat_map(|p| (0..channels).map(move |c| value(p, c)))
        .collect();
    Tensor::from_f32(&values, &[length, channels])
}
