//! Fully connected layers, tables of embeddings, maxout.

use crate::spec::Function;
use crate::weight::Role;
use crate::{Builder, Built, Init, Mode, Shape, Spec};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::{Kind, Tensor};

/// x Wᵀ + b on the last axis.
#[derive(Clone)]
pub struct Linear {
    /// Features of the output.
    pub features: i64,
    /// Whether there is a bias for each feature.
    pub bias: bool,
    /// How weights are initialised; as in PyTorch unless given.
    pub init: Option<Init>,
}

impl Spec for Linear {
    fn text(&self) -> String {
        format!("linear({})", self.features)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let input = input.one("linear")?;
        let Some((features, rest)) = input.split_last() else {
            bail!(
                "shape",
                "linear needs at least one axis of features, the input is {}",
                shape::text(input)
            )
        };
        let bound = 1.0 / (*features as f64).sqrt();
        let init = self.init.clone().unwrap_or(Init::Uniform(bound));
        let role = Role {
            is_applied: true,
            ..Role::default()
        };
        let weight = builder.weight_of("weight", &[self.features, *features], &init, role)?;
        let bias = if self.bias {
            Some(builder.parameter("bias", &[self.features], &Init::Uniform(bound))?)
        } else {
            None
        };
        builder.see_all();
        let mut output = rest.to_vec();
        output.push(self.features);
        Built::one(
            Function(move |x: &Tensor, mode: Mode| {
                weight.apply(x, mode.training, |x, weight, adds_bias| {
                    apply(x, weight, bias.as_ref().filter(|_| adds_bias))
                })
            }),
            output,
        )
    }
}

/// x Wᵀ + b.
pub fn apply(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let product = x.matmul(&weight.transpose(0, 1)?)?;
    match bias {
        Some(bias) => product.add(bias),
        None => Ok(product),
    }
}

/// A row of a table for each integer: `[…]` to `[…, size]`.
pub struct Embedding {
    /// Rows of the table.
    pub rows: i64,
    /// Features of a row.
    pub size: i64,
}

impl Spec for Embedding {
    fn text(&self) -> String {
        format!("embedding({}, {})", self.rows, self.size)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let mut output = input.one("embedding")?.to_vec();
        let weight = builder.weight("weight", &[self.rows, self.size], &Init::Normal(1.0))?;
        output.push(self.size);
        Built::one(
            Function(move |x: &Tensor, mode: Mode| {
                let weight = weight.current(mode.training)?;
                Tensor::embedding(&weight, &x.to_kind(Kind::Int64)?, -1)
            }),
            output,
        )
    }
}

/// The largest of several linear maps (Goodfellow et al. 2013).
pub struct Maxout {
    /// Features of the output.
    pub features: i64,
    /// Linear maps to choose from.
    pub pieces: i64,
}

impl Spec for Maxout {
    fn text(&self) -> String {
        format!("maxout({}, {})", self.features, self.pieces)
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (features, pieces) = (self.features, self.pieces);
        let input = input.one("maxout")?;
        let Some((last, rest)) = input.split_last() else {
            bail!("shape", "maxout needs an axis of features")
        };
        let bound = Init::Uniform(1.0 / (*last as f64).sqrt());
        let weight = builder.weight("weight", &[features * pieces, *last], &bound)?;
        let bias = builder.parameter("bias", &[features * pieces], &bound)?;
        builder.see_all();
        let mut output = rest.to_vec();
        output.push(features);
        let module = Function(move |x: &Tensor, mode: Mode| {
            let all = apply(x, &weight.current(mode.training)?, Some(&bias))?;
            let mut split = all.shape();
            split.pop();
            split.extend([features, pieces]);
            all.reshape(&split)?.amax(&Some(vec![-1]), false)
        });
        Built::one(module, output)
    }
}
