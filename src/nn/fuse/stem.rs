//! A first convolution with its ReLU and a pooling, which reads sequence codes directly.

use crate::kernels::lookup::windows::{Passed, Windows};
use crate::kernels::lookup::{Gradients, Over, Pooled, Stem, Words};
use crate::layers::pool::Pool;
use crate::spec::Role;
use crate::{Mode, Module, Value};
use cistron_base::Result;
use cistron_base::fault;
use cistron_torch::custom::{Kernel, attach, is_recording};
use cistron_torch::{Device, Kind, Tensor};
use std::rc::Rc;

/// Weights of a convolution.
#[derive(Clone)]
pub enum Weight {
    /// As they are.
    Plain(Tensor),
    /// Length and direction of each filter.
    Normed(Tensor, Tensor),
}

impl Weight {
    /// What the convolution multiplies with.
    pub fn current(&self) -> Result<Tensor> {
        match self {
            Weight::Plain(weight) => Ok(weight.clone()),
            Weight::Normed(gain, direction) => direction.mul(&gain.div(&length_of(direction)?)?),
        }
    }

    /// The parameter of that shape.
    pub fn direction(&self) -> &Tensor {
        match self {
            Weight::Plain(weight) | Weight::Normed(_, weight) => weight,
        }
    }

    /// `[filters, channels, width]`
    pub fn shape(&self) -> Vec<i64> {
        self.direction().shape()
    }
}

/// The length of each filter, `[filters, 1, …]`.
pub fn length_of(weight: &Tensor) -> Result<Tensor> {
    let rest: Vec<i64> = (1..weight.rank() as i64).collect();
    weight.norm(2.0, &Some(rest), true)
}

/// A convolution over one axis with stride 1, whose channels all see each other.
#[derive(Clone)]
pub struct Convolution {
    /// `[filters, channels, width]`
    pub weight: Weight,
    /// `[filters]`
    pub bias: Option<Tensor>,
    /// Zeros before and after.
    pub pads: (usize, usize),
    /// Steps between the places of a window.
    pub dilation: usize,
}

/// A convolution that parts begin with, and what follows it.
pub struct Scanned<'a> {
    /// The convolution.
    pub convolution: &'a Convolution,
    /// Whether max(x, 0) comes before the pooling.
    pub relu: bool,
    /// The pooling.
    pub over: Over,
    /// Positions of a window; none where all are pooled.
    pub size: Option<usize>,
    /// How many parts these are.
    pub used: usize,
}

fn role(parts: &[Rc<dyn Module>], i: usize) -> Role<'_> {
    parts.get(i).map_or(Role::Other, |part| part.role())
}

/// With perhaps a ReLU and a pooling over all positions; none where parts begin otherwise.
pub fn scanned(parts: &[Rc<dyn Module>]) -> Option<Scanned<'_>> {
    let Role::Convolution(convolution) = role(parts, 0) else {
        return None;
    };
    let (relu, over, used) = match (role(parts, 1), role(parts, 2)) {
        (Role::Global(over), _) => (false, over, 2),
        (Role::Relu, Role::Global(over)) => (true, over, 3),
        _ => return None,
    };
    Some(Scanned {
        convolution,
        relu,
        over,
        size: None,
        used,
    })
}

/// With perhaps a ReLU and a pooling of windows, of one position where none are pooled.
pub fn windowed(parts: &[Rc<dyn Module>]) -> Option<Scanned<'_>> {
    let Role::Convolution(convolution) = role(parts, 0) else {
        return None;
    };
    let is_relu = |i: usize| matches!(role(parts, i), Role::Relu);
    let (relu, (over, size), used) = match (pool(parts, 1), is_relu(1)) {
        (Some((Over::Max, size)), _) if is_relu(2) => (true, (Over::Max, size), 3),
        (Some(found), _) => (false, found, 2),
        (None, true) => pool(parts, 2).map_or((true, (Over::Max, 1), 2), |found| (true, found, 3)),
        (None, false) => (false, (Over::Max, 1), 1),
    };
    Some(Scanned {
        convolution,
        relu,
        over,
        size: Some(size),
        used,
    })
}

/// The pooling of windows side by side that a part is, with their size.
fn pool(parts: &[Rc<dyn Module>], i: usize) -> Option<(Over, usize)> {
    let Role::Pool(Pool {
        max,
        size,
        stride,
        padding,
    }) = role(parts, i)
    else {
        return None;
    };
    match (&size[..], &stride[..], &padding[..]) {
        ([size], [stride], [0])
            if size == stride && (1..=Windows::LARGEST as i64).contains(size) =>
        {
            Some((if *max { Over::Max } else { Over::Mean }, *size as usize))
        }
        _ => None,
    }
}

/// The convolution and what follows it, both as one lookup and as the layers that were described.
pub struct Fused {
    plain: Vec<Rc<dyn Module>>,
    weight: Tensor,
    bias: Option<Tensor>,
    stem: Stem,
    /// Positions of a window; none where all are pooled.
    size: Option<usize>,
}

impl Fused {
    /// Joins a convolution of words of `k` bases with what was found behind it; none where there
    /// are no tables for them.
    pub fn new(plain: Vec<Rc<dyn Module>>, found: &Scanned, k: usize) -> Option<Fused> {
        let Scanned {
            convolution,
            relu,
            over,
            size,
            ..
        } = *found;
        let Weight::Plain(weight) = &convolution.weight else {
            return None;
        };
        let [filters, channels, width] = weight.shape()[..] else {
            return None;
        };
        if k > Words::LONGEST || channels != 1 << (2 * k) {
            return None;
        }
        let words = (k > 1 || convolution.dilation > 1).then_some(Words {
            k,
            dilation: convolution.dilation,
        });
        let stem = Stem {
            filters: filters as usize,
            width: width as usize,
            pads: convolution.pads,
            words,
            relu,
            over,
        };
        Some(Fused {
            plain,
            weight: weight.clone(),
            bias: convolution.bias.clone(),
            stem,
            size,
        })
    }

    /// Whether sequences are long enough; what is said of shorter ones is the plain layers' to say.
    fn fits(&self, length: usize) -> bool {
        self.stem.positions(length) >= self.size.unwrap_or(1)
    }

    fn look_up(&self, codes: &Tensor) -> Result<Tensor> {
        let shape = codes.shape();
        let length = shape[1] as usize;
        let (weight, bias) = (&self.weight, &self.bias);
        let bias_values = bias
            .as_ref()
            .map_or_else(|| Ok(vec![0.0; self.stem.filters]), Tensor::to_f32)?;
        let (codes, weight_values) = (codes.to_u8()?, weight.to_f32()?);
        let inputs: Vec<&Tensor> = std::iter::once(weight).chain(bias).collect();
        let learns = is_recording() && inputs.iter().any(|input| input.is_grad_on());
        let filters = self.stem.filters as i64;
        let (out, kept) = if let Some(size) = self.size {
            let windows = Windows {
                stem: self.stem,
                size,
            };
            let mut passed = Passed::new();
            // channels of a position side by side, as all layers keep them
            let out = Tensor::filled(&[shape[0], windows.count(length) as i64, filters], |out| {
                passed = windows.forward(&codes, length, &weight_values, &bias_values, learns, out);
                Ok(())
            })?;
            (out.transpose(1, 2)?, Kept::Windows(windows, passed))
        } else {
            let pooled = self
                .stem
                .forward(&codes, length, &weight_values, &bias_values, learns);
            (
                Tensor::from_f32(&pooled.values, &[shape[0], filters])?,
                Kept::All(self.stem, pooled),
            )
        };
        if !learns {
            return Ok(out);
        }
        attach(
            out,
            &inputs,
            Box::new(Backward {
                codes,
                length,
                kept,
            }),
        )
    }
}

impl Module for Fused {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let tensor = x.one()?;
        let weight = &self.weight;
        if is_codes(tensor)
            && weight.device() == Device::CPU
            && weight.kind() == Kind::Float
            && self.fits(tensor.shape()[1] as usize)
        {
            return self.look_up(tensor).map(Value::One);
        }
        let mut x = if is_codes(tensor) {
            Value::One(tensor.one_hot_codes()?)
        } else {
            x.clone()
        };
        for module in &self.plain {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn reads_codes(&self) -> bool {
        true
    }

    fn ways(&self, out: &mut Vec<String>) {
        let Stem { filters, width, .. } = self.stem;
        out.push(match self.size {
            None => format!("conv1d({filters}, {width}) and the pooling of all positions are looked up on sequence codes"),
            Some(1) => format!("conv1d({filters}, {width}) is looked up on sequence codes"),
            Some(size) => format!("conv1d({filters}, {width}) and the pooling of {size} positions are looked up on sequence codes"),
        });
    }
}

/// Whether a tensor holds sequence codes, `[batch, length]`, rather than one-hot sequences.
pub fn is_codes(tensor: &Tensor) -> bool {
    tensor.kind() == Kind::Byte && tensor.rank() == 2
}

/// What the gradients need, by what is pooled.
enum Kept {
    All(Stem, Pooled),
    Windows(Windows, Passed),
}

struct Backward {
    codes: Vec<u8>,
    length: usize,
    kept: Kept,
}

impl Backward {
    fn gradients(&self, gradient: &Tensor) -> Result<Gradients> {
        let Backward { codes, length, .. } = self;
        match &self.kept {
            Kept::All(stem, pooled) => {
                Ok(stem.backward(codes, *length, pooled, &gradient.to_f32()?))
            }
            Kept::Windows(windows, passed) => {
                let own = gradient
                    .transpose(1, 2)?
                    .to_kind(Kind::Float)?
                    .contiguous()?;
                own.read(|gradient| windows.backward(codes, *length, passed, gradient))
                    .ok_or_else(|| {
                        fault!("torch", "the gradient of a lookup is not on the processor")
                    })
            }
        }
    }
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let out = self.gradients(gradient)?;
        let weight = Tensor::from_f32(&out.weight, &inputs[0].shape())?;
        let bias = inputs
            .get(1)
            .map(|bias| Tensor::from_f32(&out.bias, &bias.shape()))
            .transpose()?;
        Ok(std::iter::once(Some(weight))
            .chain(bias.map(Some))
            .collect())
    }
}
