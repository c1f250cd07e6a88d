//! Normalisation layers; names and defaults are PyTorch's.

use crate::fuse::pattern::{BatchNorm, LayerPattern};
use crate::spec::{Function, LocalWindow, Pointwise};
use crate::{Builder, Built, Init, Mode, Module, Shape, Spec, Value};
use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_torch::{Kind, Tensor, collective, device, grad};
use cistron_world as world;

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
    /// Whether a batch's statistics are those of the rows of all processes of a run
    /// ([`Over::Batch`] only).
    pub sync: bool,
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
                let norm = BatchNorm {
                    affine,
                    mean,
                    variance,
                    batches,
                    eps,
                    momentum,
                };
                let is_shared = self.sync && world::is_parallel();
                Built::one(BatchNormalised { norm, is_shared }, shape)
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
struct BatchNormalised {
    norm: BatchNorm,
    /// Whether a batch's statistics are those of the rows of all processes.
    is_shared: bool,
}

/// Counts a batch that the running statistics include; fails on one number per channel.
pub fn count_batch(norm: &BatchNorm, x: &Tensor) -> Result<()> {
    count(
        norm,
        x,
        x.numel() / x.shape().get(1).copied().unwrap_or(1).max(1),
    )
}

/// Counts a batch of `numbers` numbers a channel.
fn count(norm: &BatchNorm, x: &Tensor, numbers: i64) -> Result<()> {
    if numbers == 1 {
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

/// What processes are at, in messages.
const WHAT: &str = "a batch norm of all processes";

/// Normalises by the mean and the variance of the rows of all processes, and updates the running
/// statistics with them. Deviations are summed from the common mean, as a single process does.
fn normalised_together(norm: &BatchNorm, x: &Tensor) -> Result<Tensor> {
    let channels = x.shape()[1];
    let over: Vec<i64> = (0..x.rank() as i64).filter(|axis| *axis != 1).collect();
    let mut as_x = vec![1; x.rank()];
    as_x[1] = channels;
    // a process without a row has one in its place, which no statistic includes
    let is_counted = device::current_rows().is_none_or(|rows| rows.counted > 0);
    let counted = |x: &Tensor| x.mul_number(f64::from(u8::from(is_counted)));
    let numbers = Tensor::from_f64(&[(x.numel() / channels) as f64], &[1])?
        .to_kind(x.kind())?
        .to_device(x.device())?;
    let own = Tensor::cat(&[x.sum(&Some(over.clone()), false)?, numbers], 0)?;
    let sums = collective::summed(WHAT, &counted(&own)?)?;
    let n = sums.detach()?.select(0, channels)?.item()?;
    count(norm, x, n as i64)?;
    let mean = sums.narrow(0, 0, channels)?.div_number(n)?;
    let centred = x.sub(&mean.reshape(&as_x)?)?;
    let squares = centred.mul(&centred)?.sum(&Some(over), false)?;
    let variance = collective::summed(WHAT, &counted(&squares)?)?.div_number(n)?;
    let share = norm.share()?;
    let unbiased = variance.detach()?.mul_number(n / (n - 1.0))?;
    for (running, newest) in [(&norm.mean, mean.detach()?), (&norm.variance, unbiased)] {
        let _guard = grad::no_grad();
        let kept = running.mul_number(1.0 - share)?;
        running.copy_(&kept.add(&newest.mul_number(share)?)?)?;
    }
    let deviation = variance.add_number(norm.eps)?.sqrt()?;
    let standardised = centred.div(&deviation.reshape(&as_x)?)?;
    match norm.affine() {
        Some((weight, bias)) => standardised
            .mul(&weight.reshape(&as_x)?)?
            .add(&bias.reshape(&as_x)?),
        None => Ok(standardised),
    }
}

impl Module for BatchNormalised {
    fn pattern(&self) -> LayerPattern<'_> {
        match self.is_shared {
            true => LayerPattern::Other,
            false => LayerPattern::BatchNorm(&self.norm),
        }
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let (x, norm) = (x.one()?, &self.norm);
        if mode.training && self.is_shared {
            return normalised_together(norm, x).map(Value::One);
        }
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
