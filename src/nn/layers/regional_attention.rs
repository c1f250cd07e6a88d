//! Attention of each place of a map to the places around it.

use crate::layers::linear;
use crate::spec::Function;
use crate::watch;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::{Result, bail, shape};
use cistron_torch::Tensor;

/// Attention with several heads on `[channels, height, width]`, whose queries attend to the size ×
/// size places around them. Places outside of the map have keys and values of 0 and take part in
/// the softmax with a score of 0.
pub struct RegionalAttention {
    /// Number of heads.
    pub heads: i64,
    /// Places of the neighbourhood along each axis, an odd number.
    pub size: i64,
    /// Channels of queries, keys and values over all heads; 0 takes those of the input.
    pub features: i64,
    /// What scores are divided by; the root of the features of a head unless given.
    pub divisor: Option<f64>,
    /// Whether the projections have biases.
    pub bias: bool,
    /// Chance of a zero among the attention weights during training.
    pub dropout: f64,
}

/// Channels at the offsets of the neighbourhood: `[batch, channels, places, height, width]`.
fn neighbours(x: &Tensor, size: i64) -> Result<Tensor> {
    let [_, _, height, width] = x.shape()[..] else {
        bail!(
            "shape",
            "regional_attention takes [batch, channels, height, width]"
        )
    };
    let pad = size / 2;
    let padded = x.pad(&[pad, pad, pad, pad], "constant", 0.0)?;
    let mut places = Vec::with_capacity((size * size) as usize);
    for row in 0..size {
        let rows = padded.narrow(2, row, height)?;
        for column in 0..size {
            places.push(rows.narrow(3, column, width)?);
        }
    }
    Tensor::stack(&places, 2)
}

impl Spec for RegionalAttention {
    fn text(&self) -> String {
        format!("regional_attention({}, {})", self.heads, self.size)
    }

    fn varies(&self) -> bool {
        self.dropout > 0.0
    }

    fn in_training(&self) -> Option<&'static str> {
        self.varies().then_some("dropout")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("regional_attention")?;
        let [channels, height, width] = *input else {
            bail!(
                "shape",
                "regional_attention takes [channels, height, width], the input is {}",
                shape::text(input)
            )
        };
        let (heads, size) = (self.heads, self.size);
        if size % 2 == 0 {
            bail!(
                "value",
                "regional_attention: `size` must be odd, got {size}"
            );
        }
        let features = if self.features == 0 {
            channels
        } else {
            self.features
        };
        if features % heads != 0 {
            bail!(
                "shape",
                "regional_attention: {heads} heads must divide {features} features"
            );
        }
        let each = features / heads;
        let mut projection = |name: &str| {
            let weight = builder.weight(
                &format!("{name}.weight"),
                &[features, channels],
                &Init::XavierUniform,
            )?;
            let bias = self.bias.then(|| {
                builder.parameter(&format!("{name}.bias"), &[features], &Init::Constant(0.0))
            });
            Ok((weight, bias.transpose()?))
        };
        let parts = ["query", "key", "value"]
            .iter()
            .map(|name| projection(name))
            .collect::<Result<Vec<_>>>()?;
        builder.see_all();
        let divisor = self.divisor.unwrap_or((each as f64).sqrt());
        let dropout = self.dropout;
        let module = Function(move |x: &Tensor, mode: Mode| {
            let (batch, height, width) = (x.shape()[0], x.shape()[2], x.shape()[3]);
            let last = x.permute(&[0, 2, 3, 1])?;
            let projected = parts
                .iter()
                .map(|(weight, bias)| {
                    let weight = weight.current(mode.training)?;
                    linear::apply(&last, &weight, bias.as_ref())?.permute(&[0, 3, 1, 2])
                })
                .collect::<Result<Vec<_>>>()?;
            let split =
                |t: &Tensor, places: i64| t.reshape(&[batch, heads, each, places, height, width]);
            let places = size * size;
            let query = split(&projected[0], 1)?;
            let key = split(&neighbours(&projected[1], size)?, places)?;
            let value = split(&neighbours(&projected[2], size)?, places)?;
            // [batch, heads, places, height, width]
            let weights = query
                .mul(&key)?
                .sum(&Some(vec![2]), false)?
                .div_number(divisor)?
                .softmax(2)?;
            watch::note_weights(|| Ok(weights.clone()))?;
            let weights = weights.dropout(dropout, mode.training)?.unsqueeze(2)?;
            value
                .mul(&weights)?
                .sum(&Some(vec![3]), false)?
                .reshape(&[batch, features, height, width])
        });
        Built::one(module, vec![features, height, width])
    }
}
