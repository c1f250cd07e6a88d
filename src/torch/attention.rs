//! Scaled dot-product attention.

use super::tensor::lift1;
use super::{Kind, Tensor, pairs};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};

/// How queries attend to keys.
#[derive(Clone, Debug, Default)]
pub struct Attention {
    /// Which keys each query may use (bool), or numbers added to the scores; broadcast to
    /// `[…, queries, keys]`.
    pub mask: Option<Tensor>,
    /// Whether each query uses keys up to its own position only.
    pub causal: bool,
    /// Factor of the scores; none is 1 / √features.
    pub scale: Option<f64>,
    /// Chance that a weight is zeroed.
    pub dropout: f64,
}

impl Attention {
    /// softmax(scale q kᵀ + mask) v.
    pub fn apply(&self, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
        for (name, part) in [("q", q), ("k", k), ("v", v)] {
            if part.rank() < 2 {
                bail!(
                    "shape",
                    "attention takes tensors of […, length, features], `{name}` is {}",
                    shape::text(&part.shape())
                );
            }
        }
        if let Some(mask) = &self.mask
            && mask.kind() != Kind::Bool
            && !mask.kind().is_floating()
        {
            return Err(fault!(
                "type",
                "a mask holds booleans (true: attend) or numbers that are added to the scores, \
                got {}",
                mask.kind().name()
            )
            .hint("state which is meant by `.bool()` or `.float()`"));
        }
        if pairs::moves(q) || (self.causal && self.mask.is_some()) {
            return self.weights(q, k)?.dropout(self.dropout, true)?.matmul(v);
        }
        let mask = self.mask.as_ref().map(|mask| {
            if mask.kind() == Kind::Bool {
                Ok(mask.clone())
            } else {
                mask.to_kind(q.kind())
            }
        });
        let mask = mask.transpose()?;
        let found = tch::Tensor::f_scaled_dot_product_attention(
            &q.0,
            &k.0,
            &v.0,
            mask.as_ref().map(|mask| &mask.0),
            self.dropout,
            self.causal,
            self.scale,
            false,
        );
        lift1("attention", &[q, k, v], found)
    }

    /// How much each query (rows) uses of each key (columns); a query that may use none has zeros.
    pub fn weights(&self, q: &Tensor, k: &Tensor) -> Result<Tensor> {
        let size = q.shape()[q.rank() - 1];
        let products = q.matmul(&k.transpose(-2, -1)?)?;
        let mut scores = match self.scale {
            Some(scale) => products.mul_number(scale)?,
            None => products.div_number((size as f64).sqrt())?,
        };
        let (rows, columns) = (
            scores.shape()[scores.rank() - 2],
            scores.shape()[scores.rank() - 1],
        );
        let mut allowed = match &self.mask {
            Some(mask) if mask.kind() == Kind::Bool => Some(mask.clone()),
            Some(mask) => {
                scores = scores.add(&mask.to_kind(scores.kind())?)?;
                None
            }
            None => None,
        };
        if self.causal {
            let earlier = Tensor::full(&[rows, columns], 1.0, Kind::Float, q.device())?
                .tril(0)?
                .gt_number(0.0)?;
            allowed = Some(allowed.map_or(Ok(earlier.clone()), |mask| mask.mul(&earlier))?);
        }
        let Some(allowed) = allowed else {
            return scores.softmax(-1);
        };
        let forbidden = allowed.logical_not()?;
        let weights = scores
            .masked_fill(&forbidden, f64::NEG_INFINITY)?
            .softmax(-1)?;
        weights.masked_fill(&forbidden, 0.0)
    }
}
