//! Normalisation layers; names and defaults are PyTorch's.

use crate::fuse::pattern::{BatchNorm, LayerPattern};
use crate::spec::{Function, LocalWindow, Pointwise};
use crate::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::{Kind, Tensor, grad};

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

    fn varies(&self) -> bool {
        self.over == Over::Batch
    }

    fn in_training(&self) -> Option<&'static str> {
        (self.over == Over::Batch).then_some("batch norm")
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let shape = input.one(&self.text())?.to_vec();
        let Some(channels) = shape.first().copied() else {
            bail!("shape", "{} needs an axis of channels", self.text())
        };
        if self.over == Over::Instance && shape.len() < 2 {
            bail!(
                "shape",
                "instance_norm takes [channels, length], the input is {}",
                shape::text(&shape)
            );
        }
        let affine = if self.affine {
            let weight = builder.parameter("weight", &[channels], &Init::Constant(1.0))?;
            Some((
                weight,
                builder.parameter("bias", &[channels], &Init::Constant(0.0))?,
            ))
        } else {
            None
        };
        let (eps, momentum) = (self.eps, self.momentum);
        match self.over {
            Over::Batch => {
                let mean = builder.buffer("running_mean", &[channels], 0.0, Kind::Float)?;
                let variance = builder.buffer("running_var", &[channels], 1.0, Kind::Float)?;
                let batches = builder.buffer("num_batches_tracked", &[], 0.0, Kind::Int64)?;
                Built::one(
                    BatchNormalised(BatchNorm {
                        affine,
                        mean,
                        variance,
                        batches,
                        eps,
                        momentum,
                    }),
                    shape,
                )
            }
            Over::Instance => Built::one(
                Function(move |x: &Tensor, _| {
                    x.instance_norm(affine.as_ref().map(|(w, b)| (w, b)), eps)
                }),
                shape,
            ),
            Over::Group(groups) => {
                if groups < 1 || channels % groups != 0 {
                    bail!(
                        "shape",
                        "group_norm: {groups} groups must divide {channels} channels"
                    );
                }
                Built::one(
                    Function(move |x: &Tensor, _| {
                        x.group_norm(groups, affine.as_ref().map(|(w, b)| (w, b)), eps)
                    }),
                    shape,
                )
            }
            Over::Layer => Built::one(
                Pointwise(move |x: &Tensor| {
                    let pair = affine.as_ref().map(|(w, b)| (w, b));
                    if x.rank() == 2 {
                        return x.layer_norm(&[channels], pair, eps);
                    }
                    x.transpose(1, -1)?
                        .layer_norm(&[channels], pair, eps)?
                        .transpose(1, -1)
                }),
                shape,
            ),
        }
    }
}

/// Each channel less its mean, over its standard deviation.
struct BatchNormalised(BatchNorm);

/// Counts a batch that the running statistics include; fails on one number per channel.
pub fn count_batch(norm: &BatchNorm, x: &Tensor) -> Result<()> {
    if x.numel() == x.shape().get(1).copied().unwrap_or(0) {
        bail!(
            "shape",
            "batch_norm cannot learn from one number a channel: {}",
            shape::text(&x.shape());
            hint: "use batches of more than one sample, or `drop_last: true`"
        );
    }
    let _guard = grad::no_grad();
    norm.batches.add_(&norm.batches.ones_like()?)
}

impl Module for BatchNormalised {
    fn pattern(&self) -> LayerPattern<'_> {
        LayerPattern::BatchNorm(&self.0)
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let (x, norm) = (x.one()?, &self.0);
        let share = if mode.training {
            count_batch(norm, x)?;
            norm.share()?
        } else {
            norm.momentum
        };
        x.batch_norm(
            norm.affine(),
            Some((&norm.mean, &norm.variance)),
            mode.training,
            share,
            norm.eps,
        )
        .map(Value::One)
    }

    fn local_window(&self) -> Option<LocalWindow> {
        Some(LocalWindow::POINT)
    }
}
