//! A batch normalisation and the ReLU after it in one pass.

use super::modules::Modules;
use super::pattern::{BatchNorm, LayerPattern};
use crate::kernels::norm_relu::{Affine, Moments, Norm, moments};
use crate::layers::norm::count_batch;
use crate::{Mode, Module, Value};
use cistron_base::{Result, bail};
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::inplace::change;
use cistron_torch::parallel::THREADS;
use cistron_torch::{Tensor, grad};
use std::rc::Rc;

/// A batch normalisation directly followed by a ReLU becomes one module.
pub fn joined(modules: Modules) -> Modules {
    let mut out: Modules = Vec::with_capacity(modules.len());
    for module in modules {
        let is_pair = matches!(
            (out.last().map(|last| last.pattern()), module.pattern()),
            (Some(LayerPattern::BatchNorm(_)), LayerPattern::Relu)
        );
        match out.pop() {
            Some(norm) if is_pair => out.push(Rc::new(NormRelu { norm, relu: module })),
            last => {
                out.extend(last);
                out.push(module);
            }
        }
    }
    out
}

/// A batch normalisation and a ReLU.
struct NormRelu {
    norm: Rc<dyn Module>,
    relu: Rc<dyn Module>,
}

impl Module for NormRelu {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        if let LayerPattern::BatchNorm(norm) = self.norm.pattern()
            && let Some(out) = fused(norm, x.one()?, mode)?
        {
            return Ok(Value::One(out));
        }
        self.relu.forward(&self.norm.forward(x, mode)?, mode)
    }

    fn describe_fusions(&self, out: &mut Vec<String>) {
        out.push("batch_norm and relu are one pass".into());
    }
}

/// max(x, 0) of the normalised input; none where the channels of a position are not next to each
/// other in 32 bits on the CPU, or gradients pass through running statistics.
fn fused(norm: &BatchNorm, x: &Tensor, mode: Mode) -> Result<Option<Tensor>> {
    let rows = match x.rank() {
        _ if x.device().is_cuda() => return Ok(None),
        2 => x.clone(),
        3 if x.is_channels_last() => x.transpose(1, 2)?,
        _ => return Ok(None),
    };
    let affine = norm.affine();
    let trains = is_recording()
        && affine
            .into_iter()
            .flat_map(|(weight, bias)| [weight, bias])
            .chain([x])
            .any(Tensor::is_grad_on);
    if mode.half || (trains && !mode.training) {
        return Ok(None);
    }
    let moments = if mode.training {
        let channels = norm.mean.numel() as usize;
        let Some(found) = rows.detach()?.read(|x| moments(x, channels, THREADS)) else {
            return Ok(None);
        };
        count_batch(norm, x)?;
        remember(norm, &found, x.numel() as f64 / channels as f64)?;
        found
    } else {
        Moments {
            mean: norm.mean.to_f32()?,
            variance: norm.variance.to_f32()?,
        }
    };
    let learned = affine
        .map(|(weight, bias)| Ok((weight.to_f32()?, bias.to_f32()?)))
        .transpose()?;
    let learned = learned
        .as_ref()
        .map(|(weight, bias)| Affine { weight, bias });
    let Some(out) = normed(&rows, Norm::new(moments, norm.eps, learned), affine)? else {
        return Ok(None);
    };
    if x.rank() == 3 {
        out.transpose(1, 2).map(Some)
    } else {
        Ok(Some(out))
    }
}

/// Moves the running statistics towards those of a batch with `n` numbers per channel.
fn remember(norm: &BatchNorm, batch: &Moments, n: f64) -> Result<()> {
    let _guard = grad::no_grad();
    let share = norm.share()? as f32;
    let unbiased: Vec<f32> = batch
        .variance
        .iter()
        .map(|variance| (f64::from(*variance) * n / (n - 1.0)) as f32)
        .collect();
    for (running, values) in [(&norm.mean, &batch.mean), (&norm.variance, &unbiased)] {
        let values = Tensor::from_f32(values, &running.shape())?;
        change(&[running], &values, |running, values| {
            running[0]
                .iter_mut()
                .zip(values)
                .for_each(|(running, value)| *running += share * (value - *running))
        });
    }
    Ok(())
}

/// The outputs of `[…, channels]`, contiguous 32-bit floats on the CPU; none of any other input.
fn normed(rows: &Tensor, norm: Norm, affine: Option<(&Tensor, &Tensor)>) -> Result<Option<Tensor>> {
    let plain = rows.detach()?;
    let out = plain.empty_like()?;
    let done = change(&[&out], &plain, |out, x| norm.forward(x, out[0], THREADS));
    if done.is_none() {
        return Ok(None);
    }
    let inputs: Vec<&Tensor> = std::iter::once(rows)
        .chain(affine.into_iter().flat_map(|(weight, bias)| [weight, bias]))
        .collect();
    attach(out, &inputs, Box::new(Backward { norm })).map(Some)
}

struct Backward {
    norm: Norm,
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let (rows, gradient) = (inputs[0].detach()?, gradient.contiguous()?);
        let out = rows.empty_like()?;
        let found = change(&[&out], &rows, |out, x| {
            gradient.read(|gradient| self.norm.backward(x, gradient, out[0], THREADS))
        });
        let Some(found) = found.flatten() else {
            bail!(
                "torch",
                "the gradient of a batch norm is {} on {}",
                gradient.kind().name(),
                gradient.device().name()
            )
        };
        let mut all = vec![Some(out)];
        if inputs.len() > 1 {
            let shape = [self.norm.channels() as i64];
            all.push(Some(Tensor::from_f32(&found.weight, &shape)?));
            all.push(Some(Tensor::from_f32(&found.bias, &shape)?));
        }
        Ok(all)
    }
}
