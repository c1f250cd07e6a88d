//! Normalisation layers; names and defaults are PyTorch's.

use crate::kernels::norm_relu::{Fit, Moments, moments, normed};
use crate::spec::{Function, Pointwise, Reach, Role};
use crate::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::inplace::change;
use cistron_torch::{Kind, Tensor, custom, grad};
use std::rc::Rc;

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
                let var = builder.buffer("running_var", &[channels], 1.0, Kind::Float)?;
                let seen = builder.buffer("num_batches_tracked", &[], 0.0, Kind::Int64)?;
                Built::one(
                    BatchNorm {
                        affine,
                        mean,
                        var,
                        seen,
                        eps,
                        momentum,
                    },
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
pub struct BatchNorm {
    affine: Option<(Tensor, Tensor)>,
    mean: Tensor,
    var: Tensor,
    seen: Tensor,
    eps: f64,
    momentum: f64,
}

impl BatchNorm {
    /// Counts a batch that is learned from; fails on one number a channel.
    fn count(&self, x: &Tensor) -> Result<()> {
        if x.numel() == x.shape().get(1).copied().unwrap_or(0) {
            bail!("shape", "batch_norm cannot learn from one number a channel: {}", shape::text(&x.shape()); hint: "use batches of more than one sample, or `drop_last: true`");
        }
        let _guard = grad::no_grad();
        self.seen.add_(&self.seen.ones_like()?)
    }

    /// max(x, 0) of what this gives, in one pass; none where the channels do not lie side by side
    /// in 32 bits on the processor, or gradients go through running statistics.
    fn with_relu(&self, x: &Tensor, mode: Mode) -> Result<Option<Tensor>> {
        let rows = match x.rank() {
            _ if x.device().is_cuda() => return Ok(None),
            2 => x.clone(),
            3 if x.is_channels_last() => x.transpose(1, 2)?,
            _ => return Ok(None),
        };
        let affine = self.affine.as_ref().map(|(w, b)| (w, b));
        let learns = custom::is_recording()
            && affine
                .into_iter()
                .flat_map(|(w, b)| [w, b])
                .chain([x])
                .any(Tensor::is_grad_on);
        if mode.half || (learns && !mode.training) {
            return Ok(None);
        }
        let moments = if mode.training {
            let channels = self.mean.numel() as usize;
            let Some(found) = rows.detach()?.read(|x| moments(x, channels)) else {
                return Ok(None);
            };
            self.count(x)?;
            self.remember(&found, x.numel() as f64 / channels as f64)?;
            found
        } else {
            Moments {
                mean: self.mean.to_f32()?,
                variance: self.var.to_f32()?,
            }
        };
        let learned = self
            .affine
            .as_ref()
            .map(|(weight, bias)| Ok((weight.to_f32()?, bias.to_f32()?)))
            .transpose()?;
        let fit = Fit::new(
            moments,
            self.eps,
            learned
                .as_ref()
                .map(|(weight, bias)| (&weight[..], &bias[..])),
        );
        let Some(out) = normed(&rows, fit, affine)? else {
            return Ok(None);
        };
        if x.rank() == 3 {
            out.transpose(1, 2).map(Some)
        } else {
            Ok(Some(out))
        }
    }

    /// Moves the running statistics towards those of a batch with so many numbers a channel.
    fn remember(&self, batch: &Moments, n: f64) -> Result<()> {
        let _guard = grad::no_grad();
        let unbiased: Vec<f32> = batch
            .variance
            .iter()
            .map(|variance| (f64::from(*variance) * n / (n - 1.0)) as f32)
            .collect();
        for (running, own) in [(&self.mean, &batch.mean), (&self.var, &unbiased)] {
            let own = Tensor::from_f32(own, &running.shape())?;
            let share = self.momentum as f32;
            change(&[running], &own, |running, own| {
                running[0]
                    .iter_mut()
                    .zip(own)
                    .for_each(|(running, own)| *running += share * (own - *running))
            });
        }
        Ok(())
    }
}

/// Batch norms with a ReLU right behind them become one pass where they can.
pub fn with_relu(modules: Vec<Rc<dyn Module>>) -> Vec<Rc<dyn Module>> {
    let mut out: Vec<Rc<dyn Module>> = Vec::with_capacity(modules.len());
    for module in modules {
        match out.last() {
            Some(last)
                if matches!(
                    (last.role(), module.role()),
                    (Role::BatchNorm(_), Role::Relu)
                ) =>
            {
                let norm = last.clone();
                out.pop();
                out.push(Rc::new(NormRelu { norm, relu: module }));
            }
            _ => out.push(module),
        }
    }
    out
}

/// A batch norm and a ReLU.
struct NormRelu {
    norm: Rc<dyn Module>,
    relu: Rc<dyn Module>,
}

impl Module for NormRelu {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        if let Role::BatchNorm(norm) = self.norm.role()
            && let Some(out) = norm.with_relu(x.one()?, mode)?
        {
            return Ok(Value::One(out));
        }
        self.relu.forward(&self.norm.forward(x, mode)?, mode)
    }

    fn ways(&self, out: &mut Vec<String>) {
        out.push("batch_norm and relu are one pass".into());
    }
}

impl Module for BatchNorm {
    fn role(&self) -> Role<'_> {
        Role::BatchNorm(self)
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let x = x.one()?;
        if mode.training {
            self.count(x)?;
        }
        let affine = self.affine.as_ref().map(|(w, b)| (w, b));
        x.batch_norm(
            affine,
            Some((&self.mean, &self.var)),
            mode.training,
            self.momentum,
            self.eps,
        )
        .map(Value::One)
    }

    fn reach(&self) -> Option<Reach> {
        Some(Reach::POINT)
    }
}
