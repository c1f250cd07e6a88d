//! Normalisation layers; names and defaults are PyTorch's.

use super::spec::{Function, Pointwise, Reach};
use super::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use crate::bail;
use crate::base::{Result, shape};
use crate::torch::{Kind, Tensor, grad};

/// Over what a layer normalises.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// Each channel over batch and positions, with running statistics.
    Batch,
    /// All features of a sample's channel axis, position by position where there is a length.
    Layer,
    /// Each channel of each sample over positions.
    Instance,
    /// Groups of channels of each sample.
    Group(i64),
}

/// A normalisation layer.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Over what.
    pub over: Over,
    /// Added to variances.
    pub eps: f64,
    /// The share of the newest batch in the running statistics.
    pub momentum: f64,
    /// Whether a scale and a shift are learned.
    pub affine: bool,
}

impl Spec for Norm {
    fn text(&self) -> String {
        match self.over {
            Over::Batch => "batch_norm()".into(),
            Over::Layer => "layer_norm()".into(),
            Over::Instance => "instance_norm()".into(),
            Over::Group(groups) => format!("group_norm({groups})"),
        }
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let shape = input.one(&self.text())?.to_vec();
        let Some(channels) = shape.first().copied() else { bail!("shape", "{} needs an axis of channels", self.text()) };
        if self.over == Over::Instance && shape.len() < 2 {
            bail!("shape", "instance_norm takes [channels, length], the input is {}", shape::text(&shape));
        }
        let affine = if self.affine {
            let weight = builder.parameter("weight", &[channels], &Init::Constant(1.0))?;
            Some((weight, builder.parameter("bias", &[channels], &Init::Constant(0.0))?))
        } else {
            None
        };
        let (eps, momentum) = (self.eps, self.momentum);
        match self.over {
            Over::Batch => {
                let mean = builder.buffer("running_mean", &[channels], 0.0, Kind::Float)?;
                let var = builder.buffer("running_var", &[channels], 1.0, Kind::Float)?;
                let seen = builder.buffer("num_batches_tracked", &[], 0.0, Kind::Int64)?;
                Built::one(BatchNorm { affine, mean, var, seen, eps, momentum }, shape)
            }
            Over::Instance => Built::one(Function(move |x: &Tensor, _| x.instance_norm(affine.as_ref().map(|(w, b)| (w, b)), eps)), shape),
            Over::Group(groups) => {
                if groups < 1 || channels % groups != 0 {
                    bail!("shape", "group_norm: {groups} groups must divide {channels} channels");
                }
                Built::one(Function(move |x: &Tensor, _| x.group_norm(groups, affine.as_ref().map(|(w, b)| (w, b)), eps)), shape)
            }
            Over::Layer => Built::one(
                Pointwise(move |x: &Tensor| {
                    let pair = affine.as_ref().map(|(w, b)| (w, b));
                    if x.rank() == 2 {
                        return x.layer_norm(&[channels], pair, eps);
                    }
                    x.transpose(1, -1)?.layer_norm(&[channels], pair, eps)?.transpose(1, -1)
                }),
                shape,
            ),
        }
    }
}

struct BatchNorm {
    affine: Option<(Tensor, Tensor)>,
    mean: Tensor,
    var: Tensor,
    seen: Tensor,
    eps: f64,
    momentum: f64,
}

impl Module for BatchNorm {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let x = x.one()?;
        if mode.training {
            if x.numel() == x.shape().get(1).copied().unwrap_or(0) {
                bail!("shape", "batch_norm cannot learn from one number a channel: {}", shape::text(&x.shape()); hint: "use batches of more than one sample, or `drop_last: true`");
            }
            let _guard = grad::no_grad();
            self.seen.add_(&self.seen.ones_like()?)?;
        }
        let affine = self.affine.as_ref().map(|(w, b)| (w, b));
        x.batch_norm(affine, Some((&self.mean, &self.var)), mode.training, self.momentum, self.eps).map(Value::One)
    }

    fn reach(&self) -> Option<Reach> {
        Some(Reach::POINT)
    }
}
