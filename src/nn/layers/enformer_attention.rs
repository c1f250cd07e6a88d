//! Enformer's attention, which scores a key by its content and by its offset from the query.

use crate::layers::linear;
use crate::layers::positional::{GammaScale, OfLength, enformer_features};
use crate::spec::Function;
use crate::watch;
use crate::weight::Weight;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::{Result, bail, shape};
use cistron_torch::Tensor;
use cistron_torch::device::rows_of;

/// Attention with several heads and relative positions (Avsec et al. 2021). Parameters have the
/// names of enformer-pytorch.
pub struct EnformerAttention {
    /// Number of heads.
    pub heads: i64,
    /// Features of the queries and keys of each head.
    pub keys: i64,
    /// Features of the values of each head; 0 divides the channels among the heads.
    pub values: i64,
    /// Features of an offset, a multiple of 6; 0 takes those of the values, rounded up.
    pub features: i64,
    /// Chance of a zero among the attention weights during training.
    pub dropout: f64,
    /// Chance of a zero among the features of offsets during training.
    pub position_dropout: f64,
    /// What the gamma features are divided by.
    pub scale: GammaScale,
}

/// Scores `[batch, heads, length, 2 length - 1]` by offset, as scores by key
/// `[batch, heads, length, length]`.
fn by_key(scores: &Tensor) -> Result<Tensor> {
    let [batch, heads, length, offsets] = scores.shape()[..] else {
        bail!(
            "shape",
            "scores by offset have four axes, got {}",
            shape::text(&scores.shape())
        )
    };
    // a column of padding turns a step to the next row into a step to the next offset
    scores
        .pad(&[1, 0], "constant", 0.0)?
        .reshape(&[batch, heads, offsets + 1, length])?
        .narrow(2, 1, offsets)?
        .reshape(&[batch, heads, length, offsets])?
        .narrow(3, 0, length)
}

impl Spec for EnformerAttention {
    fn text(&self) -> String {
        format!("enformer_attention({})", self.heads)
    }

    fn varies(&self) -> bool {
        self.dropout > 0.0 || self.position_dropout > 0.0
    }

    fn in_training(&self) -> Option<&'static str> {
        self.varies().then_some("dropout")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (channels, length) = input.channels_and_length("enformer_attention")?;
        let (heads, keys) = (self.heads, self.keys);
        if self.values == 0 && channels % heads != 0 {
            bail!("shape", "enformer_attention: {heads} heads must divide {channels} channels";
                hint: "or give the size of each head as `values`");
        }
        let values = if self.values == 0 {
            channels / heads
        } else {
            self.values
        };
        let features = if self.features == 0 {
            (values + 5) / 6 * 6
        } else {
            self.features
        };
        let bound = Init::Uniform(1.0 / (channels as f64).sqrt());
        let query = builder.weight("to_q.weight", &[heads * keys, channels], &bound)?;
        let key = builder.weight("to_k.weight", &[heads * keys, channels], &bound)?;
        let value = builder.weight("to_v.weight", &[heads * values, channels], &bound)?;
        // the block starts as the identity of its residual connection
        let zero = Init::Constant(0.0);
        let out = builder.weight("to_out.weight", &[channels, heads * values], &zero)?;
        let out_bias = builder.parameter("to_out.bias", &[channels], &zero)?;
        let offset_bound = Init::Uniform(1.0 / (features as f64).sqrt());
        let offset = builder.weight(
            "to_rel_pos.weight",
            &[heads * keys, features],
            &offset_bound,
        )?;
        let normal = Init::Normal(1.0);
        let content_bias = builder.parameter("rel_content_bias", &[1, heads, 1, keys], &normal)?;
        let offset_bias = builder.parameter("rel_pos_bias", &[1, heads, 1, keys], &normal)?;
        builder.see_all();
        let scale = self.scale;
        let device = builder.device();
        let features_of =
            move |length: i64| enformer_features(length, features, scale)?.to_device(device);
        let table = OfLength::default();
        table.get(length, || features_of(length))?;
        let (dropout, position_dropout) = (self.dropout, self.position_dropout);
        let module = Function(move |x: &Tensor, mode: Mode| {
            let x = x.transpose(1, 2)?; // [batch, length, channels]
            let (batch, n) = (x.shape()[0], x.shape()[1]);
            let split = |weight: &Weight, size: i64| {
                linear::apply(&x, &weight.current(mode.training)?, None)?
                    .reshape(&[batch, n, heads, size])?
                    .transpose(1, 2)
            }; // [batch, heads, length, size]
            let table = {
                // the features of offsets are no rows of the batch
                let _rows = rows_of(None);
                let features = table.get(n, || features_of(n))?;
                features.dropout(position_dropout, mode.training)?
            };
            let offsets = linear::apply(&table, &offset.current(mode.training)?, None)?
                .reshape(&[2 * n - 1, heads, keys])?
                .permute(&[1, 2, 0])?; // [heads, keys, offsets]
            let q = split(&query, keys)?.mul_number(1.0 / (keys as f64).sqrt())?;
            let content = q
                .add(&content_bias)?
                .matmul(&split(&key, keys)?.transpose(-2, -1)?)?;
            let relative = by_key(&q.add(&offset_bias)?.matmul(&offsets)?)?;
            let weights = content.add(&relative)?.softmax(-1)?;
            watch::note_weights(|| Ok(weights.clone()))?;
            let mixed = weights
                .dropout(dropout, mode.training)?
                .matmul(&split(&value, values)?)?
                .transpose(1, 2)?
                .reshape(&[batch, n, heads * values])?;
            linear::apply(&mixed, &out.current(mode.training)?, Some(&out_bias))?.transpose(1, 2)
        });
        Built::one(module, vec![channels, length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The score of query i and key j is that of offset j - i, which is column length - 1 + j - i.
    #[test]
    fn scores_by_offset_become_scores_by_key() {
        let n = 4;
        let values: Vec<f32> = (0..n * (2 * n - 1)).map(|i| i as f32).collect();
        let scores = Tensor::from_f32(&values, &[1, 1, n, 2 * n - 1]).expect("scores");
        let found = by_key(&scores).and_then(|t| t.to_f32()).expect("by key");
        for query in 0..n {
            for key in 0..n {
                let expected = values[(query * (2 * n - 1) + n - 1 + key - query) as usize];
                assert_eq!(found[(query * n + key) as usize], expected);
            }
        }
    }
}
