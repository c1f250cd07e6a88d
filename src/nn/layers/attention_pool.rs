//! Pooling by attention: over windows, as in Enformer, and over all positions.

use crate::layers::linear;
use crate::spec::Function;
use crate::watch;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::Result;
use cistron_torch::Tensor;
use std::rc::Rc;

/// The mean of each window, weighted by the softmax of a linear function of its positions
/// (Avsec et al. 2021).
pub struct SoftmaxPool {
    /// Positions in a window.
    pub size: i64,
    /// Whether each channel has weights of its own.
    pub per_channel: bool,
}

impl Spec for SoftmaxPool {
    fn text(&self) -> String {
        format!("softmax_pool({})", self.size)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("softmax_pool")?;
        let (size, outputs) = (self.size, if self.per_channel { channels } else { 1 });
        // twice the identity, which prefers large values
        let init = if self.per_channel {
            Init::Custom(Rc::new(|shape| Tensor::eye(shape[0])?.mul_number(2.0)))
        } else {
            Init::Uniform(1.0 / (channels as f64).sqrt())
        };
        let weight = builder.weight("weight", &[outputs, channels], &init)?;
        builder.widen(size, 1, size);
        let windows = (length + size - 1) / size;
        let module = Function(move |x: &Tensor, mode: Mode| {
            let weight = weight.current(mode.training)?;
            let (batch, length) = (x.shape()[0], x.shape()[2]);
            let windows = (length + size - 1) / size;
            let missing = windows * size - length;
            let scores = linear::apply(&x.transpose(1, 2)?, &weight, None)?.transpose(1, 2)?;
            // the last window may be shorter: what is missing has no weight
            let padded = |t: &Tensor, value: f64| {
                if missing == 0 {
                    return Ok(t.clone());
                }
                t.pad(&[0, missing], "constant", value)
            };
            let scores = padded(&scores, f64::NEG_INFINITY)?
                .reshape(&[batch, outputs, windows, size])?
                .softmax(-1)?;
            let values = padded(x, 0.0)?.reshape(&[batch, channels, windows, size])?;
            values.mul(&scores)?.sum(&Some(vec![3]), false)
        });
        Built::one(module, vec![channels, windows])
    }
}

/// The mean over all positions, weighted by the softmax of a linear function of each position; one
/// mean for each head.
pub struct AttentionPool {
    /// Number of sets of weights.
    pub heads: i64,
}

impl Spec for AttentionPool {
    fn text(&self) -> String {
        format!("attention_pool({})", self.heads)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, _) = input.channels_and_length("attention_pool")?;
        let heads = self.heads;
        let bound = Init::Uniform(1.0 / (channels as f64).sqrt());
        let weight = builder.weight("weight", &[heads, channels], &bound)?;
        builder.see_all();
        let module = Function(move |x: &Tensor, mode: Mode| {
            let weight = weight.current(mode.training)?;
            let positions = x.transpose(1, 2)?; // [batch, length, channels]
            let weights = linear::apply(&positions, &weight, None)?
                .transpose(1, 2)?
                .softmax(-1)?; // [batch, heads, length]
            watch::note_weights(|| Ok(weights.clone()))?;
            weights.matmul(&positions)?.flatten(1, -1)
        });
        Built::one(module, vec![heads * channels])
    }
}
