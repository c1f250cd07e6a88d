//! A first convolution with its ReLU and a pooling, which reads sequence codes directly.

use super::lookup::windows::{Passed, Windows};
use super::lookup::{Gradients, Over, Pooled, Stem, Words};
use super::pool::Pool;
use super::spec::Role;
use super::{Mode, Module, Value};
use crate::base::Result;
use crate::fault;
use crate::torch::custom::{Kernel, attach, is_recording};
use crate::torch::{Device, Kind, Tensor};
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

/// The convolution that parts begin with, whether a ReLU follows, the pooling over all positions behind, and how many parts
/// these are; none where they begin otherwise.
pub fn scanned(parts: &[Rc<dyn Module>]) -> Option<(&Convolution, bool, Over, usize)> {
    let role = |i: usize| parts.get(i).map_or(Role::Other, |part| part.role());
    let Role::Convolution(convolution) = role(0) else { return None };
    match (role(1), role(2)) {
        (Role::Global(over), _) => Some((convolution, false, over, 2)),
        (Role::Relu, Role::Global(over)) => Some((convolution, true, over, 3)),
        _ => None,
    }
}

/// The convolution that parts begin with, whether a ReLU follows, what is made of windows of how many positions, and how many
/// parts these are; windows of one where none are pooled.
pub fn windowed(parts: &[Rc<dyn Module>]) -> Option<(&Convolution, bool, Over, usize, usize)> {
    let role = |i: usize| parts.get(i).map_or(Role::Other, |part| part.role());
    let Role::Convolution(convolution) = role(0) else { return None };
    // side by side over one axis
    let size = |pool: &Pool| match (&pool.size[..], &pool.stride[..], &pool.padding[..]) {
        ([size], [stride], [0]) if size == stride && (1..=Windows::LARGEST as i64).contains(size) => Some(*size as usize),
        _ => None,
    };
    let (relu, over, size, used) = match (role(1), role(2)) {
        (Role::Pool(pool), Role::Relu) if pool.max && size(pool).is_some() => (true, Over::Max, size(pool)?, 3),
        (Role::Relu, Role::Pool(pool)) if size(pool).is_some() => (true, if pool.max { Over::Max } else { Over::Mean }, size(pool)?, 3),
        (Role::Pool(pool), _) if size(pool).is_some() => (false, if pool.max { Over::Max } else { Over::Mean }, size(pool)?, 2),
        (Role::Relu, _) => (true, Over::Max, 1, 2),
        _ => (false, Over::Max, 1, 1),
    };
    Some((convolution, relu, over, size, used))
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
    /// Joins a convolution of words of `k` bases, perhaps a ReLU, and a pooling over windows of `size` positions, or over all; none
    /// where there are no tables for them.
    pub fn new(plain: Vec<Rc<dyn Module>>, convolution: &Convolution, k: usize, (relu, over): (bool, Over), size: Option<usize>) -> Option<Fused> {
        let Weight::Plain(weight) = &convolution.weight else { return None };
        let [filters, channels, width] = weight.shape()[..] else { return None };
        if k > Words::LONGEST || channels != 1 << (2 * k) {
            return None;
        }
        let words = (k > 1 || convolution.dilation > 1).then_some(Words { k, dilation: convolution.dilation });
        let stem = Stem { filters: filters as usize, width: width as usize, pads: convolution.pads, words, relu, over };
        Some(Fused { plain, weight: weight.clone(), bias: convolution.bias.clone(), stem, size })
    }

    /// Whether sequences are long enough; what is said of shorter ones is the plain layers' to say.
    fn fits(&self, length: usize) -> bool {
        self.stem.positions(length) >= self.size.unwrap_or(1)
    }

    fn look_up(&self, codes: &Tensor) -> Result<Tensor> {
        let shape = codes.shape();
        let length = shape[1] as usize;
        let (weight, bias) = (&self.weight, &self.bias);
        let bias_values = bias.as_ref().map_or_else(|| Ok(vec![0.0; self.stem.filters]), Tensor::to_f32)?;
        let (codes, weight_values) = (codes.to_u8()?, weight.to_f32()?);
        let inputs: Vec<&Tensor> = std::iter::once(weight).chain(bias).collect();
        let learns = is_recording() && inputs.iter().any(|input| input.is_grad_on());
        let filters = self.stem.filters as i64;
        let (out, kept) = if let Some(size) = self.size {
            let windows = Windows { stem: self.stem, size };
            let mut passed = Passed::new();
            // channels of a position side by side, as all layers keep them
            let out = Tensor::filled(&[shape[0], windows.count(length) as i64, filters], |out| {
                passed = windows.forward(&codes, length, &weight_values, &bias_values, learns, out);
                Ok(())
            })?;
            (out.transpose(1, 2)?, Kept::Windows(windows, passed))
        } else {
            let pooled = self.stem.forward(&codes, length, &weight_values, &bias_values, learns);
            (Tensor::from_f32(&pooled.values, &[shape[0], filters])?, Kept::All(self.stem, pooled))
        };
        if !learns {
            return Ok(out);
        }
        attach(out, &inputs, Box::new(Backward { codes, length, kept }))
    }
}

impl Module for Fused {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let tensor = x.one()?;
        let weight = &self.weight;
        if is_codes(tensor) && weight.device() == Device::CPU && weight.kind() == Kind::Float && self.fits(tensor.shape()[1] as usize) {
            return self.look_up(tensor).map(Value::One);
        }
        let mut x = if is_codes(tensor) { Value::One(tensor.one_hot_codes()?) } else { x.clone() };
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
            Kept::All(stem, pooled) => Ok(stem.backward(codes, *length, pooled, &gradient.to_f32()?)),
            Kept::Windows(windows, passed) => {
                let own = gradient.transpose(1, 2)?.to_kind(Kind::Float)?.contiguous()?;
                own.read(|gradient| windows.backward(codes, *length, passed, gradient))
                    .ok_or_else(|| fault!("torch", "the gradient of a lookup is not on the processor"))
            }
        }
    }
}

impl Kernel for Backward {
    fn backward(&self, gradient: &Tensor, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let out = self.gradients(gradient)?;
        let weight = Tensor::from_f32(&out.weight, &inputs[0].shape())?;
        let bias = inputs.get(1).map(|bias| Tensor::from_f32(&out.bias, &bias.shape())).transpose()?;
        Ok(std::iter::once(Some(weight)).chain(bias.map(Some)).collect())
    }
}
